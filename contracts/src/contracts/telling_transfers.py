"""Transfers from elsewhere in sentences."""

from collections.abc import Sequence
from typing import assert_never

from contracts.codes import label
from contracts.telling import Names, Told, When, by, counted, listed
from contracts.transfers import (
    ComparableServicesStarted,
    ServiceInWords,
    TransferEvent,
    TransferReceived,
    TransferRecordsAnswered,
    TransferRecordsRequested,
    TransferSettled,
)
from contracts.vocabulary import PlanKind, RecordsAnswer, TransferOutcome

_KIND = {PlanKind.IEP: "an IEP", PlanKind.SECTION_504: "a Section 504 plan"}
_ANSWER = {
    RecordsAnswer.RECEIVED: "sent the records",
    RecordsAnswer.IN_PART: "sent part of the records",
    RecordsAnswer.REFUSED: "refused the records",
    RecordsAnswer.NONE_KEPT: "has no records",
}
_OUTCOME = {
    TransferOutcome.PLAN_ADOPTED: "the district has adopted the plan the student came with",
    TransferOutcome.NEW_PLAN: "the district has a plan of its own",
    TransferOutcome.FOUND_INELIGIBLE: "the student was evaluated and is not eligible",
    TransferOutcome.SERVICES_REFUSED: "whoever decides for the student wants no services",
    TransferOutcome.LEFT: "the student has left again",
}


def tell_transfer(event: TransferEvent, names: Names) -> Told:
    """One event of a transfer."""
    match event:
        case TransferReceived():
            told = f" ({services_told(event.services)})" if event.services else ""
            within = "of this state" if event.same_state else "of another state"
            what = f"recorded that the student came with {_KIND[event.kind]} from {event.personal.district}, a district {within}"
            return Told(f"{what}{told}", reported=event.reported)
        case ComparableServicesStarted():
            with_ = listed([names.holder(each) for each in event.holder_ids])
            consulted = f", consulted with {with_}" if with_ else ""
            what = f"began services comparable to those the student came with{consulted}: {services_told(event.services)}"
            words = event.personal.words if event.personal else None
            return Told(what, When.FROM, words, reported=event.reported)
        case TransferRecordsRequested():
            what = f"asked {event.personal.recipient} {by(event.channel)} for the student's records"
            return Told(what, reported=event.reported)
        case TransferRecordsAnswered():
            came = f" ({counted(len(event.documents), 'document')})" if event.documents else ""
            said = event.personal.words if event.personal else None
            return Told(f"recorded that the former school {_ANSWER[event.answer]}{came}", said=said,
                        reported=event.reported)  # fmt: skip
        case TransferSettled():
            why = event.personal.reason if event.personal else None
            return Told(
                f"settled the transfer: {_OUTCOME[event.outcome]}", When.FROM, why, reported=event.reported
            )
        case _:
            assert_never(event)


def services_told(services: Sequence[ServiceInWords]) -> str:
    """``speech-language therapy, 30 minutes a week; counseling``."""
    return "; ".join(_service(each) for each in services)


def _service(service: ServiceInWords) -> str:
    name = label("service", service.service)
    much = f", {service.minutes} minutes" if service.minutes is not None else ""
    often = f" a {service.per.value}" if service.per else ""
    return f"{name}{much}{often}" + (f" ({service.words})" if service.words else "")
