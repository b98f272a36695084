"""What is recorded of one plan item in one school year: sessions, results, schedules, make-up, acknowledgement and use.

`evolve` never refuses: the past has already happened.
"""

from dataclasses import replace
from typing import assert_never, cast
from uuid import UUID

import msgspec
from msgspec.structs import replace as with_

from contracts.event import Event
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
from contracts.sessions import Session, session_of
from progress_service.domain.carried import Acknowledgement, MakeUp, Schedule, Use


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
            return with_(year, sessions=year.sessions | {known.session_id: session_of(known)})
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
