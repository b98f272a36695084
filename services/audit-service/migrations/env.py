"""Alembic's environment of audit-service."""

from runtime.migrations import run_environment

run_environment("audit")
