"""A look without any role for that student stands out (34 CFR 99.31(a)(1)(ii)), and the family can have the whole list."""

import asyncio
import base64
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from audit_service.domain.unusual_access import around, unusual_access
from audit_service.testing_facts import DANA, JONAS, PLAN, adopted, dana, draft_opened, registered
from contracts import streams
from contracts.district import RoleHeld, StaffEnded
from contracts.event import Actor, EventClass
from contracts.ids import new_id
from contracts.store import AccessRecorded, Read, Seen
from contracts.students import AssignmentEnded, StudentAssigned, StudentEnrolled, StudentWithdrawn
from contracts.testing import Log, an_id
from contracts.vocabulary import AccessGround
from runtime.erasing import erase
from runtime.erasure import Erasure
from runtime.projection import check, rebuild


@pytest.fixture
def world(alone):
    """Each test on a database of its own: they write past the service."""
    return alone


LAKE, HILL = an_id("Lakeside High"), an_id("Hillside High")
ASSIGNMENT = an_id("assignment")
DAY = date(2026, 2, 3)


def at(school: UUID | None, until: date | None = None) -> tuple[RoleHeld, ...]:
    return (RoleHeld(role="principal", school_id=school, starts_on=date(2025, 8, 1), ends_on=until),)


def why(*events: object, roles: tuple[RoleHeld, ...] = (), role: str = "case_manager") -> str | None:
    log = Log()
    log.append(dana().model_copy(update={"roles": roles}))
    log.append(
        StudentEnrolled(effective_on=date(2025, 8, 25), student_id=JONAS, school_id=LAKE, grade="grade_11")
    )
    for event in events:
        log.append(event)  # type: ignore[arg-type]
    found = unusual_access(Actor(id=str(DANA), role=role), DAY, around(log.entries))
    return found.code if found else None


def assigned(**more: object) -> StudentAssigned:
    return StudentAssigned.model_validate({"effective_on": date(2025, 9, 1), "student_id": JONAS, "role": "case_manager",
                                           "assignment_id": ASSIGNMENT, "staff_id": DANA} | more)  # fmt: skip


def test_somebody_without_any_role_for_the_student_stands_out() -> None:
    assert why() == "no-role-for-the-student"
    assert why(roles=at(HILL)) == "no-role-for-the-student"
    assert why(roles=at(LAKE, date(2026, 2, 2))) == "no-role-for-the-student"


def test_an_assignment_a_role_at_the_school_or_in_the_district_explains_it() -> None:
    assert why(assigned()) is None
    assert why(roles=at(LAKE)) is None
    assert why(roles=at(None)) is None


def test_what_had_ended_by_that_day_explains_nothing_also_when_it_was_entered_late() -> None:
    ended = AssignmentEnded(effective_on=DAY, student_id=JONAS, assignment_id=ASSIGNMENT)
    moved = StudentWithdrawn(effective_on=date(2026, 1, 30), student_id=JONAS, school_id=LAKE)

    assert why(assigned(), ended) == "no-role-for-the-student"
    assert why(assigned(ends_on=date(2026, 2, 2))) == "no-role-for-the-student"
    assert why(moved, roles=at(LAKE)) == "no-role-for-the-student"
    assert why(assigned(), StaffEnded(effective_on=DAY, staff_id=DANA)) == "no-longer-works-here"


@pytest.mark.parametrize("role", ["vendor", "system", "operator"])
def test_a_vendor_and_handrail_itself_have_another_ground(role: str) -> None:
    assert why(role=role) is None


async def test_a_look_that_stands_out_is_shown_and_the_family_gets_the_list_on_paper(world) -> None:
    officer = (RoleHeld(role="compliance_officer", starts_on=date(2025, 8, 1)),)
    await world.write("plan", DANA, f"staff/{DANA}", dana().model_copy(update={"roles": officer}))
    await world.write("plan", JONAS, f"student/{JONAS}", registered())
    await world.caught_up()
    dana_ = world.issuer.person(
        "compliance_officer", "audit.read", "plan.read", "progress.read", "notice.read", staff=DANA
    )
    async with asyncio.timeout(20):
        while (await world.get(f"/students/{JONAS}/timeline", dana_)).status_code != 200:
            await asyncio.sleep(0.02)
    await world.get(f"/students/{JONAS}/timeline")
    await world.app.state.edge.access.roll_up()
    # The role had ended before, as is entered only now.
    left = StaffEnded(effective_on=date(2025, 9, 1), staff_id=DANA)
    await world.write("plan", DANA, f"staff/{DANA}", left)
    await world.caught_up()
    async with asyncio.timeout(20):
        while not (items := (await world.get("/access-record", student=JONAS)).json()["items"]):
            await asyncio.sleep(0.02)

    by = {item["who"]["id"]: item.get("unusual", {}).get("code") for item in items}
    assert by == {str(DANA): "no-longer-works-here", "vendor-1": None}
    only = (await world.get("/access-record", student=JONAS, unusual="true")).json()["items"]
    assert [item["who"]["id"] for item in only] == [str(DANA)]
    await everywhere(world)

    paper = await world.get("/access-record.pdf", student=JONAS)
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.content.startswith(b"%PDF-")
    assert b"StructTreeRoot" in paper.content
    await world.app.state.edge.access.roll_up()
    async with asyncio.timeout(20):
        while not any(
            "access_record" in item["parts"] and "Print" in item["purpose"]
            for item in (await world.get("/access-record", student=JONAS)).json()["items"]
        ):
            await asyncio.sleep(0.02)


async def erased(world) -> Erasure:
    """Nothing of Jonas can be read any more, as after a lawful destruction."""
    last = await world.write("plan", JONAS, f"student/{JONAS}", registered())
    assert await world.audit.seen(world.tenant, last.last_event)
    service, classes = world.audit, list(EventClass)
    erasure = Erasure(world.tenant, new_id(), JONAS, frozenset(classes), date(2031, 2, 1))
    await service.keyring.retire(world.tenant, erasure.destruction, JONAS, classes)
    await service.keyring.destroy(world.tenant, erasure.destruction, JONAS, classes, erasure.on)
    await erase(service, erasure)
    for source in world.sources.values():
        source.keyring.forget(world.tenant)  # As every service does when it hears of it.
    return erasure


async def test_looks_at_what_is_left_after_a_destruction_are_kept_neither_before_nor_after_it_was_erased_again(
    world,
) -> None:
    erasure = await erased(world)

    told = await world.write("plan", JONAS, streams.access(JONAS, DAY), looked(DAY, TAM))
    assert await world.audit.seen(world.tenant, told.last_event)
    assert await world.audit.differing_rows() == []
    await erase(world.audit, erasure)

    assert await world.audit.differing_rows() == []


async def test_nothing_is_found_of_looks_at_what_is_left_however_far_the_consumer_of_looks_is(world) -> None:
    await erased(world)
    async with world.audit.database.lend(world.tenant) as connection, connection.transaction():
        # Nothing more is taken in while its positions are held.
        await connection.execute("SELECT FROM audit_read.positions WHERE consumer = 'staff-looks' FOR UPDATE")
        await world.write("plan", JONAS, streams.access(JONAS, DAY), looked(DAY, TAM))
        await world.caught_up()
        assert await behind(world)
        found = await world.audit.judging.found(world.tenant, JONAS)

    assert [each for each in found if each.rule == "access.unusual"] == []


async def test_a_row_that_is_only_behind_does_not_differ(world) -> None:
    await world.write("plan", JONAS, f"student/{JONAS}", registered())
    await world.caught_up()
    async with world.audit.database.lend(world.tenant) as connection, connection.transaction():
        # As after a kill: nothing more is taken in for some seconds.
        await connection.execute("SELECT FROM audit_read.positions WHERE consumer = 'staff-looks' FOR UPDATE")
        await world.write("plan", JONAS, streams.access(JONAS, DAY), looked(DAY, TAM))
        await world.caught_up()
        comparing = asyncio.create_task(world.audit.differing_rows())
        await asyncio.sleep(4)

    assert await comparing == []


async def everywhere(world) -> None:
    """The same across the district, page by page and day by day."""
    found, address = [], "/audit/v1/access-record/unusual?limit=1"
    while address:
        answer = await world.http.get(address, headers=world.vendor())
        assert answer.status_code == 200, answer.text
        found, address = found + answer.json()["items"], answer.json().get("next")
    assert [(each["student"], each["who"]["id"]) for each in found] == [(str(JONAS), str(DANA))]
    assert found[0]["unusual"]["citation"] == "34 CFR 99.31(a)(1)"
    day = found[0]["at"][:10]
    span = {"from_on": day, "to_on": day}
    later = (date.fromisoformat(day) + timedelta(days=2)).isoformat()
    assert len((await world.get("/access-record/unusual", **span)).json()["items"]) == 1
    assert (await world.get("/access-record/unusual", from_on=later)).json()["items"] == []
    for wrong in ({"from_on": later, "to_on": day}, {"cursor": "abc"}):
        assert (await world.get("/access-record/unusual", **wrong)).status_code == 422
    stranger = world.issuer.person("compliance_officer", "audit.read", staff=an_id("nobody here"))
    answer = await world.get("/access-record/unusual", stranger)
    assert answer.status_code != 200 or answer.json()["items"] == [], "of students one may see"


async def test_no_address_of_a_next_page_names_a_student_whom_one_may_not_see(world) -> None:
    others = [an_id("somebody else"), an_id("a third"), an_id("a fourth")]
    await world.write("plan", DANA, f"staff/{DANA}", dana())
    for student in (JONAS, *others):
        await world.write("plan", student, f"student/{student}", registered(student))
    await world.write("plan", JONAS, f"student/{JONAS}", assigned())
    seen = Read(at=datetime(2026, 2, 3, 17, tzinfo=UTC), party=Actor(id=str(an_id("Tam Lee")), role="case_manager"),
                purpose="read the plan", ground=AccessGround.SCHOOL_OFFICIAL, what=(Seen(kind="plan"),))  # fmt: skip
    for student in (JONAS, *others):
        for day in (DAY, DAY + timedelta(days=1)):
            looked = AccessRecorded(effective_on=day, reads=(seen,))
            await world.write("plan", student, streams.access(student, day), looked)
    await world.caught_up()
    case_manager = world.issuer.person("case_manager", "audit.read", staff=DANA)

    found, told, address = [], "", "/audit/v1/access-record/unusual?limit=1"
    async with asyncio.timeout(20):
        while not (await world.http.get(address, headers=case_manager)).json()["items"]:
            await asyncio.sleep(0.02)
    while address:
        answer = (await world.http.get(address, headers=case_manager)).json()
        found, address = found + answer["items"], answer.get("next")
        cursor = parse_qs(urlsplit(address or "").query).get("cursor", [""])[0]
        told += f"{answer} {base64.urlsafe_b64decode(cursor + '=' * (-len(cursor) % 4))!r}"
    assert [each["student"] for each in found] == [str(JONAS)] * 2
    assert str(JONAS) in told
    assert not [student for student in others if str(student) in told]
    everybody = (await world.get("/access-record/unusual")).json()["items"]
    assert {each["student"] for each in everybody} == {str(each) for each in (JONAS, *others)}


def looked(day: date, *parties: Actor) -> AccessRecorded:
    family = Actor(id=str(an_id("a notice's link")), role="notice_link")
    reads = [
        Read(at=datetime(day.year, day.month, day.day, 18, tzinfo=UTC), party=family, purpose="opened the notice",
             ground=AccessGround.OWN_RECORD, what=(Seen(kind="notice"),))
    ]  # fmt: skip
    reads += [
        Read(at=datetime(day.year, day.month, day.day, 17, tzinfo=UTC), party=party, purpose="read the plan",
             ground=AccessGround.SCHOOL_OFFICIAL, what=(Seen(kind="plan"),))
        for party in parties
    ]  # fmt: skip
    return AccessRecorded(effective_on=day, reads=tuple(reads))


TAM = Actor(id=str(an_id("Tam Lee")), role="case_manager")
VENDOR = Actor(id="vendor-1", role="vendor")


async def unusual(world, **asked: object) -> list[dict]:
    await world.caught_up()
    async with asyncio.timeout(20):
        while await behind(world) or await world.audit.judging.settled(world.tenant):
            await asyncio.sleep(0.02)
    answer = await world.get("/findings", rule="access.unusual", **asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def behind(world) -> bool:
    """Whether the consumer of looks has not taken in all there is of the student."""
    async with world.audit.database.lend(world.tenant) as connection:
        return await connection.fetchval(
            """SELECT EXISTS (SELECT FROM plan.journal j WHERE NOT EXISTS (
                   SELECT FROM audit_read.positions p WHERE p.consumer = 'staff-looks' AND p.source = 'plan'
                      AND p.lane = j.lane AND p.next > j.position))"""
        )


async def test_a_look_without_a_role_is_among_the_findings_until_the_role_is_on_record(world) -> None:
    await world.write("plan", DANA, f"staff/{DANA}", dana())
    await world.write("plan", JONAS, f"student/{JONAS}", registered())
    await world.write("plan", JONAS, f"student/{JONAS}", assigned())
    for day in (DAY, DAY + timedelta(days=1)):
        parties = TAM, VENDOR, Actor(id=str(DANA), role="case_manager")
        done = await world.write("plan", JONAS, streams.access(JONAS, day), looked(day, *parties))

    (found,) = await unusual(world)
    assert (found["student"], found["state"], found["severity"]) == (str(JONAS), "unproven", "M")
    assert found["cite"] == "34 CFR 99.31(a)(1)(ii)"
    assert "looked on 2 days from 2026-02-03 to 2026-02-04" in found["says"]
    assert found["facts"] == {
        "why": "no-role-for-the-student",
        "first_on": "2026-02-03",
        "last_on": "2026-02-04",
        "days": "2",
    }
    assert len(found["events"]) == 2
    assert str(done.last_event) == found["events"][1]
    assert (await world.get(f"/events/{found['events'][0]}")).json()["entry"]["type"] == "access.recorded"
    assert await unusual(world, student=JONAS) == [found]
    by = {each["who"]["id"] for each in (await world.get("/access-record/unusual")).json()["items"]}
    assert by == {TAM.id}, "neither the vendor nor the family by a notice's link"
    assert (await unusual(world, on="2026-02-03"))[0]["facts"]["days"] == "1"
    assert await unusual(world, on="2026-02-02") == []
    standing = (await world.get(f"/students/{JONAS}/replay")).json()["findings"]
    assert [(each["says"], each["events"]) for each in standing if each["rule"] == "access.unusual"] == [
        (
            f"{{{TAM.id}}}" + found["says"].removeprefix("somebody or something without a name here"),
            found["events"],
        )
    ]
    page = (await world.get("/rules/access.unusual")).json()
    assert (page["rules"], page["cite"]) == ("handrail", "34 CFR 99.31(a)(1)(ii)")
    assert len((await world.get("/rules")).json()["items"]) == 66

    answer = await world.get("/findings", student=JONAS)
    fixed = answer.headers["link"].split(">")[0].lstrip("<").removeprefix("/audit/v1")
    await world.write(
        "plan", JONAS, f"student/{JONAS}", assigned(assignment_id=an_id("Tam's"), staff_id=UUID(TAM.id))
    )
    assert await unusual(world) == []
    assert (await world.get(fixed)).json()["items"] == answer.json()["items"], "what was known then"
    assert await world.audit.differing_rows() == []


async def test_what_is_found_does_not_depend_on_how_far_the_consumer_of_looks_is(world) -> None:
    await world.write("plan", DANA, f"staff/{DANA}", dana())
    await world.write("plan", JONAS, f"student/{JONAS}", registered())
    assert await unusual(world) == []
    async with world.audit.database.lend(world.tenant) as connection, connection.transaction():
        # Nothing more is taken in while its positions are held.
        await connection.execute("SELECT FROM audit_read.positions WHERE consumer = 'staff-looks' FOR UPDATE")
        await world.write("plan", JONAS, streams.access(JONAS, DAY), looked(DAY, TAM))
        await world.write("plan", JONAS, f"student/{JONAS}", assigned())
        await world.caught_up()
        assert await behind(world)
        answer = await world.get("/findings", student=JONAS, rule="access.unusual", on="2026-03-02")
        replayed = (await world.get(f"/students/{JONAS}/replay", effective_on="2026-03-02")).json()
    assert [each["state"] for each in answer.json()["items"]] == ["unproven"]
    assert [each["rule"] for each in replayed["findings"]].count("access.unusual") == 1

    fixed = answer.headers["link"].split(">")[0].lstrip("<").removeprefix("/audit/v1")
    await unusual(world)
    assert (await world.get(fixed)).json()["items"] == answer.json()["items"], "taken in since"


async def test_a_vendors_looks_and_the_second_of_a_day_judge_nobody_anew(world) -> None:
    await world.write("plan", JONAS, f"student/{JONAS}", registered())
    await world.write("plan", JONAS, streams.access(JONAS, DAY), looked(DAY, TAM))
    assert len(await unusual(world)) == 1
    noted = []
    world.audit.judging.wake = noted.append
    await world.write("plan", JONAS, streams.access(JONAS, DAY), looked(DAY, TAM, VENDOR))
    async with asyncio.timeout(20):
        while await behind(world):
            await asyncio.sleep(0.02)
    assert noted == []
    runner = next(each for each in world.audit.runners if each.consumer.name == "staff-looks")
    assert await check(runner.consumer, world.audit.database, world.audit.store) == []
    await rebuild(runner.consumer, world.audit.database, world.audit.store)
    assert await world.audit.judging.waiting(world.tenant) == 0
    assert len(await unusual(world)) == 1


async def test_a_look_that_a_role_explains_judges_nobody_anew(world) -> None:
    await world.write("plan", DANA, f"staff/{DANA}", dana())
    await world.write("plan", JONAS, f"student/{JONAS}", registered())
    await world.write("plan", JONAS, f"student/{JONAS}", assigned())
    await world.write("plan", JONAS, f"plan/{PLAN}", draft_opened(), adopted())
    assert await unusual(world) == []
    judged = await last_judged(world)
    await world.write(
        "plan", JONAS, streams.access(JONAS, DAY), looked(DAY, Actor(id=str(DANA), role="case_manager"))
    )
    assert await unusual(world) == []
    assert await last_judged(world) == judged
    # And yet what is entered later of who looked has the student judged.
    await world.write("plan", DANA, f"staff/{DANA}", StaffEnded(effective_on=DAY, staff_id=DANA))
    assert [each["facts"]["why"] for each in await unusual(world)] == ["no-longer-works-here"]
    assert await last_judged(world) > judged


async def last_judged(world) -> int:
    """The transaction that wrote the student's findings."""
    async with world.audit.database.lend(world.tenant) as connection:
        return await connection.fetchval("SELECT max(xmin::text::bigint) FROM audit_read.findings")


async def test_who_had_left_shows_when_it_is_entered_late(world) -> None:
    await world.write("plan", DANA, f"staff/{DANA}", dana())
    await world.write("plan", JONAS, f"student/{JONAS}", registered())
    await world.write("plan", JONAS, f"student/{JONAS}", assigned())
    await world.write(
        "plan", JONAS, streams.access(JONAS, DAY), looked(DAY, Actor(id=str(DANA), role="case_manager"))
    )
    assert await unusual(world) == []
    await world.write("plan", DANA, f"staff/{DANA}", StaffEnded(effective_on=DAY, staff_id=DANA))
    (found,) = await unusual(world)
    assert found["facts"]["why"] == "no-longer-works-here"
    assert found["says"].startswith(
        "Dana Reed looked on 2026-02-03, and no longer worked here from 2026-02-03"
    )
