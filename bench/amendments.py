"""Deciding about an amendment and appending it, on a plan with five hundred events and on fresh ones.

Ours on the long plan against ours on fresh plans, one at a time: looked at, decided, sealed, appended. The median and the
99th percentile of each stand beside the ratio; the aim is to take less than twice as long.
"""

import time
from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median, quantiles
from uuid import UUID

from bench.ground import Ground
from bench.measure import Path, Row, take_turns
from contracts.ids import new_id
from contracts.items import Replace
from contracts.plan import AmendmentPersonalData, PlanEvent, WrittenAgreement
from contracts.vocabulary import PlanKind
from plan_service.application import amendments
from plan_service.application.situation import Situation, decide
from plan_service.application.taking_over import LegacyPlan, TakenOver, take_over_all
from plan_service.domain.amendment import ProposeAmendment, withdraw_amendment
from plan_service.testing_plans import MOTHER, iep_items, speech
from plan_service.testing_plans_store import set_profile_from, today_of, with_child
from runtime.event_store import EventStore
from runtime.testing import Opened, opened

EVENTS = 500


async def bench(ground: Ground) -> list[Row]:
    """One writer; each amendment is a new one."""
    rounds, a_turn = (3, 20) if ground.quick else (9, 40)
    taken: dict[str, list[float]] = {"long": [], "fresh": []}
    async with opened(ground.cluster) as plans:
        await set_profile_from(plans, date(2015, 1, 1), "federal@2026-1")
        today = await today_of(plans)
        long = await _in_effect(plans, today)
        await _grow(plans, long)

        async def fresh() -> list[UUID]:
            return [await _in_effect(plans, today) for _ in range(a_turn)]

        paths = {
            "fresh": Path(lambda of: _amended(plans, of, taken["fresh"]), fresh),
            "long": Path(lambda of: _amended(plans, of, taken["long"]), lambda: [long] * a_turn),
        }
        await take_turns(paths, 1)
        for times in taken.values():
            times.clear()
        rates = await take_turns(paths, rounds)
    facts: dict[str, float | int | str] = {}
    for name, times in taken.items():
        facts[f"{name}: p50 ms"] = round(1_000 * median(times), 2)
        facts[f"{name}: p99 ms"] = round(1_000 * quantiles(times, n=100)[98], 2)
    return [
        Row("amendments", f"proposed on a plan of {EVENTS} events", "amendments/s", rates["long"],
            "ours, on fresh plans", rates["fresh"], 0.5, facts=facts)
    ]  # fmt: skip


async def _in_effect(plans: Opened, today: date) -> UUID:
    """A plan of a child of its own, in effect; nothing of it is in this store's memory."""
    child = new_id()
    await with_child(plans, child, today)
    legacy = LegacyPlan(
        child, PlanKind.IEP, iep_items(), "bench", f"bench:{child}", b"1" * 32, today - timedelta(days=9)
    )

    async def seen(student: UUID) -> UUID:
        return student

    [made] = await take_over_all(EventStore(plans.database, plans.keyring), plans.context(), [legacy], seen)
    assert isinstance(made, TakenOver)
    return made.id


async def _grow(plans: Opened, plan: UUID) -> None:
    """To `EVENTS` events: amendments that are proposed and taken back."""
    for _ in range((EVENTS - 2) // 2):
        amendment = await _propose(plans, plan)

        def withdraw(seen: Situation, amendment: UUID = amendment) -> Sequence[PlanEvent]:
            return withdraw_amendment(seen.plan, amendment, "agreed otherwise", seen.today)

        await decide(plans.store, plans.context(), plan, withdraw)


async def _propose(plans: Opened, plan: UUID) -> UUID:
    amendment = new_id()

    def command(seen: Situation) -> ProposeAmendment:
        agreed = WrittenAgreement(agreed_on=seen.today, holder_ids=(MOTHER,))
        change, why = Replace(item=speech(60)), AmendmentPersonalData(reason="more time")
        return ProposeAmendment(amendment, agreed, (change,), "earliest", why, seen.today)

    await amendments.propose(plans.store, plans.context(), plan, command, if_match=None)
    return amendment


async def _amended(plans: Opened, of: Sequence[UUID], taken: list[float]) -> int:
    for plan in of:
        began = time.perf_counter()
        await _propose(plans, plan)
        taken.append(time.perf_counter() - began)
    return len(of)
