"""The floors under a whole command: FastAPI, one pydantic model, and one row committed by four statements.

BEGIN, SELECT, INSERT, COMMIT; once on asyncpg and once through SQLAlchemy Core. No token, no key, no rules, no sealing,
no state.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import uuid4

import asyncpg
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, Date, MetaData, String, Table, Uuid, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bench.measure import CONNECTIONS
from bench.serving import request

ON_ASYNCPG = "FastAPI + asyncpg, four statements"
ON_SQLALCHEMY = "FastAPI + SQLAlchemy Core"
BODY = {"given_name": "Nia", "family_name": "Calder", "birth_date": "2015-04-01", "home_language": "en"}
_TABLE = """
    CREATE TABLE public.floor_students (
        id uuid PRIMARY KEY, given_name text NOT NULL, family_name text NOT NULL, birth_date date NOT NULL,
        home_language text NOT NULL)"""
_STUDENTS = Table(
    "floor_students", MetaData(schema="public"), Column("id", Uuid, primary_key=True), Column("given_name", String),
    Column("family_name", String), Column("birth_date", Date), Column("home_language", String),
)  # fmt: skip


class StudentIn(BaseModel):
    """Four fields, as most commands have."""

    model_config = ConfigDict(extra="forbid")
    given_name: str
    family_name: str
    birth_date: date
    home_language: str


async def make_table(url: str) -> None:
    """Where both write."""
    connection = await asyncpg.connect(url)
    await connection.execute(_TABLE)
    await connection.close()


def requests(count: int) -> Iterator[bytes]:
    """For `Path.prepare`."""
    return iter([request("/students", BODY, {})] * count)


def on_asyncpg(url: str) -> FastAPI:
    """Straight on the driver."""
    pools: list[asyncpg.Pool] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
            pools.append(pool)
            yield

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


def on_sqlalchemy(url: str) -> FastAPI:
    """The same through SQLAlchemy Core."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"), pool_size=CONNECTIONS, max_overflow=0
    )
    app = FastAPI()

    @app.post("/students", status_code=201)
    async def post(body: StudentIn) -> dict[str, Any]:
        made = uuid4()
        async with engine.begin() as rows:
            await rows.execute(select(_STUDENTS.c.id).where(_STUDENTS.c.id == made))
            await rows.execute(insert(_STUDENTS).values(id=made, **body.model_dump()))
        return {"id": made, **body.model_dump()}

    return app
