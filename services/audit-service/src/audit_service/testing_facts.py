"""Facts that tests write: a student, a rights holder, a 504 plan, sessions, notices. Everything not said is ordinary."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from contracts.district import SchoolAdded, StaffAdded, StaffPersonalData
from contracts.event import Event
from contracts.items import Accommodation, ActivityLimited, Add, Goal, Service
from contracts.notify import NoticeGiven, NoticeOwed, NoticeSent
from contracts.plan import (
    AmendmentAdopted,
    AmendmentPersonalData,
    AmendmentProposed,
    DraftOpened,
    PlanAdopted,
    TeamMeeting,
)
from contracts.progress import BenchmarkMeasured, ServiceDelivered, SessionMissed
from contracts.students import (
    Held,
    HolderPersonalData,
    ReleasePersonalData,
    ReleaseSigned,
    Rights,
    RightsHolderConfirmed,
    StudentPersonalData,
    StudentRegistered,
)
from contracts.testing import an_id
from contracts.vocabulary import (
    Channel,
    ConsentMethod,
    GivenBasis,
    NoticeKind,
    Period,
    PlanKind,
    RecordKind,
    ReleasePurpose,
    RightsGround,
)

JONAS = an_id("Jonas Feld")
FATHER = an_id("Karl Feld")
JONAS_AS_HOLDER = an_id("Jonas Feld as rights holder")
PLAN = an_id("the 504 plan")
DANA = an_id("Dana Reed")
SNACKS, TESTS, NURSE = an_id("snacks"), an_id("stop-clock tests"), an_id("nurse's checks")
ADOPTED_ON = date(2025, 9, 23)


def registered(student: UUID = JONAS, given: str = "Jonas", family: str = "Feld", born: date = date(2008, 3, 3),
               *external_ids: str) -> Event:  # fmt: skip
    personal = StudentPersonalData(given_name=given, family_name=family, birth_date=born)
    return StudentRegistered(
        effective_on=date(2025, 8, 1), student_id=student, personal=personal, external_ids=external_ids
    )


def dana() -> Event:
    personal = StaffPersonalData(given_name="Dana", family_name="Reed")
    return StaffAdded(effective_on=date(2025, 8, 1), staff_id=DANA, personal=personal)


def school() -> Event:
    return SchoolAdded(effective_on=date(2025, 8, 1), school_id=an_id("school"), name="Lakeside High")


def confirmed(holder: UUID = FATHER, name: str = "Karl Feld", ground: RightsGround = RightsGround.BIOLOGICAL_PARENT,
              since: date = date(2025, 8, 1), until: date | None = None) -> Event:  # fmt: skip
    held = Held(starts_on=since, ends_on=until)
    return RightsHolderConfirmed(
        effective_on=since, student_id=JONAS, holder_id=holder, personal=HolderPersonalData(name=name), ground=ground,
        rights=Rights(decision=held, record=held, notice=held, contact=held), language="en", confirmed_by=str(DANA),
    )  # fmt: skip


def rights_transferred() -> tuple[Event, Event]:
    """At eighteen: the father keeps notice only, the student holds all."""
    eighteen = date(2026, 3, 3)
    notice = Held(starts_on=date(2025, 8, 1))
    father = RightsHolderConfirmed(
        effective_on=eighteen, student_id=JONAS, holder_id=FATHER, personal=HolderPersonalData(name="Karl Feld"),
        ground=RightsGround.BIOLOGICAL_PARENT, rights=Rights(notice=notice), language="en", confirmed_by=str(DANA),
    )  # fmt: skip
    return father, confirmed(JONAS_AS_HOLDER, "Jonas Feld", RightsGround.ADULT_STUDENT, eighteen)


def release(
    name: str = "release", holder: UUID = JONAS_AS_HOLDER, on: date = date(2026, 4, 13), **fields: object
) -> ReleaseSigned:
    given: dict[str, object] = {
        "effective_on": on, "student_id": JONAS, "release_id": an_id(name), "holder_id": holder,
        "personal": ReleasePersonalData(recipient="North College, Disability Office"),
        "purpose": ReleasePurpose.COLLEGE, "records": (RecordKind.PLAN, RecordKind.ACCOMMODATIONS),
        "method": ConsentMethod.PAPER_SIGNATURE,
    }  # fmt: skip
    return ReleaseSigned.model_validate(given | fields)


def accommodation(item: UUID, what: str) -> Accommodation:
    return Accommodation(id=item, what=what, need="Blood glucose changes quickly.", where=("class", "test"),
                         responsible_role="special_education_teacher")  # fmt: skip


def items() -> tuple[ActivityLimited | Accommodation | Service, ...]:
    return (
        ActivityLimited(id=an_id("activity"), activity="endocrine_function", how="Type 1 diabetes."),
        accommodation(SNACKS, "May eat a snack whenever it is needed"),
        accommodation(TESTS, "Stop-the-clock breaks in tests"),
        Service(id=NURSE, service="school_health", minutes=30, per=Period.WEEK, location="Nurse's office"),
    )


def draft_opened() -> Event:
    return DraftOpened(
        effective_on=date(2025, 9, 19), plan_id=PLAN, student_id=JONAS, kind=PlanKind.SECTION_504
    )


def adopted(on: date = ADOPTED_ON) -> Event:
    return PlanAdopted(effective_on=on, plan_id=PLAN, kind=PlanKind.SECTION_504, meeting_id=an_id("meeting"),
                       items=items(), review_due_on=date(2026, 9, 19))  # fmt: skip


def proposed(what: str = "May keep the phone for the sensor", name: str = "amendment") -> Event:
    return AmendmentProposed(
        effective_on=date(2025, 10, 1), plan_id=PLAN, amendment_id=an_id(name),
        basis=TeamMeeting(meeting_id=an_id("meeting")),
        changes=({"op": "replace", "item": accommodation(SNACKS, what).model_dump(exclude_none=True)},),  # type: ignore[arg-type]
        personal=AmendmentPersonalData(reason="The new sensor reports to a phone."),
    )  # fmt: skip


def amended(
    on: date = date(2025, 10, 20), what: str = "May keep the phone for the sensor", name: str = "amendment"
) -> Event:
    return AmendmentAdopted(
        effective_on=on, plan_id=PLAN, amendment_id=an_id(name),
        changes=({"op": "replace", "item": accommodation(SNACKS, what).model_dump(exclude_none=True)},),  # type: ignore[arg-type]
    )  # fmt: skip


def session(on: date, minutes: int = 30, name: str | None = None) -> Event:
    return ServiceDelivered(effective_on=on, session_id=an_id(name or f"session {on}"), student_id=JONAS, plan_id=PLAN,
                            item_id=NURSE, minutes=minutes)  # fmt: skip


def missed(on: date, minutes: int = 30) -> Event:
    return SessionMissed(effective_on=on, session_id=an_id(f"missed {on}"), student_id=JONAS, plan_id=PLAN,
                         item_id=NURSE, minutes=minutes, reason="provider_absent")  # fmt: skip


def measured(on: date, value: int) -> Event:
    return BenchmarkMeasured(effective_on=on, measurement_id=an_id(f"result {on}"), student_id=JONAS, plan_id=PLAN,
                             item_id=TESTS, value=Decimal(value), unit="objects")  # fmt: skip


GOAL = an_id("goal of sorting")


def goal_added(on: date = date(2025, 10, 20)) -> Event:
    """The plan gets a goal: 60 objects by 15 June."""
    item = Goal(id=GOAL, statement="Sorts 60 objects by kind.", baseline=Decimal(0), target=Decimal(60), unit="objects",
                due_on=date(2026, 6, 15))  # fmt: skip
    return AmendmentAdopted(
        effective_on=on, plan_id=PLAN, amendment_id=an_id("a goal"), changes=(Add(item=item),)
    )


def sorted_objects(on: date, value: int) -> Event:
    """A result for that goal."""
    return BenchmarkMeasured(effective_on=on, measurement_id=an_id(f"sorted {on}"), student_id=JONAS, plan_id=PLAN,
                             item_id=GOAL, value=Decimal(value), unit="objects")  # fmt: skip


def notice(on: date = date(2025, 10, 2)) -> tuple[Event, Event, Event]:
    """Owed, sent by e-mail, given."""
    of = {
        "notice_id": an_id("notice"),
        "holder_id": FATHER,
        "plan_id": PLAN,
        "amendment_id": an_id("amendment"),
    }
    kind = NoticeKind.SECTION_504_NOTICE
    return (
        NoticeOwed.model_validate({**of, "effective_on": on, "student_id": JONAS, "kind": kind,
                                   "caused_by": an_id("cause"), "language": "en"}),
        NoticeSent.model_validate({"effective_on": on, "notice_id": of["notice_id"], "delivery_id": an_id("mail"),
                                   "channel": Channel.EMAIL, "personal": {"name": "Karl Feld"}, "answer": "250 OK"}),
        NoticeGiven.model_validate({**of, "effective_on": on, "kind": kind, "channel": Channel.EMAIL,
                                    "basis": GivenBasis.EMAIL_ACCEPTED}),
    )  # fmt: skip
