"""What is answered of the consent to first services: each time it was asked for, each answer."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from contracts.event import Event
from contracts.initial_services import ServicesConsentAnswered, ServicesConsentAsked
from contracts.vocabulary import Channel, ConsentDecision, ConsentMethod
from plan_service.application.shown import DocumentRefShown, OfStudent, ReportedShown
from plan_service.application.shown_around import document_shown, reported_shown
from runtime.stream_model import Resource


class ServicesConsentRequestShown(OfStudent):
    """Consent to the first services was asked for."""

    holders: tuple[UUID, ...]
    channel: Channel
    asked_on: date
    language: str | None = None
    plan: UUID | None = None
    notice: UUID | None = None
    document: DocumentRefShown | None = None
    reported: ReportedShown | None = None


class ServicesConsentShown(OfStudent):
    """An answer about the first services."""

    holder: UUID
    counts: bool
    """False where it was reported and is no consent: by nobody who may, or not in writing."""
    decision: ConsentDecision
    method: ConsentMethod
    answered_on: date
    plan: UUID | None = None
    language: str | None = None
    comment: str | None = None
    document: DocumentRefShown | None = None
    reported: ReportedShown | None = None


def of_initial_services(event: Event) -> Iterator[Resource]:
    """The request or the answer that an event records."""
    match event:
        case ServicesConsentAsked():
            asked = ServicesConsentRequestShown(
                student=event.student_id, external_id=event.external_id, holders=event.holder_ids,
                channel=event.channel, asked_on=event.effective_on, language=event.language, plan=event.plan_id,
                notice=event.notice_id, document=document_shown(event.document),
                reported=reported_shown(event.reported),
            )  # fmt: skip
            yield _resource("services_consent_request", event.services_consent_request_id, asked)
        case ServicesConsentAnswered():
            answered = ServicesConsentShown(
                student=event.student_id, external_id=event.external_id, holder=event.holder_id, counts=event.counts,
                decision=event.decision, method=event.method, answered_on=event.effective_on, plan=event.plan_id,
                language=event.language, comment=event.personal.comment if event.personal else None,
                document=document_shown(event.document), reported=reported_shown(event.reported),
            )  # fmt: skip
            yield _resource("services_consent", event.services_consent_id, answered)
        case _:
            pass


def _resource(kind: str, id: UUID, shown: OfStudent) -> Resource:
    return Resource(kind, id, shown.kept(), shown.student, shown.external_id)
