"""Alembic's environment of progress-service."""

from runtime.migrations import run_environment

run_environment("progress")
