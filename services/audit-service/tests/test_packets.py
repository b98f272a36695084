"""The transfer packet by HTTP: refused without its ground, and when it is issued, whole, true and checkable by anybody."""

import asyncio
import io
import json
import os
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from audit_service.application.evidence import opened_events
from audit_service.domain.goals_shown import goals_of, shown
from audit_service.domain.moment import Moment
from audit_service.domain.offline import verify
from audit_service.domain.packet import MANIFEST, make_packet, verify_packet
from audit_service.testing_facts import (
    DANA,
    FATHER,
    GOAL,
    JONAS,
    JONAS_AS_HOLDER,
    PLAN,
    adopted,
    amended,
    confirmed,
    dana,
    draft_opened,
    goal_added,
    missed,
    notice,
    registered,
    release,
    rights_transferred,
    session,
    sorted_objects,
)
from contracts.plan_document import history_of
from contracts.testing import an_id
from contracts.vocabulary import RecordKind
from runtime.sequencer import Leader
from runtime.testing_http import no_row_differs

pytestmark = pytest.mark.asyncio(loop_scope="module")

COLLEGE = {"name": "North College, Disability Office"}


@pytest_asyncio.fixture(loop_scope="module")
async def same_by_a_replay(world):
    """P12 after the test."""
    yield
    await no_row_differs(world.app)


@pytest_asyncio.fixture(loop_scope="module")
async def senior(world):
    """Jonas is eighteen and has signed a release to a college; the clock of the district is today's."""
    await world.write("plan", DANA, f"staff/{DANA}", dana())
    await world.write("plan", JONAS, f"student/{JONAS}", registered(), confirmed(), *rights_transferred(), release(),
                      release("whole", records=(RecordKind.WHOLE_RECORD,)))  # fmt: skip
    await world.write("plan", JONAS, f"plan/{PLAN}", draft_opened(), adopted(), amended())
    await world.write(
        "progress", JONAS, "item/nurse/2025-2026", session(date(2025, 9, 29)), missed(date(2025, 10, 6))
    )
    await world.write("notify", JONAS, "notice/1", *notice())
    await world.caught_up()
    return world


def wanted(**other) -> dict[str, object]:
    return {
        "student": str(JONAS), "plan": str(PLAN), "purpose": "college", "recipient": COLLEGE,
        "release": str(an_id("release")),
    } | other  # fmt: skip


async def issued(world, **other) -> tuple[dict, bytes]:
    answer = await world.post("/packets", wanted(**other))
    assert answer.status_code == 201, answer.text
    download = await world.get(f"/packets/{answer.json()['id']}/download")
    assert download.status_code == 200
    assert download.headers["content-type"] == "application/zip"
    return answer.json(), download.content


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_a_packet_goes_to_the_college_that_the_adult_student_named(senior) -> None:
    answer, content = await issued(senior)

    assert answer["items"] == ["plan", "accommodations"]
    assert answer["recipient"] == COLLEGE
    files = opened(content)
    told = {"README.txt", "packet.json", "plan.pdf", "release.json", "events.jsonl", "keys.txt", MANIFEST}
    assert {name for name in files if not name.startswith("proofs/")} == told
    assert b"not a plan in force at a college" in files["README.txt"]
    packet = json.loads(files["packet.json"])
    assert [entry["item"]["kind"] for entry in packet["plan"]["items"]] == [
        "activity_limited", "accommodation", "accommodation", "service",
    ]  # fmt: skip
    assert {left["what"] for left in packet["left_out"]} >= {"plan_history", "notices", "service_record"}
    assert json.loads(files["release.json"])["signed_by"] == "Jonas Feld"
    assert files["plan.pdf"].startswith(b"%PDF-1.7")
    assert b"pdfuaid" in files["plan.pdf"]


async def test_a_packet_verifies_itself(senior) -> None:
    for name in ("release", "whole"):
        _, content = await issued(senior, release=str(an_id(name)))
        report = verify_packet(content)
        assert report.problems == ()
        assert report.complete
        assert report.files == 6 + report.entries
        assert report.opened == report.entries > 0


async def test_the_narrow_release_opens_fewer_entries_and_names_the_others(senior) -> None:
    _, narrow = await issued(senior)
    _, whole = await issued(senior, release=str(an_id("whole")))

    logs = {log["service"]: log for log in json.loads(opened(narrow)["packet.json"])["logs"]}
    assert logs["progress"]["nth"] == 2
    assert [each["reason"] for each in logs["progress"]["withheld"]] == ["outside_release"] * 2
    assert verify_packet(whole).opened > verify_packet(narrow).opened
    for name in ("Karl Feld", "Dana Reed"):
        assert name.encode() not in opened(narrow)["events.jsonl"]
        assert name.encode() not in opened(narrow)["packet.json"]


@pytest.mark.parametrize("name", ["README.txt", "packet.json", "plan.pdf", "release.json", "events.jsonl"])
async def test_any_altered_file_is_found(senior, name) -> None:
    _, content = await issued(senior)
    files = opened(content)
    manifest = files.pop(MANIFEST)
    altered = bytearray(files[name])
    altered[len(altered) // 2] ^= 1
    forged = io.BytesIO()
    with zipfile.ZipFile(forged, "w") as archive:
        for each, bytes_ in (files | {name: bytes(altered), MANIFEST: manifest}).items():
            archive.writestr(each, bytes_)

    assert any(
        name in problem or "cannot be read" in problem
        for problem in verify_packet(forged.getvalue()).problems
    )


async def test_a_packet_shows_how_the_goals_stand_as_the_report_does_where_progress_is_released(
    senior,
) -> None:
    await senior.write("plan", JONAS, f"plan/{PLAN}", goal_added())
    days = (date(2025, 11, 14), date(2025, 12, 19), date(2026, 1, 12))
    results = [sorted_objects(day, value) for day, value in zip(days, (5, 12, 21), strict=True)]
    await senior.write("progress", JONAS, f"item/{GOAL}/2025-2026", *results)
    await senior.caught_up()
    entries = opened_events(await senior.evidence.of_student(senior.tenant, JONAS))
    history = history_of(entry for entry in entries if entry.stream == f"plan/{PLAN}")
    (goal,) = goals_of(history, entries, Moment(date(2026, 1, 15)))
    assert (len(goal.points), shown(goal)["rows"][-1][1]) == (3, "21 objects")

    # The goal is part of the plan in both; its picture only where the release names the progress.
    _, narrow = await issued(senior)
    _, whole = await issued(senior, release=str(an_id("whole")))
    narrow_pdf, whole_pdf = (opened(each)["plan.pdf"] for each in (narrow, whole))
    assert len(whole_pdf) > len(narrow_pdf) + 5_000
    assert b"pdfuaid" in whole_pdf


def alone(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """At the college: a folder with the packet in it, no database, no keyring, no network (where that can be cut off)."""
    bare = {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    cut_off = ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*cut_off, "true"], capture_output=True, check=False).returncode != 0:
        cut_off = []
    command = [*cut_off, str(Path(sys.executable).parent / "handrail"), "verify", *arguments]
    return subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, check=False)


async def test_the_college_verifies_the_packet_offline_with_nothing_but_the_file(
    senior, tmp_path: Path
) -> None:
    _, content = await issued(senior)
    (tmp_path / "packet.zip").write_bytes(content)
    files = opened(content)
    entries = files["events.jsonl"].count(b"\n")

    done = await asyncio.to_thread(alone, tmp_path, "packet.zip")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{entries} entries stand in their logs" in done.stdout
    assert "compare keys.txt with the keys" in done.stdout
    (tmp_path / "keys.txt").write_bytes(files["keys.txt"])
    with_keys = await asyncio.to_thread(alone, tmp_path, "packet.zip", "--keys", "keys.txt", "--json")
    assert json.loads(with_keys.stdout)["good"]
    assert "cosigned it on" in with_keys.stdout


async def test_a_packet_verifies_although_something_about_another_student_is_not_cosigned_yet(senior) -> None:
    await issued(senior)
    await senior.append("plan", DANA, f"staff/{DANA}", dana())
    relay = await asyncpg.connect(senior.sources["plan"].url("plan_relay"))
    await Leader("plan", relay).sequence()  # Indexed, and its sequencer was killed before it signed.
    await relay.close()
    await senior.caught_up()

    for name in ("release", "whole"):
        _, content = await issued(senior, release=str(an_id(name)))
        assert verify(content, []).wrong == []


async def test_what_does_not_stand_in_the_log_is_found_however_well_the_packet_is_forged(senior) -> None:
    _, content = await issued(senior, release=str(an_id("whole")))
    files = opened(content)
    files.pop(MANIFEST)
    line = files["events.jsonl"].splitlines()[0]
    proof = next(name for name in files if name.startswith("proofs/plan"))
    other = files["events.jsonl"].replace(b"case_manager", b"principal")
    said = json.loads(files["packet.json"])
    said["logs"] = [log for log in said["logs"] if log["service"] != "progress"]
    rest = b"".join(
        each
        for each in files["events.jsonl"].splitlines(keepends=True)
        if json.loads(each)["source"] != "progress"
    )
    unnamed = files | {"packet.json": json.dumps(said).encode(), "events.jsonl": rest}
    cases = {
        "an entry altered": (make_packet(files | {"events.jsonl": other}), "do not lead"),
        "a proof left out": (make_packet({n: body for n, body in files.items() if n != proof}), "missing"),
        "said to be of the format without proofs": (make_packet(files, "handrail-packet@1"), ""),
        "a log left out with all its entries": (make_packet(unnamed), "nothing says what of the student stands in progress"),
        "of another student": (make_packet(
            files | {"packet.json": files["packet.json"].replace(str(JONAS).encode(), str(DANA).encode())}), "somebody else"),
    }  # fmt: skip
    assert b"case_manager" in line + files["events.jsonl"]
    for what, (forged, words) in cases.items():
        outcome = verify(forged, [])
        assert not outcome.good, what
        assert words in " / ".join(outcome.wrong), (what, outcome.wrong)


async def test_contents_changed_together_with_the_manifest_do_not_pass(senior) -> None:
    _, content = await issued(senior, release=str(an_id("whole")))
    files = opened(content)
    files.pop(MANIFEST)
    files["events.jsonl"] = files["events.jsonl"].replace(b"snack", b"snaxk")

    (problem, *_) = verify_packet(make_packet(files)).problems
    assert "not what was committed to" in problem


async def test_a_dropped_entry_is_missed(senior) -> None:
    _, content = await issued(senior, release=str(an_id("whole")))
    files = opened(content)
    files.pop(MANIFEST)
    files["events.jsonl"] = b"\n".join(files["events.jsonl"].splitlines()[1:]) + b"\n"

    report = verify_packet(make_packet(files))
    assert not report.complete
    assert "missing" in report.problems[0]


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", make_packet({"packet.json": b"[]"}),
                                     make_packet({"packet.json": b"{}", "events.jsonl": b"not json"})])  # fmt: skip
async def test_what_is_no_packet_is_told_not_to_be_one(content) -> None:
    assert verify_packet(content).problems


async def test_the_same_parts_give_the_same_bytes() -> None:
    assert make_packet({"b": b"2", "a": b"1"}) == make_packet({"a": b"1", "b": b"2"})


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"release": None}, "no-release"),
        ({"release": str(uuid4())}, "release-unknown"),
        ({"purpose": "school"}, "purpose-not-covered"),
        ({"recipient": {"name": "South College"}}, "recipient-not-covered"),
    ],
)
async def test_without_a_release_that_covers_it_nothing_is_sent(senior, other, code) -> None:
    body = {name: value for name, value in wanted(**other).items() if value is not None}

    answer = await senior.post("/packets", body)

    assert answer.status_code == 409
    assert answer.json()["code"] == "release-required"
    assert [error["code"] for error in answer.json()["errors"]] == [code]
    assert all(error["citation"] and error["cure"] for error in answer.json()["errors"])
    assert "Feld" not in answer.text


async def test_a_fathers_release_after_the_rights_passed_is_refused(senior) -> None:
    await senior.write("plan", JONAS, f"student/{JONAS}", release("father's", FATHER, date(2026, 3, 20)))
    await senior.caught_up()

    answer = await senior.post("/packets", wanted(release=str(an_id("father's"))))

    assert [error["code"] for error in answer.json()["errors"]] == ["signer-held-no-record-rights"]


async def test_there_is_no_reporting_way_around_the_consent(senior) -> None:
    reported = {"source": "phone", "reason": "sent already", "occurred_on": "2026-05-20"}

    answer = await senior.post("/packets", wanted(release=None, reported=reported))

    assert answer.status_code == 422


async def test_what_is_asked_to_stay_out_stays_out_and_the_packet_says_why(senior) -> None:
    leave_out = [{"what": "notices", "reason": "The student asked for it."}]

    _, content = await issued(senior, release=str(an_id("whole")), leave_out=leave_out)

    packet = json.loads(opened(content)["packet.json"])
    assert {"what": "notices", "reason": "The student asked for it."} in packet["left_out"]
    assert "notices" not in packet
    assert b'"notice.given"' not in opened(content)["events.jsonl"]


@pytest.mark.usefixtures("same_by_a_replay")
async def test_an_issued_packet_is_in_the_log_and_in_the_record_of_access(senior) -> None:
    answer = await senior.post("/packets", wanted())
    event = answer.headers["handrail-event"]

    timeline = await senior.get(f"/students/{JONAS}/timeline", after_event=event, limit=500)
    types = [entry["type"] for entry in timeline.json()["items"]]
    assert types[-2:] == ["packet.issued", "disclosure.recorded"]
    (disclosed,) = (await senior.get("/access-record", student=JONAS)).json()["items"]
    assert disclosed["what"] == "disclosed"
    assert disclosed["recipient"] == COLLEGE["name"]
    assert disclosed["ground"] == "consent"
    assert disclosed["packet"] == answer.json()["id"]


async def test_the_same_request_again_makes_no_second_packet(senior) -> None:
    headers = senior.vendor()

    first = await senior.post("/packets", wanted(), headers)
    again = await senior.post("/packets", wanted(), headers)

    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert (await senior.get(f"/packets/{first.json()['id']}")).json() == first.json()
    listed = (await senior.get("/packets")).json()["items"]
    assert [packet["id"] for packet in listed] == [first.json()["id"]]


async def test_a_vendors_own_id_names_one_packet(senior) -> None:
    first = await senior.post("/packets", wanted(external_id="northwind:packet-9"))
    again = await senior.post("/packets", wanted(external_id="northwind:packet-9"))
    another = await senior.post(
        "/packets", wanted(external_id="northwind:packet-9", purpose="records_request")
    )

    assert (first.status_code, again.status_code, another.status_code) == (201, 200, 409)
    assert again.json() == first.json()
    assert another.json()["code"] == "external-id-taken"
    found = (await senior.get("/packets?external_id=northwind:packet-9")).json()["items"]
    assert [packet["id"] for packet in found] == [first.json()["id"]]


async def test_a_plan_of_another_student_is_not_found(senior) -> None:
    assert (await senior.post("/packets", wanted(plan=str(uuid4())))).status_code == 404
    assert (await senior.post("/packets", wanted(student=str(uuid4())))).status_code == 404


async def test_the_packet_at_rest_is_sealed(senior) -> None:
    answer = await senior.post("/packets", wanted())
    document = UUID(answer.json()["document"]["document"])

    async with senior.audit.database.lend(senior.tenant) as connection:
        pieces = await connection.fetch(
            "SELECT sealed FROM audit.document_pieces WHERE document = $1", document
        )
    assert pieces
    assert all(b"README" not in piece["sealed"] for piece in pieces)


@pytest.mark.usefixtures("same_by_a_replay")
async def test_letters_that_no_font_has_do_not_stop_a_packet(senior) -> None:
    other = confirmed(JONAS_AS_HOLDER, "雷 Jonas أحمد \U000122a2", since=date(2026, 3, 3))
    from contracts.vocabulary import RightsGround

    named = other.model_copy(update={"ground": RightsGround.ADULT_STUDENT})
    await senior.write("plan", JONAS, f"student/{JONAS}", named)
    await senior.caught_up()

    _, content = await issued(senior)

    assert verify_packet(content).genuine
    assert json.loads(opened(content)["release.json"])["signed_by"] == "雷 Jonas أحمد \U000122a2"
