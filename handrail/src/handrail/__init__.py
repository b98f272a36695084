"""The command line, and the embedded default: all four services in one process, PostgreSQL inside."""
