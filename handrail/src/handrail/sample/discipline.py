"""Removals by way of discipline: a series that was looked at in time, and one at which nobody looked."""

from datetime import date, timedelta

from handrail.sample.telling import Life, Scene
from handrail.sample.world import DIRECTOR, Held, World
from handrail.stage import Stage, rights_holder, staff_member

SERIES = ((0, 3), (8, 5), (18, 3))
"""Which school days from the first on, and how many: eleven in all."""


def looked_at_in_time(scene: Scene, world: World, held: Held, on: date) -> Life:
    """Eleven days in a month: a change of placement, a manifestation; what sets it off is looked for, the boy is back."""
    days = [day for day in world.year.school_days() if day >= on]
    last = days[SERIES[-1][0] + SERIES[-1][1] - 1]
    yield last
    by, at = scene.by("director"), f"/plan/v1/students/{held.student}"
    removals = _removed(by, at, held, days)
    by.client.post(
        f"{at}/removals/{removals[-1]}/services",
        {"services": [{"service": "reading_instruction", "minutes": 45, "per": "day"}], "from": last.isoformat(),
         "until": last.isoformat(), "staff": [held.school.staff["special_education_teacher"]],
         "words": "In the library, with the special education teacher."},
    )  # fmt: skip
    decision = by.client.post(
        f"{at}/removal-decisions",
        {"ground": "pattern", "removals": removals, "change_of_placement": True, "similar_behavior": True,
         "decided_on": last.isoformat(), "behavior": "Each time something was thrown when the room was loud.",
         "length": "Three to five days each.", "total": "Eleven days in five weeks.", "closeness": "A week or two apart.",
         "staff": [world.office[DIRECTOR]]},
    )["id"]  # fmt: skip
    yield last + timedelta(days=9)
    staff = held.school.staff | world.office
    members = [
        {"person": staff_member(staff[DIRECTOR]), "roles": ["agency_representative"]},
        {"person": staff_member(staff["special_education_teacher"]), "roles": ["special_education_teacher"]},
        {"person": rights_holder(held.holder), "roles": ["parent"]},
    ]
    met_on = last + timedelta(days=9)
    found = by.client.post(
        f"{at}/manifestations",
        {"decision": decision, "law": "idea", "by_disability": True, "by_failure": False, "members": members,
         "determined_on": met_on.isoformat(), "sources": ["observation", "parent_input", "teacher_recommendations"],
         "basis": "Each time the noise had come first; the plan names it."},
    )["id"]  # fmt: skip
    for step, words in (
        ("returned", "On the next school day."),
        ("behavior_assessment_started", "By the school psychologist, in three lessons."),
    ):
        by.client.post(
            f"{at}/manifestations/{found}/steps",
            {
                "step": step,
                "done_on": met_on.isoformat(),
                "staff": staff["school_psychologist"],
                "words": words,
            },
        )


def looked_at_by_nobody(scene: Scene, world: World, held: Held, on: date) -> Life:
    """A girl with a Section 504 plan is sent home for eleven days in three times; once she is back a day sooner."""
    days = [day for day in world.year.school_days() if day >= on]
    last = days[SERIES[-1][0] + SERIES[-1][1]]
    yield last
    by, at = scene.by("director"), f"/plan/v1/students/{held.student}"
    removals = _removed(by, at, held, days, last=4)
    by.client.post(
        f"{at}/removals/{removals[-1]}/return",
        {"back_on": last.isoformat(), "reason": "The counselor asked for it."},
    )


def _removed(by: Stage, at: str, held: Held, days: list[date], last: int = SERIES[-1][1]) -> list[str]:
    series = (*SERIES[:-1], (SERIES[-1][0], last))
    return [
        by.client.post(
            f"{at}/removals",
            {"setting": "out_of_school", "from": days[first].isoformat(), "until": days[first + count - 1].isoformat(),
             "staff": held.school.staff["regular_education_teacher"], "code_of_conduct": "4.1",
             "behavior": "Threw what was at hand."},
        )["id"]
        for first, count in series
    ]  # fmt: skip
