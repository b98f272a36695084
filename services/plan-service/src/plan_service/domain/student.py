"""A student as decisions about them need it: who they are, where they go to school, who is around them.

Folded from the stream ``student/{id}``. It is not the record and not the API; `evolve` never refuses.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar, assert_never
from uuid import UUID

from contracts.discipline import (
    ManifestationDetermined,
    ManifestationFollowed,
    RemovalDecided,
    RemovalEnded,
    RemovalRecorded,
    RemovalServicesGiven,
)
from contracts.disputes import DisputeClosed, DisputeFiled, DisputeStepTaken, StayPutExcepted
from contracts.evaluations import (
    EligibilityDetermined,
    EvaluationCompleted,
    EvaluationConsentAnswered,
    EvaluationConsentAsked,
    EvaluationDeclined,
    EvaluationExtended,
    ReevaluationWaived,
    ReferralReceived,
    ReferralWithdrawn,
)
from contracts.event import Event
from contracts.fields import ExternalId, HolderId, LanguageTag, PlanId, SchoolId, StaffId, StudentId
from contracts.initial_services import ServicesConsentAnswered, ServicesConsentAsked
from contracts.requests import (
    RecordHearingAsked,
    RecordHearingDecided,
    RecordStatementPlaced,
    RequestAnswered,
)
from contracts.students import (
    AssignmentEnded,
    ContactChanged,
    ContactPersonalData,
    ContactProposed,
    ContactUnlinked,
    DocumentAdded,
    HolderPersonalData,
    ProgramParticipationReported,
    ReleasePersonalData,
    ReleaseRevoked,
    ReleaseSigned,
    RequestMade,
    Rights,
    RightsHolderConfirmed,
    RightsHolderEnded,
    StudentAssigned,
    StudentChanged,
    StudentEnrolled,
    StudentEvent,
    StudentPersonalData,
    StudentRegistered,
    StudentWithdrawn,
)
from contracts.transfers import (
    ComparableServicesStarted,
    TransferReceived,
    TransferRecordsAnswered,
    TransferRecordsRequested,
    TransferSettled,
)
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import ConsentMethod, RecordKind, ReleasePurpose, RightsGround
from plan_service.domain.discipline import Discipline, discipline_after
from plan_service.domain.dispute_state import Dispute, disputes_after
from plan_service.domain.evaluation import Evaluations, evaluations_after
from plan_service.domain.request_state import Request, requests_after
from plan_service.domain.services_consent_state import ServicesConsents, services_consents_after
from plan_service.domain.transfer import Transfer, transfers_after

ADULT_AT = 18
"""34 CFR 99.3 and 99.5: from this birthday on the record rights are the student's own, in every state."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Where the student goes to school from a day on; both days inclusive."""

    school_id: SchoolId
    starts_on: date
    grade: str | None = None
    ends_on: date | None = None
    """The first day without the student there."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody around the student. A contact holds no rights."""

    personal: ContactPersonalData
    external_id: ExternalId | None = None
    linked: bool = True


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody whom a person has confirmed to hold rights."""

    personal: HolderPersonalData
    ground: RightsGround
    rights: Rights
    language: LanguageTag
    confirmed_by: str
    confirmed_on: date
    contact_id: UUID | None = None
    evidence: DocumentRef | None = None
    external_id: ExternalId | None = None
    ended_on: date | None = None
    """The first day without any of the rights."""
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """A staff member works with the student as what."""

    staff_id: StaffId
    role: str
    starts_on: date
    ends_on: date | None = None
    """The last day."""
    external_id: ExternalId | None = None


@dataclass(frozen=True, slots=True)
class Participation:
    """What another system has reported of a program; ``digest`` is of all it said."""

    participation_id: UUID
    digest: str
    plan_id: PlanId | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A signed consent to a disclosure."""

    holder_id: HolderId
    signed_on: date
    purpose: ReleasePurpose
    records: tuple[RecordKind, ...]
    personal: ReleasePersonalData
    method: ConsentMethod
    expires_on: date | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None
    revoked_on: date | None = None

    @property
    def serves(self) -> bool:
        """False where it was reported and a rule was unmet: it stands in the record and opens nothing."""
        return not (self.reported and self.reported.unmet)

    def serves_on(self, day: date) -> bool:
        """A disclosure on ``day`` may rest on it."""
        if (
            not self.serves
            or day < self.signed_on
            or (self.revoked_on is not None and day >= self.revoked_on)
        ):
            return False
        return self.expires_on is None or day <= self.expires_on


@dataclass(frozen=True, slots=True)
class Student:
    """One student."""

    student_id: StudentId | None = None
    personal: StudentPersonalData | None = None
    home_language: LanguageTag | None = None
    external_ids: tuple[ExternalId, ...] = ()
    registered_on: date | None = None
    enrolments: tuple[Enrolment, ...] = ()
    """In the order of their first days."""
    contacts: Mapping[UUID, Contact] = field(default_factory=dict)
    holders: Mapping[HolderId, Holder] = field(default_factory=dict)
    assignments: Mapping[UUID, Assignment] = field(default_factory=dict)
    participations: Mapping[ExternalId, Participation] = field(default_factory=dict)
    releases: Mapping[UUID, Release] = field(default_factory=dict)
    documents: Mapping[UUID, DocumentRef] = field(default_factory=dict)
    evaluations: Evaluations = field(default_factory=Evaluations)
    requests: Mapping[UUID, Request] = field(default_factory=dict)
    disputes: Mapping[UUID, Dispute] = field(default_factory=dict)
    transfers: Mapping[UUID, Transfer] = field(default_factory=dict)
    discipline: Discipline = field(default_factory=Discipline)
    services_consents: ServicesConsents = field(default_factory=ServicesConsents)

    @property
    def adult_on(self) -> date | None:
        """The eighteenth birthday; of somebody born on a leap day the first of March."""
        return birthday(self.personal.birth_date, ADULT_AT) if self.personal else None

    @property
    def enrolment(self) -> Enrolment | None:
        """The last enrolment there is."""
        return self.enrolments[-1] if self.enrolments else None


def birthday(born_on: date, age: int) -> date:
    """The day on which somebody reaches ``age``."""
    try:
        return born_on.replace(year=born_on.year + age)
    except ValueError:
        return date(born_on.year + age, 3, 1)


def evolve(student: Student, event: StudentEvent) -> Student:
    """What follows from one more event."""
    match event:
        case StudentRegistered() | StudentChanged():
            return replace(
                student, student_id=event.student_id, personal=event.personal, home_language=event.home_language,
                external_ids=event.external_ids, registered_on=student.registered_on or event.effective_on,
            )  # fmt: skip
        case StudentEnrolled() | StudentWithdrawn():
            return replace(student, enrolments=_enrolments(student.enrolments, event))
        case ContactProposed() | ContactChanged() | ContactUnlinked():
            return replace(student, contacts=_contacts(student.contacts, event))
        case RightsHolderConfirmed() | RightsHolderEnded():
            return replace(student, holders=_holders(student.holders, event))
        case StudentAssigned() | AssignmentEnded():
            return replace(student, assignments=_assignments(student.assignments, event))
        case ProgramParticipationReported():
            known = Participation(event.participation_id, participation_digest(event), event.plan_id)
            return replace(student, participations=_with(student.participations, event.external_id, known))
        case ReleaseSigned() | ReleaseRevoked():
            return replace(student, releases=_releases(student.releases, event))
        case DocumentAdded():
            return replace(
                student, documents=_with(student.documents, event.document.document, event.document)
            )
        case (
            ReferralReceived()
            | ReferralWithdrawn()
            | EvaluationDeclined()
            | EvaluationConsentAsked()
            | EvaluationConsentAnswered()
            | EvaluationExtended()
            | EvaluationCompleted()
            | ReevaluationWaived()
            | EligibilityDetermined()
        ):
            return replace(student, evaluations=evaluations_after(student.evaluations, event))
        case ServicesConsentAsked() | ServicesConsentAnswered():
            return replace(
                student, services_consents=services_consents_after(student.services_consents, event)
            )
        case (
            RequestMade()
            | RequestAnswered()
            | RecordHearingAsked()
            | RecordHearingDecided()
            | RecordStatementPlaced()
        ):
            return replace(student, requests=requests_after(student.requests, event))
        case DisputeFiled() | DisputeStepTaken() | DisputeClosed() | StayPutExcepted():
            return replace(student, disputes=disputes_after(student.disputes, event))
        case (
            TransferReceived()
            | ComparableServicesStarted()
            | TransferRecordsRequested()
            | TransferRecordsAnswered()
            | TransferSettled()
        ):
            return replace(student, transfers=transfers_after(student.transfers, event))
        case (
            RemovalRecorded()
            | RemovalEnded()
            | RemovalServicesGiven()
            | RemovalDecided()
            | ManifestationDetermined()
            | ManifestationFollowed()
        ):
            return replace(student, discipline=discipline_after(student.discipline, event))
        case _:
            assert_never(event)


def participation_digest(event: ProgramParticipationReported) -> str:
    """What tells one report of a participation from another: all the source said, not which plan we opened from it."""
    said: Event = event.model_copy(update={"plan_id": None, "participation_id": UUID(int=0)})
    return hashlib.sha256(said.contents()).hexdigest()


def _enrolments(
    enrolments: tuple[Enrolment, ...], event: StudentEnrolled | StudentWithdrawn
) -> tuple[Enrolment, ...]:
    if isinstance(event, StudentEnrolled):
        others = (known for known in enrolments if known.starts_on != event.effective_on)
        made = Enrolment(event.school_id, event.effective_on, event.grade)
        return tuple(sorted((*others, made), key=lambda enrolment: enrolment.starts_on))
    return tuple(
        replace(known, ends_on=event.effective_on)
        if known.school_id == event.school_id
        and known.starts_on <= event.effective_on
        and known.ends_on is None
        else known
        for known in enrolments
    )


def _contacts(
    contacts: Mapping[UUID, Contact], event: ContactProposed | ContactChanged | ContactUnlinked
) -> Mapping[UUID, Contact]:
    if isinstance(event, ContactUnlinked):
        known = contacts.get(event.contact_id)
        return contacts if known is None else _with(contacts, event.contact_id, replace(known, linked=False))
    return _with(contacts, event.contact_id, Contact(event.personal, event.external_id))


def _holders(
    holders: Mapping[HolderId, Holder], event: RightsHolderConfirmed | RightsHolderEnded
) -> Mapping[HolderId, Holder]:
    if isinstance(event, RightsHolderEnded):
        known = holders.get(event.holder_id)
        return (
            holders
            if known is None
            else _with(holders, event.holder_id, replace(known, ended_on=event.effective_on))
        )
    confirmed = Holder(
        event.personal, event.ground, event.rights, event.language, event.confirmed_by, event.effective_on,
        event.contact_id, event.evidence, event.external_id, reported=event.reported,
    )  # fmt: skip
    return _with(holders, event.holder_id, confirmed)


def _assignments(
    assignments: Mapping[UUID, Assignment], event: StudentAssigned | AssignmentEnded
) -> Mapping[UUID, Assignment]:
    if isinstance(event, AssignmentEnded):
        known = assignments.get(event.assignment_id)
        if known is None:
            return assignments
        last = date.fromordinal(event.effective_on.toordinal() - 1)
        return _with(assignments, event.assignment_id, replace(known, ends_on=last))
    made = Assignment(event.staff_id, event.role, event.effective_on, event.ends_on, event.external_id)
    return _with(assignments, event.assignment_id, made)


def _releases(
    releases: Mapping[UUID, Release], event: ReleaseSigned | ReleaseRevoked
) -> Mapping[UUID, Release]:
    if isinstance(event, ReleaseRevoked):
        known = releases.get(event.release_id)
        return (
            releases
            if known is None
            else _with(releases, event.release_id, replace(known, revoked_on=event.effective_on))
        )
    signed = Release(
        event.holder_id, event.effective_on, event.purpose, event.records, event.personal, event.method,
        event.expires_on, event.document, event.external_id, event.reported,
    )  # fmt: skip
    return _with(releases, event.release_id, signed)


K = TypeVar("K")
V = TypeVar("V")


def _with(known: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    together: dict[Any, V] = {**known, key: value}
    return together
