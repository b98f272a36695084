"""Plans from a legacy system, many at once: each is taken over whole, or refused with its reason."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from contracts.fields import ExternalId
from contracts.ids import new_id
from contracts.items import AnyItem
from contracts.problems import Problem, VersionConflict
from contracts.values import Imported
from contracts.vocabulary import PlanKind
from plan_service.application.adopting import AnotherPlanInEffect, Place, place_in_effect
from plan_service.application.drafts import EXTERNAL_ID_OF, Drafts, NewDraft
from plan_service.application.models import DISTRICT, STUDENT
from plan_service.application.plan_model import PLAN
from plan_service.application.situation import TRIES, day_of
from plan_service.domain.plan import evolve
from plan_service.domain.rules import cannot_be_true
from plan_service.domain.taking_over import Ended, TakeOver, take_over
from runtime.append_request import AlreadyClaimed, Appended, Change, Claim, Context
from runtime.event_store import EventStore, external_id_claim, first_with_external_id
from runtime.execute import give_way
from runtime.tenants import TENANT

AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class LegacyPlan:
    """A plan as another system has it. Without ``effective_on`` it is a draft, which binds nobody yet."""

    student: UUID | ExternalId
    """Our id, or one of the student's external ids."""
    kind: PlanKind
    items: tuple[AnyItem, ...]
    source: str
    external_id: ExternalId
    digest: bytes
    """Of all it says: the same again is the same plan."""
    effective_on: date | None = None
    decided_on: date | None = None
    recorded_on: date | None = None
    review_due_on: date | None = None
    ended: Ended | None = None


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What became of it: the plan, made now or before."""

    id: UUID
    created: bool
    event: UUID | None = None


async def take_over_all(
    store: EventStore, context: Context, plans: Sequence[LegacyPlan],
    must_see: Callable[[UUID], Awaitable[UUID]],
) -> list[TakenOver | Problem]:  # fmt: skip
    """Take over every plan, each durable by itself: those of one student in their order, some students at a time.

    The results are in the order of ``plans``.

    ``must_see`` raises for a student whom the caller may not see.
    """
    named = {plan.student for plan in plans if isinstance(plan.student, str)}
    held = await store.held_many(context.tenant, "external_id:student", named)
    pace = asyncio.Semaphore(AT_ONCE)
    results: dict[int, TakenOver | Problem] = {}

    async def in_order(numbered: Sequence[tuple[int, LegacyPlan]]) -> None:
        async with pace:
            for number, plan in numbered:
                try:
                    results[number] = await _once(store, context, plan, await must_see(_student(plan, held)))
                except Problem as problem:
                    results[number] = problem

    of_student: dict[UUID | str, list[tuple[int, LegacyPlan]]] = {}
    for number, plan in enumerate(plans):
        of_student.setdefault(plan.student, []).append((number, plan))
    await asyncio.gather(*(in_order(numbered) for numbered in of_student.values()))
    return [results[number] for number in range(len(plans))]


def _student(plan: LegacyPlan, held: Mapping[str, tuple[UUID, object]]) -> UUID:
    if isinstance(plan.student, UUID):
        return plan.student
    if plan.student not in held:
        raise _unknown_student()
    return held[plan.student][0]


async def _once(store: EventStore, context: Context, plan: LegacyPlan, student: UUID) -> TakenOver:
    """Unless it was taken over before; whatever a rule would now say of it."""
    context = replace(context, request=None)  # The key is the batch's.
    first = await first_with_external_id(store, context.tenant, EXTERNAL_ID_OF, plan.external_id, plan.digest)
    if first is not None:
        return TakenOver(first, False)
    plan_id = new_id()
    claim = external_id_claim(EXTERNAL_ID_OF, plan.external_id, plan_id, plan.digest)
    try:
        if plan.effective_on is None:
            appended = await _as_draft(store, context, plan, student, claim)
        else:
            appended = await _as_it_bound(store, context, plan, student, claim, plan.effective_on)
    except AlreadyClaimed as taken:
        if not taken.kind.startswith("external_id:"):
            raise AnotherPlanInEffect(taken.owner or plan_id, plan.kind) from taken
        first = await first_with_external_id(
            store, context.tenant, EXTERNAL_ID_OF, plan.external_id, plan.digest
        )
        if first is None:
            raise
        return TakenOver(first, False)
    return TakenOver(plan_id, True, appended.last_event)


async def _as_draft(
    store: EventStore, context: Context, plan: LegacyPlan, student: UUID, claim: Claim
) -> Appended:
    imported = Imported(source=plan.source, external_id=plan.external_id, source_recorded_on=plan.recorded_on)
    new = NewDraft(claim.owner, student, plan.kind, plan.items, plan.external_id, imported)
    return (await Drafts(store).open_draft(context, new, claims=[claim])).appended


async def _as_it_bound(
    store: EventStore, context: Context, plan: LegacyPlan, student: UUID, claim: Claim, effective_on: date
) -> Appended:
    plan_id = claim.owner
    decided_on = plan.decided_on or effective_on
    command = TakeOver(
        plan_id, student, plan.kind, plan.items, plan.source, plan.external_id, effective_on, decided_on,
        plan.recorded_on, plan.review_due_on, plan.ended,
    )  # fmt: skip
    around, stream = STUDENT.stream(student), PLAN.stream(plan_id)
    for attempt in range(TRIES):
        looked = await store.look(
            context.tenant,
            [(STUDENT, around), (PLAN, stream), (DISTRICT, DISTRICT.name), (TENANT, TENANT.name)],
        )
        if looked.streams[around].version == 0:
            raise _unknown_student()
        day = day_of(looked).of(command.reported(decided_on))
        loaded = looked.streams[stream]
        events = take_over(loaded.state, command, looked.streams[around].state, day.today, day.rules)
        place = Place()
        if plan.ended is None:
            begun = evolve(loaded.state, events[0])
            place = await place_in_effect(store, context.tenant, begun, effective_on)
        try:
            return await store.append(
                replace(context, rules=day.rule_set), [Change(loaded, student, events)],
                claims=(claim, *place.claims), releases=place.releases,
                resting_on=[looked.streams[around], *place.resting_on],
            )  # fmt: skip
        except VersionConflict:
            if attempt == TRIES - 1:
                raise
            await give_way(attempt)
    raise AssertionError("unreachable")


def _unknown_student() -> Problem:
    return cannot_be_true("unknown-student", "There is no student by this id.", "/student")
