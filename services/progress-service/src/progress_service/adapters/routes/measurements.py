"""Results of goals and objectives: recorded, read, voided."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import Field

from contracts.fields import Code, ExternalId, Line, Measure
from contracts.ids import new_id
from progress_service.adapters.routes.forms import Form, RecordOut, ReportedIn, VoidIn, may_report
from progress_service.adapters.routes.session_form import PLAN, PROVIDER
from progress_service.adapters.routes.sessions import Reads, Writes
from progress_service.application.mastery import as_they_master
from progress_service.application.record_measurements import record_measurement, strike_out
from progress_service.domain.measurement import TakeMeasurement
from progress_service.domain.refusals import CannotBeTrue, MeasurementNotExpected
from runtime.append_request import Appended
from runtime.call import Asked, Call, Making
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page
from runtime.resources import Shown, find

routes = Routes(prefix="/progress/v1", tags=["measurements"])
EXAMPLE: dict[str, Any] = {
    "plan": PLAN,
    "item": "c2b7d9a4-1f6a-4a1f-8a44-7d1e5b8c9d04",
    "measured_on": "2026-10-30",
    "value": "21",
    "unit": "objects",
    "by": PROVIDER,
    "documents": ["7c1d5e8b-9d04-4c2b-87d9-a41f6a4a1f8a"],
    "external_id": "northwind:result-501",
}


class MeasurementIn(Form):
    """One result of a goal or objective."""

    plan: UUID
    item: UUID
    """The goal or objective in the plan."""
    measured_on: date
    """The day, in the district's zone."""
    value: Measure | None = None
    """A number, or a decimal as text: `21`, `"82.5"`. Left out where trials or a level of help say it."""
    unit: Line
    """The item's own unit."""
    by: UUID | None = None
    """Who measured: a staff member."""
    documents: tuple[UUID, ...] | None = Field(default=None, min_length=1, max_length=20)
    """What shows it: ids that `POST /plan/v1/students/{id}/documents` gave."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same result again answers 200 with the first."""
    reported: ReportedIn | None = None
    correct: int | None = Field(default=None, ge=0, le=100_000)
    """Trials that were correct, of `attempted`: the value is then their percentage."""
    attempted: int | None = Field(default=None, ge=1, le=100_000)
    prompt_level: Code | None = None
    """How much help was needed: a code of `GET /progress/v1/codes/prompt_level`; the value is then its place there, from 0."""

    def to_command(self, measurement_id: UUID) -> TakeMeasurement:
        """What the domain decides about."""
        return TakeMeasurement(
            measurement_id=measurement_id,
            plan_id=self.plan,
            item_id=self.item,
            measured_on=self.measured_on,
            value=self.value,
            unit=self.unit,
            by=self.by,
            documents=self.documents,
            external_id=self.external_id,
            reported=self.reported.to_value() if self.reported else None,
            correct=self.correct,
            attempted=self.attempted,
            prompt_level=self.prompt_level,
        )


class MeasurementOut(RecordOut):
    """A recorded result."""

    measured_on: date
    value: Measure
    unit: str
    by: UUID | None = None
    documents: list[UUID] | None = None
    correct: int | None = None
    attempted: int | None = None
    prompt_level: str | None = None
    masters: bool = False
    """With this result what the item asks for is complete, also without what was struck through since."""


async def shown_measurement(call: Call, id: UUID) -> Shown | None:
    """A measurement as it counts today."""
    async with call.store.database.read(call.tenant) as rows:
        found = await find(rows, call.tenant, "measurement", id)
        return None if found is None else (await as_they_master(rows, [found]))[0]


@routes.post(
    "/measurements",
    status_code=201,
    response_model=MeasurementOut,
    responses={
        200: {"description": "The first with this external id.", "model": MeasurementOut},
        **problems(MeasurementNotExpected, CannotBeTrue),
    },
)
async def post_measurement(
    asked: Asked,
    who: Writes,
    body: Annotated[MeasurementIn, Body(openapi_examples={"result": {"value": EXAMPLE}})],
) -> Response:
    """Record a result of a goal or objective, in its unit; the one that completes its criterion masters it."""
    may_report(who, body.reported)
    command = body.to_command(new_id())

    async def measure(making: Making) -> Appended:
        return await record_measurement(
            asked.store, asked.context, who, command, making.answer, making.claims
        )

    return await asked.respond("measurement", command.measurement_id, measure, external_id=body.external_id)


@routes.get("/measurements", response_model=Page[MeasurementOut])
async def get_measurements(
    asked: Asked,
    who: Reads,
    listing: Listed,
    item: Annotated[UUID | None, Query(description="Only results of this goal or objective.")] = None,
    plan: Annotated[UUID | None, Query(description="Only results under this plan.")] = None,
) -> Response:
    """List results, a page at a time; voided ones say so."""
    fields = {"item": str(item) if item else None, "plan": str(plan) if plan else None}
    return await asked.page("measurement", listing, fields=fields, as_now=as_they_master)


@routes.get("/measurements/{measurement_id}", response_model=MeasurementOut)
async def get_measurement(measurement_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read one result."""
    return await asked.one("measurement", measurement_id)


@routes.post("/measurements/{measurement_id}/void", response_model=MeasurementOut)
async def post_void(measurement_id: UUID, body: VoidIn, asked: Asked, who: Writes) -> Response:
    """Strike a result through because it was wrong: it stays, and counts no more."""
    shown = await asked.shown("measurement", measurement_id)

    async def void(making: Making) -> Appended:
        return await strike_out(asked.store, asked.context, shown, body.reason, making.answer)

    return await asked.respond("measurement", measurement_id, void)
