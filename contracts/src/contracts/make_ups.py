"""Minutes owed beside the plan's own: offered, agreed, declined. Stream ``item/{id}/{school year}``.

What is given under an agreement is a session that names it (`contracts.progress.ServiceDelivered`).
"""

from datetime import date
from uuid import UUID

from pydantic import Field

from contracts.event import Event, Value, event
from contracts.fields import Code, ExternalId, HolderId, ItemId, Minutes, Narrative, PlanId, StudentId
from contracts.values import Reported, VoidPersonalData
from contracts.vocabulary import MakeUpKind

MOST_SESSIONS = 400


class MakeUpPersonalData(Value):
    """What was offered or agreed, in words."""

    terms: Narrative


@event("progress.make_up_offered")
class MakeUpOffered(Event):
    """The district offered on ``effective_on`` to give minutes of a service in place of those not given."""

    offer_id: UUID
    plan_id: PlanId
    item_id: ItemId
    student_id: StudentId
    kind: MakeUpKind
    minutes: Minutes
    sessions: tuple[UUID, ...] = Field(default=(), max_length=MOST_SESSIONS)
    """The missed sessions it is for; none: for a shortfall as a whole."""
    by_on: date | None = None
    """The last day by which they are to be given."""
    external_id: ExternalId | None = None
    reported: Reported | None = None
    personal: MakeUpPersonalData | None = None


@event("progress.make_up_agreed")
class MakeUpAgreed(Event):
    """It was agreed or decided on ``effective_on`` that so many minutes are given; with or without an offer before."""

    agreement_id: UUID
    plan_id: PlanId
    item_id: ItemId
    student_id: StudentId
    kind: MakeUpKind
    ground: Code
    """Of the list ``make_up_ground``: an agreement, a team's, a hearing's or a state's decision."""
    minutes: Minutes
    offer_id: UUID | None = None
    holder_id: HolderId | None = None
    """The rights holder who agreed."""
    sessions: tuple[UUID, ...] = Field(default=(), max_length=MOST_SESSIONS)
    """The missed sessions it is for; none: for a shortfall as a whole."""
    by_on: date | None = None
    """The last day by which they are to be given."""
    external_id: ExternalId | None = None
    reported: Reported | None = None
    personal: MakeUpPersonalData | None = None


@event("progress.make_up_declined")
class MakeUpDeclined(Event):
    """A rights holder declined an offer on ``effective_on``. What was not given is owed as before.

    It stands on the stream of the school year of the offer.
    """

    offer_id: UUID
    plan_id: PlanId
    item_id: ItemId
    holder_id: HolderId | None = None
    reported: Reported | None = None
    personal: MakeUpPersonalData | None = None


@event("progress.make_up_voided")
class MakeUpVoided(Event):
    """The record of an offer or agreement was wrong; it stays, struck through, and counts no more.

    ``effective_on`` is the day of what it voids.
    """

    make_up_id: UUID
    """The offer's or the agreement's id."""
    plan_id: PlanId
    item_id: ItemId
    personal: VoidPersonalData
