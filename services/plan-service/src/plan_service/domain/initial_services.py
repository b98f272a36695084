"""Consent to the first services under IDEA: without it no first IEP binds, a refusal stands (34 CFR 300.300(b)).

The IEP may be written, and its meeting held, before anybody was asked; what waits for consent is that it binds, since from
then on its services are owed. What binds already is ended by a revocation, not by a refusal: see `domain.ending`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ExternalId, HolderId, LanguageTag, NoticeId, PlanId
from contracts.initial_services import (
    InitialServicesEvent,
    ServicesConsentAnswered,
    ServicesConsentAsked,
    ServicesConsentPersonalData,
)
from contracts.problems import Reason
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Channel, ConsentDecision, ConsentMethod, PlanKind
from plan_service.domain.identity import must_be_known
from plan_service.domain.people import People
from plan_service.domain.rights_holder import decides_on, must_be_around
from plan_service.domain.rules import FEDERAL, Rules, UnmetRules, done_on, settle
from plan_service.domain.services_consent_state import ServicesConsents
from plan_service.domain.student import Student

CITATION = "34 CFR 300.300(b)(1)"


class ServicesConsentNotAsked(UnmetRules):
    """Nobody was asked who may answer."""

    code = "services-consent-not-asked"
    what = "Asking for consent like this"


class ServicesConsentRefused(UnmetRules):
    """The answer does not count."""

    code = "services-consent-refused"
    what = "This answer"


@dataclass(frozen=True, slots=True)
class AskServicesConsent:
    """Rights holders are asked to consent to the first services."""

    services_consent_request_id: UUID
    holder_ids: tuple[HolderId, ...]
    channel: Channel
    today: date
    asked_on: date | None = None
    plan_id: PlanId | None = None
    language: LanguageTag | None = None
    notice_id: NoticeId | None = None
    document: DocumentRef | None = None
    rules: Rules = FEDERAL
    external_id: ExternalId | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class AnswerServices:
    """Somebody consents to the first services, or refuses them."""

    services_consent_id: UUID
    holder_id: HolderId
    decision: ConsentDecision
    method: ConsentMethod
    today: date
    answered_on: date | None = None
    plan_id: PlanId | None = None
    language: LanguageTag | None = None
    document: DocumentRef | None = None
    comment: str | None = None
    served: bool = False
    """The student has an IEP that was adopted and has not ended."""
    rules: Rules = FEDERAL
    external_id: ExternalId | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class FirstServices:
    """What an adoption must know of it: what was answered, and what the student had before."""

    consents: ServicesConsents
    people: People
    served: bool = False
    """An IEP has bound here before, or they came from elsewhere with one."""
    revoked_on: date | None = None
    """When consent to all services was last taken back: from then on they are first services again."""

    @property
    def consent_is_needed(self) -> bool:
        """300.300(b)(1): once, before the first services; anew after a revocation."""
        return not self.served or self.revoked_on is not None


def ask_services_consent(student: Student, command: AskServicesConsent) -> list[InitialServicesEvent]:
    """Record that consent to the first services was asked for; once more is one more effort."""
    student_id = must_be_known(student)
    for place, holder_id in enumerate(command.holder_ids):
        must_be_around(student, holder_id, f"/holders/{place}")
    asked_on = done_on(command.asked_on, command.reported, command.today, "asked")
    unmet = tuple(_asked_of_nobody_who_decides(student, command, asked_on))
    return [
        ServicesConsentAsked(
            effective_on=asked_on, student_id=student_id,
            services_consent_request_id=command.services_consent_request_id, holder_ids=command.holder_ids,
            channel=command.channel, language=command.language, plan_id=command.plan_id, notice_id=command.notice_id,
            document=command.document, external_id=command.external_id,
            reported=settle(ServicesConsentNotAsked, unmet, command.reported),
        )
    ]  # fmt: skip


def answer_services(student: Student, command: AnswerServices) -> list[InitialServicesEvent]:
    """Record an answer. A reported one of somebody without the right stands in the record and is never consent."""
    student_id = must_be_known(student)
    must_be_around(student, command.holder_id)
    answered_on = done_on(command.answered_on, command.reported, command.today, "answered")
    unmet = tuple(_does_not_count(student, command, answered_on))
    return [
        ServicesConsentAnswered(
            effective_on=answered_on, student_id=student_id, services_consent_id=command.services_consent_id,
            holder_id=command.holder_id, counts=not unmet, decision=command.decision, method=command.method,
            plan_id=command.plan_id, language=command.language, document=command.document,
            personal=ServicesConsentPersonalData(comment=command.comment) if command.comment else None,
            external_id=command.external_id, reported=settle(ServicesConsentRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def no_consent_to_services(
    kind: PlanKind, first: FirstServices | None, effective_on: date
) -> Iterator[Reason]:
    """34 CFR 300.300(b): nothing of a first IEP binds before consent to its services, and never against a refusal."""
    if kind is not PlanKind.IEP or first is None or not first.consent_is_needed:
        return
    refused_on = first.consents.refused_on(effective_on, first.people.decides_on)
    if refused_on is not None:
        yield Reason(
            "initial-services-refused", f"The first services were refused on {refused_on}.", "34 CFR 300.300(b)(3)-(4)",
            "No IEP is owed, and nobody overrides this. Whoever refused may consent later: "
            "POST /students/{id}/services-consents.",
        )  # fmt: skip
    elif not first.consents.consented_by(effective_on, after=first.revoked_on):
        yield Reason(
            "initial-consent-required", f"By {effective_on} nobody who decides had consented to the first services.",
            CITATION, "Ask for consent (POST /students/{id}/services-consent-requests), record the answer "
            "(POST /students/{id}/services-consents), and let the plan bind from that day or later.",
        )  # fmt: skip


def _asked_of_nobody_who_decides(
    student: Student, command: AskServicesConsent, asked_on: date
) -> Iterator[Reason]:
    if not any(decides_on(student, holder_id, asked_on, command.rules) for holder_id in command.holder_ids):
        yield Reason(
            "consent-asked-of-nobody-who-decides", f"Nobody who was asked held the right to decide on {asked_on}.",
            CITATION, "Ask a holder of the right to decide, or confirm one first.", "/holders",
        )  # fmt: skip


def _does_not_count(student: Student, command: AnswerServices, answered_on: date) -> Iterator[Reason]:
    if not decides_on(student, command.holder_id, answered_on, command.rules):
        yield Reason(
            "consent-not-by-rights-holder", f"Whoever answered held no right to decide on {answered_on}.",
            f"{CITATION}, 300.30, 300.520",
            "Let a holder of the right to decide answer, or confirm this person's rights first.", "/holder",
        )  # fmt: skip
    if command.decision is ConsentDecision.ACCEPTED and command.method is ConsentMethod.ORAL:
        yield Reason(
            "consent-not-written", "Consent to the first services is given in writing.", "34 CFR 300.9(b)",
            "Have it signed on paper or electronically, or written.", "/method",
        )  # fmt: skip
    if command.decision is ConsentDecision.REFUSED and command.served:
        yield Reason(
            "services-adopted-already", "The services are adopted: whoever consented to them revokes that in writing.",
            "34 CFR 300.300(b)(4)", "End the plan with the revocation: POST /plans/{id}/end.", "/decision",
        )  # fmt: skip
