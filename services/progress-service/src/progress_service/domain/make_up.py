"""Minutes owed beside the plan's own: offered, agreed, declined, and what of them is still to be given.

Make-up stands for sessions that were missed. Compensatory services are a remedy, decided by a team, a state complaint
(34 CFR 300.151(b)), a hearing (300.513) or an agreement: they are owed whatever the plan says now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.codes import MAKE_UP_GROUND
from contracts.fields import HolderId, ItemId, PlanId
from contracts.make_ups import (
    MakeUpAgreed,
    MakeUpDeclined,
    MakeUpOffered,
    MakeUpPersonalData,
    MakeUpVoided,
)
from contracts.problems import Reason, Rejected
from contracts.sessions import Session
from contracts.values import Reported, VoidPersonalData
from contracts.vocabulary import MakeUpKind
from progress_service.domain.carried import MakeUp
from progress_service.domain.item_year import ItemYear
from progress_service.domain.promised_item import ItemOnDay
from progress_service.domain.refusals import cannot_be_true, wrong_day
from progress_service.domain.scheduled import GIVEN_IN_SESSIONS


class OfferClosed(Rejected):
    """An offer was declined, agreed to or voided before."""

    code = "offer-closed"

    def __init__(self, offer: MakeUp) -> None:
        was = "voided" if not offer.counts else "declined" if offer.declined_on else "agreed to"
        super().__init__(
            f"This offer was {was} before. Make a new offer, or record what was agreed without one.",
            offer=offer.id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PutMakeUp:
    """What is offered or agreed."""

    id: UUID
    plan_id: PlanId
    item_id: ItemId
    on: date
    kind: MakeUpKind
    minutes: int
    sessions: tuple[UUID, ...] = ()
    by_on: date | None = None
    ground: str | None = None
    """Of an agreement."""
    offer: UUID | None = None
    holder: HolderId | None = None
    terms: str | None = None
    external_id: str | None = None
    reported: Reported | None = None


def offer_make_up(
    command: PutMakeUp, item: ItemOnDay, missed: Sequence[Session | None], today: date
) -> list[MakeUpOffered]:
    """Offer minutes in place of those not given; ``missed`` are the sessions it names."""
    cannot_be_true(_wrong(command, item, missed, today))
    return [
        MakeUpOffered(
            effective_on=command.on, offer_id=command.id, plan_id=command.plan_id, item_id=command.item_id,
            student_id=item.student_id, kind=command.kind, minutes=command.minutes, sessions=command.sessions,
            by_on=command.by_on, external_id=command.external_id, reported=command.reported, personal=_terms(command.terms),
        )
    ]  # fmt: skip


def agree_make_up(
    year: ItemYear, command: PutMakeUp, item: ItemOnDay, missed: Sequence[Session | None], today: date
) -> list[MakeUpAgreed]:
    """Record what was agreed or decided, with or without an offer before; ``year`` is that of the offer."""
    wrong = _wrong(command, item, missed, today)
    if command.ground not in MAKE_UP_GROUND.labels:
        wrong.append(
            Reason(
                "unknown-code",
                f"The ground is one of: {', '.join(MAKE_UP_GROUND.labels)}.",
                pointer="/ground",
            )
        )
    offer = year.offers.get(command.offer) if command.offer else None
    if command.offer is not None and (offer is None or offer.item != command.item_id):
        wrong.append(Reason("no-such-offer", "There is no such offer about this item.", pointer="/offer"))
    cannot_be_true(wrong)
    if offer is not None and _closed(offer):
        raise OfferClosed(offer)
    assert command.ground is not None
    return [
        MakeUpAgreed(
            effective_on=command.on, agreement_id=command.id, plan_id=command.plan_id, item_id=command.item_id,
            student_id=item.student_id, kind=command.kind, ground=command.ground, minutes=command.minutes,
            offer_id=command.offer, holder_id=command.holder, sessions=command.sessions, by_on=command.by_on,
            external_id=command.external_id, reported=command.reported, personal=_terms(command.terms),
        )
    ]  # fmt: skip


def decline_make_up(
    year: ItemYear, offer_id: UUID, on: date, holder: HolderId | None, terms: str | None, today: date
) -> list[MakeUpDeclined]:
    """Record that an offer was declined: what was not given is owed as before. Once more changes nothing."""
    offer = year.offers[offer_id]
    if offer.declined_on is not None:
        return []
    if _closed(offer):
        raise OfferClosed(offer)
    wrong = wrong_day(on, today, None, "/on")
    if on < offer.on:
        wrong.append(Reason("before-the-offer", f"The offer was made on {offer.on}.", pointer="/on"))
    cannot_be_true(wrong)
    return [
        MakeUpDeclined(
            effective_on=on, offer_id=offer_id, plan_id=offer.plan, item_id=offer.item, holder_id=holder,
            personal=_terms(terms),
        )
    ]  # fmt: skip


def void_make_up(year: ItemYear, make_up_id: UUID, reason: str) -> list[MakeUpVoided]:
    """Strike the record of an offer or agreement through. Once more changes nothing."""
    made = year.offers.get(make_up_id) or year.agreements[make_up_id]
    if not made.counts:
        return []
    return [
        MakeUpVoided(
            effective_on=made.on, make_up_id=make_up_id, plan_id=made.plan, item_id=made.item,
            personal=VoidPersonalData(reason=reason),
        )
    ]  # fmt: skip


def _closed(offer: MakeUp) -> bool:
    return not offer.counts or offer.declined_on is not None or offer.agreed_by is not None


def _terms(terms: str | None) -> MakeUpPersonalData | None:
    return None if terms is None else MakeUpPersonalData(terms=terms)


def _wrong(
    command: PutMakeUp, item: ItemOnDay, missed: Sequence[Session | None], today: date
) -> list[Reason]:
    wrong = wrong_day(command.on, today, command.reported, "/on")
    if command.minutes < 1:
        wrong.append(Reason("impossible-minutes", "Offer or agree at least one minute.", pointer="/minutes"))
    if command.by_on is not None and command.by_on < command.on:
        wrong.append(
            Reason("ends-before-it-begins", f"{command.by_on} is before {command.on}.", pointer="/by_on")
        )
    if item.item is None:
        wrong.append(
            Reason("item-not-in-plan", "No adopted text of this plan has this item.", pointer="/item")
        )
    elif item.item.kind not in GIVEN_IN_SESSIONS:
        message = f"The item is of the kind {item.item.kind}: made up are minutes of a service."
        wrong.append(Reason("not-a-service", message, pointer="/item"))
    for place, session in enumerate(missed):
        if (
            session is None
            or session.item != command.item_id
            or not session.counts
            or not session.missed_minutes
        ):
            message = "There is no session of this item with missed minutes under this id."
            wrong.append(Reason("nothing-to-make-up", message, pointer=f"/sessions/{place}"))
    return wrong


@dataclass(frozen=True, slots=True)
class AgreementBalance:
    """One agreement, and what was given under it."""

    agreement: MakeUp
    given: int
    sessions: tuple[UUID, ...]

    @property
    def remaining(self) -> int:
        """Still to be given."""
        return max(0, self.agreement.minutes - self.given)

    def overdue_on(self, day: date) -> bool:
        """Minutes are still to be given, and their last day has passed."""
        return self.remaining > 0 and self.agreement.by_on is not None and self.agreement.by_on < day


def balance_of(agreements: Iterable[MakeUp], sessions: Iterable[Session], on: date) -> list[AgreementBalance]:
    """Each agreement made by ``on``, and what had been given under it by then."""
    given = [
        session
        for session in sessions
        if session.counts and session.agreement is not None and session.on <= on
    ]
    found = []
    for agreement in sorted(agreements, key=lambda each: (each.on, str(each.id))):
        if agreement.counts and agreement.on <= on:
            under = [session for session in given if session.agreement == agreement.id]
            minutes = sum(session.minutes for session in under)
            found.append(AgreementBalance(agreement, minutes, tuple(session.id for session in under)))
    return found
