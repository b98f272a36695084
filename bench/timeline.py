"""A page of a student's timeline, at a thousand events and at ten thousand.

Floor: the same hundred rows by their index, and each entry decoded by msgspec: no unsealing, no digest, no names, no sentence.
Ours: `audit_service.application.timeline.timeline` as the route calls it: what is known of the student, the basis of the
first page, a hundred events unsealed, checked, decoded and told in sentences. The last page begins where the others end.
"""

import time
from datetime import date
from uuid import uuid5

import asyncpg
import msgspec
from sqlalchemy.engine import make_url

from audit_service.adapters.consumers.copies import _KEEP, _row, advance
from audit_service.adapters.tables import evidence_1
from audit_service.application.evidence import Evidence, Place
from audit_service.application.timeline import timeline
from bench.ground import TENANT, Ground, Opened, Urls, administrator, opened
from bench.measure import Path, Row, take_turns
from contracts.event import Actor
from contracts.ids import new_id
from contracts.progress import ServiceDelivered
from runtime.append_request import Change, Context
from runtime.sequencer import Leader
from runtime.stream_model import Model
from runtime.transport.port import Delivery

PAGE = 100
FEW, MANY = 1_000, 10_000
STUDENT, PLAN = new_id(), new_id()
ITEM: Model[int] = Model("item", "bench", 0, lambda state, _event: state + 1)


def _evidence(it: Opened) -> Evidence:
    return Evidence(lambda: it.database, lambda: it.keyring)


async def bench(ground: Ground) -> list[Row]:
    """First and last page at both sizes."""
    few, many = await _filled(ground, FEW), await _filled(ground, MANY)
    rounds = 3 if ground.quick else 5
    async with opened(few, most=2) as at_few, opened(many, most=2) as at_many:
        pages = 5 if ground.quick else 20
        small, large = _evidence(at_few), _evidence(at_many)
        last = await _last_place(large)

        def reading(evidence: Evidence, after: Place | None = None) -> Path:
            async def work(_prepared: object) -> int:
                basis = None if after is None else {"progress": MANY}
                for _ in range(pages):
                    page = await timeline(
                        evidence, TENANT, STUDENT, known_at=None, basis=basis, after=after, limit=PAGE
                    )
                    assert len(page.entries) == PAGE
                return pages

            return Path(work)

        async def floor(_prepared: object) -> int:
            for _ in range(pages):
                async with at_many.database.lend(TENANT) as connection:
                    rows = await connection.fetch(
                        "SELECT entry, sealed FROM audit.copies WHERE tenant = $1 AND subject = $2"
                        f" ORDER BY known_at, source, index LIMIT {PAGE}", TENANT, STUDENT,
                    )  # fmt: skip
                assert len([msgspec.json.decode(row["entry"]) for row in rows]) == PAGE
            return pages

        rates = await take_turns(
            {
                "floor": Path(floor),
                "few": reading(small),
                "many": reading(large),
                "last": reading(large, last),
            },
            rounds,
        )
    told = f"first page of {MANY:,} events"
    return [
        Row("timeline", told, "pages/s", rates["many"], "the same rows, entries decoded", rates["floor"],
            facts={"ms": round(1_000 * rounds / sum(rates["many"]), 1)}),
        Row("timeline", told, "pages/s", rates["many"], f"the first page of {FEW:,}", rates["few"]),
        Row("timeline", f"last page of {MANY:,} events", "pages/s", rates["last"], "the first page", rates["many"],
            facts={"ms": round(1_000 * rounds / sum(rates["last"]), 1)}),
    ]  # fmt: skip


async def _last_place(evidence: Evidence) -> Place:
    copies = await evidence.of_student(TENANT, STUDENT)
    return copies[-PAGE - 1].place


async def _filled(ground: Ground, events: int) -> Urls:
    """So many sessions of one student, appended, indexed, and copied as audit-service copies them."""
    progress = await ground.database("progress")
    name = make_url(progress.admin).database
    assert name is not None
    urls = ground.urls("audit", name)
    owner = await asyncpg.connect(ground.cluster.url(name, "audit_owner"))
    async with owner.transaction():
        for statement in evidence_1():
            await owner.execute(statement)
    await owner.close()
    async with opened(progress, most=2) as it:
        context = Context(TENANT, Actor(id=str(new_id()), role="speech_language_pathologist"), "bench")
        loaded = await it.store.load(TENANT, ITEM, PLAN)
        for start in range(0, events, 500):
            said = [
                ServiceDelivered(effective_on=date(2025, 9, 1), session_id=uuid5(STUDENT, str(n)), student_id=STUDENT,
                                 plan_id=PLAN, item_id=PLAN, minutes=30)
                for n in range(start, min(start + 500, events))
            ]  # fmt: skip
            await it.store.append(context, [Change(loaded, STUDENT, said)])
            loaded = await it.store.load(TENANT, ITEM, PLAN)
    relay = await asyncpg.connect(progress.relay)
    leader = Leader("progress", relay)
    while await leader.sequence():
        pass
    await relay.close()
    async with administrator(urls) as admin:
        rows = await admin.fetch("SELECT * FROM progress.journal ORDER BY position")
        await admin.executemany(_KEEP, [_row(Delivery(source="progress", **dict(row))) for row in rows])
        await admin.execute("ANALYZE audit.copies")
    async with opened(urls, most=1) as it:
        began = time.perf_counter()
        while (await advance(it.database))["progress"] <= events:
            assert time.perf_counter() - began < 60
    return urls
