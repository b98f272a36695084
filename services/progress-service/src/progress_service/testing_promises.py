"""Builders for tests about promises and what became of them: everything a test does not speak about has a value."""

from dataclasses import replace
from datetime import date
from functools import reduce
from typing import Any
from uuid import UUID

from contracts.district import DistrictProfileSet, SchoolYear
from contracts.event import Event
from contracts.fields import ItemId
from contracts.items import AnyItem, End, Replace, parse_item
from contracts.plan import (
    AmendmentAdopted,
    AmendmentPersonalData,
    AmendmentProposed,
    DraftOpened,
    PlanAdopted,
    PlanEnded,
    PlanVoided,
    ReasonPersonalData,
    TeamMeeting,
)
from contracts.plan_history import history_of
from contracts.promises import PromisedServices
from contracts.sessions import SessionOutcome
from contracts.testing import Log, an_id
from contracts.vocabulary import PlanEnd, PlanKind, VoidGround
from progress_service.domain.item_year import ItemYear, evolve
from progress_service.domain.measurement import TakeMeasurement
from progress_service.domain.promised_item import KnownPlan
from progress_service.domain.session import RecordSession

PLAN, STUDENT, PROVIDER = an_id("plan"), an_id("student"), an_id("provider")
SPEECH, READING, GOAL, TIME = (an_id(name) for name in ("speech", "reading", "goal", "time"))
STEPS = (an_id("20 objects"), an_id("40 objects"), an_id("60 objects"))
BEGIN = date(2025, 12, 9)
"""The first day of the plan: a Tuesday."""
TODAY = date(2026, 6, 30)
"""The day on which a test acts, unless it says another."""


def item(kind: str, item_id: ItemId, **fields: Any) -> AnyItem:
    """An item as somebody sends it."""
    return parse_item({"id": str(item_id), "kind": kind} | fields)


def speech(minutes: int = 30, **fields: Any) -> AnyItem:
    """Speech therapy, once a week."""
    complete = {
        "service": "speech_language_therapy",
        "minutes": minutes,
        "per": "week",
        "sessions_per": 1,
        "location": "Room 12",
        "provider_role": "speech_language_pathologist",
        "starts_on": "2025-12-09",
        "ends_on": "2026-12-08",
    }
    return item("service", SPEECH, **complete | fields)


def reading(minutes: int = 225, **fields: Any) -> AnyItem:
    """Reading instruction, every school day."""
    complete = {"service": "reading_instruction", "minutes": minutes, "per": "week", "sessions_per": 5}
    return item("service", READING, **complete | fields)


def goal(**fields: Any) -> AnyItem:
    """Arrange 60 objects by kind by 15 June."""
    complete = {
        "statement": "arrange 60 objects by kind",
        "baseline": "5",
        "target": "60",
        "unit": "objects",
        "due_on": "2026-06-15",
    }
    return item("goal", GOAL, **complete | fields)


def steps() -> tuple[AnyItem, ...]:
    """20, 40 and 60 objects by 31 December, 15 March and 15 June."""
    dated = zip(STEPS, ("20", "40", "60"), ("2025-12-31", "2026-03-15", "2026-06-15"), strict=True)
    return tuple(
        item("objective", step, goal=str(GOAL), order=order, target=target, unit="objects", due_on=due_on)
        for order, (step, target, due_on) in enumerate(dated, start=1)
    )


def extended_time() -> AnyItem:
    """An accommodation."""
    return item("accommodation", TIME, what="time and a half", where=["test"])


def opened(kind: PlanKind = PlanKind.IEP) -> DraftOpened:
    """Work on the plan begins."""
    return DraftOpened(effective_on=BEGIN, plan_id=PLAN, student_id=STUDENT, kind=kind)


def adopted(
    *items: AnyItem, on: date = BEGIN, plan_id: UUID = PLAN, kind: PlanKind = PlanKind.IEP
) -> PlanAdopted:
    """The plan binds from ``on``; without items with all of this module's."""
    everything = items or (speech(), reading(), goal(), *steps(), extended_time())
    return PlanAdopted(effective_on=on, plan_id=plan_id, kind=kind, items=everything)


def proposed(*changes: Replace | End, on: date = BEGIN) -> AmendmentProposed:
    """A change is proposed; nothing changes yet."""
    return AmendmentProposed(
        effective_on=on,
        plan_id=PLAN,
        amendment_id=an_id("amendment"),
        basis=TeamMeeting(meeting_id=an_id("meeting")),
        changes=changes,
        personal=AmendmentPersonalData(reason="needs more"),
    )


def amended(*items: AnyItem | ItemId, on: date, amendment: str = "amendment") -> AmendmentAdopted:
    """These items change from ``on``; an id alone ends that item."""
    changes = tuple(End(item=each) if isinstance(each, UUID) else Replace(item=each) for each in items)
    return AmendmentAdopted(effective_on=on, plan_id=PLAN, amendment_id=an_id(amendment), changes=changes)


def voided() -> PlanVoided:
    """The plan never bound."""
    return PlanVoided(
        effective_on=date(2026, 1, 5), plan_id=PLAN, void_id=an_id("void"), ground=VoidGround.DUPLICATE,
        personal=ReasonPersonalData(reason="Entered twice."), requested_by="one", approved_by="two",
    )  # fmt: skip


def ended(on: date) -> PlanEnded:
    """The first day without the plan."""
    return PlanEnded(effective_on=on, plan_id=PLAN, reason=PlanEnd.LEFT_SCHOOL)


def log_of(*events: Event) -> Log:
    """The student's plan log; `Log.append` adds to it."""
    log = Log(tenant="lakeside", source="plan")
    for each in events or (opened(), adopted()):
        log.append(each, stream=f"plan/{PLAN}")
    return log


def known(*events: Event) -> KnownPlan:
    """The plan of which these events are known; without any, of an adopted one with all of this module's items."""
    return KnownPlan(history_of(log_of(*events).entries))


def plan_of(*events: Event) -> PromisedServices:
    """What the plan of these events promises, day by day."""
    return PromisedServices(history_of(log_of(opened(), *events).entries))


def year(*events: Event) -> ItemYear:
    """One item's school year after these events."""
    return reduce(evolve, events, ItemYear())


def session(**fields: Any) -> RecordSession:
    """Speech on Tuesday, 16 December 2025, 30 minutes, delivered; say what differs."""
    return replace(
        RecordSession(
            session_id=an_id("session"),
            plan_id=PLAN,
            item_id=SPEECH,
            on=date(2025, 12, 16),
            minutes=30,
            status=SessionOutcome.DELIVERED,
            provider=PROVIDER,
        ),
        **fields,
    )


def missed(reason: str = "provider_absent", **fields: Any) -> RecordSession:
    """The same session, missed."""
    return session(**{"status": SessionOutcome.MISSED, "reason": reason, "provider": None} | fields)


def measurement(value: Any = "20", **fields: Any) -> TakeMeasurement:
    """So many objects on 19 December 2025, for the first step."""
    return replace(
        TakeMeasurement(
            measurement_id=an_id(f"result {value} {fields}"),
            plan_id=PLAN,
            item_id=STEPS[0],
            measured_on=date(2025, 12, 19),
            value=value,
            unit="objects",
        ),
        **fields,
    )


def calendar(**fields: Any) -> SchoolYear:
    """The school year of the worked histories (law.md 8)."""
    off = [
        "2025-09-01", "2025-10-13", "2025-11-11", "2025-11-27", "2025-11-28", "2025-12-22", "2025-12-23", "2025-12-24",
        "2025-12-25", "2025-12-26", "2025-12-29", "2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02", "2026-01-19",
        "2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20", "2026-03-30", "2026-03-31", "2026-04-01",
        "2026-04-02", "2026-04-03", "2026-05-25",
    ]  # fmt: skip
    complete = {"first_on": "2025-08-25", "last_on": "2026-06-12", "days_off": off}
    return SchoolYear.model_validate(complete | fields)


def profile(*years: SchoolYear, on: date = date(2025, 7, 1), **fields: Any) -> DistrictProfileSet:
    """What holds in the district."""
    complete = {
        "name": "Lakeside",
        "time_zone": "America/Chicago",
        "state_profile": "federal@2026-1",
        "languages": ["en"],
        "calendar": years or (calendar(),),
        "partial_consent": True,
        "notice_days": 10,
        "mailing_days": 3,
    }
    return DistrictProfileSet.model_validate({"effective_on": on} | complete | fields)
