"""Carrying out what two people have ordered, step by step; a restart goes on from the last step.

1. the order has its index and lies below the frontier;
2. every hold that the log knows stands in the keyring, and nothing more is sealed under the student's keys;
3. when no process can have such a key in memory to seal with, and all that any service had settled by then is known here, the
   keyring deletes them, unless a hold stands, or a request about the record or a dispute came after the order and is open
   (34 CFR 99.10(e)); of keys that are gone already nobody is asked any more, and nothing is waited for;
4. ``destruction.contents_destroyed`` is logged, and every service erases its readable rows.

Each step is safe to repeat, and none is undone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import structlog

from audit_service.application.records import DESTRUCTION, HOLD, Records
from audit_service.application.taken_in import NotTakenIn
from audit_service.domain.destruction import asked_about, destroyed
from contracts.event import Actor, EventClass
from contracts.ids import new_id
from contracts.records import DestroyedKey, DestructionOrdered, DestructionStopped
from runtime.append_request import Change, Context
from runtime.keyring import SEAL_SECONDS, DestroyedKeys, HoldStands
from runtime.projection import tenants
from runtime.tenants import subject_of

log = structlog.get_logger()

POLL_SECONDS = 3.0
RECONCILE_SECONDS = 3600.0
LONGER_THAN_ANY_MEMORY = SEAL_SECONDS + 2.0
CARRIES_OUT = Actor(id="destruction", role="system")


async def _go_on(_step: str) -> None:
    """Between two steps; a test breaks off here."""


class Destroyer:
    """Runs in every instance of audit-service: two at the same destruction do each step once."""

    def __init__(
        self, records: Callable[[], Records], *, backup_days: int, wait: float = LONGER_THAN_ANY_MEMORY,
        between: Callable[[str], Awaitable[None]] = _go_on,
    ) -> None:  # fmt: skip
        self._records = records
        self._backup_days = backup_days
        self._wait = wait
        self._between = between

    async def run(self) -> None:
        """For as long as the service does."""
        clock = asyncio.get_running_loop().time
        reconciled = float("-inf")
        while True:
            if clock() - reconciled > RECONCILE_SECONDS:
                await self.reconcile()
                reconciled = clock()
            await self.work()
            await asyncio.sleep(POLL_SECONDS)

    async def work(self) -> int:
        """Take every ordered destruction one step or more further; returns how many are done now."""
        evidence, done = self._records().evidence, 0
        for tenant in await tenants(evidence.database):
            behind = False
            for row in await evidence.shown(tenant, "destruction", status="ordered"):
                try:
                    done += await self.carry_out(tenant, row["id"], behind=behind)
                except NotTakenIn as late:
                    behind = True
                    log.warning("destruction_waits", destruction=str(row["id"]), why=late.message)
        return done

    async def carry_out(self, tenant: str, destruction: UUID, *, behind: bool = False) -> bool:
        """Whether it is done; ``False`` while a step has to wait.

        ``behind``: that not everything is taken in of the district was just found, at some cost, and is not asked again. Raises
        `NotTakenIn` where that is found here. What was destroyed already is told all the same.
        """
        records = self._records()
        store, keyring = records.store, records.keyring
        recorded = await store.read(tenant, DESTRUCTION.stream(destruction))
        ordered = next((each for each in recorded if isinstance(each.event, DestructionOrdered)), None)
        if ordered is None or not await records.evidence.reached(tenant, ordered.id):
            return False
        if not await records.evidence.cosigned(tenant, "audit", ordered.id):
            return False  # Nothing is destroyed on an order that only its own log has seen (eventlog.md 3).
        order = ordered.event
        assert isinstance(order, DestructionOrdered)
        await self._between("logged")
        for row in await records.evidence.shown(tenant, "hold", order.student_id, status="open"):
            await keyring.set_hold(tenant, row["id"], order.student_id)
        since = await keyring.retire(tenant, destruction, order.student_id, order.classes)
        await self._between("retired")
        if since is not None and since < self._wait:
            return False
        loaded = await store.load(tenant, DESTRUCTION, destruction)
        if loaded.state.destruction.status != "ordered":
            return False
        today = await records.today(tenant)
        event: Any
        try:
            # Without a time since when they are retired the keys went before: nothing stops that any more.
            if since is not None:
                if behind:
                    return False
                facts = await records.facts(tenant, order.student_id, order.classes)
                if asked_about(facts):
                    raise HoldStands(list(facts.holds))
            keys, on = await keyring.destroy(tenant, destruction, order.student_id, order.classes, today)
        except HoldStands as stands:
            event = DestructionStopped(
                effective_on=today,
                destruction_id=destruction,
                student_id=order.student_id,
                hold_ids=stands.holds,
            )
        else:
            await self._between("destroyed")
            event = destroyed(
                order, order.effective_on,
                [DestroyedKey(contents=key.contents, generation=key.generation) for key in keys],
                on=on, final_on=on + timedelta(days=self._backup_days + 1),
            )  # fmt: skip
        district = await subject_of(store, tenant)
        assert district is not None
        context = Context(tenant, CARRIES_OUT, str(new_id()), causation=ordered.id)
        await store.append(context, [Change(loaded, district, [event])])
        await self._between("told")
        log.info("destruction_carried_out", destruction=str(destruction), outcome=event.type)
        return True

    async def reconcile(self) -> None:
        """What the log says of holds and destroyed keys is so in the keyring, also when it came back from a backup."""
        records = self._records()
        evidence, keyring = records.evidence, records.keyring
        for tenant in await tenants(evidence.database):
            for row in await evidence.shown(tenant, HOLD.name):
                if row["status"] == "open":
                    await keyring.set_hold(tenant, row["id"], UUID(row["student"]))
                else:
                    await keyring.release_hold(tenant, row["id"])
            for row in await evidence.shown(tenant, DESTRUCTION.name, status="destroyed"):
                keys = [DestroyedKeys(EventClass(key["contents"]), key["generation"]) for key in row["keys"]]
                on = date.fromisoformat(row["destroyed_on"])
                again = await keyring.destroy_again(tenant, row["id"], UUID(row["student"]), keys, on)
                if again:
                    log.warning("destroyed_again", destruction=str(row["id"]), keys=again)
