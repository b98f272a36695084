"""Promise against delivery, per service and school week."""

from datetime import date
from fractions import Fraction
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict

from contracts.promises import Owed
from contracts.service_delivery import Figures, ServiceDelivery, Week, rounded
from contracts.vocabulary import Period
from progress_service.adapters.routes.asking import BasisOut, FirstOn, KnownAt, LastOn, UpTo
from progress_service.adapters.routes.sessions import Reads
from progress_service.application.delivery_of import DeliveryOf, delivery_of
from progress_service.application.knowledge import (
    Days,
    asked_text,
    knowledge_text,
    read_days,
    read_knowledge,
    zone_of,
)
from progress_service.application.known_plans import today_of
from progress_service.domain.flags import Flag, FlagCode
from progress_service.domain.known import Knowledge
from progress_service.domain.scheduled import Expected
from runtime.call import Asked
from runtime.http import Routes

routes = Routes(prefix="/progress/v1", tags=["delivery"])
PERIODS: dict[str, Literal["school_week", "month", "school_year"]] = {
    "week": "school_week", "month": "month", "year": "school_year",
}  # fmt: skip


class Out(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class PromisedByOut(Out):
    """A text of the plan that owes for some days: which event made it hold, and how much it owes for them."""

    event_id: UUID
    plan: UUID
    version: int | None = None
    corrected_by: UUID | None = None
    first_on: date
    last_on: date
    school_days: int
    minutes: int | None = None
    """Promised in each period."""
    per: str | None = None
    owed: str | None = None
    owed_exact: str | None = None

    @classmethod
    def of(cls, owed: Owed) -> "PromisedByOut":
        """As it is answered."""
        return cls(
            event_id=owed.text.event_id,
            plan=owed.text.plan_id,
            version=owed.text.version,
            corrected_by=owed.text.corrected_by,
            first_on=owed.first_on,
            last_on=owed.last_on,
            school_days=owed.school_days,
            minutes=owed.text.service.minutes,
            per=owed.text.service.per,
            owed=_rounded(owed.minutes),
            owed_exact=_exact(owed.minutes),
        )


class FiguresOut(Out):
    """Minutes. `balance = owed - delivered - made_up - excused`; of it `unrecorded` are neither given nor recorded as missed.

    Without `owed` the plan's text or the district's calendar does not say it.
    """

    owed: str | None = None
    """With at most two places; `owed_exact` is the fraction itself, e.g. `110/3`."""
    owed_exact: str | None = None
    delivered: int
    made_up: int
    missed: dict[str, int]
    """By reason: codes of `missed_reason`."""
    missed_minutes: int
    unrecorded: str | None = None
    excused: int
    """Missed for a reason for which the minutes are not owed (see `convention`), and not made up."""
    remaining: dict[str, int]
    """Missed, owed and not made up, by reason."""
    under_agreement: int
    """Given under an agreement, beyond the missed sessions it names: beside the plan's own, so in no balance here."""
    balance: str | None = None
    """Still owed; below zero: more was given than promised."""
    balance_exact: str | None = None


class WeekOut(FiguresOut):
    """A school week (Monday to Sunday), month or year, or the part of it that was asked about."""

    first_on: date
    last_on: date
    promised_by: list[PromisedByOut]
    sessions: list[UUID]
    """On which the figures rest."""

    @classmethod
    def of(cls, week: Week) -> "WeekOut":
        """As it is answered."""
        return cls(
            first_on=week.first_on,
            last_on=week.last_on,
            promised_by=[PromisedByOut.of(owed) for owed in week.promised_by],
            sessions=list(week.sessions),
            **figures_of(week.figures).model_dump(),
        )


class ServiceOut(Out):
    """One service."""

    item: UUID
    plan: UUID
    service: str | None = None
    """Its code; absent for sessions of an item that no known plan has."""
    weeks: list[WeekOut]
    """Its periods; those in which nothing was owed or given are left out."""
    total: FiguresOut

    @classmethod
    def of(cls, found: ServiceDelivery) -> "ServiceOut":
        """As it is answered."""
        return cls(
            item=found.item_id,
            plan=found.plan_id,
            service=found.service.service if found.service else None,
            weeks=[WeekOut.of(week) for week in found.weeks],
            total=figures_of(found.total),
        )


class CalendarOut(Out):
    """Whether the district's school days of a year are known."""

    school_year: str
    known: bool
    """If not, Monday to Friday are taken for school days."""
    event_id: UUID | None = None
    """The event that said them last."""


class FlagOut(Out):
    """What does not fit about a session."""

    session: UUID
    item: UUID
    on: date
    code: FlagCode
    says: str

    @classmethod
    def of(cls, flag: Flag) -> "FlagOut":
        """As it is answered."""
        return cls(session=flag.session, item=flag.item, on=flag.on, code=flag.code, says=flag.says)


class ExpectedOut(Out):
    """A session that a schedule lets expect."""

    item: UUID
    on: date
    schedule: UUID
    staff: UUID | None = None
    minutes: int | None = None
    starts_at: str | None = None

    @classmethod
    def of(cls, each: Expected) -> "ExpectedOut":
        """As it is answered."""
        return cls(
            item=each.item,
            on=each.on,
            schedule=each.schedule,
            staff=each.staff,
            minutes=each.minutes,
            starts_at=each.starts_at,
        )


class DeliveryOut(Out):
    """What was owed, given, missed and made up."""

    student: UUID
    first_on: date
    last_on: date
    asked_known_at: str | None = None
    basis: BasisOut
    basis_text: str
    """Send it as `basis` to get the same answer again."""
    period: Literal["school_week", "month", "school_year"] = "school_week"
    convention: str
    """How minutes of partial periods are counted."""
    calendars: list[CalendarOut]
    convention_cite: str | None = None
    services: list[ServiceOut]
    flags: list[FlagOut]
    """What does not fit about single sessions: they count all the same."""
    silent: list[ExpectedOut]
    """Scheduled sessions whose day has passed and of which nothing was recorded."""


@routes.get("/students/{student_id}/delivery", response_model=DeliveryOut, response_model_exclude_none=True)
async def get_delivery(
    student_id: UUID,
    asked: Asked,
    who: Reads,
    first_on: FirstOn = None,
    last_on: LastOn = None,
    by: Annotated[
        Literal["week", "month", "year"], Query(description="The periods for which figures are given.")
    ] = "week",
    known_at: KnownAt = None,
    basis: UpTo = None,
) -> Response:
    """Read what was owed, given, missed and made up.

    Per service and period, each figure with the plan's text that promised it and the sessions it rests on.
    """
    async with asked.store.database.read(asked.tenant) as rows:
        today = await today_of(rows)
        days = read_days(first_on, last_on, today)
        knowledge = read_knowledge(known_at, basis, await zone_of(rows))
    found = await delivery_of(
        asked.store, asked.tenant, student_id, days.first_on, days.last_on, knowledge, today, Period(by)
    )
    asked.saw(student_id, "delivery", [service.item_id for service in found.services])
    answer = _answer(student_id, days, knowledge, found, by)
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")


def _answer(student_id: UUID, days: Days, knowledge: Knowledge, found: DeliveryOf, by: str) -> DeliveryOut:
    return DeliveryOut(
        student=student_id,
        first_on=days.first_on,
        last_on=days.last_on,
        asked_known_at=asked_text(knowledge),
        basis=BasisOut.of(found.basis),
        basis_text=knowledge_text(found.basis),
        period=PERIODS[by],
        convention=found.convention.in_words,
        convention_cite=found.convention.cite,
        calendars=[
            CalendarOut(school_year=year.school_year, known=year.said_by is not None, event_id=year.said_by)
            for year in found.calendars
        ],
        services=[ServiceOut.of(service) for service in found.services],
        flags=[FlagOut.of(flag) for flag in found.flags],
        silent=[ExpectedOut.of(each) for each in found.silent],
    )


def figures_of(figures: Figures) -> FiguresOut:
    """As they are answered."""
    return FiguresOut(
        owed=_rounded(figures.owed),
        owed_exact=_exact(figures.owed),
        delivered=figures.given.delivered,
        made_up=figures.given.made_up,
        missed=figures.given.missed,
        missed_minutes=sum(figures.given.missed.values()),
        excused=figures.given.excused,
        remaining=figures.given.remaining,
        under_agreement=figures.given.under_agreement,
        unrecorded=_rounded(figures.unrecorded),
        balance=_rounded(figures.balance),
        balance_exact=_exact(figures.balance),
    )


def _rounded(minutes: Fraction | None) -> str | None:
    return None if minutes is None else rounded(minutes)


def _exact(minutes: Fraction | None) -> str | None:
    return None if minutes is None else str(minutes)
