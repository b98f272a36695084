"""What is decided from memory: refused by the append where anything it saw has moved on; nobody waits for what was seen."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.ids import new_id
from contracts.problems import VersionConflict
from runtime.append_request import Change
from runtime.event_store import EventStore
from runtime.recent_states import Looked
from runtime.stream_model import Model
from runtime.tenants import TENANT, move_clock, open_tenant
from runtime.testing import SCHOOL, Cluster, Opened, opened, school_named, write_school


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster, tenant="sandbox-lakeside") as it:
        yield it


def wanted(*schools: Any) -> list[tuple[Model[Any], str]]:
    return [(TENANT, TENANT.name), *((SCHOOL, SCHOOL.stream(school)) for school in schools)]


async def from_memory(plan: Opened, *schools: Any) -> Looked:
    return await plan.store.look(plan.tenant, wanted(*schools), memory_will_do=True)


def another_instance(plan: Opened) -> Opened:
    return replace(plan, store=EventStore(plan.database, plan.keyring))


async def test_what_was_looked_at_is_remembered_also_that_there_is_nothing(plan: Opened) -> None:
    written, empty = new_id(), new_id()
    await write_school(another_instance(plan), written, "A")
    first = await from_memory(plan, written, empty)
    again = await from_memory(plan, written, empty)

    assert (first.remembered, again.remembered) == (False, True)
    assert again.streams == first.streams
    assert again.streams[SCHOOL.stream(empty)].version == 0
    assert first.now is not None
    assert again.now is not None
    assert timedelta(0) < again.now - first.now < timedelta(seconds=10)


async def test_without_the_stream_that_tells_of_a_moved_clock_memory_will_not_do(plan: Opened) -> None:
    school = new_id()
    await from_memory(plan, school)
    looked = await plan.store.look(plan.tenant, [(SCHOOL, SCHOOL.stream(school))], memory_will_do=True)

    assert not looked.remembered


async def test_an_append_is_refused_where_a_stream_that_was_only_seen_has_moved_on(plan: Opened) -> None:
    school, beside = new_id(), new_id()
    await from_memory(plan, school, beside)
    await write_school(another_instance(plan), beside, "moved on")

    remembered = await from_memory(plan, school, beside)
    change = Change(remembered.streams[SCHOOL.stream(school)], school, [school_named(school)])
    with pytest.raises(VersionConflict) as refused:
        await plan.store.append(plan.context(), [change], seen=remembered.streams.values())

    assert refused.value.stream == SCHOOL.stream(beside)
    assert (await plan.store.load(plan.tenant, SCHOOL, school)).version == 0
    looked = await plan.store.look(plan.tenant, wanted(school, beside))
    await plan.store.append(plan.context(), [change], seen=looked.streams.values())


async def test_a_moved_clock_is_seen_by_every_instance_that_remembers(plan: Opened) -> None:
    other, school = another_instance(plan), new_id()
    await open_tenant(plan.store, plan.tenant, name="Lakeside", time_zone="America/Chicago", actor=plan.context().actor,
                      correlation="opening")  # fmt: skip
    before = await from_memory(plan, school)
    before = await from_memory(plan, school)
    assert before.now is not None
    await move_clock(
        other.store, plan.tenant, before.now + timedelta(days=9), actor=plan.context().actor, correlation="on"
    )

    change = Change(before.streams[SCHOOL.stream(school)], school, [school_named(school)])
    with pytest.raises(VersionConflict) as refused:
        await plan.store.append(plan.context(), [change], seen=before.streams.values())
    after = await plan.store.look(plan.tenant, wanted(school))

    assert refused.value.stream == TENANT.name
    assert after.now is not None
    assert after.now >= before.now + timedelta(days=9)


async def test_two_that_only_saw_the_same_stream_do_not_wait_for_each_other(plan: Opened) -> None:
    shared, first, second = new_id(), new_id(), new_id()
    looked = await plan.store.look(plan.tenant, wanted(shared, first, second))
    changes = {
        id: Change(looked.streams[SCHOOL.stream(id)], id, [school_named(id)]) for id in (first, second)
    }
    seen = [looked.streams[SCHOOL.stream(shared)]]

    async with plan.database.begin(plan.tenant) as rows:  # Held open: what it locks, it keeps.
        raw = (await rows.get_raw_connection()).driver_connection
        await plan.store.append(plan.context(), [changes[first]], seen=seen, connection=raw)
        async with asyncio.timeout(5):
            await plan.store.append(plan.context(), [changes[second]], seen=seen)


async def test_where_others_move_the_same_streams_on_memory_is_asked_only_now_and_then(plan: Opened) -> None:
    """As when two workers answer: what one remembers the other has moved on, and deciding twice costs more than asking."""
    school, other, name = new_id(), another_instance(plan), 0

    async def decided() -> tuple[bool, bool]:
        """Whether it was from memory, and refused."""
        nonlocal name
        name += 1
        looked = await from_memory(plan, school)
        change = Change(looked.streams[SCHOOL.stream(school)], school, [school_named(school, str(name))])
        seen = looked.streams.values() if looked.remembered else ()
        try:
            await plan.store.append(plan.context(), [change], seen=seen)
        except VersionConflict:
            await plan.store.look(plan.tenant, wanted(school))
            return looked.remembered, True
        return looked.remembered, False

    alone = [await decided() for _ in range(10)]
    beside = []
    for number in range(100):
        await write_school(other, school, f"other {number}")
        beside.append(await decided())
    again = [await decided() for _ in range(200)]

    assert alone[1:] == [(True, False)] * 9
    assert sum(refused for _, refused in beside) <= 12
    assert [remembered for remembered, _ in again[-10:]] == [True] * 10


async def test_what_memory_never_holds_does_not_use_up_its_tries(plan: Opened) -> None:
    known, states = new_id(), plan.store._states
    await from_memory(plan, known)
    for _ in range(20):
        states.stood(False)
    tried = 0
    for _ in range(64):  # Strictly in turn: one that is never in memory, one that always is.
        await from_memory(plan, new_id())
        tried += (await from_memory(plan, known)).remembered

    assert tried == 4
