"""Disciplinary removals and the review they may need (34 CFR 300.530-300.536, 104.35): part of stream ``student/{id}``."""

from datetime import date
from typing import TypeAlias
from uuid import UUID

from contracts.evaluations import GroupMember
from contracts.event import Event, Value, event
from contracts.fields import Code, ExternalId, Line, Measure, MeetingId, Narrative, StaffId, StudentId
from contracts.meetings import Guest
from contracts.transfers import ServiceInWords
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Law, ManifestationStep, RemovalGround, RemovalSetting, SpecialCircumstance


class RemovalPersonalData(Value):
    """What happened, in words."""

    behavior: Narrative


@event("plan.removal_recorded")
class RemovalRecorded(Event):
    """The student is removed from their placement; ``effective_on`` is the first day, of the district's school days."""

    student_id: StudentId
    removal_id: UUID
    setting: RemovalSetting
    ends_on: date
    """The last day, inclusive."""
    part_days: tuple[date, ...] = ()
    """Days on which the student was removed for part of the day: each counts as half of one."""
    counts: bool
    """False where it is no removal by the rule: in school, taking part, with the plan's services, among peers."""
    code_of_conduct: Line | None = None
    """The rule that was broken, as the district's code has it."""
    circumstance: SpecialCircumstance | None = None
    """Weapon, drugs or serious injury: up to 45 school days elsewhere whatever the review finds (300.530(g))."""
    decided_by: StaffId | None = None
    personal: RemovalPersonalData | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


class RemovalEndedPersonalData(Value):
    """Why sooner than was decided."""

    reason: Narrative


@event("plan.removal_ended")
class RemovalEnded(Event):
    """The student is back sooner than was decided; ``effective_on`` is the first day back."""

    student_id: StudentId
    removal_id: UUID
    personal: RemovalEndedPersonalData | None = None
    reported: Reported | None = None


class RemovalServicesPersonalData(Value):
    """How the student goes on learning meanwhile, in words."""

    words: Narrative


@event("plan.removal_services_given")
class RemovalServicesGiven(Event):
    """During a removal the student is given services, from ``effective_on`` (300.530(b)(2), (d))."""

    student_id: StudentId
    removal_id: UUID
    removal_services_id: UUID
    ends_on: date
    """The last day, inclusive."""
    services: tuple[ServiceInWords, ...]
    decided_by: tuple[StaffId, ...] = ()
    """The school personnel, one teacher of the child at least, or the team, who determined them."""
    personal: RemovalServicesPersonalData | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class RemovalDecisionPersonalData(Value):
    """The factors, each looked at for this child (300.536(a)(2))."""

    behavior: Narrative | None = None
    """How far it is like what led to the earlier removals."""
    length: Narrative | None = None
    total: Narrative | None = None
    closeness: Narrative | None = None
    """How near the removals lie to each other."""


@event("plan.removal_decided")
class RemovalDecided(Event):
    """It was decided whether removals are a change of placement (300.536, 104.35(a)); ``effective_on`` is the day of it."""

    student_id: StudentId
    removal_decision_id: UUID
    ground: RemovalGround
    removal_ids: tuple[UUID, ...]
    school_days: Measure
    """How many they come to."""
    similar_behavior: bool | None = None
    change_of_placement: bool
    due_on: date | None = None
    """By when the manifestation is determined: ten school days; absent where none is owed or no calendar says."""
    decided_by: tuple[StaffId, ...] = ()
    personal: RemovalDecisionPersonalData | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class ManifestationPersonalData(Value):
    """What the answers rest on, in words, and who the guests are."""

    basis: Narrative | None = None
    guests: tuple[Guest, ...] = ()


@event("plan.manifestation_determined")
class ManifestationDetermined(Event):
    """A group answered both questions: did the disability cause it, did the district's failure (300.530(e)-(f), 104.35)."""

    student_id: StudentId
    manifestation_id: UUID
    removal_decision_id: UUID
    law: Law
    by_disability: bool
    """Caused by, or directly and substantially related to, the disability."""
    by_failure: bool
    """The direct result of the district's failure to carry out the plan."""
    current_drug_use: bool = False
    """Section 504: currently engaged in the illegal use of drugs or in use of alcohol (29 USC 705(20)(C)(iv))."""
    members: tuple[GroupMember, ...] = ()
    meeting_id: MeetingId | None = None
    sources: tuple[Code, ...] = ()
    """What was reviewed: of the list ``information_source``."""
    documents: tuple[DocumentRef, ...] = ()
    personal: ManifestationPersonalData | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class ManifestationStepPersonalData(Value):
    """What was done, in words."""

    words: Narrative


@event("plan.manifestation_followed")
class ManifestationFollowed(Event):
    """What follows from a manifestation was done: an assessment of behavior, a plan for it, the return (300.530(f))."""

    student_id: StudentId
    manifestation_id: UUID
    manifestation_step_id: UUID
    step: ManifestationStep
    staff_id: StaffId | None = None
    document: DocumentRef | None = None
    personal: ManifestationStepPersonalData | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


DisciplineEvent: TypeAlias = (
    RemovalRecorded
    | RemovalEnded
    | RemovalServicesGiven
    | RemovalDecided
    | ManifestationDetermined
    | ManifestationFollowed
)
