"""Recording one fact about a plan item: the plan as it is known, the item's school year, a pure decision, the append."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from contracts.event import Event
from contracts.fields import ItemId, PlanId, StudentId
from contracts.problems import Reason, VersionConflict
from contracts.sessions import Session
from progress_service.application.item_streams import ITEM, item_stream
from progress_service.application.known_plans import known_plans, plans_with, today_of
from progress_service.application.record_sessions import TRIES, no_such_plan
from progress_service.application.sight_of import seen_of
from progress_service.domain.item_year import ItemYear
from progress_service.domain.promised_item import ItemOnDay
from progress_service.domain.refusals import cannot_be_true
from runtime.append_request import Appended, Change, Context
from runtime.auth import Principal
from runtime.call import Making
from runtime.event_store import EventStore
from runtime.resources import Shown

_STREAM = text("""
    SELECT stream FROM resources
     WHERE tenant = current_setting('handrail.tenant') AND kind = :kind AND id = :id""")
_SESSIONS = text("""
    SELECT id, stream FROM resources
     WHERE tenant = current_setting('handrail.tenant') AND kind = 'session' AND id = ANY (:ids)""")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a decision about one item rests on."""

    year: ItemYear
    item: ItemOnDay
    today: date
    sessions: tuple[Session | None, ...]
    """Those that the command names, in its order; ``None`` for what there is not."""


@dataclass(frozen=True, slots=True)
class About:
    """Which item, on which day, and what else the command names."""

    plan_id: PlanId
    item_id: ItemId
    on: date
    sessions: tuple[UUID, ...] = ()
    beside: tuple[str, UUID] | None = None
    """Kind and id of what it follows: the fact stands on the same stream, so in that thing's school year."""


async def record_fact(
    store: EventStore, context: Context, principal: Principal, about: About,
    decide: Callable[[Ground], Sequence[Event]], making: Making,
) -> Appended:  # fmt: skip
    """Record what ``decide`` says. Durable on return; its refusals are raised."""
    for attempt in range(TRIES):
        async with store.database.read(context.tenant) as rows:
            plan = (await known_plans(rows, {about.plan_id})).get(about.plan_id)
            if plan is None or not await seen_of(rows, principal, {plan.student_id}):
                raise no_such_plan()
            elsewhere = (await plans_with(rows, {about.item_id})).get(about.item_id, set()) - {about.plan_id}
            today = await today_of(rows)
            stream = item_stream(about.item_id, about.on)
            if about.beside is not None:
                kind, id_ = about.beside
                stream = (await rows.execute(_STREAM, {"kind": kind, "id": id_})).scalar() or stream
            found = await rows.execute(_SESSIONS, {"ids": list(about.sessions)})
            streams: dict[UUID, str] = {row.id: row.stream for row in found}
        item = plan.on(about.item_id, about.on)
        if item.item is None and elsewhere:
            message = "The item belongs to another plan."
            cannot_be_true([Reason("item-of-another-plan", message, pointer="/item")])
        wanted: Collection[str] = {stream, *streams.values()}
        loaded = await store.load_many(context.tenant, [(ITEM, each) for each in wanted])
        sessions = tuple(
            loaded[streams[each]].state.sessions.get(each) if each in streams else None
            for each in about.sessions
        )
        events = decide(Ground(loaded[stream].state, item, today, sessions))
        try:
            return await store.append(
                context,
                [Change(loaded[stream], plan.student_id, list(events))],
                claims=making.claims,
                resting_on=[loaded[each] for each in streams.values() if each != stream],
                answer=making.answer,
            )
        except VersionConflict:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


async def change_shown(
    store: EventStore, context: Context, shown: Shown, decide: Callable[[ItemYear, date], Sequence[Event]],
    making: Making,
) -> Appended:  # fmt: skip
    """Let ``decide`` speak about something the caller was shown, on the stream it stands on. Durable on return."""
    student: StudentId | None = shown.student
    assert student is not None
    for attempt in range(TRIES):
        async with store.database.read(context.tenant) as rows:
            stream: str = (await rows.execute(_STREAM, {"kind": shown.kind, "id": shown.id})).scalar_one()
            today = await today_of(rows)
        loaded = (await store.load_many(context.tenant, [(ITEM, stream)]))[stream]
        events = decide(loaded.state, today)
        try:
            return await store.append(context, [Change(loaded, student, list(events))], answer=making.answer)
        except VersionConflict:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")
