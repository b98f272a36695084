"""The settings of audit-service: what every service has, and districts' own retention schedules."""

from pathlib import Path

from contracts.retention_schedule import Schedule, read_schedule
from runtime.settings import Settings as ServiceSettings

__all__ = ["Settings"]


class Settings(ServiceSettings):
    """See the module."""

    retention_folder: Path | None = None
    """A folder of TOML files like those in ``contracts/retention``, each with ``district = "<slug>"``: the longest counts."""

    def own_schedules(self) -> tuple[Schedule, ...]:
        """What the folder holds; raises `contracts.retention_schedule.BadSchedule`, which names the file."""
        if self.retention_folder is None:
            return ()
        files = sorted(self.retention_folder.glob("*.toml"))
        return tuple(read_schedule(file.read_text("utf-8"), file.name) for file in files)
