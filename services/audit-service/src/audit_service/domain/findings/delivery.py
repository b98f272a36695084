"""What was promised and what was given: 34 CFR 300.323(c)(2), 300.320(a)(3)."""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from uuid import UUID

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import ONE_DAY, Finding, State
from audit_service.domain.findings.plan import PlanFacts
from audit_service.domain.findings.record import OwedPeriod, StudentRecord
from audit_service.domain.findings.session import SessionFacts
from contracts.items import Service
from contracts.progress import MakeUpAgreed, MakeUpVoided, ScheduleEnded, ScheduleSet, SessionMissed
from contracts.promises import PromisedServices
from contracts.service_delivery import Given, counted, named_in

SAY = "Record each session: given, or missed and why, with how it is made up."


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
        first_on = first.on if first else None
        ended = first is None and service.id not in plan.items_on(record.today)
        yield record.finding(
            "idea.services-start", service.id, begins, f"{{{service.id}}} from {begins}: no session."
            if first is None else f"{{{service.id}}} from {begins}: first session {first_on}.",
            state=State.NOT_APPLICABLE if ended else None, due_on=record.due("idea.services-start", begins),
            done_on=first_on,
            kept="It ended before it began." if ended else f"{{{service.id}}} from {begins}: first session {first_on}.",
            due=f"{{{service.id}}} from {begins}: no session.", events=(first.entry if first else None,), plan=plan.plan_id,
            item=service.id, cure="Begin the service.",
        )  # fmt: skip


@rule("idea.minutes")
def promised_minutes_are_given(record: StudentRecord) -> Iterator[Finding]:
    """In each period of a service the minutes given and made up come to those promised. A short period stays open until what
    is missing was made up. Which reasons take minutes off what is owed, and what a period owes in which the text began,
    changed or ended, is the profile's convention (see `contracts.minutes_convention`)."""
    today = record.today
    for plan in record.ieps:
        promised = record.promised(plan)
        for item_id, service in promised.services().items():
            given = _counted(record, item_id)
            kept, short, wakes = 0, 0, None
            for first, last, _, owed in periods_of(record, plan, service):
                if last >= today:
                    wakes = last + ONE_DAY if item_id in plan.items_on(today) else None
                    break
                if not owed:
                    continue
                got = sum(each.delivered + each.made_up for day, each in given if first <= day <= last)
                # Minutes are whole: what the shares of days leave as a fraction of one is nobody's.
                if got >= int(owed):
                    kept += 1
                    continue
                short += 1
                yield record.finding(
                    "idea.minutes", f"{item_id} {first}", first,
                    f"{{{item_id}}}, {service.per or 'period'} of {first}: {got} of {int(owed)} min.",
                    state=State.OVERDUE,
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


def _counted(record: StudentRecord, item: UUID) -> list[tuple[date, Given]]:
    """Minutes with the day they count for, as the ledger counts them: a make-up counts for the day of what it makes up.

    Minutes under an agreement, beyond the sessions that it names, are a remedy beside the plan's own, and make no period whole.
    """
    sessions = [each.session for each in record.sessions if each.item_id == item]
    named = named_in([*record.of(MakeUpAgreed), *record.of(MakeUpVoided)])
    return [(day, given) for _, day, given in counted(sessions, record.district.convention_on, named)]


def periods_of(record: StudentRecord, plan: PlanFacts, service: Service) -> Sequence[OwedPeriod]:
    """The service's periods up to the one of today, and what each that is over owes."""
    known = record.remembered.get((plan.plan_id, service.id))
    if known is not None:
        return known
    found: list[OwedPeriod] = []
    promised, days, given = record.promised(plan), record.district.days, _counted(record, service.id)
    day = min(min(c.effective_on for c in plan.lines.items[service.id]), record.today)
    while day <= record.today:
        bounds = days.bounds(service, day)
        if bounds is not None:
            over = bounds[1] < record.today
            owed = _promised_in(record, promised, service.id, *bounds) if over else Fraction(0)
            excused = sum(each.excused for on, each in given if bounds[0] <= on <= bounds[1])
            found.append((*bounds, owed, max(owed - excused, Fraction(0))))
        day = (bounds[1] if bounds else day) + ONE_DAY
    record.remembered[plan.plan_id, service.id] = found
    return found


def _promised_in(
    record: StudentRecord, promised: PromisedServices, item_id: UUID, first: date, last: date
) -> Fraction:
    owed = promised.owed(item_id, first, last, record.district.days, record.district.convention_on)
    return sum((each.minutes or Fraction(0) for each in owed), Fraction(0))


@rule("idea.missed-reason")
def sessions_are_on_record(record: StudentRecord) -> Iterator[Finding]:
    """A session that was owed is recorded within five school days (practice; the profile's number): as given, or as missed
    with its reason. Where a schedule names the days, each of them is asked for; without one the service's period is, when it
    is over: minutes of which nobody said anything. A duty to record is judged by the day of the recording."""
    for plan in record.ieps:
        promised = record.promised(plan)
        for item_id in promised.services():
            of_item = [s for s in record.sessions if s.item_id == item_id]
            days = scheduled_days(record, item_id)
            for day in days:
                if (
                    day <= record.today
                    and promised.text_on(item_id, day)
                    and not any(s.on == day for s in of_item)
                ):
                    yield _silent(record, plan, item_id, day)
            begins, wakes = days[0] if days else None, None
            for first, last, owed, _ in periods_of(record, plan, promised.services()[item_id]):
                if last >= record.today:
                    wakes = last + ONE_DAY if item_id in plan.items_on(record.today) else None
                elif begins is None or last < begins:
                    yield from _silent_period(record, plan, item_id, first, last, int(owed))
            late = [each for s in of_item for each in _recorded_late(record, s)]
            yield from late
            ahead = min((day for day in days if day > record.today), default=None)
            yield record.finding(
                "idea.missed-reason", f"{item_id} recorded", plan.adoptions[0].effective_on, "",
                state=State.MET if len(of_item) > len(late) else State.DUE, plan=plan.plan_id, item=item_id,
                kept=f"{{{item_id}}}: {len(of_item) - len(late)} sessions recorded in time.",
                due=f"{{{item_id}}}: no session recorded in time yet.", facts={"in time": len(of_item) - len(late)},
                wakes_on=min((day for day in (ahead, wakes) if day is not None), default=None),
            )  # fmt: skip


def scheduled_days(record: StudentRecord, item_id: UUID) -> list[date]:
    """The school days on which a schedule says a session is held; ahead no further than a month."""
    ended = {e.event.schedule_id: e.effective_on for e in record.of(ScheduleEnded)}
    found: set[date] = set()
    for entry in record.of(ScheduleSet):
        if entry.event.item_id != item_id:
            continue
        day, until = entry.effective_on, record.today + ONE_DAY * 31
        until = min(
            until, entry.event.ends_on or until, ended.get(entry.event.schedule_id, until + ONE_DAY) - ONE_DAY
        )
        while day <= until:
            if day.isoweekday() in entry.event.weekdays and record.district.days.is_one(day):
                found.add(day)
            day += ONE_DAY
    return sorted(found)


def _silent(record: StudentRecord, plan: PlanFacts, item_id: UUID, day: date) -> Finding:
    return record.finding(
        "idea.missed-reason", f"{item_id} {day}", day, f"{{{item_id}}}, session of {day}: silent.",
        due_on=record.due("idea.missed-reason", day), due=f"{{{item_id}}}, session of {day}: not recorded yet.",
        plan=plan.plan_id, item=item_id, cure=SAY,
    )  # fmt: skip


def _silent_period(
    record: StudentRecord, plan: PlanFacts, item_id: UUID, first: date, last: date, owed: int
) -> Iterator[Finding]:
    said = sum(_said(s) for s in record.sessions if s.item_id == item_id and first <= s.on <= last)
    if owed > said:
        yield record.finding(
            "idea.missed-reason", f"{item_id} {first}", last,
            f"{{{item_id}}}, {first} to {last}: {owed - said} minutes silent.",
            due_on=record.due("idea.missed-reason", last), facts={"minutes": owed - said}, plan=plan.plan_id, item=item_id,
            due=f"{{{item_id}}}, {first} to {last}: {owed - said} minutes not recorded yet.", cure=SAY,
        )  # fmt: skip


def _said(session: SessionFacts) -> int:
    """Minutes of the day of which something was said: given, or missed with the rest of what was planned."""
    event = session.entry.event
    if isinstance(event, SessionMissed):
        return event.minutes
    return max(session.given, getattr(event, "planned_minutes", None) or 0)


def _recorded_late(record: StudentRecord, session: SessionFacts) -> Iterator[Finding]:
    due_on = record.due("idea.missed-reason", session.on)
    recorded_on = record.recorded_on(session.entry)
    if due_on is None or recorded_on <= due_on:
        return
    what = f"missed ({(session.reason or 'other').replace('_', ' ')})" if session.missed else "given"
    yield record.finding(
        "idea.missed-reason", f"{session.item_id} {session.session_id}", session.on,
        f"{{{session.item_id}}}, session of {session.on}: silent until {recorded_on}, then recorded as {what}.",
        due_on=due_on, done_on=recorded_on, events=(session.entry,), plan=session.plan_id, item=session.item_id,
        facts={"session": session.on, "recorded": recorded_on},
    )  # fmt: skip
