"""What the routes about plans answer."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.items import Change, Item
from contracts.plan import Decided
from contracts.vocabulary import (
    Channel,
    ConsentDecision,
    ConsentMethod,
    PlanKind,
    ReopeningGround,
    RequestVia,
    ReviewOutcome,
    VoidGround,
)
from plan_service.adapters.routes.forms import ReportedOut


class Out(BaseModel):
    """What is absent has no key."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class BindingOut(Out):
    """From ``starts_on`` on the plan binds, or no longer does."""

    starts_on: date
    binds: bool


class PlanOut(Out):
    """A plan in a list. What it says: ``GET /plans/{id}``."""

    id: UUID
    student: UUID
    kind: PlanKind
    external_id: str | None = None
    drafting: bool
    """A draft is open."""
    versions: int
    """How many adoptions and amendments there have been."""
    void: bool = False
    """It never bound."""
    bindings: list[BindingOut]
    review_due_on: date | None = None
    individual_reason: str | None = None
    """Why what was last adopted is this student's own though others around it say the same, as the team said."""
    pending_amendments: list[UUID]
    version: int
    """Of the plan's record: the ETag."""
    updated_at: str


class MissingOut(Out):
    """What must be said before the plan can bind."""

    code: str
    detail: str
    citation: str | None = None
    cure: str | None = None
    pointer: str | None = None


class AdviceOut(MissingOut):
    """What would make the plan better: practice, not law; or what the law will ask within the plan's year."""

    letter: Literal["specific", "measurable", "attainable", "relevant", "time_bound"] | None = None
    """Of a goal or its objectives: the letter of SMART that the goal fails."""
    owed_on: date | None = None
    """The law asks for it from this day on."""


class MarkOut(Out):
    """Something carried forward from an earlier text that needs a decision."""

    item: UUID
    field: str | None = None
    """Absent: the item as a whole."""
    code: str
    why: str
    citation: str
    pointer: str


class CarriedFromOut(Out):
    """The earlier text a draft began with."""

    plan: UUID
    on: date
    """The day on which it was carried forward."""


class DraftOut(Out):
    """What is being written. It binds nobody."""

    id: UUID
    """The plan's."""
    student: UUID
    kind: PlanKind
    items: dict[UUID, Item]
    missing: list[MissingOut]
    """Everything its items lack to be adopted today, each with the rule that asks for it."""
    advice: list[AdviceOut]
    """Everything else worth knowing. It never stands in the way of an adoption."""
    marks: list[MarkOut]
    """What was carried forward and nobody has changed or kept yet; it stands in the way of nothing."""
    carried_from: CarriedFromOut | None = None
    version: int
    """Of the draft: the ETag for changing, dropping and adopting it."""


class AnswerOut(Out):
    """What somebody answered about an item."""

    item: UUID
    holder: UUID
    decision: ConsentDecision
    counts: bool
    """The person held the right to decide on that day."""
    written: bool
    answered_on: date


class AmendmentOut(Out):
    """A change to a plan in effect: proposed, adopted or withdrawn."""

    id: UUID
    plan: UUID
    student: UUID
    external_id: str | None = None
    status: Literal["proposed", "adopted", "withdrawn"]
    proposed_on: date
    basis: Decided | None = None
    """Absent while an agreement is sought."""
    agreement_sought: bool = False
    """Nobody who may decide has agreed yet to change the plan without a meeting: `POST .../agreement`."""
    requested: date | Literal["earliest"]
    items: list[UUID]
    changes: list[Change] | None = None
    """Of a proposal what is proposed; of an adopted amendment exactly what binds."""
    answers: list[AnswerOut] | None = None
    """Per item the last answer of each person, while it is proposed."""
    effective_on: date | None = None
    """The first day of its changes, once adopted."""
    withheld: list[UUID] | None = None
    """Items that stay as they were, for want of consent."""
    notices: list[UUID] | None = None
    """The prior written notices it rests on."""
    reported: ReportedOut | None = None
    version: int
    updated_at: str


class ConsentOut(Out):
    """An answer to items of an amendment."""

    id: UUID
    plan: UUID
    student: UUID
    external_id: str | None = None
    amendment: UUID | None = None
    holder: UUID
    items: list[UUID]
    decision: ConsentDecision
    counts: bool
    """False: recorded as that person's answer, never as consent."""
    method: ConsentMethod
    answered_on: date
    language: str | None = None
    comment: str | None = None
    waives_time: bool | None = None
    """True: they let the change begin before the state's time since the notice has passed."""
    document: UUID | None = None
    reported: ReportedOut | None = None
    version: int
    updated_at: str


class CorrectionOut(Out):
    """A correction that waits for its second person, or stands."""

    id: UUID
    plan: UUID
    student: UUID
    external_id: str | None = None
    status: Literal["pending", "approved"]
    event: UUID
    """The change that had been written down wrongly."""
    item: Item
    what_was_wrong: str
    evidence: str
    requested_by: str
    approved_by: str | None = None
    effective_on: date | None = None
    document: UUID | None = None
    reported: ReportedOut | None = None
    version: int
    """While it waits: the ETag for approving or dropping it."""
    updated_at: str | None = None


class OfTwoPeople(Out):
    """What one person has asked for and another approves."""

    id: UUID
    plan: UUID
    student: UUID
    external_id: str | None = None
    status: Literal["pending", "approved"]
    reason: str
    requested_by: str
    approved_by: str | None = None
    document: UUID | None = None
    reported: ReportedOut | None = None
    version: int
    """While it waits: the ETag for approving or dropping it."""
    updated_at: str | None = None


class ReopeningOut(OfTwoPeople):
    """An ended plan is to bind again, or does."""

    ground: ReopeningGround
    effective_on: date
    """The first day on which it binds again."""
    ended_by: UUID | None = None
    """The end that no longer holds, once that is approved."""


class VoidOut(OfTwoPeople):
    """A plan never bound, or is to be said so."""

    ground: VoidGround
    duplicate_of: UUID | None = None
    told_holders: list[UUID] = []
    told_staff: list[UUID] = []
    notices: list[UUID] = []
    voided_on: date | None = None


class StatementOut(Out):
    """A parent's or adult student's statement."""

    id: UUID
    plan: UUID
    student: UUID
    external_id: str | None = None
    holder: UUID
    text: str
    made_on: date
    via: RequestVia | None = None
    document: UUID | None = None
    reported: ReportedOut | None = None
    version: int
    updated_at: str


class ReviewOut(Out):
    """A review of the plan. There is one of each day, meeting and outcome."""

    id: UUID
    plan: UUID
    student: UUID
    external_id: str | None = None
    outcome: ReviewOutcome
    held_on: date
    meeting: UUID | None = None
    review_due_on: date | None = None
    """The next one, if this one moved it."""
    reason: str | None = None
    reported: ReportedOut | None = None
    version: int
    updated_at: str


class InformedOut(Out):
    """A staff member was told of their duties under the plan."""

    id: UUID
    plan: UUID
    student: UUID
    external_id: str | None = None
    staff: UUID
    items: list[UUID]
    on: date
    how: str
    reported: ReportedOut | None = None
    version: int
    updated_at: str


class ItemHolderOut(Out):
    """A staff member carries out an item: their last time, both days inclusive."""

    id: UUID
    plan: UUID
    student: UUID
    item: UUID
    staff: UUID
    from_: Annotated[date, Field(alias="from")]
    until: date | None = None
    """Before `from`: it was taken back before it began."""
    version: int
    updated_at: str


class MomentOut(Out):
    """A state of the plan that was compared."""

    effective_on: date
    asked_known_at: str | None = None
    known_at: str | None = None
    version: int | None = None
    status: str | None = None
    basis: dict[str, int] | None = None


class FieldDifferenceOut(Out):
    """One field of an item: what it was and what it is."""

    field: str
    before: Any = None
    after: Any = None


class DifferenceOut(Out):
    """One item that differs, with the event that made it so and a sentence."""

    item_id: UUID
    kind: str
    change: Literal["added", "ended", "changed"]
    title: str
    fields: list[FieldDifferenceOut]
    cause: Literal["decision", "correction", "withdrawal", "plan_end", "other_moment"]
    event_id: UUID | None = None
    since: date | None = None
    words: str


class DiffOut(Out):
    """What differs between two states of a plan."""

    from_: Annotated[MomentOut, Field(alias="from")]
    to: MomentOut
    differences: list[DifferenceOut]


class HistoryEntryOut(Out):
    """One event of the plan."""

    event_id: UUID
    type: str
    version: int
    index: int | None = None
    effective_on: date
    recorded_at: str
    known_at: str | None = None
    actor: dict[str, str]
    rules: str | None = None
    words: str
    """What was done, by whom, when it counts, and why."""


class HistoryOut(Out):
    """Everything recorded of the plan, in order."""

    plan: UUID
    entries: list[HistoryEntryOut]


class DraftShareOut(Out):
    """A draft that was given to rights holders."""

    id: UUID
    plan: UUID
    student: UUID
    external_id: str | None = None
    draft_version: int
    holders: list[UUID]
    given_on: date
    channel: Channel
    language: str
    document: UUID
    """The exact text given, among the student's documents."""


class ExitSummaryOut(Out):
    """What a student who leaves was given: the Summary of Performance, or the handover of a Section 504 plan."""

    id: UUID
    plan: UUID
    student: UUID
    external_id: str | None = None
    to_student: bool
    holders: list[UUID] = []
    given_on: date
    channel: Channel
    language: str | None = None
    academic_achievement: str | None = None
    functional_performance: str | None = None
    recommendations: str | None = None
    what_worked: str | None = None
    student_statement: str | None = None
    items: list[UUID] = []
    """The accommodations that worked."""
    document: UUID | None = None
    reported: ReportedOut | None = None
    version: int
    updated_at: str
