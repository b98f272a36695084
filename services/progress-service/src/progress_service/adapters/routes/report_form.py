"""A progress report as it is sent, drafted and answered."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.fields import ExternalId, LanguageTag, Measure, Narrative
from contracts.progress_reports import PointReported, ServiceReported
from contracts.values import DocumentRef
from contracts.vocabulary import GoalStanding
from progress_service.adapters.routes.asking import BasisOut
from progress_service.adapters.routes.forms import Form, ReportedIn, ReportedOut, VoidedOut
from progress_service.adapters.routes.session_form import PLAN
from progress_service.domain.report import Draft, ReportState

GOAL = "c2b7d9a4-1f6a-4a1f-8a44-7d1e5b8c9d04"
EXAMPLE: dict[str, Any] = {
    "plan": PLAN, "due_on": "2026-11-13", "narratives": {GOAL: "Colors are easy now, shapes still need a model."},
    "summary": "A good autumn.", "external_id": "northwind:report-1",
}  # fmt: skip
FREE: dict[str, Any] = {"plan": PLAN, "from": "2026-10-01", "until": "2026-10-30"}
MOST_NARRATIVES = 200


class ReportIn(Form):
    """What a provider adds to the draft, and for which date or period."""

    plan: UUID
    due_on: date | None = None
    """The date of the plan's own progress schedule that it answers."""
    first_on: date | None = Field(default=None, alias="from")
    """Beside the schedule: the first day of which it speaks."""
    last_on: date | None = Field(default=None, alias="until")
    on: date | None = None
    """The day on which it is issued; today where nothing is said."""
    narratives: dict[UUID, Narrative] = Field(default={}, max_length=MOST_NARRATIVES)
    """What the provider writes of each goal or objective, by its id."""
    summary: Narrative | None = None
    language: LanguageTag = "en"
    """The family's. In `en`, `es`, `vi`, `ar` and `zh-Hans` the report's own words are in it; in others they are English."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None


class Out(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class GoalOut(Out):
    """A goal or objective as it stood."""

    item_id: UUID
    goal: UUID | None = None
    """Of an objective: the goal it is a step of."""
    standing: GoalStanding
    target: Measure | None = None
    unit: str | None = None
    due_on: date | None = None
    points: list[PointReported]
    mastered_on: date | None = None
    statement: str | None = None
    in_words: str
    narrative: str | None = None


class DraftOut(Out):
    """What the record says now; nothing of it is kept."""

    plan: UUID
    student: UUID
    first_on: date
    last_on: date
    due_on: date | None = None
    goals: list[GoalOut]
    services: list[ServiceReported]
    plan_index: int | None = None
    progress_index: int | None = None

    @classmethod
    def of(cls, draft: Draft) -> "DraftOut":
        """As it is answered."""
        told = {each.item_id: each for each in draft.told}
        goals = [GoalOut(**goal.model_dump() | told[goal.item_id].model_dump()) for goal in draft.goals]
        return cls(
            plan=draft.plan_id, student=draft.student_id, first_on=draft.period.first_on, last_on=draft.period.last_on,
            due_on=draft.period.due_on, goals=goals, services=list(draft.services), plan_index=draft.basis.plan,
            progress_index=draft.basis.progress,
        )  # fmt: skip


class ReportOut(DraftOut):
    """A report, as it was issued."""

    id: UUID
    issued_on: date
    language: str
    summary: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    document: DocumentRef | None = None
    """The PDF, and what proves its bytes."""
    external_id: str | None = None
    reported: ReportedOut | None = None
    voided: VoidedOut | None = None
    version: int
    updated_at: str


class ReportDueOut(Out):
    """A date of the plan's progress schedule."""

    plan: UUID
    due_on: date
    state: ReportState
    report: UUID | None = None
    issued_on: date | None = None
    days_late: int | None = None


class ReportsDueOut(Out):
    """Every date of the student's plans."""

    student: UUID
    on: date
    """Today; of an earlier knowledge its day."""
    asked_known_at: str | None = None
    basis: BasisOut
    basis_text: str
    """Send it as `basis` to get the same answer again."""
    reports: list[ReportDueOut]
