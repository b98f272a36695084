"""Copies of all four logs, the frontier below them, timeline and replay: on real logs that are really followed."""

import asyncio
from datetime import date, timedelta

import asyncpg
import pytest

from audit_service.adapters.consumers.copies import advance
from audit_service.application.timeline import plan_at, student_at, timeline
from audit_service.domain.moment import Moment
from audit_service.testing_facts import (
    ADOPTED_ON,
    DANA,
    FATHER,
    JONAS,
    PLAN,
    SNACKS,
    adopted,
    amended,
    confirmed,
    dana,
    draft_opened,
    measured,
    missed,
    notice,
    proposed,
    registered,
    session,
)
from contracts.problems import NotFound
from contracts.testing import an_id


@pytest.fixture
def world(alone):
    """Each test on a database of its own: they write past the service."""
    return alone


async def a_year_of(world) -> None:
    await world.write("plan", DANA, f"staff/{DANA}", dana())
    await world.write("plan", JONAS, f"student/{JONAS}", registered(), confirmed())
    await world.write("plan", JONAS, f"plan/{PLAN}", draft_opened(), adopted())
    await world.write(
        "progress", JONAS, "item/nurse/2025-2026", session(date(2025, 9, 29)), missed(date(2025, 10, 6))
    )
    await world.write("plan", JONAS, f"plan/{PLAN}", proposed())
    await world.write("notify", JONAS, "notice/1", *notice())
    await world.write("plan", JONAS, f"plan/{PLAN}", amended())
    await world.write("progress", JONAS, "item/tests/2025-2026", measured(date(2025, 12, 19), 20))
    await world.caught_up()


async def read(world, **asked):
    given = {"known_at": None, "basis": None, "after": None, "limit": 100} | asked
    return await timeline(world.evidence, world.tenant, JONAS, **given)


async def test_the_timeline_tells_every_event_of_every_service_in_known_order(world) -> None:
    await a_year_of(world)

    page = await read(world)

    assert [entry.type for entry in page.entries] == [
        "plan.student_registered", "plan.rights_holder_confirmed", "plan.draft_opened", "plan.adopted",
        "progress.service_delivered", "progress.session_missed", "plan.amendment_proposed", "notice.owed",
        "notice.sent", "notice.given", "plan.amendment_adopted", "progress.benchmark_measured",
    ]  # fmt: skip
    assert [entry.known_at for entry in page.entries] == sorted(entry.known_at for entry in page.entries)
    assert page.basis == {"plan": 6, "progress": 2, "notify": 2}


async def test_a_sentence_names_people_and_says_why(world) -> None:
    await a_year_of(world)

    page = await read(world)

    given = next(entry for entry in page.entries if entry.type == "notice.given")
    assert "Dana Reed" in given.what
    assert "Karl Feld" in given.what
    assert given.who.name == "Dana Reed"
    proposal = next(entry for entry in page.entries if entry.type == "plan.amendment_proposed")
    assert proposal.why == "The new sensor reports to a phone."


async def test_pages_go_on_where_the_last_one_ended_and_rest_on_one_basis(world) -> None:
    await a_year_of(world)
    whole = await read(world)

    first = await read(world, limit=5)
    await world.write("progress", JONAS, "item/nurse/2025-2026", session(date(2026, 1, 12)))
    await world.caught_up()
    found, page = list(first.entries), first
    while page.next is not None:
        page = await read(world, limit=5, after=page.next, basis=first.basis)
        found += page.entries

    assert found == list(whole.entries)


async def test_what_was_known_earlier_is_told_without_what_came_later(world) -> None:
    await a_year_of(world)
    whole = await read(world)
    moment = whole.entries[3].known_at

    page = await read(world, known_at=moment)

    assert page.entries == whole.entries[:4]


async def test_asking_again_with_the_basis_gives_the_same_bytes(world) -> None:
    await a_year_of(world)
    day = date(2026, 1, 15)
    first = await student_at(world.evidence, world.tenant, JONAS, Moment(day))
    plan = await plan_at(world.evidence, world.tenant, PLAN, Moment(day))

    await world.write(
        "plan", JONAS, f"plan/{PLAN}", amended(date(2025, 12, 1), "Nothing but snacks", "another")
    )
    await world.write("progress", JONAS, "item/nurse/2025-2026", session(date(2026, 1, 12)))
    await world.caught_up()

    again = await student_at(world.evidence, world.tenant, JONAS, Moment(day, basis=first.basis))
    assert again.to_bytes() == first.to_bytes()
    same_plan = await plan_at(
        world.evidence, world.tenant, PLAN, Moment(day, basis={"plan": plan.basis.plan})
    )
    assert same_plan.to_bytes() == plan.to_bytes()
    newest = await student_at(world.evidence, world.tenant, JONAS, Moment(day))
    assert newest.to_bytes() != first.to_bytes()


async def test_the_plan_is_read_as_in_force_on_a_day(world) -> None:
    await a_year_of(world)

    before = await plan_at(world.evidence, world.tenant, PLAN, Moment(ADOPTED_ON - timedelta(days=1)))
    early = await plan_at(world.evidence, world.tenant, PLAN, Moment(ADOPTED_ON))
    late = await plan_at(world.evidence, world.tenant, PLAN, Moment(date(2025, 10, 20)))

    assert before.status == "not_yet_in_force"
    assert "snack" in early.item(SNACKS).item.what
    assert "phone" in late.item(SNACKS).item.what


async def test_a_replay_shows_notices_sessions_and_results_up_to_the_day(world) -> None:
    await a_year_of(world)

    answer = await student_at(world.evidence, world.tenant, JONAS, Moment(date(2025, 10, 10)))

    (owed,) = answer.notices
    assert (owed.status, owed.given_on, owed.holder) == ("given", date(2025, 10, 2), FATHER)
    (nurse,) = answer.delivery
    assert (nurse.minutes_delivered, nurse.missed, nurse.missed_by_reason) == (30, 1, {"provider_absent": 1})
    assert answer.results == ()


async def test_nothing_above_a_gap_is_read(world) -> None:
    """P7: a copy whose predecessor has not come yet stays unread, however long it has been there."""
    await a_year_of(world)
    owner = await asyncpg.connect(world.sources["audit"].url("audit_app"))
    await owner.execute("SELECT set_config('handrail.tenant', $1, false)", world.tenant)
    row = await owner.fetchrow(
        "SELECT * FROM audit.copies WHERE source = 'plan' AND type = 'plan.amendment_adopted'"
    )
    fields = dict(row) | {"position": row["position"] + 2, "index": 99, "event_id": an_id("later")}
    names = ", ".join(fields)
    await owner.execute(
        f"INSERT INTO audit.copies ({names}) VALUES ({', '.join(f'${n + 1}' for n in range(len(fields)))})",
        *fields.values(),
    )

    await advance(world.audit.database)
    assert len((await read(world)).entries) == 12

    await owner.execute(
        f"INSERT INTO audit.copies ({names}) VALUES ({', '.join(f'${n + 1}' for n in range(len(fields)))})",
        *(fields | {"position": row["position"] + 1, "index": 98, "event_id": an_id("in between")}).values(),
    )
    await advance(world.audit.database)
    assert len((await read(world)).entries) == 14
    await owner.close()


async def test_copies_are_append_only_even_for_their_owner(world) -> None:
    await a_year_of(world)
    for role in ("audit_owner", "audit_app"):
        connection = await asyncpg.connect(world.sources["audit"].url(role))
        await connection.execute("SELECT set_config('handrail.tenant', $1, false)", world.tenant)
        for statement in (
            "UPDATE audit.copies SET index = 0",
            "DELETE FROM audit.copies",
            "TRUNCATE audit.copies",
        ):
            with pytest.raises(asyncpg.PostgresError) as refused:
                await connection.execute(statement)
            assert refused.value.sqlstate in {"HR001", "42501"}
        await connection.close()
    assert len((await read(world)).entries) == 12


async def test_another_district_sees_nothing(world) -> None:
    await a_year_of(world)

    with pytest.raises(NotFound):
        await timeline(world.evidence, "elsewhere", JONAS, known_at=None, basis=None, after=None, limit=10)
    assert await plan_at(world.evidence, "elsewhere", PLAN, Moment(ADOPTED_ON)) is None


async def test_an_entry_whose_contents_are_gone_stands_and_says_so(world) -> None:
    await a_year_of(world)
    admin = await asyncpg.connect(world.sources["audit"].cluster.postgres.url(world.sources["audit"].name))
    await admin.execute("DELETE FROM keyring.keys WHERE subject = $1 AND class = 'proof'", JONAS)
    await admin.close()
    world.audit.keyring.forget(world.tenant)

    page = await read(world)

    assert len(page.entries) == 12
    assert [entry.contents for entry in page.entries].count("lost") == 3, "no lawful destruction is known"
    answer = await student_at(world.evidence, world.tenant, JONAS, Moment(date(2026, 1, 1)))
    assert len(answer.unreadable) == 3


async def test_many_writers_leave_no_gap_and_nothing_twice(world) -> None:
    async def write(number: int) -> None:
        student = an_id(f"student {number}")
        for day in range(1, 6):
            await world.append("progress", student, f"item/{number}/2025-2026", session(date(2026, 1, day)))

    await asyncio.gather(*(write(number) for number in range(12)))
    await world.write("plan", JONAS, f"student/{JONAS}", registered())
    from runtime.testing import sequence

    await sequence(world.sources["progress"])
    await world.caught_up()

    assert (await advance(world.audit.database))["progress"] == 61
