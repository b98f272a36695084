"""What was promised and what was given: 34 CFR 300.323(c)(2), 300.320(a)(3)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import ONE_DAY, Finding, State
from audit_service.domain.findings.plan import PlanFacts
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.session import SessionFacts
from contracts.event import Recorded
from contracts.items import AnyItem, Goal, Objective, Service
from contracts.progress import BenchmarkMeasured, MeasurementVoided
from contracts.promises import PromisedServices
from contracts.school_days import bounds_of
from contracts.vocabulary import Period


def services(record: StudentRecord) -> Iterator[tuple[PlanFacts, Service]]:
    """Every service an IEP ever promised, in its first text."""
    for plan in record.ieps:
        for line in plan.lines.items.values():
            texts = [change.item for change in sorted(line, key=lambda each: each.key)]
            first = next((item for item in texts if isinstance(item, Service)), None)
            if first is not None:
                yield plan, first


@rule("idea.services-start")
def services_begin(record: StudentRecord) -> Iterator[Finding]:
    """Each service begins as soon as possible after the IEP and, the first time, the consent, or on the later day the plan
    names. Federal law names no number; where the state does, its time runs from the day of the plan."""
    for plan, service in services(record):
        changes = [c.effective_on for c in plan.lines.items[service.id] if c.item is not None]
        begins = max(min(changes), service.starts_on or min(changes))
        if begins > record.today:
            yield record.finding(
                "idea.services-start", service.id, begins, "", state=State.DUE, due=f"{{{service.id}}} begins on {begins}.",
                plan=plan.plan_id, item=service.id, wakes_on=begins,
            )  # fmt: skip
            continue
        first = next((s for s in record.sessions if s.item_id == service.id and not s.missed), None)
        ended = first is None and service.id not in plan.items_on(record.today)
        yield record.finding(
            "idea.services-start", service.id, begins, f"{{{service.id}}} from {begins}: no session."
            if first is None else f"{{{service.id}}} from {begins}: first session {first.on}.",
            state=State.NOT_APPLICABLE if ended else None, due_on=record.due("idea.services-start", begins),
            done_on=first.on if first else None,
            kept="It ended before it began." if ended else f"{{{service.id}}} from {begins}: first session {first.on if first else ''}.",
            due=f"{{{service.id}}} from {begins}: no session.", events=(first.entry if first else None,), plan=plan.plan_id,
            item=service.id, cure="Begin the service.",
        )  # fmt: skip


@rule("idea.minutes")
def promised_minutes_are_given(record: StudentRecord) -> Iterator[Finding]:
    """In each period of a service the minutes given and made up come to those promised. A short period stays open until what
    is missing was made up. No reason takes minutes off what is owed: an absence or a day without school is the profile's to
    excuse. Periods in which the text began, changed or ended owe for its days alone (see `contracts.promises`)."""
    today = record.today
    for plan in record.ieps:
        promised = PromisedServices(plan.history)
        for item_id, service in promised.services().items():
            if service.per is None or service.per is Period.TERM:
                continue
            given = _given_by_day(record, item_id)
            kept, short, wakes = 0, 0, None
            for first, last in _periods(plan, service, today):
                if last >= today:
                    wakes = last + ONE_DAY
                    break
                owed = sum(
                    (
                        each.minutes or Fraction(0)
                        for each in promised.owed(item_id, first, last, record.district.days)
                    ),
                    Fraction(0),
                )
                if not owed:
                    continue
                got = sum(minutes for day, minutes in given.items() if first <= day <= last)
                # Minutes are whole: what the shares of days leave as a fraction of one is nobody's.
                if got >= int(owed):
                    kept += 1
                    continue
                short += 1
                yield record.finding(
                    "idea.minutes", f"{item_id} {first}", first,
                    f"{{{item_id}}}, {service.per.value} of {first}: {got} of {int(owed)} min.", state=State.OVERDUE,
                    facts={"from": first, "to": last, "promised": int(owed), "given": got, "short": int(owed) - got},
                    events=[s.entry for s in record.sessions if s.item_id == item_id and first <= s.on <= last],
                    due_on=last, plan=plan.plan_id, item=item_id, cure="Make the minutes up.",
                )  # fmt: skip
            if kept or wakes:
                yield record.finding(
                    "idea.minutes", f"{item_id} kept", plan.adoptions[0].effective_on, "",
                    state=State.MET if kept else State.DUE, facts={"periods kept": kept, "periods short": short},
                    kept=f"{{{item_id}}}: minutes kept in {kept} of {kept + short} periods.",
                    due=f"{{{item_id}}}: its first period is running.", plan=plan.plan_id, item=item_id, wakes_on=wakes,
                )  # fmt: skip


def _given_by_day(record: StudentRecord, item: object) -> dict[date, int]:
    """Minutes by the day they count for: a make-up counts for the day of the session it makes up."""
    of_item = [s for s in record.sessions if s.item_id == item]
    days = {s.session_id: s.on for s in of_item}
    found: dict[date, int] = defaultdict(int)
    for session in of_item:
        found[days.get(session.makes_up, session.on) if session.makes_up else session.on] += session.given
    return found


def _periods(plan: PlanFacts, service: Service, today: date) -> Iterator[tuple[date, date]]:
    day = min(min(c.effective_on for c in plan.lines.items[service.id]), today)
    while day <= today:
        first, after = bounds_of(Period(service.per or Period.WEEK), day)
        yield first, after - ONE_DAY
        day = after


@rule("idea.missed-reason")
def silent_sessions(record: StudentRecord) -> Iterator[Finding]:
    """A session that was owed is recorded within five school days (practice; the profile's number): as given, or as missed
    with its reason. Without a schedule it is asked when the service's period ends: minutes of which nobody said anything.
    A duty to record is judged by the day of the recording."""
    for plan in record.ieps:
        promised = PromisedServices(plan.history)
        for item_id, service in promised.services().items():
            if service.per is None or service.per is Period.TERM or _scheduled(record, item_id):
                continue
            for first, last in _periods(plan, service, record.today):
                if last >= record.today:
                    break
                yield from _period_on_record(record, plan, promised, item_id, first, last)
    yield from _late_records(record)


def _scheduled(_record: StudentRecord, _item: object) -> bool:
    """Whether a schedule says on which days sessions are held."""
    return False


def _period_on_record(
    record: StudentRecord,
    plan: PlanFacts,
    promised: PromisedServices,
    item_id: object,
    first: date,
    last: date,
) -> Iterator[Finding]:
    owed = sum(
        (each.minutes or Fraction(0) for each in promised.owed(item_id, first, last, record.district.days)),
        Fraction(0),
    )  # type: ignore[arg-type]
    said = sum(_said(s) for s in record.sessions if s.item_id == item_id and first <= s.on <= last)
    if int(owed) <= said:
        return
    due_on = record.due("idea.missed-reason", last)
    yield record.finding(
        "idea.missed-reason", f"{item_id} {first}", last,
        f"{{{item_id}}}, {first} to {last}: {int(owed) - said} minutes silent.", due_on=due_on,
        due=f"{{{item_id}}}, {first} to {last}: {int(owed) - said} minutes not recorded yet.",
        facts={"minutes": int(owed) - said}, plan=plan.plan_id, item=item_id,  # type: ignore[arg-type]
        cure="Record each session: given, or missed and why, with how it is made up.",
    )  # fmt: skip


def _said(session: SessionFacts) -> int:
    event = session.entry.event
    planned = getattr(event, "planned_minutes", None)
    return int(event.minutes if session.missed else max(session.given, planned or 0))  # type: ignore[attr-defined]


def _late_records(record: StudentRecord) -> Iterator[Finding]:
    for session in record.sessions:
        due_on = record.due("idea.missed-reason", session.on)
        recorded_on = record.recorded_on(session.entry)
        if due_on is None or recorded_on <= due_on:
            continue
        what = f"missed ({(session.reason or 'other').replace('_', ' ')})" if session.missed else "given"
        yield record.finding(
            "idea.missed-reason", f"{session.item_id} {session.session_id}", session.on,
            f"{{{session.item_id}}}, session of {session.on}: silent until {recorded_on}, then recorded as {what}.",
            due_on=due_on, done_on=recorded_on, events=(session.entry,), plan=session.plan_id, item=session.item_id,
            facts={"session": session.on, "recorded": recorded_on},
        )  # fmt: skip


def measurements(record: StudentRecord) -> list[Recorded[BenchmarkMeasured]]:
    """Measurements that were not struck out, by their days."""
    struck = {e.event.measurement_id for e in record.of(MeasurementVoided)}
    found = [e for e in record.of(BenchmarkMeasured) if e.event.measurement_id not in struck]
    return sorted(found, key=lambda each: each.effective_on)


def objectives(record: StudentRecord) -> Iterator[tuple[PlanFacts, Objective]]:
    """Every dated objective of an IEP, in its last text; one that was ended before its day is left out."""
    for plan in record.ieps:
        for item_id, line in plan.lines.items.items():
            last = max(line, key=lambda each: each.key)
            before = [
                each.item
                for each in sorted(line, key=lambda each: each.key)
                if isinstance(each.item, Objective)
            ]
            if before and before[-1].due_on is not None:
                withdrawn = last.item is None and last.effective_on <= before[-1].due_on
                if not withdrawn and before[-1].id == item_id:
                    yield plan, before[-1]


def missed_objectives(
    record: StudentRecord,
) -> Iterator[tuple[PlanFacts, Objective, Recorded[BenchmarkMeasured] | None]]:
    """Objectives whose day has passed and whose last measurement by then was not at the target."""
    for plan, objective in objectives(record):
        due_on = objective.due_on
        if due_on is None or due_on >= record.today or objective.target is None:
            continue
        taken = [
            e
            for e in measurements(record)
            if e.event.item_id in (objective.id, objective.goal) and e.effective_on <= due_on
        ]
        if not taken:
            continue
        goal = plan.items_on(due_on).get(objective.goal) if objective.goal else None
        value, target = taken[-1].event.value, objective.target
        if value > target if _counts_down(goal) else value < target:
            yield plan, objective, taken[-1]


def _counts_down(goal: AnyItem | None) -> bool:
    return isinstance(goal, Goal) and None not in (goal.baseline, goal.target) and goal.target < goal.baseline  # type: ignore[operator]


@rule("idea.benchmark-measured")
def benchmarks_are_measured(record: StudentRecord) -> Iterator[Finding]:
    """By its date each objective is measured, itself or by its goal. One that was taken out of the plan before is not asked."""
    for plan, objective in objectives(record):
        due_on = objective.due_on
        assert due_on is not None
        began = min(c.effective_on for c in plan.lines.items[objective.id])
        if due_on < began or not any(plan.binds_on(day) for day in (min(due_on, record.today), began)):
            continue
        taken = next(
            (
                e
                for e in measurements(record)
                if e.event.item_id in (objective.id, objective.goal) and e.effective_on >= began
            ),
            None,
        )
        ended = taken is None and not plan.binds_on(min(due_on, record.today))
        yield record.finding(
            "idea.benchmark-measured", objective.id, began, f"{{{objective.id}}} passed {due_on} unmeasured"
            + (f", measured {taken.effective_on}." if taken else "."),
            state=State.NOT_APPLICABLE if ended else None, due_on=due_on, done_on=taken.effective_on if taken else None,
            kept="The plan ended before." if ended else f"{{{objective.id}}} measured {taken.effective_on if taken else ''}, due {due_on}.",
            due=f"{{{objective.id}}} is to be measured by {due_on}.", events=(taken,), plan=plan.plan_id, item=objective.id,
            cure="Measure it.",
        )  # fmt: skip
