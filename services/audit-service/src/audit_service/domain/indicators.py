"""What the state asks every year: SPP/APR indicators 11, 12 and 13, and the counts of IDEA section 618.

Each number has the children behind it. Our sources are thin here: the rules behind the indicators are those of law.md 5
(300.301(c), 300.124 with 300.323(b), 300.320(b) with 300.321(b)); the layout of a state's own files, its age groups and its
edit checks are the state's, and nothing here replaces them. A school year runs from 1 July to 30 June; children are counted on
1 December unless another day is given, because that is the day most states name (20 USC 1418: between 1 October and
1 December).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from audit_service.domain.findings.discipline import removals as removals_of
from audit_service.domain.findings.engine import judge
from audit_service.domain.findings.evaluation import found_eligible, referrals
from audit_service.domain.findings.finding import State
from audit_service.domain.findings.plan import PlanFacts
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.transition import reached
from contracts.codes import label
from contracts.discipline import RemovalRecorded
from contracts.evaluations import EligibilityDetermined, EvaluationConsentAnswered, IdeaDetermination
from contracts.items import Placement, Transition
from contracts.plan import PlanAdopted, PlanEnded
from contracts.removal_days import TEN, removed_days
from contracts.vocabulary import Law

YOUNGEST, OLDEST = 3, 21
"""Ages on the day of the count, 20 USC 1418 and 1412(a)(1)(A)."""
_PARTS = ("training", "education", "employment", "assessments", "services", "courses")


@dataclass(frozen=True, slots=True)
class Counted:
    """One child in one line of a report; ``counted`` is the numerator, where the line is a share of children."""

    line: str
    counted: bool
    why: str


@dataclass(frozen=True, slots=True)
class Year:
    """A school year, and the day on which children are counted in it."""

    first: date
    last: date
    count_on: date


def year_of(begins: int, count_on: date | None = None) -> Year:
    """The school year that begins on 1 July of a calendar year."""
    return Year(date(begins, 7, 1), date(begins + 1, 6, 30), count_on or date(begins, 12, 1))


Line = Callable[[StudentRecord, Year], Iterator[Counted]]


def child_find(record: StudentRecord, year: Year) -> Iterator[Counted]:
    """Indicator 11: children with consent to a first evaluation whose time ran out in the year, and of them those evaluated
    in time. Those whom the exceptions of 300.301(d) concern are left out."""
    for finding in judge(record, "idea.evaluation-60").findings:
        if finding.due_on is None or not year.first <= finding.due_on <= year.last:
            continue
        if finding.state not in (State.EXCUSED, State.NOT_APPLICABLE, State.DUE):
            yield Counted("evaluated in time", finding.state is State.MET, finding.told(record.today, {}))


def early_childhood(record: StudentRecord, year: Year) -> Iterator[Counted]:
    """Indicator 12: children referred by early intervention (Part C) before their third birthday and found eligible, who turned
    three in the year, and of them those with an IEP in effect on that day. Whether the parent delayed it is not on record."""
    if record.birth_date is None:
        return
    third = reached(record.birth_date, YOUNGEST)
    by = [
        e
        for e in referrals(record, Law.IDEA).values()
        if e.event.source == "early_intervention" and e.effective_on < third
    ]
    if not by or not found_eligible(record) or not year.first <= third <= year.last or third > record.today:
        return
    in_effect = record.iep_on(third) is not None
    yield Counted(
        "IEP in effect at three",
        in_effect,
        f"Turned three on {third}: {'an' if in_effect else 'no'} IEP in effect.",
    )


def secondary_transition(record: StudentRecord, year: Year) -> Iterator[Counted]:
    """Indicator 13: students of 16 or more with an IEP on the day of the count, and of them those whose IEP says the
    postsecondary goals, assessments, services and courses, and who were invited to the meeting that discussed them, outside
    agencies only with consent."""
    plan = record.iep_on(year.count_on)
    if plan is None or record.birth_date is None or year.count_on > record.today:
        return
    if reached(record.birth_date, 16) > year.count_on:
        return
    parts = [i for i in plan.items_on(year.count_on).values() if isinstance(i, Transition)]
    lacks = [name for name in _PARTS if all(getattr(part, name) is None for part in parts)]
    invited = [f for f in judge(record, "idea.transition-invites").findings if f.trigger_on <= year.count_on]
    uninvited = bool(invited) and invited[-1].state is not State.MET
    why = "Has all that transition needs."
    if lacks or uninvited:
        why = (
            f"Lacks {', '.join(lacks)}."
            if lacks
            else "The student, or consent to invite an agency, is missing."
        )
    yield Counted("transition complete", not lacks and not uninvited, why)


def _on_count_day(record: StudentRecord, year: Year) -> tuple[PlanFacts, int] | None:
    plan = record.iep_on(year.count_on)
    if plan is None or record.birth_date is None or year.count_on > record.today:
        return None
    age = year.count_on.year - record.birth_date.year
    age -= reached(record.birth_date, age) > year.count_on
    return (plan, age) if YOUNGEST <= age <= OLDEST else None


def child_count(record: StudentRecord, year: Year) -> Iterator[Counted]:
    """Section 618: children of 3 to 21 with an IEP in effect on the day of the count, by the category of their latest
    eligibility."""
    found = _on_count_day(record, year)
    if found is None:
        return
    said = [e for e in found_eligible(record) if e.effective_on <= year.count_on]
    determination = said[-1].event.determination if said else None
    categories = determination.categories if isinstance(determination, IdeaDetermination) else ()
    line = "+".join(label("idea_category", code) for code in categories) or "category not on record"
    yield Counted(line, True, f"Age {found[1]}, IEP in effect on {year.count_on}.")


def settings(record: StudentRecord, year: Year) -> Iterator[Counted]:
    """Section 618: the same children by the educational environment that their IEP names on that day."""
    found = _on_count_day(record, year)
    if found is None:
        return
    placed = next((i for i in found[0].items_on(year.count_on).values() if isinstance(i, Placement)), None)
    line = (
        label("placement_setting", placed.setting) if placed and placed.setting else "setting not on record"
    )
    yield Counted(line, True, f"Age {found[1]}, on {year.count_on}.")


def exits(record: StudentRecord, year: Year) -> Iterator[Counted]:
    """Section 618: children of 14 to 21 whose IEP ended in the year, by the reason; an end that was undone is none."""
    if record.birth_date is None:
        return
    for plan in record.ieps:
        for end in plan.ends:
            day = end.effective_on
            of_age = reached(record.birth_date, 14) <= day < reached(record.birth_date, OLDEST + 1)
            if year.first <= day <= year.last and of_age and not plan.binds_on(day):
                yield Counted(end.event.reason.value.replace("_", " "), True, f"Ended {day}.")


def removals(record: StudentRecord, year: Year) -> Iterator[Counted]:
    """Section 618: children with an IEP who were removed for discipline in the year: in all ten school days or fewer, or more."""
    mine = [
        r
        for r in removals_of(record)
        if year.first <= r.starts_on <= year.last and record.iep_on(r.starts_on)
    ]
    if not mine:
        return
    days = sum(removed_days(mine, record.district.calendar).values(), Decimal(0))
    line = "more than 10 days" if days > TEN else "10 days or fewer"
    yield Counted(line, True, f"{days} school days in {len(mine)} removals.")


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is asked, and whom it may concern: students with an event of one of these types."""

    title: str
    line: Line
    concerns: tuple[str, ...]
    share: bool
    """A share of children; otherwise a count."""


INDICATORS: Mapping[str, Indicator] = {
    "11": Indicator("Indicator 11: evaluated in time", child_find, (EvaluationConsentAnswered.type,), True),
    "12": Indicator("Indicator 12: IEP at three", early_childhood, (EligibilityDetermined.type,), True),
    "13": Indicator("Indicator 13: transition", secondary_transition, (PlanAdopted.type,), True),
    "child-count": Indicator("Child count", child_count, (PlanAdopted.type,), False),
    "settings": Indicator("Educational environments", settings, (PlanAdopted.type,), False),
    "exits": Indicator("Exits", exits, (PlanEnded.type,), False),
    "removals": Indicator("Disciplinary removals", removals, (RemovalRecorded.type,), False),
}
"""By the name in the address."""
