"""What tests about plans write of the people's side straight into the store: a child, her mother, a district, a meeting."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from contracts.district import DistrictProfileSet
from contracts.evaluations import EligibilityDetermined, IdeaDetermination, Section504Determination
from contracts.event import Event
from contracts.ids import new_id
from contracts.initial_services import ServicesConsentAnswered
from contracts.meetings import AttendanceRecorded, MeetingHeld, MeetingScheduled, StaffPerson
from contracts.students import (
    ContactPersonalData,
    ContactProposed,
    Held,
    HolderPersonalData,
    Rights,
    RightsHolderConfirmed,
    StudentPersonalData,
    StudentRegistered,
)
from contracts.vocabulary import (
    Attendance,
    ConsentDecision,
    ConsentMethod,
    MeetingPurpose,
    RightsGround,
)
from plan_service.application.models import DISTRICT, MEETING, STUDENT
from plan_service.application.situation import day_of_district
from plan_service.testing_plans import AUNT, MOTHER, TEAM
from runtime.append_request import Change
from runtime.stream_model import Model
from runtime.tenants import subject_of
from runtime.testing import Opened

TENANT = "sandbox-lakeside"
CHILD = new_id()


async def record(
    plan: Opened, model: Model[Any], stream: Sequence[object], events: Sequence[Event], subject: UUID = CHILD
) -> None:
    """Events of the people's side, as its own routes would append them."""
    loaded = await plan.store.load(plan.tenant, model, *stream)
    await plan.store.append(plan.context(), [Change(loaded, subject, events)])


async def today_of(plan: Opened) -> date:
    return (await day_of_district(plan.store, plan.tenant)).today


async def set_profile_from(
    plan: Opened, day: date, state_profile: str, *, partial_consent: bool = True
) -> None:
    """The district is under these rules from a day on, as its stream says it: nobody asks whether they are shipped."""
    district = await subject_of(plan.store, plan.tenant)
    assert district is not None
    await record(plan, DISTRICT, [], [
        DistrictProfileSet(
            effective_on=day, name="Lakeside", time_zone="America/Chicago", state_profile=state_profile,
            languages=("en", "es"), partial_consent=partial_consent, notice_days=10, mailing_days=3,
        )
    ], district)  # fmt: skip


async def with_student(
    plan: Opened, *, partial_consent: bool = True, profile_from: date = date(2015, 1, 1),
    state_profile: str = "federal@2026-1", consented: bool = True, eligible: bool = True,
) -> date:  # fmt: skip
    """A child with a mother who decides, a district with ten days of notice; returns today.

    ``consented``: the mother has agreed to the first services; ``eligible``: the child was found so, under both laws.
    """
    await set_profile_from(plan, profile_from, state_profile, partial_consent=partial_consent)
    today = await today_of(plan)
    await with_child(plan, CHILD, today, consented=consented, eligible=eligible)
    return today


async def with_child(
    plan: Opened, child: UUID, today: date, *, consented: bool = True, eligible: bool = True
) -> None:
    """A child with a mother who decides, and an aunt who does not."""
    held = Held(starts_on=date(2015, 1, 1))
    personal = StudentPersonalData(given_name="Mira", family_name="Quill", birth_date=date(2015, 1, 1))
    await record(plan, STUDENT, [child], [
        StudentRegistered(effective_on=today, student_id=child, personal=personal),
        ContactProposed(
            effective_on=today, student_id=child, contact_id=AUNT,
            personal=ContactPersonalData(given_name="Ines", family_name="Quill"),
        ),
        RightsHolderConfirmed(
            effective_on=today, student_id=child, holder_id=MOTHER, personal=HolderPersonalData(name="R. Quill"),
            ground=RightsGround.BIOLOGICAL_PARENT, rights=Rights(decision=held, notice=held, contact=held),
            language="es", confirmed_by="registrar",
        ),
        *([_consent_to_services(today, child)] if consented else []),
        *(found_eligible(today, child) if eligible else []),
    ], child)  # fmt: skip


def found_eligible(on: date, child: UUID, *, eligible: bool = True) -> list[EligibilityDetermined]:
    """Under both laws, each by its own rule; or under neither."""
    idea = IdeaDetermination(
        eligible=eligible, categories=("speech_or_language_impairment",), needs_special_education=eligible
    )
    section_504 = Section504Determination(eligible=eligible, impairment="Asthma")
    return [
        EligibilityDetermined(
            effective_on=on, student_id=child, eligibility_id=new_id(), determination=determination
        )
        for determination in (idea, section_504)
    ]


def _consent_to_services(on: date, child: UUID) -> ServicesConsentAnswered:
    return ServicesConsentAnswered(
        effective_on=on, student_id=child, services_consent_id=new_id(), holder_id=MOTHER, counts=True,
        decision=ConsentDecision.ACCEPTED, method=ConsentMethod.PAPER_SIGNATURE,
    )  # fmt: skip


async def held_meeting(plan: Opened, on: date, *, held: bool = True) -> UUID:
    """A meeting of the whole team."""
    meeting_id = new_id()
    events: list[Event] = [
        MeetingScheduled(
            effective_on=on, meeting_id=meeting_id, student_id=CHILD, purpose=MeetingPurpose.INITIAL,
            starts_at="2026-01-01T15:00:00Z",  # type: ignore[arg-type]
        )
    ]  # fmt: skip
    if held:
        events += [
            AttendanceRecorded(
                effective_on=on, meeting_id=meeting_id, person=StaffPerson(staff_id=new_id()), roles=(role,),
                attendance=Attendance.PRESENT,
            )
            for role in TEAM
        ]  # fmt: skip
        events.append(MeetingHeld(effective_on=on, meeting_id=meeting_id, parent_present=True))
    await record(plan, MEETING, [meeting_id], events)
    return meeting_id
