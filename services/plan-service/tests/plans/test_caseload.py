"""The caseload: what somebody answers for, what is due, what each draft lacks; a page is one statement, however long."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from contracts.event import Event
from contracts.ids import new_id
from contracts.items import item_fields
from contracts.students import StudentAssigned, StudentPersonalData, StudentRegistered
from contracts.vocabulary import PlanKind
from plan_service.application.caseload import Wanted, state_of
from plan_service.application.caseload import caseload as all_plans
from plan_service.application.drafts import Drafts, NewDraft
from plan_service.application.models import STUDENT
from plan_service.testing_plans import iep_items, speech
from plan_service.testing_plans_store import CHILD, record
from plan_service.testing_service import ON_ONE_SERVICE
from runtime.append_request import Change
from runtime.paging import Listing

pytestmark = ON_ONE_SERVICE

IEP = [item_fields(entry) for entry in iep_items()]


async def caseload(lakeside: Any, **asked: Any) -> list[dict[str, Any]]:
    wanted = {name: str(value) for name, value in asked.items()}
    answer = await lakeside.send("GET", "/caseload", expect=200, **wanted)
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def draft(lakeside: Any, *items: Any, kind: str = "iep") -> str:
    body = {"student": str(CHILD), "kind": kind, "items": list(items)}
    made = await lakeside.send("POST", "/plans", body, expect=201)
    return str(made.json()["id"])


async def test_a_draft_is_listed_with_what_it_lacked_when_it_was_saved(lakeside) -> None:
    plan = await draft(lakeside)
    shown = (await lakeside.send("GET", f"/plans/{plan}/draft", expect=200)).json()
    (line,) = await caseload(lakeside)

    assert line["plan"] == plan
    assert line["state"] == "draft"
    assert line["student"]["id"] == str(CHILD)
    assert [gap["code"] for gap in line["draft"]["lacking"]] == [gap["code"] for gap in shown["missing"]]
    assert all("detail" not in gap for gap in line["draft"]["lacking"])

    whole = {"items": {item["id"]: item for item in IEP}}
    saved = await lakeside.send("PATCH", f"/plans/{plan}/draft", whole, version=1, expect=200)
    (line,) = await caseload(lakeside)
    assert saved.json()["missing"] == line["draft"]["lacking"] == []
    assert line["draft"]["version"] == 2


async def test_a_plan_stands_as_the_binding_says_that_holds_on_the_day_not_the_last_one_recorded() -> None:
    began, ended, again = (
        {"starts_on": day, "binds": binds}
        for day, binds in (("2026-09-01", True), ("2026-10-01", False), ("2026-10-15", True))
    )
    ended_late_entry = {"bindings": [began, again, ended]}
    assert state_of(ended_late_entry, date(2026, 10, 20)) == "in_force"
    assert state_of(ended_late_entry, date(2026, 10, 10)) == "ended"
    same_day = {"bindings": [began, ended, {"starts_on": "2026-10-01", "binds": True}]}
    assert state_of(same_day, date(2026, 10, 1)) == "in_force"
    assert state_of({"bindings": [again]}, date(2026, 10, 1)) == "adopted"


async def test_a_plan_in_force_is_listed_with_its_next_review(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    (line,) = await caseload(lakeside)

    assert (line["plan"], line["state"], "draft" in line) == (path.removeprefix("/plans/"), "in_force", False)
    due = lakeside.today + timedelta(days=365)
    assert line["review_due_on"] == due.isoformat()
    assert await caseload(lakeside, review_due_before=due) == []
    assert len(await caseload(lakeside, review_due_before=due + timedelta(days=1))) == 1


async def test_an_open_draft_of_the_next_version_stands_beside_what_is_in_force(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    await lakeside.send("POST", f"{path}/draft", version=await lakeside.etag(path), expect=201)
    (line,) = await caseload(lakeside)

    assert (line["state"], line["draft"]["lacking"]) == ("in_force", [])


async def test_it_is_narrowed_by_kind_case_manager_and_gaps(lakeside) -> None:
    whole, lacking = await draft(lakeside, *IEP), await draft(lakeside, kind="504")
    manager = await lakeside.staff()

    def plans(lines: list[dict[str, Any]]) -> set[str]:
        return {line["plan"] for line in lines}

    assert plans(await caseload(lakeside)) == {whole, lacking}
    assert plans(await caseload(lakeside, kind="504")) == {lacking}
    assert plans(await caseload(lakeside, lacking="true")) == {lacking}
    assert plans(await caseload(lakeside, lacking="false")) == {whole}
    assert await caseload(lakeside, case_manager=manager) == []
    await assigned(lakeside, manager, "case_manager")
    assert plans(await caseload(lakeside, case_manager=manager)) == {whole, lacking}
    assert (await caseload(lakeside))[0]["case_managers"] == [str(manager)]


async def test_who_only_teaches_the_student_or_did_so_once_is_not_their_case_manager(lakeside) -> None:
    await draft(lakeside)
    teacher, former = await lakeside.staff(), await lakeside.staff()
    await assigned(lakeside, teacher, "special_education_teacher")
    await assigned(lakeside, former, "case_manager", until=-1)

    assert (
        await caseload(lakeside, case_manager=teacher) == await caseload(lakeside, case_manager=former) == []
    )


async def assigned(lakeside: Any, staff: UUID, role: str, until: int | None = None) -> None:
    given: Event = StudentAssigned(
        effective_on=lakeside.today - timedelta(days=30), student_id=CHILD, assignment_id=new_id(), staff_id=staff,
        role=role, ends_on=lakeside.today + timedelta(days=until) if until is not None else None,
    )  # fmt: skip
    await record(lakeside.plan, STUDENT, [CHILD], [given], CHILD)


async def test_pages_follow_each_other_to_the_end(lakeside) -> None:
    made = {await draft(lakeside) for _ in range(5)}
    first = (await lakeside.send("GET", "/caseload", limit="2", expect=200)).json()
    found = [line["plan"] for line in first["items"]]
    while first.get("next"):
        first = (await lakeside.send("GET", first["next"].removeprefix("/plan/v1"), expect=200)).json()
        found += [line["plan"] for line in first["items"]]

    assert len(found) == 5
    assert set(found) == made


async def test_two_thousand_plans_are_read_by_one_statement_a_page_and_by_one_if_asked_for_at_once(
    lakeside, service
) -> None:
    await one_of_many(lakeside, Drafts(lakeside.plan.store))
    await copied(lakeside, 1_999)
    database = service.app.state.edge.service.database
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        if "set_config" not in statement:  # Begins a transaction, also of the service's own tasks.
            statements.append(statement)

    async def page(path: str, **asked: str) -> tuple[dict[str, Any], int, int]:
        statements.clear()
        answer = (await lakeside.send("GET", path, expect=200, **asked)).json()
        return answer, len(statements), sum("FROM resources" in each for each in statements)

    event.listen(database.engine.sync_engine, "before_cursor_execute", count)
    try:
        await page("/caseload", limit="1")  # Opens its connection.
        one, few, _ = await page("/caseload", limit="1")
        assert len(one["items"]) == 1
        found: set[str] = set()
        following = "/plan/v1/caseload?limit=500"
        for _ in range(4):
            shown, as_few, of_plans = await page(following.removeprefix("/plan/v1"))
            assert (len(shown["items"]), as_few, of_plans) == (500, few, 1)
            found |= {line["plan"] for line in shown["items"]}
            following = shown.get("next", "")
        assert (len(found), following) == (2_000, "")

        statements.clear()
        async with database.begin(lakeside.tenant) as rows:
            lines, more = await all_plans(
                rows, lakeside.tenant, Wanted(), Listing(limit=2_000), lakeside.today, None
            )
        assert (len(lines), more, sum("FROM resources" in each for each in statements)) == (2_000, None, 1)
        assert all(line.fields["draft"]["lacking"] for line in lines)
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", count)
        await without_copies(lakeside)


async def without_copies(lakeside: Any) -> None:
    """No event made them, which the check of every projection after these tests would say."""
    async with lakeside.plan.store.database.lend(lakeside.tenant) as connection:
        await connection.execute(
            "DELETE FROM plan_read.resources WHERE tenant = $1 AND student <> ALL ($2::uuid[])",
            lakeside.tenant, [STUDENT_OF_MANY, CHILD],
        )  # fmt: skip


async def copied(lakeside: Any, times: int) -> None:
    """The one student's and plan's rows so often again, each under ids of its own: this is about reading them."""
    async with lakeside.plan.store.database.lend(lakeside.tenant) as connection:
        await connection.execute(
            """
            WITH new AS (SELECT gen_random_uuid() AS student, gen_random_uuid() AS plan FROM generate_series(1, $2)),
            students AS (
                INSERT INTO plan_read.resources (tenant, kind, id, student, stream, version, updated_at, document)
                SELECT was.tenant, was.kind, new.student, new.student, 'student/' || new.student, was.version,
                       was.updated_at, was.document
                FROM plan_read.resources was, new WHERE was.tenant = $1 AND was.kind = 'student' AND was.id = $3),
            plans AS (
                INSERT INTO plan_read.resources (tenant, kind, id, student, stream, version, updated_at, document)
                SELECT was.tenant, was.kind, new.plan, new.student, 'plan/' || new.plan, was.version,
                       was.updated_at, was.document
                FROM plan_read.resources was, new WHERE was.tenant = $1 AND was.kind = 'plan' AND was.student = $3)
            INSERT INTO plan.working_papers (tenant, id, kind, plan, subject, version, sealed, lacking, updated_at)
            SELECT was.tenant, new.plan, was.kind, new.plan, new.student, was.version, was.sealed, was.lacking, was.updated_at
            FROM plan.working_papers was, new WHERE was.tenant = $1 AND was.subject = $3
            """, lakeside.tenant, times, STUDENT_OF_MANY,
        )  # fmt: skip


STUDENT_OF_MANY = new_id()


async def one_of_many(lakeside: Any, drafts: Drafts) -> None:
    student = STUDENT_OF_MANY
    born = lakeside.today - timedelta(days=4_000)
    personal = StudentPersonalData(given_name="Ivo", family_name="Lind", birth_date=born)
    known: Event = StudentRegistered(effective_on=lakeside.today, student_id=student, personal=personal)
    loaded = await lakeside.plan.store.load(lakeside.tenant, STUDENT, student)
    await lakeside.plan.store.append(lakeside.plan.context(), [Change(loaded, student, [known])])
    await drafts.open_draft(lakeside.plan.context(), NewDraft(new_id(), student, PlanKind.IEP, (speech(30),)))


@pytest.mark.parametrize("asked", [{"kind": "iap"}, {"review_due_before": "soon"}, {"case_manager": "me"}])
async def test_what_cannot_be_asked_is_said(lakeside, asked: dict[str, str]) -> None:
    refused = await lakeside.send("GET", "/caseload", expect=422, **asked)
    (error,) = refused.json()["errors"]
    assert next(iter(asked)) in str(error)
