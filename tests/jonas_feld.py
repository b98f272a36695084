"""The second history of law.md 8: Jonas Feld's 504 plan, then college; every event by HTTP on its day."""

import time
from datetime import date
from random import Random
from typing import Any

from running import Instance
from worked import EARLIER, District

from handrail.client import Refused
from handrail.plan_items import Items
from handrail.stage import Family

ROLES = ("school_nurse", "regular_education_teacher", "counselor", "test_coordinator")
COLLEGE = "Harbor College, Disability Office"
Told = dict[str, Any]


def tell(instance: Instance) -> tuple[District, Told]:
    """All of it that has routes; returns the district and the ids of what was made."""
    at = District(instance, "sandbox-jonas", date(2024, 9, 4), ROLES)
    told: Told = {}
    family = _family(at, told)
    _found_and_planned(at, family, told)
    _reviewed_late(at, told)
    _comes_of_age(at, family, told)
    _to_college(at, told)
    at.settle()
    return at, told


def _family(at: District, told: Told) -> Family:
    student = at.add_student("Jonas", "Feld", date(2008, 3, 3), school=at.school, grade="grade_11")
    father = at.confirm_holder(
        student, "Karl Feld", since=EARLIER, email="karl.feld@family.example", confirmed_by=at.director
    )
    told |= {"student": student, "father": father, "at": f"/plan/v1/students/{student}"}
    return Family(student, father)


def _found_and_planned(at: District, family: Family, told: Told) -> None:
    evaluations = f"{told['at']}/evaluations"
    referral = {"kind": "initial", "laws": ["504"], "source": "parent", "holder": family.holder}
    evaluation = at.client.post(evaluations, referral)["id"]
    at.to(date(2024, 9, 9))
    signed = {"holder": family.holder, "decision": "accepted", "method": "paper_signature"}
    at.client.post(f"{evaluations}/{evaluation}/consents", signed)
    decided_on = date(2024, 9, 19)
    day = at.to(decided_on)
    looked = [{"area": "health", "on": "2024-09-12", "staff": at.staff("school_nurse")}]
    summary = {"assessments": looked, "summary": "Type 1 diabetes: glucose changes quickly."}
    at.client.post(f"{evaluations}/{evaluation}/completion", summary)
    group = [
        at.member("school_nurse", "knowledge_of_evaluation"),
        at.member("regular_education_teacher", "knowledge_of_child"),
        at.member("counselor", "knowledge_of_placement_options"),
    ]
    found = {"law": "504", "eligible": True, "impairment": "Type 1 diabetes.",
             "limited": [{"activity": "endocrine_function"}, {"activity": "eating"}]}  # fmt: skip
    at.client.post(
        f"{told['at']}/eligibility",
        {"determination": found, "evaluation": evaluation, "members": group, "determined_on": day,
         "sources": ["medical_report", "parent_input"]},
    )  # fmt: skip
    begins = date(2024, 9, 23)
    items = Items(Random(3)).section_504_items(begins)
    a1, a2, a3, a4 = (item["id"] for item in items if item["kind"] == "accommodation")
    made = at.client.post("/plan/v1/plans", {"student": family.student, "kind": "504", "items": items})
    path = f"/plan/v1/plans/{made['id']}"
    told |= {"plan": made["id"], "path": path, "a1": a1, "a2": a2, "a3": a3, "a4": a4}
    adoption = {"effective_on": begins.isoformat(), "review_due_on": "2025-09-19"}
    told["first"] = at.decide(f"{path}/adoption", adoption, of=f"{path}/draft")
    at.client.post(
        f"{path}/items/{a3}/holders", {"staff": at.staff("test_coordinator"), "from": begins.isoformat()}
    )


def _reviewed_late(at: District, told: Told) -> None:
    at.to(date(2025, 9, 22))
    told["due_on_2025_09_22"] = at.client.get("/plan/v1/caseload")["items"][0]
    day = at.to(date(2025, 9, 25))
    at.decide(
        f"{told['path']}/reviews", {"outcome": "continued", "held_on": day, "review_due_on": "2026-09-19"}
    )
    day = at.to(date(2025, 10, 1))
    left = at.staff("test_coordinator")
    at.client.post(f"/plan/v1/staff/{left}/end", {"on": day})
    at.client.post(f"{told['path']}/items/{told['a3']}/holders/{left}/end", {"on": day})
    at.to(date(2025, 10, 15))
    told["a3_on_2025_10_15"] = at.in_force(told["plan"], date(2025, 10, 15))[told["a3"]]
    day = at.to(date(2025, 10, 20))
    follows = at.add_staff("Ben", "Ode", "test_coordinator", at.school, date(2025, 10, 20))
    at.client.post(f"{told['path']}/items/{told['a3']}/holders", {"staff": follows, "from": day})
    informed = {"staff": follows, "items": [told["a3"]], "on": day, "how": "in person"}
    at.client.post(f"{told['path']}/informed", informed)


def _comes_of_age(at: District, family: Family, told: Told) -> None:
    came_of_age = date(2026, 3, 3)
    at.to(came_of_age)
    told["adult"] = at.confirm_holder(
        family.student, "Jonas Feld", since=came_of_age, email="jonas.feld@student.example",
        ground="adult_student", confirmed_by=at.director,
    )  # fmt: skip
    at.to(date(2026, 3, 20))
    releases = f"{told['at']}/releases"
    release = {"recipient": COLLEGE, "purpose": "college", "method": "paper_signature",
               "records": ["plan", "accommodations", "evaluation_summary"]}  # fmt: skip
    try:
        at.client.post(releases, release | {"holder": family.holder})
        raise AssertionError("the father released the record of an adult")
    except Refused as refused:
        told["fathers_release"] = refused
    at.to(date(2026, 4, 13))
    told["release"] = at.client.post(releases, release | {"holder": told["adult"]})["id"]


def _to_college(at: District, told: Told) -> None:
    at.to(date(2026, 5, 20))
    at.settle()
    packet = {
        "student": told["student"],
        "plan": told["plan"],
        "purpose": "college",
        "recipient": {"name": COLLEGE},
    }
    try:
        at.client.post("/audit/v1/packets", packet)
        raise AssertionError("a packet went out without the student's release")
    except Refused as refused:
        told["without_release"] = refused
    told["packet"] = at.client.post("/audit/v1/packets", packet | {"release": told["release"]})
    day = at.to(date(2026, 6, 12))
    at.decide(f"{told['path']}/end", {"reason": "graduated", "effective_on": day})
    at.to(date(2026, 8, 20))


# --- 2030 and 2031 ---

PASSWORD = "correct horse battery"


def held_in_2030(at: District, told: Told) -> None:
    """Counsel expects a claim; the family is told, asks nothing, and the office may not destroy."""
    nora = at.add_staff("Nora", "Vale", "compliance_officer", None, EARLIER)
    for login, staff, role in (
        ("clara-wren", at.director, "special_education_director"), ("nora-vale", nora, "compliance_officer"),
    ):  # fmt: skip
        account = {"staff": staff, "name": login, "role": role, "password": PASSWORD}
        at.client.put(f"/audit/v1/accounts/{login}", account)
    told["clara"] = at.client.signed_in("clara-wren", PASSWORD)
    told["nora"] = at.client.signed_in("nora-vale", PASSWORD)
    day = at.to(date(2030, 6, 15))
    at.settle()
    hold = {"student": told["student"], "ground": "litigation", "matter": "Feld v. Lakeside",
            "reason": "Counsel expects a claim about the tests of October 2025.", "review_on": "2031-06-30"}  # fmt: skip
    told["hold"] = told["clara"].post("/audit/v1/holds", hold)
    assert told["hold"]["set_on"] == day
    at.to(date(2030, 7, 1))
    at.to(date(2030, 7, 2))
    try:
        _ask(told)
        raise AssertionError("a record under a legal hold was let go")
    except Refused as refused:
        told["kept"] = refused
    # A refusal names no event that a later question could wait for.
    deadline = time.monotonic() + 60
    while not _is_told(at, told, "destruction.refused"):
        assert time.monotonic() < deadline, "the refusal has not come to the timeline"
        time.sleep(0.1)


def _is_told(at: District, told: Told, type_: str) -> bool:
    entries = at.client.every(f"/audit/v1/students/{told['student']}/timeline")
    return any(each["type"] == type_ for each in entries)


def destroyed_in_2031(at: District, told: Told) -> None:
    """The hold is released; one asks, another approves, and the keys are destroyed."""
    at.to(date(2031, 2, 1))
    release = f"/audit/v1/holds/{told['hold']['id']}/release"
    told["released"] = told["clara"].post(release, {"reason": "The time to file a claim has run out."})
    asked = _ask(told)
    told["destruction"] = f"/audit/v1/destructions/{asked['id']}"
    try:
        told["nora"].post(f"{told['destruction']}/approval")
        raise AssertionError("one person did both")
    except Refused as refused:
        told["alone"] = refused
    told["ordered"] = told["clara"].post(f"{told['destruction']}/approval")
    deadline = time.monotonic() + 60
    while (shown := told["clara"].get(told["destruction"]))["status"] != "destroyed":
        assert time.monotonic() < deadline, shown
        time.sleep(0.3)
    told["destroyed"] = shown
    at.settle()
    _erased(at, told)


def _ask(told: Told) -> Told:
    """By the policy of the district: the family was told by letter on 1 July 2030."""
    body = {"student": told["student"], "classes": ["identity", "record", "proof"], "ground": "no_longer_needed",
            "told": {"told_on": "2030-07-01", "channel": "letter"}}  # fmt: skip
    asked: Told = told["nora"].post("/audit/v1/destructions", body)
    return asked


def _erased(at: District, told: Told) -> None:
    """Every service has heard of it."""
    deadline = time.monotonic() + 60
    for path in (f"{told['at']}", f"/progress/v1/students/{told['student']}/delivery?from=2025-09-01&to=2025-10-01",
                 f"/notify/v1/notices?student={told['student']}", f"/audit/v1/packets/{told['packet']['id']}"):  # fmt: skip
        while not _says_gone(at, path):
            assert time.monotonic() < deadline, path
            time.sleep(0.2)


def _says_gone(at: District, path: str) -> bool:
    try:
        shown = at.client.get(path)
    except Refused as refused:
        return refused.status == 410
    return shown.get("items") == []
