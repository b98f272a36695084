"""The streams of this service: one for each plan item and school year, and the resources that reads answer with."""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from contracts.event import Event, Json
from contracts.progress import (
    BenchmarkMeasured,
    MeasurementVoided,
    ObjectiveMastered,
    ServiceDelivered,
    SessionMissed,
    SessionVoided,
)
from contracts.streams import item as item_stream
from progress_service.domain.item_year import ItemYear, Result, Session, evolve
from runtime.event_store import Model, Resource

__all__ = ["ITEM", "document_of", "item_stream"]

_session: TypeAdapter[Session] = TypeAdapter(Session)
_result: TypeAdapter[Result] = TypeAdapter(Result)


def document_of(record: Session | Result, *, masters: bool = False) -> Json:
    """A session or measurement as the API answers it: what is absent has no key."""
    adapter: TypeAdapter[Any] = _session if isinstance(record, Session) else _result
    fields: Json = adapter.dump_python(record, mode="json", exclude_none=True)
    if record.voided is not None:
        fields["voided"] = {"reason": record.voided}
    elif masters:
        fields["masters"] = True
    return fields


def _resources(year: ItemYear, event: Event) -> Iterable[Resource]:
    match event:
        case ServiceDelivered() | SessionMissed() | SessionVoided():
            session = year.sessions[event.session_id]
            yield Resource("session", session.id, document_of(session), session.student, session.external_id)
        case BenchmarkMeasured() | MeasurementVoided() | ObjectiveMastered():
            result = year.results[event.measurement_id]
            document = document_of(result, masters=result.id in year.completing)
            yield Resource("measurement", result.id, document, result.student, result.external_id)


ITEM: Model[ItemYear] = Model("item", "1", ItemYear(), evolve, _resources)
"""Stream ``item/{id}/{school year}``; its subject is the student."""
