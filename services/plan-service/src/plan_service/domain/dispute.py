"""Disputes: state complaints, due process complaints, mediation (34 CFR 300.151-153, 300.506-518).

They are filed and decided elsewhere; here is recorded what happens, with the days that follow from it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from contracts.disputes import (
    DisputeClosed,
    DisputeEvent,
    DisputeFiled,
    DisputePersonalData,
    DisputeStepTaken,
    DisputeWordsPersonalData,
    StayPutExcepted,
)
from contracts.fields import ExternalId, HolderId, MeetingId
from contracts.problems import Invalid, Reason, Rejected
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import DisputeKind, DisputeOutcome, DisputeParty, DisputeStep, StayPutGround
from plan_service.domain.ages import years_after
from plan_service.domain.dispute_state import Dispute, dispute_of
from plan_service.domain.identity import must_be_known
from plan_service.domain.rights_holder import decides_on, must_be_around
from plan_service.domain.rules import FEDERAL, Rules, UnmetRules, cannot_be_true, done_on, settle
from plan_service.domain.student import Student

COMPLAINT_DAYS = 60
"""300.152(a): a state complaint is decided within 60 days."""
RESOLUTION_MEETING_DAYS, RESOLUTION_DAYS, HEARING_DAYS = 15, 30, 45
"""300.510(a), 300.510(b), 300.515(a)."""
COMPLAINT_YEARS, DUE_PROCESS_YEARS = 1, 2
"""300.153(c), 300.511(e); the state's own term may be another, and who decides says what follows."""


class DisputeOver(Rejected):
    """The dispute has ended."""

    code = "dispute-closed"


class ExceptionRefused(UnmetRules):
    """The placement stays."""

    code = "stay-put-exception-refused"
    what = "Letting the placement change"


@dataclass(frozen=True, slots=True)
class FileDispute:
    """A complaint, or a request for mediation, has come in."""

    dispute_id: UUID
    kind: DisputeKind
    filed_by: DisputeParty
    today: date
    filed_on: date | None = None
    holder_id: HolderId | None = None
    about: tuple[str, ...] = ()
    happened_on: date | None = None
    known_on: date | None = None
    withheld: bool = False
    name: str | None = None
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


def file_dispute(student: Student, command: FileDispute) -> list[DisputeEvent]:
    """Record the filing, by whoever filed; that it comes too late is for who decides to say."""
    student_id = must_be_known(student)
    filed_on = done_on(command.filed_on, command.reported, command.today, "filed")
    _filed_so(student, command, filed_on)
    family = command.kind is DisputeKind.DUE_PROCESS_COMPLAINT and command.filed_by is DisputeParty.FAMILY
    told = command.name is not None or command.words is not None
    return [
        DisputeFiled(
            effective_on=filed_on, student_id=student_id, dispute_id=command.dispute_id, kind=command.kind,
            filed_by=command.filed_by, holder_id=command.holder_id, about=command.about,
            happened_on=command.happened_on, known_on=command.known_on, withheld=command.withheld or None,
            in_time=filed_in_time(command, filed_on),
            resolution_meeting_due_on=_days(filed_on, RESOLUTION_MEETING_DAYS) if family else None,
            resolution_ends_on=_days(filed_on, RESOLUTION_DAYS) if family else None,
            decision_due_on=decision_due_on(command.kind, command.filed_by, filed_on),
            personal=DisputePersonalData(name=command.name, words=command.words) if told else None,
            documents=command.documents, external_id=command.external_id, reported=command.reported,
        )
    ]  # fmt: skip


def filed_in_time(command: FileDispute, filed_on: date) -> bool | None:
    """34 CFR 300.153(c): within a year; 300.511(e), (f): within two, unless misled or not told. ``None``: not known."""
    if command.kind is DisputeKind.STATE_COMPLAINT and command.happened_on is not None:
        return filed_on <= years_after(command.happened_on, COMPLAINT_YEARS)
    if command.kind is DisputeKind.DUE_PROCESS_COMPLAINT and command.known_on is not None:
        return command.withheld or filed_on <= years_after(command.known_on, DUE_PROCESS_YEARS)
    return None


def decision_due_on(kind: DisputeKind, filed_by: DisputeParty, filed_on: date) -> date | None:
    """300.152(a): 60 days. 300.515(a): 45 after the 30 to resolve; of the district's complaint nothing is to resolve."""
    match kind:
        case DisputeKind.STATE_COMPLAINT:
            return _days(filed_on, COMPLAINT_DAYS)
        case DisputeKind.DUE_PROCESS_COMPLAINT:
            before = RESOLUTION_DAYS if filed_by is DisputeParty.FAMILY else 0
            return _days(filed_on, before + HEARING_DAYS)
        case DisputeKind.MEDIATION:
            return None


STEPS = {
    DisputeKind.STATE_COMPLAINT: {
        DisputeStep.RESPONSE_SENT, DisputeStep.MEDIATION_HELD, DisputeStep.TIME_EXTENDED,
    },
    DisputeKind.DUE_PROCESS_COMPLAINT: set(DisputeStep),
    DisputeKind.MEDIATION: {DisputeStep.RESPONSE_SENT, DisputeStep.MEDIATION_HELD},
}  # fmt: skip
"""Only due process has a resolution period and a hearing (300.510-512)."""
OUTCOMES = {
    DisputeKind.STATE_COMPLAINT: set(DisputeOutcome) - {DisputeOutcome.NO_AGREEMENT},
    DisputeKind.DUE_PROCESS_COMPLAINT: set(DisputeOutcome) - {DisputeOutcome.NO_AGREEMENT},
    DisputeKind.MEDIATION: {DisputeOutcome.AGREED, DisputeOutcome.NO_AGREEMENT, DisputeOutcome.WITHDRAWN},
}
"""A mediator decides nothing (300.506(b)), and a complaint does not end because nobody agrees."""


@dataclass(frozen=True, slots=True)
class TakeStep:
    """Something happened on the way to an outcome."""

    dispute_id: UUID
    dispute_step_id: UUID
    step: DisputeStep
    today: date
    on: date | None = None
    decision_due_on: date | None = None
    """Where who decides has set another day."""
    meeting_id: MeetingId | None = None
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


def take_step(student: Student, command: TakeStep) -> list[DisputeEvent]:
    """Record a step; that the resolution period is waived, or more time given, moves the day of the decision."""
    student_id = must_be_known(student)
    dispute = dispute_of(student.disputes, command.dispute_id)
    taken_on = done_on(command.on, command.reported, command.today, "done")
    _while_open(dispute, taken_on, command.reported, "/on")
    if command.step not in STEPS[dispute.kind]:
        raise _of_another_kind(dispute.kind, "step", STEPS[dispute.kind])
    extended = command.step is DisputeStep.TIME_EXTENDED
    if extended != (command.decision_due_on is not None):
        raise cannot_be_true(
            "extended-to-a-day", "More time ends on a day; no other step names one.", "/decision_due_on"
        )
    if command.decision_due_on is not None and command.decision_due_on < taken_on:
        raise cannot_be_true(
            "no-later-day", f"{command.decision_due_on} gives no more time.", "/decision_due_on"
        )
    waived = command.step is DisputeStep.RESOLUTION_WAIVED and dispute.resolution_ends_on is not None
    return [
        DisputeStepTaken(
            effective_on=taken_on, student_id=student_id, dispute_id=command.dispute_id,
            dispute_step_id=command.dispute_step_id, step=command.step,
            decision_due_on=_days(taken_on, HEARING_DAYS) if waived else command.decision_due_on,
            meeting_id=command.meeting_id, personal=_words(command.words), documents=command.documents,
            external_id=command.external_id, reported=command.reported,
        )
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CloseDispute:
    """The dispute ended."""

    dispute_id: UUID
    outcome: DisputeOutcome
    today: date
    closed_on: date | None = None
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


def close_dispute(student: Student, command: CloseDispute) -> list[DisputeEvent]:
    """Record the outcome; with a due process complaint stay-put ends."""
    student_id = must_be_known(student)
    dispute = dispute_of(student.disputes, command.dispute_id)
    closed_on = done_on(command.closed_on, command.reported, command.today, "closed")
    if dispute.closed is not None:
        raise DisputeOver(f"This dispute ended on {dispute.closed.closed_on}.")
    _while_open(dispute, closed_on, command.reported, "/closed_on")
    if command.outcome not in OUTCOMES[dispute.kind]:
        raise _of_another_kind(dispute.kind, "outcome", OUTCOMES[dispute.kind])
    return [
        DisputeClosed(
            effective_on=closed_on, student_id=student_id, dispute_id=command.dispute_id, outcome=command.outcome,
            personal=_words(command.words), documents=command.documents, external_id=command.external_id,
            reported=command.reported,
        )
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExceptStayPut:
    """The placement may change although the complaint is open."""

    dispute_id: UUID
    stay_put_exception_id: UUID
    ground: StayPutGround
    today: date
    starts_on: date | None = None
    holder_id: HolderId | None = None
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    rules: Rules = FEDERAL
    external_id: ExternalId | None = None
    reported: Reported | None = None


def except_stay_put(student: Student, command: ExceptStayPut) -> list[DisputeEvent]:
    """Record what lets the placement change. What does not count is told as a report and lets nothing change."""
    student_id = must_be_known(student)
    dispute = dispute_of(student.disputes, command.dispute_id)
    starts_on = done_on(command.starts_on, command.reported, command.today, "started")
    _while_open(dispute, starts_on, command.reported, "/from")
    if command.holder_id is not None:
        must_be_around(student, command.holder_id)
    unmet = (*agreed_by_nobody_who_decides(student, command, starts_on), *ordered_without_an_order(command))
    return [
        StayPutExcepted(
            effective_on=starts_on, student_id=student_id, dispute_id=command.dispute_id,
            stay_put_exception_id=command.stay_put_exception_id, ground=command.ground, counts=not unmet,
            holder_id=command.holder_id, personal=_words(command.words), documents=command.documents,
            external_id=command.external_id, reported=settle(ExceptionRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def agreed_by_nobody_who_decides(
    student: Student, command: ExceptStayPut, starts_on: date
) -> Iterator[Reason]:
    """34 CFR 300.518(a): unless the agency and the parents agree otherwise."""
    if command.ground is not StayPutGround.AGREED:
        return
    if command.holder_id is None or not decides_on(student, command.holder_id, starts_on, command.rules):
        yield Reason(
            "agreed-by-nobody-who-decides", f"Nobody agreed who held the right to decide on {starts_on}.",
            "34 CFR 300.518(a)", "Agree with a holder of the right to decide, and name them.", "/holder",
        )  # fmt: skip


def ordered_without_an_order(command: ExceptStayPut) -> Iterator[Reason]:
    """34 CFR 300.518(d), 300.532(b): an order somebody can show."""
    if command.ground is StayPutGround.ORDERED and not command.documents:
        yield Reason(
            "ordered-without-an-order", "An order is claimed and not on record.", "34 CFR 300.518(d), 300.532(b)",
            "Add the order to the student's documents and name it.", "/documents",
        )  # fmt: skip


def _of_another_kind(kind: DisputeKind, what: str, possible: Iterable[str]) -> Invalid:
    named = kind.replace("_", " ")
    return cannot_be_true(
        f"{what}-of-another-kind",
        f"A {named} has no such {what}; it has {', '.join(sorted(possible))}.",
        f"/{what}",
    )


def _words(words: str | None) -> DisputeWordsPersonalData | None:
    return DisputeWordsPersonalData(words=words) if words else None


def _days(day: date, count: int) -> date:
    return day + timedelta(days=count)


def _while_open(dispute: Dispute, day: date, reported: Reported | None, pointer: str) -> None:
    if day < dispute.filed_on:
        raise cannot_be_true("before-the-filing", f"It was filed on {dispute.filed_on}.", pointer)
    if dispute.closed is not None and reported is None:
        raise DisputeOver(
            f"This dispute ended on {dispute.closed.closed_on}; nothing about it is decided now."
        )


def _filed_so(student: Student, command: FileDispute, filed_on: date) -> None:
    if command.holder_id is not None:
        must_be_around(student, command.holder_id)
    if command.filed_by is DisputeParty.OTHER and command.kind is not DisputeKind.STATE_COMPLAINT:
        raise cannot_be_true(
            "filed-by-another", "Only a state complaint is filed by others than family and district.",
            "/filed_by",
        )  # fmt: skip
    for name, day in (("happened_on", command.happened_on), ("known_on", command.known_on)):
        if day is not None and day > filed_on:
            raise cannot_be_true("filed-before-it-happened", f"It was filed on {filed_on}.", f"/{name}")
