"""What a rule about owing asks for beside the event: the plan's kind, the law, what was filed before, the times."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.discipline import RemovalDecided
from contracts.disputes import DisputeFiled
from contracts.evaluations import ReferralReceived
from contracts.event import Event
from contracts.plan_document import in_force
from contracts.protection import EVALUATED_BY, protected_by
from contracts.requests import RequestAnswered
from contracts.rule_profile import RuleSetNotShipped, resolve
from contracts.shipped_profiles import shipped_profiles
from contracts.streams import school_year
from contracts.students import RequestMade
from contracts.vocabulary import Law, PlanKind
from notify_service.adapters import known_facts
from notify_service.domain.owing import Known, Times


async def known_for(
    rows: AsyncConnection, tenant: str, student: UUID, event: Event, on: date, event_id: UUID
) -> Known:
    """For one event of a student."""
    times = await _times(rows, tenant, on)
    plan = getattr(event, "plan_id", None)
    kind = await _plan_kind(rows, tenant, plan, on) if plan is not None else None
    evaluation = getattr(event, "evaluation_id", None)
    if evaluation is not None:
        for earlier in await known_facts.of_matter(rows, tenant, evaluation):
            if isinstance(earlier.event, ReferralReceived):
                return Known(times, kind, earlier.event.laws)
    if isinstance(event, DisputeFiled):
        return Known(times, kind, first_of_year=await _first(rows, tenant, student, event, on, event_id))
    if isinstance(event, RemovalDecided):
        return Known(times, kind, await _laws_protecting(rows, tenant, student, on))
    if isinstance(event, RequestAnswered):
        asked = [
            each.event.kind
            for each in await known_facts.of_matter(rows, tenant, event.request_id)
            if isinstance(each.event, RequestMade)
        ]
        return Known(times, kind, request=asked[0] if asked else None)
    return Known(times, kind)


async def _times(rows: AsyncConnection, tenant: str, day: date) -> Times:
    profile = await known_facts.profile_on(rows, tenant, day)
    if profile is None:
        return Times()
    try:
        rules = resolve(profile.state_profile, day, shipped_profiles())
    except RuleSetNotShipped:
        return Times(profile.notice_days, calendar=profile.calendar)
    before, meeting = rules.rule("idea.pwn-before").due, rules.rule("idea.meeting-notice").due
    return Times(profile.notice_days, before, meeting, profile.calendar)


async def _laws_protecting(rows: AsyncConnection, tenant: str, student: UUID, on: date) -> tuple[Law, ...]:
    """By plans, eligibility and open evaluations; whoever none is known to protect is told as IDEA wants it (300.534)."""
    in_effect = set()
    for plan in await known_facts.plans_of_student(rows, tenant, student):
        document = in_force(await known_facts.plan_history(rows, tenant, plan), on)
        if document is not None and document.ending is None and document.items:
            in_effect.add(Law.SECTION_504 if document.kind is PlanKind.SECTION_504 else Law.IDEA)
    evaluations = [
        each.event
        for kind in EVALUATED_BY
        for each in await known_facts.occasions_of(rows, tenant, student, kind.type)
    ]
    return tuple(sorted(protected_by(evaluations, in_effect, on))) or (Law.IDEA,)


async def _plan_kind(rows: AsyncConnection, tenant: str, plan: UUID, on: date) -> PlanKind | None:
    history = await known_facts.plan_history(rows, tenant, plan)
    document = in_force(history, on)
    if document is not None and document.kind is not None:
        return document.kind
    kinds = [getattr(entry.event, "kind", None) for entry in history.entries]
    return next((kind for kind in kinds if isinstance(kind, PlanKind)), None)


async def _first(
    rows: AsyncConnection, tenant: str, student: UUID, event: DisputeFiled, on: date, event_id: UUID
) -> bool:
    """The first complaint of its kind in the school year (300.504(a)(2))."""
    filed = await known_facts.occasions_of(rows, tenant, student, DisputeFiled.type)
    earlier = [each for each in filed if each.event_id != event_id and each.on <= on]
    return not any(
        isinstance(each.event, DisputeFiled) and each.event.kind is event.kind
        and school_year(each.on) == school_year(on)
        for each in earlier
    )  # fmt: skip
