"""Where audit-service meets the outside: routes, tables, projections, consumers."""
