"""The HTTP surface, a module for each resource."""
