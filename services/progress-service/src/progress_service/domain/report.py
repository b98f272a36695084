"""Progress reports on the plan's own schedule (34 CFR 300.320(a)(3)(ii)): drafted from the record, frozen when issued.

A report speaks of the time since the date before it. Issued once, it is never made anew: what was wrong with it is struck
through as a whole, and another one is issued.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import assert_never, cast
from uuid import UUID

from contracts.event import Event, Json
from contracts.fields import ItemId, PlanId, StudentId
from contracts.goals.progress import GoalProgress
from contracts.goals.words import in_words
from contracts.items import Objective
from contracts.problems import Reason, Rejected
from contracts.progress import ReportEvent
from contracts.progress_reports import (
    MOST_POINTS,
    GoalPersonalData,
    GoalReported,
    PointReported,
    ProgressReportIssued,
    ProgressReportVoided,
    ReportPersonalData,
    ServiceReported,
)
from contracts.service_delivery import ServiceDelivery
from contracts.values import DocumentRef, Reported, VoidPersonalData
from progress_service.domain.known import Basis
from progress_service.domain.refusals import cannot_be_true, wrong_day

CENT = Decimal("0.01")


class ReportAlreadyIssued(Rejected):
    """A report answers this date already: it is never made anew."""

    code = "report-already-issued"

    def __init__(self, report_id: UUID, due_on: date) -> None:
        super().__init__(
            f"A report for {due_on} was issued, and is never made anew. If it was wrong, void it "
            "(POST /progress/v1/reports/{id}/void) and issue another.",
            report=report_id,
            due_on=due_on,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """One report's state; empty before it is issued."""

    report_id: UUID | None = None
    plan_id: PlanId | None = None
    student_id: StudentId | None = None
    external_id: str | None = None
    issued_on: date | None = None
    document: Json = field(default_factory=dict)
    """As the API answers it: as it was issued, for ever."""
    voided: str | None = None


def evolve(report: Report, event: Event) -> Report:
    """The report with one more fact."""
    known = cast(ReportEvent, event)
    match known:
        case ProgressReportIssued():
            return Report(
                report_id=known.report_id, plan_id=known.plan_id, student_id=known.student_id,
                external_id=known.external_id, issued_on=known.effective_on, document=report_document(known),
            )  # fmt: skip
        case ProgressReportVoided():
            return replace(report, voided=known.personal.reason)
        case _:
            assert_never(known)


def report_document(issued: ProgressReportIssued) -> Json:
    """A report as the API answers it: as it was issued, for ever."""
    told = {each.item_id: each for each in issued.personal.goals}
    goals = [
        each.model_dump(mode="json", exclude_none=True)
        | told[each.item_id].model_dump(mode="json", exclude_none=True)
        for each in issued.goals
        if each.item_id in told
    ]
    fields: Json = {
        "student": str(issued.student_id), "plan": str(issued.plan_id), "issued_on": str(issued.effective_on),
        "first_on": str(issued.first_on), "last_on": str(issued.last_on), "language": issued.language, "goals": goals,
        "services": [each.model_dump(mode="json", exclude_none=True) for each in issued.services],
    }  # fmt: skip
    optional = {
        "due_on": str(issued.due_on) if issued.due_on else None,
        "summary": issued.personal.summary,
        "given_name": issued.personal.given_name,
        "family_name": issued.personal.family_name,
        "plan_index": issued.plan_index,
        "progress_index": issued.progress_index,
        "document": issued.document.model_dump(mode="json") if issued.document else None,
        "external_id": issued.external_id,
        "reported": issued.reported.model_dump(mode="json", exclude_none=True) if issued.reported else None,
    }
    return fields | {name: value for name, value in optional.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """The time of which a report speaks, and the date of the schedule that it answers."""

    first_on: date
    last_on: date
    due_on: date | None


def scheduled_period(dates: Sequence[date], due_on: date, begun_on: date, today: date) -> ReportPeriod:
    """From the day after the date before (or the plan's first day) to ``due_on``, or to today where that comes first."""
    if due_on not in dates:
        named = ", ".join(str(each) for each in sorted(dates)) or "none"
        message = f"The plan's schedule has no report on {due_on}. It has: {named}."
        cannot_be_true([Reason("not-scheduled", message, pointer="/due_on")])
    before = [each for each in dates if each < due_on]
    first_on = max(max(before) + timedelta(days=1) if before else begun_on, begun_on)
    return free_period(first_on, min(due_on, today), due_on)


def free_period(first_on: date, last_on: date, due_on: date | None = None) -> ReportPeriod:
    """A report beside the schedule, or on it."""
    if last_on < first_on:
        message = f"The period would end on {last_on}, before it begins on {first_on}."
        cannot_be_true([Reason("ends-before-it-begins", message, pointer="/due_on" if due_on else "/until")])
    return ReportPeriod(first_on, last_on, due_on)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the record says for a period, before a provider writes to it."""

    plan_id: PlanId
    student_id: StudentId
    period: ReportPeriod
    goals: tuple[GoalReported, ...]
    told: tuple[GoalPersonalData, ...]
    services: tuple[ServiceReported, ...]
    pictures: tuple[GoalProgress, ...]
    basis: Basis


def goal_reported(progress: GoalProgress, mastered_on: date | None) -> tuple[GoalReported, GoalPersonalData]:
    """How a goal or objective stands, in figures and in words."""
    item = progress.item
    points = [PointReported(measured_on=point.measured_on, value=point.value) for point in progress.points]
    return (
        GoalReported(
            item_id=item.id, goal=item.goal if isinstance(item, Objective) else None, standing=progress.standing,
            target=item.target, unit=item.unit, due_on=item.due_on, points=tuple(points[-MOST_POINTS:]),
            mastered_on=mastered_on,
        ),
        GoalPersonalData(item_id=item.id, statement=item.statement, in_words=in_words(progress)),
    )  # fmt: skip


def services_reported(services: Iterable[ServiceDelivery]) -> tuple[ServiceReported, ...]:
    """What was owed and given of each service in the period."""
    return tuple(
        ServiceReported(
            item_id=each.item_id, service=each.service.service if each.service else None,
            owed=None if (owed := each.total.owed) is None
            else (Decimal(owed.numerator) / owed.denominator).quantize(CENT, ROUND_HALF_EVEN),
            delivered=each.total.given.delivered, made_up=each.total.given.made_up,
            missed=sum(each.total.given.missed.values()),
        )
        for each in services
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueReport:
    """What the provider adds to the draft."""

    report_id: UUID
    on: date
    narratives: Mapping[ItemId, str]
    summary: str | None = None
    language: str = "en"
    given_name: str | None = None
    family_name: str | None = None
    external_id: str | None = None
    reported: Reported | None = None

    def personal(self, draft: Draft) -> ReportPersonalData:
        """The report in words: refused where the provider writes of what is not in it."""
        known = {goal.item_id for goal in draft.told}
        cannot_be_true(
            [
                Reason("not-in-the-report", "The report has no such goal.", pointer=f"/narratives/{item_id}")
                for item_id in self.narratives
                if item_id not in known
            ]
        )
        goals = (
            goal.model_copy(update={"narrative": self.narratives.get(goal.item_id)}) for goal in draft.told
        )
        return ReportPersonalData(
            given_name=self.given_name, family_name=self.family_name, goals=tuple(goals), summary=self.summary
        )


def issue_report(
    command: IssueReport,
    draft: Draft,
    answered: Mapping[date, UUID],
    document: DocumentRef | None,
    today: date,
) -> list[ProgressReportIssued]:
    """Freeze the report; ``answered`` are the dates that other reports of the plan answer already."""
    due_on = draft.period.due_on
    wrong = wrong_day(command.on, today, command.reported, "/on")
    if not draft.goals:
        message = "The plan in force on the period's last day has no goal to report on."
        wrong.append(Reason("nothing-to-report", message, pointer="/plan"))
    cannot_be_true(wrong)
    if due_on is not None and due_on in answered:
        raise ReportAlreadyIssued(answered[due_on], due_on)
    return [
        ProgressReportIssued(
            effective_on=command.on, report_id=command.report_id, plan_id=draft.plan_id, student_id=draft.student_id,
            first_on=draft.period.first_on, last_on=draft.period.last_on, due_on=due_on, language=command.language,
            goals=draft.goals, services=draft.services, plan_index=draft.basis.plan, progress_index=draft.basis.progress,
            document=document, external_id=command.external_id, reported=command.reported, personal=command.personal(draft),
        )
    ]  # fmt: skip


def void_report(report: Report, reason: str) -> list[ProgressReportVoided]:
    """Strike a report through: it stays as it was issued, and answers no date. Once more changes nothing."""
    if (
        report.issued_on is None
        or report.report_id is None
        or report.plan_id is None
        or report.voided is not None
    ):
        return []
    return [
        ProgressReportVoided(
            effective_on=report.issued_on, report_id=report.report_id, plan_id=report.plan_id,
            personal=VoidPersonalData(reason=reason),
        )
    ]  # fmt: skip


class ReportState(StrEnum):
    """How a date of the plan's schedule stands."""

    ISSUED = "issued"
    ISSUED_LATE = "issued_late"
    UPCOMING = "upcoming"
    DUE = "due"
    """Today is the day."""
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class ReportDue:
    """One date of the plan's schedule."""

    plan_id: PlanId
    due_on: date
    state: ReportState
    report: UUID | None = None
    issued_on: date | None = None

    @property
    def days_late(self) -> int:
        """Calendar days after the date on which it was issued; of one that was not, nothing is said here."""
        return max(0, (self.issued_on - self.due_on).days) if self.issued_on else 0


def due_reports(
    plan_id: PlanId, dates: Iterable[date], issued: Mapping[date, tuple[UUID, date]], today: date
) -> list[ReportDue]:
    """Each date of the plan's schedule, and the report that answers it."""
    found = []
    for due_on in sorted(set(dates)):
        if due_on in issued:
            report, issued_on = issued[due_on]
            state = ReportState.ISSUED_LATE if issued_on > due_on else ReportState.ISSUED
            found.append(ReportDue(plan_id, due_on, state, report, issued_on))
        else:
            state = (
                ReportState.OVERDUE
                if due_on < today
                else ReportState.DUE
                if due_on == today
                else ReportState.UPCOMING
            )
            found.append(ReportDue(plan_id, due_on, state))
    return found
