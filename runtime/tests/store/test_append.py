"""The append: all of it or nothing, at the version that was seen, for one tenant (P2, P3)."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from contracts.ids import new_id
from contracts.problems import Invalid, VersionConflict
from runtime.append_request import (
    AlreadyClaimed,
    Answer,
    Change,
    Claim,
    Context,
    IdempotencyKeyReused,
    Release,
    Request,
    TenantNotOpen,
)
from runtime.append_rows import LARGEST_APPEND, LARGEST_CONTENTS
from runtime.database import Database
from runtime.event_store import EventStore
from runtime.stream_model import Loaded
from runtime.testing import SCHOOL, Cluster, Opened, SchoolName, opened, school_named, write_school

TABLES_OF_A_COMMAND = ("events", "unsequenced", "kept_answers", "claims", "states", "resources")


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        yield it


def request(body: bytes = b"1" * 32, key: str = "k1") -> Request:
    return Request("client-1", "POST", "/plan/v1/schools", key, body)


def with_request(context: Context, asked: Request) -> Context:
    return replace(context, request=asked)


async def rows(plan: Opened, table: str) -> int:
    async with plan.database.lend(plan.tenant) as connection:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))


async def counts(plan: Opened) -> dict[str, int]:
    return {table: await rows(plan, table) for table in TABLES_OF_A_COMMAND}


@dataclass
class Wire:
    """Between the driver and the server: what was sent in each round trip."""

    sent: list[bytes] = field(default_factory=list)
    _trip: bytes = b""

    async def up(self, driver: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        """A round trip ends where the driver asks for an answer: a simple query, or the Sync after other messages."""
        length = int.from_bytes(start := await driver.readexactly(4))
        server.write(start + await driver.readexactly(length - 4))
        while True:
            kind, size = await driver.readexactly(1), await driver.readexactly(4)
            body = await driver.readexactly(int.from_bytes(size) - 4)
            self._trip += body
            if kind in (b"Q", b"S"):
                self.sent.append(self._trip)
                self._trip = b""
            server.write(kind + size + body)

    async def down(self, server: asyncio.StreamReader, driver: asyncio.StreamWriter) -> None:
        while answered := await server.read(65_536):
            driver.write(answered)
        driver.close()

    async def between(self, driver: asyncio.StreamReader, back: asyncio.StreamWriter, socket: Path) -> None:
        server, forth = await asyncio.open_unix_connection(socket)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await asyncio.gather(self.up(driver, forth), self.down(server, back))
        forth.close()


@asynccontextmanager
async def on_the_wire(plan: Opened) -> AsyncIterator[tuple[EventStore, Wire]]:
    """The same store by way of a socket that tells what passes it, on a single connection."""
    wire = Wire()
    name = ".s.PGSQL.5432"
    with tempfile.TemporaryDirectory(prefix="handrail-wire-") as folder:
        socket = plan.cluster.postgres.socket_folder / name
        proxy = await asyncio.start_unix_server(
            lambda driver, back: wire.between(driver, back, socket), Path(folder) / name
        )
        url = plan.url("plan_app").replace(str(plan.cluster.postgres.socket_folder), folder)
        database = await Database.open("plan", url, most=1)
        yield EventStore(database, plan.keyring), wire
        await database.close()
        proxy.close()
        await proxy.wait_closed()


async def test_an_append_of_every_kind_of_row_is_one_statement_in_one_round_trip(plan: Opened) -> None:
    left, right = new_id(), new_id()
    async with on_the_wire(plan) as (store, wire):

        async def append_to_both(key: str) -> None:
            seen = [await store.load(plan.tenant, SCHOOL, school) for school in (left, right)]
            wire.sent.clear()
            await store.append(
                with_request(plan.context(), request(key=key)),
                [
                    Change(loaded, school, [school_named(school, "B", first=loaded.version == 0)] * 3)
                    for loaded, school in zip(seen, (left, right), strict=True)
                ],
                claims=[Claim("external_id:school", key, left)],
                releases=[Release("external_id:school", "k1")],
                answer=Answer(201, "school", left),
            )

        await append_to_both(
            "k1"
        )  # The driver describes the statement once on each connection, and keys are made.
        await append_to_both("k2")

    (of_the_append,) = wire.sent
    assert b"k2" in of_the_append
    assert await counts(plan) == {
        "events": 12, "unsequenced": 12, "kept_answers": 2, "claims": 1, "states": 2, "resources": 2,
    }  # fmt: skip


async def test_a_look_at_many_streams_is_one_round_trip_and_reads_a_state_once(plan: Opened) -> None:
    schools = [new_id() for _ in range(3)]
    for school in schools:
        await write_school(plan, school, "A", "B")
    async with on_the_wire(plan) as (store, wire):
        wanted = [(SCHOOL, SCHOOL.stream(school)) for school in schools]
        await store.look(plan.tenant, wanted)  # The driver describes the statement once on each connection.
        await plan.store.append(plan.context(), [await next_name(plan, schools[0])])
        wire.sent.clear()

        seen = await store.look(plan.tenant, wanted)
        again = await store.look(plan.tenant, wanted)

    assert len(wire.sent) == 2
    assert [loaded.version for loaded in seen.streams.values()] == [3, 2, 2]
    assert again.streams == seen.streams
    assert seen.streams == await plan.store.load_many(plan.tenant, wanted)
    assert seen.now is not None


async def test_a_connection_lent_for_one_statement_reaches_no_tenant_afterwards(plan: Opened) -> None:
    await write_school(plan, new_id(), "A")
    database = await Database.open("plan", plan.url("plan_app"), most=1)
    try:
        store = EventStore(database, plan.keyring)
        await store.load(plan.tenant, SCHOOL, new_id())
        async with database.once() as same:
            assert await same.fetchval("SELECT count(*) FROM plan.events") == 0
        async with database.lend(plan.tenant) as same:
            assert await same.fetchval("SELECT count(*) FROM plan.events") == 1
        async with database.once() as same:
            assert await same.fetchval("SELECT count(*) FROM plan.events") == 0
    finally:
        await database.close()


async def test_of_a_long_stream_few_states_are_kept_and_every_load_is_complete(plan: Opened) -> None:
    school = new_id()
    await write_school(plan, school, *(f"name {n}" for n in range(1, 40)))
    short = await kept_versions(plan)
    await write_school(plan, school, *(f"name {n}" for n in range(40, 70)))
    another = EventStore(plan.database, plan.keyring)  # Nothing in memory.

    loaded = await another.load(plan.tenant, SCHOOL, school)

    assert (short, await kept_versions(plan)) == ([32], [64])
    assert (loaded.version, loaded.state) == (69, SchoolName("name 69", 69))
    assert loaded == await plan.store.load(plan.tenant, SCHOOL, school)


async def kept_versions(plan: Opened) -> list[int]:
    async with plan.database.lend(plan.tenant) as connection:
        return [row["version"] for row in await connection.fetch("SELECT version FROM plan_read.states")]


async def test_a_state_of_another_shape_or_none_at_all_is_folded_anew(plan: Opened) -> None:
    school = new_id()
    await write_school(plan, school, "A", "B")
    another = replace(SCHOOL, shape="2")
    superuser = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    try:
        of_another_shape = await plan.store.load(plan.tenant, another, school)
        await superuser.execute("DELETE FROM plan_read.states")
        of_none = await EventStore(plan.database, plan.keyring).load(plan.tenant, SCHOOL, school)
    finally:
        await superuser.close()

    assert (of_another_shape.version, of_another_shape.state.name) == (2, "B")
    assert (of_none.version, of_none.state.name) == (2, "B")


async def next_name(plan: Opened, school: UUID) -> Change[SchoolName]:
    loaded = await plan.store.load(plan.tenant, SCHOOL, school)
    return Change(loaded, school, [school_named(school, "C", first=False)])


async def test_what_was_appended_is_read_back_with_its_envelope(plan: Opened) -> None:
    school = new_id()
    context = plan.context()

    appended = await write_school(plan, school, "Lakeside", "Lakeside North", context=context)
    history = await plan.store.read(plan.tenant, f"school/{school}")

    assert [e.version for e in history] == [1, 2]
    assert [e.event for e in history] == [e.event for e in appended.events]
    assert history[0].actor == context.actor
    assert history[0].recorded_at == appended.events[0].recorded_at
    assert appended.resources["school", school].document == {"name": "Lakeside North", "changes": 2}


async def test_the_state_is_loaded_in_one_step_and_folded_anew_when_its_shape_has_changed(
    plan: Opened,
) -> None:
    school = new_id()
    await write_school(plan, school, "A", "B", "C")

    kept = await plan.store.load(plan.tenant, SCHOOL, school)
    other_shape = await plan.store.load(plan.tenant, replace(SCHOOL, shape="2"), school)

    assert (kept.version, kept.state) == (3, SchoolName("C", 3))
    assert (other_shape.version, other_shape.state) == (3, SchoolName("C", 3))


async def test_a_stale_version_changes_nothing(plan: Opened) -> None:
    school = new_id()
    stale = await plan.store.load(plan.tenant, SCHOOL, school)
    await write_school(plan, school, "A")
    before = await counts(plan)

    with pytest.raises(VersionConflict) as refused:
        await plan.store.append(
            with_request(plan.context(), request()),
            [Change(stale, school, [school_named(school)])],
            claims=[Claim("active_plan", "x", school)],
            answer=Answer(201, "school", school),
        )

    assert refused.value.facts == {"expected": 0, "actual": 1}
    assert await counts(plan) == before


async def test_an_expected_version_above_the_stream_is_refused(plan: Opened) -> None:
    school = new_id()
    ahead = Loaded(SCHOOL, f"school/{school}", 5, SchoolName())

    with pytest.raises(VersionConflict):
        await plan.store.append(plan.context(), [Change(ahead, school, [school_named(school)])])


@dataclass
class Tampering:
    """A connection on which somebody changes an append's events on their way to the database."""

    connection: Any
    change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]

    async def fetchrow(self, sql: str, *arguments: Any) -> Any:
        given = list(arguments)
        given[3] = json.dumps(self.change(json.loads(given[3])))
        return await self.connection.fetchrow(sql, *given)


def at(*versions: int) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """The events with these versions, however many there were."""
    return lambda events: [
        {**events[min(n, 1)], "version": version, "id": str(new_id())} for n, version in enumerate(versions)
    ]


TAMPERED = {
    "a version is left out": (at(2, 4), "HR500"),
    "the first version is left out": (at(3, 4), "HR500"),
    "it begins with a version that is there": (at(1, 2), "HR500"),
    "it goes back": (at(2, 1), "HR500"),
    "a version comes twice": (at(2, 2), asyncpg.UniqueViolationError.sqlstate),
    "fewer than announced": (at(2), "HR500"),
    "more than announced": (at(2, 3, 4), "HR500"),
    "none of those announced": (at(), "HR500"),
    "one more below the stream": (at(2, 3, 1), "HR500"),
    "a stream that was not announced": (
        lambda events: [events[0], {**events[1], "stream": "school/other", "version": 1}], "HR500",
    ),
    "one more on a stream that was not announced": (
        lambda events: [*events, {**events[0], "stream": "school/other", "version": 1, "id": str(new_id())}], "HR500",
    ),
}  # fmt: skip


async def append_all_kinds(plan: Opened, connection: Any) -> None:
    """Two events at versions 2 and 3 with an answer to keep, a claim, a state and a resource."""
    school = new_id()
    await write_school(plan, school, "A")
    seen = await plan.store.load(plan.tenant, SCHOOL, school)
    async with plan.database.lend(plan.tenant) as lent, lent.transaction():
        await plan.store.append(
            with_request(plan.context(), request()),
            [Change(seen, school, [school_named(school, name, first=False) for name in ("B", "C")])],
            claims=[Claim("external_id:school", "sis:1", school)],
            answer=Answer(201, "school", school),
            connection=connection(lent),
        )


async def test_what_the_next_test_tampers_with_is_accepted_as_it_is(plan: Opened) -> None:
    await append_all_kinds(plan, lambda lent: Tampering(lent, lambda events: events))

    assert await counts(plan) == {
        "events": 3, "unsequenced": 3, "kept_answers": 1, "claims": 1, "states": 1, "resources": 1,
    }  # fmt: skip


@pytest.mark.parametrize("case", TAMPERED)
async def test_versions_that_do_not_follow_as_announced_are_refused_and_nothing_remains(
    plan: Opened, case: str
) -> None:
    change, sqlstate = TAMPERED[case]

    with pytest.raises(asyncpg.PostgresError) as refused:
        await append_all_kinds(plan, lambda lent: Tampering(lent, change))

    assert refused.value.sqlstate == sqlstate
    assert await counts(plan) == {  # What stood before.
        "events": 1, "unsequenced": 1, "kept_answers": 0, "claims": 0, "states": 1, "resources": 1,
    }  # fmt: skip
    async with plan.database.lend(plan.tenant) as connection:
        assert await connection.fetchval("SELECT document->>'name' FROM resources") == "A"
        assert await connection.fetchval("SELECT version FROM states") == 1


async def test_a_version_can_stand_once_even_without_the_append(plan: Opened) -> None:
    school = new_id()
    await write_school(plan, school, "A")
    async with plan.database.lend(plan.tenant) as connection:
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(
                "INSERT INTO plan.events SELECT (jsonb_populate_record(e, jsonb_build_object('id', $1::uuid))).*"
                " FROM plan.events e", new_id(),
            )  # fmt: skip


async def test_of_many_writers_of_one_version_exactly_one_wins(plan: Opened) -> None:
    school = new_id()
    seen = await plan.store.load(plan.tenant, SCHOOL, school)

    results = await asyncio.gather(
        *(
            plan.store.append(plan.context(), [Change(seen, school, [school_named(school)])])
            for _ in range(12)
        ),
        return_exceptions=True,
    )

    assert sum(not isinstance(r, BaseException) for r in results) == 1
    assert sum(isinstance(r, VersionConflict) for r in results) == 11
    assert await rows(plan, "events") == 1


async def test_two_streams_that_must_agree_commit_together_or_not_at_all(plan: Opened) -> None:
    left, right = new_id(), new_id()
    seen_left = await plan.store.load(plan.tenant, SCHOOL, left)
    seen_right = await plan.store.load(plan.tenant, SCHOOL, right)
    await write_school(plan, right, "moved on")

    with pytest.raises(VersionConflict):
        await plan.store.append(
            plan.context(), [Change(seen_left, left, [school_named(left)])], resting_on=[seen_right]
        )

    assert await plan.store.read(plan.tenant, f"school/{left}") == []


async def test_a_claim_is_held_by_one_and_free_again_after_its_release(plan: Opened) -> None:
    first, second = new_id(), new_id()
    claim = Claim("active_plan:iep", "student-1", first, b"d" * 32)
    seen = await plan.store.load(plan.tenant, SCHOOL, first)
    await plan.store.append(plan.context(), [Change(seen, first, [school_named(first)])], claims=[claim])
    before = await counts(plan)

    with pytest.raises(AlreadyClaimed) as refused:
        other = await plan.store.load(plan.tenant, SCHOOL, second)
        await plan.store.append(
            plan.context(),
            [Change(other, second, [school_named(second)])],
            claims=[replace(claim, owner=second)],
        )
    assert (refused.value.owner, refused.value.digest) == (first, b"d" * 32)
    assert await counts(plan) == before

    seen = await plan.store.load(plan.tenant, SCHOOL, first)
    await plan.store.append(
        plan.context(), [Change(seen, first, [school_named(first, first=False)])],
        releases=[Release("active_plan:iep", "student-1")],
    )  # fmt: skip
    assert await plan.store.held(plan.tenant, "active_plan:iep", "student-1") is None


async def test_no_readable_external_id_stands_in_the_claims(plan: Opened) -> None:
    school = new_id()
    seen = await plan.store.load(plan.tenant, SCHOOL, school)
    await plan.store.append(
        plan.context(), [Change(seen, school, [school_named(school)])],
        claims=[Claim("external_id:school", "sis:604821", school)],
    )  # fmt: skip
    async with plan.database.lend(plan.tenant) as connection:
        values = await connection.fetch("SELECT claims::text AS row FROM plan.claims")
    assert "604821" not in values[0]["row"]


async def test_the_same_request_again_is_answered_as_before_and_writes_nothing(plan: Opened) -> None:
    school = new_id()
    context = with_request(plan.context(), request())
    seen = await plan.store.load(plan.tenant, SCHOOL, school)
    change = Change(seen, school, [school_named(school)])
    first = await plan.store.append(context, [change], answer=Answer(201, "school", school))
    before = await counts(plan)

    again = await plan.store.append(context, [change], answer=Answer(201, "school", new_id()))

    assert again.replayed == Answer(201, "school", school, first.last_event)
    assert await counts(plan) == before


async def test_the_same_key_with_another_body_is_refused(plan: Opened) -> None:
    school = new_id()
    seen = await plan.store.load(plan.tenant, SCHOOL, school)
    await plan.store.append(
        with_request(plan.context(), request()), [Change(seen, school, [school_named(school)])],
        answer=Answer(201, "school", school),
    )  # fmt: skip

    with pytest.raises(IdempotencyKeyReused):
        await plan.store.append(
            with_request(plan.context(), request(body=b"2" * 32)), [Change(seen, school, [school_named(school)])],
            answer=Answer(201, "school", school),
        )  # fmt: skip


async def test_a_tenant_that_was_never_opened_cannot_be_written(plan: Opened) -> None:
    school = new_id()
    with pytest.raises(TenantNotOpen):
        await write_school(plan, school, "A", context=plan.context("elsewhere"))


async def test_the_largest_event_is_kept_and_one_byte_more_is_refused_by_its_field(plan: Opened) -> None:
    school = new_id()
    smallest = len(school_named(school, "a").contents()) - 1
    seen = await plan.store.load(plan.tenant, SCHOOL, school)

    def long_name(extra: int) -> Change[SchoolName]:
        event = school_named(school).model_copy(update={"name": "x" * (256 * 1024 - smallest + extra)})
        return Change(seen, school, [event])

    with pytest.raises(Invalid) as refused:
        await plan.store.append(plan.context(), [long_name(1)])
    assert [(r.code, r.pointer) for r in refused.value.reasons] == [("too-long", "/name")]
    await plan.store.append(plan.context(), [long_name(0)])
    async with plan.database.lend(plan.tenant) as connection:
        sealed = await connection.fetchval("SELECT length(sealed) FROM plan.events")
    assert sealed == 1 + 16 + 12 + 32 + 256 * 1024 + 16


async def test_a_request_of_4_mib_is_kept_and_anything_more_is_refused(plan: Opened) -> None:
    school = new_id()
    smallest = len(school_named(school, "a").contents()) - 1
    seen = await plan.store.load(plan.tenant, SCHOOL, school)
    largest = school_named(school).model_copy(update={"name": "x" * (LARGEST_CONTENTS - smallest)})
    full = [largest] * (LARGEST_APPEND // LARGEST_CONTENTS)
    before = await counts(plan)

    with pytest.raises(Invalid) as refused:
        await plan.store.append(
            with_request(plan.context(), request()), [Change(seen, school, [*full, school_named(school, "a")])],
            claims=[Claim("external_id:school", "sis:1", school)], answer=Answer(201, "school", school),
        )  # fmt: skip

    assert (LARGEST_APPEND, LARGEST_CONTENTS) == (4 * 1024 * 1024, 256 * 1024)
    assert [(r.code, r.pointer) for r in refused.value.reasons] == [("too-long", None)]
    assert await counts(plan) == before
    await plan.store.append(plan.context(), [Change(seen, school, full)])
    async with plan.database.lend(plan.tenant) as connection:
        framing = 1 + 16 + 12 + 32 + 16
        assert (
            await connection.fetchval("SELECT sum(length(sealed) - $1) FROM plan.events", framing) == 4 << 20
        )


async def test_4_mib_are_counted_over_all_the_streams_of_a_request(plan: Opened) -> None:
    changes = []
    for _ in range(2):
        school = new_id()
        event = school_named(school).model_copy(update={"name": "x" * (250 * 1024)})
        changes.append(Change(await plan.store.load(plan.tenant, SCHOOL, school), school, [event] * 9))

    await plan.store.append(plan.context(), changes[:1])
    before = await counts(plan)
    with pytest.raises(Invalid):
        await plan.store.append(
            plan.context(), [replace(changes[0], loaded=replace(changes[0].loaded, version=9)), changes[1]]
        )
    assert await counts(plan) == before


async def test_what_json_or_postgres_cannot_carry_is_refused_by_its_place(plan: Opened) -> None:
    school = new_id()
    with pytest.raises(Invalid) as refused:
        event = school_named(school).model_copy(update={"name": "Lake\x00side"})
        seen = await plan.store.load(plan.tenant, SCHOOL, school)
        await plan.store.append(plan.context(), [Change(seen, school, [event])])
    assert refused.value.reasons[0].pointer == "/name"


async def test_no_contents_stand_readable_in_the_tables_of_record(plan: Opened) -> None:
    school = new_id()
    await write_school(plan, school, "Plantedword Academy")
    async with plan.database.lend(plan.tenant) as connection:
        raw = await connection.fetchrow("SELECT * FROM plan.events")
    assert b"Plantedword" not in json.dumps([str(v) for v in raw.values()]).encode() + bytes(raw["sealed"])
