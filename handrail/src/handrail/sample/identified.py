"""How a group found a student eligible before the plan: on paper, from where it is reported (34 CFR 300.306, 104.35)."""

from datetime import date, timedelta

from handrail.plan_items import Json
from handrail.sample.needs import LIMITS, Limit
from handrail.sample.notices import notice_of_it, notice_words
from handrail.sample.world import Held
from handrail.stage import GROUP_504_ROLES, Stage, rights_holder, staff_member

CATEGORIES = (
    "specific_learning_disability",
    "speech_or_language_impairment",
    "other_health_impairment",
    "autism",
)
ON_A_TELEPHONE_CALL = 9
"""The Section 504 plan for which nobody evaluated anything: a mother rang."""


def found_eligible(manager: Stage, held: Held, office: dict[str, str]) -> None:
    """By the group, three weeks before the meeting."""
    on = held.meets_on - timedelta(days=21)
    if held.is_iep:
        found: Json = {"law": "idea", "eligible": True, "categories": [CATEGORIES[held.number % len(CATEGORIES)]],
                       "needs_special_education": True}  # fmt: skip
        manager.found_eligible(held.family, found, on)
        return
    limit = LIMITS[held.number % len(LIMITS)]
    found = {"law": "504", "eligible": True, "impairment": limit.impairment,
             "limited": [{"activity": limit.activity}]}  # fmt: skip
    if held.number == ON_A_TELEPHONE_CALL:
        manager.found_eligible(held.family, found, on)
        return
    staff = held.school.staff | office
    group: list[Json] = [{"person": rights_holder(held.holder)}]
    group += [
        {"person": staff_member(staff[role]), "roles": brings} for role, brings in GROUP_504_ROLES.items()
    ]
    manager.found_eligible(
        held.family, found, on, evaluation=_evaluated(manager, held, limit, on), members=group,
        sources=["medical_report", "observation"], basis=limit.how,
    )  # fmt: skip
    _told(manager, held, limit)


def _evaluated(manager: Stage, held: Held, limit: Limit, on: date) -> str:
    """From what was there already: nothing that needed consent (34 CFR 104.35)."""
    staff, asked_on = held.school.staff, on - timedelta(days=21)
    evaluations = f"/plan/v1/students/{held.student}/evaluations"
    made: str = manager.client.post(
        evaluations,
        {"kind": "initial", "laws": ["504"], "source": "teacher", "staff": staff["regular_education_teacher"],
         "referred_on": asked_on.isoformat(), "words": limit.how, "reported": _on_paper(asked_on)},
    )["id"]  # fmt: skip
    manager.client.post(
        f"{evaluations}/{made}/completion",
        {"completed_on": on.isoformat(), "summary": limit.how, "reported": _on_paper(on),
         "assessments": [
             {"area": "health", "what": "Physician's letter, nurse's log", "on": asked_on.isoformat(), "existing": True,
              "staff": staff["school_nurse"]},
             {"area": "observation", "what": "The teachers' notes of a month", "on": on.isoformat(), "existing": True,
              "staff": staff["regular_education_teacher"]}]},
    )  # fmt: skip
    return made


def _on_paper(on: date) -> Json:
    return {"source": "paper file", "reason": "It was done before.", "occurred_on": on.isoformat()}


def _told(manager: Stage, held: Held, limit: Limit) -> None:
    """Notice of what was found, and of the four rights of 34 CFR 104.36."""
    notice_of_it(
        manager,
        {"student": held.student, "holder": held.holder, "kind": "section_504_notice",
         "action": f"The group finds a disability under Section 504. {limit.impairment}",
         **notice_words(
             limit.how,
             "The physician's letter, the nurse's log, the teachers' notes.",
             "Help without a plan: it would end with the school year.",
         ),
         "external_id": f"sis:identified-{held.child.number}"},
    )  # fmt: skip
