"""`handrail demo`: the main job against a running instance, told with the real answers.

Everything goes through the public HTTP surface, in a sandbox district of its own whose clock the demo moves.
"""

import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from handrail.client import Handrail, Refused
from handrail.console import out
from handrail.districts import open_district
from handrail.plan_items import Items
from handrail.sample.calendar import school_year
from handrail.stage import (
    GROUP_504_ROLES,
    IEP_ROLES,
    Family,
    School,
    Stage,
    new_external_id,
    school_days_from,
)

TENANT = "sandbox-demo"
ITEMS = Items()
LANGUAGE = {"law": "idea", "eligible": True, "categories": ["speech_or_language_impairment"],
            "needs_special_education": True}  # fmt: skip
READING = LANGUAGE | {"categories": ["specific_learning_disability"]}
DIABETES = {"law": "504", "eligible": True, "impairment": "Type 1 diabetes.",
            "limited": [{"activity": "endocrine_function", "how": "Blood sugar changes quickly."}]}  # fmt: skip
CASE_MANAGER, PROVIDER = "case_manager", "speech_language_pathologist"


class DidNotHold(AssertionError):
    """The demo met an answer that is not what it promises."""


@dataclass
class Story:
    """What has happened so far; `told` is the machine's version of the narration."""

    stage: Stage
    quiet: bool
    told: dict[str, Any] = field(default_factory=dict)
    chapter: int = 0

    @property
    def client(self) -> Handrail:
        """The district's client."""
        return self.stage.client

    def title(self, text: str) -> None:
        """A new chapter."""
        self.chapter += 1
        self.say(f"\n{self.chapter}. {text}")

    def say(self, text: str) -> None:
        """A line of narration."""
        if not self.quiet:
            out(text)

    def holds(self, name: str, value: Any, expected: Any = True) -> None:
        """Keep an answer and insist that it is what was promised."""
        self.told[name] = value
        if value != expected:
            raise DidNotHold(f"{name}: {value!r}, where {expected!r} was promised")


def play(client: Handrail, tenant: str | None = None, *, as_json: bool = False) -> bool:
    """Play all of it; returns whether everything held. Safe to run again: new students each time."""
    slug = tenant or TENANT
    district = client.for_tenant(slug)
    story = Story(Stage(district), quiet=as_json)
    try:
        _play(story, slug)
    except DidNotHold as broken:
        story.say(f"\nThis did not hold: {broken}")
        story.told["broken"] = str(broken)
        held = False
    else:
        held = True
        story.say("\nEverything held.")
    if as_json:
        print(json.dumps(story.told, default=str))
    return held


def _play(story: Story, slug: str) -> None:
    story.title(f"A district opens: {slug}, a sandbox with a clock of its own")
    open_district(
        story.client, slug, name="Demo District", time_zone="America/Chicago", profile="federal@2026-1"
    )
    today = _next_school_day(story.stage.today() + timedelta(days=1))
    story.stage.advance_to(today)
    _profile(story, today)
    school, director, nurse_office = _people(story, today)
    story.say(f"   It is {today}. {school.name} has a full team.")

    family = _iep_student(story, school, director, today)
    plan, items = _adopted(story, family, school, today)
    amendment, speech, time = _proposed(story, family, school, plan, items)
    _notified(story, family, amendment)
    adopted_on = _amended(story, family, plan, amendment, speech, time)
    _delivered(story, plan, items, speech, school, adopted_on)
    _replayed(story, family, plan, today, adopted_on)
    _letter(story, school, director)
    _reported(story, family, plan, items, school)
    _packet(story, school, director, nurse_office)


def _next_school_day(day: date) -> date:
    return school_days_from(day, 1)[0]


def _profile(story: Story, today: date) -> None:
    begins = today.year if today.month >= 7 else today.year - 1
    answer = story.client.request("GET", "/plan/v1/district")
    body = {
        "name": "Demo District", "time_zone": "America/Chicago", "state_profile": "federal@2026-1",
        "languages": ["en", "es"], "calendar": [school_year(begins + n).body() for n in (0, 1)],
        "partial_consent": True, "notice_days": 5, "mailing_days": 3,
        "office": {"name": "Office of Special Education", "phone": "(555) 010-0100",
                   "address": {"lines": ["1 Harbor Street"], "city": "Lakeside", "state": "TX", "postal_code": "75000"}},
        "help_sources": [{"name": "Lakeside Parent Center", "phone": "(555) 010-0111"}],
        "safeguards_at": "the school office, or https://lakeside.example/safeguards",
    }  # fmt: skip
    story.client.put("/plan/v1/district", body, if_match=answer.headers["etag"])


def _people(story: Story, today: date) -> tuple[School, str, dict[str, str]]:
    stage, since = story.stage, today - timedelta(days=400)
    school = stage.add_school("Lakeside Elementary")
    names = iter(
        [
            "Iris Calder",
            "Omar Holm",
            "Vera Stone",
            "Nico Reed",
            "Dalia Haddad",
            "Siri Lund",
            "Tess Brook",
            "Hugo Moss",
        ]
    )
    for role in (*IEP_ROLES, CASE_MANAGER, PROVIDER, "school_nurse", "test_coordinator"):
        given, family = next(names).split()
        stage.add_staff(given, family, role, school, since)
    director = stage.add_staff("Clara", "Wren", "special_education_director", None, since)
    office = {
        "section_504_coordinator": stage.add_staff("Amir", "Tamm", "section_504_coordinator", None, since)
    }
    return school, director, office


def _iep_student(story: Story, school: School, director: str, today: date) -> Family:
    story.title("A student, and the person who holds the rights")
    stage = story.stage
    student = stage.add_student(
        "Mira", "Quill", date(today.year - 10, 6, 20), school=school, grade="grade_4", language="es",
        external_id=new_external_id("demo"),
    )  # fmt: skip
    holder = stage.confirm_holder(
        student, "Elena Quill", since=today - timedelta(days=300), email="elena.quill@family.example", language="es",
        confirmed_by=director,
    )  # fmt: skip
    stage.assign(student, school.staff[CASE_MANAGER], CASE_MANAGER, today)
    stage.assign(student, school.staff[PROVIDER], PROVIDER, today)
    family = Family(student, holder)
    stage.found_eligible(family, LANGUAGE, today)
    story.say("   Found eligible before there was Handrail: reported from the paper file, and shown so.")
    stage.settle()
    stage.elect_email(family, "es", today)
    story.say(
        "   Her mother holds all four rights, reads Spanish, and has elected e-mail for notices (34 CFR 300.505)."
    )
    story.told |= {"student": student, "holder": holder}
    return family


def _adopted(story: Story, family: Family, school: School, today: date) -> tuple[str, list[dict[str, Any]]]:
    story.title("An IEP is drafted, and adopted at a meeting that was held")
    stage, client = story.stage, story.client
    ends = today + timedelta(days=300)
    services = [
        ITEMS.service("reading_instruction", 225, 5, "special_education_teacher", today, ends),
        ITEMS.service("speech_language_therapy", 30, 1, PROVIDER, today, ends),
    ]
    items = ITEMS.iep_items(
        today, levels="Sorts objects into groups of up to 10 with a model to copy.", services=services
    )
    draft = client.post("/plan/v1/plans", {"student": family.student, "kind": "iep", "items": items[:1]})
    plan = draft["id"]
    story.say(f"   The first draft may be incomplete. Missing still: {_missing(draft)}")
    patch = {"items": {item["id"]: item for item in items}}
    etag = client.etag(f"/plan/v1/plans/{plan}/draft")
    draft = client.request("PATCH", f"/plan/v1/plans/{plan}/draft", json=patch, if_match=etag).json()
    story.holds("the whole draft lacks", draft["missing"], [])
    story.say(f"   Now nothing is missing. {_advised(draft)}")
    meeting = stage.meeting(family, school, "initial", today, IEP_ROLES, plan=plan)
    try:
        bad = {"effective_on": today.isoformat()}
        client.post(
            f"/plan/v1/plans/{plan}/adoption", bad, if_match=client.etag(f"/plan/v1/plans/{plan}/draft")
        )
        raise DidNotHold("an IEP was adopted without its meeting")
    except Refused as refused:
        story.holds("adoption without its meeting", refused.status, 409)
        story.say("   Adopting it without naming the meeting is refused:\n" + _indented(str(refused)))
    _consented(story, family, plan, meeting, today)
    adopted = stage.adopt(plan, today, meeting)
    story.say(f"   Adopted at the meeting: in force from {today}, review due {adopted.get('review_due_on')}.")
    story.told |= {"plan": plan, "meeting": meeting}
    return plan, items


def _consented(story: Story, family: Family, plan: str, meeting: str, today: date) -> None:
    """First services wait for consent to them."""
    try:
        story.stage.adopt(plan, today, meeting)
        raise DidNotHold("a first IEP was adopted without consent to its services")
    except Refused as refused:
        story.holds("adoption without consent to first services", refused.status, 409)
    story.stage.consent_to_services(family, today, plan=plan, language="es")
    story.say(
        "   Her mother consents to the first services, in writing; before that it is refused (34 CFR 300.300(b))."
    )


def _missing(draft: dict[str, Any]) -> str:
    missing = draft.get("missing", [])
    first = "; ".join(f"{row['detail']} [{row.get('citation', 'practice')}]" for row in missing[:2])
    return f"{len(missing)} things, the first: {first}"


def _advised(draft: dict[str, Any]) -> str:
    advice = draft["advice"]
    if not advice:
        return "Each goal is specific, measurable, attainable, relevant and time-bound."
    return f"Advice, never in the way: {advice[0]['detail']} [{advice[0]['citation']}]"


def _proposed(
    story: Story, family: Family, school: School, plan: str, items: list[dict[str, Any]]
) -> tuple[str, str, str]:
    story.title("An amendment is proposed: speech from 30 to 60 minutes, extended time ends")
    client = story.client
    today = _next_school_day(story.stage.today() + timedelta(days=10))
    story.stage.advance_to(today)
    speech = next(i for i in items if i.get("service") == "speech_language_therapy")
    time = next(i for i in items if i["kind"] == "accommodation")
    body = {
        "basis": {"kind": "written_agreement", "agreed_on": today.isoformat(), "holder_ids": [family.holder]},
        "changes": [
            {"op": "replace", "item": speech | {"minutes": 60, "sessions_per": 2}},
            {"op": "end", "item": time["id"]},
        ],
        "effective_on": "earliest", "reason": "She is understood by few people outside her family.",
        "evaluations_used": "Speech sample and teacher questionnaire of last week.",
        "options_considered": "Going on with one session: too little practice between sessions.",
        "other_factors": "None.",
    }  # fmt: skip
    proposed = client.post(
        f"/plan/v1/plans/{plan}/amendments", body, if_match=client.etag(f"/plan/v1/plans/{plan}")
    )
    story.told["amendment"] = proposed["id"]
    try:
        client.post(
            f"/plan/v1/plans/{plan}/amendments/{proposed['id']}/adoption", {"effective_on": today.isoformat()},
            if_match=client.etag(f"/plan/v1/plans/{plan}"),
        )  # fmt: skip
        raise DidNotHold("an amendment took effect without notice")
    except Refused as refused:
        story.holds("adoption before notice", refused.status, 409)
        story.say("   It cannot take effect yet:\n" + _indented(str(refused)))
    return proposed["id"], speech["id"], time["id"]


def _notified(story: Story, family: Family, amendment: str) -> None:
    story.title("Prior written notice goes out by itself, in Spanish, by e-mail")
    notice = story.stage.wait_for_notice(family.student, amendment)
    story.told["notice"] = notice["id"]
    story.holds("notice given by", notice.get("channel"), "email")
    story.say(
        f"   Notice {notice['id']}: {notice['status']}, by {notice.get('channel')}, in {notice.get('language')}."
    )


def _amended(story: Story, family: Family, plan: str, amendment: str, speech: str, time: str) -> date:
    story.title("She consents to more speech, and refuses the rest")
    client, stage = story.client, story.stage
    for item, decision in ((speech, "accepted"), (time, "refused")):
        client.post(
            f"/plan/v1/plans/{plan}/amendments/{amendment}/consents",
            {"holder": family.holder, "items": [item], "decision": decision, "method": "paper_signature",
             "language": "es"},
        )  # fmt: skip
    at = f"/plan/v1/plans/{plan}"
    answer = stage.once_heard(
        lambda: client.post(
            f"{at}/amendments/{amendment}/adoption", {"effective_on": "earliest"}, if_match=client.etag(at)
        )
    )
    effective = date.fromisoformat(answer["effective_on"])
    story.say(
        f"   Adopted, in force from {effective}: the first lawful day. Withheld for want of consent: 1 item."
    )
    story.holds("withheld", [str(i) for i in answer.get("withheld", [])], [time])
    stage.advance_to(effective)
    return effective


def _delivered(
    story: Story, plan: str, items: list[dict[str, Any]], speech: str, school: School, start: date
) -> None:
    story.title("Sessions are given and missed; the first results of the goal come in")
    client = story.client
    days = school_days_from(start, 10)
    story.stage.advance_to(days[-1], hour=17)
    client.post(
        "/progress/v1/schedules",
        {"plan": plan, "item": speech, "staff": school.staff[PROVIDER], "minutes": 30, "from": start.isoformat(),
         "weekdays": sorted({day.isoweekday() for day in days[::3]})},
    )  # fmt: skip
    for n, day in enumerate(days[::3]):
        missed = n == 1
        body: dict[str, Any] = {
            "plan": plan, "item": speech, "on": day.isoformat(), "minutes": 30,
            "status": "missed" if missed else "delivered", "provider": school.staff[PROVIDER],
        }  # fmt: skip
        if missed:
            body["reason"] = "provider_absent"
        client.post("/progress/v1/sessions", body)
    objective = next(i for i in items if i["kind"] == "objective" and i["order"] == 1)
    for day, value in ((days[2], "9"), (days[5], "14"), (days[8], "21")):
        result = client.post(
            "/progress/v1/measurements",
            {"plan": plan, "item": objective["id"], "measured_on": day.isoformat(), "value": value,
             "unit": "objects", "by": school.staff["special_education_teacher"]},
        )  # fmt: skip
    story.holds("20 of 60 objects mastered", result.get("masters"))
    student = story.told["student"]
    delivery = client.get(
        f"/progress/v1/students/{student}/delivery", **{"from": start.isoformat(), "to": days[-1].isoformat()}
    )
    story.told["delivery"] = delivery
    story.say("   9, 14, then 21 of 60 objects: the first objective (20 by 31 December) is reached.")
    goal = next(i for i in items if i["kind"] == "goal")
    progress = client.get(f"/progress/v1/items/{goal['id']}/progress")
    story.say("   " + progress.get("in_words", ""))
    drawn = client.request("GET", f"/progress/v1/items/{goal['id']}/progress.svg").content
    story.holds("the goal is drawn", drawn[:4] == b"<svg")
    report = client.post(
        "/progress/v1/reports",
        {"plan": plan, "from": start.isoformat(), "until": days[-1].isoformat(),
         "narratives": {goal["id"]: "Sorts by color on her own now; by shape with a look at the model."}},
    )  # fmt: skip
    printed = client.request("GET", f"/progress/v1/reports/{report['id']}.pdf").content
    story.holds("a progress report is issued, and stays as it is", printed[:5] == b"%PDF-")


def _replayed(story: Story, family: Family, plan: str, first: date, changed: date) -> None:
    story.title("What bound the school, and what it knew")
    client = story.client
    story.stage.settle()
    before = changed - timedelta(days=1)
    then = client.get(f"/plan/v1/plans/{plan}", effective_on=before.isoformat())
    now = client.get(f"/plan/v1/plans/{plan}", effective_on=changed.isoformat())
    unknown = client.get(
        f"/plan/v1/plans/{plan}", effective_on=changed.isoformat(), known_at=first.isoformat()
    )
    story.holds("speech minutes the day before", _minutes(then), 30)
    story.holds("speech minutes on the day", _minutes(now), 60)
    story.holds("speech minutes on the day, as known at adoption", _minutes(unknown), 30)
    story.say(f"   Speech on {before}: 30 minutes. On {changed}: 60. On {changed}, as known on {first}: 30.")
    diff = client.get(
        f"/plan/v1/plans/{plan}/diff", **{"from": before.isoformat(), "to": changed.isoformat()}
    )
    for difference in diff["differences"]:
        story.say("   Difference: " + str(difference.get("words") or difference.get("text") or difference))
    versions = client.get(f"/plan/v1/plans/{plan}/versions")
    story.holds("versions", len(versions.get("items", versions)), 2)
    timeline = client.get(
        f"/audit/v1/students/{family.student}/timeline", after_event=client.last_event, limit=100
    )
    entries = timeline["items"]
    story.holds(
        "timeline tells of all services", {e["source"] for e in entries} >= {"plan", "progress", "notify"}
    )
    story.say(f"   The timeline, {len(entries)} entries across all services; the last five:")
    for entry in entries[-5:]:
        story.say(f"     {entry['effective_on']}  {entry['what']}")
    replay = client.get(f"/audit/v1/plans/{plan}", effective_on=before.isoformat())
    story.holds("audit-service replays the same", _minutes(replay), 30)


def _minutes(document: dict[str, Any]) -> int | None:
    for held in document["items"]:
        item = held.get("item", held)
        if item.get("service") == "speech_language_therapy":
            minutes: int = item["minutes"]
            return minutes
    return None


def _letter(story: Story, school: School, director: str) -> None:
    story.title("A parent who has not elected e-mail gets a letter")
    stage, client = story.stage, story.client
    today = stage.today()
    student = stage.add_student("Ezra", "Lark", date(today.year - 9, 3, 4), school=school, grade="grade_3")
    holder = stage.confirm_holder(
        student, "Ruth Lark", since=today - timedelta(days=30), email=None, confirmed_by=director,
        address=("12 Cedar Street", "Lakeside", "TX", "75000"),
    )  # fmt: skip
    family = Family(student, holder)
    stage.found_eligible(family, READING, today)
    ends = today + timedelta(days=250)
    taught = ITEMS.service("reading_instruction", 150, 5, "special_education_teacher", today, ends)
    items = ITEMS.iep_items(today, levels="Reads 38 words a minute.", reading=(38, 80), services=[taught])
    plan = client.post("/plan/v1/plans", {"student": student, "kind": "iep", "items": items})["id"]
    meeting = stage.meeting(family, school, "initial", today, IEP_ROLES, plan=plan)
    stage.consent_to_services(family, today, plan=plan)
    stage.adopt(plan, today, meeting)
    reading = next(i for i in items if i["kind"] == "service")
    amendment = client.post(
        f"/plan/v1/plans/{plan}/amendments",
        {"basis": {"kind": "written_agreement", "agreed_on": today.isoformat(), "holder_ids": [holder]},
         "changes": [{"op": "replace", "item": reading | {"minutes": 200}}], "effective_on": "earliest",
         "reason": "Probes stay flat.", "evaluations_used": "Six weekly probes.",
         "options_considered": "Another six weeks as it is.", "other_factors": "None."},
        if_match=client.etag(f"/plan/v1/plans/{plan}"),
    )  # fmt: skip
    notice = stage.wait_for_notice(student, amendment["id"], until=("to_post", "given", "sent"))
    pdf = client.request("GET", f"/notify/v1/notices/{notice['id']}.pdf").content
    story.holds("the letter is a PDF", pdf[:5] == b"%PDF-")
    story.say(
        f"   Notice {notice['id']}: {notice['status']}; a tagged PDF of {len(pdf)} bytes waits to be posted."
    )


def _reported(story: Story, family: Family, plan: str, items: list[dict[str, Any]], school: School) -> None:
    story.title("Something happened that a rule would have refused: it is recorded as it was")
    client = story.client
    today = story.stage.today()
    reading = next(i for i in items if i.get("service") == "reading_instruction")
    body = {
        "basis": {"kind": "written_agreement", "agreed_on": today.isoformat(), "holder_ids": [family.holder]},
        "changes": [{"op": "replace", "item": reading | {"location": "Room 21"}}],
        "effective_on": today.isoformat(), "reason": "Room 12 was flooded.",
    }  # fmt: skip
    amendment = client.post(
        f"/plan/v1/plans/{plan}/amendments", body, if_match=client.etag(f"/plan/v1/plans/{plan}")
    )["id"]
    happened = {
        "source": "paper file",
        "reason": "The room changed the same day.",
        "occurred_on": today.isoformat(),
    }
    adopted = client.post(
        f"/plan/v1/plans/{plan}/amendments/{amendment}/adoption",
        {"effective_on": today.isoformat(), "reported": happened}, if_match=client.etag(f"/plan/v1/plans/{plan}"),
    )  # fmt: skip
    unmet = (adopted.get("reported") or {}).get("unmet", [])
    story.holds("reported, with the rules it left unmet", len(unmet) > 0)
    story.say(
        "   Reported, not decided here. Unmet: "
        + "; ".join(f"{u['code']} [{u.get('citation')}]" for u in unmet)
    )
    found = client.get(
        "/audit/v1/findings", student=family.student, rule="idea.pwn-before", after_event=client.last_event
    )["items"]
    broken = [each for each in found if each["state"] in ("overdue", "met_late", "missed")]
    story.holds("found by the rule it broke, with its events", any(each["events"] for each in broken))
    for each in broken[:1]:
        story.say(f"   Found: {each['says']} [{each['rule']}, {each['cite']}: {each['state']}]")


def _packet(story: Story, school: School, director: str, office: dict[str, str]) -> None:
    story.title("A 504 student leaves for college, and her packet goes with her consent only")
    stage, client = story.stage, story.client
    today = stage.today()
    student = stage.add_student("June", "Feld", date(today.year - 19, 1, 3), school=school, grade="grade_12")
    holder = stage.confirm_holder(
        student, "June Feld", since=today - timedelta(days=200), email="june.feld@student.example",
        ground="adult_student", confirmed_by=director,
    )  # fmt: skip
    family = Family(student, holder)
    stage.found_eligible(family, DIABETES, today)
    plan = client.post(
        "/plan/v1/plans", {"student": student, "kind": "504", "items": ITEMS.section_504_items(today)}
    )["id"]
    meeting = stage.meeting(
        family, school, "section_504_decision", today, GROUP_504_ROLES, plan=plan, staff=office
    )
    stage.adopt(plan, today, meeting)
    stage.settle()
    recipient = {"name": "Harbor College, Disability Office"}
    asked = {"student": student, "plan": plan, "purpose": "college", "recipient": recipient}
    try:
        client.post("/audit/v1/packets", asked)
        raise DidNotHold("a packet went out without a release")
    except Refused as refused:
        story.holds("packet without release", refused.status in {409, 422})
        story.say("   Without her release it is refused:\n" + _indented(str(refused)))
    release = client.post(
        f"/plan/v1/students/{student}/releases",
        {"holder": holder, "recipient": recipient["name"], "purpose": "college", "signed_on": today.isoformat(),
         "records": ["plan", "accommodations", "plan_history"], "method": "paper_signature"},
    )  # fmt: skip
    stage.settle()
    packet = client.post("/audit/v1/packets", asked | {"release": release["id"]})
    content = client.request("GET", f"/audit/v1/packets/{packet['id']}/download").content
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    story.told["packet"] = names
    proofs = [name for name in names if name.startswith("proofs/")]
    story.holds("the packet holds a PDF and the events", {"plan.pdf", "events.jsonl"} <= set(names))
    story.holds("the packet holds proofs", bool(proofs))
    files = ", ".join(name for name in names if name not in proofs)
    story.say(
        f"   Packet {packet['id']}: {files}, and {len(proofs)} proofs: `handrail verify` needs nothing else."
    )


def _indented(text: str) -> str:
    return "\n".join("     " + line for line in text.splitlines())
