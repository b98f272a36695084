"""An export of evidence: complete for its question, checkable by a stranger with nothing at hand, and found when touched."""

import asyncio
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, timedelta
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from audit_service.domain.offline import EXPORT_FORMAT, keys_in, verify
from audit_service.domain.offline_fold import FOLDED_BY, folded
from audit_service.domain.packet import MANIFEST, make_packet
from audit_service.testing_facts import (
    DANA,
    JONAS,
    PLAN,
    adopted,
    amended,
    confirmed,
    dana,
    draft_opened,
    notice,
    registered,
    session,
)
from contracts import event as event_module
from contracts.audit import ExportMade
from contracts.canonical import instant
from contracts.ids import new_id

pytestmark = pytest.mark.asyncio(loop_scope="module")

HANDRAIL = Path(sys.executable).parent / "handrail"
QUESTION = {"student": str(JONAS), "purpose": "Hearing of 24 June"}


@pytest_asyncio.fixture(loop_scope="module")
async def recorded(world):
    await world.write("plan", DANA, f"staff/{DANA}", dana())
    await world.write("plan", JONAS, f"student/{JONAS}", registered(), confirmed())
    await world.write("plan", JONAS, f"plan/{PLAN}", draft_opened(), adopted(), amended())
    await world.write(
        "progress", JONAS, "item/nurse/2025-2026", session(date(2025, 9, 29)), session(date(2025, 10, 6))
    )
    await world.write("notify", JONAS, "notice/1", *notice())
    await world.caught_up()
    await world.audit.cosigner.look()
    return world


async def exported(world, **asked) -> tuple[dict, bytes]:
    answer = await world.post("/exports", QUESTION | asked)
    assert answer.status_code == 201, answer.text
    download = await world.get(f"/exports/{answer.json()['id']}/download")
    assert (download.status_code, download.headers["content-type"]) == (200, "application/zip")
    return answer.json(), download.content


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_an_export_holds_every_entry_of_the_student_with_its_proof(recorded) -> None:
    answer, content = await exported(recorded)
    files = opened(content)
    lines = [json.loads(line) for line in files["events.jsonl"].splitlines()]

    assert {log["service"]: log["nth"] for log in answer["logs"]} == {
        "plan": 5,
        "progress": 2,
        "notify": 3,
        "audit": 0,
    }
    assert len(lines) == 10
    assert {f"proofs/{line['source']}-{line['index']:06d}.tlog-proof" for line in lines} < set(files)
    assert len(json.loads(files["timeline.json"])) == 10
    assert [plan["version"] for plan in json.loads(files["replay.json"])["plans"]] == [2]
    assert files["report.pdf"].startswith(b"%PDF")
    assert b"/StructTreeRoot" in files["report.pdf"]
    assert b"902(13)" in files["CERTIFICATION.txt"]
    assert b"not signed" in files["CERTIFICATION.txt"]
    assert b"handrail verify" in files["README.txt"]
    outcome = verify(content, [])
    assert (outcome.wrong, outcome.missing) == ([], [])
    assert any("complete up to" in line and "entries 1 to 5" in line for line in outcome.proved)


async def test_the_export_is_an_event_that_says_what_was_in_it(recorded) -> None:
    answer, _ = await exported(recorded, effective_on="2025-10-20", external_id="northwind:export-1")
    (made,) = await recorded.audit.store.read(recorded.tenant, f"export/{answer['id']}")
    assert isinstance(made.event, ExportMade)
    assert (made.event.as_of_on, made.event.purpose) == (date(2025, 10, 20), "Hearing of 24 June")
    assert {log.service.value: log.size for log in made.event.logs}["plan"] == 6
    again = await recorded.post(
        "/exports", QUESTION | {"effective_on": "2025-10-20", "external_id": "northwind:export-1"}
    )
    assert (again.status_code, again.json()["id"]) == (200, answer["id"])


async def test_an_export_stands_in_the_record_of_access_with_party_purpose_and_ground(recorded) -> None:
    made = await recorded.post("/exports", QUESTION)
    answer, event = made.json(), made.headers["handrail-event"]
    items = (await recorded.get("/access-record", student=JONAS, after_event=event)).json()["items"]
    (mine,) = [each for each in items if each["what"] == "exported"]
    assert (mine["purpose"], mine["ground"], mine["export"]) == (
        "Hearing of 24 June", "contracted_party", answer["id"],
    )  # fmt: skip
    assert mine["who"]["role"] == "vendor"
    paper = await recorded.get("/access-record.pdf", student=JONAS)
    assert (paper.status_code, paper.content[:4]) == (200, b"%PDF")


async def test_nothing_that_became_known_later_is_in_the_answer_to_an_earlier_question(recorded) -> None:
    page = (await recorded.get("/events", source="plan")).json()["items"]
    known = page[4]["entry"]["known_at"]  # The plan was adopted, and its amendment not known yet.
    answer, content = await exported(recorded, effective_on="2025-10-20", known_at=known)
    files = opened(content)
    assert {log["service"]: log["nth"] for log in answer["logs"]} == {
        "plan": 4,
        "progress": 0,
        "notify": 0,
        "audit": 0,
    }
    assert [plan["version"] for plan in json.loads(files["replay.json"])["plans"]] == [1]
    assert b"amendment_adopted" not in files["events.jsonl"]
    assert verify(content, []).good


def alone(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command in a folder, with no database or keyring named, and no network (a namespace without one, where allowed)."""
    bare = {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    cut_off = ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*cut_off, "true"], capture_output=True, check=False).returncode != 0:
        cut_off = []
    command = [*cut_off, str(HANDRAIL), "verify", *arguments]
    return subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, check=False)


async def test_handrail_verify_passes_on_a_machine_with_nothing_else(recorded, tmp_path: Path) -> None:
    _, content = await exported(recorded)
    (tmp_path / "evidence.zip").write_bytes(content)

    done = await asyncio.to_thread(alone, tmp_path, "evidence.zip")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "GENUINE" in done.stdout
    assert "10 entries stand in their logs" in done.stdout
    assert "compare keys.txt with the keys" in done.stdout
    assert "replay.json is exactly what the entries come to" in done.stdout
    assert "report.pdf, timeline.json, README.txt and CERTIFICATION.txt say the same" in done.stdout
    with zipfile.ZipFile(tmp_path / "evidence.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    done = await asyncio.to_thread(alone, tmp_path, "unpacked")
    assert (done.returncode, "unpacked: GENUINE" in done.stdout) == (0, True), done.stdout + done.stderr
    for name in (".DS_Store", "proofs/.DS_Store", "._report.pdf", "__MACOSX/._report.pdf", "Thumbs.db"):
        (tmp_path / "unpacked" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "unpacked" / name).write_bytes(b"left by a desktop")
    done = await asyncio.to_thread(alone, tmp_path, "unpacked")
    assert (done.returncode, "Anything about .DS_Store, ._report.pdf" in done.stdout) == (0, True), (
        done.stdout
    )
    (tmp_path / "unpacked" / "another.txt").write_bytes(b"added by somebody")
    done = await asyncio.to_thread(alone, tmp_path, "unpacked")
    assert (done.returncode, "another.txt is not in the manifest" in done.stdout) == (1, True), done.stdout
    (tmp_path / "unpacked" / "another.txt").unlink()
    (tmp_path / "unpacked" / "report.pdf").write_bytes(b"%PDF-1.7")
    done = await asyncio.to_thread(alone, tmp_path, "unpacked")
    assert (done.returncode, "report.pdf was altered" in done.stdout) == (1, True), done.stdout
    done = await asyncio.to_thread(alone, tmp_path, ".")
    assert (done.returncode, "has no manifest.json" in done.stderr) == (2, True), done.stderr
    (tmp_path / "keys.txt").write_bytes(opened(content)["keys.txt"])
    done = await asyncio.to_thread(alone, tmp_path, "evidence.zip", "--keys", "keys.txt", "--json")
    said = json.loads(done.stdout)
    assert said["good"]
    assert any("cosigned it on" in line for line in said["proved"])
    (tmp_path / "evidence.zip").write_bytes(content[:-200])
    done = await asyncio.to_thread(alone, tmp_path, "evidence.zip")
    assert (done.returncode, "BAD" in done.stdout) == (1, True)
    assert (await asyncio.to_thread(alone, tmp_path, "nothing.zip")).returncode == 2


def forged(content: bytes, **files: bytes) -> bytes:
    """Altered, with a manifest that fits: what a forger would do."""
    kept = opened(content)
    del kept[MANIFEST]
    return make_packet(kept | {name.replace("__", "."): new for name, new in files.items()}, EXPORT_FORMAT)


def content_with(content: bytes, name: str, change: Callable[[bytes], bytes] | None) -> bytes:
    """The zip with one file changed as it is, or without it."""
    kept, made = opened(content), io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for each, body in kept.items():
            if each != name:
                archive.writestr(each, body)
            elif change is not None:
                archive.writestr(each, change(body))
    return made.getvalue()


async def test_whatever_is_changed_in_an_export_is_found(recorded) -> None:
    _, content = await exported(recorded, effective_on="2025-11-01")
    files = opened(content)
    another = json.loads(files["export.json"]) | {"as_of_on": "2024-11-01"}
    earlier = json.loads(files["export.json"]) | {"as_known_at": "2025-10-01T12:00:00.000000Z"}
    lines = files["events.jsonl"].splitlines(keepends=True)
    watch = files["replay.json"].replace(b"phone", b"watch")
    shorter = json.loads(files["export.json"])
    shorter["logs"][0]["nth"] -= 1
    whole = json.loads(files["export.json"])
    unnamed = whole | {"logs": [log for log in whole["logs"] if log["service"] != "notify"]}
    kept = b"".join(line for line in lines if json.loads(line)["source"] != "notify")
    none = whole | {
        "logs": [log | ({"nth": 0} if log["service"] == "notify" else {}) for log in whole["logs"]]
    }
    told = (
        folded([json.loads(line) for line in kept.splitlines()], JONAS, date(2025, 11, 1)).to_bytes() + b"\n"
    )
    without = {"events__jsonl": kept, "replay__json": told}
    proof = "proofs/plan-000003.tlog-proof"
    swapped = make_packet(
        {name: body for name, body in files.items() if name != MANIFEST}
        | {proof: files["proofs/plan-000002.tlog-proof"]},
        EXPORT_FORMAT,
    )
    cases = {
        "an entry left out": (forged(content, events__jsonl=b"".join(lines[:-1])), "are missing"),
        "a text altered": (
            forged(content, events__jsonl=files["events.jsonl"].replace(b"snack", b"lunch")), "not what was committed"),
        "an entry altered": (
            forged(content, events__jsonl=files["events.jsonl"].replace(b"case_manager", b"principal")), "do not lead"),
        "an extent made smaller": (forged(content, export__json=json.dumps(shorter).encode()), "more than the"),
        "a log left out with all its entries": (
            forged(content, **without, export__json=json.dumps(unnamed).encode()), "what of the student stands in notify"),
        "an answer altered": (forged(content, replay__json=watch), "not what the entries come to (plans)"),
        "another question": (
            forged(content, export__json=json.dumps(another).encode()), "another question"),
        "another moment": (
            forged(content, export__json=json.dumps(earlier).encode()), "10 of the entries (plan entry 1, plan entry 2,"),
        "the list of files": (content_with(content, MANIFEST, lambda listed: listed[1:]), "manifest.json was altered"),
        "no list of files": (content_with(content, MANIFEST, None), "manifest.json is missing"),
        "another proof": (swapped, "plan-000003"),
        "a bit in the zip": (content.replace(b"events.jsonl", b"evEnts.jsonl"), ""),
    }  # fmt: skip
    for what, (altered, words) in cases.items():
        outcome = verify(altered, [])
        assert not outcome.good, what
        assert words in " / ".join(outcome.wrong), (what, outcome.wrong)
    outcome = verify(forged(content, **without, export__json=json.dumps(none).encode()), [])
    assert any("no entry in the log of notify and audit" in line for line in outcome.beyond), (
        "a log said to be empty"
    )
    asked_later = json.loads(files["export.json"]) | {"as_known_at": "2099-01-01T00:00:00.000000Z"}
    outcome = verify(forged(content, export__json=json.dumps(asked_later).encode()), [])
    assert any("stand in export.json, which no log signs" in line for line in outcome.beyond), (
        "a question nobody signed"
    )
    older = {name: body for name, body in files.items() if name != MANIFEST} | {"replay.json": watch}
    assert not verify(make_packet(older, "handrail-export@1"), []).good, "called one that is not folded anew"
    stranger = keys_in(files["keys.txt"].decode())[-1:]
    assert not verify(content, stranger).good  # None of the keys given is that of a log.


async def test_an_answer_that_another_handrail_folds_otherwise_is_not_proved_here_and_not_called_altered(
    recorded, monkeypatch
) -> None:
    _, content = await exported(recorded, effective_on="2025-11-01")
    said = json.loads(opened(content)["export.json"])
    assert (said["folded_by"], said["unread"]) == (FOLDED_BY, [])
    later = forged(content, export__json=json.dumps(said | {"folded_by": FOLDED_BY + 1}).encode())
    outcome = verify(later, [])
    assert (outcome.wrong, outcome.good) == ([], False)
    assert f"Check it with a Handrail that folds by {FOLDED_BY + 1}" in outcome.missing[0]

    with monkeypatch.context() as older:
        older.delitem(event_module._events, "notice.given")
        outcome = verify(content, [])
        assert (outcome.wrong, outcome.good) == ([], False)
        assert "this Handrail does not wholly know 1 of the entries" in outcome.missing[0]
        _, by_older = await exported(recorded, effective_on="2025-11-01")
        assert not verify(by_older, []).wrong
    outcome = verify(by_older, [])
    assert (outcome.wrong, outcome.good) == ([], False)
    assert "the Handrail that made it did not wholly know 1 of the entries" in outcome.missing[0]


async def test_contents_that_were_destroyed_are_named_as_withheld_and_all_proofs_hold(recorded) -> None:
    admin = await asyncpg.connect(
        recorded.sources["audit"].cluster.postgres.url(recorded.sources["audit"].name)
    )
    await admin.execute("DELETE FROM keyring.keys WHERE subject = $1 AND class = 'identity'", JONAS)
    await admin.close()
    recorded.audit.keyring._by_id.clear()
    recorded.audit.keyring._current.clear()
    answer, content = await exported(recorded)
    plan = next(log for log in answer["logs"] if log["service"] == "plan")
    assert plan["withheld"] > 0
    assert b"lawfully destroyed" in opened(content)["README.txt"]
    outcome = verify(content, [])
    assert outcome.good
    withheld = sum(log["withheld"] for log in answer["logs"])
    assert f"were folded anew, {withheld} of them without contents" in " / ".join(outcome.proved)


async def test_bad_questions_are_refused_clearly(recorded) -> None:
    ahead = (date.today() + timedelta(days=400)).isoformat()  # noqa: DTZ011
    answer = await recorded.post("/exports", QUESTION | {"known_at": ahead})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/known_at")
    assert (await recorded.post("/exports", QUESTION | {"known_at": "soon"})).status_code == 422
    assert (await recorded.post("/exports", QUESTION | {"effective_on": "2026-02-30"})).status_code == 422
    assert (await recorded.post("/exports", QUESTION | {"student": str(new_id())})).status_code == 404
    elsewhere = recorded.issuer.vendor(
        "packet.write", "audit.read", "plan.read", "progress.read", "notice.read", tenant="hillside"
    )
    headers = {**elsewhere, "idempotency-key": str(new_id())}
    assert (await recorded.post("/exports", QUESTION, headers)).status_code == 404
    assert (await recorded.post("/exports", QUESTION, recorded.vendor("packet.write"))).status_code == 403


async def test_as_known_today_is_as_known_by_now(recorded) -> None:
    now = await recorded.evidence.now(recorded.tenant)
    answer, content = await exported(recorded, known_at=now.date().isoformat())
    assert instant(now.astimezone(UTC)) <= answer["as_known_at"] < f"{now.date() + timedelta(days=2)}"
    assert verify(content, []).good


async def test_before_anything_was_known_there_is_nothing_and_it_says_so(recorded) -> None:
    answer, content = await exported(recorded, known_at="2001-01-01")
    assert {log["nth"] for log in answer["logs"]} == {0}
    outcome = verify(content, [])
    assert outcome.good
    assert "0 entries stand in their logs" in " / ".join(outcome.proved)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "no proof file"), (b"PK\x03\x04 cut short", "not a readable zip"), (b"c2sp.org/tlog-proof@v1\nindex 1\n", "cut short"),
     (b"hello", "no proof file"), (make_packet({"a": b"b"}, "other@1"), "names no format we know"),
     (make_packet({"a": b"b"}, EXPORT_FORMAT), "missing or cannot be read")],
)  # fmt: skip
async def test_what_is_no_evidence_is_told_so(content: bytes, words: str) -> None:
    assert words in " / ".join(verify(content, []).wrong)
