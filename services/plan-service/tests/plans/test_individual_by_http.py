"""Plans beside the plans around them, by HTTP: one statement for a district, shown to who may see, silent below ten."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import event as sqlalchemy_event

from contracts.evaluations import EligibilityDetermined, IdeaDetermination
from contracts.event import Event
from contracts.ids import new_id
from contracts.items import AnyItem, End, Replace, item_fields
from contracts.plan import (
    AdoptionPersonalData,
    AmendmentAdopted,
    AmendmentWithdrawn,
    DraftOpened,
    PlanAdopted,
    ReasonPersonalData,
)
from contracts.students import StudentAssigned, StudentEnrolled, StudentPersonalData, StudentRegistered
from contracts.vocabulary import PlanKind
from plan_service.application.item_texts import KIND, held_on
from plan_service.application.models import STUDENT
from plan_service.application.plan_model import PLAN
from plan_service.testing_plans import GOAL, extended_time, goal, iep_items, speech
from plan_service.testing_plans_store import record
from plan_service.testing_service import ON_ONE_SERVICE

pytestmark = ON_ONE_SERVICE


@dataclass
class Written:
    """A plan in force, and whose."""

    plan: UUID
    student: UUID


async def written(
    lakeside: Any, manager: UUID, name: str = "Ivo", items: tuple[AnyItem, ...] | None = None,
    grade: str = "grade_4", category: str = "autism", reason: str | None = None,
) -> Written:  # fmt: skip
    """A student found eligible, with a case manager and a plan in force."""
    student, plan, today = new_id(), new_id(), lakeside.today
    personal = StudentPersonalData(
        given_name=name, family_name="Lind", birth_date=today - timedelta(days=3_700)
    )
    found = IdeaDetermination(eligible=True, categories=(category,), needs_special_education=True)
    known: list[Event] = [
        StudentRegistered(effective_on=today, student_id=student, personal=personal),
        StudentEnrolled(effective_on=today, student_id=student, school_id=new_id(), grade=grade),
        EligibilityDetermined(
            effective_on=today, student_id=student, eligibility_id=new_id(), determination=found
        ),
        StudentAssigned(
            effective_on=today,
            student_id=student,
            assignment_id=new_id(),
            staff_id=manager,
            role="case_manager",
        ),
    ]
    await record(lakeside.plan, STUDENT, [student], known, student)
    decided: list[Event] = [
        DraftOpened(effective_on=today, plan_id=plan, student_id=student, kind=PlanKind.IEP),
        PlanAdopted(
            effective_on=today,
            plan_id=plan,
            kind=PlanKind.IEP,
            items=items or iep_items(),
            personal=AdoptionPersonalData(individual_reason=reason) if reason else None,
        ),
    ]
    await record(lakeside.plan, PLAN, [plan], decided, student)
    return Written(plan, student)


def own() -> tuple[AnyItem, ...]:
    return iep_items(
        goal(statement="ask a peer to join a game"),
        speech(75),
        extended_time(what="breaks as agreed with him"),
    )


async def compared(lakeside: Any, **asked: Any) -> dict[str, Any]:
    wanted = {name: str(value) for name, value in asked.items()}
    answer = await lakeside.send("GET", "/district/individualization", expect=200, **wanted)
    return dict(answer.json())


async def test_who_has_the_set_of_most_peers_is_listed_with_counts_and_the_measure(lakeside) -> None:
    manager = await lakeside.staff()
    why = "Her results of 14 November ask for it."
    same = [await written(lakeside, manager, reason=None if n else why) for n in range(10)]
    another = await written(lakeside, manager, items=own())
    elsewhere = await written(lakeside, manager, grade="grade_9")
    answer = await compared(lakeside)
    lines = {line["plan"]: line for line in answer["items"]}

    assert lines.keys() == {str(each.plan) for each in same}
    assert not lines.keys() & {str(another.plan), str(elsewhere.plan)}
    line = lines[str(same[0].plan)]
    assert line["group"] == {
        "category": "autism", "grade_band": "grades_3_5", "case_manager": str(manager), "peers": 10,
    }  # fmt: skip
    assert {of["section"]: (of["same"], of["nearly"], of["of"]) for of in line["same"]} == {
        "goals": (9, 0, 10), "services": (9, 0, 10), "accommodations": (9, 0, 10),
    }  # fmt: skip
    assert "80 percent" in answer["measure"]
    assert {plan for plan, each in lines.items() if each.get("reason") == why} == {str(same[0].plan)}
    assert len((await compared(lakeside, student=same[3].student))["items"]) == 1
    assert (await compared(lakeside, category="504"))["items"] == []
    assert (await compared(lakeside, case_manager=new_id()))["items"] == []
    page = await compared(lakeside, limit=4)
    assert len(page["items"]) == 4
    assert "cursor" in page["next"]


async def test_with_nine_peers_nothing_is_listed(lakeside) -> None:
    manager = await lakeside.staff()
    for _ in range(10):
        await written(lakeside, manager)
    assert (await compared(lakeside))["items"] == []


async def test_a_draft_says_in_one_line_how_many_have_its_set_and_is_saved_all_the_same(lakeside) -> None:
    manager = await lakeside.staff()
    for name in ("Ivo", "Una") * 5:
        items = iep_items(goal(statement=f"{name} will arrange 60 objects by kind in class"))
        await written(lakeside, manager, name, items)
    mine = await written(lakeside, manager, "Mira", own())
    path = f"/plans/{mine.plan}/draft"

    def said(answer: Any) -> list[str]:
        return [each["detail"] for each in answer.json()["advice"] if each["code"] == "same-set-as-most"]

    opened = await lakeside.send("POST", path, version=await lakeside.etag(f"/plans/{mine.plan}"), expect=201)
    assert said(opened) == []
    standard = iep_items(goal(statement="Mira will arrange 60 objects by kind in class"))
    whole = {"items": {str(each.id): item_fields(each) for each in standard}}
    saved = await lakeside.send("PATCH", path, whole, version=1, expect=200)
    (line,) = said(saved)
    assert "the same goals as 10 of 10" in line
    assert said(await lakeside.send("GET", path, expect=200)) == [line]


async def test_how_a_plan_stands_beside_its_peers_is_kept_with_its_adoption(lakeside) -> None:
    manager = await lakeside.staff()
    for _ in range(10):
        await written(lakeside, manager)
    mine = await written(lakeside, manager, "Mira", own())
    path = f"/plans/{mine.plan}"

    async def adopted() -> PlanAdopted:
        await lakeside.send("POST", f"{path}/draft", version=await lakeside.etag(path), expect=201)
        whole = {"items": {str(each.id): item_fields(each) for each in iep_items()}}
        saved = await lakeside.send("PATCH", f"{path}/draft", whole, version=1, expect=200)
        told = {"source": "Northwind", "reason": "On paper.", "occurred_on": lakeside.today.isoformat()}
        body = {"effective_on": lakeside.today.isoformat(), "reported": told}
        version = int(saved.headers["etag"].strip('"'))
        await lakeside.send(
            "POST", f"{path}/adoption", body, version=version, scopes="plan.report", expect=200
        )
        history = await lakeside.plan.store.read(lakeside.tenant, f"plan/{mine.plan}")
        event = history[-1].event
        assert isinstance(event, PlanAdopted)
        return event

    beside = (await adopted()).beside_peers
    assert beside is not None
    assert (beside.peers, [(of.section, of.same, of.nearly) for of in beside.same]) == (
        10, [("goals", 10, 0), ("services", 10, 0), ("accommodations", 10, 0)],
    )  # fmt: skip


async def test_a_person_sees_lines_of_their_students_and_peers_are_only_counted(lakeside) -> None:
    manager = await lakeside.staff()
    first, *others = [await written(lakeside, manager) for _ in range(11)]
    aide = await lakeside.staff()
    given: Event = StudentAssigned(
        effective_on=lakeside.today,
        student_id=first.student,
        assignment_id=new_id(),
        staff_id=aide,
        role="paraprofessional",
    )
    await record(lakeside.plan, STUDENT, [first.student], [given], first.student)
    token = lakeside.issuer.person("paraprofessional", "plan.read", staff=aide, tenant=lakeside.tenant)
    for _ in range(100):  # Who sees whom follows the log.
        answer = await lakeside.http.get("/plan/v1/district/individualization", headers=token)
        if answer.json()["items"]:
            break
        await asyncio.sleep(0.1)

    (line,) = answer.json()["items"]
    assert (line["plan"], line["same"][0]["of"]) == (str(first.plan), 10)
    assert not any(str(other.student) in answer.text for other in others)


async def test_what_a_plan_says_today_is_compared_through_amendments_and_what_is_taken_back(lakeside) -> None:
    made = await written(lakeside, await lakeside.staff())
    amendment, today = new_id(), lakeside.today

    async def goals() -> list[str]:
        async with lakeside.plan.database.lend(lakeside.tenant) as connection:
            found = await connection.fetch(
                "SELECT version, document::text FROM resources WHERE kind = $1 AND student = $2",
                KIND,
                made.student,
            )
        texts = held_on([(each["version"], json.loads(each["document"])) for each in found], today)
        return [text for section, text in texts if section == "goals"]

    before = await goals()
    changes = (Replace(item=goal(statement="another")),)
    adopted: Event = AmendmentAdopted(
        effective_on=today, plan_id=made.plan, amendment_id=amendment, changes=changes
    )
    await record(lakeside.plan, PLAN, [made.plan], [adopted], made.student)
    assert await goals() == ["another 60 objects"]
    withdrawn: Event = AmendmentWithdrawn(
        effective_on=today,
        plan_id=made.plan,
        amendment_id=amendment,
        personal=ReasonPersonalData(reason="Agreed."),
    )
    await record(lakeside.plan, PLAN, [made.plan], [withdrawn], made.student)
    assert await goals() == before
    ended: Event = AmendmentAdopted(
        effective_on=today, plan_id=made.plan, amendment_id=new_id(), changes=(End(item=GOAL),)
    )
    await record(lakeside.plan, PLAN, [made.plan], [ended], made.student)
    assert await goals() == []


async def test_a_district_is_read_by_one_statement(lakeside, service) -> None:
    manager = await lakeside.staff()
    for _ in range(3):
        await written(lakeside, manager)
    statements: list[str] = []
    engine = service.app.state.edge.service.database.engine.sync_engine

    def count(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        statements.append(statement)

    sqlalchemy_event.listen(engine, "before_cursor_execute", count)
    try:
        await compared(lakeside)
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", count)
    assert sum("FROM resources" in statement for statement in statements) == 1
