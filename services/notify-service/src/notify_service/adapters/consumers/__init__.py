"""Consumers with effects of their own: what an event makes owed."""
