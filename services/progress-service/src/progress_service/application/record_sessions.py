"""Recording sessions, one or ten thousand: the plans that promised them are read once, and many lines go in one append.

The same batch again changes nothing: each line's external id names what it made the first time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from contracts.event import Event
from contracts.fields import ItemId, PlanId, StudentId
from contracts.problems import ExternalIdTaken, Invalid, NotFound, Problem, Reason, VersionConflict
from contracts.sessions import Session
from progress_service.application.item_streams import ITEM, item_stream
from progress_service.application.known_plans import known_plans, plans_with, today_of
from progress_service.application.sight_of import seen_of
from progress_service.domain.carried import MakeUp
from progress_service.domain.item_year import ItemYear
from progress_service.domain.promised_item import ItemOnDay, KnownPlan
from progress_service.domain.refusals import BatchRefused, cannot_be_true
from progress_service.domain.session import RecordSession, record_session
from runtime.append_request import AlreadyClaimed, Answer, Appended, Change, Claim, Context
from runtime.auth import Principal
from runtime.database import driver
from runtime.event_store import EventStore, external_id_claim
from runtime.execute import give_way
from runtime.stream_model import Loaded

CHUNK = 150
"""Lines that go in one append. Larger appends hold more streams for longer and are taken apart more often."""
TRIES = 5

_STREAMS = text("""
    SELECT id, stream FROM resources
     WHERE tenant = current_setting('handrail.tenant') AND kind IN ('session', 'make_up_agreement')
       AND id = ANY (:sessions)""")


@dataclass(frozen=True, slots=True)
class Sent:
    """One session as it was sent: the command, and the digest by which the same is known again."""

    command: RecordSession
    digest: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a session that was sent: made now, or the first with this external id."""

    id: UUID
    created: bool
    event: UUID | None = None
    """The newest event of the append that made it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything the decisions about some sessions rest on."""

    today: date
    plans: dict[PlanId, KnownPlan]
    """Those that are known here and whose student the caller may see."""
    elsewhere: dict[ItemId, set[PlanId]]
    loaded: dict[str, Loaded[ItemYear]]
    made_up: dict[UUID, str]
    """The streams of the sessions that are made up, and of the agreements under which some were given."""
    held: dict[str, tuple[UUID, bytes | None]]

    def plan(self, plan_id: PlanId) -> KnownPlan:
        """The plan; raises `NotFound` for one that is unknown or of a student the caller does not see."""
        if plan_id not in self.plans:
            raise no_such_plan()
        return self.plans[plan_id]

    def item(self, plan: KnownPlan, item_id: ItemId, day: date) -> ItemOnDay:
        """What the plan says of the item that day; raises for an item of another plan."""
        item = plan.on(item_id, day)
        if item.item is None and self.elsewhere.get(item_id, set()) - {plan.plan_id}:
            message = "The item belongs to another plan."
            cannot_be_true([Reason("item-of-another-plan", message, pointer="/item")])
        return item

    def session(self, session_id: UUID | None) -> Session | None:
        """A session that is named by another."""
        if session_id is None or session_id not in self.made_up:
            return None
        return self.loaded[self.made_up[session_id]].state.sessions.get(session_id)

    def agreement(self, agreement_id: UUID | None) -> MakeUp | None:
        """An agreement under which a session was given."""
        if agreement_id is None or agreement_id not in self.made_up:
            return None
        return self.loaded[self.made_up[agreement_id]].state.agreements.get(agreement_id)


@dataclass(frozen=True, slots=True)
class Decided:
    """What one session leads to, before it is durable."""

    sent: Sent
    stream: str
    student: StudentId
    events: Sequence[Event]
    resting_on: tuple[str, ...] = ()

    def claims(self) -> list[Claim]:
        """Its external id, if it has one."""
        command = self.sent.command
        if command.external_id is None:
            return []
        return [external_id_claim("session", command.external_id, command.session_id, self.sent.digest)]


def no_such_plan() -> NotFound:
    """The same for a plan that is unknown and for one whose student the caller does not see."""
    return NotFound(
        "There is no such plan here. If it was made a moment ago, wait for its event: "
        "any GET of this service takes ?after_event=<Handrail-Event of that answer>."
    )


async def record_one(
    store: EventStore, context: Context, principal: Principal, sent: Sent, answer: Answer | None = None
) -> Appended:
    """Record one session. Durable on return; raises the refusals of `record_session`, and `AlreadyClaimed` for a taken
    external id.
    """
    for attempt in range(TRIES):
        ground = await _ground(store, context.tenant, principal, [sent])
        try:
            return await _append(store, context, ground, [_decide(ground, sent)], answer)
        except VersionConflict:
            # Somebody was faster: decided anew on the newer state.
            if attempt == TRIES - 1:
                raise
            await give_way(attempt)
    raise AssertionError("unreachable")


async def record_many(
    store: EventStore, context: Context, principal: Principal, batch: Sequence[Sent]
) -> list[Taken | Problem]:
    """Record sessions that stand for themselves: each is taken or refused alone, in the order of the batch.

    A chunk is durable as a whole before the next one begins; a crash leaves the chunks before it, and the same batch
    sent again does the rest.
    """
    results: list[Taken | Problem] = []
    for start in range(0, len(batch), CHUNK):
        results += await _chunk(store, context, principal, batch[start : start + CHUNK])
    return results


async def record_all(
    store: EventStore, context: Context, principal: Principal, batch: Sequence[Sent], numbers: Sequence[int]
) -> list[Taken | Problem]:
    """Record every session of the batch in one transaction, or none. Durable as a whole on return.

    ``numbers`` are the lines' own. Raises `BatchRefused` with the line that is refused now though it was not when it was
    looked at; killed anywhere, none is there.
    """
    for attempt in range(TRIES):
        try:
            async with store.database.begin(context.tenant) as rows:
                results = await _all_in(store, context, principal, batch, numbers, await driver(rows))
        except (VersionConflict, AlreadyClaimed):
            if attempt == TRIES - 1:
                raise
            await give_way(attempt)
        else:
            store.wake()
            return results
    raise AssertionError("unreachable")


async def _all_in(
    store: EventStore, context: Context, principal: Principal, batch: Sequence[Sent], numbers: Sequence[int],
    connection: Any,
) -> list[Taken | Problem]:  # fmt: skip
    results: list[Taken | Problem] = []
    taken: dict[str, tuple[UUID, bytes | None]] = {}
    for start in range(0, len(batch), CHUNK):
        chunk = batch[start : start + CHUNK]
        ground = await _ground(store, context.tenant, principal, chunk, connection)
        ground.held.update(taken)
        fresh: list[Decided] = []
        told: list[Decided | Taken] = []
        for number, sent in zip(numbers[start : start + CHUNK], chunk, strict=True):
            outcome = _outcome(ground, sent)
            if isinstance(outcome, Problem):
                raise BatchRefused([(number, outcome.code, outcome.message)], len(batch))
            if isinstance(outcome, Decided):
                fresh.append(outcome)
                if sent.command.external_id is not None:
                    held = sent.command.session_id, sent.digest
                    ground.held[sent.command.external_id] = taken[sent.command.external_id] = held
            told.append(outcome)
        last = await _append_in(store, context, principal, ground, fresh, connection)
        results += [
            Taken(each.sent.command.session_id, True, last) if isinstance(each, Decided) else each
            for each in told
        ]
    return results


async def _append_in(
    store: EventStore, context: Context, principal: Principal, ground: Ground, fresh: Sequence[Decided], connection: Any,
) -> UUID | None:  # fmt: skip
    """In the open transaction; too much for one append goes in by halves, the second on what the first has left."""
    if not fresh:
        return None
    try:
        return (await _append(store, context, ground, fresh, None, connection)).last_event
    except Invalid:
        if len(fresh) == 1:
            raise
    half = len(fresh) // 2
    await _append_in(store, context, principal, ground, fresh[:half], connection)
    rest = fresh[half:]
    newer = await _ground(store, context.tenant, principal, [each.sent for each in rest], connection)
    return await _append_in(store, context, principal, newer, rest, connection)


async def refused_of(
    store: EventStore, tenant: str, principal: Principal, batch: Sequence[Sent]
) -> list[Problem | None]:
    """What would be refused of a batch, line by line; nothing is recorded."""
    found: list[Problem | None] = []
    taken: dict[str, tuple[UUID, bytes | None]] = {}
    for start in range(0, len(batch), CHUNK):
        chunk = batch[start : start + CHUNK]
        ground = await _ground(store, tenant, principal, chunk)
        ground.held.update({key: taken[key] for key in taken if key not in ground.held})
        for sent in chunk:
            outcome = _outcome(ground, sent)
            found.append(outcome if isinstance(outcome, Problem) else None)
            if isinstance(outcome, Decided) and sent.command.external_id is not None:
                held = sent.command.session_id, sent.digest
                ground.held[sent.command.external_id] = taken[sent.command.external_id] = held
    return found


async def _chunk(
    store: EventStore, context: Context, principal: Principal, chunk: Sequence[Sent]
) -> list[Taken | Problem]:
    ground = await _ground(store, context.tenant, principal, chunk)
    outcomes: list[Decided | Taken | Problem] = []
    for sent in chunk:
        outcome = _outcome(ground, sent)
        if isinstance(outcome, Decided) and sent.command.external_id is not None:
            ground.held[sent.command.external_id] = (sent.command.session_id, sent.digest)
        outcomes.append(outcome)
    fresh = [outcome for outcome in outcomes if isinstance(outcome, Decided)]
    try:
        appended = await _append(store, context, ground, fresh, None)
    except (VersionConflict, AlreadyClaimed, Invalid):
        # A lost race, or too much in one append: each for itself, so that one does not keep back the others.
        return [await _alone(store, context, principal, sent) for sent in chunk]
    return [
        Taken(outcome.sent.command.session_id, True, appended.last_event)
        if isinstance(outcome, Decided)
        else outcome
        for outcome in outcomes
    ]


async def _alone(store: EventStore, context: Context, principal: Principal, sent: Sent) -> Taken | Problem:
    faster: Problem = no_such_plan()
    for attempt in range(TRIES):
        ground = await _ground(store, context.tenant, principal, [sent])
        outcome = _outcome(ground, sent)
        if not isinstance(outcome, Decided):
            return outcome
        try:
            appended = await _append(store, context, ground, [outcome], None)
        except (VersionConflict, AlreadyClaimed) as problem:
            faster = problem  # Somebody was: decided anew on the newer state, which may name the first one.
            await give_way(attempt)
        except Problem as problem:
            return problem
        else:
            return Taken(sent.command.session_id, True, appended.last_event)
    return faster


def _outcome(ground: Ground, sent: Sent) -> Decided | Taken | Problem:
    try:
        ground.plan(sent.command.plan_id)  # Nothing is said of a plan that the caller does not see.
        first = _first(ground, sent)
        return Taken(first, False) if first is not None else _decide(ground, sent)
    except Problem as problem:
        return problem


def _decide(ground: Ground, sent: Sent) -> Decided:
    command = sent.command
    plan = ground.plan(command.plan_id)
    item = ground.item(plan, command.item_id, command.on)
    events = record_session(
        command,
        item,
        ground.session(command.makes_up),
        ground.today,
        ground.agreement(command.agreement),
    )
    return Decided(
        sent,
        item_stream(command.item_id, command.on),
        plan.student_id,
        events,
        tuple(
            ground.made_up[each] for each in (command.makes_up, command.agreement) if each in ground.made_up
        ),
    )


def _first(ground: Ground, sent: Sent) -> UUID | None:
    """What was made under this external id before; raises `ExternalIdTaken` when it came with another body."""
    external_id = sent.command.external_id
    if external_id is None or external_id not in ground.held:
        return None
    owner, digest = ground.held[external_id]
    if digest is not None and digest != sent.digest:
        raise ExternalIdTaken(
            "This external_id already names another session, sent with another body. "
            "Void that one and record the right one under a new external_id.",
            id=owner,
        )
    return owner


async def _append(
    store: EventStore, context: Context, ground: Ground, decided: Sequence[Decided], answer: Answer | None,
    connection: Any = None,
) -> Appended:  # fmt: skip
    changes: dict[str, Change[ItemYear]] = {}
    for each in decided:
        before = changes.get(each.stream)
        events = [*(before.events if before else ()), *each.events]
        changes[each.stream] = Change(ground.loaded[each.stream], each.student, events)
    resting_on = {stream for each in decided for stream in each.resting_on} - changes.keys()
    return await store.append(
        context,
        list(changes.values()),
        claims=[claim for each in decided for claim in each.claims()],
        resting_on=[ground.loaded[stream] for stream in resting_on],
        answer=answer,
        connection=connection,
    )


async def _ground(
    store: EventStore, tenant: str, principal: Principal, sent: Iterable[Sent], connection: Any = None
) -> Ground:
    commands = [each.command for each in sent]
    named = {
        each for command in commands for each in (command.makes_up, command.agreement) if each is not None
    }
    async with store.database.read(tenant) as rows:
        today = await today_of(rows)
        plans = await known_plans(rows, {command.plan_id for command in commands})
        seen = await seen_of(rows, principal, {plan.student_id for plan in plans.values()})
        elsewhere = await plans_with(rows, {command.item_id for command in commands})
        made_up = {row.id: row.stream for row in await rows.execute(_STREAMS, {"sessions": list(named)})}
    external_ids = {command.external_id for command in commands if command.external_id is not None}
    held = await store.held_many(tenant, "external_id:session", external_ids) if external_ids else {}
    streams = {item_stream(command.item_id, command.on) for command in commands} | set(made_up.values())
    loaded = await store.load_many(tenant, [(ITEM, stream) for stream in streams], connection=connection)
    return Ground(
        today=today,
        plans={plan_id: plan for plan_id, plan in plans.items() if plan.student_id in seen},
        elsewhere=elsewhere,
        loaded=loaded,
        made_up=made_up,
        held=held,
    )
