"""A plan as decisions about it need it: what binds when, what is proposed, who answered what.

It is not the record and not what the API shows: that is `contracts.plan_document`. `evolve` never refuses.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal, TypeVar, assert_never
from uuid import UUID

from contracts.fields import AmendmentId, HolderId, ItemId, PlanId, StaffId, StudentId
from contracts.items import AnyChange, AnyItem, Change, End
from contracts.plan import (
    AgreementSought,
    AmendmentAdopted,
    AmendmentAgreed,
    AmendmentProposed,
    AmendmentWithdrawn,
    Basis,
    ConsentAnswered,
    DraftDropped,
    DraftOpened,
    DraftShared,
    ExitSummaryGiven,
    ItemHolderAssigned,
    ItemHolderEnded,
    PlanAdopted,
    PlanCorrected,
    PlanEnded,
    PlanEvent,
    PlanReopened,
    PlanVoided,
    ReviewHeld,
    StaffInformed,
    StatementAdded,
)
from contracts.values import Reported
from contracts.vocabulary import ConsentDecision, ConsentMethod, PlanEnd, PlanKind, ReopeningGround
from plan_service.domain.completeness import in_regular_education
from plan_service.domain.item_change import ItemChange, digest_of, item_change


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered about one item of an amendment."""

    holder_id: HolderId
    decision: ConsentDecision
    counts: bool
    written: bool
    """Consent is in writing (300.9); an oral yes is kept and is not consent."""
    answered_on: date
    waives_time: bool = False
    """They let the change begin before the state's time since the notice has passed."""


class AmendmentStatus(StrEnum):
    """How an amendment stands."""

    PROPOSED = "proposed"
    ADOPTED = "adopted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Amendment:
    """A proposed change to a plan in effect; once decided, only its items and days are still asked for."""

    status: AmendmentStatus
    proposed_on: date
    items: tuple[ItemId, ...]
    basis: Basis | None = None
    requested: date | Literal["earliest"] = "earliest"
    changes: tuple[Change, ...] = ()
    answers: dict[ItemId, tuple[Answer, ...]] = field(default_factory=dict)
    """Per item the last answer of each person, in the order of the days on which they were given."""
    starts_on: date | None = None
    """The first day of its changes, once adopted."""
    external_id: str | None = None
    withheld: tuple[ItemId, ...] = ()
    """Items that stayed as they were, for want of consent."""
    reported: Reported | None = None
    """How it came to stand as it does was reported, not decided here."""

    def change(self, item_id: ItemId) -> AnyChange:
        """What is proposed for an item."""
        return next(change for change in self.changes if change.item_id == item_id)


@dataclass(frozen=True, slots=True)
class Binding:
    """From ``starts_on`` on the plan as a whole binds, or no longer does."""

    starts_on: date
    binds: bool


@dataclass(frozen=True, slots=True)
class HolderPeriod:
    """A staff member carries out an item in this time, both days inclusive."""

    staff_id: StaffId
    starts_on: date
    ends_on: date | None = None

    def covers(self, day: date) -> bool:
        """The staff member carries the item out on ``day``."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan, IEP or Section 504."""

    plan_id: PlanId | None = None
    student_id: StudentId | None = None
    kind: PlanKind = PlanKind.IEP
    external_id: str | None = None
    drafting: bool = False
    """A draft is open."""
    bindings: tuple[Binding, ...] = ()
    """Adoptions, ends and reopenings, in the order in which they were recorded."""
    versions: int = 0
    """How many adoptions and amendments there have been."""
    lines: dict[ItemId, tuple[ItemChange, ...]] = field(default_factory=dict)
    """The changes of each item, in the order in which they were recorded."""
    amendments: dict[AmendmentId, Amendment] = field(default_factory=dict)
    holders: dict[ItemId, tuple[HolderPeriod, ...]] = field(default_factory=dict)
    regular_education: bool = True
    """The child is or may be in regular education, as the last placement says."""
    review_due_on: date | None = None
    corrections: tuple[UUID, ...] = ()
    void: bool = False
    """It never bound, whatever was recorded of it."""
    revoked_on: date | None = None
    """When the consent to all of its services was last taken back."""
    individual_reason: str | None = None
    """Why what was last adopted is this student's own though others say the same, if the team has said it."""

    @property
    def ever_adopted(self) -> bool:
        """Something of it has been decided."""
        return any(binding.binds for binding in self.bindings)

    def in_effect_on(self, day: date) -> bool:
        """The plan binds on ``day``: the latest beginning up to it decides, of one day the later record."""
        binding = _latest(self.bindings, day)
        return not self.void and binding is not None and binding.binds

    def ended_by(self, day: date) -> bool:
        """It had bound and no longer does on ``day`` or after, as far as is recorded."""
        return self.ever_adopted and not self.in_effect_on(day) and not self.begins_after(day)

    def ended_on(self, day: date) -> date | None:
        """Of a plan that had ended by ``day`` its first day without it."""
        binding = _latest(self.bindings, day)
        return binding.starts_on if binding is not None and not binding.binds else None

    def item_on(self, item_id: ItemId, day: date) -> ItemChange | None:
        """The change that makes the item be in force on ``day``; ``None`` where it is not."""
        change = _latest(self.lines.get(item_id, ()), day)
        return change if change is not None and change.op != "end" else None

    def says(self, item: AnyItem, day: date) -> bool:
        """From ``day`` on, as far as is decided, the item has this text and no other."""
        line = self.lines.get(item.id, ())
        now = _latest(line, day)
        ahead = [change for change in line if change.starts_on > day]
        return now is not None and all(change.digest == digest_of(item) for change in (now, *ahead))

    def kind_of(self, item_id: ItemId) -> str | None:
        """The kind of an item that the plan has or had."""
        kinds = (change.kind for change in reversed(self.lines.get(item_id, ())) if change.kind)
        return next(kinds, None)

    def ids_of(self, kind: str) -> tuple[ItemId, ...]:
        """The items of a kind that the plan has or had."""
        return tuple(item_id for item_id in self.lines if self.kind_of(item_id) == kind)

    def begins_after(self, day: date) -> bool:
        """It has been adopted for a later day."""
        return not self.void and any(binding.binds and binding.starts_on > day for binding in self.bindings)


Dated = TypeVar("Dated", ItemChange, Binding)


def _latest(changes: tuple[Dated, ...], day: date) -> Dated | None:
    begun = [(change.starts_on, place) for place, change in enumerate(changes) if change.starts_on <= day]
    return changes[max(begun)[1]] if begun else None


def evolve(plan: Plan, event: PlanEvent) -> Plan:
    """The plan after one more event."""
    match event:
        case DraftOpened():
            return replace(
                plan, plan_id=event.plan_id, student_id=event.student_id, kind=event.kind, drafting=True,
                external_id=plan.external_id or event.external_id,
            )  # fmt: skip
        case DraftDropped():
            return replace(plan, drafting=False)
        case PlanAdopted():
            return _adopted(plan, event)
        case AmendmentProposed():
            return _with_amendment(plan, event.amendment_id, _proposed(event))
        case AmendmentAgreed():
            return _agreed(plan, event)
        case ConsentAnswered():
            return _answered(plan, event)
        case AmendmentAdopted():
            return _amended(plan, event)
        case AmendmentWithdrawn():
            return _withdrawn(plan, event)
        case PlanCorrected():
            return _corrected(plan, event)
        case ReviewHeld():
            return replace(plan, review_due_on=event.review_due_on or plan.review_due_on)
        case PlanEnded():
            return replace(
                plan, bindings=(*plan.bindings, Binding(event.effective_on, binds=False)),
                revoked_on=_revoked_on(event) or plan.revoked_on,
            )  # fmt: skip
        case PlanReopened():
            mistaken = event.ground is ReopeningGround.MISTAKE
            return replace(
                plan, bindings=(*plan.bindings, Binding(event.effective_on, binds=True)),
                revoked_on=None if mistaken else plan.revoked_on,
            )  # fmt: skip
        case PlanVoided():
            return replace(plan, void=True)
        case ItemHolderAssigned():
            period = HolderPeriod(event.staff_id, event.effective_on, event.ends_on)
            return _with_holders(plan, event.item_id, _without(plan, event.item_id, event.staff_id), period)
        case ItemHolderEnded():
            return _holder_ended(plan, event)
        case DraftShared() | StatementAdded() | StaffInformed() | ExitSummaryGiven():
            return plan
        case _:
            assert_never(event)


def _revoked_on(event: PlanEnded) -> date | None:
    if event.reason is not PlanEnd.CONSENT_REVOKED:
        return None
    return event.revocation.revoked_on if event.revocation else event.effective_on


def _adopted(plan: Plan, event: PlanAdopted) -> Plan:
    """An adoption says everything: an item of the plan that it leaves out ends."""
    present = {item.id for item in event.items}
    lines = dict(plan.lines)
    for item_id in plan.lines:
        if item_id not in present:
            lines[item_id] = (*lines[item_id], item_change(event.effective_on, "end"))
    for item in event.items:
        op: Literal["add", "replace"] = "replace" if item.id in lines else "add"
        lines[item.id] = (*lines.get(item.id, ()), item_change(event.effective_on, op, item))
    return replace(
        plan, plan_id=event.plan_id, kind=event.kind, drafting=False, lines=lines, versions=plan.versions + 1,
        bindings=(*plan.bindings, Binding(event.effective_on, binds=True)), review_due_on=event.review_due_on,
        regular_education=in_regular_education(event.items),
        individual_reason=event.personal.individual_reason if event.personal else None,
    )  # fmt: skip


def _proposed(event: AmendmentProposed) -> Amendment:
    return Amendment(
        AmendmentStatus.PROPOSED, event.effective_on, tuple(change.item_id for change in event.changes),
        event.basis, event.requested, event.changes, external_id=event.external_id, reported=event.reported,
    )  # fmt: skip


def _agreed(plan: Plan, event: AmendmentAgreed) -> Plan:
    """The first agreement that counts is what the amendment rests on."""
    amendment = plan.amendments.get(event.amendment_id)
    if amendment is None or not event.counts or not isinstance(amendment.basis, AgreementSought):
        return plan
    return _with_amendment(plan, event.amendment_id, replace(amendment, basis=event.agreement))


def _answered(plan: Plan, event: ConsentAnswered) -> Plan:
    amendment = plan.amendments.get(event.amendment_id) if event.amendment_id else None
    if event.amendment_id is None or amendment is None:
        return plan
    written = event.method is not ConsentMethod.ORAL
    answer = Answer(
        event.holder_id, event.decision, event.counts, written, event.effective_on, bool(event.waives_time)
    )
    answers = dict(amendment.answers)
    for item_id in event.items:
        answers[item_id] = _with_answer(answers.get(item_id, ()), answer)
    return _with_amendment(plan, event.amendment_id, replace(amendment, answers=answers))


def _with_answer(answers: tuple[Answer, ...], answer: Answer) -> tuple[Answer, ...]:
    """A person's later answer holds; one reported late for an earlier day changes nothing."""
    earlier = next((given for given in answers if given.holder_id == answer.holder_id), None)
    if earlier is not None and earlier.answered_on > answer.answered_on:
        return answers
    return (*(given for given in answers if given.holder_id != answer.holder_id), answer)


def _amended(plan: Plan, event: AmendmentAdopted) -> Plan:
    lines = dict(plan.lines)
    for change in event.changes:
        item = None if isinstance(change, End) else change.item
        made = item_change(event.effective_on, change.op, item, event.amendment_id)
        lines[change.item_id] = (*lines.get(change.item_id, ()), made)
    before = plan.amendments.get(event.amendment_id) or Amendment(
        AmendmentStatus.PROPOSED, event.effective_on, tuple(change.item_id for change in event.changes)
    )
    closed = _closed(before, AmendmentStatus.ADOPTED, event.effective_on, event.reported)
    decided = replace(closed, withheld=event.withheld)
    placements = [
        change.item
        for change in event.changes
        if not isinstance(change, End) and change.item.kind == "placement"
    ]
    regular = in_regular_education(placements) if placements else plan.regular_education
    amended = replace(plan, lines=lines, versions=plan.versions + 1, regular_education=regular)
    return _with_amendment(amended, event.amendment_id, decided)


def _withdrawn(plan: Plan, event: AmendmentWithdrawn) -> Plan:
    """It leaves no change."""
    amendment_id = event.amendment_id
    lines = {
        item_id: tuple(change for change in line if change.amendment_id != amendment_id)
        for item_id, line in plan.lines.items()
    }
    before = plan.amendments.get(amendment_id)
    if before is None:
        return plan
    gone = _closed(before, AmendmentStatus.WITHDRAWN, before.starts_on, event.reported)
    remaining = {item_id: line for item_id, line in lines.items() if line}
    return _with_amendment(replace(plan, lines=remaining), amendment_id, gone)


def _closed(
    amendment: Amendment, status: AmendmentStatus, starts_on: date | None, reported: Reported | None
) -> Amendment:
    """Nobody decides about its texts and answers any more: the history keeps them."""
    return replace(amendment, status=status, changes=(), answers={}, starts_on=starts_on, reported=reported)


def _corrected(plan: Plan, event: PlanCorrected) -> Plan:
    """Which of several changes of that day it is about is not kept: none of them is known word for word any more."""
    item_id = event.item.id
    line = tuple(
        replace(change, digest=None) if change.starts_on == event.effective_on else change
        for change in plan.lines.get(item_id, ())
    )
    lines = plan.lines | {item_id: line} if line else plan.lines
    return replace(plan, lines=lines, corrections=(*plan.corrections, event.correction_id))


def _with_amendment(plan: Plan, amendment_id: AmendmentId, amendment: Amendment) -> Plan:
    return replace(plan, amendments=plan.amendments | {amendment_id: amendment})


def _without(plan: Plan, item_id: ItemId, staff_id: StaffId) -> Iterable[HolderPeriod]:
    return (period for period in plan.holders.get(item_id, ()) if period.staff_id != staff_id)


def _with_holders(plan: Plan, item_id: ItemId, others: Iterable[HolderPeriod], period: HolderPeriod) -> Plan:
    return replace(plan, holders=plan.holders | {item_id: (*others, period)})


def _holder_ended(plan: Plan, event: ItemHolderEnded) -> Plan:
    last = event.effective_on - timedelta(days=1)
    periods = tuple(
        replace(period, ends_on=last)
        if period.staff_id == event.staff_id and period.covers(event.effective_on)
        else period
        for period in plan.holders.get(event.item_id, ())
    )
    return replace(plan, holders=plan.holders | {event.item_id: periods})
