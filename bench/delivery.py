"""Was the promise kept: sessions through the NDJSON route, a student-year's ledger, a district-year's roll-up.

``HANDRAIL_BENCH_SESSIONS`` sets how many sessions (1,000,000; with ``--quick`` 20,000).

- NDJSON: batches of 10,000 lines at the real progress-service: read, checked against the plan, decided, sealed, appended,
  answered line by line. Floor: COPY of the same rows into one plain table.
- Ledger: one student's year of two services day by day, and its sessions. Floor: the same sessions' minutes added up.
- Roll-up: all of a district's sessions and plans. Floor: one GROUP BY over the same rows in a plain table. Growth: ten
  times the sessions and students.
"""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy.engine import make_url

from bench.commands import TENANT, key
from bench.ground import Ground, Opened, Urls, administrator, opened
from bench.measure import Path, Row, take_turns
from bench.measurements import _append, _until_known
from bench.real import migrated, real_service
from bench.serving import HOST, request, send_all, served
from contracts.event import Actor, Event
from contracts.items import parse_item
from contracts.plan import DraftOpened, PlanAdopted
from contracts.plan_history import history_of
from contracts.promises import PromisedServices
from contracts.school_days import SchoolDays
from contracts.service_delivery import delivery
from contracts.sessions import Session, SessionOutcome
from contracts.testing import Log
from contracts.vocabulary import PlanKind
from progress_service.application.roll_up_of import roll_up_of
from runtime.append_request import Context
from runtime.auth import Principal
from runtime.sequencer import Leader
from runtime.testing import open_test_tenant
from runtime.testing_http import TestIssuer

BEGIN = date(2025, 9, 1)
END = date(2026, 6, 12)
A_BATCH, A_STUDENT_YEAR = 10_000, 200
AN_ITEM_YEAR, AN_ITEM_MONTH = 150, 12
"""Sessions of one item: a vendor sends a month's at a time."""
_FLOOR_TABLE = """
    CREATE TABLE public.floor_sessions (
        id uuid PRIMARY KEY, student uuid NOT NULL, item uuid NOT NULL, day date NOT NULL, minutes integer NOT NULL);
    GRANT USAGE ON SCHEMA public TO PUBLIC;
    GRANT SELECT ON public.floor_sessions TO PUBLIC"""


def sessions_asked(ground: Ground) -> int:
    """How many."""
    return int(os.environ.get("HANDRAIL_BENCH_SESSIONS", 20_000 if ground.quick else 1_000_000))


async def bench(ground: Ground) -> list[Row]:
    """All three."""
    return [*await _ndjson(ground), *await _ledger(ground), *await _roll_up(ground)]


async def _ndjson(ground: Ground) -> list[Row]:
    count, cluster, issuer = sessions_asked(ground), ground.cluster, TestIssuer()
    url = cluster.postgres.url(await asyncio.to_thread(migrated, cluster, "progress"))
    database = str(make_url(url).database)
    plans = await _published(ground.urls("plan", database), -(-count // AN_ITEM_YEAR))
    urls = ground.urls("progress", database)
    async with opened(urls, most=1) as progress:
        await open_test_tenant(progress.database, TENANT)

    def token() -> dict[str, str]:
        return issuer.vendor("progress.write", tenant=TENANT)

    last_plan, last_item = plans[-1]
    one = _line(last_plan, last_item, BEGIN) | {"external_id": "bench:first"}
    rows = [(uuid4(), uuid4(), item, day, 30) for _, item, day in _sessions(plans, count)]
    async with (
        administrator(urls) as admin,
        served(real_service, "progress", url, issuer.keys.as_dict(private=False)) as server,
    ):
        await admin.execute(_FLOOR_TABLE)
        await _until_known(server, request("/progress/v1/sessions", one, token() | key()))
        began = asyncio.get_running_loop().time()
        answers = await send_all(server, _batches(plans, count, token), most=1)
        ours = asyncio.get_running_loop().time() - began
        taken = sum(answer.count(b'"status":201') for answer in answers)
        if taken != count:
            raise RuntimeError(f"{taken} of {count} sessions were taken")
        began = asyncio.get_running_loop().time()
        await admin.copy_records_to_table("floor_sessions", records=rows)
        floor = asyncio.get_running_loop().time() - began
        peak = server.peak_mebibytes
    return [
        Row("delivery", f"{count:,} sessions, NDJSON", "sessions/s", [count / ours], "COPY of the same rows",
            [count / floor], facts={"seconds": round(ours), "peak MiB": peak})
    ]  # fmt: skip


def _line(plan: UUID, item: UUID, day: date) -> dict[str, Any]:
    return {"plan": str(plan), "item": str(item), "on": day.isoformat(), "minutes": 30, "status": "delivered",
            "provider": str(plan)}  # fmt: skip


def _sessions(plans: list[tuple[UUID, UUID]], count: int) -> Iterator[tuple[UUID, UUID, date]]:
    """Month after month, in each of them item after item."""
    for number in range(count):
        month, of_the_month = divmod(number, len(plans) * AN_ITEM_MONTH)
        place, day = divmod(of_the_month, AN_ITEM_MONTH)
        yield *plans[place], BEGIN + timedelta(days=month * AN_ITEM_MONTH + day)


def _batches(
    plans: list[tuple[UUID, UUID]], count: int, token: Callable[[], dict[str, str]]
) -> Iterator[bytes]:
    sessions = enumerate(_sessions(plans, count))
    while batch := list(islice(sessions, A_BATCH)):
        lines = (_line(*session) | {"external_id": f"bench:{n}"} for n, session in batch)
        content = "\n".join(json.dumps(line) for line in lines).encode()
        head = {
            "host": HOST,
            "content-type": "application/x-ndjson",
            "content-length": str(len(content)),
            **token(),  # A fresh one: all of it takes longer than a token holds.
            **key(),
        }
        told = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        yield f"POST /progress/v1/sessions HTTP/1.1\r\n{told}\r\n".encode() + content


async def _published(urls: Urls, plans: int) -> list[tuple[UUID, UUID]]:
    """Plans in force, each with one service, in plan-service's log."""
    found = []
    context = Context(TENANT, Actor(id=str(uuid4()), role="case_manager", client="sis"), str(uuid4()))
    async with opened(urls) as store:
        await open_test_tenant(store.database, TENANT)
        for _ in range(plans):
            plan, item = uuid4(), uuid4()
            await _append(store, context, plan, _adopted(plan, uuid4(), item))
            found.append((plan, item))
    relay = await asyncpg.connect(urls.relay)
    leader = Leader("plan", relay)
    while await leader.sequence():
        pass
    await relay.close()
    return found


def _adopted(plan: UUID, student: UUID, *services: UUID) -> list[Event]:
    items = tuple(
        parse_item(
            {
                "id": str(each),
                "kind": "service",
                "service": "reading_instruction",
                "minutes": 150,
                "per": "week",
            }
        )
        for each in services
    )
    return [
        DraftOpened(effective_on=BEGIN, plan_id=plan, student_id=student, kind=PlanKind.IEP),
        PlanAdopted(effective_on=BEGIN, plan_id=plan, kind=PlanKind.IEP, items=items),
    ]


async def _ledger(ground: Ground) -> list[Row]:
    """Pure: no database. The last text is replaced once in the year, as an amendment does."""
    plan, student, services = uuid4(), uuid4(), (uuid4(), uuid4())
    log = Log(tenant=TENANT, source="plan")
    for event in _adopted(plan, student, *services):
        log.append(event, stream=f"plan/{plan}")
    promised, days = PromisedServices(history_of(log.entries)), SchoolDays()
    sessions = [
        Session(
            uuid4(), student, plan, services[n % 2], BEGIN + timedelta(days=n), 30, SessionOutcome.DELIVERED
        )
        for n in range(A_STUDENT_YEAR)
    ]
    times = 5 if ground.quick else 20

    async def ours(_: Any) -> int:
        for _ in range(times):
            delivery([promised], sessions, days, BEGIN, END)
        return times

    async def floor(_: Any) -> int:
        for _ in range(times * 100):
            sum(session.minutes for session in sessions)
        return times * 100

    rates = await take_turns({"ours": Path(ours), "floor": Path(floor)}, 3 if ground.quick else 9)
    facts = {"ms each": round(1000 / sorted(rates["ours"])[len(rates["ours"]) // 2], 1)}
    return [
        Row("delivery", f"ledger of a student-year, {A_STUDENT_YEAR} sessions", "ledgers/s", rates["ours"],
            "their minutes added up", rates["floor"], facts=facts)
    ]  # fmt: skip


async def _roll_up(ground: Ground) -> list[Row]:
    count = sessions_asked(ground)
    rows, seconds = [], {}
    for size in (count // 10, count):
        url = ground.cluster.postgres.url(await asyncio.to_thread(migrated, ground.cluster, "progress"))
        urls = ground.urls("progress", str(make_url(url).database))
        async with opened(urls) as store, administrator(urls) as admin:
            await open_test_tenant(store.database, TENANT)
            await admin.execute(_FLOOR_TABLE)
            await _filled(admin, size)
            await admin.execute("VACUUM ANALYZE progress_read.resources, public.floor_sessions")
            rates = await take_turns(
                {"ours": Path(_rolled_up(store, size)), "floor": Path(_grouped(store, size))},
                1 if ground.quick else 3,
            )
        seconds[size] = size / sorted(rates["ours"])[len(rates["ours"]) // 2]
        students = max(1, size // A_STUDENT_YEAR)
        rows.append(
            Row("delivery", f"roll-up of {size:,} sessions, {students:,} students", "sessions/s", rates["ours"],
                "GROUP BY over plain rows", rates["floor"], facts={"seconds": round(seconds[size], 2)})
        )  # fmt: skip
    growth = seconds[count] / seconds[count // 10]
    rows[-1] = Row(**{**{name: getattr(rows[-1], name) for name in rows[-1].__slots__}, "facts": {
        **rows[-1].facts, "seconds at 10x": round(growth, 1)}})  # fmt: skip
    return rows


async def _filled(admin: asyncpg.Connection, size: int) -> None:
    """Sessions, as their appends would have rendered them, and the plans they were promised by."""
    students = max(1, size // A_STUDENT_YEAR)
    plans = [(uuid4(), uuid4(), uuid4()) for _ in range(students)]
    now = datetime.now(UTC)
    entries = [
        (TENANT, plan, 2 * n + m, student, uuid4(), 2 * n + m, f"plan/{plan}", m + 1, event.type, 1, event.effective_on,
         now, now, '{"id":"1","role":"case_manager","client":"sis"}', "bench", None, None, event.contents())
        for n, (plan, student, item) in enumerate(plans)
        for m, event in enumerate(_adopted(plan, student, item))
    ]  # fmt: skip
    await admin.copy_records_to_table("plan_entries", records=entries, schema_name="progress_read")

    def documents() -> Iterator[tuple[Any, ...]]:
        for n in range(size):
            plan, student, item = plans[n % students]
            day = BEGIN + timedelta(days=n // students % 280)
            missed = n % 17 == 0
            document = _line(plan, item, day) | (
                {"status": "missed", "reason": "provider_absent"} if missed else {}
            )
            yield (
                TENANT,
                "session",
                uuid4(),
                student,
                None,
                f"item/{item}/2025-2026",
                1,
                now,
                json.dumps(document),
            )

    await admin.copy_records_to_table("resources", records=documents(), schema_name="progress_read")
    floor = (
        (
            uuid4(),
            plans[n % students][1],
            plans[n % students][2],
            BEGIN + timedelta(days=n // students % 280),
            30,
        )
        for n in range(size)
    )
    await admin.copy_records_to_table("floor_sessions", records=floor)


def _rolled_up(store: Opened, size: int) -> Any:
    who = Principal("bench", TENANT, frozenset({"progress.read"}), "client", "vendor", "bench")

    async def work(_: Any) -> int:
        found = await roll_up_of(store.store, TENANT, who, BEGIN, END)
        assert found.schools
        return size

    return work


def _grouped(store: Opened, size: int) -> Any:
    async def work(_: Any) -> int:
        async with store.database.pool.acquire() as connection:
            await connection.fetch("SELECT student, sum(minutes) FROM public.floor_sessions GROUP BY student")
        return size

    return work
