"""What is answered of disputes: each with its steps, what lets the placement change, and how it ended."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.disputes import DisputeClosed, DisputeFiled, DisputeStepTaken, StayPutExcepted
from contracts.event import Event
from contracts.vocabulary import DisputeKind, DisputeOutcome, DisputeParty, DisputeStep, StayPutGround
from plan_service.application.shown import DocumentRefShown, OfStudent, Part, ReportedShown
from plan_service.application.shown_around import documents_shown, reported_shown
from plan_service.domain.dispute_state import Closed, Dispute
from plan_service.domain.student import Student
from runtime.stream_model import Resource


class DisputeStepShown(Part):
    """Something that happened on the way to an outcome."""

    id: UUID
    step: DisputeStep
    on: date
    decision_due_on: date | None = None
    """By when it is decided from then on, where the step moved that day."""
    meeting: UUID | None = None
    words: str | None = None
    documents: tuple[DocumentRefShown, ...] = ()


class StayPutExceptionShown(Part):
    """Why the placement may change although the complaint is open."""

    id: UUID
    ground: StayPutGround
    counts: bool
    """False where it was reported and lets nothing change."""
    from_: Annotated[date, Field(alias="from")]
    holder: UUID | None = None
    words: str | None = None
    documents: tuple[DocumentRefShown, ...] = ()


class DisputeOutcomeShown(Part):
    """How it ended."""

    closed_on: date
    outcome: DisputeOutcome
    words: str | None = None
    documents: tuple[DocumentRefShown, ...] = ()


class DisputeShown(OfStudent):
    """A state complaint, a due process complaint or mediation."""

    kind: DisputeKind
    filed_by: DisputeParty
    filed_on: date
    holder: UUID | None = None
    name: str | None = None
    about: tuple[str, ...] = ()
    words: str | None = None
    happened_on: date | None = None
    known_on: date | None = None
    withheld: bool | None = None
    in_time: bool | None = None
    """Filed within a year (state complaint) or two (due process); absent where the days are not known."""
    resolution_meeting_due_on: date | None = None
    resolution_ends_on: date | None = None
    decision_due_on: date | None = None
    documents: tuple[DocumentRefShown, ...] = ()
    steps: tuple[DisputeStepShown, ...] = ()
    stay_put_exceptions: tuple[StayPutExceptionShown, ...] = ()
    outcome: DisputeOutcomeShown | None = None
    """Absent while it is open."""
    reported: ReportedShown | None = None


def of_disputes(state: Student, event: Event) -> Iterator[Resource]:
    """The dispute that an event is about, as it now stands."""
    if not isinstance(event, DisputeFiled | DisputeStepTaken | DisputeClosed | StayPutExcepted):
        return
    known = state.disputes.get(event.dispute_id)
    if known is not None and state.student_id is not None:
        shown = dispute_shown(state.student_id, known)
        yield Resource("dispute", known.dispute_id, shown.kept(), shown.student, shown.external_id)


def dispute_shown(student_id: UUID, known: Dispute) -> DisputeShown:
    """The dispute as answered."""
    return DisputeShown(
        student=student_id, external_id=known.external_id, kind=known.kind, filed_by=known.filed_by,
        filed_on=known.filed_on, holder=known.holder_id, name=known.name, about=known.about, words=known.words,
        happened_on=known.happened_on, known_on=known.known_on, withheld=known.withheld or None, in_time=known.in_time,
        resolution_meeting_due_on=known.resolution_meeting_due_on, resolution_ends_on=known.resolution_ends_on,
        decision_due_on=known.decision_due_on, documents=documents_shown(known.documents),
        steps=tuple(
            DisputeStepShown(
                id=each.dispute_step_id, step=each.step, on=each.on, decision_due_on=each.decision_due_on,
                meeting=each.meeting_id, words=each.words, documents=documents_shown(each.documents),
            ) for each in known.steps
        ),
        stay_put_exceptions=tuple(
            StayPutExceptionShown(
                id=each.stay_put_exception_id, ground=each.ground, counts=each.counts, from_=each.starts_on,
                holder=each.holder_id, words=each.words, documents=documents_shown(each.documents),
            ) for each in known.exceptions
        ),
        outcome=_outcome(known.closed), reported=reported_shown(known.reported),
    )  # fmt: skip


def _outcome(known: Closed | None) -> DisputeOutcomeShown | None:
    if known is None:
        return None
    return DisputeOutcomeShown(
        closed_on=known.closed_on, outcome=known.outcome, words=known.words, documents=documents_shown(known.documents)
    )  # fmt: skip
