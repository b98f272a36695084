"""The first history of law.md 8: Mira Quill's IEP, every event by HTTP on its day."""

from collections.abc import Collection
from datetime import date, timedelta
from random import Random
from typing import Any

from running import Instance
from worked import EARLIER, District, Json, school_days

from handrail.client import Refused
from handrail.plan_items import Items
from handrail.stage import Family, rights_holder, staff_member

ROLES = (
    "special_education_teacher", "regular_education_teacher", "principal", "school_psychologist",
    "speech_language_pathologist",
)  # fmt: skip
SLP, TEACHER, SPECIAL = (
    "speech_language_pathologist",
    "regular_education_teacher",
    "special_education_teacher",
)
STUDENT = {"kind": "student"}
PARTS = ["purpose", "time", "place", "attendees", "right_to_bring_others"]
Told = dict[str, Any]


def tell(instance: Instance) -> tuple[District, Told]:
    """All of it; returns the district and the ids of what was made."""
    at = District(instance, "sandbox-mira", date(2025, 9, 8), ROLES)
    told: Told = {}
    family = _family(at, told)
    _evaluated(at, family, told)
    _agreed_on_a_plan(at, family, told)
    _taught_and_missed(at, told)
    _amended_and_corrected(at, family, told)
    _removed(at, family, told)
    _reviewed(at, family, told)
    at.settle()
    return at, told


def _family(at: District, told: Told) -> Family:
    student = at.add_student(
        "Mira", "Quill", date(2010, 6, 20), school=at.school, grade="grade_9", language="es"
    )
    holder = at.confirm_holder(
        student, "Elena Quill", since=EARLIER, email="elena.quill@family.example", language="es",
        confirmed_by=at.director,
    )  # fmt: skip
    family = Family(student, holder)
    at.settle()
    told |= {"student": student, "holder": holder, "at": f"/plan/v1/students/{student}"}
    return family


def _evaluated(at: District, family: Family, told: Told) -> None:
    day = at.to(date(2025, 9, 8))
    evaluations = f"{told['at']}/evaluations"
    referral = {
        "kind": "initial",
        "laws": ["idea"],
        "source": "parent",
        "holder": family.holder,
        "referred_on": day,
    }
    told["evaluation"] = at.client.post(evaluations, referral)["id"]
    referred = at.client.last_event
    evaluation = f"{evaluations}/{told['evaluation']}"
    booklet = at.owed(family, "procedural_safeguards")
    day = at.to(date(2025, 9, 10))
    at.client.post(f"/notify/v1/notices/{booklet}/deliveries", {"channel": "handed_over", "on": day})
    told["booklet"] = at.given(booklet)
    at.elect_email(family, "es", date(2025, 9, 10))
    at.to(date(2025, 9, 15))
    told["proposal"] = at.notice(
        family,
        "The district proposes to evaluate Mira.",
        "She reads far below her grade.",
        caused_by=referred,
    )["id"]
    asked = {"holders": [family.holder], "channel": "email", "language": "es", "notice": told["proposal"]}
    at.client.post(f"{evaluation}/consent-requests", asked)
    day = at.to(date(2025, 9, 22))
    signed = {"holder": family.holder, "decision": "accepted", "method": "paper_signature", "language": "es"}
    at.client.post(f"{evaluation}/consents", signed | {"answered_on": day, "received_on": day})
    at.to(date(2025, 11, 14))
    tested = [
        {"area": area, "on": "2025-10-20", "staff": at.staff("school_psychologist")}
        for area in ("academic_performance", "communication")
    ]
    at.client.post(
        f"{evaluation}/completion", {"assessments": tested, "summary": "Reads slowly, understands well."}
    )
    at.to(date(2025, 11, 19))
    found = {"law": "idea", "eligible": True, "categories": ["specific_learning_disability"],
             "needs_special_education": True}  # fmt: skip
    members = [
        {"person": rights_holder(family.holder), "roles": ["parent"]},
        at.member(SPECIAL, "special_education_teacher"), at.member("school_psychologist", "interprets_evaluation"),
    ]  # fmt: skip
    told["eligibility"] = at.client.post(
        f"{told['at']}/eligibility", {"determination": found, "evaluation": told["evaluation"], "members": members}
    )["id"]  # fmt: skip
    copy = {"student": family.student, "recipient": {"name": "Elena Quill"}, "holder": family.holder, "ground": "own_record",
            "purpose": "other", "interest": "Her copy of the evaluation report.", "items": ["evaluation_summary"],
            "channel": "handed_over"}  # fmt: skip
    at.client.post("/audit/v1/disclosures", copy)


def _agreed_on_a_plan(at: District, family: Family, told: Told) -> None:
    day = at.to(date(2025, 11, 21))
    items = _items(told)
    plan = at.client.post(
        "/plan/v1/plans", {"student": family.student, "kind": "iep", "items": list(items.values())}
    )["id"]
    told |= {"plan": plan, "path": f"/plan/v1/plans/{plan}"}
    parent = rights_holder(family.holder)
    team = _team(at)
    meeting = at.schedule(
        family.student, "initial", date(2025, 12, 4), [(parent, ["parent"]), *team], plan=plan
    )
    told["meeting_notice"] = at.given(at.owed(family, "meeting_notice"))
    invited = {"person": parent, "channel": "email", "given_on": day, "language": "es", "parts": PARTS}
    at.client.post(f"/plan/v1/meetings/{meeting}/invitations", invited)
    excused = {"form": "written_consent", "agreed_on": "2025-12-01", "agreed_by": family.holder}
    teacher = staff_member(at.staff(TEACHER))
    at.to(date(2025, 12, 1))
    at.attend(meeting, teacher, [TEACHER], "excused", excusal=excused)
    day = at.to(date(2025, 12, 3))
    at.attend(meeting, teacher, [TEACHER], "excused", excusal=excused | {"input_received_on": day})
    held_on = date(2025, 12, 4)
    at.to(held_on)
    came = [(parent, ["parent"]), *(each for each in team if each[1] != [TEACHER])]
    version = [at.attend(meeting, person, roles) for person, roles in came][-1]
    at.hold(meeting, held_on, version, parent_present=True, interpreter_language="es")
    told["meeting"] = meeting
    at.to(date(2025, 12, 5))
    at.notice(family, "The district proposes the first IEP.", "The team decided it on 4 December.", plan=plan)
    signed_on = date(2025, 12, 8)
    at.to(signed_on)
    told["services_consent"] = at.consent_to_services(family, signed_on, plan=plan, language="es")
    begins = date(2025, 12, 9)
    at.to(begins)
    told["first"] = at.adopt(plan, begins, meeting)
    for role in (SLP, TEACHER, SPECIAL):
        _informed(at, told, role, [told["speech"], told["time"]], begins)
    at.settle()
    _scheduled(at, told, "reading", SPECIAL, [1, 2, 3, 4, 5], 45, begins)
    _scheduled(at, told, "speech", SLP, [2], 30, begins)


def _scheduled(
    at: District, told: Told, item: str, role: str, weekdays: list[int], minutes: int, begins: date
) -> None:
    """On which weekdays a service is given from now on; what was planned before ends."""
    kept = f"schedule of {item}"
    if kept in told:
        at.client.post(f"/progress/v1/schedules/{told[kept]}/end", {"on": begins.isoformat()})
    told[kept] = at.client.post(
        "/progress/v1/schedules",
        {"plan": told["plan"], "item": told[item], "staff": at.staff(role), "weekdays": weekdays, "minutes": minutes,
         "from": begins.isoformat()},
    )["id"]  # fmt: skip


def _reported(at: District, told: Told, due_on: str) -> None:
    """A progress report for a date of the plan's schedule."""
    body = {"plan": told["plan"], "due_on": due_on, "summary": "Ella lee con más calma.", "language": "es"}
    told[f"report due {due_on}"] = at.client.post("/progress/v1/reports", body)["id"]


def _items(told: Told) -> dict[str, Json]:
    make = Items(Random(1))
    begins, ends = date(2025, 12, 9), date(2026, 12, 4)
    reading = make.service("reading_instruction", 225, 5, SPECIAL, begins, ends)
    speech = make.service("speech_language_therapy", 30, 1, SLP, begins, ends)
    items = make.iep_items(
        begins, levels="Reads 38 words a minute.", services=[reading, speech], reading=(38, 80)
    )
    for item in items:
        if item["kind"] == "progress_schedule":
            item["report_dates"] = ["2026-01-30", "2026-04-10", "2026-06-12"]
    time = next(item for item in items if item["kind"] == "accommodation")
    told |= {"reading": reading["id"], "speech": speech["id"], "time": time["id"], "text": speech}
    return {item["id"]: item for item in items}


def _team(at: District) -> list[tuple[Json, list[str]]]:
    roles = {
        SPECIAL: SPECIAL, TEACHER: TEACHER, "principal": "agency_representative",
        "school_psychologist": "interprets_evaluation",
    }  # fmt: skip
    return [(staff_member(at.staff(who)), [role]) for who, role in roles.items()]


def _informed(at: District, told: Told, role: str, items: list[str], on: date) -> None:
    body = {"staff": at.staff(role), "items": items, "on": on.isoformat(), "how": "in person, with a copy"}
    at.client.post(f"{told['path']}/informed", body)


def _given(
    at: District, told: Told, first: date, last: date, speech: int = 30, removed: Collection[date] = ()
) -> None:
    """Reading every day, speech on Tuesdays, but for 3 February and the days of a removal."""
    lines: list[Json] = []
    for day in school_days(first, last):
        given = [("reading", 45, SPECIAL)]
        if day.weekday() == 1 and day != date(2026, 2, 3):
            given.append(("speech", speech, SLP))
        lines += [
            {"plan": told["plan"], "item": told[item], "on": day.isoformat(), "minutes": minutes,
             "provider": at.staff(role), "external_id": f"sis:{item}-{day}"}
            | ({"status": "missed", "reason": "student_removed"} if day in removed else {"status": "delivered"})
            for item, minutes, role in given
        ]  # fmt: skip
    at.sessions(lines)


def _taught_and_missed(at: District, told: Told) -> None:
    for first, last in ((date(2025, 12, 9), date(2026, 1, 29)), (date(2026, 1, 30), date(2026, 2, 12))):
        at.to(last)
        _given(at, told, first, last)
        if last == date(2026, 1, 29):
            _reported(at, told, "2026-01-30")


def _amended_and_corrected(at: District, family: Family, told: Told) -> None:
    at.to(date(2026, 2, 24))
    _given(at, told, date(2026, 2, 13), date(2026, 2, 24))
    speech = told["text"] | {"minutes": 60}
    amendments = f"{told['path']}/amendments"
    proposed = at.decide(
        amendments,
        {"basis": {"kind": "written_agreement"},
         "changes": [{"op": "replace", "item": speech}, {"op": "end", "item": told["time"]}],
         "effective_on": "2026-03-09", "reason": "She is not understood yet.",
         "evaluations_used": "Records of the winter.", "options_considered": "45 minutes: too few.",
         "other_factors": "None."},
    )  # fmt: skip
    told["amendment"] = proposed["id"]
    told["amendment_notice"] = at.wait_for_notice(family.student, told["amendment"])["id"]
    day = at.to(date(2026, 2, 26))
    try:
        at.decide(
            f"{amendments}/{told['amendment']}/adoption", {"effective_on": "2026-03-09"}, of=told["path"]
        )
    except Refused as refused:
        told["unagreed"] = refused
    told["agreed"] = at.client.post(
        f"{amendments}/{told['amendment']}/agreement", {"agreed_on": day, "holder_ids": [family.holder]}
    )
    answer = {"holder": family.holder, "method": "paper_signature", "answered_on": day, "language": "es"}
    for item, decision in ((told["speech"], "accepted"), (told["time"], "refused")):
        at.client.post(
            f"{amendments}/{told['amendment']}/consents", answer | {"items": [item], "decision": decision}
        )
    at.to(date(2026, 3, 2))
    at.client.post(
        "/progress/v1/sessions",
        {"plan": told["plan"], "item": told["speech"], "on": "2026-02-03", "minutes": 30, "status": "missed",
         "reason": "provider_absent"},
    )  # fmt: skip
    told_on = date(2026, 3, 6)
    at.to(told_on)
    for role in (SLP, SPECIAL):
        _informed(at, told, role, [told["speech"]], told_on)
    begins = date(2026, 3, 9)
    at.to(begins)
    _given(at, told, date(2026, 2, 25), date(2026, 3, 6))
    told["second"] = at.decide(
        f"{amendments}/{told['amendment']}/adoption", {"effective_on": begins.isoformat()}, of=told["path"]
    )
    at.settle()
    _scheduled(at, told, "speech", SLP, [2], 60, begins)
    at.to(date(2026, 3, 12))
    at.to(date(2026, 3, 16))
    _informed(at, told, TEACHER, [told["speech"]], date(2026, 3, 16))
    at.to(date(2026, 3, 20))
    _given(at, told, begins, date(2026, 3, 20), speech=60)
    history = at.client.get(f"{told['path']}/history")["entries"]
    adopted = next(each["event_id"] for each in history if each["type"] == "plan.amendment_adopted")
    correction = at.decide(
        f"{told['path']}/corrections",
        {"event": adopted, "item": speech | {"location": "Room 21"},
         "what_was_wrong": "The room was written down as 12.", "evidence": "Minutes of 26 February, page 2."},
    )["id"]  # fmt: skip
    waiting = f"{told['path']}/corrections/{correction}"
    at.second.post(f"{waiting}/approval", if_match=at.second.etag(waiting))
    at.to(date(2026, 3, 25))
    at.to(date(2026, 4, 14))
    statement = {"holder": family.holder, "text": "Necesita más tiempo, no menos.", "via": "letter"}
    at.client.post(f"{told['path']}/statements", statement)


def _removed(at: District, family: Family, told: Told) -> None:
    times = (
        (date(2026, 4, 20), date(2026, 4, 22)), (date(2026, 5, 4), date(2026, 5, 8)),
        (date(2026, 5, 18), date(2026, 5, 20)),
    )  # fmt: skip
    removals = f"{told['at']}/removals"
    removed = []
    given_until = date(2026, 3, 20)
    away = {first + timedelta(days=n) for first, last in times for n in range((last - first).days + 1)}
    for first, last in times:
        if first == date(2026, 5, 4):
            at.to(date(2026, 4, 24))
            _given(at, told, given_until + timedelta(days=1), date(2026, 4, 24), 60, away)
            given_until = date(2026, 4, 24)
            _reported(at, told, "2026-04-10")
        at.to(last)
        days = {"from": first.isoformat(), "until": last.isoformat()}
        removed.append(
            at.client.post(removals, {"setting": "out_of_school", "behavior": "Threw a chair."} | days)["id"]
        )
    told["removal_days"] = at.client.get(f"{told['at']}/removal-days")
    decided = at.client.post(
        f"{told['at']}/removal-decisions",
        {"ground": "pattern", "removals": removed, "change_of_placement": True, "similar_behavior": True,
         "behavior": "Each time something was thrown.", "length": "Three to five days.", "total": "Eleven days.",
         "closeness": "In five weeks.", "staff": [at.director]},
    )  # fmt: skip
    told["decision"] = decided
    at.notice(
        family, "The district changes the placement, by a pattern of removals.", "Eleven days in five weeks.",
        plan=told["plan"], caused_by=at.client.last_event,
    )  # fmt: skip
    at.to(date(2026, 5, 21))
    meanwhile = {"from": "2026-05-21", "until": "2026-06-01"}
    more = at.client.post(
        removals, {"setting": "out_of_school", "behavior": "Until the review."} | meanwhile
    )["id"]
    met_on = date(2026, 6, 2)
    at.to(met_on)
    at.client.post(
        f"{removals}/{more}/services",
        {"services": [{"service": "reading_instruction", "minutes": 45, "per": "day"}]} | meanwhile,
    )
    members = [
        {"person": rights_holder(family.holder), "roles": ["parent"]},
        at.member("principal", "agency_representative"), at.member(SPECIAL, "special_education_teacher"),
    ]  # fmt: skip
    found = at.client.post(
        f"{told['at']}/manifestations",
        {"decision": decided["id"], "law": "idea", "by_disability": True, "by_failure": False, "members": members,
         "determined_on": met_on.isoformat(), "sources": ["observation", "parent_input"],
         "basis": "Each time she could not make herself understood."},
    )["id"]  # fmt: skip
    told["manifestation"] = found
    day = at.to(date(2026, 6, 3))
    for step in ("behavior_assessment_started", "returned"):
        at.client.post(f"{told['at']}/manifestations/{found}/steps", {"step": step, "done_on": day})
    last = date(2026, 6, 12)
    at.to(last)
    away |= {date(2026, 5, 21) + timedelta(days=n) for n in range(13)}  # Until the day before she came back.
    _given(at, told, given_until + timedelta(days=1), last, 60, away)
    _reported(at, told, "2026-06-12")


def _reviewed(at: District, family: Family, told: Told) -> None:
    held_on = date(2026, 9, 10)
    at.to(date(2026, 7, 1))
    at.to(date(2026, 9, 1))
    parent = rights_holder(family.holder)
    team = [(parent, ["parent"]), (STUDENT, ["student"]), *_team(at)]
    meeting = at.schedule(
        family.student, "annual_review", held_on, team, plan=told["plan"], transition_discussed=True
    )
    at.to(held_on)
    version = [at.attend(meeting, person, roles) for person, roles in team][-1]
    at.hold(meeting, held_on, version, parent_present=True, interpreter_language="es")
    at.to(date(2026, 9, 11))
    at.notice(
        family, "The district proposes the next IEP, with transition.", "She is sixteen.", plan=told["plan"]
    )
    begins = date(2026, 9, 21)
    at.to(begins)
    at.decide(f"{told['path']}/draft", {}, of=told["path"])
    transition = {
        "id": Items(Random(2)).new_id(), "kind": "transition", "education": "Will study design at a college.",
        "training": "Will take a course in design.", "employment": "Will work in a print shop in the summer.",
        "assessments": "Interest inventory of June 2026.", "services": "Two visits to colleges a year.",
        "courses": "Art, English, algebra.",
    }  # fmt: skip
    told["transition"] = transition["id"]
    draft = f"{told['path']}/draft"
    at.client.request(
        "PATCH", draft, json={"items": {transition["id"]: transition}}, if_match=at.client.etag(draft)
    )
    told["third"] = at.adopt(told["plan"], begins, meeting)
    for role in (SLP, TEACHER, SPECIAL):
        _informed(at, told, role, [told["speech"], told["time"]], begins)
