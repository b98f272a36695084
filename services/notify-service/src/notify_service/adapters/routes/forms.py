"""What the routes take and answer."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from contracts.fields import Email, ExternalId, LanguageTag, Line, Name, Narrative, Phone
from contracts.values import PostalAddress, Reported
from contracts.vocabulary import (
    Channel,
    CommunicationMode,
    GivenBasis,
    InvitationPart,
    NoticeKind,
    NoticeOccasion,
    NoticePart,
    RequestKind,
    TranslationStatus,
)
from notify_service.adapters.showing import Status
from notify_service.domain.facts import Reasons
from runtime.auth import Forbidden, Principal

REPORT = "plan.report"


class Form(BaseModel):
    """A request body: fields it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ReportedIn(Form):
    """It has happened already and is recorded as it was. Needs the scope ``plan.report``."""

    source: Name
    """Who or what reports it: a system, a paper file, an office."""
    reason: Narrative
    """Why it is reported and not decided here."""
    occurred_on: date
    """The day on which it happened."""

    def to_value(self) -> Reported:
        """As it stands on the event."""
        return Reported(source=self.source, reason=self.reason, occurred_on=self.occurred_on)


def may_report(who: Principal, reported: ReportedIn | None) -> Reported | None:
    """The report, if the caller may make one."""
    if reported is None:
        return None
    if REPORT not in who.scopes:
        raise Forbidden("Reporting what has happened needs the scope plan.report.", scopes=(REPORT,))
    return reported.to_value()


class PartsIn(Form):
    """What the parts of a notice are to say, where the amendment does not. ``None.`` said is said."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"explanation": "The present supports are enough.",
                          "options_considered": "A shared aide: not needed either.", "other_factors": "None."}]
        }
    )  # fmt: skip

    explanation: Narrative | None = None
    """Part 2: why."""
    evaluations_used: Narrative | None = None
    """Part 3: each evaluation, assessment, record and report used."""
    options_considered: Narrative | None = None
    """Part 6: other options and why they were rejected."""
    other_factors: Narrative | None = None
    """Part 7: other factors."""

    def to_reasons(self) -> Reasons:
        """As the facts hold them."""
        return Reasons(
            explanation=self.explanation, evaluations_used=self.evaluations_used,
            options_considered=self.options_considered, other_factors=self.other_factors,
        )  # fmt: skip


NOTICE_EXAMPLE: JsonDict = {
    "student": "92f519a9-b220-59a7-a3fd-4a213fb2d235", "holder": "d6a6d22f-75d0-5eef-af30-17c1a228c4c4",
    "plan": "7b974bf6-412a-5696-b8cb-6f91cf6cb2f1", "action": "The district refuses to add a one-to-one aide.",
    "explanation": "The present supports are enough.", "evaluations_used": "Classroom records of September to January.",
    "options_considered": "A shared aide: not needed either.", "other_factors": "None.",
}  # fmt: skip


class NoticeIn(PartsIn):
    """A notice made by hand: of a refusal, of an evaluation, of whatever no amendment says."""

    model_config = ConfigDict(json_schema_extra={"examples": [NOTICE_EXAMPLE]})

    student: UUID
    holder: UUID
    """A rights holder of the student."""
    kind: NoticeKind = NoticeKind.PRIOR_WRITTEN_NOTICE
    plan: UUID | None = None
    """The plan it is about; none where the student has none: of a proposal or a refusal to evaluate."""
    amendment: UUID | None = None
    """With one, its changes are part 1, and its reasons stand where no others are given."""
    caused_by: UUID | None = None
    """The event of which notice is owed, as `Handrail-Event` named it; not given: the newest of the plan, if one is named."""
    action: Narrative | None = None
    """Part 1: what the district proposes or refuses. Needed where no amendment is named."""
    external_id: ExternalId | None = None


class ToldIn(Form):
    """The notice was told in the person's language or mode (34 CFR 300.503(c)(2))."""

    language: LanguageTag
    mode: CommunicationMode = CommunicationMode.ORAL
    interpreter: Name | None = None
    understood: bool
    """The person understood what it says."""


DELIVERY_EXAMPLE: JsonDict = {"channel": "handed_over", "on": "2026-02-26"}


class DeliveryIn(Form):
    """What somebody did with the notice: posted the letter, handed it over, read it aloud; or a mail found delivered."""

    model_config = ConfigDict(json_schema_extra={"examples": [DELIVERY_EXAMPLE]})

    channel: Channel
    on: date | None = None
    """The day of it; not given: today, or the day of the report."""
    note: Line | None = None
    """By whom, a tracking number, what the mail server's log says."""
    told: ToldIn | None = None
    """Needed for `read_aloud`: in which language and mode, by which interpreter, and that it was understood."""
    reported: ReportedIn | None = None


class ReturnIn(Form):
    """A letter that came back, or a mail of whose bounce somebody knows."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"delivery": "0c6f2c1e-6c55-5b7e-9d0e-5a1f6a1b2c3d", "answer": "Moved, left no address"}
            ]
        }
    )

    delivery: UUID
    """Which sending of the notice."""
    answer: Line
    """What stands on the envelope, or what the mail server said."""
    reported: ReportedIn | None = None


class DispatchIn(Form):
    """Send a notice that waited for a person's decision."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "The mail server's log has no such Message-ID."}]}
    )

    reason: Line
    """Why it is right to send it now."""


class PreferencesIn(Form):
    """How a holder is given notice about one student, in full."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"student": NOTICE_EXAMPLE["student"], "language": "es", "channels": ["email", "letter"],
                          "electronic_notice_elected_on": "2025-09-10", "email": "ana.quill@example.org"}]
        }
    )  # fmt: skip

    student: UUID | None = None
    """May be left out when the holder is known for one student only."""
    language: LanguageTag
    mode: CommunicationMode = CommunicationMode.WRITTEN
    channels: Annotated[tuple[Channel, ...], Field(max_length=4)] = ()
    """In order of preference."""
    electronic_notice_elected_on: date | None = None
    """When e-mail was elected for notices (34 CFR 300.505), orally or in writing; absent: not elected."""
    email: Email | None = None
    phone: Phone | None = None
    address: PostalAddress | None = None
    """What is absent is taken from the holder's confirmation."""
    reported: ReportedIn | None = None


class ReasonOut(BaseModel):
    """Why a notice waits or lapsed."""

    code: str
    message: str


class DocumentOut(BaseModel):
    """The exact bytes: SHA-256 of salt and bytes is the digest that the log commits to."""

    document: UUID
    digest: str
    salt: str
    media_type: str
    bytes: int


class ReadabilityOut(BaseModel):
    """How hard the text is to read; which sentences are long says `GET /notices/{id}/readability`."""

    measure: str
    grade: int | None = None
    score: int | None = None
    words: int
    sentences: int
    long_sentences: int


class LongSentencesOut(ReadabilityOut):
    """How hard a notice is to read, and what makes it so."""

    notice: UUID
    sentences_to_shorten: list[str]


class TextOut(BaseModel):
    """The text as it was fixed."""

    document: DocumentOut
    template: str
    """Which wording, its version, and how far it was reviewed."""
    language: LanguageTag
    """The language it is written in; another than the notice's own where there was no wording in that."""
    parts: list[NoticePart]
    fixed_on: date
    invitation_parts: list[InvitationPart] | None = None
    """Of a meeting notice: what it says of 34 CFR 300.322(b)."""
    translation: TranslationStatus | None = None
    reviewed_by: str | None = None
    fallback_from: LanguageTag | None = None
    """The holder's language, in which there is no wording."""
    readability: ReadabilityOut | None = None
    together_with: list[UUID] | None = None
    """Other notices that the same letter gives."""


class TryOut(BaseModel):
    """One sending, or a try that failed, with the other side's answer."""

    id: UUID
    channel: Channel
    on: date
    outcome: str
    to: str
    answer: str | None = None
    message_id: str | None = None


class DeliveryOut(TryOut):
    """One sending of a notice, or a try that failed."""

    notice: UUID
    student: UUID
    version: int
    """Of the notice."""
    updated_at: datetime


class GivenOut(BaseModel):
    """From which day the notice counts as given, and what shows it."""

    on: date
    channel: Channel
    basis: GivenBasis


class ObjectionOut(BaseModel):
    """Somebody objected."""

    on: date
    holder: UUID
    items: list[UUID]


class RequestOut(BaseModel):
    """Somebody asked for something on the notice's page."""

    on: date
    kind: RequestKind


class NoticeOut(BaseModel):
    """One notice to one rights holder."""

    id: UUID
    version: int
    updated_at: datetime
    student: UUID
    holder: UUID
    kind: NoticeKind
    plan: UUID | None = None
    amendment: UUID | None = None
    caused_by: UUID
    owed_on: date
    occasion: NoticeOccasion | None = None
    """Why it is owed; absent on old ones."""
    due_on: date | None = None
    """The last day on which it is in time, where a number is set."""
    meeting: UUID | None = None
    language: LanguageTag
    """The holder's own."""
    status: Status
    reasons: list[ReasonOut]
    channel: Channel | None = None
    counts_on: date | None = None
    """Posted: the day from which it will count."""
    text: TextOut | None = None
    deliveries: list[TryOut]
    given: GivenOut | None = None
    opened_on: list[date]
    """Opened with the link and the check: nobody can say by whom it was read."""
    acknowledged_on: date | None = None
    objections: list[ObjectionOut]
    requests: list[RequestOut]


class PreferenceOut(BaseModel):
    """One setting and the day from which it holds."""

    model_config = ConfigDict(populate_by_name=True)

    from_on: Annotated[date, Field(alias="from")]
    language: LanguageTag
    mode: CommunicationMode
    channels: list[Channel]
    electronic_notice_elected_on: date | None = None
    email: str | None = None
    phone: str | None = None
    address: dict[str, Any] | None = None


class PreferencesOut(BaseModel):
    """A holder's preferences: for each student every setting there was, the newest last."""

    id: UUID
    version: int
    updated_at: datetime
    students: dict[UUID, list[PreferenceOut]]
