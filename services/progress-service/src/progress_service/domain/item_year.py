"""What is recorded of one plan item in one school year: sessions, results, schedules, make-up, acknowledgement and use.

`evolve` never refuses: the past has already happened.
"""

from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import assert_never, cast
from uuid import UUID

import msgspec
from msgspec.structs import replace as with_

from contracts.event import Event
from contracts.fields import ItemId, PlanId, StaffId, StudentId
from contracts.goals.results import Result, result_of
from contracts.progress import (
    AccommodationUsed,
    AccommodationUseVoided,
    BenchmarkMeasured,
    ItemEvent,
    MakeUpAgreed,
    MakeUpDeclined,
    MakeUpOffered,
    MakeUpVoided,
    MeasurementVoided,
    ObjectiveMastered,
    ResponsibilityAcknowledged,
    ScheduleEnded,
    ScheduleSet,
    ServiceDelivered,
    SessionMissed,
    SessionVoided,
)
from contracts.values import Reported
from progress_service.domain.carried import Acknowledgement, MakeUp, Schedule, Use


class SessionOutcome(StrEnum):
    """How a session went."""

    DELIVERED = "delivered"
    PARTIAL = "partial"
    """It took place, for fewer minutes than planned."""
    MISSED = "missed"
    """It was owed and did not take place."""


class Session(msgspec.Struct, frozen=True):
    """One session of a service. A struct: a district has a million, and each is made in a fifth of a dataclass's time."""

    id: UUID
    student: StudentId
    plan: PlanId
    item: ItemId
    on: date
    minutes: int
    """Given; of a missed session: owed."""
    status: SessionOutcome
    planned_minutes: int | None = None
    reason: str | None = None
    provider: StaffId | None = None
    group_size: int | None = None
    makes_up: UUID | None = None
    external_id: str | None = None
    reported: Reported | None = None
    voided: str | None = None
    """Why the record was wrong: it stays, struck through, and counts no more."""
    starts_at: str | None = None
    group: str | None = None
    provider_role: str | None = None
    credential: str | None = None
    location: str | None = None
    setting: str | None = None
    agreement: UUID | None = None
    """The agreement on make-up or compensatory minutes under which it was given."""
    note: str | None = None
    late_because: str | None = None

    @property
    def counts(self) -> bool:
        """It has not been struck through."""
        return self.voided is None

    @property
    def missed_minutes(self) -> int:
        """Minutes that were to be given in this session and were not.

        None of a make-up, or of a session under an agreement: what is lacking of those is still missed where it was
        missed first, or still to be given under the agreement.
        """
        if self.makes_up is not None or self.agreement is not None:
            return 0
        if self.status is SessionOutcome.MISSED:
            return self.minutes
        return max(0, (self.planned_minutes or self.minutes) - self.minutes)


class ItemYear(msgspec.Struct, frozen=True):
    """One item in one school year, in the order in which things were recorded."""

    sessions: dict[UUID, Session] = {}
    results: dict[UUID, Result] = {}
    completing: tuple[UUID, ...] = ()
    """The results that completed what the item asks for."""
    schedules: dict[UUID, Schedule] = {}
    offers: dict[UUID, MakeUp] = {}
    agreements: dict[UUID, MakeUp] = {}
    acknowledgements: dict[UUID, Acknowledgement] = {}
    uses: dict[UUID, Use] = {}

    @property
    def mastered(self) -> bool:
        """A result that still counts has completed what the item asks for."""
        return any(
            self.results[result_id].counts for result_id in self.completing if result_id in self.results
        )


def evolve(year: ItemYear, event: Event) -> ItemYear:
    """The year with one more fact."""
    known = cast(ItemEvent, event)
    match known:
        case ServiceDelivered() | SessionMissed():
            return with_(year, sessions=year.sessions | {known.session_id: _session(known)})
        case SessionVoided():
            voided = with_(year.sessions[known.session_id], voided=known.personal.reason)
            return with_(year, sessions=year.sessions | {known.session_id: voided})
        case BenchmarkMeasured():
            return with_(year, results=year.results | {known.measurement_id: result_of(known)})
        case MeasurementVoided():
            struck = replace(year.results[known.measurement_id], voided=known.personal.reason)
            return with_(year, results=year.results | {known.measurement_id: struck})
        case ObjectiveMastered():
            return with_(year, completing=(*year.completing, known.measurement_id))
        case ScheduleSet() | ScheduleEnded():
            return _scheduled(year, known)
        case MakeUpOffered() | MakeUpAgreed() | MakeUpDeclined() | MakeUpVoided():
            return _made_up(year, known)
        case ResponsibilityAcknowledged():
            given = {known.acknowledgement_id: Acknowledgement.of(known)}
            return with_(year, acknowledgements=year.acknowledgements | given)
        case AccommodationUsed():
            return with_(year, uses=year.uses | {known.use_id: Use.of(known)})
        case AccommodationUseVoided():
            unused = replace(year.uses[known.use_id], voided=known.personal.reason)
            return with_(year, uses=year.uses | {known.use_id: unused})
        case _:
            assert_never(known)


def _scheduled(year: ItemYear, event: ScheduleSet | ScheduleEnded) -> ItemYear:
    if isinstance(event, ScheduleSet):
        return with_(year, schedules=year.schedules | {event.schedule_id: Schedule.of(event)})
    ended = replace(year.schedules[event.schedule_id], ended_on=event.effective_on)
    return with_(year, schedules=year.schedules | {event.schedule_id: ended})


def _made_up(year: ItemYear, event: MakeUpOffered | MakeUpAgreed | MakeUpDeclined | MakeUpVoided) -> ItemYear:
    match event:
        case MakeUpOffered():
            return with_(year, offers=year.offers | {event.offer_id: MakeUp.offered(event)})
        case MakeUpAgreed():
            agreements = year.agreements | {event.agreement_id: MakeUp.agreed(event)}
            offer = year.offers.get(event.offer_id) if event.offer_id else None
            offers = {offer.id: replace(offer, agreed_by=event.agreement_id)} if offer else {}
            return with_(year, agreements=agreements, offers=year.offers | offers)
        case MakeUpDeclined():
            declined = replace(year.offers[event.offer_id], declined_on=event.effective_on)
            return with_(year, offers=year.offers | {event.offer_id: declined})
        case MakeUpVoided():
            of = year.offers if event.make_up_id in year.offers else year.agreements
            voided = of | {event.make_up_id: replace(of[event.make_up_id], voided=event.personal.reason)}
            return with_(year, offers=voided) if of is year.offers else with_(year, agreements=voided)
        case _:
            assert_never(event)


def _session(event: ServiceDelivered | SessionMissed) -> Session:
    took_place = event if isinstance(event, ServiceDelivered) else None
    return Session(
        id=event.session_id,
        student=event.student_id,
        plan=event.plan_id,
        item=event.item_id,
        on=event.effective_on,
        minutes=event.minutes,
        status=SessionOutcome(took_place.status.value) if took_place else SessionOutcome.MISSED,
        planned_minutes=took_place.planned_minutes if took_place else None,
        reason=event.reason,
        provider=event.provider,
        group_size=took_place.group_size if took_place else None,
        makes_up=took_place.makes_up if took_place else None,
        external_id=event.external_id,
        reported=event.reported,
        starts_at=event.starts_at,
        group=took_place.group if took_place else None,
        provider_role=took_place.provider_role if took_place else None,
        credential=took_place.credential if took_place else None,
        location=took_place.location if took_place else None,
        setting=took_place.setting if took_place else None,
        agreement=took_place.agreement_id if took_place else None,
        note=event.personal.note if event.personal else None,
        late_because=event.personal.late_because if event.personal else None,
    )
