"""From a referral to eligibility by HTTP: recorded, read singly and as lists, refused with reasons, told as reports."""

from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from contracts.ids import new_id
from plan_service.testing_service import ON_ONE_SERVICE, World

pytestmark = ON_ONE_SERVICE

HELD = {"starts_on": "2016-06-20"}
RIGHTS = {"decision": HELD, "record": HELD, "notice": HELD, "contact": HELD}
REPORTED = {"source": "paper file", "reason": "It was before our time.", "occurred_on": "2026-11-20"}
SIGNED = {"decision": "accepted", "method": "paper_signature", "answered_on": "2026-09-19",
          "received_on": "2026-09-22"}  # fmt: skip
IDEA = {"law": "idea", "eligible": True, "categories": ["specific_learning_disability"],
        "needs_special_education": True}  # fmt: skip
SECTION_504 = {"law": "504", "eligible": True, "impairment": "Type 1 diabetes",
               "limited": [{"activity": "endocrine_function"}, {"activity": "other", "other": "interacting"}]}  # fmt: skip
KNOWLEDGE = ["knowledge_of_child", "knowledge_of_evaluation", "knowledge_of_placement_options"]


def codes(answer: Any) -> set[str]:
    return {error["code"] for error in answer.json()["errors"]}


def without_version(shown: Any) -> Any:
    """The version is the student's: it moves on with what is recorded beside."""
    return {name: value for name, value in shown.items() if name not in ("version", "updated_at")}


@dataclass
class Child:
    """A student with a mother who decides, an aunt who does not, and somebody of the staff."""

    world: World
    at: str
    mother: str
    aunt: str
    staff: str

    async def referred(self, **fields: Any) -> str:
        """The path of an evaluation."""
        body = {"kind": "initial", "laws": ["idea", "504"], "source": "parent", "holder": self.mother,
                "referred_on": "2026-09-08"}  # fmt: skip
        made = await self.world.new(f"{self.at}/evaluations", body | fields)
        return f"{self.at}/evaluations/{made['id']}"

    async def consented(self) -> str:
        """The path of an evaluation that may go on."""
        path = await self.referred()
        await self.world.new(f"{path}/consents", SIGNED | {"holder": self.mother})
        return path

    async def complete(self, path: str, on: str = "2026-11-14", **fields: Any) -> Any:
        """Everything was assessed."""
        assessment = {"area": "academic_performance", "on": "2026-10-20", "staff": self.staff}
        body = {
            "completed_on": on,
            "assessments": [assessment],
            "summary": "Decoding is below grade.",
        } | fields
        return await self.world.post(f"{path}/completion", body)

    def determination(self, path: str, found: Any, **fields: Any) -> Any:
        """What is determined on the ground of an evaluation."""
        member = {"person": {"kind": "staff", "staff_id": self.staff}, "roles": KNOWLEDGE}
        return {
            "determination": found, "evaluation": path.rpartition("/")[2], "determined_on": "2026-11-19",
            "members": [member], "sources": ["parent_input", "observation"],
        } | fields  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module")
async def child(world: World) -> Child:
    student = await world.new(
        "/students", {"given_name": "Mira", "family_name": "Quill", "birth_date": "2016-06-20"}
    )
    at = f"/students/{student['id']}"
    staff = await world.new("/staff", {"given_name": "Dana", "family_name": "Reed"})
    aunt = await world.new(f"{at}/contacts", {"given_name": "Luz", "family_name": "Quill"})
    body = {"name": "Ana Quill", "ground": "biological_parent", "rights": RIGHTS, "language": "es",
            "confirmed_by": staff["id"]}  # fmt: skip
    mother = await world.new(f"{at}/rights-holders", body)
    return Child(world, at, mother["id"], aunt["id"], staff["id"])


async def test_a_student_is_referred_evaluated_and_found_eligible_under_both_laws(child: Child) -> None:
    world, path = child.world, await child.consented()
    asked = await world.new(f"{path}/consent-requests", {"holders": [child.mother], "channel": "letter",
                                                         "asked_on": "2026-09-15"})  # fmt: skip
    begun = (await world.get(path)).json()
    done = await child.complete(path)
    idea = await world.new(f"{child.at}/eligibility", child.determination(path, IDEA))
    other = await world.new(f"{child.at}/eligibility", child.determination(path, SECTION_504))

    assert (begun["status"], begun["consent_received_on"], begun["due_on"]) == ("consented", "2026-09-22",
                                                                               "2026-11-21")  # fmt: skip
    assert done.status_code == 200, done.text
    assert done.json()["status"] == "completed"
    assert done.json()["completion"]["in_time"] is True
    assert done.json()["completion"]["assessments"][0]["staff"] == child.staff
    steps = f"{path}/consent-requests"
    for at, made in ((child.at + "/evaluations", done.json()), (f"{child.at}/eligibility", idea),
                     (f"{child.at}/eligibility", other), (steps, asked)):  # fmt: skip
        read = (await world.get(f"{at}/{made['id']}")).json()
        assert without_version(read) == without_version(made)
    listed = (await world.get(f"{child.at}/eligibility")).json()["items"]
    assert {each["determination"]["law"] for each in listed} == {"idea", "504"}
    assert [each["id"] for each in (await world.get(steps)).json()["items"]] == [asked["id"]]


async def test_everything_is_listed_by_student_and_found_by_its_external_id(child: Child) -> None:
    world, path = child.world, await child.referred(external_id="northwind:r1")
    await world.new(f"{path}/consent-requests", {"holders": [child.mother], "channel": "email",
                                                 "external_id": "northwind:q1"})  # fmt: skip
    await world.new(f"{path}/consents", SIGNED | {"holder": child.mother, "external_id": "northwind:c1"})
    done = await child.complete(path, external_id="northwind:done1")
    again = await child.complete(path, external_id="northwind:done1")
    other = await child.complete(path, external_id="northwind:done1", summary="Another.")
    determined = child.determination(path, IDEA, external_id="northwind:e1")
    await world.new(f"{child.at}/eligibility", determined)
    waiver = {"holder": child.mother, "method": "oral", "external_id": "northwind:w1"}
    await world.new(f"{child.at}/reevaluation-waivers", waiver)

    student = child.at.rpartition("/")[2]
    for kind, id in (("evaluations", "r1"), ("consent-requests", "q1"), ("evaluation-consents", "c1"),
                     ("eligibility", "e1"), ("reevaluation-waivers", "w1")):  # fmt: skip
        found = await world.get(f"/{kind}", student=student, external_id=f"northwind:{id}")
        assert len(found.json()["items"]) == 1, kind
    twice = await world.post(f"{child.at}/eligibility", determined)
    changed = await world.post(f"{child.at}/eligibility", determined | {"basis": "Another."})
    assert (twice.status_code, changed.status_code) == (200, 409)
    assert (done.status_code, again.status_code) == (200, 200)
    assert again.json()["version"] == done.json()["version"]
    assert (other.status_code, other.json()["code"]) == (409, "external-id-taken")


async def test_the_same_key_answers_a_step_again(child: Child) -> None:
    path = await child.referred()
    headers = child.world.vendor(key="once")
    body = SIGNED | {"holder": child.mother}
    first = await child.world.post(f"{path}/consents", body, headers)
    again = await child.world.post(f"{path}/consents", body, headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()


async def test_a_refusal_says_every_reason_with_its_citation_and_cure(child: Child) -> None:
    path = await child.referred()
    answer = await child.world.post(
        f"{path}/consents", {"holder": child.aunt, "decision": "accepted", "method": "oral"}
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "evaluation-consent-refused")
    assert codes(answer) == {"consent-not-by-rights-holder", "consent-not-written"}
    assert all(error["citation"] and error["cure"] for error in answer.json()["errors"])
    assert "Quill" not in answer.text


async def test_what_happened_already_is_recorded_with_the_rules_it_left_unmet(child: Child) -> None:
    path = await child.referred()
    body = {"holder": child.aunt, "decision": "accepted", "method": "paper_signature", "reported": REPORTED}
    told = await child.world.post(f"{path}/consents", body)
    done = await child.complete(path, on="2026-11-20", reported=REPORTED)

    assert (told.status_code, told.json()["counts"]) == (201, False)
    assert [unmet["code"] for unmet in told.json()["reported"]["unmet"]] == ["consent-not-by-rights-holder"]
    assert [each["code"] for each in done.json()["completion"]["reported"]["unmet"]] == [
        "testing-without-consent"
    ]
    assert "due_on" not in done.json()


async def test_reporting_needs_its_own_scope(child: Child) -> None:
    path, writer = await child.referred(), child.world.vendor("plan.read", "plan.write")
    body = {"holder": child.mother, "decision": "refused", "method": "oral"}
    decided = await child.world.post(f"{path}/consents", body, writer)
    told = await child.world.post(f"{path}/consents", body | {"reported": REPORTED},
                                  child.world.vendor("plan.read", "plan.write"))  # fmt: skip

    assert (decided.status_code, told.status_code) == (201, 403)


async def test_a_refusal_by_the_parent_stops_the_evaluation(child: Child) -> None:
    path = await child.consented()
    await child.world.new(
        f"{path}/consents",
        {"holder": child.mother, "decision": "refused", "method": "oral", "answered_on": "2026-10-01"},
    )
    stopped = (await child.world.get(path)).json()
    refused = await child.complete(path)

    assert (stopped["status"], "due_on" in stopped) == ("refused", False)
    assert (refused.status_code, codes(refused)) == (409, {"refused-by-rights-holder"})


async def test_a_late_evaluation_is_taken_and_shown_as_late(child: Child) -> None:
    done = await child.complete(await child.consented(), on="2026-11-24")

    assert done.json()["completion"]["in_time"] is False


async def test_what_is_named_is_this_students(child: Child) -> None:
    world, path = child.world, await child.consented()
    other = await world.new(
        "/students", {"given_name": "June", "family_name": "Roe", "birth_date": "2015-01-02"}
    )
    meeting = await world.new("/meetings", {"student": other["id"], "purpose": "eligibility",
                                            "starts_at": "2026-11-30T15:00:00Z"})  # fmt: skip
    evaluation = path.rpartition("/")[2]
    elsewhere = f"/students/{other['id']}/evaluations/{evaluation}"
    body = child.determination(path, IDEA, meeting=meeting["id"])

    assert codes(await world.post(f"{child.at}/eligibility", body)) == {"unknown-meeting"}
    assert codes(await child.complete(path, documents=[str(new_id())])) == {"unknown-document"}
    unknown = [{"area": "vision", "on": "2026-10-01", "staff": str(new_id())}]
    assert codes(await child.complete(path, assessments=unknown)) == {"unknown-staff"}
    assert (await world.get(elsewhere)).status_code == 404
    assert (await world.get(f"{elsewhere}/consents")).status_code == 404
    consent = (await world.get(f"{path}/consents")).json()["items"][0]["id"]
    assert (await world.get(f"{path}/consents/{consent}")).status_code == 200
    again = await child.referred()
    assert (await world.get(f"{again}/consents/{consent}")).status_code == 404
    assert (await world.post(f"{elsewhere}/completion", {"assessments": unknown})).status_code in {404, 422}


async def test_the_meetings_day_is_the_determinations(child: Child) -> None:
    world, path = child.world, await child.consented()
    await child.complete(path)
    student = child.at.rpartition("/")[2]
    meeting = await world.new("/meetings", {"student": student, "purpose": "eligibility",
                                            "starts_at": "2026-11-24T18:00:00Z"})  # fmt: skip
    body = child.determination(path, IDEA, meeting=meeting["id"])
    del body["determined_on"], body["members"]
    waiting = await world.post(f"{child.at}/eligibility", body)
    at = f"/meetings/{meeting['id']}"
    for person, role in (({"kind": "rights_holder", "holder_id": child.mother}, "parent"),
                         ({"kind": "staff", "staff_id": child.staff}, "interprets_evaluation")):  # fmt: skip
        await world.post(f"{at}/attendance", {"person": person, "roles": [role], "attendance": "present"})
    held = await world.post(f"{at}/held", {}, if_match=(await world.get(at)).headers["etag"])
    made = await world.new(f"{child.at}/eligibility", body)

    assert (waiting.status_code, codes(waiting)) == (409, {"meeting-not-held"})
    assert held.status_code == 200, held.text
    assert made["determined_on"] == held.json()["held_on"]


async def test_the_idea_categories_come_with_their_source_and_version(world: World) -> None:
    listed = (await world.get("/codes/idea_category")).json()

    assert listed["source"].startswith("34 CFR 300.8")
    assert listed["version"] == "federal@2026-1"
    assert {"code": "deaf_blindness", "label": "deaf-blindness"} in listed["codes"]
    assert (await world.get("/codes/area")).json()["version"] == "1"


async def test_an_evaluation_gets_another_last_day_by_agreement(child: Child) -> None:
    world, path = child.world, await child.consented()
    agreed = {"ground": "learning_disability", "agreed_on": "2026-11-10", "due_on": "2026-12-19",
              "holder": child.mother, "staff": child.staff, "method": "paper_signature",
              "external_id": "northwind:x1"}  # fmt: skip
    refused = await world.post(f"{path}/extensions", agreed | {"holder": child.aunt, "external_id": "n:x2"})
    made = await world.new(f"{path}/extensions", agreed)
    again = await world.post(f"{path}/extensions", agreed)
    shown = (await world.get(path)).json()

    assert (refused.status_code, codes(refused)) == (409, {"extension-not-by-rights-holder"})
    assert (made["was_due_on"], made["due_on"], shown["due_on"]) == ("2026-11-21", "2026-12-19", "2026-12-19")
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    for at in (f"{path}/extensions", "/evaluation-extensions?external_id=northwind:x1"):
        assert [each["id"] for each in (await world.get(at)).json()["items"]] == [made["id"]]
    read = (await world.get(f"{path}/extensions/{made['id']}")).json()
    assert without_version(read) == without_version(made)


async def test_a_referral_is_withdrawn_at_the_version_that_was_read(child: Child) -> None:
    world, path = child.world, await child.referred()
    version = (await world.get(path)).headers["etag"]
    body = {"holder": child.mother, "withdrawn_on": "2026-09-18", "words": "We will wait."}
    without = await world.post(f"{path}/withdrawal", body)
    stale = await world.post(f"{path}/withdrawal", body, if_match='"1"')
    done = await world.post(f"{path}/withdrawal", body, if_match=version)

    assert (without.status_code, stale.status_code) == (428, 412)
    assert (done.status_code, done.json()["status"]) == (200, "withdrawn")
    assert done.json()["stopped"] == {"on": "2026-09-18", "reason": "We will wait."}
    closed = await world.post(f"{path}/consent-requests", {"holders": [child.mother], "channel": "letter"})
    assert (closed.status_code, closed.json()["code"]) == (409, "evaluation-closed")


async def test_a_district_refuses_with_a_notice(child: Child) -> None:
    world, path = child.world, await child.referred()
    version = (await world.get(path)).headers["etag"]
    body = {"reason": "Nothing suggests a disability.", "declined_on": "2026-09-18", "staff": child.staff}
    without = await world.post(f"{path}/refusal", body, if_match=version)
    notice = str(new_id())
    done = await world.post(f"{path}/refusal", body | {"notice": notice}, if_match=version)

    assert (without.status_code, codes(without)) == (409, {"declined-without-notice"})
    assert (done.json()["status"], done.json()["stopped"]["notice"]) == ("declined", notice)
