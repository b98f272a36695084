"""A whole command over HTTP, sixteen connections, each server in a process of its own.

Ours: `POST /plan/v1/students/{id}/contacts`, the real plan-service: token, scope, key, body checked, the student's state
loaded, decided, sealed, appended with state, resource and kept answer, and sequenced beside.
Floors: `bench.bare`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median
from typing import Any
from uuid import uuid4

from bench import bare
from bench.ground import Ground
from bench.measure import Path, Row, take_turns
from bench.real import migrated, real_service
from bench.serving import Server, request, send_all, served
from runtime.testing_http import TestIssuer

TENANT = "sandbox-bench"
STUDENTS = 400
"""For each number of workers new ones: in the end each has fifty contacts, and not a hundred."""
CONTACT = {"given_name": "Iris", "family_name": "Calder", "relation": "parent"}
OPEN = {"name": "Bench", "time_zone": "America/Chicago"}


async def bench(ground: Ground) -> list[Row]:
    """One worker of each, then two."""
    cluster, issuer = ground.cluster, TestIssuer()
    url = cluster.postgres.url(await asyncio.to_thread(migrated, cluster, "plan"))
    await bare.make_table(url)
    students: list[str] = []

    def contacts(count: int) -> Iterator[bytes]:
        token = issuer.vendor("roster.write", tenant=TENANT)
        return iter(
            [
                request(f"/plan/v1/students/{students[n % STUDENTS]}/contacts", CONTACT, token | key())
                for n in range(count)
            ]
        )

    rows: list[Row] = []
    for workers in (1, 2):
        async with started(url, "plan", issuer, workers) as servers:
            if not students:
                await _open_district(servers["ours"], issuer)
            students[:] = await _made_students(servers["ours"], issuer)
            rows += await compared("contact proposed", servers, contacts, workers, quick=ground.quick)
    return rows


@asynccontextmanager
async def started(
    url: str, service: str, issuer: TestIssuer, workers: int
) -> AsyncIterator[Mapping[str, Server]]:
    """Ours and the floors, on one database."""
    keys = issuer.keys.as_dict(private=False)
    async with AsyncExitStack() as stack:
        made: Mapping[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
            "floor": (bare.on_asyncpg, (url,)),
            "sqlalchemy": (bare.on_sqlalchemy, (url,)),
            "ours": (real_service, (service, url, keys)),
        }
        servers = await asyncio.gather(
            *(
                stack.enter_async_context(served(app, *arguments, workers=workers))
                for app, arguments in made.values()
            )
        )
        yield dict(zip(made, servers, strict=True))


async def compared(
    told: str, servers: Mapping[str, Server], commands: Callable[[int], Iterator[bytes]], workers: int, *, quick: bool
) -> list[Row]:  # fmt: skip
    """The real command and its floors by turns."""
    a_turn = 300 if quick else 2_000
    rounds = 3 if quick else 9

    cpu: dict[str, list[float]] = {name: [] for name in servers}

    def path(name: str, requests: Callable[[int], Iterator[bytes]]) -> Path:
        server = servers[name]

        async def work(prepared: Iterator[bytes]) -> int:
            before = server.cpu_seconds
            done = len(await send_all(server, prepared))
            cpu[name].append(1000 * (server.cpu_seconds - before) / done)
            return done

        return Path(work, lambda: requests(a_turn))

    paths = {"floor": path("floor", bare.requests), "ours": path("ours", commands),
             "sqlalchemy": path("sqlalchemy", bare.requests)}  # fmt: skip
    await take_turns(paths, 1)
    rates = await take_turns(paths, rounds)
    of = f"{told}, {workers} worker{'s' if workers > 1 else ''}"
    wanted = workers == 1

    def row(floor: str, floor_told: str, least: float) -> Row:
        facts: dict[str, float | int | str] = {
            "CPU ms each": round(median(cpu["ours"]), 2), "floor's": round(median(cpu[floor]), 2),
            "peak MiB": servers["ours"].peak_mebibytes, "of the floor": servers[floor].peak_mebibytes,
        }  # fmt: skip
        return Row("http", of, "commands/s", rates["ours"], floor_told, rates[floor], least if wanted else None,
                   facts=facts)  # fmt: skip

    return [row("floor", bare.ON_ASYNCPG, 0.7), row("sqlalchemy", bare.ON_SQLALCHEMY, 1.0)]


async def _open_district(server: Server, issuer: TestIssuer) -> None:
    token = issuer.token(
        sub="operator", client_id="operator", role="operator", scope="operate admin", tenant=TENANT
    )
    opening = request("/plan/v1/tenant", OPEN, {"authorization": f"Bearer {token}"}, method="PUT")
    await send_all(server, iter([opening]), most=1)


async def _made_students(server: Server, issuer: TestIssuer) -> list[str]:
    """Children whose contacts are entered; their keys are made with them."""
    token = issuer.vendor("roster.write", tenant=TENANT)
    made = await send_all(
        server, iter([request("/plan/v1/students", bare.BODY, token | key()) for _ in range(STUDENTS)])
    )
    return [json.loads(answer)["id"] for answer in made]


def key() -> dict[str, str]:
    """A fresh Idempotency-Key."""
    return {"idempotency-key": str(uuid4())}
