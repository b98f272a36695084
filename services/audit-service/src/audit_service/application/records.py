"""Holds and destruction as use cases: facts gathered, rules asked, events appended, the keyring told before the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast
from uuid import UUID

from audit_service.application.evidence import opened_events
from audit_service.application.judging import Judging
from audit_service.application.taken_in import TakenIn
from audit_service.domain import destruction as destructions
from audit_service.domain import holds
from audit_service.domain.destruction import AskDestruction, Destruction, Facts, MayNotBeDestroyed
from audit_service.domain.findings.finding import Finding
from audit_service.domain.holds import Hold, OpenHold
from audit_service.domain.moment import Moment
from audit_service.domain.standing import Line, standing_of
from contracts.district import DistrictProfileSet
from contracts.event import Event, EventClass, Json
from contracts.problems import NotFound, Reason
from contracts.records import (
    ContentsDestroyed,
    DestructionEvent,
    DestructionOrdered,
    DestructionRefused,
    DestructionRequested,
    DestructionStopped,
    FindingKept,
    HoldEvent,
    HoldOpened,
    HoldReleased,
)
from contracts.retention_schedule import Schedule, keep_until, schedules_for
from runtime.append_request import Answer, Appended, Change, Context
from runtime.event_store import EventStore
from runtime.keyring import PostgresKeyring
from runtime.stream_model import Model, Resource
from runtime.tenants import ended_on


@dataclass(frozen=True)
class HoldState:
    """What is decided on, and what a read shows."""

    hold: Hold = field(default_factory=Hold)
    shown: Json = field(default_factory=dict)


@dataclass(frozen=True)
class DestructionState:
    """What is decided on, and what a read shows."""

    destruction: Destruction = field(default_factory=Destruction)
    shown: Json = field(default_factory=dict)


def _evolve_hold(state: HoldState, event: Event) -> HoldState:
    match cast(HoldEvent, event):
        case HoldOpened() as opened:
            shown = {
                "student": opened.student_id, "status": "open", "ground": opened.ground,
                "reason": opened.personal.reason, "matter": opened.personal.matter, "set_on": opened.effective_on,
                "review_on": opened.review_on, "dispute": opened.dispute_id, "set_by": opened.set_by,
            }  # fmt: skip
        case HoldReleased() as released:
            shown = {
                "status": "released", "released_on": released.effective_on,
                "release_reason": released.personal.reason, "released_by": released.released_by,
            }  # fmt: skip
    return HoldState(holds.evolve(state.hold, event), state.shown | _said(shown))


def _evolve_destruction(state: DestructionState, event: Event) -> DestructionState:
    destruction = destructions.evolve(state.destruction, event)
    shown: dict[str, Any] = {"status": destruction.status}
    match cast(DestructionEvent, event):
        case DestructionRequested() as asked:
            shown |= {
                "student": asked.student_id, "classes": list(asked.classes), "ground": asked.ground,
                "requested_by": asked.requested_by, "requested_on": asked.effective_on, "holder": asked.holder_id,
                "asked_on": asked.asked_on, "schedule": asked.schedule, "schedule_ends_on": asked.schedule_ends_on,
            }  # fmt: skip
            if asked.told:
                shown["told"] = asked.told.model_dump(mode="json", exclude_none=True)
        case DestructionRefused() as refused:
            shown |= {
                "student": refused.student_id, "classes": list(refused.classes), "ground": refused.ground,
                "refused_on": refused.effective_on, "holds": [str(hold) for hold in refused.hold_ids],
                "unmet": [unmet.model_dump(mode="json", exclude_none=True) for unmet in refused.unmet],
            }  # fmt: skip
        case DestructionOrdered() as ordered:
            shown |= {"ordered_on": ordered.effective_on, "approved_by": ordered.approved_by}
            if ordered.findings:
                shown["findings"] = [
                    each.model_dump(mode="json", exclude_none=True) for each in ordered.findings
                ]
        case DestructionStopped() as stopped:
            shown |= {"stopped_on": stopped.effective_on, "holds": [str(hold) for hold in stopped.hold_ids]}
        case ContentsDestroyed() as gone:
            shown |= {
                "destroyed_on": gone.effective_on, "final_on": gone.final_on,
                "keys": [key.model_dump(mode="json") for key in gone.keys],
            }  # fmt: skip
    return DestructionState(destruction, state.shown | _said(shown))


def _said(fields: dict[str, Any]) -> Json:
    return {
        name: value if isinstance(value, list | dict) else str(value)
        for name, value in fields.items()
        if value is not None
    }


def _hold_shown(state: HoldState, event: Event) -> list[Resource]:
    happened = cast(HoldEvent, event)
    return [Resource("hold", happened.hold_id, state.shown, happened.student_id)]


def _destruction_shown(state: DestructionState, event: Event) -> list[Resource]:
    happened = cast(DestructionEvent, event)
    return [Resource("destruction", happened.destruction_id, state.shown, happened.student_id)]


def _kept(finding: Finding) -> FindingKept:
    return FindingKept(
        rule=finding.rule, state=finding.state, severity=finding.severity, trigger_on=finding.trigger_on,
        due_on=finding.due_on, done_on=finding.done_on, rules=finding.rules,
    )  # fmt: skip


HOLD: Model[HoldState] = Model("hold", "1", HoldState(), _evolve_hold, _hold_shown)
"""``hold/{id}``, under the student's subject."""
DESTRUCTION: Model[DestructionState] = Model(
    "destruction", "2", DestructionState(), _evolve_destruction, _destruction_shown
)
"""``destruction/{id}``, under the tenant's own subject: read for ever."""


class Records:
    """Holds and destruction of one service's districts."""

    def __init__(
        self, judging: Judging, store: EventStore, keyring: PostgresKeyring, taken_in: TakenIn,
        own: Sequence[Schedule] = (),
    ) -> None:  # fmt: skip
        self.evidence = judging.evidence
        self._judging = judging
        self.store = store
        self.keyring = keyring
        self._taken_in = taken_in
        self._own = own
        """Districts' own retention schedules."""

    async def open_hold(self, context: Context, command: OpenHold, answer: Answer | None = None) -> Appended:
        """Set a hold. It stands in the keyring before this returns."""
        today = await self.today(context.tenant)
        loaded = await self.store.load(context.tenant, HOLD, command.hold_id)
        events = holds.open_hold(loaded.state.hold, command, today=today)
        appended = await self.store.append(context, [Change(loaded, command.student, events)], answer=answer)
        await self.keyring.set_hold(context.tenant, command.hold_id, command.student)
        return appended

    async def release_hold(
        self, context: Context, hold_id: UUID, reason: str, answer: Answer | None = None
    ) -> Appended:
        """Release it; the keyring lets it go only after the event that says so."""
        today = await self.today(context.tenant)
        loaded = await self.store.load(context.tenant, HOLD, hold_id)
        events = holds.release_hold(loaded.state.hold, hold_id, reason, today=today, by=context.actor.id)
        student = loaded.state.hold.student
        if student is None:
            raise NotFound("There is no such hold here.")
        appended = await self.store.append(context, [Change(loaded, student, events)], answer=answer)
        await self.keyring.release_hold(context.tenant, hold_id)
        return appended

    async def ask(
        self, context: Context, command: AskDestruction, district: UUID, answer: Answer | None = None
    ) -> Appended:
        """The first of two people asks; raises `MayNotBeDestroyed`, and then the refusal is on record."""
        loaded = await self.store.load(context.tenant, DESTRUCTION, command.destruction_id)
        facts = await self.facts(context.tenant, command.student, command.classes)
        events = destructions.ask_destruction(loaded.state.destruction, command, facts)
        return await self._appended(context, Change(loaded, district, events), command, facts, answer)

    async def approve(
        self, context: Context, destruction_id: UUID, approved_by: str, district: UUID,
        answer: Answer | None = None,
    ) -> Appended:  # fmt: skip
        """The second of two people orders it; raises as `ask` does, and `SecondPersonRequired`."""
        loaded = await self.store.load(context.tenant, DESTRUCTION, destruction_id)
        request = loaded.state.destruction.request
        if request is None:
            raise NotFound("There is no such request here.")
        facts = await self.facts(context.tenant, request.student, request.classes)
        kept = [_kept(each) for each in await self._judging.found(context.tenant, request.student)]
        events = destructions.approve_destruction(loaded.state.destruction, approved_by, facts, kept)
        return await self._appended(context, Change(loaded, district, events), request, facts, answer)

    async def _appended(
        self, context: Context, change: Change[DestructionState], command: AskDestruction, facts: Facts,
        answer: Answer | None,
    ) -> Appended:  # fmt: skip
        refused = any(isinstance(event, DestructionRefused) for event in change.events)
        appended = await self.store.append(context, [change], answer=None if refused else answer)
        if refused:
            reasons: tuple[Reason, ...] = destructions.reasons_against(command, facts)
            said = " ".join(reason.message for reason in reasons)
            raise MayNotBeDestroyed(
                f"This may not be destroyed: {said}", reasons=reasons, destruction=command.destruction_id
            )
        return appended

    async def facts(self, tenant: str, student: UUID, classes: Sequence[EventClass]) -> Facts:
        """What the decision rests on, as of now: all that was settled before, in whatever service. Raises `NotTakenIn`."""
        await self._taken_in(tenant)
        today = await self.today(tenant)
        copies = await self.evidence.of_student(tenant, student)
        lines = [Line(c.entry.type, c.entry.stream, date.fromisoformat(c.entry.effective_on)) for c in copies]
        async with self.store.database.lend(tenant) as connection:
            ended = await ended_on(connection, self.store.database.service, tenant)
        standing = standing_of(lines, opened_events(copies), today, ended)
        open_holds = {
            row["id"]: date.fromisoformat(row["set_on"])
            for row in await self.evidence.shown(tenant, "hold", student)
            if row["status"] == "open"
        }
        kept = keep_until(
            schedules_for(await self._profile(tenant, today), tenant, self._own),
            classes,
            standing.last_ended_on,
        )
        gone = await self.evidence.destroyed_on(tenant, student)
        return Facts(standing, open_holds, kept, gone, today)

    async def _profile(self, tenant: str, today: date) -> str | None:
        copies = await self.evidence.of_stream(tenant, "district", Moment(today))
        profiles = [e.event for e in opened_events(copies) if isinstance(e.event, DistrictProfileSet)]
        return profiles[-1].state_profile if profiles else None

    async def today(self, tenant: str) -> date:
        """By the district's own time."""
        return (await self.evidence.now(tenant)).date()
