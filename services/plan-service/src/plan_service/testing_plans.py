"""Builders for tests about plans: everything a test does not speak about has a sensible value."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

from contracts.fields import HolderId, ItemId
from contracts.items import AnyChange, AnyItem, End, Replace, parse_item
from contracts.plan import (
    AmendmentPersonalData,
    AmendmentProposed,
    AnyBasis,
    ConsentAnswered,
    DraftOpened,
    PlanAdopted,
    PlanEvent,
    WrittenAgreement,
)
from contracts.students import Held
from contracts.testing import an_id
from contracts.values import Reported
from contracts.vocabulary import Attendance, ConsentDecision, ConsentMethod, MeetingRole, PlanKind
from plan_service.domain.adoption import AdoptPlan
from plan_service.domain.amendment import AdoptAmendment, Ground, ProposeAmendment
from plan_service.domain.consent import AnswerAmendment
from plan_service.domain.notices import NoticeGiven
from plan_service.domain.people import People, RightsHolder
from plan_service.domain.plan import Plan, evolve
from plan_service.domain.rules import Rules
from plan_service.domain.team import TeamMeeting, TeamMember

PLAN, STUDENT, AMENDMENT = an_id("plan"), an_id("student"), an_id("amendment")
MOTHER, FATHER, AUNT = an_id("mother"), an_id("father"), an_id("aunt")
MEETING = an_id("meeting")
GOAL, SPEECH, TIME, PLACEMENT, LEVELS = (
    an_id(name) for name in ("goal", "speech", "time", "placement", "levels")
)
LIMITED, SENSOR, TECHNOLOGY = an_id("limited"), an_id("sensor"), an_id("technology")
BEGIN = date(2025, 12, 9)
"""The first day of the plan."""
TODAY = date(2026, 2, 24)
"""The day on which a test acts, unless it says another."""


def given(*events: PlanEvent, start: Plan | None = None) -> Plan:
    """The plan after these events."""
    return reduce(evolve, events, start or Plan())


def item(kind: str, item_id: ItemId, **fields: Any) -> AnyItem:
    """An item as somebody sends it."""
    return parse_item({"id": str(item_id), "kind": kind} | fields)


def speech(minutes: int = 30, **fields: Any) -> AnyItem:
    """A complete service."""
    complete = {
        "service": "speech_language_therapy", "minutes": minutes, "per": "week", "sessions_per": 1, "location": "Room 12",
        "provider_role": "speech_language_pathologist", "starts_on": "2025-12-09", "ends_on": "2026-12-08",
    }  # fmt: skip
    return item("service", SPEECH, **complete | fields)


def extended_time(**fields: Any) -> AnyItem:
    """An accommodation."""
    complete = {
        "what": "time and a half", "where": ["test"], "responsible_role": "regular_education_teacher",
        "since": "2025-12-09",
    }  # fmt: skip
    return item("accommodation", TIME, **complete | fields)


def goal(**fields: Any) -> AnyItem:
    """A complete annual goal."""
    complete = {
        "statement": "arrange 60 objects by kind", "baseline": "0", "target": "60", "unit": "objects",
        "measure_method": "counted in class, weekly", "due_on": "2026-06-15",
    }  # fmt: skip
    return item("goal", GOAL, **complete | fields)


def levels(**fields: Any) -> AnyItem:
    """Complete present levels."""
    complete = {
        "statement": "Arranges few objects without help.", "effect": "Tasks of the class take longer than it allows.",
        "strengths": "Likes order.", "parents_concerns": "Will she keep up?", "as_of_on": "2025-11-14",
        "evaluation": "Report of 14 November.", "needs": "Steps, one at a time.",
    }  # fmt: skip
    return item("present_levels", LEVELS, **complete | fields)


def factors() -> list[AnyItem]:
    """Each special factor considered, and not found."""
    return [
        item("special_factor", an_id(factor), factor=factor, answer="no", reason="Looked at on 14 November.")
        for factor in (
            "behavior", "limited_english", "braille", "communication", "deafness", "assistive_technology",
        )
    ]  # fmt: skip


def iep_items(*others: AnyItem) -> tuple[AnyItem, ...]:
    """What an IEP cannot be without; ``others`` are added, or stand in the place of those with their id."""
    items = {
        entry.id: entry
        for entry in (
            levels(),
            goal(),
            speech(),
            extended_time(),
            item("placement", PLACEMENT, setting="regular_class_80_or_more", percent_with_peers="85",
                 explanation="Speech is given in a small room."),
            *factors(),
            item("extended_school_year", an_id("summer"), considered=True, needed=False,
                 reason="Kept what was learned over the last two breaks."),
            item("progress_schedule", an_id("reports"), report_dates=["2026-01-30", "2026-04-10", "2026-06-12"]),
            *others,
        )
    }  # fmt: skip
    return tuple(items.values())


def plan_504_items(*others: AnyItem) -> tuple[AnyItem, ...]:
    """What a Section 504 plan cannot be without."""
    items = {
        entry.id: entry
        for entry in (
            item("activity_limited", LIMITED, activity="endocrine_function", how="type 1 diabetes"),
            item("accommodation", SENSOR, what="phone for the sensor", responsible_role="school_nurse"),
            item(
                "assistive_technology",
                TECHNOLOGY,
                considered=True,
                need="the student's own sensor is enough",
                provided_by="nobody",
                bought_by="nobody",
                trained_by="nobody",
            ),
            *others,
        )
    }
    return tuple(items.values())


def draft_opened(kind: PlanKind = PlanKind.IEP) -> DraftOpened:
    """Work on the plan has begun."""
    return DraftOpened(effective_on=BEGIN - timedelta(days=5), plan_id=PLAN, student_id=STUDENT, kind=kind)


def plan_adopted(on: date = BEGIN, items: Sequence[AnyItem] | None = None, **fields: Any) -> PlanAdopted:
    """The plan binds from ``on``."""
    complete: dict[str, Any] = {
        "kind": PlanKind.IEP, "meeting_id": MEETING, "review_due_on": date(2026, 12, 4),
        "items": iep_items() if items is None else tuple(items),
    }  # fmt: skip
    return PlanAdopted(effective_on=on, plan_id=PLAN, **complete | fields)


def in_effect() -> Plan:
    """An IEP in effect since `BEGIN`."""
    return given(draft_opened(), plan_adopted())


def agreement(on: date = TODAY, *holders: HolderId) -> WrittenAgreement:
    """Agreed in writing not to meet."""
    return WrittenAgreement(agreed_on=on, holder_ids=holders or (MOTHER,))


def changes() -> tuple[AnyChange, ...]:
    """Twice the speech, no extended time."""
    return (Replace(item=speech(60)), End(item=TIME))


def proposal(**fields: Any) -> ProposeAmendment:
    """A command to propose an amendment."""
    complete: dict[str, Any] = {
        "amendment_id": AMENDMENT, "basis": agreement(), "changes": changes(), "requested": "earliest", "today": TODAY,
        "personal": AmendmentPersonalData(reason="She needs more time to be understood."),
    }  # fmt: skip
    return ProposeAmendment(**complete | fields)


def proposed(on: date = TODAY, basis: AnyBasis | None = None, **fields: Any) -> AmendmentProposed:
    """An amendment has been proposed."""
    complete: dict[str, Any] = {
        "changes": changes(),
        "personal": AmendmentPersonalData(reason="She needs more time."),
    }
    return AmendmentProposed(
        effective_on=on,
        plan_id=PLAN,
        amendment_id=AMENDMENT,
        basis=basis or agreement(on),
        **complete | fields,
    )


def answer(**fields: Any) -> AnswerAmendment:
    """A command to record an answer."""
    complete: dict[str, Any] = {
        "amendment_id": AMENDMENT, "consent_id": an_id("consent"), "holder_id": MOTHER, "items": (SPEECH,),
        "decision": ConsentDecision.ACCEPTED, "method": ConsentMethod.PAPER_SIGNATURE, "today": TODAY,
    }  # fmt: skip
    return AnswerAmendment(**complete | fields)


def answered(
    *items: ItemId, by: HolderId = MOTHER, on: date = TODAY, decision: ConsentDecision = ConsentDecision.ACCEPTED,
    **fields: Any,
) -> ConsentAnswered:  # fmt: skip
    """Somebody has answered."""
    complete: dict[str, Any] = {
        "method": ConsentMethod.PAPER_SIGNATURE,
        "consent_id": an_id(f"{by} {on} {items}"),
    }
    return ConsentAnswered(
        effective_on=on, plan_id=PLAN, amendment_id=AMENDMENT, holder_id=by, items=items or (SPEECH, TIME),
        decision=decision, **complete | fields,
    )  # fmt: skip


def adoption(**fields: Any) -> AdoptAmendment:
    """A command to adopt the amendment."""
    complete: dict[str, Any] = {"amendment_id": AMENDMENT, "today": TODAY}
    return AdoptAmendment(**complete | fields)


def holder(holder_id: HolderId = MOTHER, *, decides: bool = True, **fields: Any) -> RightsHolder:
    """Somebody with every right since before the plan."""
    held = Held(starts_on=date(2015, 1, 1))
    complete: dict[str, Any] = {"decision": held if decides else None, "notice": held, "contact": held}
    return RightsHolder(holder_id, **complete | fields)


def people(*holders: RightsHolder, contacts: Sequence[UUID] = (AUNT,)) -> People:
    """The mother alone, unless others are named."""
    return People(holders or (holder(),), tuple(contacts))


def notice(on: date = TODAY, to: HolderId = MOTHER) -> NoticeGiven:
    """A prior written notice of the amendment was given."""
    return NoticeGiven(an_id(f"notice {to}"), to, on, an_id(f"notice given {to}"))


def ground(*notices: NoticeGiven, **fields: Any) -> Ground:
    """The mother, ten days of notice, no partial consent."""
    complete: dict[str, Any] = {"rules": Rules(notice_days=10), "people": people()}
    return Ground(notices=notices, **complete | fields)


TEAM = (
    MeetingRole.PARENT, MeetingRole.REGULAR_EDUCATION_TEACHER, MeetingRole.SPECIAL_EDUCATION_TEACHER,
    MeetingRole.AGENCY_REPRESENTATIVE, MeetingRole.INTERPRETS_EVALUATION,
)  # fmt: skip


def meeting(
    held_on: date | None = BEGIN, *members: TeamMember, without: MeetingRole | None = None, **fields: Any
) -> TeamMeeting:
    """A held meeting of the whole team."""
    present = tuple(TeamMember((role,), Attendance.PRESENT) for role in TEAM if role is not without)
    complete: dict[str, Any] = {"parent_present": without is not MeetingRole.PARENT}
    return TeamMeeting(MEETING, STUDENT, held_on, (*present, *members), **complete | fields)


def adopt(**fields: Any) -> AdoptPlan:
    """A command to adopt a complete IEP."""
    complete: dict[str, Any] = {
        "effective_on": BEGIN,
        "items": iep_items(),
        "today": BEGIN,
        "rules": Rules(),
        "meeting": meeting(),
    }
    return AdoptPlan(**complete | fields)


def reported(on: date) -> Reported:
    """It had happened already."""
    return Reported(source="paper file", reason="decided before the district used Handrail", occurred_on=on)
