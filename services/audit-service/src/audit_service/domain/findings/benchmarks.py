"""Whether a child comes nearer to its goals, and whether the parents are told: 34 CFR 300.320(a)(3)."""

from collections.abc import Iterator
from datetime import date

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import Finding, State
from audit_service.domain.findings.plan import PlanFacts
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.waiting import waiting
from contracts.event import Recorded
from contracts.items import AnyItem, Goal, Objective, ProgressSchedule
from contracts.progress import (
    BenchmarkMeasured,
    MeasurementVoided,
    ProgressReportIssued,
    ProgressReportVoided,
)


def measurements(record: StudentRecord) -> list[Recorded[BenchmarkMeasured]]:
    """Measurements that were not struck out, by their days."""
    struck = {e.event.measurement_id for e in record.of(MeasurementVoided)}
    found = [e for e in record.of(BenchmarkMeasured) if e.event.measurement_id not in struck]
    return sorted(found, key=lambda each: each.effective_on)


def objectives(record: StudentRecord) -> Iterator[tuple[PlanFacts, Objective]]:
    """Every dated objective of an IEP, in its last text; one that was ended before its day is left out."""
    for plan in record.ieps:
        for item_id, line in plan.lines.items.items():
            last = max(line, key=lambda each: each.key)
            before = [
                each.item
                for each in sorted(line, key=lambda each: each.key)
                if isinstance(each.item, Objective)
            ]
            if before and before[-1].due_on is not None:
                withdrawn = last.item is None and last.effective_on <= before[-1].due_on
                if not withdrawn and before[-1].id == item_id:
                    yield plan, before[-1]


def _of(record: StudentRecord, objective: Objective) -> list[Recorded[BenchmarkMeasured]]:
    """Of the objective itself, or of its goal."""
    return [e for e in measurements(record) if e.event.item_id in (objective.id, objective.goal)]


def missed_objectives(
    record: StudentRecord,
) -> Iterator[tuple[PlanFacts, Objective, Recorded[BenchmarkMeasured] | None]]:
    """Objectives whose day has passed and whose last measurement by then was not at the target."""
    for plan, objective in objectives(record):
        due_on = objective.due_on
        if due_on is None or due_on >= record.today or objective.target is None:
            continue
        taken = [
            e
            for e in measurements(record)
            if e.event.item_id in (objective.id, objective.goal) and e.effective_on <= due_on
        ]
        if not taken:
            continue
        goal = plan.items_on(due_on).get(objective.goal) if objective.goal else None
        value, target = taken[-1].event.value, objective.target
        if value > target if _counts_down(goal) else value < target:
            yield plan, objective, taken[-1]


def _counts_down(goal: AnyItem | None) -> bool:
    return isinstance(goal, Goal) and None not in (goal.baseline, goal.target) and goal.target < goal.baseline  # type: ignore[operator]


@rule("idea.benchmark-measured")
def benchmarks_are_measured(record: StudentRecord) -> Iterator[Finding]:
    """By its date each objective is measured, itself or by its goal. One that was taken out of the plan before is not asked."""
    for plan, objective in objectives(record):
        due_on = objective.due_on
        assert due_on is not None
        began = min(c.effective_on for c in plan.lines.items[objective.id])
        if due_on < began or not any(plan.binds_on(day) for day in (min(due_on, record.today), began)):
            continue
        taken = next((e for e in _of(record, objective) if e.effective_on >= began), None)
        measured_on = taken.effective_on if taken else None
        ended = taken is None and not plan.binds_on(min(due_on, record.today))
        yield record.finding(
            "idea.benchmark-measured", objective.id, began, f"{{{objective.id}}} passed {due_on} unmeasured"
            + (f", measured {taken.effective_on}." if taken else "."),
            state=State.NOT_APPLICABLE if ended else None, due_on=due_on, done_on=measured_on,
            kept="The plan ended before." if ended else f"{{{objective.id}}} measured {measured_on}, due {due_on}.",
            due=f"{{{objective.id}}} is to be measured by {due_on}.", events=(taken,), plan=plan.plan_id, item=objective.id,
            cure="Measure it.",
        )  # fmt: skip


@rule("idea.progress-report")
def parents_get_progress_reports(record: StudentRecord) -> Iterator[Finding]:
    """On each day that the IEP's own schedule names, the parents are given a report on the progress toward every goal."""
    yield from waiting(record, "idea.progress-report")
    struck = {e.event.report_id for e in record.of(ProgressReportVoided)}
    issued = [e for e in record.of(ProgressReportIssued) if e.event.report_id not in struck]
    for plan in record.ieps:
        for day in _report_days(plan, record.today):
            mine = [e for e in issued if e.event.plan_id == plan.plan_id and e.event.due_on == day]
            lacking = [_goals_lacking(plan, e) for e in mine]
            whole = next((e for e, lacks in zip(mine, lacking, strict=True) if not lacks), None)
            if whole is None and not plan.binds_on(min(day, record.today)):
                continue
            lacks = ", ".join(f"{{{goal}}}" for goal in lacking[-1]) if lacking else ""
            sent_on = whole.effective_on if whole else None
            says = f"Report due {day}, {{late}} days late."
            if sent_on is not None:
                says = f"Report due {day}, sent {sent_on}, {{late}} days late."
            elif lacks:
                says = f"Report due {day} says nothing of {lacks}."
            yield record.finding(
                "idea.progress-report", f"{plan.plan_id} {day}", day, says, due_on=day, done_on=sent_on,
                kept=f"Report due {day}, sent {sent_on}.", due=f"Report due {day}.", events=[whole] if whole else mine,
                plan=plan.plan_id, cure="Issue the report, with every goal.",
            )  # fmt: skip


def _report_days(plan: PlanFacts, today: date) -> list[date]:
    """The days named by the text that holds on them; those ahead by the text that holds today."""
    days: set[date] = set()
    for on in (*plan.turning_days, today):
        for item in plan.items_on(min(on, today)).values():
            if isinstance(item, ProgressSchedule):
                days |= set(item.report_dates or ())
    return sorted(
        day
        for day in days
        if any(
            isinstance(item, ProgressSchedule) and day in (item.report_dates or ())
            for item in plan.items_on(min(day, today)).values()
        )
    )


def _goals_lacking(plan: PlanFacts, report: Recorded[ProgressReportIssued]) -> list[object]:
    said = {goal.item_id for goal in report.event.goals}
    goals = [item for item in plan.items_on(report.event.last_on).values() if isinstance(item, Goal)]
    return [goal.id for goal in goals if goal.id not in said]
