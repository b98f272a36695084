"""Amending a plan that is in effect, between its reviews: 34 CFR 300.324(a)(4) and (a)(6).

Proposed, told of, answered item by item, adopted. The annual review date never moves. What was not consented to, where
the district honours partial consent, stays as it is and is named as withheld.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from contracts.day_count import count_from
from contracts.fields import AmendmentId, ExternalId, HolderId, ItemId
from contracts.items import Add, AnyChange, AnyItem, End, Replace
from contracts.plan import (
    AgreementSought,
    AmendmentAdopted,
    AmendmentAgreed,
    AmendmentPersonalData,
    AmendmentProposed,
    AmendmentWithdrawn,
    AnyBasis,
    PlanEvent,
    ReasonPersonalData,
    WrittenAgreement,
)
from contracts.problems import Reason, Rejected
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import PlanKind
from plan_service.domain.adoption import already_past
from plan_service.domain.completeness import missing_in_items
from plan_service.domain.consent import (
    AmendmentClosed,
    amendment_of,
    answered,
    consented_to,
    refused,
    waived,
)
from plan_service.domain.notices import NoticeGiven, NoticeStanding, notice_standing, too_soon
from plan_service.domain.people import People
from plan_service.domain.plan import Amendment, AmendmentStatus, Plan, evolve
from plan_service.domain.rules import Rules, UnmetRules, cannot_be_true, day_of, not_in_the_future, settle
from plan_service.domain.stay_put import StayPut, amended_while_pending
from plan_service.domain.taken_away import taken_away
from plan_service.domain.team import TeamMeeting, missing_from_team

AGREED = {PlanKind.IEP: "34 CFR 300.324(a)(4)(i)", PlanKind.SECTION_504: "34 CFR 104.35(c)"}


class NeverAdopted(Rejected):
    """A draft is changed, not amended."""

    code = "plan-never-adopted"

    def __init__(self) -> None:
        super().__init__(
            "This plan has never been adopted. Change its draft instead: PATCH /plans/{id}/draft."
        )


class AmendmentRefused(UnmetRules):
    """Something is missing that a change to a plan in effect needs."""

    code = "amendment-refused"
    what = "This amendment"


class WithdrawalRefused(UnmetRules):
    """What has bound cannot be made not to have bound."""

    code = "withdrawal-refused"
    what = "Withdrawing this amendment"


@dataclass(frozen=True, slots=True)
class ProposeAmendment:
    """Propose changes to a plan in effect."""

    amendment_id: AmendmentId
    basis: AnyBasis
    changes: tuple[AnyChange, ...]
    requested: date | Literal["earliest"]
    personal: AmendmentPersonalData
    today: date
    external_id: ExternalId | None = None
    reported: Reported | None = None


def propose_amendment(plan: Plan, command: ProposeAmendment, people: People) -> list[PlanEvent]:
    """Propose a change; nothing changes yet, and notice of it is owed from now on."""
    if not plan.ever_adopted or plan.plan_id is None:
        raise NeverAdopted
    not_in_the_future(command.reported, command.today)
    proposed_on = day_of(command.reported, command.today)
    first_day = command.requested if isinstance(command.requested, date) else proposed_on
    changes_fit(plan, command.changes, command.today, first_day)
    unmet = [
        *_in_effect(plan, first_day),
        *_agreement(plan.kind, command.basis, people, command.today),
        *taken_away(plan, _changed(plan, command.amendment_id, command.changes, first_day), first_day),
    ]
    return [
        AmendmentProposed(
            effective_on=proposed_on,
            plan_id=plan.plan_id,
            amendment_id=command.amendment_id,
            basis=command.basis,
            changes=command.changes,
            requested=command.requested,
            personal=command.personal,
            external_id=command.external_id,
            reported=settle(AmendmentRefused, unmet, command.reported),
        )
    ]


def agreement_of(
    agreed_on: date | None, holder_ids: tuple[HolderId, ...], document: DocumentRef | None
) -> WrittenAgreement | AgreementSought:
    """The written agreement a proposal names, or that it is still sought; refuses half of one."""
    if agreed_on is not None:
        return WrittenAgreement(agreed_on=agreed_on, holder_ids=holder_ids, document=document)
    if holder_ids or document:
        raise cannot_be_true(
            "agreed-on-no-day", "Say on which day it was agreed; while it is sought name nobody and no page.",
            "/basis/agreed_on",
        )  # fmt: skip
    return AgreementSought()


@dataclass(frozen=True, slots=True)
class RecordAgreement:
    """Rights holders have agreed in writing to a proposed change without a meeting."""

    amendment_id: AmendmentId
    agreed_on: date
    holder_ids: tuple[HolderId, ...]
    today: date
    document: DocumentRef | None = None
    reported: Reported | None = None


def record_agreement(plan: Plan, command: RecordAgreement, people: People) -> list[PlanEvent]:
    """Record whose agreement not to meet has come, whoever they are; it counts if one of them may decide."""
    amendment = amendment_of(plan, command.amendment_id)
    not_in_the_future(command.reported, command.today)
    agreement = WrittenAgreement(
        agreed_on=command.agreed_on, holder_ids=command.holder_ids, document=command.document
    )
    _must_be_possible(agreement, people, command.today, "")
    if amendment.basis == agreement or plan.plan_id is None:
        return []
    if not isinstance(amendment.basis, WrittenAgreement | AgreementSought):
        raise cannot_be_true(
            "decided-in-a-meeting", "This amendment rests on a meeting of the team; no agreement is sought."
        )
    if amendment.status is not AmendmentStatus.PROPOSED and command.reported is None:
        raise AmendmentClosed(
            f"This amendment has been {amendment.status} already; an agreement changes nothing now."
        )
    return [
        AmendmentAgreed(
            effective_on=command.agreed_on,
            plan_id=plan.plan_id,
            amendment_id=command.amendment_id,
            holder_ids=command.holder_ids,
            counts=_may_agree(agreement, people),
            document=command.document,
            reported=command.reported,
        )
    ]


@dataclass(frozen=True, slots=True)
class AdoptAmendment:
    """Let a proposed amendment bind."""

    amendment_id: AmendmentId
    today: date
    effective_on: date | Literal["earliest"] | None = None
    """``None``: as the proposal asked; of a report: the day on which it happened."""
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What other streams and the notices say at the moment of the decision."""

    rules: Rules
    people: People
    notices: Sequence[NoticeGiven] = ()
    meeting: TeamMeeting | None = None
    """The meeting that the proposal names as its basis."""
    objected: bool = False
    """A rights holder objected on the page of their notice: then there is no silence that would let it go on."""
    stay_put: StayPut | None = None
    """What stays while a due process complaint is open."""


def adopt_amendment(plan: Plan, command: AdoptAmendment, ground: Ground) -> list[PlanEvent]:
    """Change the agreed items from a day on; all others, and the annual review date, stay."""
    amendment = amendment_of(plan, command.amendment_id)
    if amendment.status is AmendmentStatus.ADOPTED:
        return []
    if amendment.status is AmendmentStatus.WITHDRAWN or plan.plan_id is None:
        raise AmendmentClosed("This amendment has been withdrawn.")
    not_in_the_future(command.reported, command.today)
    decided_on = day_of(command.reported, command.today)
    notice = notice_standing(
        plan.kind, ground.people.told_on(decided_on), ground.notices, ground.rules,
        waived=ground.rules.waivable and all(waived(amendment, change.item_id) for change in amendment.changes),
        agreed=all(consented_to(amendment, change.item_id, decided_on) for change in amendment.changes),
    )  # fmt: skip
    changes = _agreed(amendment, ground.rules, command.reported, command.today)
    earliest = _earliest(amendment, ground.meeting, notice, decided_on)
    effective_on = _first_day(amendment, command, earliest or decided_on)
    unmet = [
        *notice.unmet,
        *_too_soon(notice, effective_on),
        *_decided(plan, amendment, ground.meeting, effective_on),
        *_consent(plan.kind, amendment, ground.rules, changes, effective_on, objected=ground.objected),
        *amended_while_pending(
            plan.kind, ground.stay_put, _not_agreed(amendment, changes, decided_on), plan.ids_of("placement")
        ),
        *_answers_awaited(plan.kind, amendment, ground.rules, notice, decided_on),
        *_fits_on(plan, changes, effective_on),
        *taken_away(plan, _changed(plan, command.amendment_id, changes, effective_on), effective_on),
        *missing_in_items(plan.kind, _texts(changes), plan.ids_of("goal")),
        *([already_past(command.today)] if effective_on < command.today and not command.reported else []),
    ]
    return [
        AmendmentAdopted(
            effective_on=effective_on,
            plan_id=plan.plan_id,
            amendment_id=command.amendment_id,
            changes=changes,
            withheld=tuple(change.item_id for change in amendment.changes if change not in changes),
            notice_ids=notice.notice_ids,
            reported=settle(AmendmentRefused, unmet, command.reported, earliest=earliest),
        )
    ]


def withdraw_amendment(
    plan: Plan, amendment_id: AmendmentId, reason: str, today: date, reported: Reported | None = None
) -> list[PlanEvent]:
    """Take an amendment back; if it had been adopted, it leaves no change."""
    amendment = amendment_of(plan, amendment_id)
    if amendment.status is AmendmentStatus.WITHDRAWN or plan.plan_id is None:
        return []
    not_in_the_future(reported, today)
    unmet = []
    if amendment.starts_on is not None and amendment.starts_on <= day_of(reported, today):
        unmet.append(_in_effect_already(amendment.starts_on))
    withdrawn = AmendmentWithdrawn(
        effective_on=day_of(reported, today), plan_id=plan.plan_id, amendment_id=amendment_id,
        personal=ReasonPersonalData(reason=reason),
    )  # fmt: skip
    unmet += taken_away(plan, evolve(plan, withdrawn), day_of(reported, today))
    return [withdrawn.model_copy(update={"reported": settle(WithdrawalRefused, unmet, reported)})]


def changes_fit(plan: Plan, changes: Sequence[AnyChange], today: date, first_day: date) -> None:
    """Refuse what cannot be meant: nothing, two changes to one item, a change to an item the plan never had.

    A text that the item has already changes nothing only from ``first_day`` on: before, it may have had another.
    """
    if not changes:
        raise cannot_be_true("no-changes", "An amendment changes something.", "/changes")
    seen: set[ItemId] = set()
    for place, change in enumerate(changes):
        pointer = f"/changes/{place}/item"
        kind = plan.kind_of(change.item_id)
        if change.item_id in seen:
            raise cannot_be_true("duplicate-item", "Two changes are about the same item.", pointer)
        seen.add(change.item_id)
        if isinstance(change, Add) and plan.item_on(change.item_id, today):
            raise cannot_be_true(
                "already-in-the-plan", "The item is in the plan; replace it instead.", pointer
            )
        if not isinstance(change, Add) and kind is None:
            raise cannot_be_true("unknown-item", "The plan has no item by this id.", pointer)
        if isinstance(change, Replace) and plan.says(change.item, min(first_day, today)):
            raise cannot_be_true(
                "changes-nothing", "The item says just that already; leave it out of the amendment.", pointer
            )
        if not isinstance(change, End) and kind not in (None, change.item.kind):
            raise cannot_be_true(
                "another-kind", f"The item is a {kind} and stays one; give the new one a new id.", pointer
            )


def _changed(plan: Plan, amendment_id: AmendmentId, changes: tuple[AnyChange, ...], day: date) -> Plan:
    """The plan as it would be."""
    assert plan.plan_id is not None
    adopted = AmendmentAdopted(
        effective_on=day, plan_id=plan.plan_id, amendment_id=amendment_id, changes=changes
    )
    return evolve(plan, adopted)


def _in_effect(plan: Plan, day: date) -> Iterator[Reason]:
    if not plan.in_effect_on(day) and not plan.begins_after(day):
        yield _not_in_effect(plan.kind, day)


def _agreement(kind: PlanKind, basis: AnyBasis, people: People, today: date) -> Iterator[Reason]:
    """300.324(a)(4): parent and district agree in writing not to meet; the parent is one who may decide."""
    if not isinstance(basis, WrittenAgreement):
        return
    _must_be_possible(basis, people, today, "/basis")
    if not _may_agree(basis, people):
        yield Reason(
            "agreement-without-rights", f"Nobody who agreed held the right to decide on {basis.agreed_on}.",
            AGREED[kind], "Have a holder of decision rights agree, or decide it in a meeting.", "/basis/holder_ids",
        )  # fmt: skip


def _must_be_possible(agreement: WrittenAgreement, people: People, today: date, at: str) -> None:
    if not agreement.holder_ids:
        raise cannot_be_true("nobody-agreed", "Name the rights holders who agreed.", f"{at}/holder_ids")
    if agreement.agreed_on > today:
        raise cannot_be_true("agreed-in-the-future", "The agreement is dated after today.", f"{at}/agreed_on")
    people.must_know(agreement.holder_ids, at + "/holder_ids/{place}")


def _may_agree(agreement: WrittenAgreement, people: People) -> bool:
    return any(people.decides_on(holder, agreement.agreed_on) for holder in agreement.holder_ids)


def _agreed(
    amendment: Amendment, rules: Rules, reported: Reported | None, today: date
) -> tuple[AnyChange, ...]:
    """What may bind. Of what is reported, all: it has happened, and what was not agreed is named as unmet."""
    if not rules.partial_consent or reported is not None:
        return amendment.changes
    return tuple(change for change in amendment.changes if consented_to(amendment, change.item_id, today))


def _earliest(
    amendment: Amendment, meeting: TeamMeeting | None, notice: NoticeStanding, today: date
) -> date | None:
    """The first lawful day: after the notice, never before the agreement (law.md 6), never past."""
    if notice.earliest is None:
        return None
    agreed_on = _decided_on(amendment, meeting)
    return max(today, notice.earliest, *([agreed_on] if agreed_on else []))


def _first_day(amendment: Amendment, command: AdoptAmendment, earliest: date) -> date:
    wanted = command.effective_on
    if wanted is None:
        wanted = command.reported.occurred_on if command.reported else amendment.requested
    return wanted if isinstance(wanted, date) else earliest


def _decided_on(amendment: Amendment, meeting: TeamMeeting | None) -> date | None:
    if isinstance(amendment.basis, WrittenAgreement):
        return amendment.basis.agreed_on
    return meeting.held_on if meeting else None


def _too_soon(notice: NoticeStanding, effective_on: date) -> Iterator[Reason]:
    if notice.earliest is not None and effective_on < notice.earliest:
        yield too_soon(notice.earliest, notice.citation)


def _decided(
    plan: Plan, amendment: Amendment, meeting: TeamMeeting | None, effective_on: date
) -> Iterator[Reason]:
    """The plan is in effect, the team has met or agreed, and nothing binds before that."""
    if not plan.in_effect_on(effective_on):
        yield _not_in_effect(plan.kind, effective_on)
    if meeting is not None and plan.kind is PlanKind.IEP:
        yield from missing_from_team(meeting, regular_education=plan.regular_education)
    if isinstance(amendment.basis, AgreementSought):
        yield Reason(
            "agreement-awaited", "Nobody who may decide has agreed in writing to change the plan without a meeting.",
            AGREED[plan.kind],
            "Record the agreement: POST .../agreement; or withdraw it, and decide in a meeting.",
        )  # fmt: skip
    decided_on = _decided_on(amendment, meeting)
    if decided_on is not None and effective_on < decided_on:
        yield Reason(
            "effective-before-decided", f"It would bind before it was agreed on {decided_on}.",
            AGREED[plan.kind], f"Choose {decided_on} or later.", "/effective_on",
        )  # fmt: skip


def _consent(
    kind: PlanKind, amendment: Amendment, rules: Rules, changes: Sequence[AnyChange], effective_on: date, *,
    objected: bool = False,
) -> Iterator[Reason]:  # fmt: skip
    """Where the district honours partial consent every change needs it first; an agreement needs that nobody refuses."""
    if rules.partial_consent:
        without = [change for change in changes if not consented_to(amendment, change.item_id, effective_on)]
        if without or not changes:
            yield Reason(
                "consent-required", f"{len(without) or 'None'} of the changes {'lack' if without else 'has'} consent in writing.",
                rules.consent_cite,
                "Record the written answer of a holder of decision rights: POST .../consents.",
            )  # fmt: skip
    elif rules.proceed_after is not None and kind is PlanKind.IEP:
        # Silence lets it go on, an objection does not.
        against = [
            change
            for change in changes
            if refused(amendment, change.item_id)
            or (objected and not consented_to(amendment, change.item_id, effective_on))
        ]
        if against:
            yield Reason(
                "change-objected-to", f"A holder of decision rights objects to {len(against)} of the changes.",
                rules.notice_cite, "Withdraw it and propose what is agreed; a hearing may decide otherwise.",
            )  # fmt: skip
    elif isinstance(amendment.basis, WrittenAgreement | AgreementSought):
        against = [change for change in changes if refused(amendment, change.item_id)]
        if against:
            yield Reason(
                "amendment-not-agreed", f"A holder of decision rights refuses {len(against)} of the changes.",
                AGREED[kind], "Withdraw it and propose what is agreed, or decide it in a meeting.",
            )  # fmt: skip


def _not_agreed(amendment: Amendment, changes: Sequence[AnyChange], by: date) -> list[AnyChange]:
    """34 CFR 300.518(a): what who decides has agreed to in writing may change all the same."""
    return [change for change in changes if not consented_to(amendment, change.item_id, by)]


def _answers_awaited(
    kind: PlanKind, amendment: Amendment, rules: Rules, notice: NoticeStanding, decided_on: date
) -> Iterator[Reason]:
    """A state's own time in which each item may be answered: only when it is over is no answer a rejection."""
    if rules.answer_time is None or notice.given_on is None or kind is not PlanKind.IEP:
        return
    until = count_from(notice.given_on, rules.answer_time, rules.calendar).on
    silent = [change for change in amendment.changes if not answered(amendment, change.item_id)]
    if silent and decided_on <= until:
        yield Reason(
            "answer-awaited", f"{len(silent)} of the changes may still be answered until {until}.", rules.consent_cite,
            f"Record the answers: POST .../consents. After {until} no answer counts as a rejection.",
        )  # fmt: skip


def _fits_on(plan: Plan, changes: Sequence[AnyChange], effective_on: date) -> Iterator[Reason]:
    """Since the proposal the plan may have changed."""
    for change in changes:
        there = plan.item_on(change.item_id, effective_on) is not None
        if isinstance(change, Add) and there:
            yield Reason("already-in-the-plan", f"Item {change.item_id} is in the plan on {effective_on} already.",
                         cure="Withdraw the amendment and propose to replace the item.")  # fmt: skip
        if not isinstance(change, Add) and not there:
            yield Reason("item-not-in-force", f"Item {change.item_id} is not in force on {effective_on}.",
                         cure="Withdraw the amendment and propose what the plan needs now.")  # fmt: skip


def _texts(changes: Sequence[AnyChange]) -> list[AnyItem]:
    return [change.item for change in changes if not isinstance(change, End)]


def _not_in_effect(kind: PlanKind, day: date) -> Reason:
    return Reason("plan-not-in-effect", f"The plan is not in effect on {day}.", AGREED[kind],
                  "Choose a day on which it is, or adopt a new plan.", "/effective_on")  # fmt: skip


def _in_effect_already(starts_on: date) -> Reason:
    return Reason("amendment-in-effect", f"Its changes have bound since {starts_on}.", "34 CFR 300.324(a)(6)",
                  "Amend the plan anew; if it was never decided, correct the record.")  # fmt: skip
