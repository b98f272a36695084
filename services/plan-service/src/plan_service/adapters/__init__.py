"""Where plan-service meets the outside: routes, tables, projections, consumers."""
