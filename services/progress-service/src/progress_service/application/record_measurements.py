"""Recording measurements: a run of results goes on over the summer, so the school years around are read with it."""

from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, date
from uuid import UUID

from contracts.event import Event
from contracts.fields import ItemId, PlanId, StudentId
from contracts.problems import Reason, VersionConflict
from progress_service.application.item_streams import ITEM, item_stream
from progress_service.application.known_plans import known_plans, plans_with, today_of
from progress_service.application.record_sessions import TRIES, no_such_plan
from progress_service.application.sight_of import seen_of
from progress_service.domain.item_year import ItemYear
from progress_service.domain.measurement import TakeMeasurement, take_measurement, void_measurement
from progress_service.domain.promised_item import KnownPlan
from progress_service.domain.refusals import cannot_be_true
from progress_service.domain.session import void_session
from runtime.append_request import Answer, Appended, Change, Claim, Context
from runtime.auth import Principal
from runtime.event_store import EventStore
from runtime.execute import give_way
from runtime.resources import Shown
from runtime.stream_model import Loaded


async def record_measurement(
    store: EventStore,
    context: Context,
    principal: Principal,
    command: TakeMeasurement,
    answer: Answer | None = None,
    claims: Sequence[Claim] = (),
) -> Appended:
    """Record one measurement. Durable on return; the refusals of `take_measurement` are raised."""
    for attempt in range(TRIES):
        plan, elsewhere, today = await _plan(
            store, context.tenant, principal, command.plan_id, command.item_id
        )
        item = plan.on(command.item_id, command.measured_on)
        if item.item is None and elsewhere:
            message = "The item belongs to another plan."
            cannot_be_true([Reason("item-of-another-plan", message, pointer="/item")])
        years = await _years(store, context.tenant, command.item_id, command.measured_on)
        year, *others = years
        events = take_measurement(year.state, [other.state for other in others], command, item, today)
        try:
            return await store.append(
                context,
                _changes(years, plan.student_id, command.item_id, events),
                claims=claims,
                resting_on=others,
                answer=answer,
            )
        except VersionConflict:
            if attempt == TRIES - 1:
                raise
            await give_way(attempt)
    raise AssertionError("unreachable")


async def strike_out(
    store: EventStore, context: Context, shown: Shown, reason: str, answer: Answer | None = None
) -> Appended:
    """Void a session or measurement that the caller was shown. Durable on return; once more changes nothing."""
    for attempt in range(TRIES):
        item_id, day = UUID(shown.document["item"]), _day(shown)
        years = await _years(store, context.tenant, item_id, day)
        year, *others = years
        events = await _voided(store, context.tenant, shown, years, reason)
        assert shown.student is not None
        try:
            return await store.append(
                context,
                _changes(years, shown.student, item_id, events),
                resting_on=others if shown.id in year.state.results else (),
                answer=answer,
            )
        except VersionConflict:
            if attempt == TRIES - 1:
                raise
            await give_way(attempt)
    raise AssertionError("unreachable")


def _day(shown: Shown) -> date:
    return date.fromisoformat(shown.document.get("on") or shown.document["measured_on"])


async def _voided(
    store: EventStore, tenant: str, shown: Shown, years: Sequence[Loaded[ItemYear]], reason: str
) -> Sequence[Event]:
    year, *others = [loaded.state for loaded in years]
    if shown.id in year.sessions:
        return void_session(year, shown.id, reason)
    result = year.results[shown.id]
    async with store.database.read(tenant) as rows:
        plan = (await known_plans(rows, {result.plan})).get(result.plan)
    item = plan.on(result.item, result.measured_on) if plan is not None else None
    return void_measurement(year, others, shown.id, reason, item)


async def _plan(
    store: EventStore, tenant: str, principal: Principal, plan_id: PlanId, item_id: ItemId
) -> tuple[KnownPlan, set[PlanId], date]:
    async with store.database.read(tenant) as rows:
        plan = (await known_plans(rows, {plan_id})).get(plan_id)
        if plan is None or not await seen_of(rows, principal, {plan.student_id}):
            raise no_such_plan()
        elsewhere = (await plans_with(rows, {item_id})).get(item_id, set()) - {plan_id}
        return plan, elsewhere, await today_of(rows)


async def _years(store: EventStore, tenant: str, item_id: ItemId, day: date) -> list[Loaded[ItemYear]]:
    """The item's school year of ``day`` first, then the one before and the one after."""
    around = [year for year in (day.year - 1, day.year + 1) if MINYEAR <= year <= MAXYEAR]
    streams = [
        item_stream(item_id, each) for each in (day, *(day.replace(year=year, day=1) for year in around))
    ]
    loaded = await store.load_many(tenant, [(ITEM, stream) for stream in streams])
    return [loaded[stream] for stream in streams]


def _changes(
    years: Sequence[Loaded[ItemYear]], student: StudentId, item_id: ItemId, events: Sequence[Event]
) -> list[Change[ItemYear]]:
    """Each event on the stream of its own day's school year."""
    return [
        Change(
            loaded,
            student,
            [event for event in events if item_stream(item_id, event.effective_on) == loaded.stream],
        )
        for loaded in years
    ]
