"""Schedules: on which weekdays a service is given, and by whom."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import ConfigDict, Field

from contracts.district import Weekday
from contracts.fields import ExternalId, TimeOfDay
from contracts.ids import new_id
from progress_service.adapters.routes.forms import Form, RecordOut
from progress_service.adapters.routes.session_form import PLAN, PROVIDER, SPEECH
from progress_service.adapters.routes.sessions import Reads, Writes
from progress_service.application.item_facts import About, change_shown, record_fact
from progress_service.domain.refusals import CannotBeTrue, SessionNotPromised
from progress_service.domain.scheduled import SetSchedule, end_schedule, set_schedule
from progress_service.domain.session import MINUTES_OF_A_DAY
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/progress/v1", tags=["schedules"])
EXAMPLE: dict[str, Any] = {
    "plan": PLAN, "item": SPEECH, "staff": PROVIDER, "weekdays": [2], "from": "2026-10-06", "until": "2027-06-11",
    "minutes": 30, "starts_at": "10:15", "external_id": "northwind:schedule-7",
}  # fmt: skip


class ScheduleIn(Form):
    """From a day on a service is given on these weekdays."""

    plan: UUID
    item: UUID
    """The service in the plan."""
    staff: UUID | None = None
    """Who gives it; absent: nobody has been found yet."""
    weekdays: list[Weekday] = Field(min_length=1, max_length=7)
    """One session on each that is a school day; 1 is Monday."""
    first_on: date = Field(alias="from")
    last_on: date | None = Field(default=None, alias="until")
    """Last day; absent: until it is ended."""
    minutes: int | None = Field(default=None, ge=1, le=MINUTES_OF_A_DAY)
    """Of each session."""
    starts_at: TimeOfDay | None = None
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same schedule again answers 200 with the first."""

    def to_command(self, schedule_id: UUID) -> SetSchedule:
        """What the domain decides about."""
        return SetSchedule(
            schedule_id=schedule_id, plan_id=self.plan, item_id=self.item, first_on=self.first_on,
            weekdays=tuple(self.weekdays), staff=self.staff, minutes=self.minutes, last_on=self.last_on,
            starts_at=self.starts_at, external_id=self.external_id,
        )  # fmt: skip


class ScheduleOut(RecordOut):
    """A schedule."""

    staff: UUID | None = None
    weekdays: list[int]
    first_on: date
    last_on: date | None = None
    minutes: int | None = None
    starts_at: str | None = None
    ended_on: date | None = None
    """The first day without it."""


class EndIn(Form):
    """The first day without the schedule."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"on": "2027-02-01"}]})

    on: date


@routes.post(
    "/schedules",
    status_code=201,
    response_model=ScheduleOut,
    responses={
        200: {"description": "The first with this external id.", "model": ScheduleOut},
        **problems(SessionNotPromised, CannotBeTrue),
    },
)
async def post_schedule(
    asked: Asked,
    who: Writes,
    body: Annotated[ScheduleIn, Body(openapi_examples={"Tuesdays": {"value": EXAMPLE}})],
) -> Response:
    """Schedule a service on weekdays: a session is then expected on each of them that is a school day.

    A planned session of which nothing is recorded is pointed out. Refused where no plan in force promises the service.
    """
    command = body.to_command(new_id())
    about = About(command.plan_id, command.item_id, command.first_on)

    async def schedule(making: Making) -> Appended:
        return await record_fact(
            asked.store, asked.context, who, about, lambda ground: set_schedule(command, ground.item), making
        )

    return await asked.respond("schedule", command.schedule_id, schedule, external_id=body.external_id)


@routes.get("/schedules", response_model=Page[ScheduleOut])
async def get_schedules(
    asked: Asked,
    who: Reads,
    listing: Listed,
    item: Annotated[UUID | None, Query(description="Only schedules of this service.")] = None,
    plan: Annotated[UUID | None, Query(description="Only schedules of this plan.")] = None,
    staff: Annotated[UUID | None, Query(description="Only schedules of this staff member.")] = None,
) -> Response:
    """List schedules, a page at a time; ended ones say so."""
    named = {"item": item, "plan": plan, "staff": staff}
    return await asked.page(
        "schedule", listing, fields={name: str(id) if id else None for name, id in named.items()}
    )


@routes.get("/schedules/{schedule_id}", response_model=ScheduleOut)
async def get_schedule(schedule_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read one schedule."""
    return await asked.one("schedule", schedule_id)


@routes.post("/schedules/{schedule_id}/end", response_model=ScheduleOut, responses=problems(CannotBeTrue))
async def post_end(schedule_id: UUID, body: EndIn, asked: Asked, who: Writes) -> Response:
    """End a schedule: `on` is the first day without it. One that was wrong from the start is ended on its first day."""
    shown = await asked.shown("schedule", schedule_id)

    async def end(making: Making) -> Appended:
        return await change_shown(
            asked.store,
            asked.context,
            shown,
            lambda year, _today: end_schedule(year, schedule_id, body.on),
            making,
        )

    return await asked.respond("schedule", schedule_id, end)
