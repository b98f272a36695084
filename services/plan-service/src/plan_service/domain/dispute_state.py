"""Disputes as decisions about them need them. Part of the student: see `domain.student`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from contracts.disputes import DisputeClosed, DisputeEvent, DisputeFiled, DisputeStepTaken, StayPutExcepted
from contracts.fields import ExternalId, HolderId, MeetingId
from contracts.problems import NotFound
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import DisputeKind, DisputeOutcome, DisputeParty, DisputeStep, StayPutGround


@dataclass(frozen=True, slots=True)
class Step:
    """What happened on the way."""

    dispute_step_id: UUID
    step: DisputeStep
    on: date
    decision_due_on: date | None = None
    meeting_id: MeetingId | None = None
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()


@dataclass(frozen=True, slots=True)
class StayPutException:
    """Why the placement may change all the same."""

    stay_put_exception_id: UUID
    ground: StayPutGround
    counts: bool
    starts_on: date
    holder_id: HolderId | None = None
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    """How it ended."""

    closed_on: date
    outcome: DisputeOutcome
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute, from its filing on."""

    dispute_id: UUID
    kind: DisputeKind
    filed_by: DisputeParty
    filed_on: date
    holder_id: HolderId | None = None
    about: tuple[str, ...] = ()
    happened_on: date | None = None
    known_on: date | None = None
    withheld: bool = False
    in_time: bool | None = None
    resolution_meeting_due_on: date | None = None
    resolution_ends_on: date | None = None
    decision_due_on: date | None = None
    name: str | None = None
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None
    steps: tuple[Step, ...] = ()
    exceptions: tuple[StayPutException, ...] = ()
    closed: Closed | None = None

    def holds_the_placement_on(self, day: date) -> bool:
        """34 CFR 300.518(a): while a due process complaint is open, the placement stays, unless excepted."""
        is_open = self.filed_on <= day and (self.closed is None or day < self.closed.closed_on)
        excepted = any(each.counts and each.starts_on <= day for each in self.exceptions)
        return self.kind is DisputeKind.DUE_PROCESS_COMPLAINT and is_open and not excepted


def dispute_of(disputes: Mapping[UUID, Dispute], dispute_id: UUID) -> Dispute:
    """The dispute by its id; raises `NotFound`."""
    known = disputes.get(dispute_id)
    if known is None:
        raise NotFound("This student has no such dispute.")
    return known


def disputes_after(known: Mapping[UUID, Dispute], event: DisputeEvent) -> Mapping[UUID, Dispute]:
    """What follows from one more event."""
    if isinstance(event, DisputeFiled):
        return {**known, event.dispute_id: _filed(event)}
    dispute = known.get(event.dispute_id)
    return known if dispute is None else {**known, event.dispute_id: _stepped(dispute, event)}


def _filed(event: DisputeFiled) -> Dispute:
    personal = event.personal
    return Dispute(
        event.dispute_id, event.kind, event.filed_by, event.effective_on, event.holder_id, event.about,
        event.happened_on, event.known_on, bool(event.withheld), event.in_time, event.resolution_meeting_due_on,
        event.resolution_ends_on, event.decision_due_on, personal.name if personal else None,
        personal.words if personal else None, event.documents, event.external_id, event.reported,
    )  # fmt: skip


def _stepped(dispute: Dispute, event: DisputeStepTaken | DisputeClosed | StayPutExcepted) -> Dispute:
    words = event.personal.words if event.personal else None
    match event:
        case DisputeStepTaken():
            step = Step(
                event.dispute_step_id, event.step, event.effective_on, event.decision_due_on, event.meeting_id, words,
                event.documents,
            )  # fmt: skip
            due_on = event.decision_due_on or dispute.decision_due_on
            return replace(dispute, steps=(*dispute.steps, step), decision_due_on=due_on)
        case DisputeClosed():
            closed = Closed(event.effective_on, event.outcome, words, event.documents)
            return replace(dispute, closed=closed)
        case StayPutExcepted():
            excepted = StayPutException(
                event.stay_put_exception_id, event.ground, event.counts, event.effective_on, event.holder_id, words,
                event.documents,
            )  # fmt: skip
            return replace(dispute, exceptions=(*dispute.exceptions, excepted))
        case _:
            assert_never(event)
