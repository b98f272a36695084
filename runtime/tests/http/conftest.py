"""A small service with real routes on a real store: what a route writer does, tried out."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import PlainTextResponse, Response

from contracts.district import SchoolAdded, SchoolChanged
from contracts.event import Event
from contracts.fields import ExternalId, Name
from contracts.ids import new_id
from contracts.problems import NotFound, Reason, Rejected
from contracts.students import StudentPersonalData, StudentRegistered
from runtime.access import access_1
from runtime.auth import Principal, allow
from runtime.call import Asked, Edge
from runtime.execute import execute
from runtime.going_on import GOES_ON, Ends
from runtime.health import add_health
from runtime.http import IfMatch, Routes, install, take_in, takes
from runtime.openapi import problems
from runtime.paging import Listed, Page
from runtime.sight import sight_1
from runtime.stream_model import Model, Resource
from runtime.testing import Cluster, Opened, opened
from runtime.testing_http import TestIssuer, TestService, client_of

MIB = 1024 * 1024


class SchoolIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Name
    external_id: ExternalId | None = None
    motto: str | None = Field(default=None, max_length=20)


class NamesIn(BaseModel):
    names: list[str]


class SchoolOut(BaseModel):
    id: UUID
    version: int
    name: str


class StudentIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    given_name: Name
    family_name: Name
    birth_date: date


class StudentOut(BaseModel):
    id: UUID
    version: int
    given_name: str


class SchoolNeedsItsName(Rejected):
    """A school keeps a name that people know."""

    code = "school-needs-its-name"


@dataclass(frozen=True)
class School:
    name: str = ""


def evolve_school(state: School, event: Event) -> School:
    return School(event.name) if isinstance(event, SchoolAdded | SchoolChanged) else state


def show_school(state: School, event: Event) -> list[Resource]:
    if isinstance(event, SchoolAdded | SchoolChanged):
        external_id = event.external_ids[0] if event.external_ids else None
        return [Resource("school", event.school_id, {"name": state.name}, external_id=external_id)]
    return []


SCHOOL: Model[School] = Model("school", "sample", School(), evolve_school, show_school)


@dataclass(frozen=True)
class Student:
    registered: bool = False


def show_student(_state: Student, event: Event) -> list[Resource]:
    if isinstance(event, StudentRegistered):
        document = {"given_name": event.personal.given_name}
        return [Resource("student", event.student_id, document, student=event.student_id)]
    return []


STUDENT: Model[Student] = Model("student", "sample", Student(), lambda _s, _e: Student(True), show_student)

RosterWriter = Annotated[Principal, allow("roster.write")]
PlanReader = Annotated[Principal, allow("plan.read")]
DestroysRecords = Annotated[Principal, allow("records.destroy")]
SignsPersonally = Annotated[Principal, allow("plan.write", person=True)]
Anyone = Annotated[Principal, allow("operate", "admin", everywhere=True)]

TODAY = date(2026, 9, 1)
TABOO = {"Refuse me"}
"""Names that the one rule refuses; a test may add to them for its time."""
routes = Routes(prefix="/plan/v1")
lists = Routes(prefix="/plan/v1")
"""A second router with other methods of the same paths, as services have them."""


def add_school(state: School, school_id: UUID, body: SchoolIn) -> Sequence[Event]:
    if body.name in TABOO:
        raise SchoolNeedsItsName(
            "This name will not do.",
            reasons=(
                Reason("name-not-known", "nobody knows it", "34 CFR 300.8", "ask the district", "/name"),
            ),
        )
    ids = (body.external_id,) if body.external_id else ()
    return [SchoolAdded(effective_on=TODAY, school_id=school_id, name=body.name, external_ids=ids)]


@routes.post("/schools", status_code=201, response_model=SchoolOut, responses=problems(SchoolNeedsItsName))
async def post_school(body: SchoolIn, who: RosterWriter, asked: Asked) -> Response:
    """Add a school of the district."""
    school, district = new_id(), await asked.district()
    return await asked.respond("school", school, lambda made: execute(
        asked.store, asked.context, SCHOOL, (school,), district, lambda state: add_school(state, school, body),
        claims=made.claims, answer=made.answer), external_id=body.external_id)  # fmt: skip


@lists.get("/schools", response_model=Page[SchoolOut])
async def get_schools(who: PlanReader, asked: Asked, listing: Listed, name: str | None = None) -> Response:
    """List the district's schools."""
    return await asked.page("school", listing, fields={"name": name})


@routes.get("/schools/{school_id}", response_model=SchoolOut)
async def get_school(school_id: UUID, who: PlanReader, asked: Asked) -> Response:
    """Read a school."""
    return await asked.one("school", school_id)


@routes.get("/schools/{school_id}/students", response_model=Page[StudentOut])
async def get_students_of_school(school_id: UUID, who: PlanReader, asked: Asked, listing: Listed) -> Response:
    """List a school's students: it has none."""
    return await asked.page("student", listing, fields={"school": str(school_id)})


@routes.patch("/schools/{school_id}", response_model=SchoolOut)
async def patch_school(
    school_id: UUID, body: SchoolIn, if_match: IfMatch, who: RosterWriter, asked: Asked
) -> Response:
    """Rename a school."""
    district = await asked.district()

    def rename(state: School) -> Sequence[Event]:
        if not state.name:
            raise NotFound("There is no such school.")
        if state.name == body.name:
            return []
        return [SchoolChanged(effective_on=TODAY, school_id=school_id, name=body.name)]

    return await asked.respond("school", school_id, lambda made: execute(
        asked.store, asked.context, SCHOOL, (school_id,), district, rename, expected_version=if_match,
        claims=made.claims, answer=made.answer))  # fmt: skip


@routes.post("/schools/{school_id}/renaming", response_model=SchoolOut)
async def post_renaming(
    school_id: UUID, body: SchoolIn, if_match: IfMatch, who: RosterWriter, asked: Asked
) -> Response:
    """Decide on a school's new name."""
    return await patch_school(school_id, body, if_match, who, asked)


@routes.post("/schools/{school_id}/names", response_model=SchoolOut)
async def post_names(
    school_id: UUID, body: NamesIn, if_match: IfMatch, who: RosterWriter, asked: Asked
) -> Response:
    """Rename a school many times at once, at any length."""
    district = await asked.district()
    renamed = SchoolChanged(effective_on=TODAY, school_id=school_id, name="x")
    events = [renamed.model_copy(update={"name": name}) for name in body.names]
    return await asked.respond("school", school_id, lambda made: execute(
        asked.store, asked.context, SCHOOL, (school_id,), district, lambda _state: events, expected_version=if_match,
        claims=made.claims, answer=made.answer))  # fmt: skip


@routes.post("/students", status_code=201, response_model=StudentOut)
async def post_student(body: StudentIn, who: RosterWriter, asked: Asked) -> Response:
    """Register a student."""
    student = new_id()
    event = StudentRegistered(
        effective_on=TODAY, student_id=student, personal=StudentPersonalData(**body.model_dump())
    )
    return await asked.respond("student", student, lambda made: execute(
        asked.store, asked.context, STUDENT, (student,), student, lambda _state: [event], answer=made.answer))  # fmt: skip


@routes.get("/students", response_model=Page[StudentOut])
async def get_students(who: PlanReader, asked: Asked, listing: Listed) -> Response:
    """List students."""
    return await asked.page("student", listing)


@routes.get("/students/{student_id}", response_model=StudentOut)
async def get_student(student_id: UUID, who: PlanReader, asked: Asked) -> Response:
    """Read a student. What follows is not the first sentence."""
    return await asked.one("student", student_id)


@routes.get("/students/{student_id}/letter")
async def get_letter(student_id: UUID, who: PlanReader, asked: Asked) -> Response:
    """Read a letter about a student."""
    return PlainTextResponse("Dear family")


@routes.post("/students/{student_id}/letters", status_code=204)
async def post_letter(student_id: UUID, who: PlanReader, asked: Asked) -> Response:
    """Write a letter about a student."""
    return Response(status_code=204)


@routes.post("/uploads", dependencies=[takes(20 * MIB)])
async def post_upload(who: RosterWriter, asked: Asked) -> dict[str, int]:
    """Take in a large file."""
    return {"bytes": sum([len(piece) async for piece in asked.request.stream()])}


@routes.get("/broken")
async def get_broken(who: PlanReader, asked: Asked) -> Response:
    """Break."""
    raise RuntimeError("Jane Doe, born 2015-04-01, broke it")


@routes.post("/destructions", status_code=204, dependencies=[GOES_ON])
async def post_destruction(who: DestroysRecords, asked: Asked) -> Response:
    """Destroy."""
    return Response(status_code=204)


@routes.post("/signatures", status_code=204)
async def post_signature(who: SignsPersonally, asked: Asked) -> Response:
    """Sign."""
    return Response(status_code=204)


@routes.get("/tenants", response_model=None)
async def get_tenants(who: Anyone, asked: Asked) -> Response:
    """List districts."""
    return PlainTextResponse(asked.tenant)


@routes.get("/codes")
async def get_codes() -> list[str]:
    """List codes: public."""
    return ["a"]


@dataclass
class Sample:
    """The sample service, running."""

    plan: Opened
    service: TestService
    edge: Edge
    app: FastAPI
    issuer: TestIssuer
    http: httpx.AsyncClient
    taboo: set[str]

    def vendor(self, *scopes: str, key: str | None = None, **more: str) -> dict[str, str]:
        """Headers of a vendor who sends an Idempotency-Key."""
        return {**self.issuer.vendor(*scopes), "idempotency-key": key or str(new_id()), **more}


async def add_tables(plan: Opened) -> None:
    """What the service's own migration would make."""
    owner = await asyncpg.connect(plan.url("plan_owner"))
    async with owner.transaction():
        for statement in sight_1("plan") + access_1("plan"):
            await owner.execute(statement)
    await owner.close()


def sample_app(edge: Edge) -> FastAPI:
    app = FastAPI(title="sample", openapi_url="/plan/v1/openapi.json", docs_url=None, redoc_url=None)
    install(app, edge)
    take_in(app, routes, lists)
    database = edge.service.database
    add_health(app, edge, {"database": database.ready})
    return app


class NoService:
    """For what is refused before a service is asked anything."""

    name = "plan"


class NobodyEnds(Ends):
    """No district has ended, and no database is asked."""

    async def of(self, tenant: str) -> date | None:
        return None


@pytest.fixture
async def door() -> AsyncIterator[tuple[httpx.AsyncClient, TestIssuer]]:
    """The sample service's routes without a database behind them."""
    issuer = TestIssuer()
    app = FastAPI()
    edge = Edge(NoService(), issuer.verifier())
    edge.ends = NobodyEnds(NoService())
    install(app, edge)
    take_in(app, routes, lists)
    async with client_of(app) as http:
        yield http, issuer


@pytest.fixture
async def sample(cluster: Cluster) -> AsyncIterator[Sample]:
    """The sample service on a fresh database."""
    async with opened(cluster) as plan:
        await add_tables(plan)
        issuer, service = TestIssuer(), TestService(plan)
        edge = Edge(service, issuer.verifier())
        app = sample_app(edge)
        async with client_of(app) as http:
            yield Sample(plan, service, edge, app, issuer, http, TABOO)
        TABOO.intersection_update({"Refuse me"})
