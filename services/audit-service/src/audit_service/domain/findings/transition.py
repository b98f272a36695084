"""Coming of age: transition, majority, and the summary at the end. 34 CFR 300.320(b)-(c), 300.520, 300.305(e)(3)."""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import ONE_DAY, Finding, State
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.waiting import waiting
from contracts.evaluations import EvaluationConsentAnswered
from contracts.event import Recorded
from contracts.initial_services import ServicesConsentAnswered
from contracts.items import AnyItem, Transition
from contracts.plan import ConsentAnswered, ExitSummaryGiven
from contracts.students import StudentEnrolled
from contracts.vocabulary import NoticeKind, PlanEnd, RightsGround

GUARDED = frozenset({RightsGround.APPOINTED_REPRESENTATIVE, RightsGround.GUARDIAN, RightsGround.COURT_ORDER})


def reached(born_on: date, age: int | Decimal) -> date:
    """The day on which somebody reaches an age that may be a fraction of years; of 29 February the next day."""
    months = born_on.month - 1 + int(Decimal(age) * 12)
    year, month = born_on.year + months // 12, months % 12 + 1
    if born_on.day <= monthrange(year, month)[1]:
        return date(year, month, born_on.day)
    return date(year, month, monthrange(year, month)[1]) + ONE_DAY


@rule("idea.transition-16")
def transition_in_force_at_16(record: StudentRecord) -> Iterator[Finding]:
    """An IEP in effect on the day a student turns 16, or reaches the state's age or grade, has its transition part; so has the
    first one after it. What counts is the version in force on that day, not one that was recorded later for a later day."""
    due_on = _transition_from(record)
    if due_on is None or not record.ieps:
        return
    began = min(plan.adoptions[0].effective_on for plan in record.ieps)
    due_on = max(due_on, began)
    yield from _in_force_by(
        record, "idea.transition-16", due_on, lambda items: any(isinstance(i, Transition) for i in items.values()),
        says=f"No transition part in force at {_age(record, due_on)}, {due_on}", kept="A transition part was in force",
        due=f"A transition part is to be in force on {due_on}.", cure="Adopt a version with a transition part.",
    )  # fmt: skip


def _age(record: StudentRecord, day: date) -> object:
    rule_ = record.rule("idea.transition-16", day)
    return rule_.age if rule_ and rule_.age is not None else 16


def _transition_from(record: StudentRecord) -> date | None:
    if record.birth_date is None:
        return None
    rules = record.district.rules_on(min(record.today, reached(record.birth_date, 16))).rule(
        "idea.transition-16"
    )
    days = [reached(record.birth_date, rules.age if rules.age is not None else 16)]
    if rules.grade is not None:
        digits = [
            (e.effective_on, (e.event.grade or "").removeprefix("grade_")) for e in record.of(StudentEnrolled)
        ]
        days += [day for day, grade in digits if grade.isdecimal() and int(grade) >= rules.grade]
    return min(days)


def _in_force_by(
    record: StudentRecord, rule_id: str, due_on: date, says_it: Callable[[Mapping[UUID, AnyItem]], bool], *, says: str,
    kept: str, due: str, cure: str,
) -> Iterator[Finding]:  # fmt: skip
    plan = record.iep_on(min(due_on, record.today))
    turning = sorted(
        {day for each in record.ieps for day in (*each.turning_days, due_on) if due_on <= day <= record.today}
    )
    done_on, made_by = None, None
    for day in turning:
        holding = record.iep_on(day)
        if holding is not None and says_it(holding.items_on(day)):
            done_on, made_by = day, holding
            break
    over = plan is None and done_on is None and record.iep_on(record.today) is None
    if over and due_on > record.today:
        return
    ahead = due_on > record.today
    ready = ahead and plan is not None and says_it(plan.items_on(record.today))
    yield record.finding(
        rule_id, due_on, due_on, says + (f", one since {done_on}." if done_on else "."),
        state=State.NOT_APPLICABLE if over else None, due_on=due_on, done_on=done_on,
        kept=f"No IEP was in effect on {due_on}." if over else f"{kept} on {done_on}.",
        due=f"{due} It is in the plan now." if ready else due,
        events=(made_by.adoption_on(done_on) if made_by and done_on else None,),
        plan=of_plan.plan_id if (of_plan := made_by or plan) else None, cure=cure, wakes_on=due_on if ahead else None,
    )  # fmt: skip


def majority_of(record: StudentRecord) -> date | None:
    """The day on which rights pass; ``None`` where none do, or the birth date is not known."""
    if record.birth_date is None:
        return None
    rules = record.district.rules_on(record.today)
    return reached(record.birth_date, rules.majority_age) if rules.rights_transfer else None


@rule("idea.majority-notice")
def told_of_rights_a_year_before_majority(record: StudentRecord) -> Iterator[Finding]:
    """From a year before the age of majority the IEP in effect says that the student was told of the rights that will pass.
    Not asked where the state passes none."""
    majority = majority_of(record)
    if majority is None or not record.ieps:
        return
    began = min(plan.adoptions[0].effective_on for plan in record.ieps)
    due_on = record.due("idea.majority-notice", majority)
    if due_on is None:
        return
    yield from _in_force_by(
        record, "idea.majority-notice", max(due_on, began),
        lambda items: any(isinstance(i, Transition) and i.told_of_rights_on is not None for i in items.values()),
        says=f"No statement by {max(due_on, began)} that the student was told of the rights that pass",
        kept="The statement was in force", due=f"The student is to be told by {due_on} of the rights that pass.",
        cure="Tell the student, and say so in the transition part.",
    )  # fmt: skip


@rule("idea.rights-transfer")
def rights_pass_at_majority(record: StudentRecord) -> Iterator[Finding]:
    """At majority the rights pass to the student: from then on the student signs, and notices go to student and parents. Not
    where somebody is guardian or was appointed to represent the student."""
    yield from waiting(record, "idea.rights-transfer")
    majority = majority_of(record)
    if (
        majority is None
        or not record.ieps
        or not any(p.binds_on(min(majority, record.today)) for p in record.ieps)
    ):
        return
    confirmed = [
        e for e in record.of_holders if getattr(e.event, "ground", None) is RightsGround.ADULT_STUDENT
    ]
    of_age = record.holders_on(majority) if majority <= record.today else ()
    guarded = [holder for holder in of_age if holder.ground in GUARDED]
    done = min(confirmed, key=lambda each: each.effective_on, default=None)
    ahead = majority > record.today
    noticed = [n for n in record.notices.values() if n.kind is NoticeKind.RIGHTS_TRANSFER and n.given]
    yield record.finding(
        "idea.rights-transfer", majority, majority, f"Majority on {majority}: the student is not on record as holding the rights."
        if done is None else f"Majority on {majority}: the rights stand with the student since {done.effective_on}.",
        state=State.EXCUSED if guarded and done is None else None, due_on=majority,
        done_on=max(done.effective_on, majority) if done and not ahead else None,
        kept="A guardian or representative decides." if guarded and done is None else f"The rights passed on {majority}.",
        due=f"The rights pass on {majority}.", events=(done, *(n.given for n in noticed)),
        facts={"told": len(noticed)}, cure="Confirm the student as rights holder; tell both.",
    )  # fmt: skip
    if ahead or guarded:
        return
    answers: list[Recorded[Any]] = [
        *record.of(ConsentAnswered), *record.of(EvaluationConsentAnswered), *record.of(ServicesConsentAnswered)
    ]  # fmt: skip
    for entry in answers:
        day = entry.effective_on
        if day >= majority and not record.is_the_student(entry.event.holder_id):
            yield record.finding(
                "idea.rights-transfer", entry.id, day, f"{day} signed by parent.", state=State.MISSED, events=(entry,),
                cure="Ask the student, who decides since majority.",
            )  # fmt: skip


@rule("idea.exit-summary")
def summary_at_exit(record: StudentRecord) -> Iterator[Finding]:
    """A student who leaves with a regular diploma or by age is given a Summary of Performance."""
    for plan in record.ieps:
        for end in plan.ends:
            if end.event.reason not in {PlanEnd.GRADUATED, PlanEnd.REACHED_MAXIMUM_AGE}:
                continue
            day = end.effective_on
            summaries = [e for e in record.of(ExitSummaryGiven) if e.event.plan_id == plan.plan_id]
            given = next((e for e in summaries if e.event.to_student), None)
            on = given.effective_on if given else None
            yield record.finding(
                "idea.exit-summary", end.id, day, f"Exited {day} without SoP" + (f", given {on}." if on else "."), due_on=day,
                done_on=on, kept=f"Exited {day}, SoP given {on}.", events=(given, end), plan=plan.plan_id,
                cure="Give the student the Summary of Performance.",
            )  # fmt: skip
