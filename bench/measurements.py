"""The other end of commands: a vendor's measurement, decided against the plan that progress-service has read.

Ours: `POST /progress/v1/measurements`, the real progress-service: beside what every command costs, the plan's history is
read and folded, and three school years of the item are loaded.
Floors: `bench.bare`.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy.engine import make_url

from bench import bare
from bench.commands import TENANT, compared, key, started
from bench.ground import Ground, Opened, Urls, opened
from bench.measure import Row
from bench.real import migrated
from bench.serving import Server, request, send_all
from contracts.event import Actor, Event
from contracts.items import parse_item
from contracts.plan import DraftOpened, PlanAdopted
from contracts.vocabulary import PlanKind
from runtime.append_request import Change, Context
from runtime.sequencer import Leader
from runtime.stream_model import Model
from runtime.testing import open_test_tenant
from runtime.testing_http import TestIssuer

PLANS = 200
SEEN_SECONDS = 30
TODAY = datetime.now(UTC).date()
BEGIN = TODAY - timedelta(days=60)
PLAN: Model[int] = Model("plan", "bench", 0, lambda events, _event: events + 1)
"""A stream of plan-service of which only the events matter."""


async def bench(ground: Ground) -> list[Row]:
    """One worker: the further end is told of by `bench.commands`."""
    cluster, issuer = ground.cluster, TestIssuer()
    url = cluster.postgres.url(await asyncio.to_thread(migrated, cluster, "progress"))
    await bare.make_table(url)
    goals = await _published(ground.urls("plan", str(make_url(url).database)))
    async with opened(ground.urls("progress", str(make_url(url).database)), most=1) as progress:
        await open_test_tenant(progress.database, TENANT)
    days = cycle(range(1, 60))

    def measurements(count: int) -> Iterator[bytes]:
        token = issuer.vendor("progress.write", tenant=TENANT)
        on = (TODAY - timedelta(days=next(days))).isoformat()
        return iter(
            [request("/progress/v1/measurements", _result(*goals[n % PLANS], on), token | key()) for n in range(count)]
        )  # fmt: skip

    async with started(url, "progress", issuer, 1) as servers:
        *_, last = measurements(PLANS)
        await _until_known(servers["ours"], last)
        return await compared("measurement recorded", servers, measurements, 1, quick=ground.quick)


def _result(plan: UUID, goal: UUID, on: str) -> dict[str, Any]:
    return {"plan": str(plan), "item": str(goal), "measured_on": on, "value": "21", "unit": "objects"}


async def _published(urls: Urls) -> list[tuple[UUID, UUID]]:
    """Plans in force, each with one goal, in plan-service's log."""
    found = []
    context = Context(TENANT, Actor(id=str(uuid4()), role="case_manager", client="sis"), str(uuid4()))
    async with opened(urls) as plans:
        await open_test_tenant(plans.database, TENANT)
        for _ in range(PLANS):
            plan, goal = uuid4(), uuid4()
            await _append(plans, context, plan, _adopted(plan, uuid4(), goal))
            found.append((plan, goal))
    relay = await asyncpg.connect(urls.relay)
    leader = Leader("plan", relay)
    while await leader.sequence():
        pass
    await relay.close()
    return found


async def _append(plans: Opened, context: Context, plan: UUID, events: list[Event]) -> None:
    loaded = await plans.store.load(TENANT, PLAN, plan)
    student = next(event.student_id for event in events if isinstance(event, DraftOpened))
    await plans.store.append(context, [Change(loaded, student, events)])


def _adopted(plan: UUID, student: UUID, goal: UUID) -> list[Event]:
    item = parse_item(
        {
            "id": str(goal), "kind": "goal", "statement": "arrange 60 objects by kind", "baseline": "5", "target": "60",
            "unit": "objects", "due_on": (TODAY + timedelta(days=200)).isoformat(),
        }
    )  # fmt: skip
    return [
        DraftOpened(effective_on=BEGIN, plan_id=plan, student_id=student, kind=PlanKind.IEP),
        PlanAdopted(effective_on=BEGIN, plan_id=plan, kind=PlanKind.IEP, items=(item,)),
    ]


async def _until_known(server: Server, first: bytes) -> None:
    """The last plan has come over from plan-service's log."""
    async with asyncio.timeout(SEEN_SECONDS):
        while True:
            try:
                await send_all(server, iter([first]), most=1)
            except RuntimeError:
                await asyncio.sleep(0.2)
            else:
                return
