"""Answers of rights holders to a proposed amendment, item by item (34 CFR 300.9, 300.300).

An answer is recorded as the answer of whoever gave it. It counts only where that person held the right to decide on
that day; what does not count is never consent.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import AmendmentId, ExternalId, HolderId, ItemId, LanguageTag
from contracts.plan import ConsentAnswered, ConsentPersonalData, PlanEvent
from contracts.problems import NotFound, Rejected
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import ConsentDecision, ConsentMethod
from plan_service.domain.people import People
from plan_service.domain.plan import Amendment, AmendmentStatus, Answer, Plan
from plan_service.domain.rules import cannot_be_true, day_of, not_in_the_future


class AmendmentClosed(Rejected):
    """The amendment has been adopted or withdrawn already."""

    code = "amendment-closed"


@dataclass(frozen=True, slots=True)
class AnswerAmendment:
    """Somebody accepts or refuses items of an amendment."""

    amendment_id: AmendmentId
    consent_id: UUID
    holder_id: HolderId
    items: tuple[ItemId, ...]
    decision: ConsentDecision
    method: ConsentMethod
    today: date
    answered_on: date | None = None
    """The day of the signature; today where nothing is said."""
    language: LanguageTag | None = None
    document: DocumentRef | None = None
    comment: str | None = None
    waives_time: bool = False
    """They let the change begin before the state's time since the notice has passed."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


def answer_amendment(plan: Plan, command: AnswerAmendment, people: People) -> list[PlanEvent]:
    """Record an answer, whoever gave it."""
    amendment = amendment_of(plan, command.amendment_id)
    people.must_know([command.holder_id], "/holder")
    not_in_the_future(command.reported, command.today)
    answered_on = command.answered_on or day_of(command.reported, command.today)
    if not amendment.proposed_on <= answered_on <= command.today:
        raise cannot_be_true(
            "answered-on-no-such-day",
            f"An answer is given between the proposal ({amendment.proposed_on}) and today ({command.today}).",
            "/answered_on",
        )
    if amendment.status is not AmendmentStatus.PROPOSED and command.reported is None:
        raise AmendmentClosed(
            f"This amendment has been {amendment.status} already; an answer changes nothing now."
        )
    _asked_about(amendment, command.items)
    assert plan.plan_id is not None
    return [
        ConsentAnswered(
            effective_on=answered_on,
            plan_id=plan.plan_id,
            amendment_id=command.amendment_id,
            consent_id=command.consent_id,
            holder_id=command.holder_id,
            counts=people.decides_on(command.holder_id, answered_on),
            items=command.items,
            decision=command.decision,
            method=command.method,
            language=command.language,
            document=command.document,
            personal=ConsentPersonalData(comment=command.comment) if command.comment else None,
            waives_time=command.waives_time or None,
            external_id=command.external_id,
            reported=command.reported,
        )
    ]


def amendment_of(plan: Plan, amendment_id: AmendmentId) -> Amendment:
    """The amendment by that id; raises `NotFound`."""
    amendment = plan.amendments.get(amendment_id)
    if amendment is None:
        raise NotFound("This plan has no amendment by that id.")
    return amendment


def consented_to(amendment: Amendment, item_id: ItemId, by: date) -> bool:
    """By that day somebody with the right to decide accepted the item in writing, and nobody with it refuses."""
    answers = amendment.answers.get(item_id, ())
    return not refused(amendment, item_id) and any(_consents(a) and a.answered_on <= by for a in answers)


def refused(amendment: Amendment, item_id: ItemId) -> bool:
    """Somebody with the right to decide refuses the item."""
    return any(
        answer.counts and answer.decision is ConsentDecision.REFUSED
        for answer in amendment.answers.get(item_id, ())
    )


def answered(amendment: Amendment, item_id: ItemId) -> bool:
    """Somebody with the right to decide has answered about the item, in whichever way."""
    return any(answer.counts for answer in amendment.answers.get(item_id, ()))


def waived(amendment: Amendment, item_id: ItemId) -> bool:
    """Who consented to the item in writing lets it begin before the state's time has passed."""
    return any(_consents(answer) and answer.waives_time for answer in amendment.answers.get(item_id, ()))


def _consents(answer: Answer) -> bool:
    return answer.counts and answer.written and answer.decision is ConsentDecision.ACCEPTED


def _asked_about(amendment: Amendment, items: tuple[ItemId, ...]) -> None:
    for place, item_id in enumerate(items):
        if item_id in items[:place]:
            raise cannot_be_true("duplicate-item", "The item is named twice.", f"/items/{place}")
        if item_id not in amendment.items:
            raise cannot_be_true(
                "not-an-item-of-the-amendment",
                "The amendment proposes nothing about this item.",
                f"/items/{place}",
            )
