"""What is owed beside the plan, what is to come, a provider's week."""

from datetime import date
from fractions import Fraction
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict

from contracts.fields import Measure
from contracts.service_delivery import rounded
from contracts.vocabulary import MakeUpKind
from progress_service.adapters.routes.asking import BasisOut, FirstOn, KnownAt, LastOn, UpTo
from progress_service.adapters.routes.delivery import ExpectedOut, FiguresOut, FlagOut, figures_of
from progress_service.adapters.routes.sessions import Reads
from progress_service.application.ahead import compensatory_of, outlook_of, week_of
from progress_service.application.knowledge import (
    asked_text,
    knowledge_text,
    read_days,
    read_knowledge,
    zone_of,
)
from progress_service.application.known_plans import today_of
from progress_service.domain.carried import MakeUp
from progress_service.domain.make_up import AgreementBalance
from progress_service.domain.outlook import GoalOutlook, ServiceOutlook
from runtime.call import Asked
from runtime.http import Routes

routes = Routes(prefix="/progress/v1", tags=["balance and outlook"])


class Out(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class OpenOfferOut(Out):
    """An offer nobody has answered."""

    offer: UUID
    item: UUID
    on: date
    minutes: int
    by_on: date | None = None

    @classmethod
    def of(cls, offer: MakeUp) -> "OpenOfferOut":
        """As it is answered."""
        return cls(offer=offer.id, item=offer.item, on=offer.on, minutes=offer.minutes, by_on=offer.by_on)


class AgreementBalanceOut(Out):
    """An agreement, and what of it was given."""

    agreement: UUID
    item: UUID
    on: date
    kind: MakeUpKind
    ground: str | None = None
    minutes: int
    given: int
    remaining: int
    by_on: date | None = None
    overdue: bool
    """Minutes remain, and their last day has passed."""
    sessions: list[UUID]

    @classmethod
    def of(cls, balance: AgreementBalance, on: date) -> "AgreementBalanceOut":
        """As it is answered."""
        agreed = balance.agreement
        return cls(
            agreement=agreed.id, item=agreed.item, on=agreed.on, kind=agreed.kind, ground=agreed.ground,
            minutes=agreed.minutes, given=balance.given, remaining=balance.remaining, by_on=agreed.by_on,
            overdue=balance.overdue_on(on), sessions=list(balance.sessions),
        )  # fmt: skip


class ServiceBalanceOut(FiguresOut):
    """One service: what was missed of it, by reason, and what of that remains."""

    item: UUID
    service: str | None = None


class CompensatoryOut(Out):
    """What is owed beside the plan's own minutes."""

    student: UUID
    first_on: date
    last_on: date
    basis: BasisOut
    basis_text: str
    services: list[ServiceBalanceOut]
    open_offers: list[OpenOfferOut]
    agreements: list[AgreementBalanceOut]
    agreed: int
    given: int
    remaining: int
    """Still to be given under agreements."""


@routes.get(
    "/students/{student_id}/compensatory", response_model=CompensatoryOut, response_model_exclude_none=True
)
async def get_compensatory(
    student_id: UUID,
    asked: Asked,
    who: Reads,
    first_on: FirstOn = None,
    last_on: LastOn = None,
    known_at: KnownAt = None,
    basis: UpTo = None,
) -> Response:
    """Read the compensatory balance: what was missed and is owed, by reason; what was offered, agreed, given; what remains."""
    async with asked.store.database.read(asked.tenant) as rows:
        days = read_days(first_on, last_on, await today_of(rows))
        knowledge = read_knowledge(known_at, basis, await zone_of(rows))
    found = await compensatory_of(
        asked.store, asked.tenant, student_id, days.first_on, days.last_on, knowledge
    )
    asked.saw(student_id, "compensatory", [each.item_id for each in found.services])
    agreements = [AgreementBalanceOut.of(each, days.last_on) for each in found.agreements]
    answer = CompensatoryOut(
        student=student_id, first_on=days.first_on, last_on=days.last_on, basis=BasisOut.of(found.basis),
        basis_text=knowledge_text(found.basis),
        services=[
            ServiceBalanceOut(item=each.item_id, service=each.service.service if each.service else None,
                              **figures_of(each.total).model_dump())
            for each in found.services
        ],
        open_offers=[OpenOfferOut.of(offer) for offer in found.open_offers], agreements=agreements,
        agreed=sum(each.minutes for each in agreements), given=sum(each.given for each in agreements),
        remaining=sum(each.remaining for each in agreements),
    )  # fmt: skip
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")


class ServiceOutlookOut(Out):
    """One service until the end of the school year."""

    item: UUID
    until: date
    balance: str | None = None
    """Today's."""
    pace: str | None = None
    """Given of owed in the last six school weeks: 1 is all of it; absent where it cannot be said."""
    still_owed: str | None = None
    """From tomorrow on, by the texts known now."""
    short_by: str | None = None
    """Minutes that will be missing at this pace."""
    falls_short: bool

    @classmethod
    def of(cls, each: ServiceOutlook) -> "ServiceOutlookOut":
        """As it is answered."""
        return cls(
            item=each.item_id, until=each.until, balance=_told(each.so_far.balance), pace=_told(each.pace),
            still_owed=_told(each.still_owed), short_by=_told(each.short_by), falls_short=each.falls_short,
        )  # fmt: skip


class GoalOutlookOut(Out):
    """One goal by its date."""

    item: UUID
    due_on: date
    target: Measure | None = None
    forecast: str | None = None
    missed: bool | None = None
    """At this pace it is not reached by its date; absent: too few results to say."""

    @classmethod
    def of(cls, each: GoalOutlook) -> "GoalOutlookOut":
        """As it is answered."""
        item = each.progress.item
        assert item.due_on is not None
        return cls(
            item=item.id,
            due_on=item.due_on,
            target=item.target,
            forecast=_told(each.forecast),
            missed=each.missed,
        )


class OutlookOut(Out):
    """At today's pace, what falls short."""

    student: UUID
    on: date
    basis: BasisOut
    basis_text: str
    services: list[ServiceOutlookOut]
    goals: list[GoalOutlookOut]


@routes.get("/students/{student_id}/outlook", response_model=OutlookOut, response_model_exclude_none=True)
async def get_outlook(
    student_id: UUID,
    asked: Asked,
    who: Reads,
    on: Annotated[
        date | None, Query(description="D: the day looked from; today where nothing is said.")
    ] = None,
    known_at: KnownAt = None,
    basis: UpTo = None,
) -> Response:
    """Look forward: at the pace of the last six school weeks, which services fall short, which goals are missed."""
    async with asked.store.database.read(asked.tenant) as rows:
        day = read_days(None, on, await today_of(rows)).last_on
        knowledge = read_knowledge(known_at, basis, await zone_of(rows))
    found = await outlook_of(asked.store, asked.tenant, student_id, day, knowledge)
    asked.saw(student_id, "outlook", [each.item_id for each in found.services])
    answer = OutlookOut(
        student=student_id, on=day, basis=BasisOut.of(found.basis), basis_text=knowledge_text(found.basis),
        services=[ServiceOutlookOut.of(each) for each in found.services],
        goals=[GoalOutlookOut.of(each) for each in found.goals],
    )  # fmt: skip
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")


class PlannedOut(ExpectedOut):
    """A planned session of the week."""

    recorded: bool
    """Something was said of the service on that day."""


class WeekServiceOut(Out):
    """One service of one student."""

    student: UUID
    item: UUID
    service: str | None = None
    week: FiguresOut | None = None
    sessions: list[PlannedOut]


class ProvidersWeekOut(Out):
    """What is owed this week, and to whom."""

    staff: UUID
    first_on: date
    last_on: date
    asked_known_at: str | None = None
    services: list[WeekServiceOut]
    flags: list[FlagOut]
    """Sessions of theirs that overlap, or are more than a day has."""


@routes.get("/staff/{staff_id}/week", response_model=ProvidersWeekOut, response_model_exclude_none=True)
async def get_week(
    staff_id: UUID,
    asked: Asked,
    who: Reads,
    on: Annotated[date | None, Query(description="Any day of the week; today where nothing is said.")] = None,
    known_at: KnownAt = None,
) -> Response:
    """Read a provider's week: which sessions are planned, with whom, what each service owes, what was recorded.

    Theirs is what a schedule names them for, and what they carry out by `POST /plan/v1/plans/{id}/items/{item}/holders`.
    """
    async with asked.store.database.read(asked.tenant) as rows:
        day = read_days(None, on, await today_of(rows)).last_on
        knowledge = read_knowledge(known_at, None, await zone_of(rows))
    found = await week_of(asked.store, asked.tenant, who, staff_id, day, knowledge)
    for each in found.services:
        asked.saw(each.student, "week", [each.item_id])
    answer = ProvidersWeekOut(
        staff=staff_id, first_on=found.first_on, last_on=found.last_on, asked_known_at=asked_text(knowledge),
        services=[
            WeekServiceOut(
                student=each.student, item=each.item_id, service=each.service.service if each.service else None,
                week=figures_of(each.figures) if each.figures else None,
                sessions=[
                    PlannedOut(**ExpectedOut.of(planned).model_dump(), recorded=planned.on in each.told)
                    for planned in each.sessions
                ],
            )
            for each in found.services
        ],
        flags=[FlagOut.of(flag) for flag in found.flags],
    )  # fmt: skip
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")


def _told(value: Fraction | None) -> str | None:
    return None if value is None else rounded(value)
