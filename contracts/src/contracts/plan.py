"""A plan's history: stream ``plan/{id}`` of plan-service. What each act is: law.md 6.

Events that bind carry the whole text of the items they change, so that a plan can be read from its stream alone.
"""

from datetime import date
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.event import Event, EventClass, Value, event
from contracts.fields import (
    AmendmentId,
    EventId,
    ExternalId,
    HolderId,
    ItemId,
    LanguageTag,
    Line,
    MeetingId,
    Narrative,
    NoticeId,
    PersonRef,
    PlanId,
    StaffId,
    StudentId,
)
from contracts.items import Change, Item
from contracts.values import DocumentRef, Imported, Reported
from contracts.vocabulary import (
    Channel,
    ConsentDecision,
    ConsentMethod,
    PlanEnd,
    PlanKind,
    ReopeningGround,
    RequestVia,
    ReviewOutcome,
    VoidGround,
)


class TeamMeeting(Value):
    """Decided by the team in a meeting."""

    kind: Literal["meeting"] = "meeting"
    meeting_id: MeetingId


class WrittenAgreement(Value):
    """Parent and district agreed in writing not to meet (300.324(a)(4))."""

    kind: Literal["written_agreement"] = "written_agreement"
    agreed_on: date
    holder_ids: tuple[HolderId, ...]
    """The rights holders who agreed."""
    document: DocumentRef | None = None


class AgreementSought(Value):
    """Parent and district are asked to agree in writing not to meet; nobody has yet (`AmendmentAgreed`)."""

    kind: Literal["agreement_sought"] = "agreement_sought"


AnyBasis: TypeAlias = TeamMeeting | WrittenAgreement | AgreementSought
Basis = Annotated[AnyBasis, Field(discriminator="kind")]
Decided = Annotated[TeamMeeting | WrittenAgreement, Field(discriminator="kind")]
"""A basis that is there."""


class ReasonPersonalData(Value):
    """Why, in words."""

    reason: Narrative


@event("plan.draft_opened")
class DraftOpened(Event):
    """Work on a plan begins, or on its next version. The draft itself is a working paper, not an event."""

    plan_id: PlanId
    student_id: StudentId
    kind: PlanKind
    external_id: ExternalId | None = None
    imported: Imported | None = None


@event("plan.draft_shared", of=EventClass.PROOF)
class DraftShared(Event):
    """A draft was given to a parent: from then on this exact text is an education record."""

    plan_id: PlanId
    draft_version: int = Field(ge=1)
    document: DocumentRef
    """The exact text given."""
    holder_ids: tuple[HolderId, ...]
    channel: Channel
    language: LanguageTag
    draft_share_id: UUID | None = None
    external_id: ExternalId | None = None


@event("plan.draft_dropped")
class DraftDropped(Event):
    """The draft is given up; nothing of it ever bound."""

    plan_id: PlanId
    personal: ReasonPersonalData | None = None


class AdoptionPersonalData(Value):
    """What the team says of its own plan."""

    individual_reason: Narrative
    """Why it is this student's own, from their data, where others around it say the same (300.320, 104.33)."""


class NoticeWordsPersonalData(Value):
    """What the team says in the notice of its decision that nothing else recorded says (300.503(b)).

    Whatever is not said here waits for a person, as ever.
    """

    explanation: Narrative | None = None
    """Why (part 2)."""
    evaluations_used: Narrative | None = None
    """Each evaluation, assessment, record and report used (part 3)."""
    options_considered: Narrative | None = None
    """Other options and why they were rejected (part 6)."""
    other_factors: Narrative | None = None
    """Other factors (part 7)."""


class SameSetAsPeers(Value):
    """One set of the plan that is also that of most plans around it."""

    section: Line
    """Goals, services or accommodations."""
    same: int
    """So many of the peers have it word for word."""
    nearly: int
    """So many more have it nearly so."""


class BesidePeers(Value):
    """How the plan stood beside the plans around it when it was adopted (the measure: `contracts.individual`)."""

    peers: int
    same: tuple[SameSetAsPeers, ...] = ()


@event("plan.adopted")
class PlanAdopted(Event):
    """The plan binds from ``effective_on``; once more on the same plan (annual review): a new version."""

    plan_id: PlanId
    kind: PlanKind
    meeting_id: MeetingId | None = None
    """The meeting that decided it."""
    items: tuple[Item, ...]
    """All items; one that was in the plan before and is not here ends."""
    review_due_on: date | None = None
    """IEP: the annual review, at the latest. 504: by the district's policy."""
    notice_ids: tuple[NoticeId, ...] = ()
    """The notices given before."""
    beside_peers: BesidePeers | None = None
    """Absent where there were fewer than ten to compare it with, or nobody compared."""
    personal: AdoptionPersonalData | None = None
    notice: NoticeWordsPersonalData | None = None
    """Words for the notice that is owed of it."""
    imported: Imported | None = None
    reported: Reported | None = None


class AmendmentPersonalData(Value):
    """The team's reasons: what a prior written notice must say beyond the change itself (300.503(b))."""

    reason: Narrative
    """Why (part 2)."""
    evaluations_used: Narrative | None = None
    """Each evaluation, assessment, record and report used (part 3)."""
    options_considered: Narrative | None = None
    """Other options and why they were rejected (part 6)."""
    other_factors: Narrative | None = None
    """Other factors (part 7)."""


@event("plan.amendment_proposed")
class AmendmentProposed(Event):
    """A change to a plan in effect is proposed; nothing changes yet."""

    plan_id: PlanId
    amendment_id: AmendmentId
    basis: Basis
    changes: tuple[Change, ...]
    requested: date | Literal["earliest"] = "earliest"
    """The first day asked for, or the earliest the rules allow."""
    personal: AmendmentPersonalData
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.amendment_agreed", of=EventClass.PROOF)
class AmendmentAgreed(Event):
    """On ``effective_on`` rights holders agreed in writing to a change without a meeting, after it was proposed.

    300.324(a)(4)(i). It is about not meeting; which items are agreed to says `ConsentAnswered`.
    """

    plan_id: PlanId
    amendment_id: AmendmentId
    holder_ids: tuple[HolderId, ...]
    """Who agreed."""
    counts: bool = True
    """One of them held the right to decide on that day. If not, it is what these people signed, and no agreement."""
    document: DocumentRef | None = None
    """The signed page."""
    reported: Reported | None = None

    @property
    def agreement(self) -> WrittenAgreement:
        """What the amendment rests on from now on, where it counts."""
        return WrittenAgreement(
            agreed_on=self.effective_on, holder_ids=self.holder_ids, document=self.document
        )


class ConsentPersonalData(Value):
    """What the person added."""

    comment: Narrative


@event("plan.consent_answered", of=EventClass.PROOF)
class ConsentAnswered(Event):
    """Somebody accepted or refused named items; the same person's later answer to an item holds."""

    plan_id: PlanId
    amendment_id: AmendmentId | None = None
    """Always there in what is recorded here. Consent to first services is `plan.services_consent_answered`."""
    consent_id: UUID
    holder_id: HolderId
    """Who answered."""
    counts: bool = True
    """The person held the right to decide on that day. If not, it is that person's answer and never consent."""
    items: tuple[ItemId, ...]
    decision: ConsentDecision
    method: ConsentMethod
    language: LanguageTag | None = None
    """In which it was explained and given."""
    document: DocumentRef | None = None
    """The signed page."""
    personal: ConsentPersonalData | None = None
    waives_time: bool | None = None
    """True: they let the change begin before the state's time since the notice has passed, where that may be waived."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.amendment_adopted")
class AmendmentAdopted(Event):
    """The named items change from ``effective_on``; all others and the annual review date stay (300.324(a)(4), (6))."""

    plan_id: PlanId
    amendment_id: AmendmentId
    changes: tuple[Change, ...]
    """Exactly those that bind."""
    withheld: tuple[ItemId, ...] = ()
    """Items of the proposal that do not change, for want of consent."""
    notice_ids: tuple[NoticeId, ...] = ()
    """The prior written notices given before."""
    reported: Reported | None = None


@event("plan.amendment_withdrawn")
class AmendmentWithdrawn(Event):
    """The amendment is withdrawn; if it had been adopted, it leaves no change."""

    plan_id: PlanId
    amendment_id: AmendmentId
    personal: ReasonPersonalData
    reported: Reported | None = None


class CorrectedChange(Value):
    """The one change a correction is about: an event, and the item in it."""

    event_id: EventId
    item_id: ItemId


class CorrectionPersonalData(Value):
    """What was wrong, and how it is known."""

    what_was_wrong: Narrative
    evidence: Narrative
    """Proof of what was truly decided."""


@event("plan.corrected")
class PlanCorrected(Event):
    """The text misreported a decision; the right text holds over that change's whole span.

    The wrong text stays visible. ``effective_on`` is the first day of the change it corrects.
    """

    plan_id: PlanId
    correction_id: UUID
    corrects: CorrectedChange
    item: Item
    """The right text, in full."""
    personal: CorrectionPersonalData
    requested_by: PersonRef
    approved_by: PersonRef
    """A second person."""
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class StatementPersonalData(Value):
    """The statement, in the writer's own words, unedited."""

    text: Narrative


@event("plan.statement_added")
class StatementAdded(Event):
    """A parent's or adult student's statement; kept and disclosed with the record, it changes nothing (300.620)."""

    plan_id: PlanId
    statement_id: UUID
    holder_id: HolderId
    personal: StatementPersonalData
    via: RequestVia | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.review_held")
class ReviewHeld(Event):
    """The plan was reviewed on ``effective_on``."""

    plan_id: PlanId
    meeting_id: MeetingId | None = None
    outcome: ReviewOutcome
    review_due_on: date | None = None
    """The next review, if this one moves it."""
    personal: ReasonPersonalData | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class Revocation(Value):
    """Consent to all services is taken back (300.300(b)(4)); it counts in writing, and not for what was given before."""

    holder_id: HolderId
    """Who revoked."""
    revoked_on: date
    """The day on the letter."""
    method: ConsentMethod
    document: DocumentRef | None = None


@event("plan.ended")
class PlanEnded(Event):
    """The plan no longer binds; ``effective_on`` is the first day without it."""

    plan_id: PlanId
    reason: PlanEnd
    personal: ReasonPersonalData | None = None
    notice_ids: tuple[NoticeId, ...] = ()
    revocation: Revocation | None = None
    """Of ``consent_revoked``: by whom and how."""
    reported: Reported | None = None


@event("plan.reopened")
class PlanReopened(Event):
    """An end no longer holds: it rested on a mistake of fact, or the student is back. The plan says what it said.

    ``effective_on`` is the first day it binds again; of a mistake the day of the end, as though there had been none.
    """

    plan_id: PlanId
    reopening_id: UUID
    ended_by: EventId
    """The end that no longer holds; it stays visible."""
    ground: ReopeningGround
    personal: ReasonPersonalData
    requested_by: PersonRef
    approved_by: PersonRef
    """A second person."""
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.voided")
class PlanVoided(Event):
    """The plan never bound: it was made for the wrong student, or twice. It stays in the record, struck through.

    ``effective_on`` is the day on which that was stated.
    """

    plan_id: PlanId
    void_id: UUID
    ground: VoidGround
    duplicate_of: PlanId | None = None
    """Of ``duplicate``: the plan that stands."""
    personal: ReasonPersonalData
    requested_by: PersonRef
    approved_by: PersonRef
    """A second person."""
    holder_ids: tuple[HolderId, ...] = ()
    """The rights holders who were told that it never bound."""
    staff_ids: tuple[StaffId, ...] = ()
    """Those of the staff who had relied on it and were told."""
    notice_ids: tuple[NoticeId, ...] = ()
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class ExitSummaryPersonalData(Value):
    """What the summary says."""

    academic_achievement: Narrative | None = None
    functional_performance: Narrative | None = None
    recommendations: Narrative | None = None
    """How to be helped towards what is to come after school."""
    what_worked: Narrative | None = None
    """Which accommodations helped, and how they were used."""
    student_statement: Narrative | None = None
    """The student's own words, unedited."""


@event("plan.exit_summary_given")
class ExitSummaryGiven(Event):
    """A student who leaves with a diploma or by age was given a Summary of Performance (300.305(e)(3)).

    Of a Section 504 plan it is the handover: what worked, and the student's own words.
    """

    plan_id: PlanId
    exit_summary_id: UUID
    to_student: bool
    """The student was given it."""
    holder_ids: tuple[HolderId, ...] = ()
    """The rights holders who were given it too."""
    channel: Channel
    language: LanguageTag | None = None
    items: tuple[ItemId, ...] = ()
    """The accommodations of the plan that worked."""
    personal: ExitSummaryPersonalData | None = None
    document: DocumentRef | None = None
    """The summary itself."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.item_holder_assigned")
class ItemHolderAssigned(Event):
    """A staff member carries out an item from ``effective_on``."""

    plan_id: PlanId
    item_id: ItemId
    staff_id: StaffId
    ends_on: date | None = None
    """Last day, if it is known at the start."""


@event("plan.item_holder_ended")
class ItemHolderEnded(Event):
    """The staff member no longer carries out the item; ``effective_on`` is the first day without them."""

    plan_id: PlanId
    item_id: ItemId
    staff_id: StaffId


@event("plan.staff_informed", of=EventClass.PROOF)
class StaffInformed(Event):
    """A staff member was told of their duties under these items (300.323(d))."""

    plan_id: PlanId
    staff_id: StaffId
    items: tuple[ItemId, ...]
    how: Line
    """E.g. ``in person``, ``read it in Handrail``."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


PlanEvent: TypeAlias = (
    DraftOpened
    | DraftShared
    | DraftDropped
    | PlanAdopted
    | AmendmentProposed
    | AmendmentAgreed
    | ConsentAnswered
    | AmendmentAdopted
    | AmendmentWithdrawn
    | PlanCorrected
    | StatementAdded
    | ReviewHeld
    | PlanEnded
    | PlanReopened
    | PlanVoided
    | ExitSummaryGiven
    | ItemHolderAssigned
    | ItemHolderEnded
    | StaffInformed
)
