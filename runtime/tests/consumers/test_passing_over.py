"""What a consumer has nothing to do with moves its positions in one statement, and is never done twice or taken back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from contracts.ids import new_id
from contracts.problems import NotFound
from runtime.consumer import Consumer, ConsumerRunner
from runtime.database import Database
from runtime.event_store import EventStore
from runtime.parked import parked_events
from runtime.positions import Positions
from runtime.testing import Cluster, Opened, open_test_tenant, opened, sequence, write_school
from runtime.testing_consumers import counting, effects, in_order_and_once, make_effects_table
from runtime.transport.journal import JournalTransport
from runtime.transport.port import Delivery

ADDED, CHANGED = "plan.school_added", "plan.school_changed"


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        await make_effects_table(it)
        yield it


@pytest.fixture
async def notify(plan: Opened) -> AsyncIterator[Database]:
    database = await Database.open("notify", plan.url("notify_app"))
    await open_test_tenant(database, plan.tenant)
    yield database
    await database.close()


def runner_of(
    consumer: Consumer, plan: Opened, notify: Database, where: Positions | None = None
) -> ConsumerRunner:
    return ConsumerRunner(consumer, notify, EventStore(notify, plan.keyring), JournalTransport(notify), where)


async def delivered(plan: Opened, notify: Database) -> list[Delivery]:
    await sequence(plan)
    async with JournalTransport(notify).records("plan") as records:
        return [delivery async for page in records.pages() for delivery in page.deliveries]


def only(*types: str) -> Consumer:
    return replace(counting(), types=frozenset(types))


async def positions(runner: ConsumerRunner, deliveries: list[Delivery]) -> dict[int, int]:
    return await runner.next_positions("plan", {delivery.lane for delivery in deliveries})


async def test_events_of_no_interest_move_the_positions_in_one_statement(
    plan: Opened, notify: Database
) -> None:
    for _ in range(3):
        await write_school(plan, new_id(), "A")
    deliveries, runner = await delivered(plan, notify), runner_of(only(CHANGED), plan, notify)
    await runner.handle(deliveries[:1])  # The driver asks for the types of its arguments once.
    async with statements_of(notify) as statements:
        await runner.handle(deliveries)

    assert len(statements) == 1
    last = {delivery.lane: delivery.position + 1 for delivery in deliveries}
    assert await positions(runner, deliveries) == last
    assert await effects(plan) == []
    async with notify.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM notify.seen_events") == 3


@asynccontextmanager
async def statements_of(notify: Database) -> AsyncIterator[list[str]]:
    """What is said on the one connection of the pool."""
    statements: list[str] = []
    async with notify.pool.acquire() as connection:
        connection.add_query_logger(lambda query: statements.append(query.query))
    statements.clear()  # Of giving it back.
    yield statements


async def test_consumers_that_pass_over_in_the_same_moment_move_on_in_one_statement(
    plan: Opened, notify: Database
) -> None:
    for _ in range(3):
        await write_school(plan, new_id(), "A")
    deliveries, where = await delivered(plan, notify), Positions(notify, projections=False)
    runners = [runner_of(replace(only(CHANGED), name=name), plan, notify, where) for name in ("a", "b", "c")]
    await runners[0].handle(deliveries[:1])
    async with statements_of(notify) as statements:
        await asyncio.gather(*(runner.handle(deliveries) for runner in runners))

    assert len(statements) == 1
    last = {delivery.lane: delivery.position + 1 for delivery in deliveries}
    assert [await positions(runner, deliveries) for runner in runners] == [last] * 3
    async with notify.pool.acquire() as connection:
        seen = await connection.fetch(
            "SELECT consumer, count(*) FROM notify.seen_events GROUP BY 1 ORDER BY 1"
        )
    assert [tuple(row) for row in seen] == [("a", 3), ("b", 3), ("c", 3)]


async def test_one_that_is_broken_off_while_passing_over_leaves_the_others_to_go_on(
    plan: Opened, notify: Database
) -> None:
    await write_school(plan, new_id(), "A")
    deliveries, where = await delivered(plan, notify), Positions(notify, projections=False)
    gone, stays = (runner_of(replace(only(CHANGED), name=name), plan, notify, where) for name in "ab")
    first = asyncio.create_task(gone.handle(deliveries))
    second = asyncio.create_task(stays.handle(deliveries))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first, second])
    await gone.handle(deliveries)  # It comes again, to whoever follows next.

    assert (first.cancelled(), second.exception()) == (True, None)
    last = {delivery.lane: delivery.position + 1 for delivery in deliveries}
    assert [await positions(runner, deliveries) for runner in (gone, stays)] == [last] * 2


async def test_what_comes_again_takes_no_position_back(plan: Opened, notify: Database) -> None:
    school = new_id()
    await write_school(plan, school, "A")
    first = await delivered(plan, notify)
    await write_school(plan, school, "B")
    both, runner = await delivered(plan, notify), runner_of(only(CHANGED), plan, notify)
    await runner.handle(both)
    await runner.handle(first)

    assert await positions(runner, both) == {both[1].lane: both[1].position + 1}
    assert [version for _, version, _ in await effects(plan)] == [2]


async def test_a_lane_of_which_nothing_came_moves_along(plan: Opened, notify: Database) -> None:
    await write_school(plan, new_id(), "A")
    (delivery,), runner = await delivered(plan, notify), runner_of(only(CHANGED), plan, notify)
    other = (delivery.lane + 1) % 60
    await runner.handle([delivery], {other})

    assert (await runner.next_positions("plan", {other}))[other] == delivery.position + 1


async def test_one_event_of_interest_among_them_is_handled_in_its_order(
    plan: Opened, notify: Database
) -> None:
    school = new_id()
    await write_school(plan, school, "A", "B", "C")
    await runner_of(only(ADDED, CHANGED), plan, notify).handle(await delivered(plan, notify))

    assert in_order_and_once(await effects(plan), 3)


async def test_what_is_of_no_interest_does_not_queue_behind_a_parked_student(
    plan: Opened, notify: Database
) -> None:
    sick = new_id()

    async def failing(_recorded: object, _unit: object) -> None:
        raise NotFound("nothing")

    await write_school(plan, sick, "A")
    first = await delivered(plan, notify)
    runner = runner_of(replace(counting(failing), types=frozenset({ADDED})), plan, notify)
    await runner.handle(first)
    await write_school(plan, sick, "B")
    (_, second) = await delivered(plan, notify)
    await runner.handle([second])

    assert len(await parked_events(notify, plan.tenant)) == 1
    assert await positions(runner, first) == {second.lane: second.position + 1}


async def test_what_was_parked_and_comes_again_is_not_told_as_seen(plan: Opened, notify: Database) -> None:
    async def refuse(_recorded: object, _unit: object) -> None:
        raise ValueError("it can never work")

    await write_school(plan, new_id(), "A")
    deliveries = await delivered(plan, notify)
    runner = runner_of(replace(counting(), handle=refuse), plan, notify)
    await runner.handle(deliveries)
    await runner.handle(deliveries)  # As a broker does after a restart.

    async with notify.lend(plan.tenant) as connection:
        assert await connection.fetchval("SELECT count(*) FROM notify.seen_events") == 0
        assert await connection.fetchval("SELECT count(*) FROM notify.parked") == 1
