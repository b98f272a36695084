"""Consent to the first services under IDEA (34 CFR 300.300(b)): part of stream ``student/{id}`` of plan-service.

It is the student's, not a plan's: it is asked for once, before there is an IEP in effect, and a refusal stands whatever
drafts come and go. In one stream with the rights holders it cannot pass the end of the right it rests on.
"""

from typing import TypeAlias
from uuid import UUID

from contracts.event import Event, EventClass, Value, event
from contracts.fields import ExternalId, HolderId, LanguageTag, Narrative, NoticeId, PlanId, StudentId
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Channel, ConsentDecision, ConsentMethod


@event("plan.services_consent_asked", of=EventClass.PROOF)
class ServicesConsentAsked(Event):
    """Consent to special education and related services was asked of rights holders; each time is one effort."""

    student_id: StudentId
    services_consent_request_id: UUID
    holder_ids: tuple[HolderId, ...]
    channel: Channel
    language: LanguageTag | None = None
    plan_id: PlanId | None = None
    """The IEP, still a draft, whose services were explained (300.9(a))."""
    notice_id: NoticeId | None = None
    """The prior written notice of the proposal (300.503)."""
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class ServicesConsentPersonalData(Value):
    """What the person adds, in their own words."""

    comment: Narrative


@event("plan.services_consent_answered", of=EventClass.PROOF)
class ServicesConsentAnswered(Event):
    """Somebody consents to the first services or refuses them; ``effective_on`` is the day of their answer.

    A refusal nobody overrides: no IEP and no meeting are owed (300.300(b)(3), (4)). A later answer of the same person holds.
    """

    student_id: StudentId
    services_consent_id: UUID
    holder_id: HolderId
    counts: bool
    """They held the right to decide on that day and, where they consent, did so in writing."""
    decision: ConsentDecision
    method: ConsentMethod
    plan_id: PlanId | None = None
    """The IEP, still a draft, whose services were explained."""
    language: LanguageTag | None = None
    """In which it was explained and given."""
    document: DocumentRef | None = None
    """The signed page."""
    personal: ServicesConsentPersonalData | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


InitialServicesEvent: TypeAlias = ServicesConsentAsked | ServicesConsentAnswered
