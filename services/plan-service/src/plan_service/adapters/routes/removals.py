"""Disciplinary removals (34 CFR 300.530(b)-(d), (g)): recorded, counted, ended sooner, and what is given meanwhile."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Query
from pydantic import Field
from starlette.responses import Response

from contracts.fields import ExternalId, Line, Narrative, StaffId
from contracts.ids import new_id
from contracts.removal_days import eleventh_day, most_in_a_row, school_year_of, total_days
from contracts.transfers import ServiceInWords
from contracts.vocabulary import Law, RemovalSetting, SpecialCircumstance
from plan_service.adapters.routes.about_student import respond_about_student
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.reading import (
    must_be,
    must_be_of_student,
    one_of_student,
    one_step,
    page_of_steps,
    page_of_student,
)
from plan_service.application.desk import Desk, Seen
from plan_service.application.models import STUDENT
from plan_service.application.protection import beside, plans_in_place, protected_on
from plan_service.application.shown_discipline import RemovalDaysShown, RemovalServicesShown, RemovalShown
from plan_service.domain.document import documents_of
from plan_service.domain.removing import (
    EndRemoval,
    GiveRemovalServices,
    RecordRemoval,
    RemovalRefused,
    end_removal,
    give_removal_services,
    record_removal,
)
from plan_service.domain.student import Student
from runtime import resources
from runtime.call import Asked
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["discipline"])
KIND, SERVICES = "removal", "removal_services"
EXAMPLE: dict[str, Any] = {
    "setting": "out_of_school", "from": "2026-04-20", "until": "2026-04-22",
    "staff": "5e91a5c4-67b6-53dc-b6a6-3901406001c4", "code_of_conduct": "7.2", "behavior": "Threw a chair in class.",
}  # fmt: skip
RETURN = {"back_on": "2026-04-22", "reason": "The review found a manifestation."}
GIVEN: dict[str, Any] = {
    "services": [{"service": "reading_instruction", "minutes": 45, "per": "day"}], "from": "2026-04-21",
    "until": "2026-04-22", "staff": ["5e91a5c4-67b6-53dc-b6a6-3901406001c4"],
}  # fmt: skip


class RemovalIn(Form):
    """The student is removed from their placement, for some days."""

    setting: RemovalSetting
    from_: date = Field(alias="from")
    until: date
    """The last day."""
    part_days: tuple[date, ...] = Field(default=(), max_length=200)
    """Days on which it was part of the day: each counts as half."""
    placement_kept: bool = False
    """In school: taking part in the curriculum, with the plan's services, among peers. Of the bus: no service of the plan."""
    code_of_conduct: Line | None = None
    """The rule that was broken."""
    circumstance: SpecialCircumstance | None = None
    staff: StaffId | None = None
    """Who decided it."""
    behavior: Narrative | None = None
    documents: tuple[UUID, ...] = Field(default=(), max_length=100)
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, removal_id: UUID, seen: Seen[Student], protected: frozenset[Law]) -> RecordRemoval:
        """What the domain decides about."""
        return RecordRemoval(
            removal_id=removal_id, setting=self.setting, starts_on=self.from_, ends_on=self.until,
            calendar=seen.day.profiles.on(seen.today).calendar, protected=protected,
            part_days=tuple(sorted(set(self.part_days))), placement_kept=self.placement_kept,
            code_of_conduct=self.code_of_conduct, circumstance=self.circumstance, decided_by=self.staff,
            behavior=self.behavior, documents=documents_of(seen.state, self.documents, "/documents"),
            external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


class ReturnIn(Form):
    """The student is back sooner than was decided."""

    back_on: date
    """The first day back."""
    reason: Narrative | None = None
    reported: ReportedIn | None = None


class RemovalServicesIn(Form):
    """What the student is given during the removal."""

    services: tuple[ServiceInWords, ...] = Field(min_length=1, max_length=100)
    from_: date = Field(alias="from")
    until: date
    """The last day."""
    staff: tuple[StaffId, ...] = Field(default=(), max_length=50)
    """Who determined it: one of the child's teachers at least, or the team."""
    words: Narrative | None = None
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None


@routes.get("/removals", response_model=Page[RemovalShown])
async def get_all_removals(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the removals of the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/removals", response_model=Page[RemovalShown])
async def get_removals(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List a student's removals."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get("/students/{student_id}/removals/{removal_id}", response_model=RemovalShown)
async def get_removal(asked: Asked, who: Reads, student_id: UUID, removal_id: UUID) -> Response:
    """Read a removal."""
    return await one_of_student(asked, KIND, student_id, removal_id)


@routes.get("/students/{student_id}/removal-days", response_model=RemovalDaysShown)
async def get_removal_days(
    asked: Asked, who: Reads, student_id: UUID,
    on: Annotated[date | None, Query(description="Up to this day; today where nothing is said.")] = None,
) -> Response:  # fmt: skip
    """Count a student's removed school days: in the school year, in a row, and the day on which more than ten are reached."""
    await must_be(asked, "student", student_id)
    seen = await Desk(asked.store).see(asked.tenant, STUDENT, (student_id,))
    day, removals = on or seen.today, tuple(seen.state.discipline.removals.values())
    calendar = seen.day.profiles.on(seen.today).calendar
    year = school_year_of(calendar, day)
    asked.saw(student_id, KIND, tuple(removal.removal_id for removal in removals))
    shown = RemovalDaysShown(
        on=day, year_from=year.first_on if year else None, total=total_days(removals, calendar, day),
        most_in_a_row=most_in_a_row(removals, calendar), eleventh_day=eleventh_day(removals, calendar, day),
    )  # fmt: skip
    return Response(
        resources.encode(shown.model_dump(mode="json", exclude_none=True)), 200, {}, "application/json"
    )


@routes.post(
    "/students/{student_id}/removals", response_model=RemovalShown, status_code=201,
    responses=problems(RemovalRefused),
)  # fmt: skip
async def post_removal(
    asked: Asked, who: WritesOrReports, student_id: UUID, body: Annotated[RemovalIn, Body(examples=[EXAMPLE])]
) -> Response:
    """Record a removal. For who has a plan or is eligible, more than ten school days in a row wait for the review."""
    may_write_or_report(who, body.reported)
    removal_id = new_id()
    plans = await plans_in_place(asked.store, asked.tenant, student_id)

    return await respond_about_student(
        asked, KIND, removal_id, student_id,
        lambda seen: record_removal(
            seen.state, body.to_command(removal_id, seen, protected_on(seen, plans, body.from_)), seen.today
        ),
        staff={"/staff": body.staff}, beside=beside(plans),
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip


@routes.post("/students/{student_id}/removals/{removal_id}/return", response_model=RemovalShown)
async def post_return(
    asked: Asked, who: WritesOrReports, student_id: UUID, removal_id: UUID,
    body: Annotated[ReturnIn, Body(examples=[RETURN])],
) -> Response:  # fmt: skip
    """Record that the student is back sooner than was decided."""
    may_write_or_report(who, body.reported)
    command = EndRemoval(removal_id, body.back_on, body.reason, reported_value(body.reported))

    await must_be_of_student(asked, KIND, student_id, removal_id)
    return await respond_about_student(
        asked, KIND, removal_id, student_id,
        lambda seen: end_removal(seen.state, command, seen.today),
        reported=reported_value(body.reported),
    )  # fmt: skip


@routes.get(
    "/students/{student_id}/removals/{removal_id}/services", response_model=Page[RemovalServicesShown]
)
async def get_removal_services(
    asked: Asked, who: Reads, student_id: UUID, removal_id: UUID, listing: Listed
) -> Response:
    """List what was given during a removal."""
    return await page_of_steps(asked, SERVICES, KIND, student_id, removal_id, listing)


@routes.get(
    "/students/{student_id}/removals/{removal_id}/services/{removal_services_id}",
    response_model=RemovalServicesShown,
)
async def get_one_removal_services(
    asked: Asked, who: Reads, student_id: UUID, removal_id: UUID, removal_services_id: UUID
) -> Response:
    """Read what was given during a removal."""
    return await one_step(asked, SERVICES, KIND, student_id, removal_id, removal_services_id)


@routes.post(
    "/students/{student_id}/removals/{removal_id}/services",
    response_model=RemovalServicesShown,
    status_code=201,
)
async def post_removal_services(
    asked: Asked, who: WritesOrReports, student_id: UUID, removal_id: UUID,
    body: Annotated[RemovalServicesIn, Body(examples=[GIVEN])],
) -> Response:  # fmt: skip
    """Record what the student is given during a removal. From the eleventh day of the year on it is owed."""
    may_write_or_report(who, body.reported)
    services_id = new_id()
    command = GiveRemovalServices(
        removal_id, services_id, body.services, body.from_, body.until, tuple(dict.fromkeys(body.staff)), body.words,
        body.external_id, reported_value(body.reported),
    )  # fmt: skip
    staff: dict[str, UUID | None] = {f"/staff/{place}": each for place, each in enumerate(body.staff)}

    return await respond_about_student(
        asked, SERVICES, services_id, student_id,
        lambda seen: give_removal_services(seen.state, command, seen.today), staff=staff,
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip
