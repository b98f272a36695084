"""Alembic's environment of notify-service."""

from runtime.migrations import run_environment

run_environment("notify")
