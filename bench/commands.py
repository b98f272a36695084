"""A whole command over HTTP, sixteen connections, each server in a process of its own.

Ours: `POST /plan/v1/students/{id}/contacts`, the real plan-service: token, scope, key, body checked, the student's state
loaded, decided, sealed, appended with state, resource and kept answer, and sequenced beside.
Floors: a bare FastAPI route with one pydantic model that commits one row by BEGIN, SELECT, INSERT, COMMIT, once on asyncpg
and once through SQLAlchemy Core. No token, no key, no sealing, no state.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from fastapi import FastAPI
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, Date, MetaData, String, Table, Uuid, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bench.ground import CONNECTIONS, Ground
from bench.measure import Path, Row, take_turns
from bench.serving import HOST, post_all, request, served
from plan_service.main import create_app
from plan_service.settings import Settings
from plan_service.testing_service import migrated, settings_for
from runtime.oidc import GivenKeys, TokenVerifier
from runtime.testing_http import AUDIENCE, ISSUER, TestIssuer

TENANT = "sandbox-bench"
STUDENTS = 400
BODY = {"given_name": "Nia", "family_name": "Calder", "birth_date": "2015-04-01", "home_language": "en"}
FLOOR_TABLE = """
    CREATE TABLE public.floor_students (
        id uuid PRIMARY KEY, given_name text NOT NULL, family_name text NOT NULL, birth_date date NOT NULL,
        home_language text NOT NULL)"""


class StudentIn(BaseModel):
    """The floors' body: the same fields."""

    model_config = ConfigDict(extra="forbid")
    given_name: str
    family_name: str
    birth_date: date
    home_language: str


def bare(url: str) -> FastAPI:
    """FastAPI and asyncpg: four statements a request."""
    pools: list[asyncpg.Pool] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        pools.append(await asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS))
        yield
        await pools[0].close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/students", status_code=201)
    async def post(body: StudentIn) -> dict[str, Any]:
        made = uuid4()
        async with pools[0].acquire() as connection, connection.transaction():
            await connection.fetchrow("SELECT id FROM public.floor_students WHERE id = $1", made)
            await connection.execute(
                "INSERT INTO public.floor_students VALUES ($1, $2, $3, $4, $5)",
                made, body.given_name, body.family_name, body.birth_date, body.home_language,
            )  # fmt: skip
        return {"id": made, **body.model_dump()}

    return app


FLOOR = Table(
    "floor_students", MetaData(schema="public"), Column("id", Uuid, primary_key=True), Column("given_name", String),
    Column("family_name", String), Column("birth_date", Date), Column("home_language", String),
)  # fmt: skip


def with_sqlalchemy(url: str) -> FastAPI:
    """The same through SQLAlchemy Core."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"), pool_size=CONNECTIONS, max_overflow=0
    )
    app = FastAPI()

    @app.post("/students", status_code=201)
    async def post(body: StudentIn) -> dict[str, Any]:
        made: UUID = uuid4()
        async with engine.begin() as rows:
            await rows.execute(select(FLOOR.c.id).where(FLOOR.c.id == made))
            await rows.execute(insert(FLOOR).values(id=made, **body.model_dump()))
        return {"id": made, **body.model_dump()}

    return app


def ours(settings: Settings, keys: Any) -> FastAPI:
    """plan-service, whole."""
    verifier = TokenVerifier(GivenKeys(KeySet.import_key_set(keys)), issuer=ISSUER, audience=AUDIENCE)
    return create_app(settings, verifier)


async def bench(ground: Ground) -> list[Row]:
    """One worker of each; then two workers of ours."""
    each = 400 if ground.quick else 2_000
    rounds = 3 if ground.quick else 7
    cluster, issuer = ground.cluster, TestIssuer()
    database = await asyncio.to_thread(lambda: cluster.new_database(migrated(cluster)))
    url = cluster.postgres.url(database)
    settings, keys = settings_for(cluster, database), issuer.keys.as_dict(private=False)
    connection = await asyncpg.connect(url)
    await connection.execute(FLOOR_TABLE)
    await connection.close()
    async with AsyncExitStack() as stack:
        ports = {
            "floor": await stack.enter_async_context(served(bare, url)),
            "sqlalchemy": await stack.enter_async_context(served(with_sqlalchemy, url)),
            "ours": await stack.enter_async_context(served(ours, settings, keys)),
        }
        await _open_district(ports["ours"], issuer)
        students = await _students(ports["ours"], issuer)
        paths = {
            "floor": _path(ports["floor"], each, lambda: _plain(each)),
            "sqlalchemy": _path(ports["sqlalchemy"], each, lambda: _plain(each)),
            "ours": _path(ports["ours"], each, lambda: _commands(issuer, students, each)),
        }
        await take_turns(paths, 1)
        rates = await take_turns(paths, rounds)
    async with (
        served(ours, settings, keys, workers=2) as two,
        served(bare, url, workers=2) as bare_two,
    ):
        paths = {
            "floor": _path(bare_two, each, lambda: _plain(each)),
            "ours": _path(two, each, lambda: _commands(issuer, students, each)),
        }
        await take_turns(paths, 1)
        by_two = await take_turns(paths, rounds)
    four, through = "FastAPI + asyncpg, four statements", "FastAPI + SQLAlchemy Core"
    return [
        Row("http", "whole command, one worker", "commands/s", rates["ours"], four, rates["floor"], 0.7),
        Row(
            "http",
            "whole command, one worker",
            "commands/s",
            rates["ours"],
            through,
            rates["sqlalchemy"],
            1.0,
        ),
        Row(
            "http",
            "whole command, two workers",
            "commands/s",
            by_two["ours"],
            f"{four}, two workers",
            by_two["floor"],
        ),
    ]


def _path(port: int, _each: int, prepare: Any) -> Path:
    return Path(lambda requests: post_all(port, requests), prepare)


def _plain(each: int) -> Iterator[bytes]:
    return iter([request("/students", json.dumps(BODY).encode(), {})] * each)


def _commands(issuer: TestIssuer, students: list[str], each: int) -> Iterator[bytes]:
    token = issuer.vendor("roster.write", tenant=TENANT)
    body = json.dumps({"given_name": "Iris", "family_name": "Calder", "relation": "parent"}).encode()
    return iter(
        [
            request(
                f"/plan/v1/students/{students[n % STUDENTS]}/contacts",
                body,
                {**token, "idempotency-key": str(uuid4())},
            )
            for n in range(each)
        ]
    )


async def _students(port: int, issuer: TestIssuer) -> list[str]:
    """Children whose contacts are entered; their keys are made with them."""
    token = issuer.vendor("roster.write", "plan.read", tenant=TENANT)
    body = json.dumps(BODY).encode()
    made = [
        request("/plan/v1/students", body, {**token, "idempotency-key": str(uuid4())})
        for _ in range(STUDENTS)
    ]
    await post_all(port, iter(made))
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", headers=token) as http:
        return [student["id"] for student in (await http.get("/plan/v1/students?limit=500")).json()["items"]]


async def _open_district(port: int, issuer: TestIssuer) -> None:
    operator = issuer.token(
        sub="operator", client_id="operator", role="operator", scope="operate admin", tenant=TENANT
    )
    body = json.dumps({"name": "Bench", "time_zone": "America/Chicago"}).encode()
    sent = request("/plan/v1/tenant", body, {"authorization": f"Bearer {operator}"}).replace(
        b"POST", b"PUT", 1
    )
    await post_all(port, itertools.chain([sent]), most=1)
