"""Where a made thing is read: every ``Location`` of a 201 answers, and so does the answer that comes again."""

import re
from typing import Any

from contracts.ids import new_id
from contracts.items import item_fields
from plan_service.testing_plans import MOTHER, SPEECH, iep_items, speech
from plan_service.testing_plans_store import CHILD
from plan_service.testing_service import EVERYTHING, ON_ONE_SERVICE

pytestmark = ON_ONE_SERVICE

IEP = [item_fields(entry) for entry in iep_items()]
BY_FILE = {"/plan/v1/students/{student_id}/documents", "/plan/v1/plans/{plan_id}/draft-shares"}
"""Take a file, or name one: their own tests send it."""


class Walk:
    """Posts, and reads what each answer says was made."""

    def __init__(self, lakeside: Any) -> None:
        self.lakeside = lakeside
        self.walked: set[str] = set()

    async def post(self, path: str, body: Any = None, **more: Any) -> Any:
        key = str(new_id())
        scopes = " ".join(EVERYTHING)
        made = await self.lakeside.send("POST", path, body, scopes=scopes, key=key, expect=201, **more)
        again = await self.lakeside.send("POST", path, body, scopes=scopes, key=key, expect=201, **more)
        blind = await self.lakeside.send("POST", path, body, scopes=scopes, key=key, expect=201)
        for answer in (again, blind):  # The second without If-Match: it is answered before that is asked for.
            assert answer.headers["location"] == made.headers["location"], path
        at = made.headers["location"].removeprefix("/plan/v1")
        read = await self.lakeside.send("GET", at, scopes=scopes)
        assert (read.status_code, read.json()["id"]) == (200, made.json()["id"]), (path, at, read.text)
        self.walked.add(f"/plan/v1{path}")
        return made


async def test_every_post_that_makes_something_says_where_it_is_read(lakeside: Any) -> None:
    walk, today, child = Walk(lakeside), lakeside.today.isoformat(), f"/students/{CHILD}"

    school = (await walk.post("/schools", {"name": "Lakeside Elementary"})).json()["id"]
    await walk.post("/bank", {"kind": "goal", "title": "Reading", "text": "{student} will read aloud."})
    role = {"role": "special_education_director", "starts_on": "2020-08-01"}
    staff = (await walk.post("/staff", {"given_name": "Ada", "family_name": "Roe", "roles": [role]})).json()[
        "id"
    ]
    await walk.post("/students", {"given_name": "Leo", "family_name": "Quill", "birth_date": "2015-01-02"})
    await walk.post(f"{child}/enrolment", {"school": school, "from": today})
    await walk.post(f"{child}/contacts", {"given_name": "Luz", "family_name": "Quill"})
    held = {"starts_on": "2015-01-01"}
    father = await walk.post(f"{child}/rights-holders", {
        "name": "L. Quill", "ground": "biological_parent", "rights": {"notice": held, "record": held}, "language": "en",
        "confirmed_by": staff})  # fmt: skip
    await walk.post(f"{child}/assignments", {"staff": staff, "role": "case_manager", "from": today})
    await walk.post(f"{child}/releases", {
        "holder": father.json()["id"], "recipient": "Bayside College", "purpose": "college", "records": ["plan"],
        "method": "paper_signature"})  # fmt: skip
    await walk.post(f"{child}/disputes", {"kind": "mediation", "filed_by": "family", "holder": str(MOTHER)})
    await walk.post(f"{child}/requests", {"kind": "meeting", "via": "letter", "holder": str(MOTHER)})
    referral = {"kind": "initial", "laws": ["idea"], "source": "parent", "holder": str(MOTHER)}
    evaluation = f"{child}/evaluations/{(await walk.post(f'{child}/evaluations', referral)).json()['id']}"
    await walk.post(f"{evaluation}/consent-requests", {"holders": [str(MOTHER)], "channel": "letter"})
    await walk.post(f"{evaluation}/consents", {
        "holder": str(MOTHER), "decision": "accepted", "method": "paper_signature"})  # fmt: skip
    await walk.post(
        f"{evaluation}/extensions", {"ground": "moved_in", "due_on": today, "holder": str(MOTHER)}
    )
    assessed = {"assessments": [{"area": "motor", "on": today, "staff": staff}]}
    await lakeside.send("POST", f"{evaluation}/completion", assessed, expect=200)
    await walk.post(f"{child}/reevaluation-waivers", {"holder": str(MOTHER), "method": "oral"})
    await walk.post(f"{child}/eligibility", {
        "determination": {
            "law": "idea", "eligible": True, "categories": ["autism"], "needs_special_education": True},
        "evaluation": evaluation.rpartition("/")[2],
        "members": [{"person": {"kind": "staff", "staff_id": staff}},
                    {"person": {"kind": "rights_holder", "holder_id": str(MOTHER)}}]})  # fmt: skip
    transfer = await walk.post(f"{child}/transfers", {
        "kind": "504", "same_state": False, "same_year": True, "district": "Bayside", "says": "Snacks in class."})  # fmt: skip
    came = f"{child}/transfers/{transfer.json()['id']}"
    await walk.post(
        f"{came}/comparable-services", {"services": [{"service": "school_nurse"}], "starts_on": today}
    )
    await walk.post(f"{came}/records-requests", {"recipient": "Bayside", "channel": "email"})
    removal = {"setting": "out_of_school", "from": today, "until": today}
    removed = (await walk.post(f"{child}/removals", removal)).json()["id"]
    given = {"services": [{"service": "counseling"}], "from": today, "until": today}
    await walk.post(f"{child}/removals/{removed}/services", given)
    special = {"ground": "consecutive", "removals": [removed], "change_of_placement": True}
    decision = (await walk.post(f"{child}/removal-decisions", special)).json()["id"]
    knows = ["knowledge_of_child", "knowledge_of_evaluation", "knowledge_of_placement_options"]
    review = await walk.post(f"{child}/manifestations", {
        "decision": decision, "law": "504", "by_disability": False, "by_failure": False, "sources": ["observation"],
        "members": [{"person": {"kind": "staff", "staff_id": staff}, "roles": knows}]})  # fmt: skip
    await walk.post(f"{child}/manifestations/{review.json()['id']}/steps", {"step": "returned"})
    meeting = {"student": str(CHILD), "purpose": "other", "starts_at": f"{today}T20:00:00Z"}
    at = f"/meetings/{(await walk.post('/meetings', meeting)).json()['id']}"
    mother = {"kind": "rights_holder", "holder_id": str(MOTHER)}
    await walk.post(f"{at}/invitations", {
        "person": mother, "channel": "letter", "parts": ["purpose", "time", "place", "attendees"]})  # fmt: skip
    await walk.post(f"{at}/attempts", {"person": mother, "means": "phone", "result": "no_answer"})
    await walk.post(f"{at}/attendance", {"person": mother, "roles": ["parent"], "attendance": "present"})

    made = await walk.post("/plans", {"student": str(CHILD), "kind": "iep", "items": IEP})
    plan = f"/plans/{made.json()['id']}"
    await walk.post(
        f"/students/{CHILD}/services-consent-requests", {"holders": [str(MOTHER)], "channel": "letter"}
    )
    await walk.post(f"/students/{CHILD}/services-consents", {
        "holder": str(MOTHER), "decision": "accepted", "method": "paper_signature"})  # fmt: skip
    adoption = {"effective_on": today, "meeting": str(await lakeside.meeting())}
    await lakeside.send("POST", f"{plan}/adoption", adoption, version=made.headers["etag"], expect=200)
    await walk.post(f"{plan}/draft", version=await lakeside.etag(plan))
    await walk.post(f"{plan}/draft/comments", {"text": "Is this within reach?", "item": str(SPEECH)})
    amendment = await walk.post(f"{plan}/amendments", {
        "basis": {"kind": "written_agreement", "agreed_on": today, "holder_ids": [str(MOTHER)]},
        "changes": [{"op": "replace", "item": item_fields(speech(60))}], "reason": "more time",
    }, version=await lakeside.etag(plan))  # fmt: skip
    await walk.post(f"{plan}/amendments/{amendment.json()['id']}/consents", {
        "holder": str(MOTHER), "items": [str(SPEECH)], "decision": "accepted", "method": "paper_signature"})  # fmt: skip
    await walk.post(f"{plan}/statements", {"holder": str(MOTHER), "text": "Hello."})
    await walk.post(f"{plan}/exit-summaries", {
        "channel": "letter", "academic_achievement": "a", "functional_performance": "b", "recommendations": "c"})  # fmt: skip
    (version,) = (await lakeside.send("GET", f"{plan}/versions", expect=200)).json()["items"]
    await walk.post(f"{plan}/corrections", {
        "event": version["event_id"], "item": item_fields(speech(location="Room 21")), "what_was_wrong": "the room",
        "evidence": "minutes"}, version=await lakeside.etag(plan))  # fmt: skip
    end = {"reason": "transferred", "effective_on": today}
    await lakeside.send("POST", f"{plan}/end", end, version=await lakeside.etag(plan), expect=200)
    back = {"ground": "mistake", "reason": "Another student had moved."}
    await walk.post(f"{plan}/reopenings", back, version=await lakeside.etag(plan))
    wrong = {
        "ground": "wrong_student",
        "reason": "another's",
        "told_holders": [str(MOTHER), father.json()["id"]],
    }
    await walk.post(f"{plan}/void", wrong, version=await lakeside.etag(plan))

    left = [
        path for path in await posts_that_make(lakeside) if not any(fits(path, one) for one in walk.walked)
    ]
    assert set(left) == BY_FILE


async def posts_that_make(lakeside: Any) -> list[str]:
    document = (await lakeside.http.get("/plan/v1/openapi.json")).json()
    return [
        path for path, item in document["paths"].items() if "201" in item.get("post", {}).get("responses", {})
    ]


def fits(path: str, walked: str) -> bool:
    return re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", path), walked) is not None


async def test_a_plan_asked_for_again_after_its_draft_is_answered_as_the_page_says(lakeside: Any) -> None:
    from jsonschema import Draft202012Validator

    document = (await lakeside.http.get("/plan/v1/openapi.json")).json()
    answers = document["paths"]["/plan/v1/plans"]["post"]["responses"]
    body = {"student": str(CHILD), "kind": "iep", "items": IEP, "external_id": "northwind:plan-17"}
    made = await lakeside.send("POST", "/plans", body, key="begun-once", expect=201)
    draft = f"/plans/{made.json()['id']}/draft"
    await lakeside.send("DELETE", draft, version=made.headers["etag"], expect=204)

    same_id = await lakeside.send("POST", "/plans", body, expect=200)
    same_key = await lakeside.send("POST", "/plans", body, key="begun-once", expect=201)

    for answer in (same_id, same_key):
        assert (answer.json()["id"], answer.json()["drafting"]) == (made.json()["id"], False)
        schema = answers[str(answer.status_code)]["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())
    assert same_key.headers["location"] == f"/plan/v1/plans/{made.json()['id']}", "there is no draft to read"


async def looked_at(lakeside: Any, kind: str) -> int:
    """How often the record of access says that this was shown."""
    async with lakeside.plan.database.lend(lakeside.tenant) as connection:
        return int(await connection.fetchval(
            "SELECT count(*) FROM plan.access WHERE tenant = $1 AND seen::text LIKE '%' || $2 || '%'",
            lakeside.tenant, f'"{kind}"',
        ))  # fmt: skip


async def test_what_a_write_shows_beyond_what_was_sent_stands_in_the_record_of_access(lakeside: Any) -> None:
    writes = "plan.write"
    made = await lakeside.send(
        "POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, scopes=writes, expect=201
    )
    plan = f"/plans/{made.json()['id']}"
    before = await looked_at(lakeside, "draft")

    saved = await lakeside.send(
        "PATCH", f"{plan}/draft", {"items": {}}, version=made.headers["etag"], scopes=writes, expect=200
    )
    assert await looked_at(lakeside, "draft") == before + 1

    adoption = {"effective_on": lakeside.today.isoformat(), "meeting": str(await lakeside.meeting())}
    await lakeside.send("POST", f"{plan}/adoption", adoption, version=saved.headers["etag"], expect=200)
    etag = await lakeside.etag(plan)
    await lakeside.send("POST", f"{plan}/draft", version=etag, scopes=writes, expect=201)
    assert await looked_at(lakeside, "draft") == before + 2


async def test_an_enrolment_answers_who_the_student_is_and_that_is_recorded(lakeside: Any) -> None:
    school = await lakeside.send("POST", "/schools", {"name": "Hillside"}, scopes="roster.write", expect=201)
    body = {"school": school.json()["id"], "from": lakeside.today.isoformat()}

    await lakeside.send("POST", f"/students/{CHILD}/enrolment", body, scopes="roster.write", expect=201)

    assert await looked_at(lakeside, "student") == 1
