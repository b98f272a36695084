"""``GET /findings``, ``/rules``: kept for today, judged for another day; seen by who may see the student; as CSV; kept up."""

import asyncio
from datetime import date

import httpx
import pytest
import pytest_asyncio

from audit_service.testing_facts import (
    DANA,
    JONAS,
    PLAN,
    adopted,
    confirmed,
    dana,
    draft_opened,
    missed,
    registered,
    school,
    session,
)
from contracts.district import DistrictProfileSet, RoleHeld, SchoolYear
from contracts.plan import ItemHolderAssigned
from contracts.testing import an_id
from runtime.projection import rebuild

pytestmark = pytest.mark.asyncio(loop_scope="module")


def profile(*, days_off: tuple[date, ...] = ()) -> DistrictProfileSet:
    year = SchoolYear(first_on=date(2025, 8, 25), last_on=date(2026, 6, 12), days_off=days_off)
    return DistrictProfileSet(
        effective_on=date(2025, 7, 1), name="Lakeside", time_zone="America/Chicago", state_profile="federal@2026-1",
        languages=("en",), calendar=(year,), partial_consent=True, notice_days=5, mailing_days=3,
    )  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module")
async def told(world):
    """A 504 plan without anybody responsible for its accommodations."""
    await world.write("plan", an_id("district"), "district", profile())
    await world.write("plan", an_id("school"), f"school/{an_id('school')}", school())
    officer = RoleHeld(role="compliance_officer", starts_on=date(2025, 8, 1))
    await world.write("plan", DANA, f"staff/{DANA}", dana().model_copy(update={"roles": (officer,)}))
    await world.write("plan", JONAS, f"student/{JONAS}", registered(), confirmed())
    await world.write("plan", JONAS, f"plan/{PLAN}", draft_opened(), adopted())
    await world.caught_up()
    await judged(world)
    return world


async def judged(world, seconds: float = 10.0) -> None:
    await world.caught_up()
    assert await world.audit.judging.settled(world.tenant, seconds) == 0


async def items(world, **asked: object) -> list[dict]:
    answer = await world.get("/findings", **asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_what_is_open_is_listed_with_its_rule_facts_and_cure(told) -> None:
    found = await items(told, rule="s504.responsible", state="overdue")
    assert len(found) == 3
    first = found[0]
    assert first["cite"] == "34 CFR 104.33"
    assert first["cure"] == "Assign somebody, and tell them."
    assert first["student_name"] == "Jonas Feld"
    assert "none since 2025-09-23" in first["says"]
    assert "{" not in first["says"]
    assert first["days_late"] > 0


async def test_a_new_event_judges_its_student_anew(told) -> None:
    item = (await items(told, rule="s504.responsible"))[0]["item"]
    event = ItemHolderAssigned(effective_on=date(2025, 9, 23), plan_id=PLAN, item_id=item, staff_id=DANA)
    await told.write("plan", JONAS, f"plan/{PLAN}", event)
    await judged(told)
    state = {each["item"]: each["state"] for each in await items(told, rule="s504.responsible")}
    assert state[item] == "unproven", "held, and not shown as told"
    assert await told.audit.differing_rows() == []


async def test_of_another_moment_it_is_judged_from_the_logs_and_the_same_again(told) -> None:
    answer = await told.get("/findings", student=JONAS, on="2025-09-22")
    assert answer.json()["items"] == []
    answer = await told.get("/findings", student=JONAS, on="2025-09-24")
    body = answer.json()
    assert body["items"]
    canonical = answer.headers["link"].split(">")[0].lstrip("<").removeprefix("/audit/v1")
    await told.write("plan", JONAS, f"plan/{PLAN}", adopted(date(2025, 9, 24)))
    await judged(told)
    again = await told.get(canonical)
    assert again.json()["items"] == body["items"]
    assert again.json()["basis"] == body["basis"]


async def test_before_anything_was_known_nothing_is_found_and_the_answer_says_why(told) -> None:
    found = (await told.get("/findings", student=JONAS, known_at="2020-01-01")).json()
    assert (found["items"], found["basis"]) == ([], {})
    for answer in (
        found,
        (await told.get(f"/students/{JONAS}/timeline", known_at="2020-01-01")).json(),
        (await told.get(f"/students/{JONAS}/replay", known_at="2020-01-01")).json(),
    ):
        assert answer["nothing_known"] == "Nothing was known of this student then."
    for path, asked in (
        ("/findings", {"student": JONAS}), (f"/students/{JONAS}/replay", {}), (f"/students/{JONAS}/timeline", {}),
        (f"/students/{JONAS}/timeline", {"to_on": "2000-01-01"}),
    ):  # fmt: skip
        assert "nothing_known" not in (await told.get(path, **asked)).json()


async def test_pages_follow_each_other_and_miss_nothing(told) -> None:
    every = await items(told, limit=500)
    paged: list[dict] = []
    answer = await told.get("/findings", limit=3)
    while True:
        paged += answer.json()["items"]
        if "next" not in answer.json():
            break
        answer = await told.get(answer.json()["next"].removeprefix("/audit/v1"))
    assert [each["about"] for each in paged] == [each["about"] for each in every]


@pytest.mark.parametrize("asked", [{"student": JONAS}, {"on": "2026-06-01"}], ids=["student", "day"])
async def test_what_is_judged_as_it_is_asked_for_comes_in_pages_of_the_size_asked_for(
    told, asked: dict
) -> None:
    every = await items(told, limit=500, **asked)
    assert len(every) > 3
    found, answer = [], await told.get("/findings", limit=3, **asked)
    for _ in range(len(every)):
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["items"]) <= 3
        found += answer.json()["items"]
        if "next" not in answer.json():
            break
        answer = await told.get(answer.json()["next"].removeprefix("/audit/v1"))
    assert [(f["rule"], f["about"]) for f in found] == [(f["rule"], f["about"]) for f in every]


@pytest.mark.parametrize("asked", [
    {"on": "yesterday"}, {"state": "late"}, {"cursor": "x"}, {"limit": 0}, {"student": "nobody"}, {"basis": "plan"},
])  # fmt: skip
async def test_what_cannot_be_read_is_said(told, asked) -> None:
    answer = await told.get("/findings", **asked)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_a_cursor_of_the_other_list_is_refused(told) -> None:
    cursor = httpx.URL((await told.get("/findings", limit=1)).json()["next"]).params["cursor"]
    assert (await told.get("/findings", cursor=cursor, on="2025-10-01")).status_code == 422


async def test_findings_are_a_table_too(told) -> None:
    answer = await told.get("/findings", format="csv", rule="s504.responsible")
    lines = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("text/csv")
    assert lines[0].startswith("student,student_name,rule,cite")
    assert len(lines) == 4


async def test_who_does_not_see_the_student_sees_no_finding(told) -> None:
    scopes = ("audit.read", "plan.read", "progress.read", "notice.read")
    stranger = told.issuer.person("case_manager", *scopes, staff=an_id("stranger"), tenant=told.tenant)
    assert await items(told, headers=stranger) == []
    assert (await told.get("/findings", headers=stranger, student=JONAS)).status_code == 404
    assert (await told.get("/findings", student=an_id("nobody"))).status_code == 404


async def test_reading_findings_is_on_the_students_record_of_access(told) -> None:
    await items(told)
    await told.app.state.edge.access.roll_up()
    async with asyncio.timeout(10):
        while not (record := (await told.get("/access-record", student=JONAS)).json()["items"]):
            await asyncio.sleep(0.05)
    assert "findings" in record[0]["parts"]


async def test_a_rule_is_explained_from_its_data(told) -> None:
    page = (await told.get("/rules/idea.iep-30")).json()
    assert page["cite"] == "34 CFR 300.323(c)(1)"
    assert page["due"] == "30 calendar days after"
    assert "30 calendar days" in page["explanation"]
    assert len((await told.get("/rules")).json()["items"]) == 66
    assert (await told.get("/rules/idea.nothing")).status_code == 404


async def test_a_new_calendar_judges_everybody_anew(told) -> None:
    await told.write(
        "progress", JONAS, "item/nurse/2025-2026", missed(date(2025, 10, 6)), session(date(2025, 9, 29))
    )
    await judged(told)
    await told.write("plan", an_id("district"), "district", profile(days_off=(date(2025, 10, 6),)))
    await judged(told)
    assert await told.audit.differing_rows() == []


async def test_a_rebuild_judges_everybody_anew(told) -> None:
    before = await items(told, limit=500)
    runner = next(each for each in told.audit.runners if each.consumer.name == "findings")
    await rebuild(runner.consumer, told.audit.database, told.audit.store)
    await asyncio.sleep(0)
    await judged(told)
    assert await items(told, limit=500) == before
