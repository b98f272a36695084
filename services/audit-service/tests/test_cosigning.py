"""The cosigner: it cosigns what its own copies bear out, and nothing else; each proof it gives can be checked by a stranger."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import date

import asyncpg
import pytest

from audit_service.application import proofs
from audit_service.application.tokens import Mint
from audit_service.domain.cosigning import Seen, judge
from audit_service.service import checkpoints_for
from audit_service.testing_facts import JONAS, confirmed, registered, session
from contracts.audit import LogInconsistent
from contracts.ids import new_id
from contracts.log.checkpoint import Checkpoint, opened
from contracts.log.note import Note, VerifierKey
from contracts.log.proof import LogProof
from contracts.vocabulary import LogFault
from runtime.auth import IssuerAway, NotAuthenticated
from runtime.cosigner_token import ISSUER, cosigner_key, service_verifier
from runtime.database import UNREACHABLE
from runtime.log_routes import head_of


@pytest.fixture
def world(alone):
    """Each test on a database of its own: they count what every district's logs say."""
    return alone


async def some_history(world) -> None:
    await world.write("plan", JONAS, f"student/{JONAS}", registered(), confirmed())
    await world.write(
        "progress", JONAS, "item/nurse/2025-2026", *(session(date(2026, 1, day)) for day in range(1, 20))
    )
    await world.caught_up()
    await world.audit.cosigner.look()


def officer(world) -> dict[str, str]:
    return world.vendor("log.read", "audit.read", "plan.read", "progress.read")


async def superuser(world) -> asyncpg.Connection:
    plan = world.sources["plan"]
    return await asyncpg.connect(plan.cluster.postgres.url(plan.name))


async def text(world, path: str, status: int = 200) -> str:
    async with asyncio.timeout(10):
        while True:  # The own sequencer signs in its own time.
            answer = await world.http.get(path, headers=officer(world))
            if answer.status_code != 503 or status == 503:
                break
            await asyncio.sleep(0.02)
    assert answer.status_code == status, answer.text
    return answer.text


async def one_entry_of_its_own(world) -> Note:
    await world.append("audit", JONAS, "disclosure/x", registered())
    note = Note.parse(await text(world, "/audit/log/checkpoint"))
    async with asyncio.timeout(10):
        while Checkpoint.parse(note.text).size < 1:
            await asyncio.sleep(0.02)
            note = Note.parse(await text(world, "/audit/log/checkpoint"))
    return note


async def test_every_log_is_cosigned_as_far_as_its_copies_reach(world) -> None:
    await some_history(world)

    key = VerifierKey.parse(await text(world, "/audit/log/cosigner-vkey"))
    standing = (await world.get("/verification", officer(world))).json()
    assert standing["cosigner_vkey"] == str(key)
    for source, size in (("plan", 2), ("progress", 19)):
        note = Note.parse(await text(world, f"/audit/log/cosigned/{source}/checkpoint"))
        log = next(each for each in standing["logs"] if each["service"] == source)
        checkpoint = opened(note, VerifierKey.parse(log["vkey"]))
        assert key in note.signers([key])
        assert (checkpoint.size, checkpoint.origin) == (size, f"test.handrail.invalid/lakeside/{source}/log")
        assert log["root"] == checkpoint.root.hex()
        assert (log["size"], log["cosigned"]["size"], "alarm" in log) == (size, size, False)


async def test_the_own_log_is_served_as_tiles_and_its_checkpoint_is_of_them(world) -> None:
    note = await one_entry_of_its_own(world)
    checkpoint = opened(note, VerifierKey.parse(await text(world, "/audit/log/vkey")))
    answer = await world.http.get(f"/audit/log/tile/0/000.p/{checkpoint.size}", headers=officer(world))
    entries = await world.http.get(f"/audit/log/tile/entries/000.p/{checkpoint.size}", headers=officer(world))
    assert checkpoint.size == 1
    assert answer.content == hashlib.sha256(b"\x00" + entries.content[2:]).digest() == checkpoint.root
    assert "immutable" not in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("tile", "said"),
    [
        ("0/000", "Ask for tile/0/000.p/1."), ("0/001", "give it 0 of 256"), ("1/000.p/1", "give it 0 of 1"),
        ("0/1", "No tile has that name"), ("entries/000.p/7", "give it 1 of 7"), ("../checkpoint", ""), ("70/000", "No tile"),
    ],
)  # fmt: skip
async def test_a_tile_that_is_not_there_is_said_clearly(world, tile: str, said: str) -> None:
    await one_entry_of_its_own(world)
    answer = await world.http.get(f"/audit/log/tile/{tile}", headers=officer(world))
    assert answer.status_code in (404, 200 if ".." in tile else 404)
    assert said in answer.text


async def test_a_proof_leads_from_the_event_to_a_cosigned_checkpoint(world) -> None:
    await some_history(world)
    event = (await world.get("/events", source="plan")).json()["items"][1]
    id_ = event["entry"]["id"]
    entry = (await world.get(f"/proofs/{id_}/entry", officer(world))).content
    proof = LogProof.parse((await world.get(f"/proofs/{id_}", officer(world))).content)
    contents = next(c for c in await world.evidence.of_student(world.tenant, JONAS) if str(c.entry.id) == id_)

    assert proof.check(entry).size == 2
    assert hashlib.sha256(b"HR\x01" + proof.extra + contents.plain).hexdigest() == event["entry"]["digest"]
    keys = [VerifierKey.parse(await text(world, "/audit/log/cosigner-vkey"))]
    assert set(proof.note.signers(keys)) == set(keys)
    # Without the scope for the contents the salt stays here: it would let them be guessed.
    bare = LogProof.parse((await world.get(f"/proofs/{id_}", world.vendor("log.read"))).content)
    assert bare.extra is None


async def test_proofs_of_what_is_not_ours_or_not_there_are_not_found(world) -> None:
    await some_history(world)
    theirs = await world.get(f"/proofs/{new_id()}", officer(world))
    assert theirs.status_code == 404
    event = (await world.get("/events", source="plan")).json()["items"][0]["entry"]["id"]
    elsewhere = world.issuer.vendor("log.read", tenant="hillside")
    assert (await world.get(f"/proofs/{event}", elsewhere)).status_code == 404
    assert (await world.get("/proofs/nonsense", officer(world))).status_code == 422
    assert (await world.get(f"/proofs/{event}", world.vendor("plan.read"))).status_code == 403


async def test_an_entry_that_is_not_cosigned_yet_is_asked_for_again(world) -> None:
    await world.append("plan", JONAS, f"student/{JONAS}", registered())
    from runtime.sequencer import Leader

    relay = await asyncpg.connect(world.sources["plan"].url("plan_relay"))
    await Leader("plan", relay).sequence()  # Indexed, and its sequencer was killed before it signed.
    await relay.close()
    await world.caught_up()
    event = (await world.get("/events", source="plan")).json()["items"][0]["entry"]["id"]
    answer = await world.get(f"/proofs/{event}", officer(world))
    assert (answer.status_code, answer.json()["code"]) == (503, "not-cosigned-yet")
    assert "retry-after" in answer.headers


async def test_nobody_waits_for_the_cosigner_longer_than_said_however_slowly_it_looks(
    world, monkeypatch
) -> None:
    await some_history(world)
    copies = await world.evidence.of_student(world.tenant, JONAS)
    beyond = [replace(copy, index=copy.index + 1000) for copy in copies]

    async def hang(*_asked) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(world.audit.cosigner, "look", hang)
    monkeypatch.setattr(proofs, "SECONDS", 0.1)
    async with asyncio.timeout(10):
        with pytest.raises(proofs.NotCosigned, match="plan, progress"):
            await proofs.cosigned_notes(world.audit, world.tenant, beyond)


async def test_a_log_that_shows_another_root_is_not_cosigned_and_the_alarm_is_an_event(world) -> None:
    await some_history(world)
    admin = await superuser(world)
    before = await text(world, "/audit/log/cosigned/progress/checkpoint")
    # A log with another history, signed with its own key: entry 3 says something else.
    await admin.execute(
        "ALTER TABLE progress.log DISABLE TRIGGER ALL;"
        "UPDATE progress.log SET entry = replace(encode(entry, 'escape'), '\"v\":1', '\"v\":2')::bytea WHERE index = 3;"
        "UPDATE progress.log SET leaf = sha256('\\x00'::bytea || entry) WHERE index = 3;"
        "ALTER TABLE progress.checkpoints DISABLE TRIGGER ALL; DELETE FROM progress.checkpoints"
    )
    await world.write("progress", JONAS, "item/nurse/2025-2026", session(date(2026, 2, 2)))
    await world.caught_up()
    await world.audit.cosigner.look()
    await world.audit.cosigner.look()  # It is said once.

    assert await text(world, "/audit/log/cosigned/progress/checkpoint") == before
    assert [what for what, _ in world.audit.degraded()] == ["log progress"]
    ready = (await world.http.get("/audit/health/ready")).json()
    assert [each["what"] for each in ready["degraded"]] == ["log progress"]
    log = next(
        each
        for each in (await world.get("/verification", officer(world))).json()["logs"]
        if each["service"] == "progress"
    )
    assert log["alarm"]["fault"] == "root_differs"
    (alarm,) = await world.audit.store.read(world.tenant, "log/progress")
    assert isinstance(alarm.event, LogInconsistent)
    assert (alarm.event.fault, alarm.event.size, alarm.event.cosigned) == (LogFault.ROOT_DIFFERS, 20, before)
    assert Checkpoint.parse(Note.parse(alarm.event.offered).text).size == 20
    await admin.close()


async def test_a_log_that_goes_back_is_an_alarm_only_when_it_stays_so(world) -> None:
    await some_history(world)
    admin = await superuser(world)
    kept = await admin.fetch("SELECT * FROM progress.checkpoints ORDER BY size")
    assert len(kept) == 1
    await admin.execute(
        "ALTER TABLE progress.log DISABLE TRIGGER ALL; ALTER TABLE progress.checkpoints DISABLE TRIGGER ALL;"
        "DELETE FROM progress.log WHERE index >= 10; DELETE FROM progress.checkpoints"
    )
    relay = await asyncpg.connect(world.sources["progress"].url("progress_relay"))
    from runtime.log_keys import LogKeys
    from runtime.sequencer import Leader
    from runtime.testing import LOG_HOST, MASTER_KEY

    leader = Leader("progress", relay, LogKeys("progress", LOG_HOST, MASTER_KEY))
    await leader.sign_what_is_left()
    await relay.close()
    await world.audit.cosigner.look()
    assert world.audit.degraded() == []

    since = world.audit.cosigner._back_since
    since.update(dict.fromkeys(since, -1_000_000.0))
    await world.audit.cosigner.look()
    assert [what for what, _ in world.audit.degraded()] == ["log progress"]
    (alarm,) = await world.audit.store.read(world.tenant, "log/progress")
    assert alarm.event.fault is LogFault.WENT_BACK
    await admin.close()


async def test_another_key_is_an_alarm(world) -> None:
    await some_history(world)
    admin = await superuser(world)
    await admin.execute(
        "ALTER TABLE plan.log_keys DISABLE TRIGGER ALL; ALTER TABLE plan.checkpoints DISABLE TRIGGER ALL;"
        "DELETE FROM plan.log_keys; DELETE FROM plan.checkpoints"
    )
    await world.write("plan", JONAS, f"student/{JONAS}", confirmed())
    await world.caught_up()
    await world.audit.cosigner.look()
    (alarm,) = await world.audit.store.read(world.tenant, "log/plan")
    assert alarm.event.fault is LogFault.ANOTHER_KEY
    await admin.close()


async def test_copies_that_were_altered_are_an_alarm_too(world) -> None:
    await some_history(world)
    admin = await superuser(world)
    await admin.execute(
        "ALTER TABLE audit.copies DISABLE TRIGGER ALL;"
        "UPDATE audit.copies SET entry = entry || ' '::bytea WHERE source = 'progress' AND index = 7"
    )
    await world.write("progress", JONAS, "item/nurse/2025-2026", session(date(2026, 2, 2)))
    await world.caught_up()
    await world.audit.cosigner.look()
    (alarm,) = await world.audit.store.read(world.tenant, "log/progress")
    assert alarm.event.fault is LogFault.COPIES_DIFFER
    await admin.close()


async def test_two_cosigners_at_once_sign_each_size_once(world) -> None:
    await some_history(world)
    for day in range(1, 6):
        await world.write("progress", JONAS, "item/nurse/2025-2026", session(date(2026, 2, day)))
    await world.caught_up()
    world.audit.cosigner._looked_at.clear()
    await asyncio.gather(*(world.audit.cosigner.look() for _ in range(4)))
    admin = await superuser(world)
    rows = await admin.fetch(
        "SELECT size, count(*) AS n FROM audit.cosigned WHERE source = 'progress' GROUP BY size"
    )
    assert {row["n"] for row in rows} == {1}
    await admin.close()


ROOT, OTHER = b"r" * 32, b"o" * 32


@pytest.mark.parametrize(
    ("size", "last", "own", "own_at_last", "back", "verdict"),
    [
        (5, None, ROOT, None, 0, "cosign"), (9, None, None, None, 0, "wait"), (5, Seen(3, OTHER), ROOT, OTHER, 0, "cosign"),
        (5, Seen(5, ROOT), ROOT, ROOT, 0, "known"), (5, Seen(6, OTHER), ROOT, OTHER, 29, "wait"),
        (5, Seen(6, OTHER), ROOT, OTHER, 31, LogFault.WENT_BACK), (5, None, OTHER, None, 0, LogFault.ROOT_DIFFERS),
        (5, Seen(6, OTHER), OTHER, OTHER, 0, LogFault.ROOT_DIFFERS), (5, None, None, None, 0, LogFault.COPIES_DIFFER),
        (5, Seen(3, OTHER), ROOT, ROOT, 0, LogFault.COPIES_DIFFER),
    ],
)  # fmt: skip
def test_what_is_cosigned(size, last, own, own_at_last, back, verdict) -> None:
    checkpoint = Checkpoint("host/lakeside/plan/log", size, ROOT)
    assert (
        judge(checkpoint, last, reached=8, own_root=own, own_root_at_last=own_at_last, seconds_back=back)
        == verdict
    )


@pytest.mark.parametrize("issuer", [None, "https://login.example.org/realms/district"])
async def test_where_the_services_share_no_database_checkpoints_come_by_http(
    listening_alone, issuer: str | None
) -> None:
    """As with Kafka: with a token for that alone, that any service verifies by the master key, whoever issues the others'."""
    world, url = listening_alone
    await one_entry_of(world)
    settings = world.app.state.console.issuer.settings.model_copy(
        update={"kafka_bootstrap_servers": "kafka:9092", "logs_url": url, "issuer_url": issuer}
    )
    (offered,) = await checkpoints_for(settings)(world.audit).newest("audit")
    assert opened(offered.note, offered.key).origin == "test.handrail.invalid/lakeside/audit/log"
    assert await checkpoints_for(settings)(world.audit).newest("audit", "hillside") == []
    heads = checkpoints_for(settings)(world.audit)
    async with world.audit.database.lend(world.tenant) as connection:
        assert await heads.head("audit", world.tenant) == await head_of(connection, "audit", world.tenant) > 0
    assert await heads.head("audit", "hillside") == 0
    for wrong, said in (
        ("http://127.0.0.1:1", "ConnectError"),
        (f"audit={url}/elsewhere", "HANDRAIL_LOGS_URL"),
    ):
        nowhere = settings.model_copy(update={"logs_url": wrong})
        with pytest.raises(UNREACHABLE, match=said):
            await checkpoints_for(nowhere)(world.audit).newest("audit")
        with pytest.raises(UNREACHABLE, match=said):
            await checkpoints_for(nowhere)(world.audit).head("audit", world.tenant)


async def test_the_cosigners_token_opens_logs_and_nothing_else_and_only_by_the_master_key(
    listening_alone,
) -> None:
    world, _ = listening_alone
    settings = world.app.state.console.issuer.settings.model_copy(
        update={"issuer_url": "https://login.example.org", "jwks_url": "http://127.0.0.1:1/jwks.json"}
    )
    verifier = service_verifier(settings)

    def token(master: bytes, issuer: str = ISSUER) -> str:
        mint = Mint(cosigner_key(master), issuer, settings.audience)
        return mint.for_client("cosigner", "lakeside", frozenset({"log.read", "plan.read"})).token

    who = await verifier.verify(token(settings.master_key()))
    assert (who.tenant, who.scopes) == ("lakeside", {"log.read"})
    with pytest.raises(NotAuthenticated):
        await verifier.verify(token(b"another master key of thirty-two"))
    with pytest.raises(IssuerAway):  # Whoever else it says it is from is asked.
        await verifier.verify(token(settings.master_key(), "https://login.example.org"))


async def one_entry_of(world) -> None:
    await world.append("audit", JONAS, "disclosure/x", registered())
    async with asyncio.timeout(10), world.audit.database.lend(world.tenant) as connection:
        while not await connection.fetchval("SELECT max(size) > 0 FROM audit.checkpoints"):
            await asyncio.sleep(0.02)
