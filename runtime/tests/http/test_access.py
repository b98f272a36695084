"""The record of access: a row before the answer leaves, an event soon after, nothing lost and nothing twice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest

from contracts.event import Actor
from contracts.ids import new_id
from contracts.store import Seen, TenantOpened
from contracts.vocabulary import AccessGround
from runtime import metrics
from runtime.access import MOST_READS, Look
from runtime.append_request import Change, Context
from runtime.tenants import TENANT, open_tenant

SOMEBODY = Actor(id="x", role="case_manager")
ROOT = Path(__file__).parents[3]
BODY = {"given_name": "Jane", "family_name": "Doe", "birth_date": "2015-04-01"}


async def student(sample) -> UUID:
    made = await sample.http.post("/plan/v1/students", json=BODY, headers=sample.vendor("roster.write"))
    return UUID(made.json()["id"])


async def rows(sample) -> list[dict]:
    async with sample.plan.database.lend("lakeside") as connection:
        found = await connection.fetch("SELECT subject, at, seen FROM plan.access ORDER BY id")
    return [{"subject": row["subject"], "at": row["at"], **json.loads(row["seen"])} for row in found]


async def recorded(sample, subject: UUID) -> list:
    async with sample.plan.database.lend("lakeside") as connection:
        streams = await connection.fetch(
            "SELECT DISTINCT stream FROM plan.events WHERE subject = $1 AND stream LIKE 'access/%' ORDER BY 1",
            subject,
        )
    return [event for row in streams for event in await sample.plan.store.read("lakeside", row["stream"])]


async def test_a_read_is_recorded_before_its_answer_with_party_purpose_ground_and_ids(sample) -> None:
    subject = await student(sample)
    await sample.http.get(f"/plan/v1/students/{subject}", headers=sample.issuer.vendor("plan.read"))

    (row,) = await rows(sample)
    assert row["subject"] == subject
    assert datetime.now(UTC) - row["at"] < timedelta(minutes=1)
    assert row["party"] == {"id": "vendor-1", "role": "vendor", "client": "vendor-1"}
    assert row["ground"] == "contracted_party"
    assert row["purpose"] == "Read a student"
    assert row["what"] == [{"kind": "student", "ids": [str(subject)]}]
    assert "Jane" not in json.dumps(row, default=str)


async def test_a_route_that_says_nothing_of_it_is_recorded_all_the_same(sample) -> None:
    subject = await student(sample)
    headers = sample.issuer.vendor("plan.read")
    assert (await sample.http.get(f"/plan/v1/students/{subject}/letter", headers=headers)).status_code == 200

    (row,) = await rows(sample)
    assert (row["subject"], row["what"]) == (subject, [{"kind": "letter", "ids": [str(subject)]}])


async def test_what_was_not_shown_is_not_recorded(sample) -> None:
    await student(sample)
    headers = sample.issuer.vendor("plan.read")
    for path in (
        f"/plan/v1/students/{new_id()}",
        "/plan/v1/students?limit=0",
        "/plan/v1/schools",
        "/plan/v1/broken",
    ):
        await sample.http.get(path, headers=headers)
    assert await rows(sample) == []


async def test_a_page_of_a_list_is_one_row_for_each_student_on_it(sample) -> None:
    students = {await student(sample) for _ in range(3)}
    page = await sample.http.get("/plan/v1/students?limit=2", headers=sample.issuer.vendor("plan.read"))

    shown = {UUID(row["id"]) for row in page.json()["items"]}
    assert len(shown) == 2
    assert shown < students
    assert {row["subject"] for row in await rows(sample)} == shown


async def test_looks_at_the_same_time_share_a_commit(sample) -> None:
    subject = await student(sample)
    commits = metrics.ACCESS_COMMITS.labels("plan")
    before = commits._value.get()
    headers = sample.issuer.vendor("plan.read")
    await asyncio.gather(
        *(sample.http.get(f"/plan/v1/students/{subject}", headers=headers) for _ in range(40))
    )

    assert len(await rows(sample)) == 40
    assert commits._value.get() - before < 40


async def test_nothing_is_shown_that_cannot_be_recorded(sample, monkeypatch) -> None:
    subject = await student(sample)

    async def fails(_tenant: str, _rows: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(sample.edge.access, "_insert", fails)
    answer = await sample.http.get(f"/plan/v1/students/{subject}", headers=sample.issuer.vendor("plan.read"))
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "Jane" not in answer.text


async def test_rows_become_one_event_for_each_student_and_day_and_are_gone(sample) -> None:
    first, second = await student(sample), await student(sample)
    headers = sample.issuer.vendor("plan.read")
    for subject in (first, first, second):
        await sample.http.get(f"/plan/v1/students/{subject}", headers=headers)
    await sample.http.get(f"/plan/v1/students/{first}/letter", headers=headers)

    assert await sample.edge.access.roll_up() == 4

    assert await rows(sample) == []
    (event,) = await recorded(sample, first)
    assert event.stream == f"access/{first}/{event.effective_on}"
    assert event.effective_on == datetime.now(UTC).date()
    assert event.actor.id == "access-record"
    reads = event.event.reads
    assert sum(read.count for read in reads) == 3
    assert [(read.purpose, read.ground) for read in reads][-1] == (
        "Read a letter about a student", AccessGround.CONTRACTED_PARTY,
    )  # fmt: skip
    assert len(await recorded(sample, second)) == 1
    assert await sample.edge.access.roll_up() == 0


async def test_the_day_is_the_districts_own(sample) -> None:
    async with sample.plan.database.lend("lakeside") as connection:
        subject = await connection.fetchval("SELECT subject FROM plan.tenants WHERE tenant = 'lakeside'")
    opened = TenantOpened(
        effective_on=date(2026, 9, 1), name="L", time_zone="Pacific/Kiritimati", sandbox=False
    )
    loaded = await sample.plan.store.load("lakeside", TENANT)
    await sample.plan.store.append(sample.plan.context(), [Change(loaded, subject, [opened])])
    child = new_id()
    await sample.edge.access.record(
        "lakeside",
        SOMEBODY,
        AccessGround.OWN_RECORD,
        "read",
        [Look(child, (Seen(kind="plan"),))],
    )
    async with sample.plan.database.lend("lakeside") as connection:
        at = await connection.fetchval("SELECT at FROM plan.access")

    await sample.edge.access.roll_up()

    (event,) = await recorded(sample, child)
    assert event.effective_on == (at + timedelta(hours=14)).date()


async def test_a_busy_day_is_several_events_none_too_long(sample) -> None:
    child = new_id()
    ids = tuple(str(new_id()) for _ in range(20))
    looks = [Look(child, (Seen(kind="plan", ids=(*ids, str(n))),)) for n in range(MOST_READS + 50)]
    await sample.edge.access.record("lakeside", SOMEBODY, AccessGround.SCHOOL_OFFICIAL, "read", looks)

    assert await sample.edge.access.roll_up() == len(looks)

    events = await recorded(sample, child)
    assert [len(event.event.reads) for event in events] == [MOST_READS, 50]


async def test_long_lists_are_split_so_that_no_district_stands_still(sample) -> None:
    """330 looks at 500 events each: far over what one event, or one request's events together, may have."""
    subject = await student(sample)
    looks = [
        Look(subject, (Seen(kind="event", ids=tuple(str(new_id()) for _ in range(500))),)) for _ in range(330)
    ]
    access = sample.app.state.edge.access
    await access.record("lakeside", SOMEBODY, AccessGround.SCHOOL_OFFICIAL, "read", looks)

    assert await access.roll_up() >= len(looks)
    assert await rows(sample) == []


async def test_two_instances_roll_up_together_and_record_each_look_once(sample) -> None:
    from runtime.access import AccessRecord

    children = [new_id() for _ in range(60)]
    for child in children:
        looks = [Look(child, (Seen(kind="plan", ids=(str(n),)),)) for n in range(20)]
        await sample.edge.access.record("lakeside", SOMEBODY, AccessGround.SCHOOL_OFFICIAL, "read", looks)
    instances = [AccessRecord(sample.service) for _ in range(3)]

    for _ in range(5):
        await asyncio.gather(*(instance.roll_up() for instance in instances))

    assert await rows(sample) == []
    for child in children:
        seen = Counter(
            read.what[0].ids for event in await recorded(sample, child) for read in event.event.reads
        )
        assert len(seen) == 20
        assert set(seen.values()) == {1}


async def test_a_roll_up_that_fails_leaves_the_rows(sample, monkeypatch) -> None:
    subject = await student(sample)
    await sample.http.get(f"/plan/v1/students/{subject}", headers=sample.issuer.vendor("plan.read"))

    async def fails(*_arguments: object, **_more: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr(sample.plan.store, "append", fails)
        with pytest.raises(ConnectionResetError):
            await sample.edge.access.roll_up()

    assert len(await rows(sample)) == 1
    await sample.edge.access.roll_up()
    assert len(await recorded(sample, subject)) == 1


async def test_a_district_whose_looks_cannot_be_recorded_holds_up_no_other(sample, monkeypatch) -> None:
    """As it is of a district that has ended where a process of an older version knows no end."""
    subject = await student(sample)
    await open_tenant(
        sample.plan.store, "aldergrove", name="Aldergrove", time_zone="UTC", actor=SOMEBODY, correlation="c"
    )
    for tenant in ("aldergrove", "lakeside"):
        await sample.edge.access.record(
            tenant, SOMEBODY, AccessGround.SCHOOL_OFFICIAL, "reading", [Look(subject, ())]
        )
    append = sample.plan.store.append

    async def fails(context: Context, *arguments: object, **more: object) -> object:
        if context.tenant == "aldergrove":
            raise asyncpg.RaiseError("this tenant has ended")
        return await append(context, *arguments, **more)

    monkeypatch.setattr(sample.plan.store, "append", fails)
    with pytest.raises(asyncpg.RaiseError):
        await sample.edge.access.roll_up()

    assert await rows(sample) == []
    assert len(await recorded(sample, subject)) == 1


async def test_one_districts_rows_are_not_another_ones(sample) -> None:
    subject = await student(sample)
    await sample.http.get(f"/plan/v1/students/{subject}", headers=sample.issuer.vendor("plan.read"))
    connection = await asyncpg.connect(sample.plan.url("plan_app"))
    assert await connection.fetchval("SELECT count(*) FROM plan.access") == 0
    assert [tuple(row) for row in await connection.fetch("SELECT * FROM plan.access_waiting")] == [
        ("lakeside", 1)
    ]
    await connection.close()


async def test_killed_in_mid_request_nothing_that_was_answered_is_missing(sample, tmp_path) -> None:
    """A process of its own answers reads and turns them into events without a pause, until it is killed (-9)."""
    children = [await student(sample) for _ in range(5)]
    answered: Counter[str] = Counter()
    for _ in range(2):
        process = subprocess.Popen(  # noqa: ASYNC220 - it is killed, not awaited
            [sys.executable, Path(__file__).parent / "serve_sample.py", str(tmp_path / "port")],
            env={**os.environ, "APP_URL": sample.plan.url("plan_app"), "KEYRING_URL": sample.plan.url("keyring_app"),
                 "ISSUER_KEY": json.dumps(sample.issuer.key.as_dict(private=True))},
            cwd=ROOT,
        )  # fmt: skip
        try:
            port = await _port(tmp_path / "port", process)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
                readers = [
                    asyncio.ensure_future(_read_until_gone(http, sample, children, answered))
                    for _ in range(16)
                ]
                enough = answered.total() + 40
                while answered.total() < enough and not any(reader.done() for reader in readers):
                    await asyncio.sleep(0.01)
                process.send_signal(signal.SIGKILL)
                await asyncio.gather(*readers)
        finally:
            process.kill()
            process.wait()
            (tmp_path / "port").unlink(missing_ok=True)

    assert answered.total() >= 2 * 40
    while await sample.edge.access.roll_up():
        pass
    for child in children:
        looks = sum(read.count for event in await recorded(sample, child) for read in event.event.reads)
        # An answer that was cut off may have been recorded; one that arrived always was, and none twice over.
        assert answered[str(child)] <= looks <= answered[str(child)] + 2 * 16


async def _port(file: Path, process: "subprocess.Popen[bytes]") -> int:
    while not await asyncio.to_thread(file.exists):
        assert process.poll() is None
        await asyncio.sleep(0.05)
    return int(await asyncio.to_thread(file.read_text))


async def _read_until_gone(
    http: httpx.AsyncClient, sample, children: list[UUID], answered: Counter[str]
) -> None:
    headers = sample.issuer.vendor("plan.read")
    while True:
        for child in children:
            try:
                answer = await http.get(f"/plan/v1/students/{child}", headers=headers)
            except httpx.HTTPError:
                return
            assert answer.status_code == 200
            answered[str(child)] += 1
