"""What a decision about a plan is made on: the plan, the people, the meeting, the district's rules, the day.

Everything is read at once and handed to a pure function; the append names the streams it rests on, so that they agree
at commit. The district's profile is read and not named: its stream would make every decision of a district wait for
every other, and a profile holds from a day on, not from an instant.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.plan import PlanEvent
from contracts.plan_document import history_of, in_force
from contracts.problems import NotFound, VersionConflict
from contracts.shipped_profiles import shipped_profiles
from contracts.streams import staff
from contracts.values import Reported
from contracts.vocabulary import PlanStatus
from plan_service.application.models import DISTRICT, MEETING, STUDENT
from plan_service.application.plan_model import PLAN
from plan_service.domain.meeting import Meeting
from plan_service.domain.people import People, people_of
from plan_service.domain.plan import Plan
from plan_service.domain.rules import Profiles, Rules, cannot_be_true, rules_of
from plan_service.domain.stay_put import StayPut, complaint_open_on
from plan_service.domain.student import Student
from plan_service.domain.team import TeamMeeting, team_of
from plan_service.domain.voiding import PlanIsVoid
from runtime.append_request import Answer, Appended, Change, Claim, Context, Release, TenantNotOpen
from runtime.event_store import EventStore
from runtime.execute import give_way
from runtime.recent_states import Looked
from runtime.stream_model import Loaded, Model
from runtime.tenants import TENANT

TRIES = 5


@dataclass(frozen=True, slots=True)
class Day:
    """Today in the district's own zone, and the rules that decide."""

    today: date
    zone: ZoneInfo
    profiles: Profiles
    occurred_on: date | None = None
    """The day of what is reported: it is judged by the rules in force then, not by today's."""

    @property
    def rule_set(self) -> str:
        """Which rules decide."""
        return self.profiles.on(self.occurred_on or self.today).rule_set

    @property
    def rules(self) -> Rules:
        """What holds today, or held on the day of what is reported."""
        return self.rules_on(self.occurred_on or self.today)

    def of(self, reported: Reported | None) -> "Day":
        """The same day, for judging what is reported, if anything is."""
        return replace(self, occurred_on=reported.occurred_on) if reported else self

    def rules_on(self, day: date) -> Rules:
        """What held on ``day``; raises `RuleSetNotShipped`."""
        return rules_of(self.profiles.on(day), day, shipped_profiles())


@dataclass(frozen=True, slots=True)
class Situation:
    """What one decision about one plan sees."""

    loaded: Loaded[Plan]
    day: Day
    around: Loaded[Student]
    met: Loaded[Meeting] | None = None
    stay_put: StayPut | None = None
    """What stays while a due process complaint is open."""

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.loaded.state

    @property
    def people(self) -> People:
        """Everybody known around its student."""
        return people_of(self.around.state, self.rules)

    @property
    def meeting(self) -> TeamMeeting | None:
        """The meeting that was named."""
        return team_of(self.met.state) if self.met else None

    @property
    def today(self) -> date:
        """Today, in the district's zone."""
        return self.day.today

    @property
    def rules(self) -> Rules:
        """What holds today, or held on the day of what is reported."""
        return self.day.rules

    @property
    def resting_on(self) -> list[Loaded[Any]]:
        """The streams that must still be as they were seen when the decision commits."""
        return [self.around, *([self.met] if self.met else [])]


async def day_of_district(store: EventStore, tenant: str) -> Day:
    """Today in the district's zone: the clock's day, or a sandbox's."""
    return day_of(await store.look(tenant, [(DISTRICT, DISTRICT.name), (TENANT, TENANT.name)]))


def day_of(looked: Looked) -> Day:
    """The district's day at the moment of a look at the streams of district and tenant; raises `TenantNotOpen`."""
    if looked.now is None:
        raise TenantNotOpen()
    profiles: Profiles = looked.streams[DISTRICT.name].state.profiles
    zone = ZoneInfo(profiles.time_zone or looked.streams[TENANT.name].state.time_zone)
    return Day(looked.now.astimezone(zone).date(), zone, profiles)


async def load_plan(store: EventStore, tenant: str, plan_id: UUID) -> Loaded[Plan]:
    """The plan; raises `NotFound`."""
    loaded = await store.load(tenant, PLAN, plan_id)
    if loaded.version == 0:
        raise NotFound("There is no plan by that id.")
    return loaded


def must_stand(loaded: Loaded[Plan]) -> Loaded[Plan]:
    """The plan, about which something is to be decided; raises `PlanIsVoid`."""
    if loaded.state.void:
        raise PlanIsVoid
    return loaded


async def situation(
    store: EventStore, tenant: str, loaded: Loaded[Plan], meeting_id: UUID | None = None,
    reported: Reported | None = None,
) -> Situation:  # fmt: skip
    """Everything a decision about this plan rests on; refuses a meeting that is not this student's."""
    student_id = loaded.state.student_id
    around, met = STUDENT.stream(student_id), MEETING.stream(meeting_id)
    wanted: list[tuple[Model[Any], str]] = [
        (STUDENT, around), (DISTRICT, DISTRICT.name), (TENANT, TENANT.name),
    ]  # fmt: skip
    if meeting_id is not None:
        wanted.append((MEETING, met))
    looked = await store.look(tenant, wanted)
    meeting = looked.streams[met] if meeting_id is not None else None
    if meeting is not None and meeting.state.student_id != student_id:
        raise cannot_be_true("unknown-meeting", "No meeting by this id was set for this student.", "/meeting")
    day = day_of(looked).of(reported)
    stay_put = await _stay_put(store, tenant, loaded, looked.streams[around].state, day)
    return Situation(loaded, day, looked.streams[around], meeting, stay_put)


async def _stay_put(
    store: EventStore, tenant: str, loaded: Loaded[Plan], student: Student, day: Day
) -> StayPut | None:
    """Of a plan in effect, where a complaint holds the placement: its history is read for what that is."""
    complaint = complaint_open_on(student.disputes, day.occurred_on or day.today)
    if complaint is None or not loaded.state.ever_adopted:
        return None
    document = in_force(history_of(await store.read(tenant, loaded.stream)), complaint.filed_on)
    if document is None or document.status is not PlanStatus.IN_FORCE:
        return StayPut(complaint.filed_on)
    placements = tuple(entry.item for entry in document.items if entry.item.kind == "placement")
    return StayPut(complaint.filed_on, document.version, placements)


async def decide(
    store: EventStore, context: Context, plan_id: UUID, decision: Callable[[Situation], Sequence[PlanEvent]], *,
    if_match: int | None = None, meeting_id: Callable[[Plan], UUID | None] | None = None,
    claims: Sequence[Claim] = (), releases: Sequence[Release] = (), answer: Answer | None = None,
    reported: Reported | None = None, void_too: bool = False,
) -> Appended:  # fmt: skip
    """Let a pure function decide about one plan, and append what it said. Durable on return; a crash leaves nothing.

    With ``if_match`` a plan that has moved on since raises `VersionConflict`. When a stream it rests on has moved on
    meanwhile, the decision is made again on what stands now. ``void_too``: it may be about a plan that never bound.
    """
    for attempt in range(TRIES):
        loaded = (await load_plan(store, context.tenant, plan_id)).at_version(if_match)
        if not void_too:
            must_stand(loaded)
        named = meeting_id(loaded.state) if meeting_id else None
        seen = await situation(store, context.tenant, loaded, named, reported)
        try:
            return await store.append(
                replace(context, rules=seen.day.rule_set), [change(seen, decision(seen))], claims=claims,
                releases=releases, resting_on=seen.resting_on, answer=answer,
            )  # fmt: skip
        except VersionConflict as conflict:
            if attempt == TRIES - 1 or (if_match is not None and conflict.stream == loaded.stream):
                raise
            await give_way(attempt)
    raise AssertionError("unreachable")


def change(seen: Situation, events: Sequence[PlanEvent]) -> Change[Plan]:
    """The plan's new events, under its student."""
    student_id = seen.plan.student_id
    assert student_id is not None
    return Change(seen.loaded, student_id, events)


async def must_work_here(store: EventStore, tenant: str, staff_id: UUID) -> None:
    """Refuse the id of a staff member whom the district has never named."""
    async with store.database.lend(tenant) as connection:
        known = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM plan.events WHERE tenant = $1 AND stream = $2)",
            tenant,
            staff(staff_id),
        )
    if not known:
        raise cannot_be_true("unknown-staff", "Nobody by this id works in this district.", "/staff")
