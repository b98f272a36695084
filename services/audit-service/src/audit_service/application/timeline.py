"""A page of a student's timeline, and the student's record as it stood."""

import contextlib
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from audit_service.application.evidence import EVERYTHING, Copy, Evidence, Narrowed, Place, opened_events
from audit_service.application.judging import Judging
from audit_service.domain.moment import Moment
from audit_service.domain.replay import StudentReplay, replay
from audit_service.domain.timeline import TimelineEntry, told, who
from contracts import streams
from contracts.plain_words import day_in_words
from contracts.plan_document import PlanDocument, history_of, in_force
from contracts.problems import NotFound
from contracts.timeline import NOBODY_IN_PERSON, ids_in

_CLOSED = {
    "destroyed": "Contents lawfully destroyed on {on}. That it happened, by whom and when, stays provable.",
    "lost": "The key to the contents of this event is missing, and no lawful destruction is known.",
    "altered": "The contents of this event are not what the log committed to.",
    "unknown": "This version of Handrail does not know this kind of event.",
}


@dataclass(frozen=True, slots=True)
class Page:
    """Entries in known order; ``next`` is where the following page begins. All pages rest on one ``basis``."""

    entries: tuple[TimelineEntry, ...]
    basis: dict[str, int]
    next: Place | None


async def timeline(
    evidence: Evidence, tenant: str, student: UUID, *, known_at: datetime | None, basis: dict[str, int] | None,
    after: Place | None, limit: int, narrowed: Narrowed = EVERYTHING,
) -> Page:  # fmt: skip
    """Every event of every service about the student, as sentences with names; raises `NotFound` for an unknown one.

    A page that goes on ``after`` another rests on the basis of that one, and does not look it up again.
    """
    await evidence.must_be_known(tenant, student)
    about = [streams.destruction(row["id"]) for row in await evidence.shown(tenant, "destruction", student)]
    fixed = basis if basis is not None and after is not None else None
    if fixed is None:
        fixed = await evidence.basis(tenant, student, known_at=known_at, basis=basis, streams=about)
    copies = await evidence.of_student(
        tenant, student, known_at=known_at, basis=fixed, after=after, limit=limit + 1, streams=about,
        narrowed=narrowed,
    )  # fmt: skip
    page = copies[:limit]
    return Page(
        await sentences(evidence, tenant, page), fixed, page[-1].place if len(copies) > limit else None
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """One entry, opened: what it says, what led to it, what it led to."""

    copy: Copy
    told: TimelineEntry
    cause: TimelineEntry | None
    caused: tuple[TimelineEntry, ...]


async def opened_entry(evidence: Evidence, tenant: str, event_id: UUID) -> Opened:
    """One event with its neighbours by causation; raises `NotFound`."""
    copy = await evidence.one(tenant, event_id)
    caused = await evidence.caused_by(tenant, copy)
    before: list[Copy] = []
    if copy.entry.causation is not None:
        with contextlib.suppress(NotFound):  # A request or an import has an id of its own.
            before = [await evidence.one(tenant, copy.entry.causation)]
        before = [each for each in before if each.entry.subject == copy.entry.subject]
    told_all = await sentences(evidence, tenant, [copy, *before, *caused])
    cause = told_all[1] if before else None
    return Opened(copy, told_all[0], cause, told_all[1 + len(before) :])


async def sentences(evidence: Evidence, tenant: str, copies: list[Copy]) -> tuple[TimelineEntry, ...]:
    """Copies as a reader sees them, names resolved."""
    ids = {id_ for recorded in opened_events(copies) for id_ in ids_in(recorded)}
    ids |= {str(copy.entry.actor["id"]) for copy in copies}
    names = _unnamed(copies) | await evidence.names(tenant, ids)
    return tuple(told(copy.recorded, names) if copy.recorded else _closed(copy, names) for copy in copies)


def _unnamed(copies: list[Copy]) -> dict[str, str]:
    """What acts without being somebody."""
    actors = [copy.entry.actor for copy in copies]
    return {
        str(actor["id"]): NOBODY_IN_PERSON[actor["role"]]
        for actor in actors
        if actor["role"] in NOBODY_IN_PERSON
    }


def _closed(copy: Copy, names: dict[str, str]) -> TimelineEntry:
    entry = copy.entry
    closed = copy.closed or "unknown"
    return TimelineEntry.model_validate(
        {
            "event_id": entry.id, "source": copy.source, "index": copy.index, "type": entry.type,
            "what": _CLOSED[closed].format(on=day_in_words(copy.destroyed_on) if copy.destroyed_on else ""),
            "who": who(entry.actor, names), "effective_on": entry.effective_on,
            "school_year": streams.school_year(date.fromisoformat(entry.effective_on)),
            "recorded_at": entry.recorded, "known_at": entry.known, "rules": entry.rules,
            "causation": entry.causation, "contents": closed,
        }
    )  # fmt: skip


async def plan_at(evidence: Evidence, tenant: str, plan: UUID, moment: Moment) -> PlanDocument | None:
    """What the plan said on the day, as known; ``None`` where nothing was known of it yet."""
    copies = await evidence.of_stream(tenant, f"plan/{plan}", moment)
    return in_force(history_of(opened_events(copies)), moment.effective_on)


async def student_at(
    evidence: Evidence, tenant: str, student: UUID, moment: Moment, judging: Judging | None = None
) -> StudentReplay:
    """The plans, notices, sessions and results of the student as they stood; with ``judging`` what was owed and is found too.

    Raises `NotFound`.
    """
    await evidence.must_be_known(tenant, student)
    basis = dict(moment.basis) if moment.basis is not None else None
    copies = await evidence.of_student(tenant, student, known_at=moment.known_at, basis=basis)
    closed = tuple(copy.entry.id for copy in copies if copy.recorded is None)
    district = (
        await judging.district(tenant, known_at=moment.known_at, basis=basis) if judging and copies else None
    )
    answer = replay(student, opened_events(copies), moment.effective_on, closed, district)
    if not copies:
        return answer
    last = max([copy.entry.known for copy in copies] + ([answer.known_at] if answer.known_at else []))
    reached = dict(answer.basis)
    for copy in copies:
        reached[copy.source] = max(reached.get(copy.source, -1), copy.index)
    return answer.model_copy(update={"known_at": last, "basis": reached})
