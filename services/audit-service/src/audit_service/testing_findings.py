"""One student's history, told in lines: what happened on which day, recorded on which; and what is found of it.

The school is that of law.md 8. Everything not said is ordinary.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

from audit_service.domain.findings.district import District
from audit_service.domain.findings.finding import Finding
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.rules import judge
from contracts.district import DistrictProfileSet, SchoolYear
from contracts.event import Actor, Event, Recorded
from contracts.items import (
    Accommodation,
    ActivityLimited,
    AnyItem,
    AssistiveTechnology,
    ExtendedSchoolYear,
    Goal,
    Objective,
    Placement,
    PresentLevels,
    ProgressSchedule,
    Service,
    SpecialFactor,
    Transition,
)
from contracts.plan import PlanAdopted, PlanEvent
from contracts.rule_profile import RuleProfiles
from contracts.shipped_profiles import shipped_profiles
from contracts.students import (
    Held,
    HolderPersonalData,
    Rights,
    RightsHolderConfirmed,
    StudentPersonalData,
    StudentRegistered,
)
from contracts.testing import an_id
from contracts.vocabulary import Period, PlanKind, RightsGround

MIRA, MOTHER = an_id("Mira"), an_id("Mira's mother")
IEP, PLAN_504 = an_id("Mira's IEP"), an_id("Mira's 504 plan")
READING, SPEECH, TIME, GOAL, STEP = (an_id(name) for name in ("reading", "speech", "time", "goal", "step"))
PLACE, AFTER_SCHOOL, REPORTS = an_id("placement"), an_id("transition"), an_id("reports")
SLP, TEACHER, SPECIAL = an_id("SLP"), an_id("teacher"), an_id("special education teacher")
BORN = date(2010, 6, 20)
OFF = (
    *(date(2025, m, d) for m, d in ((9, 1), (10, 13), (11, 11), (11, 27), (11, 28))),
    *(date(2025, 12, 22) + timedelta(n) for n in range(12)), date(2026, 1, 19),
    *(date(2026, 2, 16) + timedelta(n) for n in range(5)), *(date(2026, 3, 30) + timedelta(n) for n in range(5)),
    date(2026, 5, 25),
)  # fmt: skip
YEARS = (
    SchoolYear(first_on=date(2025, 8, 25), last_on=date(2026, 6, 12), days_off=OFF),
    SchoolYear(first_on=date(2026, 8, 24), last_on=date(2027, 6, 11)),
)


def day(text: str) -> date:
    """``9-22`` is of the school year 2025-2026; a whole date is itself."""
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 3:
        return date(*parts)
    return date(2025 if parts[0] >= 8 else 2026, *parts)


class History:
    """What happened; each line a day and an event."""

    def __init__(
        self, rules: str = "federal@2026-1", *, partial_consent: bool = True, born: date = BORN
    ) -> None:
        self.entries: list[Recorded[Event]] = []
        self.district: list[Recorded[Event]] = []
        self._profile(rules, partial_consent)
        personal = StudentPersonalData(given_name="Mira", family_name="Quill", birth_date=born)
        self.add("2025-08-01", StudentRegistered, student_id=MIRA, personal=personal, home_language="es")
        self.holder()

    def _profile(self, rules: str, partial_consent: bool) -> None:
        said = DistrictProfileSet(
            effective_on=date(2025, 7, 1), name="Lakeside", time_zone="America/Chicago", state_profile=rules,
            languages=("en", "es"), calendar=YEARS, partial_consent=partial_consent, notice_days=5, mailing_days=3,
        )  # fmt: skip
        self.district.append(self._recorded(said, "district", date(2025, 7, 1)))

    def holder(self, holder: UUID = MOTHER, ground: RightsGround = RightsGround.BIOLOGICAL_PARENT, on: str = "2025-08-01",
               language: str = "es", until: date | None = None) -> "History":  # fmt: skip
        """Somebody who holds all rights."""
        held = Held(starts_on=day(on), ends_on=until)
        return self.add(
            on, RightsHolderConfirmed, student_id=MIRA, holder_id=holder, personal=HolderPersonalData(name="Elena Quill"),
            ground=ground, rights=Rights(decision=held, record=held, notice=held, contact=held), language=language,
            confirmed_by="director",
        )  # fmt: skip

    def add(
        self,
        on: str,
        of: type[Event],
        /,
        *,
        recorded: str | None = None,
        stream: str | None = None,
        **fields: Any,
    ) -> "History":
        """An event of a day, recorded the same day unless said."""
        event = of(effective_on=day(on), **fields)
        if stream is None:
            of_a_plan = issubclass(of, get_args(PlanEvent))
            stream = f"plan/{fields['plan_id']}" if of_a_plan else f"student/{MIRA}"
        known = day(recorded or on)
        last = self.entries[-1].recorded_at.date() if self.entries and recorded is None else known
        self.entries.append(self._recorded(event, stream, max(known, last) if recorded is None else known))
        return self

    def staff(self, on: str, of: type[Event], /, **fields: Any) -> "History":
        """Something of the staff."""
        event = of(effective_on=day(on), **fields)
        self.district.append(self._recorded(event, f"staff/{fields['staff_id']}", day(on)))
        return self

    def iep(self, on: str, *items: AnyItem, kind: PlanKind = PlanKind.IEP, **fields: Any) -> "History":
        """A whole plan is adopted; without items the usual one."""
        plan = IEP if kind is PlanKind.IEP else PLAN_504
        return self.add(on, PlanAdopted, plan_id=plan, kind=kind, items=items or usual(day(on)), **fields)

    def without(self, kind: type[Event]) -> "History":
        """The same without events of a kind."""
        self.entries = [entry for entry in self.entries if not isinstance(entry.event, kind)]
        return self

    @property
    def last(self) -> UUID:
        """The id of the event that was told last."""
        return self.entries[-1].id

    def record(self, on: str, known: str | None = None) -> StudentRecord:
        """As of a day, as known at the end of another; everything, unless said."""
        until = datetime.combine(day(known), time(23, 59), UTC) if known else None
        entries = [e for e in self.entries if until is None or (e.known_at and e.known_at <= until)]
        profiles: RuleProfiles = shipped_profiles()
        return StudentRecord(MIRA, day(on), tuple(entries), District(profiles, tuple(self.district)))

    def find(self, rule: str, on: str, known: str | None = None) -> list[Finding]:
        """What is found under a rule."""
        return list(judge(self.record(on, known), rule).findings)

    def one(self, rule: str, on: str, known: str | None = None) -> tuple[str, str]:
        """State and sentence of the only finding; of several the one that is worst."""
        order = ["missed", "overdue", "met_late", "unproven", "due", "excused", "met", "not_applicable"]
        found = sorted(self.find(rule, on, known), key=lambda each: order.index(each.state.value))
        assert found, f"nothing is found under {rule}"
        return found[0].state.value, found[0].told(day(on), NAMES)

    def _recorded(self, event: Event, stream: str, on: date) -> Recorded[Event]:
        place = len(self.entries) + len(self.district)
        at = datetime.combine(on, time(18), UTC) + timedelta(seconds=place)
        return Recorded(
            event=event, id=an_id(f"event {place}"), source="plan", tenant="lakeside", subject=MIRA, stream=stream, version=place,
            recorded_at=at, actor=Actor(id="a-person", role="case_manager"), correlation="r", position=place, index=place,
            known_at=at,
        )  # fmt: skip


NAMES = {
    str(SPEECH): "speech", str(READING): "reading", str(TIME): "extended time", str(TEACHER): "Mr. Lee", str(SLP): "Ms. Fox",
    str(STEP): "20 of 60 objects", str(SPECIAL): "Ms. Hall",
}  # fmt: skip


def service(
    item: UUID = SPEECH, minutes: int = 30, code: str = "speech_language_therapy", starts: date | None = None
) -> Service:
    return Service(id=item, service=code, minutes=minutes, per=Period.WEEK, sessions_per=1, location="Room 12",
                   provider_role="speech_language_pathologist", starts_on=starts, ends_on=date(2027, 6, 30))  # fmt: skip


def usual(starts: date, *left_out: str) -> tuple[AnyItem, ...]:
    """An IEP that says all it must, but for kinds that are left out."""
    factors = ("behavior", "limited_english", "braille", "communication", "deafness")
    items: list[AnyItem] = [
        PresentLevels(id=an_id("levels"), area="reading", statement="Reads 38 words a minute.", effect="Texts take longer.",
                      strengths="Listens.", parents_concerns="Homework.", evaluation="Slow.", needs="Practice."),
        Goal(id=GOAL, statement="Sorts 60 objects into groups without help.", baseline=Decimal(0), target=Decimal(60),
             unit="objects", measure_method="Counted.", due_on=date(2026, 12, 1), area="adaptive"),
        Objective(id=STEP, goal=GOAL, order=1, target=Decimal(20), unit="objects", due_on=date(2026, 1, 30)),
        service(starts=starts),
        Placement(id=PLACE, setting="regular_class_80_or_more", percent_with_peers=Decimal(85), explanation="Speech apart.",
                  alternatives_considered="All day in class."),
        ProgressSchedule(id=REPORTS, how="Counted.", report_dates=(date(2026, 1, 30), date(2026, 4, 10), date(2026, 6, 12))),
        AssistiveTechnology(id=an_id("AT"), considered=True, need="Not needed: she reads print."),
        ExtendedSchoolYear(id=an_id("ESY"), considered=True, needed=False, reason="Keeps what she learned."),
        Accommodation(id=TIME, what="Extended time", where=("test",), responsible_role="regular_education_teacher", since=starts),
        *(factor(name) for name in factors),
    ]  # fmt: skip
    return tuple(item for item in items if item.kind not in left_out)


def factor(name: str) -> SpecialFactor:
    said = {
        "id": an_id(name),
        "kind": "special_factor",
        "factor": name,
        "answer": "no",
        "reason": "Looked at.",
    }
    return SpecialFactor.model_validate(said)


def plan_504(starts: date) -> tuple[AnyItem, ...]:
    return (
        ActivityLimited(id=an_id("limited"), activity="eating", how="Type 1 diabetes."),
        Accommodation(id=TIME, what="Stop-the-clock tests", responsible_role="test_coordinator", since=starts),
        AssistiveTechnology(id=an_id("AT 504"), considered=True, need="The phone reads the sensor.", provided_by="the family",
                            bought_by="nobody", trained_by="the nurse"),
        Placement(id=PLACE, setting="regular_class_80_or_more", percent_with_peers=Decimal(100)),
    )  # fmt: skip


def transition(told: date | None = None) -> Transition:
    return Transition(id=AFTER_SCHOOL, training="A course.", education="College.", employment="A print shop.",
                      assessments="Inventory.", services="Visits.", courses="Art.", told_of_rights_on=told)  # fmt: skip
