"""The settings of progress-service: what every service has, and so far nothing of its own."""

from runtime.settings import Settings

__all__ = ["Settings"]
