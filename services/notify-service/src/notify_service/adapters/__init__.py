"""Where notify-service meets the outside: routes, tables, projections, consumers."""
