"""Alembic's environment of plan-service."""

from runtime.migrations import run_environment

run_environment("plan")
