"""Judging a district, and how soon an event is a finding.

Sweep, ours: of each of many plans the stored contents of its events are decoded, and its student is judged by every rule;
what a sweep costs beside the database. Floor: the same bytes decoded by msgspec as plain JSON. Sizes: 10,000 plans (quick:
1,000), each with a year of its history.
Export, ours: a million entries (quick: 100,000) parsed and written as Parquet, partitioned; a question over them by DuckDB
stands beside. Floor: the same columns, ready made, written by pyarrow.
Delay: Handrail as a user starts it by `handrail run`; the clock runs from the answer to an event until `GET /findings` has
another state. Waiting and asking count against us.
"""

import asyncio
import shutil
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from audit_service.application.parquet_export import arrow_schema, event_row, write
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.rules import judge
from audit_service.testing_findings import IEP, MIRA, SPEECH, History
from audit_service.testing_findings_steps import asked, completed, consented, eligible, met, referred
from bench.ground import Ground
from bench.measure import Row
from contracts.canonical import canonical
from contracts.event import decode
from contracts.progress import ServiceDelivered
from contracts.testing import an_id
from runtime.entry import parse_entry
from tests.running import Instance, one_process

PAGE = 20_000
MOST_MILLISECONDS = 1_000


async def bench(ground: Ground) -> list[Row]:
    """The sweep and its growth, the export, the delay."""
    sweeps = await asyncio.to_thread(_sweeps, 1_000 if ground.quick else 10_000)
    export = await asyncio.to_thread(_export, 100_000 if ground.quick else 1_000_000)
    return [*sweeps, export, await _delay(5 if ground.quick else 30)]


def _year() -> History:
    history = met(eligible(completed(consented(asked(referred())))), "12-4").iep(
        "12-9", meeting_id=an_id("meeting")
    )
    day = date(2025, 12, 9)
    while day < date(2026, 6, 12):
        history.add(
            day.isoformat(),
            ServiceDelivered,
            session_id=uuid4(),
            plan_id=IEP,
            item_id=SPEECH,
            student_id=MIRA,
            minutes=30,
        )
        day += timedelta(days=7)
    return history


def _sweeps(plans: int) -> list[Row]:
    """One of each size: a tenth of the plans, then all of them."""
    history = _year()
    record = history.record("2026-06-15")
    stored = [(e, e.type, e.event.schema_number, e.event.contents(), e.effective_on) for e in record.known]
    found = 0

    def decoded(of: int) -> float:
        began = time.perf_counter()
        for _ in range(of):
            for _, _, _, contents, _ in stored:
                msgspec.json.decode(contents)
        return of / (time.perf_counter() - began)

    def judged(of: int) -> float:
        nonlocal found
        began = time.perf_counter()
        for _ in range(of):
            known = tuple(
                _again(e, decode(type_, number, contents, on)) for e, type_, number, contents, on in stored
            )
            found = len(judge(StudentRecord(MIRA, record.today, known, record.district)).findings)
        return of / (time.perf_counter() - began)

    floor, tenth, whole = decoded(plans), judged(plans // 10), judged(plans)
    facts: dict[str, float | int | str] = {
        "a sweep": f"{plans / whole:.0f} s",
        "events a plan": len(stored),
        "findings a plan": found,
    }
    told = f"{plans:,} plans judged, no database"
    return [
        Row("findings", told, "plans/s", [whole], "msgspec of the same bytes", [floor], None, facts=facts),
        Row("findings", told, "plans/s", [whole], f"ours, of {plans // 10:,}", [tenth], None),
    ]


def _again(entry: Any, event: Any) -> Any:
    from dataclasses import replace

    return replace(entry, event=event)


def _export(entries: int) -> Row:
    made = [_entry(n) for n in range(entries)]
    rates: list[float] = []
    floors: list[float] = []
    for _ in range(3 if entries < 1_000_000 else 1):
        folder = Path(tempfile.mkdtemp(prefix="handrail-bench-"))
        began = time.perf_counter()
        for start in range(0, entries, PAGE):
            rows = [
                event_row("plan", n, n, parse_entry(made[n]))
                for n in range(start, min(start + PAGE, entries))
            ]
            write("events", rows, folder, start)
        rates.append(entries / (time.perf_counter() - began))
        asked_at = time.perf_counter()
        duckdb.execute(
            f"SELECT school_year, type, count(*) FROM read_parquet('{folder}/events/**/*.parquet', hive_partitioning = true)"
            " GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        question = time.perf_counter() - asked_at
        rows = [event_row("plan", n, n, parse_entry(made[n])) for n in range(PAGE)]
        ready = pa.Table.from_pylist(rows, schema=arrow_schema("events"))
        began = time.perf_counter()
        for start in range(0, entries, PAGE):
            pq.write_table(ready, folder / f"floor-{start}.parquet")
        floors.append(entries / (time.perf_counter() - began))
        shutil.rmtree(folder)
    return Row("findings", f"{entries:,} events as Parquet", "events/s", rates, "pyarrow alone", floors, None,
               facts={"a question by DuckDB": f"{1000 * question:.0f} ms"})  # fmt: skip


def _entry(number: int) -> bytes:
    at = datetime(2025, 8, 1, tzinfo=UTC) + timedelta(seconds=number * 60)
    said = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return canonical(
        {"v": 1, "id": str(an_id(f"e{number % 5000}")), "tenant": "lakeside", "subject": str(an_id(f"s{number % 500}")),
         "class": "record", "nth": 1, "stream": f"item/{number % 900}", "version": 1, "type": f"progress.kind_{number % 7}",
         "schema": 1, "effective_on": at.date().isoformat(), "recorded_at": said, "known_at": said,
         "actor": {"id": "a", "role": "case_manager", "client": "c"}, "correlation": "r", "digest": "0" * 64,
         "sealed_sha256": "0" * 64}
    )  # fmt: skip


async def _delay(times: int) -> Row:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as thread, ExitStack() as stack:
        stack.callback(lambda: thread.submit(running.close).result())
        running = ExitStack()
        instance: Instance = await loop.run_in_executor(thread, running.enter_context, one_process())
        taken = await loop.run_in_executor(thread, _events_to_findings, instance, times)
    rates = [1000 * each for each in taken]
    return Row("findings", "event to finding, median", "ms", [statistics.median(rates)], most=MOST_MILLISECONDS,
               facts={"95 of 100": f"{sorted(rates)[int(len(rates) * 0.95)]:.0f} ms"})  # fmt: skip


def _events_to_findings(instance: Instance, times: int) -> list[float]:
    from handrail.districts import open_district
    from handrail.stage import Stage

    slug = "sandbox-findings-bench"
    client = instance.client(slug)
    open_district(
        client, slug, name="Bench", time_zone="America/Chicago", profile="federal@2026-1", clock_from=None
    )
    stage = Stage(client)
    school = stage.add_school("Bench School")
    student = stage.add_student("Mira", "Quill", date(2012, 6, 20), school=school, grade="grade_7")
    stage.settle()
    taken: list[float] = []
    for number in range(times):
        request = {"kind": "records", "via": "letter", "text": f"The record, {number}."}
        began = time.perf_counter()
        client.post(f"/plan/v1/students/{student}/requests", request)
        began_asking = number + 1
        while len(client.get("/audit/v1/findings", rule="rec.inspect", limit=500)["items"]) < began_asking:
            time.sleep(0.002)
        taken.append(time.perf_counter() - began)
    return taken
