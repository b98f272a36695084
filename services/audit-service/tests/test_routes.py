"""Evidence by HTTP, on the real app: what is answered, to whom, and what is recorded of it."""

import asyncio
import base64
import json
from datetime import date
from uuid import uuid4

import pytest
import pytest_asyncio

from audit_service.testing_facts import (
    ADOPTED_ON,
    DANA,
    JONAS,
    NURSE,
    PLAN,
    SNACKS,
    adopted,
    amended,
    confirmed,
    dana,
    draft_opened,
    missed,
    notice,
    proposed,
    registered,
    session,
)
from contracts.district import RoleHeld, StaffAdded, StaffPersonalData
from contracts.students import StudentAssigned
from contracts.testing import an_id

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIRA = an_id("Mira Quill")


@pytest_asyncio.fixture(loop_scope="module")
async def year(world):
    """A plan adopted and amended, one notice, two sessions; another student beside."""
    await world.write("plan", DANA, f"staff/{DANA}", dana())
    await world.write(
        "plan",
        JONAS,
        f"student/{JONAS}",
        registered(JONAS, "Jonas", "Feld", date(2008, 3, 3), "sis:4711"),
        confirmed(),
    )
    await world.write(
        "plan", MIRA, f"student/{MIRA}", registered(MIRA, "Mira José", "Quill", date(2010, 6, 20), "sis:4712")
    )
    await world.write("plan", JONAS, f"plan/{PLAN}", draft_opened(), adopted())
    await world.write(
        "progress", JONAS, "item/nurse/2025-2026", session(date(2025, 9, 29)), missed(date(2025, 10, 6))
    )
    await world.write("plan", JONAS, f"plan/{PLAN}", proposed())
    await world.write("notify", JONAS, "notice/1", *notice())
    await world.write("plan", JONAS, f"plan/{PLAN}", amended())
    await world.caught_up()
    return world


# --- The feed ---


async def test_the_feed_gives_every_event_once_and_in_order_of_each_log(year) -> None:
    seen, address = [], "/audit/v1/events?limit=4"
    while True:
        answer = await year.http.get(address, headers=year.vendor())
        assert answer.status_code == 200, answer.text
        if not answer.json()["items"]:
            break
        seen += answer.json()["items"]
        assert answer.headers["link"] == f'<{answer.json()["next"]}>; rel="next"'
        address = answer.json()["next"]

    assert len(seen) == 13
    for source in ("plan", "progress", "notify"):
        positions = [item["position"] for item in seen if item["source"] == source]
        assert positions == list(range(1, len(positions) + 1))
    assert all(item["contents_status"] == "included" for item in seen)

    await year.write("progress", JONAS, "item/nurse/2025-2026", session(date(2025, 10, 13)))
    await year.caught_up()
    later = await year.http.get(address, headers=year.vendor())
    assert [item["entry"]["type"] for item in later.json()["items"]] == ["progress.service_delivered"]


async def test_one_source_is_read_by_position(year) -> None:
    first, second = (await year.get("/events", source="progress")).json()["items"]

    answer = await year.get("/events", source="progress", after=first["position"])

    assert [item["position"] for item in answer.json()["items"]] == [second["position"]]
    assert f"after={second['position']}" in answer.json()["next"]


async def test_contents_come_only_within_the_scopes_of_the_token(year) -> None:
    answer = await year.get("/events", year.vendor("audit.read", "progress.read"))

    by_source = {item["source"]: item for item in answer.json()["items"]}
    assert by_source["progress"]["contents"]["minutes"] == 30
    assert by_source["plan"]["contents_status"] == "not_in_scope"
    assert "Jonas" not in answer.text


@pytest.mark.parametrize("query", ["after=3", "source=plan&cursor=abc", "cursor=abc", "source=other", "limit=0", "limit=501",
                                   "cursor=WzEsMl0", "cursor=WzEsMixbXSw0XQ"])  # fmt: skip
async def test_parameters_that_make_no_sense_are_refused_with_422(world, query) -> None:
    answer = await world.http.get(f"/audit/v1/events?{query}", headers=world.vendor())

    assert answer.status_code == 422, answer.text


# --- Students, timeline, replay ---


@pytest.mark.parametrize(
    "asked", [{"name": "jon"}, {"name": "FELD jo"}, {"external_id": "sis:4711"}, {"name": "félD"}]
)
async def test_a_student_is_found_by_the_beginning_of_a_name_or_by_the_other_systems_id(year, asked) -> None:
    answer = await year.get("/students", **asked)

    (found,) = answer.json()["items"]
    assert found["id"] == str(JONAS)
    assert found["plans"] == [{"id": str(PLAN), "kind": "504"}]


async def test_accents_and_wildcards_are_not_in_the_way(year) -> None:
    assert [s["name"] for s in (await year.get("/students", name="jose quill")).json()["items"]] == [
        "Mira José Quill"
    ]
    assert len((await year.get("/students", name="%")).json()["items"]) == 2
    assert (await year.get("/students", name="zzz")).json()["items"] == []


async def test_the_timeline_is_paged_and_every_page_rests_on_one_basis(year) -> None:
    first = (await year.get(f"/students/{JONAS}/timeline", limit=4)).json()
    await year.write("plan", JONAS, f"plan/{PLAN}", amended(date(2025, 12, 1), "Later", "later"))
    await year.caught_up()
    items, page = list(first["items"]), first
    while "next" in page:
        page = (await year.http.get(page["next"], headers=year.vendor())).json()
        assert page["basis"] == first["basis"]
        items += page["items"]

    assert len(items) == 11
    assert items[0]["what"].startswith(
        "On August 1, 2025, Dana Reed (case manager) entered the student Jonas Feld"
    )
    assert {"event_id", "source", "index", "who", "effective_on", "recorded_at", "known_at"} <= items[
        0
    ].keys()


@pytest.mark.parametrize(
    ("asked", "types"),
    [
        ({"type": "notice."}, ["notice.owed", "notice.sent", "notice.given"]),
        ({"service": "progress"}, ["progress.service_delivered", "progress.session_missed"]),
        ({"from_on": "2025-10-03", "to_on": "2025-10-06"}, ["progress.session_missed"]),
        ({"by": "nobody"}, []),
        ({"by": an_id("Dana Reed"), "service": "notify", "type": "notice.owed"}, ["notice.owed"]),
    ],
)
async def test_the_timeline_is_narrowed_by_kind_service_day_and_who(year, asked, types) -> None:
    answer = await year.get(f"/students/{JONAS}/timeline", **asked)

    assert [each["type"] for each in answer.json()["items"]] == types


async def test_a_narrowed_timeline_is_paged_and_says_each_entrys_school_year(year) -> None:
    first = (await year.get(f"/students/{JONAS}/timeline", type="plan.", limit=2)).json()
    items, page = list(first["items"]), first
    while "next" in page:
        page = (await year.http.get(page["next"], headers=year.vendor())).json()
        items += page["items"]

    assert len(items) == 6
    assert {each["school_year"] for each in items} == {"2025-2026"}
    assert all(each["type"].startswith("plan.") for each in items)


async def test_a_filter_that_makes_no_sense_is_refused(year) -> None:
    for query in ("service=other", "from_on=soon", "type=a%20b", f"by={'x' * 65}"):
        answer = await year.http.get(f"/audit/v1/students/{JONAS}/timeline?{query}", headers=year.vendor())
        assert answer.status_code == 422, answer.text


async def test_an_entry_opens_to_its_contents_its_proof_and_what_it_led_to(year) -> None:
    cause = (await year.get(f"/students/{JONAS}/timeline", type="plan.amendment_proposed")).json()["items"][0]
    effect = await year.caused("notify", cause["event_id"])
    opened = (await year.get(f"/events/{cause['event_id']}")).json()
    back = (await year.get(f"/events/{effect}")).json()

    assert opened["contents"]["personal"]["reason"] == "The new sensor reports to a phone."
    assert opened["proof"] == f"/audit/v1/proofs/{cause['event_id']}"
    assert [each["event_id"] for each in opened["caused"]] == [effect]
    assert "caused_by" not in opened
    assert back["caused_by"]["event_id"] == cause["event_id"]
    assert back["caused"] == []
    closed = (await year.get(f"/events/{cause['event_id']}", year.vendor("audit.read"))).json()
    assert (closed["contents_status"], closed["caused"]) == ("not_in_scope", [])
    assert (await year.get(f"/events/{uuid4()}")).status_code == 404


async def test_a_replay_asked_again_with_its_basis_is_the_same_to_the_byte(year) -> None:
    replay = await year.get(f"/students/{JONAS}/replay", effective_on="2025-10-10")
    plan = await year.get(f"/plans/{PLAN}", effective_on="2025-10-20")
    await year.write("plan", JONAS, f"plan/{PLAN}", amended(date(2025, 9, 24), "Backdated", "later"))
    await year.write("progress", JONAS, "item/nurse/2025-2026", session(date(2025, 10, 9)))
    await year.caught_up()

    for first in (replay, plan):
        again = first.headers["link"].partition(">")[0].lstrip("<")
        assert (await year.http.get(again, headers=year.vendor())).content == first.content
    assert replay.json()["basis"] == {"notify": 2, "plan": 7, "progress": 1}
    assert (await year.get(f"/students/{JONAS}/replay", effective_on="2025-10-10")).content != replay.content


async def test_the_answer_is_in_force_on_d_as_known_at_k(year) -> None:
    whole = (await year.get(f"/students/{JONAS}/timeline")).json()["items"]
    before_amendment = whole[-2]["known_at"]

    now = (await year.get(f"/plans/{PLAN}", effective_on="2025-10-20")).json()
    then = (await year.get(f"/plans/{PLAN}", effective_on="2025-10-20", known_at=before_amendment)).json()

    def text(plan):
        return next(entry["item"]["what"] for entry in plan["items"] if entry["item"]["id"] == str(SNACKS))

    assert "phone" in text(now)
    assert "snack" in text(then)
    assert len(then["pending"]) == 1


async def test_a_diff_names_the_event_behind_each_difference(year) -> None:
    answer = (await year.get(f"/plans/{PLAN}/diff", **{"from": ADOPTED_ON, "to": "2025-10-20"})).json()

    (difference,) = answer["items"]
    assert difference["change"] == "changed"
    assert "phone" in difference["what"]
    assert difference["event_id"]
    assert answer["to"]["basis"] == {"plan": 7}


@pytest.mark.parametrize("path", ["effective_on=soon", "known_at=2026-13-01", "known_at=2026-03-09T10:00:00", "basis=plan",
                                  "basis=other:1", "basis=plan:-1", "effective_on=2026-03-09&nonsense=1"])  # fmt: skip
async def test_a_moment_that_cannot_be_read_is_refused_with_422(year, path) -> None:
    for of in (f"students/{JONAS}/replay", f"plans/{PLAN}"):
        answer = await year.http.get(f"/audit/v1/{of}?{path}", headers=year.vendor())
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


async def test_what_is_not_here_is_not_found(year) -> None:
    nobody, between = uuid4(), {"from": "2025-10-01", "to": "2025-11-01"}
    for path, asked in (
        (f"/students/{nobody}/timeline", {}), (f"/students/{nobody}/replay", {}), ("/access-record", {"student": nobody}),
        (f"/students/{nobody}/timeline", {"known_at": "2025-11-01"}), (f"/plans/{nobody}", {}),
        (f"/plans/{nobody}/diff", between), (f"/packets/{nobody}", {}),
    ):  # fmt: skip
        answer = await year.get(path, **asked)
        assert answer.status_code == 404, path
        assert "nothing here under this id" in answer.json()["detail"], path
    known = await year.get(f"/plans/{PLAN}", known_at="2020-01-01")
    assert known.status_code == 404
    assert known.json()["detail"] == "Nothing was known of this plan then."


# --- Who may ---


async def test_a_teacher_sees_only_assigned_students(year) -> None:
    teacher = an_id("teacher")
    role = RoleHeld(role="special_education_teacher", starts_on=date(2025, 8, 1))
    staff = StaffAdded(effective_on=date(2025, 8, 1), staff_id=teacher, roles=(role,),
                       personal=StaffPersonalData(given_name="Tam", family_name="Lee"))  # fmt: skip
    assigned = StudentAssigned(effective_on=date(2025, 8, 1), student_id=MIRA, assignment_id=an_id("a"), staff_id=teacher,
                               role="special_education_teacher")  # fmt: skip
    await year.write("plan", teacher, f"staff/{teacher}", staff)
    done = await year.write("plan", MIRA, f"student/{MIRA}", assigned)
    await year.caught_up()
    await year.get("/students", after_event=done.last_event)
    headers = year.issuer.person(
        "special_education_teacher", "audit.read", "plan.read", "progress.read", "notice.read", staff=teacher
    )

    assert [s["name"] for s in (await year.get("/students", headers)).json()["items"]] == ["Mira José Quill"]
    assert (await year.get(f"/students/{MIRA}/timeline", headers)).status_code == 200
    for path in (f"/students/{JONAS}/timeline", f"/students/{JONAS}/replay", f"/plans/{PLAN}",
                 f"/plans/{PLAN}/diff?from=2025-10-01&to=2025-11-01", f"/access-record?student={JONAS}"):  # fmt: skip
        assert (await year.get(path, headers)).status_code == 404, path
    feed = (await year.get("/events", headers)).json()["items"]
    assert {item["entry"]["subject"] for item in feed} == {str(MIRA)}


async def test_who_may_not_read_plans_reads_none_in_the_evidence_either(year) -> None:
    for scopes, paths in (
        (
            ("audit.read",),
            ("/students", f"/plans/{PLAN}", f"/plans/{PLAN}/diff?from=2025-10-01&to=2025-11-01"),
        ),
        (("audit.read", "plan.read"), (f"/students/{JONAS}/timeline", f"/students/{JONAS}/replay")),
    ):
        for path in paths:
            assert (await year.get(path, year.issuer.vendor(*scopes))).status_code == 403, path


async def test_without_the_scope_nothing_is_answered(year) -> None:
    for path in (
        "/events",
        "/students",
        f"/students/{JONAS}/timeline",
        f"/plans/{PLAN}",
        f"/access-record?student={JONAS}",
    ):
        assert (await year.get(path, year.vendor("plan.read"))).status_code == 403
        assert (await year.http.get(f"/audit/v1{path}")).status_code == 401


async def test_after_an_event_the_timeline_has_it(year) -> None:
    done = await year.append("plan", JONAS, f"plan/{PLAN}", amended(date(2025, 12, 1), "Later", "later"))
    from runtime.testing import sequence

    await sequence(year.sources["plan"])
    answer = await year.get(f"/students/{JONAS}/timeline", after_event=done.last_event)

    assert answer.status_code == 200
    assert answer.json()["items"][-1]["event_id"] == str(done.last_event)


# --- The record of access ---


async def test_every_read_of_a_students_evidence_is_in_the_record_of_access(year) -> None:
    await year.get(f"/students/{JONAS}/timeline")
    await year.get(f"/plans/{PLAN}")
    await year.get("/students", name="jonas")
    await year.get("/events", source="progress")
    await year.app.state.edge.access.roll_up()
    async with asyncio.timeout(10):
        while not (record := (await year.get("/access-record", student=JONAS)).json()["items"]):
            await asyncio.sleep(0.05)

    assert {part for look in record for part in look["parts"]} >= {"timeline", "plan", "student", "event"}
    assert all(look["who"]["id"] == "vendor-1" and look["ground"] == "contracted_party" for look in record)
    assert (await year.get("/access-record", student=MIRA)).json()["items"] == []


async def test_a_question_that_cannot_be_answered_says_what_to_ask(year) -> None:
    """A day further ahead than anything is judged, days in the wrong order, a basis that no answer has named, an unknown rule."""
    timeline, replay, plan = f"/students/{JONAS}/timeline", f"/students/{JONAS}/replay", f"/plans/{PLAN}"
    far, beyond = "9999-12-31", "plan:999999"
    for path, code, asked in (
        ("/findings", "unknown-rule", {"rule": "idea.iep30"}),
        (timeline, "ends-before-it-begins", {"from_on": "2026-03-01", "to_on": "2026-02-01"}),
        *((path, "beyond-the-log", {"basis": beyond}) for path in (timeline, replay, plan, "/findings")),
        *((path, "too-far-ahead", {"effective_on": far}) for path in (replay, plan)),
        ("/findings", "too-far-ahead", {"on": far}),
        (f"{plan}/diff", "too-far-ahead", {"from": "2026-01-01", "to": far}),
    ):
        answer = await year.get(path, **asked)
        assert (answer.status_code, [each["code"] for each in answer.json()["errors"]]) == (422, [code]), (
            answer.text
        )
        assert answer.json()["errors"][0]["detail"]
    exported = await year.post(
        "/exports", {"student": str(JONAS), "purpose": "A hearing.", "effective_on": far}
    )
    assert (exported.status_code, exported.json()["errors"][0]["code"]) == (422, "too-far-ahead")
    named = (await year.get(replay)).json()["basis"]
    again = ",".join(f"{source}:{last}" for source, last in named.items())
    assert (await year.get(replay, basis=again)).status_code == 200


async def test_two_states_of_a_students_record_are_compared_across_services(year) -> None:
    path = f"/students/{JONAS}/diff"
    answer = await year.get(path, **{"from": "2025-09-30", "to": "2025-11-01"})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["from"]["effective_on"], said["to"]["effective_on"]) == ("2025-09-30", "2025-11-01")
    assert said["from"]["basis"].keys() >= {"plan", "progress", "notify"}
    assert [each["change"] for each in said["notices"]] == ["added"]
    assert [plan["items"][0]["change"] for plan in said["plans"]] == ["changed"]
    assert said["delivery"][0]["of"] == {"item": str(NURSE)}
    known = await year.get(path, **{"from": "2025-11-01,2001-01-01", "to": "2025-11-01"})
    assert {each["change"] for each in known.json()["notices"]} == {"added"}, "then nothing was known"
    never = await year.get(path, **{"from": "2025-11-01,2001-01-01", "to": "2025-12-01,2001-01-01"})
    assert (never.status_code, never.json()["detail"]) == (404, "Nothing was known of this student then.")
    assert (await year.get(path, **{"from": "soon", "to": "2025-12-01"})).status_code == 422
    assert (
        await year.get(f"/students/{uuid4()}/diff", **{"from": "2025-11-01", "to": "2025-12-01"})
    ).status_code == 404


async def test_a_cursor_that_nobody_gave_is_refused(year) -> None:
    """Whatever stands in it: nothing of it reaches the database as it is."""
    instant, nul = "2026-01-01T00:00:00.000000Z", chr(0)
    timeline, large = f"/students/{JONAS}/timeline", 10**30
    made = [
        (timeline, [str(JONAS), instant, nul, 1, {}]), (timeline, [str(JONAS), instant, "plan", large, {}]),
        (timeline, [str(JONAS), instant, "plan", 1, {"plan": large}]),
        (timeline, [str(JONAS), instant, "plan", 1, {"plan": "x"}]),
        ("/access-record/unusual", ["looks", nul, 1, "plan"]), ("/access-record/unusual", ["looks", "access/", large, "plan"]),
        ("/findings", ["findings today", "2026-01-01", str(JONAS), nul, "x"]), ("/events", [large, 0, 0, 0]),
    ]  # fmt: skip
    for path, inside in made:
        cursor = base64.urlsafe_b64encode(json.dumps(inside).encode()).decode().rstrip("=")
        answer = await year.get(path, cursor=cursor)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "cursor-invalid"), path
