"""How long contents are kept: schedules as files, the federal one, a state's over it, and a district's own over both.

The longest counts. A schedule says when contents *may* go; whether they do is a decision of two people.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from contracts.event import EventClass

FLOOR = "federal"


class BadSchedule(ValueError):
    """A file that is no schedule; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Of one class: so many years after the last plan's end."""

    years: int
    cite: str
    check: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """What one file sets."""

    name: str
    """``tx@2026-1``."""
    classes: Mapping[EventClass, Keep]
    district: str | None = None
    """The slug of the one district whose own schedule it is."""

    @property
    def id(self) -> str:
        """``tx``."""
        return self.name.partition("@")[0]


@dataclass(frozen=True, slots=True)
class Kept:
    """What counts for some classes together: the schedule that keeps longest, its words, and until when."""

    schedule: str
    years: int
    cite: str
    ends_on: date | None
    """The first day on which it lets them go; ``None`` where nothing says when the last plan ended."""


def keep_until(
    schedules: Sequence[Schedule], classes: Sequence[EventClass], last_plan_ended_on: date | None
) -> Kept | None:
    """The longest of all that is set for any of the classes; ``None`` where nothing is."""
    found = [
        (schedule.classes[each].years, schedule, schedule.classes[each])
        for schedule in schedules
        for each in classes
        if each in schedule.classes
    ]
    if not found:
        return None
    years, schedule, keep = max(found, key=lambda each: each[0])
    ends_on = None if last_plan_ended_on is None else _years_after(last_plan_ended_on, years)
    return Kept(schedule.name, years, keep.cite, ends_on)


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February.
        return date(day.year + years, 3, 1)


def read_schedule(text: str, file: str = "schedule") -> Schedule:
    """Parse a schedule; raises `BadSchedule`."""
    try:
        raw: dict[str, Any] = tomllib.loads(text)
        head, classes = raw["schedule"], raw["class"]
        keeps = {EventClass(name): _keep(of) for name, of in classes.items()}
        return Schedule(f"{head['id']}@{head['version']}", keeps, head.get("district"))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadSchedule(
            f"{file}: {error}. It needs [schedule] with id and version, and [class.identity|record|proof] with years and cite."
        ) from error


def _keep(of: Mapping[str, Any]) -> Keep:
    years, cite = of["years"], of["cite"]
    if not isinstance(years, int) or isinstance(years, bool) or not 0 <= years <= 200:
        raise ValueError("years is a whole number from 0 to 200")
    if not isinstance(cite, str) or not cite.strip():
        raise ValueError("cite says where the number stands")
    return Keep(years, cite, bool(of.get("check", False)))


@cache
def shipped_schedules() -> tuple[Schedule, ...]:
    """Those that come with Handrail: the files in ``retention/``. To add a state, add its file there."""
    folder = files("contracts") / "retention"
    return tuple(
        read_schedule(file.read_text("utf-8"), file.name)
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml")
    )


def schedules_for(
    state_profile: str | None,
    tenant: str,
    own: Sequence[Schedule] = (),
    shipped: Sequence[Schedule] | None = None,
) -> list[Schedule]:
    """The floor, the state's by the name of the district's profile, and the district's own."""
    state = (state_profile or FLOOR).partition("@")[0]
    everywhere = shipped_schedules() if shipped is None else shipped
    found = [each for each in everywhere if each.id in (FLOOR, state)]
    return found + [each for each in own if each.district == tenant]
