"""As known at K: what the logs knew at an instant, or at the indexes an earlier answer named (eventlog.md 9)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.district import DistrictProfileSet


class Indexed(Protocol):
    """Anything with its place in a log; ``None`` for the moment before the sequencer has given it one."""

    @property
    def index(self) -> int | None: ...

    @property
    def known_at(self) -> datetime | None: ...


I = TypeVar("I", bound=Indexed)  # noqa: E741


@dataclass(frozen=True, slots=True)
class Basis:
    """The last index of each log that an answer rests on; asked again with it, the answer is the same for ever."""

    plan: int | None = None
    progress: int | None = None
    waiting: int = 0
    """Facts of ours that have no index yet: until they have, the answer cannot be asked for again."""
    day: date | None = None
    """The day on which an answer was given that tells what lies behind it from what is to come."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Up to where the logs are read. Without any limit: everything there is."""

    known_at: datetime | None = None
    basis: Basis | None = None

    def day(self, today: date, zone: ZoneInfo) -> date:
        """The day it was then: that of the earlier answer, or of the instant; else today."""
        if self.basis is not None and self.basis.day is not None:
            return self.basis.day
        return min(today, self.known_at.astimezone(zone).date()) if self.known_at is not None else today

    def of_plan(self, facts: Iterable[I]) -> list[I]:
        """What of plan-service's log was known."""
        return self._known(facts, self.basis.plan if self.basis else None)

    def of_progress(self, facts: Iterable[I]) -> list[I]:
        """What of our own log was known."""
        return self._known(facts, self.basis.progress if self.basis else None)

    def _known(self, facts: Iterable[I], last: int | None) -> list[I]:
        return [fact for fact in facts if self._knows(fact, last)]

    def _knows(self, fact: Indexed, last: int | None) -> bool:
        if self.basis is not None and (last is None or fact.index is None or fact.index > last):
            return False
        return self.known_at is None or (fact.known_at is not None and fact.known_at <= self.known_at)


@dataclass(frozen=True, slots=True)
class KnownProfile:
    """A district profile with its place in plan-service's log."""

    event_id: UUID
    index: int | None
    known_at: datetime | None
    profile: DistrictProfileSet
