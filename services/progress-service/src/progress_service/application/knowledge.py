"""Reading what somebody asks about: the day, the range, and as known when."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.canonical import instant
from contracts.problems import Invalid, Reason
from contracts.streams import YEAR_TURNS_IN
from progress_service.domain.known import Basis, Knowledge

DATE_LENGTH = len("2026-03-09")
LONGEST_DAYS = 800
"""Two school years: more is asked for in parts."""
LARGEST_INDEX = 2**62
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Years anybody asks about: further out is a slip of the keys."""

_ZONE = text("SELECT time_zone FROM sight_districts WHERE tenant = current_setting('handrail.tenant')")


@dataclass(frozen=True, slots=True)
class Days:
    """From and to, both inclusive."""

    first_on: date
    last_on: date


def read_days(first_on: date | None, last_on: date | None, today: date) -> Days:
    """Without an end until today; without a beginning from the beginning of that school year."""
    last = last_on or today
    if any(not FIRST_YEAR <= day.year <= LAST_YEAR for day in (last, first_on or last)):
        raise _refused("from", f"days of the years {FIRST_YEAR} to {LAST_YEAR}")
    turned = last.year if last.month >= YEAR_TURNS_IN else last.year - 1
    first = first_on or date(turned, YEAR_TURNS_IN, 1)
    if first > last:
        raise _refused("from", "from is after to")
    if (last - first).days > LONGEST_DAYS:
        raise _refused("from", f"at most {LONGEST_DAYS} days at once; ask in parts")
    return Days(first, last)


def read_knowledge(known_at: str | None, basis: str | None, zone: str) -> Knowledge:
    """As known at an instant or at the end of a day, or up to the indexes an earlier answer rested on."""
    return Knowledge(_known(known_at, zone), _basis(basis))


def knowledge_text(basis: Basis) -> str:
    """``plan:120,progress:33``, as `read_knowledge` reads it; with ``day:2026-03-09`` where the answer rests on the day too."""
    named = {"plan": basis.plan, "progress": basis.progress, "day": basis.day}
    return ",".join(f"{source}:{index}" for source, index in named.items() if index is not None)


def asked_text(knowledge: Knowledge) -> str | None:
    """The instant asked about."""
    return instant(knowledge.known_at) if knowledge.known_at is not None else None


async def zone_of(rows: AsyncConnection) -> str:
    """The district's zone, as far as it is known here."""
    return (await rows.execute(_ZONE)).scalar() or "UTC"


def _known(asked: str | None, zone: str) -> datetime | None:
    if asked is None:
        return None
    try:
        if len(asked) == DATE_LENGTH:
            after = datetime.combine(date.fromisoformat(asked) + timedelta(days=1), time(), ZoneInfo(zone))
            moment = after - timedelta(microseconds=1)
        else:
            moment = datetime.fromisoformat(asked)
        if moment.tzinfo is None:
            raise ValueError("an instant needs its offset")
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValueError("far out")
    except (ValueError, OverflowError) as error:
        raise _refused(
            "known_at", "a date like 2026-03-09 or an instant like 2026-03-09T15:04:05Z"
        ) from error
    return moment


def _basis(asked: str | None) -> Basis | None:
    if asked is None:
        return None
    found: dict[str, int] = {}
    day: date | None = None
    for part in asked.split(","):
        source, _, said = part.partition(":")
        if source == "day" and day is None:
            day = _date_said(said)
        elif source in ("plan", "progress") and source not in found and said.isascii() and said.isdigit():
            found[source] = min(int(said[:19]), LARGEST_INDEX)
        else:
            raise _refused("basis", "the last index of each log, like plan:120,progress:33")
    return Basis(found.get("plan"), found.get("progress"), day=day)


def _date_said(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError as error:
        raise _refused("basis", "its day like day:2026-03-09") from error


def _refused(parameter: str, message: str) -> Invalid:
    return Invalid(
        "A parameter in the address could not be read.",
        reasons=(Reason("unreadable", f"{parameter}: {message}"),),
    )
