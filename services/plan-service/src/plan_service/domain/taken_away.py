"""What no amendment takes from a plan in effect: what the law has every plan say (34 CFR 300.320, 300.324(a)(2), 104.33).

A gap that the plan had before refuses no change of something else.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from contracts.considered import SILENT_ABOUT_SUMMER, silent_about
from contracts.item_gaps import FACTORS, OBJECTIVE
from contracts.plan_gaps import ASKED, missing_kind
from contracts.problems import Reason
from contracts.vocabulary import PlanKind
from plan_service.domain.plan import Plan

CURE = "Keep it, or change it in the same amendment; a plan that is needed no more is ended: POST /plans/{id}/end."


def taken_away(before: Plan, after: Plan, day: date) -> list[Reason]:
    """What the plan would no longer say, on ``day`` or on the day of any later change; once each."""
    lines = (*before.lines.values(), *after.lines.values())
    days = {day, *(change.starts_on for line in lines for change in line if change.starts_on > day)}
    found: dict[tuple[str, str | None], Reason] = {}
    for each in sorted(filter(after.in_effect_on, days)):
        had = {(gap.code, gap.pointer) for gap in _gaps(before, each)}
        for gap in _gaps(after, each):
            key = (gap.code, gap.pointer)
            if key not in had:
                found.setdefault(
                    key, replace(gap, message=f"From {each} on: {gap.message}", cure=CURE, pointer="/changes")
                )
    return list(found.values())


def _gaps(plan: Plan, day: date) -> Iterator[Reason]:
    """What can be told from the kinds of what is in force; the text of each item is asked for when it is written."""
    there = {item_id: change for item_id in plan.lines if (change := plan.item_on(item_id, day))}
    kinds = {change.kind for change in there.values()}
    yield from (missing_kind(asked) for asked in ASKED[plan.kind] if asked.kind not in kinds)
    if plan.kind is not PlanKind.IEP:
        return
    answered = {change.factor for change in there.values()}
    if "assistive_technology" in kinds:
        answered.add("assistive_technology")
    yield from (silent_about(factor) for factor in FACTORS if factor not in answered)
    if "extended_school_year" not in kinds:
        yield SILENT_ABOUT_SUMMER
    for item_id, change in there.items():
        if change.kind == "objective" and change.goal not in there:
            yield Reason(
                "objective-of-no-goal", "An objective would be left without its annual goal.", OBJECTIVE,
                pointer=f"/items/{item_id}",
            )  # fmt: skip
