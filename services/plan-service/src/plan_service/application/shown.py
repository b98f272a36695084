"""What this service answers for people and places: the REST resources, rendered in the append from a stream's state."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.canonical import Instant
from contracts.district import Credential, HelpSource, Office, RoleHeld, SchoolYear
from contracts.event import Json
from contracts.meetings import Excusal, Guest, Invitee, Person
from contracts.students import Rights
from contracts.values import PostalAddress, Unmet
from contracts.vocabulary import (
    AttemptMeans,
    AttemptResult,
    Attendance,
    Channel,
    ConsentMethod,
    InvitationPart,
    MeetingMode,
    MeetingPurpose,
    MeetingRole,
    RecordKind,
    ReleasePurpose,
    RequestKind,
    RequestOutcome,
    RequestVia,
    RightsGround,
)

From = Annotated[date, Field(alias="from")]
Until = Annotated[date | None, Field(description="The last day.")]


class Part(BaseModel):
    """A part of a resource."""

    model_config = ConfigDict(use_attribute_docstrings=True, populate_by_name=True)


class Shown(Part):
    """What every resource has. ``version`` is its stream's: what If-Match is compared with."""

    id: UUID | None = None
    version: int | None = None
    updated_at: AwareDatetime | None = None

    def kept(self) -> Json:
        """What is kept: the id and the version come with the row."""
        return self.model_dump(
            mode="json", by_alias=True, exclude_none=True, exclude={"id", "version", "updated_at"}
        )


class ReportedShown(Part):
    """Reported, not decided here."""

    source: str
    reason: str
    occurred_on: date
    unmet: tuple[Unmet, ...] = ()
    """The rules that would have refused it."""


class DistrictShown(Shown):
    """What holds in the district."""

    in_force_from: date
    name: str
    time_zone: str
    state_profile: str
    languages: tuple[str, ...]
    calendar: tuple[SchoolYear, ...] = ()
    partial_consent: bool
    notice_days: int
    mailing_days: int
    office: Office | None = None
    help_sources: tuple[HelpSource, ...] = ()
    safeguards_at: str | None = None


class SchoolShown(Shown):
    """A school of the district."""

    name: str
    external_ids: tuple[str, ...] = ()


class BankEntryShown(Shown):
    """A text of the district's bank."""

    kind: str
    title: str
    text: str
    areas: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    external_id: str | None = None
    added_on: date
    ended_on: date | None = None
    """The first day without it."""


class StaffShown(Shown):
    """Somebody who works for the district."""

    given_name: str
    family_name: str
    email: str | None = None
    roles: tuple[RoleHeld, ...] = ()
    credentials: tuple[Credential, ...] = ()
    external_ids: tuple[str, ...] = ()
    ended_on: date | None = None
    """The first day without them."""


class EnrolmentShown(Part):
    """Where the student goes to school from a day on."""

    school: UUID
    grade: str | None = None
    from_: From
    until: Until = None


class StudentShown(Shown):
    """A student."""

    given_name: str
    middle_name: str | None = None
    family_name: str
    suffix: str | None = None
    preferred_given_name: str | None = None
    preferred_family_name: str | None = None
    birth_date: date
    sex: str | None = None
    home_language: str | None = None
    external_ids: tuple[str, ...] = ()
    school: UUID | None = None
    """Of the last enrolment, while it lasts."""
    grade: str | None = None
    enrolments: tuple[EnrolmentShown, ...] = ()


class OfStudent(Shown):
    """What belongs to one student."""

    student: UUID
    external_id: str | None = None


class ContactShown(OfStudent):
    """Somebody around the student. A contact holds no rights."""

    given_name: str
    family_name: str
    relation: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    address: PostalAddress | None = None
    legal_guardian: bool | None = None
    """What the source says; it confers no right until a person confirms authority."""
    lives_with: bool | None = None
    emergency: bool | None = None
    priority: int | None = None
    restrictions: str | None = None
    linked: bool = True
    """False: no longer named as a contact."""


class DocumentRefShown(Part):
    """A file in the vault, with what proves its bytes: ``digest`` is SHA-256 of the salt followed by the bytes."""

    document: UUID
    digest: str
    salt: str
    media_type: str
    bytes: int


class RightsHolderShown(OfStudent):
    """Somebody who holds educational rights, confirmed by a person."""

    name: str
    email: str | None = None
    phone: str | None = None
    address: PostalAddress | None = None
    ground: RightsGround
    rights: Rights
    """What is absent is not held."""
    language: str
    contact: UUID | None = None
    confirmed_by: str
    confirmed_on: date
    evidence: DocumentRefShown | None = None
    ended_on: date | None = None
    """The first day without any of them."""
    reported: ReportedShown | None = None


class EnrolmentOfStudentShown(OfStudent):
    """Where a student goes to school from a day on. There is one of each first day; the newer holds."""

    school: UUID
    grade: str | None = None
    from_: From
    until: Until = None


class AssignmentShown(OfStudent):
    """A staff member works with the student and may therefore see the record."""

    staff: UUID
    role: str
    from_: From
    until: Until = None


class DocumentShown(OfStudent):
    """A scan or file of the student's record; its bytes are at ``/content``."""

    title: str
    kind: str
    received_on: date
    media_type: str
    bytes: int
    digest: str
    salt: str


class ReleaseShown(OfStudent):
    """A signed consent to a disclosure."""

    holder: UUID
    recipient: str
    address: PostalAddress | None = None
    email: str | None = None
    purpose: ReleasePurpose
    records: tuple[RecordKind, ...]
    method: ConsentMethod
    signed_on: date
    expires_on: date | None = None
    revoked_on: date | None = None
    serves: bool
    """False where a rule was unmet when it was reported: it stands in the record and opens nothing."""
    document: DocumentRefShown | None = None
    reported: ReportedShown | None = None


class RequestAnswerShown(Part):
    """How the district answered."""

    answered_on: date
    outcome: RequestOutcome
    staff: UUID | None = None
    notice: UUID | None = None
    meeting: UUID | None = None
    dispute: UUID | None = None
    hearing_right_told: bool | None = None
    words: str | None = None
    documents: tuple[DocumentRefShown, ...] = ()
    reported: ReportedShown | None = None


class RecordHearingShown(Part):
    """A hearing about what the record says."""

    asked_on: date
    holder: UUID | None = None
    words: str | None = None
    documents: tuple[DocumentRefShown, ...] = ()
    decided_on: date | None = None
    amended: bool | None = None
    """Absent until it is decided."""
    statement_right_told: bool | None = None
    reasons: str | None = None
    decision: tuple[DocumentRefShown, ...] = ()
    reported: ReportedShown | None = None


class RecordStatementShown(Part):
    """A statement on what was not changed; it is kept and disclosed with the record."""

    id: UUID
    holder: UUID
    placed_on: date
    text: str
    documents: tuple[DocumentRefShown, ...] = ()


class RequestShown(OfStudent):
    """What a parent or adult student asks for, and how it was answered."""

    kind: RequestKind
    via: RequestVia
    made_on: date
    holder: UUID | None = None
    text: str | None = None
    notice: UUID | None = None
    documents: tuple[DocumentRefShown, ...] = ()
    due_on: date | None = None
    """By when it is answered, where a number is set. The record is shown before any meeting or hearing besides."""
    in_time: bool | None = None
    """Answered by `due_on`; absent until it is answered."""
    answer: RequestAnswerShown | None = None
    hearing: RecordHearingShown | None = None
    statements: tuple[RecordStatementShown, ...] = ()
    reported: ReportedShown | None = None


class ParticipationShown(OfStudent):
    """What another system says of a program. It proves no plan."""

    kind: str
    program: str
    from_: From
    until: Until = None
    source: str
    plan: UUID | None = None


class MeetingShown(OfStudent):
    """A meeting of an IEP team or a 504 group."""

    purpose: MeetingPurpose
    transition_discussed: bool
    plan: UUID | None = None
    starts_at: Instant
    place: str | None = None
    mode: MeetingMode
    invitees: tuple[Invitee, ...] = ()
    guests: tuple[Guest, ...] = ()
    invitations: int = 0
    attempts: int = 0
    attendance: int = 0
    """Of how many people it is recorded whether they took part."""
    held_on: date | None = None
    parent_present: bool | None = None
    """Somebody who decides for the student took part; absent until the meeting is held."""
    interpreter_language: str | None = None
    documents: tuple[DocumentRefShown, ...] = ()
    """The signed list of who was there, the minutes."""
    reported: bool = False
    """Something of it was reported, not decided here."""


class OfMeeting(OfStudent):
    """What was recorded of one person and one meeting."""

    meeting: UUID
    person: Person
    reported: ReportedShown | None = None


class InvitationShown(OfMeeting):
    """Somebody was given notice of the meeting."""

    channel: Channel
    given_on: date
    language: str | None = None
    parts: tuple[InvitationPart, ...] = ()
    document: DocumentRefShown | None = None


class AttemptShown(OfMeeting):
    """One attempt to reach somebody for the meeting."""

    means: AttemptMeans
    result: AttemptResult
    tried_on: date
    words: str | None = None
    documents: tuple[DocumentRefShown, ...] = ()


class AttendanceShown(OfMeeting):
    """How somebody took part."""

    roles: tuple[MeetingRole, ...]
    attendance: Attendance
    mode: MeetingMode
    excusal: Excusal | None = None
    on: date
    documents: tuple[DocumentRefShown, ...] = ()
