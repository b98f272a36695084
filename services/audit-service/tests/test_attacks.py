"""P9: somebody with every right over one service's database changes the past; each way is found, and the first bad entry named.

The log is progress-service's: twenty entries of two students and 250 of a third, cosigned half-way and at the end.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import asyncpg
import pytest

from audit_service.application.witness import CopyWitness, check_log
from audit_service.domain.offline import compare
from audit_service.testing_facts import JONAS, session
from contracts.log.checkpoint import Checkpoint, opened
from contracts.log.note import Note, NoteBroken
from contracts.log.tree import leaf_hash
from contracts.testing import an_id
from runtime.log_check import LogCheck
from runtime.log_keys import LogKeys, key_of
from runtime.log_tree import LogTree
from runtime.sequencer import Leader
from runtime.testing import LOG_HOST, MASTER_KEY, sequence


@pytest.fixture
def world(alone):
    """Each test on a database of its own: what they do to a database, others would see."""
    return alone


OTHER = an_id("another student")
SIZE = 270
FREE = """
    ALTER TABLE progress.{0} DISABLE TRIGGER ALL;
    ALTER TABLE progress.{0} DISABLE ROW LEVEL SECURITY"""
TABLES = ("events", "log", "checkpoints", "tree_hashes", "log_keys", "log_secrets")
COPIES = ("audit.copies", "audit.cosigned", "audit.copied_hashes")


@pytest.fixture
async def attacked(world) -> AsyncIterator[tuple]:
    """The world, and the connection of somebody who may do anything in the service's database."""
    for day in range(1, 11):
        await world.write("progress", JONAS, "item/nurse/2025-2026", session(date(2026, 1, day)))
    await world.caught_up()
    await world.audit.cosigner.look()
    for day in range(11, 16):
        await world.append("progress", JONAS, "item/nurse/2025-2026", session(date(2026, 1, day)))
        await world.append("progress", OTHER, "item/other/2025-2026", session(date(2026, 1, day)))
    many = [session(date(2025, 9, 1) + timedelta(days=n)) for n in range(SIZE - 20)]
    await world.append("progress", an_id("a third student"), "item/third/2025-2026", *many)
    await sequence(world.sources["progress"])
    await world.caught_up()
    await world.audit.cosigner.look()
    plan = world.sources["plan"]
    admin = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    for table in TABLES:
        await admin.execute(FREE.format(table))
    for table in COPIES:
        await admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    yield world, admin
    await admin.close()


async def verified(world):
    return await check_log(world.sources["progress"].database, world.audit, world.tenant)


async def test_a_log_that_nobody_touched_holds_together(attacked) -> None:
    world, _ = attacked
    report = await verified(world)
    assert (report.faults, report.size) == ([], SIZE)
    assert report.cosigned_size == SIZE
    assert report.checkpoints >= 11


AT_7 = "WHERE index = 7"
EVENT_AT_7 = "WHERE id = (SELECT event_id FROM progress.log WHERE index = 7)"
FLIPPED = "set_byte({0}, 40, get_byte({0}, 40) # 1)"
SHORT = "set_byte({0}, 4, get_byte({0}, 4) # 1)"
ATTACKS = {
    # Altered, one column after the other of everything that is stored.
    "entry": (f"UPDATE progress.log SET entry = {FLIPPED.format('entry')} {AT_7}", 7, "the leaf is not the hash"),
    "leaf": (f"UPDATE progress.log SET leaf = {SHORT.format('leaf')} {AT_7}", 7, "the leaf is not the hash of the entry"),
    "known_at of the log": (f"UPDATE progress.log SET known_at = known_at - interval '1 day' {AT_7}", 7, "known_at"),
    "nth of the log": (f"UPDATE progress.log SET nth = 77 {AT_7}", 7, "nth"),
    "subject of the log": (f"UPDATE progress.log SET subject = gen_random_uuid() {AT_7}", 7, "another subject"),
    "lane": (f"UPDATE progress.log SET lane = (lane + 1) % 60 {AT_7}", 7, "lane"),
    "position": (f"UPDATE progress.log SET position = 777 {AT_7}", 7, "position does not follow"),
    "sealed contents": (f"UPDATE progress.events SET sealed = {FLIPPED.format('sealed')} {EVENT_AT_7}", 7, "sealed_sha256"),
    "digest": (f"UPDATE progress.events SET digest = {SHORT.format('digest')} {EVENT_AT_7}", 7, "digest"),
    "type": (f"UPDATE progress.events SET type = 'progress.session_missed' {EVENT_AT_7}", 7, "(type)"),
    "back-dated day": (f"UPDATE progress.events SET effective_on = effective_on - 30 {EVENT_AT_7}", 7, "effective_on"),
    "back-dated instant": (
        f"UPDATE progress.events SET recorded_at = recorded_at - interval '90 days' {EVENT_AT_7}", 7, "recorded_at"),
    "who acted": (f"UPDATE progress.events SET actor = replace(actor, 'case_manager', 'principal') {EVENT_AT_7}", 7, "actor"),
    "whose it is": (f"UPDATE progress.events SET subject = '{OTHER}' {EVENT_AT_7}", 7, "subject"),
    "correlation": (f"UPDATE progress.events SET correlation = 'x' {EVENT_AT_7}", 7, "correlation"),
    "rules": (f"UPDATE progress.events SET rules = NULL {EVENT_AT_7}", 7, "rules"),
    "stream": (f"UPDATE progress.events SET stream = 'item/x/2025-2026' {EVENT_AT_7}", 7, "stream"),
    "root of a checkpoint": (f"UPDATE progress.checkpoints SET root = {SHORT.format('root')} WHERE size = 8", 7, "another root"),
    "signature of a checkpoint": (
        f"UPDATE progress.checkpoints SET signature = {SHORT.format('signature')} WHERE size = 8", 7, "signature under"),
    "key": (f"UPDATE progress.log_keys SET public = {SHORT.format('public')}", 0, "signature under the log's checkpoint of 1"),
    # Deleted.
    "deleted event": (f"DELETE FROM progress.events {EVENT_AT_7}", 7, "its event is gone"),
    "deleted entry": (f"DELETE FROM progress.log {AT_7}", 7, "entry 7 is missing from the log"),
    "deleted event and entry": (
        f"WITH gone AS (DELETE FROM progress.log {AT_7} RETURNING event_id)"
        " DELETE FROM progress.events USING gone WHERE id = event_id", 7, "entry 7 is missing"),
    "deleted first": ("DELETE FROM progress.log WHERE index < 3", 0, "entries 0 to 2 are missing"),
    # Truncated: the newest rows are gone, checkpoints and all.
    "truncated": (
        "DELETE FROM progress.log WHERE index >= 15; DELETE FROM progress.checkpoints WHERE size > 15", 15,
        "the log ends here, and audit-service received entries up to 269"),
    "emptied": ("TRUNCATE progress.log, progress.events, progress.checkpoints", 0, "the log ends here"),
    # Swapped.
    "swapped entries": (
        "UPDATE progress.log SET index = 1000 WHERE index = 7; UPDATE progress.log SET index = 7 WHERE index = 8;"
        "UPDATE progress.log SET index = 8 WHERE index = 1000", 7, "it is not the entry that audit-service received"),
    "swapped contents": (
        "UPDATE progress.events e SET sealed = o.sealed, digest = o.digest FROM progress.events o"
        " WHERE e.version = 3 AND o.version = 4 AND e.stream LIKE 'item/nurse%' AND o.stream = e.stream", 2, "digest"),
    # Inserted.
    "inserted event": (
        "INSERT INTO progress.events SELECT tenant, stream, 99, gen_random_uuid(), subject, type, schema, class,"
        f" effective_on, recorded_at, actor, correlation, causation, rules, digest, sealed FROM progress.events {EVENT_AT_7}",
        None, "an event is in the store and in no log: version 99"),
    "inserted checkpoint": (
        "INSERT INTO progress.checkpoints SELECT tenant, 300, root, signature FROM progress.checkpoints WHERE size = 10", SIZE,
        "it has signed more entries"),
    "inserted tile": (
        "INSERT INTO progress.tree_hashes VALUES ('lakeside', 1, 1, decode(repeat('00', 32), 'hex'))", SIZE, "not there"),
    "tile altered": (f"UPDATE progress.tree_hashes SET hash = {SHORT.format('hash')}", 0, "stored tree has another hash"),
    "tile deleted": ("DELETE FROM progress.tree_hashes", 0, "the stored tree lacks the hash of the 256 entries from 0 on"),
    # And audit-service's own.
    "copy altered": (
        "UPDATE audit.copies SET entry = entry || ' '::bytea WHERE source = 'progress' AND index = 7", 7,
        "audit-service received"),
    "copy deleted": ("DELETE FROM audit.copies WHERE source = 'progress' AND index = 7", 7, "copy of it is missing"),
    "copy's contents": (
        f"UPDATE audit.copies SET sealed = {FLIPPED.format('sealed')} WHERE source = 'progress' AND index = 7", 7, "sealed"),
    "copy's subject": (
        f"UPDATE audit.copies SET subject = '{OTHER}' WHERE source = 'progress' AND index = 7", 7, "filed as if its subject"),
    "copy's tile": (
        f"UPDATE audit.copied_hashes SET hash = {SHORT.format('hash')} WHERE source = 'progress'", 0, "audit-service's own tree"),
    "cosigned root": (
        f"UPDATE audit.cosigned SET root = {SHORT.format('root')} WHERE source = 'progress' AND size = 10", 9, "another history"),
    "cosignature": (
        "UPDATE audit.cosigned SET cosignature = set_byte(cosignature, 70, get_byte(cosignature, 70) # 1)"
        " WHERE source = 'progress' AND size = 10", 9, "the cosignature of 10 entries is false"),
}  # fmt: skip


async def test_whatever_is_changed_the_first_bad_entry_is_named(attacked) -> None:
    """Each attack in a transaction of its own, looked at from inside and taken back: one world serves them all."""
    world, admin = attacked
    cosigner = (await world.audit.cosigner.signer()).key
    missed = {}
    for attack, (sql, index, words) in ATTACKS.items():
        transaction = admin.transaction()
        await transaction.start()
        await admin.execute(sql)
        public = await admin.fetchval("SELECT public FROM progress.log_keys")
        witness = CopyWitness(admin, world.tenant, "progress", cosigner)
        key = key_of(LOG_HOST, world.tenant, "progress", public)
        report = await LogCheck("progress", world.tenant, admin, witness, key).run()
        await transaction.rollback()
        if (
            report.first is None
            or report.first.index != index
            or words not in " / ".join(map(str, report.faults))
        ):
            missed[attack] = [str(fault) for fault in report.faults]
    assert missed == {}
    assert (await verified(world)).faults == []


async def rewritten(world, admin, change: str) -> None:
    """A whole consistent history in the place of the true one, from entry 7 on: leaves, tree and checkpoints anew."""
    await admin.execute("TRUNCATE progress.log, progress.checkpoints, progress.tree_hashes")
    await admin.execute(change)
    await admin.execute(
        "INSERT INTO progress.unsequenced (tenant, event_id) SELECT tenant, id FROM progress.events ORDER BY recorded_at"
    )
    # With the service's own sequencer and its own key: nothing in its database contradicts it.
    relay = await asyncpg.connect(world.sources["progress"].url("progress_relay"))
    leader = Leader("progress", relay, LogKeys("progress", LOG_HOST, MASTER_KEY))
    await leader.sequence()
    await leader.sign()
    await relay.close()


async def test_a_whole_history_signed_anew_with_the_services_own_key_is_exposed(attacked) -> None:
    world, admin = attacked
    true = await newest(admin)
    await rewritten(
        world,
        admin,
        f"UPDATE progress.events SET effective_on = effective_on - 30 WHERE version = 8 AND subject = '{JONAS}'",
    )
    report = await verified(world)
    words = " / ".join(fault.what for fault in report.faults)
    assert report.size == SIZE
    assert (
        report.first.index == 0
    )  # known_at of all is another, so the first entry is not the one that was received.
    assert "it is not the entry that audit-service received" in words
    assert "audit-service cosigned another history of 10 entries: this one was put in its place" in words

    world.audit.cosigner._looked_at.clear()
    await world.audit.cosigner.look()
    (alarm,) = await world.audit.store.read(world.tenant, "log/progress")
    assert alarm.event.fault == "root_differs"
    assert Checkpoint.parse(Note.parse(alarm.event.cosigned).text).root == true["root"]


async def newest(admin) -> asyncpg.Record:
    return await admin.fetchrow("SELECT * FROM progress.checkpoints ORDER BY size DESC LIMIT 1")


async def test_a_forked_log_shown_to_two_readers_is_found(attacked) -> None:
    """One reader sees the log that audit-service saw, the other a fork: only one of them holds a cosigned checkpoint."""
    world, admin = attacked
    officer = world.vendor("log.read", "audit.read")
    shown_to_one = Note.parse(
        (await world.http.get("/audit/log/cosigned/progress/checkpoint", headers=officer)).content
    )
    await rewritten(world, admin, "SELECT 1")
    public = await admin.fetchval("SELECT public FROM progress.log_keys")
    key = key_of(LOG_HOST, world.tenant, "progress", public)
    fork = await newest(admin)
    shown_to_other = Checkpoint(key.name, fork["size"], fork["root"]).note(key, fork["signature"])
    await world.audit.cosigner.look()

    one, other = opened(shown_to_one, key), opened(shown_to_other, key)
    # Both are truly signed by the log, of one size, with two roots: the two notes together prove the fork to anybody.
    assert (one.size, one.origin) == (other.size, other.origin)
    assert one.root != other.root
    cosigner = (await world.audit.cosigner.signer()).key
    assert cosigner in shown_to_one.signers([cosigner])
    assert cosigner not in shown_to_other.signers([cosigner])
    told = compare(str(shown_to_one).encode(), str(shown_to_other).encode(), [key, cosigner])
    assert "FORKED" in " ".join(told.wrong)
    assert compare(str(shown_to_one).encode(), str(shown_to_one).encode(), [key]).good
    after = await world.http.get("/audit/log/cosigned/progress/checkpoint", headers=officer)
    assert Note.parse(after.content) == shown_to_one


async def test_a_truncated_log_that_grows_again_is_no_longer_what_was_cosigned(attacked) -> None:
    world, admin = attacked
    await admin.execute(
        "DELETE FROM progress.log WHERE index >= 12; DELETE FROM progress.checkpoints WHERE size > 12;"
        "DELETE FROM progress.events e WHERE NOT EXISTS (SELECT FROM progress.log l WHERE l.event_id = e.id)"
    )
    for day in range(1, 10):
        await world.append("progress", JONAS, "item/fresh/2025-2026", session(date(2026, 3, day)))
    await sequence(world.sources["progress"])
    report = await verified(world)
    assert report.first.index == 12
    assert "it is not the entry that audit-service received" in report.first.what
    async with asyncio.timeout(10):
        while not world.audit.degraded():
            await world.audit.cosigner.look()
    assert [what for what, _ in world.audit.degraded()] == ["log progress"]


async def test_the_attackers_tree_would_have_been_consistent_in_itself(attacked) -> None:
    """The control: without audit-service's copy and key nothing would show."""
    world, admin = attacked
    await rewritten(world, admin, "SELECT 1")
    tree = LogTree.own("progress", admin, world.tenant)
    rows = await admin.fetch("SELECT entry, leaf FROM progress.log ORDER BY index")
    assert all(leaf_hash(row["entry"]) == row["leaf"] for row in rows)
    assert await tree.root(SIZE) == (await newest(admin))["root"]
    with pytest.raises(NoteBroken):
        opened(Note("x\n"), (await world.audit.cosigner.signer()).key)
