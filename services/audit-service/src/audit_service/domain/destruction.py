"""May contents be destroyed? No longer needed, the family told, no hold, two people (34 CFR 300.624, 99.10(e), 99.32(a)(2)).

There is no reporting way out here: it is Handrail itself that would destroy.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never, cast
from uuid import UUID

from audit_service.domain.standing import Standing
from contracts.event import Event, EventClass
from contracts.problems import NotFound, Reason, Rejected
from contracts.records import (
    FAMILY_NOT_TOLD,
    MOST_FINDINGS_KEPT,
    ContentsDestroyed,
    DestroyedKey,
    DestructionEvent,
    DestructionOrdered,
    DestructionRefused,
    DestructionRequested,
    DestructionStopped,
    FamilyTold,
    FindingKept,
)
from contracts.retention_schedule import Kept
from contracts.values import Unmet
from contracts.vocabulary import DestructionGround


class MayNotBeDestroyed(Rejected):
    """The record stays; each reason says what would have to be otherwise. The refusal is on record."""

    code = "may-not-be-destroyed"


class SecondPersonRequired(Rejected):
    """Whoever asked for it cannot also approve it."""

    code = "second-person-required"


class NotWaiting(Rejected):
    """This request no longer waits for an approval."""

    code = "not-waiting"


@dataclass(frozen=True, slots=True)
class AskDestruction:
    """The first of two people asks."""

    destruction_id: UUID
    student: UUID
    classes: tuple[EventClass, ...]
    ground: DestructionGround
    requested_by: str
    holder: UUID | None
    asked_on: date | None
    told: FamilyTold | None


@dataclass(frozen=True, slots=True)
class Destruction:
    """What decisions ask of a destruction."""

    status: str = "none"
    request: AskDestruction | None = None


@dataclass(frozen=True)
class Facts:
    """What the decision rests on."""

    standing: Standing
    holds: Mapping[UUID, date]
    """That stand, each with the day it was set."""
    kept: Kept | None
    destroyed: Mapping[EventClass, date] = field(default_factory=dict)
    """Classes that are gone already."""
    today: date = date.min


def reasons_against(command: AskDestruction, facts: Facts) -> tuple[Reason, ...]:
    """Every rule that keeps the record, each with its citation and what would cure it; empty: it may go."""
    return tuple(
        reason for rule in (_held, _asked_for, _needed, _schedule, _told, _asker, _with_what_it_is_about)
        for reason in rule(command, facts)
    )  # fmt: skip


def _held(_command: AskDestruction, facts: Facts) -> Iterator[Reason]:
    for on in facts.holds.values():
        message = f"a legal hold stands since {on}."
        cure = "Release it by POST /audit/v1/holds/{id}/release, once what it is for is over."
        yield Reason("legal-hold", message, "34 CFR 99.10(e); practice", cure)


def _asked_for(_command: AskDestruction, facts: Facts) -> Iterator[Reason]:
    for on in facts.standing.requests.values():
        message = f"a request of {on} to see or change the record is open."
        yield Reason("request-open", message, "34 CFR 99.10(e), 300.613", "Answer the request.")
    for on in facts.standing.disputes.values():
        message = f"a dispute filed on {on} is open."
        yield Reason(
            "dispute-open", message, "34 CFR 300.511, 300.152", "It is over when the dispute is closed."
        )


def asked_about(facts: Facts) -> bool:
    """Somebody waits for the record, hold or not: what is open when the keys would go stops it (34 CFR 99.10(e))."""
    return bool(facts.standing.requests or facts.standing.disputes)


def _needed(_command: AskDestruction, facts: Facts) -> Iterator[Reason]:
    if facts.standing.in_force:
        message = "a plan is in force: the record is needed to provide services."
        yield Reason("still-needed", message, "34 CFR 300.624(a)", "Wait until the last plan has ended.")


def _schedule(command: AskDestruction, facts: Facts) -> Iterator[Reason]:
    kept = facts.kept
    if kept is None or command.ground is DestructionGround.COURT_ORDER or facts.standing.in_force:
        return
    if kept.ends_on is None:
        message = f"no plan has ended, so nothing says from when {kept.schedule}'s {kept.years} years count."
        yield Reason("schedule-has-no-beginning", message, kept.cite)
    elif facts.today < kept.ends_on:
        message = f"the schedule {kept.schedule} keeps it until {kept.ends_on}."
        yield Reason("schedule-runs", message, kept.cite, f"Ask again from {kept.ends_on} on.")


def _told(command: AskDestruction, facts: Facts) -> Iterator[Reason]:
    """300.624(a) is IDEA's: a record of Section 504 alone goes by the state's schedule."""
    if command.ground is DestructionGround.COURT_ORDER:
        return
    told, cite = command.told, "34 CFR 300.624(a)"
    if told is None:
        if facts.standing.had_iep:
            message = "the family was not told that the information is no longer needed."
            yield Reason(
                FAMILY_NOT_TOLD, message, cite, "Tell them, and say when and how in `told`.", "/told"
            )
        return
    if told.told_on > facts.today:
        yield Reason("told-in-the-future", f"{told.told_on} has not come yet.", cite, pointer="/told/told_on")
    if told.notice_id is not None and told.notice_id not in facts.standing.notices:
        message = "the notice named does not count as given in this student's record."
        yield Reason("notice-not-given", message, cite, "Wait until it counts as given.", "/told/notice_id")


def _asker(command: AskDestruction, facts: Facts) -> Iterator[Reason]:
    if command.ground is not DestructionGround.FAMILY_REQUEST:
        return
    if command.holder is None or command.asked_on is None:
        message = "nobody of the family is named who asked for it, and when."
        yield Reason(
            "asker-not-named", message, "34 CFR 300.624(b)", "Give `holder` and `asked_on`.", "/holder"
        )
    elif facts.standing.rights.holding(command.holder, command.asked_on) is None:
        message = f"who asked did not hold the record rights on {command.asked_on}."
        yield Reason(
            "asker-held-no-record-rights", message, "34 CFR 300.624(b), 99.4, 99.5", pointer="/holder"
        )


def _with_what_it_is_about(command: AskDestruction, facts: Facts) -> Iterator[Reason]:
    gone = set(command.classes) | facts.destroyed.keys()
    for each in command.classes:
        if each in facts.destroyed:
            message = f"the contents of the class {each.value} were destroyed on {facts.destroyed[each]}."
            yield Reason("destroyed-already", message, cure="Leave it out.", pointer="/classes")
    if EventClass.PROOF in command.classes and not {EventClass.IDENTITY, EventClass.RECORD} <= gone:
        message = "who saw and received a record is kept as long as the record is."
        cure = "Destroy identity and record with it, or before."
        yield Reason("proof-stays-with-the-record", message, "34 CFR 99.32(a)(2)", cure, "/classes")


def ask_destruction(
    destruction: Destruction, command: AskDestruction, facts: Facts
) -> Sequence[DestructionEvent]:
    """It waits for a second person from now on; or it is refused, which is an event too."""
    if destruction.status != "none":
        return []
    reasons = reasons_against(command, facts)
    if reasons:
        return [_refused(command, reasons, facts)]
    kept = facts.kept
    return [
        DestructionRequested(
            effective_on=facts.today, destruction_id=command.destruction_id, student_id=command.student,
            classes=command.classes, ground=command.ground, requested_by=command.requested_by, holder_id=command.holder,
            asked_on=command.asked_on,
            told=command.told, schedule=kept.schedule if kept else "none", schedule_ends_on=kept.ends_on if kept else None,
        )
    ]  # fmt: skip


def approve_destruction(
    destruction: Destruction, approved_by: str, facts: Facts, findings: Sequence[FindingKept] = ()
) -> Sequence[DestructionEvent]:
    """The second of two people orders it; what has come since it was asked for is looked at again.

    ``findings`` stay without the contents: what each rule had found.
    """
    request = destruction.request
    if request is None and destruction.status == "none":
        raise NotFound("There is no such request here.")
    if destruction.status in ("ordered", "destroyed"):
        return []
    if request is None or destruction.status != "requested":
        raise NotWaiting(f"This request is {destruction.status}; ask anew.")
    if approved_by == request.requested_by:
        raise SecondPersonRequired("A second person approves it; whoever asked for it cannot.")
    if reasons := reasons_against(request, facts):
        return [_refused(request, reasons, facts)]
    return [
        DestructionOrdered(
            effective_on=facts.today, destruction_id=request.destruction_id, student_id=request.student,
            classes=request.classes, ground=request.ground, requested_by=request.requested_by,
            approved_by=approved_by, findings=tuple(findings)[:MOST_FINDINGS_KEPT] or None,
        )
    ]  # fmt: skip


def command_of(request: DestructionRequested) -> AskDestruction:
    """What was asked, to be looked at again."""
    return AskDestruction(
        request.destruction_id, request.student_id, request.classes, request.ground, request.requested_by or "",
        request.holder_id, request.asked_on, request.told,
    )  # fmt: skip


def _refused(command: AskDestruction, reasons: Sequence[Reason], facts: Facts) -> DestructionRefused:
    return DestructionRefused(
        effective_on=facts.today, destruction_id=command.destruction_id, student_id=command.student,
        classes=command.classes, ground=command.ground,
        unmet=tuple(Unmet(code=each.code, citation=each.citation, message=each.message) for each in reasons),
        hold_ids=tuple(facts.holds),
    )  # fmt: skip


def destroyed(
    order: DestructionOrdered, ordered_on: date, keys: Sequence[DestroyedKey], *, on: date, final_on: date
) -> ContentsDestroyed:
    """The keys are gone."""
    return ContentsDestroyed(
        effective_on=on, destruction_id=order.destruction_id, student_id=order.student_id, classes=order.classes,
        ground=order.ground, keys=tuple(keys), requested_by=order.requested_by, approved_by=order.approved_by,
        ordered_on=ordered_on, final_on=final_on,
    )  # fmt: skip


def evolve(destruction: Destruction, event: Event) -> Destruction:
    """The destruction after the event."""
    match cast(DestructionEvent, event):
        case DestructionRequested() as asked:
            return Destruction("requested", command_of(asked))
        case DestructionRefused():
            return replace(destruction, status="refused")
        case DestructionOrdered():
            return replace(destruction, status="ordered")
        case DestructionStopped():
            return replace(destruction, status="stopped")
        case ContentsDestroyed():
            return replace(destruction, status="destroyed")
        case _ as never:
            assert_never(never)
