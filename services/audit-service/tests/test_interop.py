"""Other people's programs read our log, and our verifier reads theirs: Go's note and tlog, and pymerkle.

The Go program is tests/interop/main.go: it is built once; without Go these tests are skipped, loudly.
"""

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_service.testing_facts import JONAS, session
from contracts.log.checkpoint import Checkpoint, opened
from contracts.log.note import Note, NoteBroken, VerifierKey
from contracts.log.proof import LogProof, ProofBroken
from contracts.log.tiles import TileName, unbundled, width_of
from contracts.log.tree import leaf_hash, root_over
from runtime.testing_pytest_kafka import lacking

PROGRAM = Path(__file__).parents[3] / "tests" / "interop"
ENTRIES = 600


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path | str:
    go = shutil.which("go") or ("/usr/local/go/bin/go" if Path("/usr/local/go/bin/go").exists() else None)
    if go is None:
        return "Go is not installed"
    target = tmp_path_factory.mktemp("interop") / "interop"
    made = subprocess.run([go, "build", "-mod=mod", "-o", target, "."], cwd=PROGRAM, capture_output=True, text=True, check=False,
                          env=os.environ | {"GOFLAGS": "-buildvcs=false", "GOTOOLCHAIN": "local"})  # fmt: skip
    return target if made.returncode == 0 else f"the Go program could not be built: {made.stderr[-300:]}"


@pytest.fixture
def interop(_built: Path | str):
    """Runs the Go program."""
    if isinstance(_built, str):
        lacking("go", _built)

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([_built, *map(str, arguments)], capture_output=True, text=True, check=False)

    return run


def one_bit_changed(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


async def fetched(world, folder: Path) -> tuple[str, Checkpoint]:
    """The whole own log of audit-service as anybody with `log.read` gets it: by HTTP, tile by tile, into files."""
    headers = world.vendor("log.read")

    async def read(path: str) -> bytes:
        answer = await world.http.get(f"/audit/log/{path}", headers=headers)
        return answer.content if answer.status_code == 200 else b""

    async with asyncio.timeout(60):
        while (
            not (text := await read("checkpoint")) or Checkpoint.parse(Note.parse(text).text).size < ENTRIES
        ):
            await asyncio.sleep(0.05)
    (folder / "checkpoint").write_bytes(text)
    size = Checkpoint.parse(Note.parse(text).text).size
    for level in (None, 0, 1):
        place = 0
        while width := width_of(level, place, size):
            tile = TileName(level, place, width)
            target = folder / "tiles" / tile.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(await read(f"tile/{tile.path}"))
            place += 1
    return (await read("vkey")).decode().strip(), Checkpoint.parse(Note.parse(text).text)


@pytest.mark.asyncio(loop_scope="module")
async def test_go_and_pymerkle_accept_our_log_and_refuse_it_with_one_bit_changed(
    world, interop, tmp_path: Path
) -> None:
    from datetime import date, timedelta

    for block in range(0, ENTRIES, 100):
        days = [date(2025, 9, 1) + timedelta(days=n) for n in range(block, block + 100)]
        await world.append("audit", JONAS, f"item/{block}/2025-2026", *map(session, days))
    vkey, checkpoint = await fetched(world, tmp_path)

    done = await asyncio.to_thread(interop, "check", vkey, tmp_path / "checkpoint", tmp_path / "tiles")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{checkpoint.size} entries\n"

    files = sorted(file for file in (tmp_path / "tiles" / "entries").rglob("*") if file.is_file())
    entries = [entry for file in files for entry in unbundled(file.read_bytes())]
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in entries:
        other.append_entry(entry)
    assert other.get_root() == checkpoint.root

    for file, at in ((tmp_path / "checkpoint", 70), (tmp_path / "tiles/0/000", 4000), (tmp_path / "tiles/entries/001", 90),
                     (tmp_path / "tiles/1/000.p/2", 40)):  # fmt: skip
        kept = file.read_bytes()
        one_bit_changed(file, at)
        refused = await asyncio.to_thread(interop, "check", vkey, tmp_path / "checkpoint", tmp_path / "tiles")
        assert refused.returncode == 1, file
        file.write_bytes(kept)


@pytest.mark.asyncio(loop_scope="module")
async def test_go_accepts_a_proof_file_of_ours(world, interop, tmp_path: Path) -> None:
    from datetime import date

    await world.write(
        "plan", JONAS, f"student/{JONAS}", *(session(date(2026, 1, day)) for day in range(1, 8))
    )
    await world.caught_up()
    await world.audit.cosigner.look()
    officer = world.vendor("log.read", "audit.read", "plan.read")
    event = (await world.get("/events", source="plan")).json()["items"][4]["entry"]["id"]
    (tmp_path / "proof").write_bytes((await world.get(f"/proofs/{event}", officer)).content)
    (tmp_path / "entry").write_bytes((await world.get(f"/proofs/{event}/entry", officer)).content)
    vkey = next(
        log["vkey"]
        for log in (await world.get("/verification", officer)).json()["logs"]
        if log["service"] == "plan"
    )

    done = await asyncio.to_thread(interop, "prove", vkey, tmp_path / "proof", tmp_path / "entry")
    assert (done.returncode, done.stderr) == (0, "")
    one_bit_changed(tmp_path / "entry", 30)
    assert (
        await asyncio.to_thread(interop, "prove", vkey, tmp_path / "proof", tmp_path / "entry")
    ).returncode == 1


@pytest.mark.parametrize("size", [1, 2, 7, 256, 257, 1000])
def test_our_verifier_accepts_what_go_makes_and_refuses_it_with_one_bit_changed(interop, size: int) -> None:
    made = json.loads(interop("make", "example.org/log", size).stdout)
    key, entry = VerifierKey.parse(made["vkey"]), made["entry"].encode()

    assert opened(Note.parse(made["checkpoint"]), key).size == size
    proof = LogProof.parse(made["proof"])
    assert proof.check(entry) == opened(proof.note, key)

    for at in range(0, len(made["proof"]), 7):
        altered = made["proof"][:at] + chr(ord(made["proof"][at]) ^ 1) + made["proof"][at + 1 :]
        with pytest.raises((ProofBroken, NoteBroken)):
            proof = LogProof.parse(altered)
            proof.check(entry)
            opened(proof.note, key)
    with pytest.raises(ProofBroken):
        LogProof.parse(made["proof"]).check(entry + b" ")


@given(st.lists(st.binary(max_size=80), min_size=1, max_size=70))
def test_pymerkle_gets_our_roots(entries: list[bytes]) -> None:
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in entries:
        other.append_entry(entry)
    assert other.get_root() == root_over(map(leaf_hash, entries))
