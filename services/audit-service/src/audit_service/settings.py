"""The settings of audit-service: what every service has."""

from runtime.settings import Settings

__all__ = ["Settings"]
