"""One module per resource: translate in, call, translate out."""
