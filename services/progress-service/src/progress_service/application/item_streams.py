"""The streams of this service: one for each plan item and school year, and the resources that reads answer with."""

from collections.abc import Iterable

import msgspec

from contracts.event import Event, Json
from contracts.goals.results import Result
from contracts.progress import (
    AccommodationUsed,
    AccommodationUseVoided,
    BenchmarkMeasured,
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
from contracts.sessions import Session
from contracts.streams import item as item_stream
from progress_service.domain.carried import Acknowledgement, MakeUp, Schedule, Use
from progress_service.domain.item_year import ItemYear, evolve
from runtime.stream_model import Model, Resource, in_document

__all__ = ["ITEM", "document_of", "item_stream"]


Record = Session | Result | Schedule | MakeUp | Acknowledgement | Use


def document_of(record: Record, *, masters: bool = False) -> Json:
    """A session, measurement or other record as the API answers it: what is absent has no key."""
    # There is one for every event: msgspec makes it in a tenth of pydantic's time.
    fields: Json = msgspec.to_builtins(record, enc_hook=in_document)
    if not isinstance(record, Session):
        fields = {name: value for name, value in fields.items() if value is not None}
    if record.voided is not None:
        fields["voided"] = {"reason": record.voided}
    elif masters:
        fields["masters"] = True
    return fields


def _resources(year: ItemYear, event: Event) -> Iterable[Resource]:
    match event:
        case ServiceDelivered() | SessionMissed() | SessionVoided():
            session = year.sessions[event.session_id]
            shown = document_of(session) if session.voided else session
            yield Resource("session", session.id, shown, session.student, session.external_id)
        case BenchmarkMeasured() | MeasurementVoided() | ObjectiveMastered():
            result = year.results[event.measurement_id]
            document = document_of(result, masters=result.id in year.completing)
            yield Resource("measurement", result.id, document, result.student, result.external_id)
        case ScheduleSet() | ScheduleEnded():
            yield _resource("schedule", year.schedules[event.schedule_id])
        case MakeUpOffered() | MakeUpDeclined():
            yield _resource("make_up_offer", year.offers[event.offer_id])
        case MakeUpAgreed():
            yield _resource("make_up_agreement", year.agreements[event.agreement_id])
            if event.offer_id in year.offers:
                yield _resource("make_up_offer", year.offers[event.offer_id])
        case MakeUpVoided():
            offered = event.make_up_id in year.offers
            kind, of = ("make_up_offer", year.offers) if offered else ("make_up_agreement", year.agreements)
            yield _resource(kind, of[event.make_up_id])
        case ResponsibilityAcknowledged():
            yield _resource("acknowledgement", year.acknowledgements[event.acknowledgement_id])
        case AccommodationUsed() | AccommodationUseVoided():
            yield _resource("accommodation_use", year.uses[event.use_id])


def _resource(kind: str, record: Record) -> Resource:
    return Resource(kind, record.id, document_of(record), record.student, record.external_id)


ITEM: Model[ItemYear] = Model("item", "4", ItemYear(), evolve, _resources)
"""Stream ``item/{id}/{school year}``; its subject is the student."""
