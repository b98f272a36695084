"""The parent's page ``/n/{token}``."""
