"""The items of the sample district's plans: what a team would write of a need, or a group of a limit."""

from datetime import date, timedelta
from random import Random

from handrail.plan_items import Items, Json
from handrail.sample.needs import Given, Limit, Need

REPORT_WEEKS: tuple[int, ...] = (11, 23, 35)
"""After which weeks of a plan progress is reported."""
TRANSITION_FROM = 9
"""The grade from which a plan says what comes after school."""


def iep_items(
    items: Items,
    chance: Random,
    need: Need,
    grade: int,
    start: date,
    ends: date,
    *,
    english: bool = True,
    quarterly: bool = True,
) -> list[Json]:
    """Every part of an IEP. ``quarterly``: how often progress is reported; else once, with the report card."""
    baseline = chance.randint(*need.baselines)
    target = baseline + need.gain if need.goal else 60
    levels = items.present_levels(
        chance.choice(need.levels).format(baseline=baseline), start - timedelta(days=21), need.area
    ) | {"effect": need.effect, "strengths": chance.choice(need.strengths),
         "parents_concerns": chance.choice(need.concerns)}  # fmt: skip
    return [
        levels,
        *(_goal(items, need, levels, start, baseline, target) if need.goal else items.sorting_goal(levels, start)),
        *(service(items, chance, given, start, ends) for given in need.services),
        *(items.accommodation(what, list(where), "regular_education_teacher", start, why)
          for what, where, why in need.accommodations),
        *_modification(items, need, start),
        items.placement(need.percent_with_peers),
        *_transition(items, chance, grade, start),
        _reports(items, start, quarterly=quarterly),
        _assessment(items, need),
        *_factors(items, need, english=english),
        _technology(items, need),
        _summer(items, need, start),
    ]  # fmt: skip


def section_504_items(items: Items, limit: Limit, start: date) -> list[Json]:
    """Every part of a Section 504 plan."""
    since = start.isoformat()
    return [
        {"id": items.new_id(), "kind": "activity_limited", "activity": limit.activity, "how": limit.how,
         "impairment": limit.impairment, "evidence": "Physician's letter, nurse's log, teachers' notes."},
        *(items.accommodation(what, list(where), role, start, limit.how)
          for what, where, role in limit.accommodations),
        {"id": items.new_id(), "kind": "school_services", "what": limit.services, "need": limit.how,
         "where": ["everywhere"], "responsible_role": "school_nurse", "since": since,
         "how_checked": "Nurse's log, every month."},
        items.no_technology("What the student brings is enough."),
    ]  # fmt: skip


def service(items: Items, chance: Random, given: Given, start: date, ends: date) -> Json:
    """A service of a need."""
    return items.service(
        given.code, chance.choice(given.minutes), given.sessions, given.role, start, ends,
        location=given.location, group=given.group, setting=given.setting,
    )  # fmt: skip


def _goal(items: Items, need: Need, levels: Json, start: date, baseline: int, target: int) -> list[Json]:
    return [
        {"id": items.new_id(), "kind": "goal", "area": need.area, "present_levels": levels["id"],
         "statement": need.goal.format(target=target), "baseline": str(baseline), "target": str(target),
         "unit": need.unit, "measure_method": need.method, "criterion": need.criterion.format(target=target),
         "results_needed": need.results_needed, "due_on": (start + timedelta(days=364)).isoformat()}
    ]  # fmt: skip


def _modification(items: Items, need: Need, start: date) -> list[Json]:
    if not need.modification:
        return []
    text = items.accommodation(
        need.modification,
        ["class", "homework"],
        "special_education_teacher",
        start,
        "The pace of the unit is too fast.",
    )
    return [text | {"kind": "modification"}]


def _transition(items: Items, chance: Random, grade: int, start: date) -> list[Json]:
    if grade < TRANSITION_FROM:
        return []
    work, course = chance.choice(
        [("in a kitchen", "Culinary arts"), ("with animals", "Animal science"), ("as an electrician", "Construction trades"),
         ("in an office", "Business technology"), ("in a nursery school", "Child development")]
    )  # fmt: skip
    text = {
        "id": items.new_id(), "kind": "transition", "training": f"After school learns to work {work}, with a certificate.",
        "education": "Enrolls at the community college.", "employment": f"Works {work}, twenty hours a week or more.",
        "independent_living": "Takes the bus alone; keeps a budget.",
        "assessments": "Interest inventory and two job shadowings of last spring.",
        "services": "Job coach two afternoons a month; visit to the college's disability office.", "courses": course,
    }  # fmt: skip
    if grade >= 11:
        text["told_of_rights_on"] = (start - timedelta(days=14)).isoformat()
    return [text]


def _reports(items: Items, start: date, *, quarterly: bool) -> Json:
    weeks, how = REPORT_WEEKS, "In a written report to the parents, with the data."
    if not quarterly:
        weeks, how = REPORT_WEEKS[-1:], "With the report card of the year's end, on a page with the data."
    days = [(start + timedelta(weeks=week, days=1)).isoformat() for week in weeks]
    return {"id": items.new_id(), "kind": "progress_schedule", "how": how, "report_dates": days}


def _assessment(items: Items, need: Need) -> Json:
    text: Json = {"id": items.new_id(), "kind": "assessment", "assessment": "State assessment"}
    if need.alternate:
        return text | {"participation": "alternate", "reason": need.alternate}
    return text | {"participation": "with_accommodations", "accommodations": ["extended time", "small group"]}


def _factors(items: Items, need: Need, *, english: bool) -> list[Json]:
    answered = [need.factor] if need.factor else []
    if not english:
        answered.append(
            {"factor": "limited_english", "answer": "yes", "reason": "Another language is spoken at home.",
             "supports": "Key words of each unit in both languages."}
        )  # fmt: skip
    return items.factors(*answered)


def _technology(items: Items, need: Need) -> Json:
    text: Json = {"id": items.new_id(), "kind": "assistive_technology", "considered": True}
    if not need.device:
        return text | {"need": "Considered; not needed now."}
    return text | {"need": "The hand tires before the thought.", "device_or_service": need.device,
                   "provided_by": "the school", "bought_by": "the district", "trained_by": "the occupational therapist",
                   "training": "Four sessions, by the occupational therapist."}  # fmt: skip


def _summer(items: Items, need: Need, start: date) -> Json:
    text: Json = {
        "id": items.new_id(),
        "kind": "extended_school_year",
        "considered": True,
        "needed": bool(need.summer),
    }
    if not need.summer:
        return text | {"reason": "Skills were kept over the last two breaks."}
    year = start.year + (1 if start.month >= 7 else 0)
    return text | {
        "reason": "After the last two summers it took until November to regain what had been learned.",
        "services": need.summer, "starts_on": date(year, 7, 6).isoformat(), "ends_on": date(year, 7, 31).isoformat(),
    }  # fmt: skip
