"""Consent to the first services in sentences."""

from typing import assert_never

from contracts.initial_services import InitialServicesEvent, ServicesConsentAnswered, ServicesConsentAsked
from contracts.telling import Names, Told, by, listed, plainly
from contracts.vocabulary import ConsentDecision


def tell_initial_services(event: InitialServicesEvent, names: Names) -> Told:
    """Asked, given or refused."""
    match event:
        case ServicesConsentAsked():
            whom = listed([names.holder(holder) for holder in event.holder_ids])
            what = f"asked {whom} {by(event.channel)} for consent to the first special education services"
            return Told(what, reported=event.reported)
        case ServicesConsentAnswered():
            does = "consents to" if event.decision is ConsentDecision.ACCEPTED else "refuses"
            kept = "the answer" if event.counts else "the answer, which does not count as consent or refusal,"
            who = names.holder(event.holder_id)
            what = f"recorded {kept} that {who} {does} the first special education services ({plainly(event.method)})"
            said = event.personal.comment if event.personal else None
            return Told(what, said=said, reported=event.reported)
        case _:
            assert_never(event)
