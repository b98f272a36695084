"""The log's tree and checkpoints: what the sequencer stores is the tree of its entries, and only what is committed is signed."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from contracts.ids import new_id
from contracts.log.checkpoint import Checkpoint
from contracts.log.checkpoint import opened as opened_checkpoint
from contracts.log.note import VerifierKey
from contracts.log.tiles import Run
from contracts.log.tree import check_inclusion, leaf_hash, root_over
from runtime.log_keys import LogKeys, key_of
from runtime.log_tree import LogTree, fill
from runtime.sequencer import Leader, Sequencer
from runtime.testing import LOG_HOST, MASTER_KEY, Cluster, Opened, opened, sequence, write_school

ENTRIES = "SELECT entry FROM plan.log WHERE tenant = $1 ORDER BY index"
CHECKPOINTS = "SELECT * FROM plan.checkpoints WHERE tenant = $1 ORDER BY size"


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        yield it


@pytest.fixture
async def superuser(plan: Opened) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    yield connection
    await connection.close()


async def leaves(superuser: asyncpg.Connection, tenant: str) -> list[bytes]:
    return [leaf_hash(row["entry"]) for row in await superuser.fetch(ENTRIES, tenant)]


async def key(superuser: asyncpg.Connection, tenant: str) -> VerifierKey:
    public = await superuser.fetchval("SELECT public FROM plan.log_keys WHERE tenant = $1", tenant)
    return key_of(LOG_HOST, tenant, "plan", public)


async def write(plan: Opened, count: int) -> None:
    for n in range(0, count, 100):
        await write_school(plan, new_id(), *(f"{n}" for n in range(min(100, count - n))))


async def test_every_checkpoint_is_of_the_entries_that_are_there(
    plan: Opened, superuser: asyncpg.Connection
) -> None:
    for count in (1, 1, 3, 300, 700):
        await write(plan, count)
        await sequence(plan)  # Each with a new leader, which takes the tree up again.

    known = await leaves(superuser, plan.tenant)
    verifier = await key(superuser, plan.tenant)
    rows = await superuser.fetch(CHECKPOINTS, plan.tenant)
    assert [row["size"] for row in rows] == [1, 2, 5, 305, 1005]
    for row in rows:
        note = Checkpoint(verifier.name, row["size"], row["root"]).note(verifier, row["signature"])
        assert opened_checkpoint(note, verifier).root == root_over(known[: row["size"]])


async def test_full_tiles_are_stored_once_and_proofs_are_made_of_them(
    plan: Opened, superuser: asyncpg.Connection
) -> None:
    await write(plan, 1000)
    await sequence(plan)
    known = await leaves(superuser, plan.tenant)
    async with plan.database.lend(plan.tenant) as connection:
        tree = LogTree.own("plan", connection, plan.tenant)
        assert await tree.hashes(Run(1, 0, 256)) == [root_over(known[n : n + 256]) for n in (0, 256, 512)]
        for index in (0, 255, 256, 767, 768, 999):
            check_inclusion(index, 1000, known[index], await tree.inclusion(index, 1000), root_over(known))


async def test_a_log_that_was_begun_before_its_tree_was_kept_gets_it(
    plan: Opened, superuser: asyncpg.Connection
) -> None:
    await write(plan, 700)
    await sequence(plan)
    await superuser.execute("ALTER TABLE plan.tree_hashes DISABLE TRIGGER ALL; DELETE FROM plan.tree_hashes")
    await write(plan, 100)
    await sequence(plan)
    known = await leaves(superuser, plan.tenant)
    assert [
        bytes(row[0]) for row in await superuser.fetch("SELECT hash FROM plan.tree_hashes ORDER BY place")
    ] == [root_over(known[n : n + 256]) for n in (0, 256, 512)]
    tree = LogTree.own("plan", superuser, plan.tenant)
    assert await fill(tree, "plan.tree_hashes", {}, 800, superuser, plan.tenant) == 0


async def test_what_was_committed_and_not_signed_is_signed_the_same_by_whoever_comes_next(
    plan: Opened, superuser: asyncpg.Connection
) -> None:
    """Killed between the commit and the signature, or between the signature and its being stored."""
    await write(plan, 5)
    relay = await asyncpg.connect(plan.url("plan_relay"))
    first = Leader("plan", relay, LogKeys("plan", LOG_HOST, MASTER_KEY))
    await first.sequence()
    await first.sign()
    signed = await superuser.fetch(CHECKPOINTS, plan.tenant)
    await superuser.execute("ALTER TABLE plan.checkpoints DISABLE TRIGGER ALL; DELETE FROM plan.checkpoints")
    await relay.close()

    running = asyncio.ensure_future(
        Sequencer("plan", plan.url("plan_relay"), keys=LogKeys("plan", LOG_HOST, MASTER_KEY)).run()
    )
    try:
        async with asyncio.timeout(10):
            while not (again := await superuser.fetch(CHECKPOINTS, plan.tenant)):
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
    assert [(r["size"], r["root"], r["signature"]) for r in again] == [
        (r["size"], r["root"], r["signature"]) for r in signed
    ]


async def test_an_empty_log_has_a_checkpoint_of_size_0(plan: Opened, superuser: asyncpg.Connection) -> None:
    relay = await asyncpg.connect(plan.url("plan_relay"))
    await Leader("plan", relay, LogKeys("plan", LOG_HOST, MASTER_KEY)).sign_what_is_left()
    await relay.close()
    assert [row["size"] for row in await superuser.fetch(CHECKPOINTS, plan.tenant)] == [0]


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DELETE FROM plan.log WHERE index >= 7", "10 entries were signed, and 7 are there"),
        ("UPDATE plan.log SET leaf = decode(repeat('00', 32), 'hex') WHERE index = 4", "first 10 entries are not what was"),
        ("DELETE FROM plan.log WHERE index = 4", "are missing"),
    ],
)  # fmt: skip
async def test_a_log_that_is_no_longer_what_was_signed_is_not_signed_further(
    plan: Opened, superuser: asyncpg.Connection, attack: str, said: str
) -> None:
    await write(plan, 10)
    await sequence(plan)
    await superuser.execute(f"ALTER TABLE plan.log DISABLE TRIGGER ALL; {attack}")
    await write(plan, 1)
    relay = await asyncpg.connect(plan.url("plan_relay"))
    leader = Leader("plan", relay, LogKeys("plan", LOG_HOST, MASTER_KEY))
    await leader.sequence()
    await leader.sign()
    await leader.sign_what_is_left()
    await relay.close()

    assert said in leader.spoiled[plan.tenant]
    assert [row["size"] for row in await superuser.fetch(CHECKPOINTS, plan.tenant)] == [10]
    assert (
        await superuser.fetchval("SELECT count(*) FROM plan.unsequenced") == 0
    )  # What happens is still recorded.


async def test_a_key_is_made_once_and_opens_only_for_its_own_log(
    plan: Opened, superuser: asyncpg.Connection
) -> None:
    await write(plan, 1)
    await sequence(plan)
    before = await key(superuser, plan.tenant)
    await write(plan, 1)
    await sequence(plan)
    assert await key(superuser, plan.tenant) == before
    wrapped = await superuser.fetchval("SELECT wrapped FROM plan.log_secrets")
    other = LogKeys("plan", "another.handrail.invalid", MASTER_KEY)
    with pytest.raises(InvalidTag):
        other._wrapping.opened("another.handrail.invalid/lakeside/plan/log", wrapped)
    for role in ("plan_app", "notify_app"):
        reader = await asyncpg.connect(plan.url(role))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch("SELECT * FROM plan.log_secrets")
        await reader.close()


async def test_a_key_that_cannot_be_opened_stops_no_index(
    plan: Opened, superuser: asyncpg.Connection
) -> None:
    await write(plan, 1)
    await sequence(plan)
    await write(plan, 2)
    relay = await asyncpg.connect(plan.url("plan_relay"))
    leader = Leader("plan", relay, LogKeys("plan", LOG_HOST, bytes(32)))  # Another master key.
    await leader.sequence()
    await leader.sign()
    await relay.close()
    assert leader.spoiled == {plan.tenant: "its signing key cannot be opened"}
    assert await superuser.fetchval("SELECT count(*) FROM plan.log") == 3


async def test_a_log_goes_on_being_signed_with_its_key_under_another_master_key(plan: Opened) -> None:
    await write(plan, 1)
    await sequence(plan)
    another = b"another master key of thirty-two"
    relay = await asyncpg.connect(plan.url("plan_relay"))
    before = await LogKeys("plan", LOG_HOST, MASTER_KEY).signer(relay, plan.tenant)
    after = await LogKeys("plan", LOG_HOST, another, (MASTER_KEY,)).signer(relay, plan.tenant)
    assert str(after.key) == str(before.key)
    with pytest.raises(InvalidTag):
        await LogKeys("plan", LOG_HOST, another).signer(relay, plan.tenant)
    await relay.close()


async def test_a_proof_costs_one_query_for_the_tiles_it_is_made_of(plan: Opened) -> None:
    await write(plan, 700)
    await sequence(plan)
    async with plan.database.lend(plan.tenant) as connection:
        asked: list[tuple[object, ...]] = []

        class Counted:
            async def fetch(self, *arguments: object) -> object:
                asked.append(arguments)
                return await connection.fetch(*arguments)

        await LogTree.own("plan", Counted(), plan.tenant).inclusion(300, 700)
        ((sql, *of),) = asked
        # Leaves of two tiles, the hashes of the two that are full: each run lies in one tile, and the planner knows it.
        assert list(zip(*of[1:], strict=True)) == [(0, 256, 512), (0, 512, 700), (1, 0, 1)]
        plan_of = await connection.fetch(f"EXPLAIN {sql}", *of)
        assert sum("Limit" in row[0] for row in plan_of) == 2
