"""What a student's record says about whether it may be destroyed: plans, disputes, requests, notices given."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from audit_service.domain.disclosure import RecordRights, record_rights
from contracts.disputes import DisputeClosed, DisputeFiled
from contracts.event import Event, Recorded
from contracts.notify import NoticeGiven
from contracts.plan import PlanAdopted
from contracts.requests import RequestAnswered
from contracts.students import RequestMade
from contracts.vocabulary import PlanKind, RequestKind

ABOUT_THE_RECORD = frozenset({RequestKind.RECORDS, RequestKind.AMENDMENT_OF_RECORD})


@dataclass(frozen=True, slots=True)
class Line:
    """Of an entry what stands in the log for ever: also where its contents are gone."""

    type: str
    stream: str
    effective_on: date


@dataclass(frozen=True)
class Standing:
    """Of one student."""

    in_force: frozenset[str] = frozenset()
    """Streams of plans that bind, or will."""
    last_ended_on: date | None = None
    had_iep: bool = False
    disputes: dict[UUID, date] = field(default_factory=dict)
    """Open ones, with the day they were filed."""
    requests: dict[UUID, date] = field(default_factory=dict)
    """Open ones that are about the record."""
    notices: dict[UUID, date] = field(default_factory=dict)
    """Given, with their day."""
    rights: RecordRights = field(default_factory=RecordRights)


BINDS = frozenset({"plan.adopted", "plan.reopened"})
BINDS_NO_MORE = frozenset({"plan.ended", "plan.voided"})


def standing_of(
    lines: Iterable[Line],
    known: Iterable[Recorded[Event]],
    today: date,
    district_ended_on: date | None = None,
) -> Standing:
    """Fold a student's entries in known order; plans by what the log says even when contents are gone.

    Of a district that has ended here no plan can be ended any more: the day of its end counts as the end of services.
    """
    ends: dict[str, date | None] = {}
    for line in lines:
        if line.type in BINDS:
            ends[line.stream] = None
        elif line.type in BINDS_NO_MORE and line.stream in ends:
            ends[line.stream] = line.effective_on
    if district_ended_on is not None:
        ends = {stream: min(day or district_ended_on, district_ended_on) for stream, day in ends.items()}
    events = list(known)
    standing = Standing(
        in_force=frozenset(stream for stream, day in ends.items() if day is None or day > today),
        last_ended_on=max((day for day in ends.values() if day is not None), default=None),
        rights=record_rights(events),
    )
    for entry in events:
        standing = _with(standing, entry.event, entry.effective_on)
    return standing


def _with(standing: Standing, event: Event, on: date) -> Standing:
    match event:
        case PlanAdopted():
            return replace(standing, had_iep=standing.had_iep or event.kind is PlanKind.IEP)
        case DisputeFiled():
            return replace(standing, disputes=standing.disputes | {event.dispute_id: on})
        case DisputeClosed():
            return replace(standing, disputes=_without(standing.disputes, event.dispute_id))
        case RequestMade() if event.kind in ABOUT_THE_RECORD:
            return replace(standing, requests=standing.requests | {event.request_id: on})
        case RequestAnswered():
            return replace(standing, requests=_without(standing.requests, event.request_id))
        case NoticeGiven():
            return replace(standing, notices=standing.notices | {event.notice_id: on})
    return standing


def _without(open_ones: dict[UUID, date], id_: UUID) -> dict[UUID, date]:
    return {each: on for each, on in open_ones.items() if each != id_}
