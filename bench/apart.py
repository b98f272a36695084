"""Turns in processes of their own, so that each path's memory can be told."""

from collections.abc import Callable
from typing import Any

from bench.measure import Path
from bench.processes import in_processes


class Apart:
    """Makes paths of synchronous functions that return units, seconds and their process's peak in MiB."""

    def __init__(self) -> None:
        self.peaks: dict[str, int] = {}

    def path(self, name: str, work: Callable[..., tuple[int, float, int]], *arguments: Any) -> Path:
        """The start of the process does not count."""

        async def turn(_: Any) -> tuple[int, float]:
            [(done, seconds, peak)] = await in_processes(work, [arguments])
            self.peaks[name] = max(self.peaks.get(name, 0), peak)
            return done, seconds

        return Path(turn)

    def facts(self, ours: str, floor: str) -> dict[str, int]:
        """For a row's ``facts``."""
        return {"peak MiB": self.peaks[ours], "floor's peak MiB": self.peaks[floor]}
