"""The append: all of it or nothing, at the version that was seen, for one tenant (P2, P3)."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from contracts.ids import new_id
from contracts.problems import Invalid, VersionConflict
from runtime.event_store import (
    AlreadyClaimed,
    Answer,
    Change,
    Claim,
    Context,
    IdempotencyKeyReused,
    Loaded,
    Release,
    Request,
    TenantNotOpen,
)
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
