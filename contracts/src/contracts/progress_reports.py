"""Progress reports, frozen as they were issued: stream ``report/{id}`` of progress-service (34 CFR 300.320(a)(3)(ii))."""

from datetime import date
from uuid import UUID

from pydantic import Field

from contracts.event import Event, Value, event
from contracts.fields import (
    Code,
    ExternalId,
    ItemId,
    LanguageTag,
    Line,
    Measure,
    Minutes,
    Name,
    Narrative,
    PlanId,
    StudentId,
)
from contracts.values import DocumentRef, Reported, VoidPersonalData
from contracts.vocabulary import GoalStanding

MOST_ITEMS = 200
MOST_POINTS = 400


class PointReported(Value):
    """One result, as it stood in the report."""

    measured_on: date
    value: Measure


class GoalReported(Value):
    """One goal or objective, as it stood in the report."""

    item_id: ItemId
    goal: ItemId | None = None
    """Of an objective: the goal it is a step of."""
    standing: GoalStanding
    target: Measure | None = None
    unit: Line | None = None
    due_on: date | None = None
    points: tuple[PointReported, ...] = Field(default=(), max_length=MOST_POINTS)
    """What was measured until then: the latest ones, where there were more."""
    mastered_on: date | None = None


class ServiceReported(Value):
    """One service in the report's period, in minutes."""

    item_id: ItemId
    service: Code | None = None
    owed: Measure | None = None
    """Rounded to two places; absent where the plan or the calendar does not say it."""
    delivered: Minutes
    made_up: Minutes
    missed: Minutes


class GoalPersonalData(Value):
    """One goal or objective in words."""

    item_id: ItemId
    statement: Narrative | None = None
    in_words: Narrative
    """How it stands, drafted from the data."""
    narrative: Narrative | None = None
    """What the provider wrote of it."""


class ReportPersonalData(Value):
    """The report in words."""

    given_name: Name | None = None
    family_name: Name | None = None
    goals: tuple[GoalPersonalData, ...] = Field(default=(), max_length=MOST_ITEMS)
    summary: Narrative | None = None


@event("progress.report_issued")
class ProgressReportIssued(Event):
    """A report on the progress towards the plan's goals was issued on ``effective_on``. It is never made anew."""

    report_id: UUID
    plan_id: PlanId
    student_id: StudentId
    first_on: date
    last_on: date
    """The period it speaks of; both days inclusive."""
    due_on: date | None = None
    """The date of the plan's own progress schedule that it answers; absent: beside the schedule."""
    language: LanguageTag = "en"
    goals: tuple[GoalReported, ...] = Field(default=(), max_length=MOST_ITEMS)
    services: tuple[ServiceReported, ...] = Field(default=(), max_length=MOST_ITEMS)
    plan_index: int | None = Field(default=None, ge=0)
    """The last entry of plan-service's log on which it rests."""
    progress_index: int | None = Field(default=None, ge=0)
    """The last entry of progress-service's log on which it rests."""
    document: DocumentRef | None = None
    """The PDF itself, kept by progress-service."""
    external_id: ExternalId | None = None
    reported: Reported | None = None
    personal: ReportPersonalData


@event("progress.report_voided")
class ProgressReportVoided(Event):
    """The report was wrong (another student, a duplicate); it stays, struck through, and answers no date.

    ``effective_on`` is the day on which it had been issued.
    """

    report_id: UUID
    plan_id: PlanId
    personal: VoidPersonalData
