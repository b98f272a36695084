"""Where progress-service meets the outside: routes, tables, projections, consumers."""
