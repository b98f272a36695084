"""The booklet, copies, staff told, and who decides: 34 CFR 300.504, 300.306(a)(2), 300.322(f), 300.323(d), 300.519, 300.502."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.evaluation import found_eligible, protected_on, referrals
from audit_service.domain.findings.finding import ONE_DAY, Finding, State
from audit_service.domain.findings.notice import NoticeFacts
from audit_service.domain.findings.plan import Change, PlanFacts
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.records import of_their_own
from audit_service.domain.findings.waiting import waiting
from contracts.discipline import RemovalDecided
from contracts.disputes import DisputeFiled
from contracts.district import SchoolYear
from contracts.evaluations import EligibilityDetermined, EvaluationCompleted
from contracts.event import Recorded
from contracts.items import Accommodation, AssistiveTechnology, End, Modification, SchoolServices, Service
from contracts.plan import (
    AmendmentAdopted,
    DraftShared,
    ItemHolderAssigned,
    ItemHolderEnded,
    PlanAdopted,
    StaffInformed,
)
from contracts.progress import ResponsibilityAcknowledged
from contracts.streams import school_year
from contracts.students import RequestMade, RightsHolderConfirmed, RightsHolderEnded
from contracts.vocabulary import (
    DisputeKind,
    EvaluationKind,
    Law,
    NoticeKind,
    RecordKind,
    RequestKind,
    RightsGround,
)

CARRIED_OUT = (Service, Accommodation, Modification, SchoolServices, AssistiveTechnology)
"""Items that somebody of the staff carries out."""


def booklets(record: StudentRecord) -> list[NoticeFacts]:
    """Each time the booklet was given, by the days."""
    found = [n for n in record.notices.values() if n.kind is NoticeKind.PROCEDURAL_SAFEGUARDS and n.given_on]
    return sorted(found, key=lambda each: each.given_on or date.max)


@rule("idea.safeguards-yearly")
def booklet_every_school_year(record: StudentRecord) -> Iterator[Finding]:
    """The parents of a child with a disability are given the booklet once in each school year: by its last day, or by the day
    the IEP ended. School years of which no calendar is known are not asked for."""
    began = min((plan.adoptions[0].effective_on for plan in record.ieps), default=None)
    if began is None:
        return
    for year in record.district.calendar:
        label = school_year(year.first_on)
        if year.last_on < began:
            continue
        if year.first_on > record.today:
            yield record.finding(
                "idea.safeguards-yearly", label, year.first_on, "", state=State.DUE, due_on=year.last_on,
                due=f"The booklet is to be given in {label}.", wakes_on=year.first_on,
            )  # fmt: skip
            return
        if not _had_an_iep(record, year):
            continue
        given = next((n for n in booklets(record) if n.given_on and school_year(n.given_on) == label), None)
        on = given.given_on if given else None
        yield record.finding(
            "idea.safeguards-yearly", label, max(began, year.first_on), f"None in {label}.",
            state=State.MET if on else State.MISSED if record.today > year.last_on else State.DUE, due_on=year.last_on,
            done_on=on, kept=f"The booklet was given on {on}.", due=f"No booklet yet in {label}; by {year.last_on}.",
            events=(given.given if given else None,), cure="Give the booklet.",
        )  # fmt: skip


def _had_an_iep(record: StudentRecord, year: SchoolYear) -> bool:
    return any(
        plan.binds_on(day)
        for plan in record.ieps
        for day in (year.first_on, *plan.turning_days)
        if year.first_on <= day <= year.last_on
    )


@rule("idea.safeguards-trigger")
def booklet_when_something_happens(record: StudentRecord) -> Iterator[Finding]:
    """The booklet is given upon an initial referral, a parent's request for it, the first state complaint and the first due
    process complaint of a school year, and, on the very day, upon a decision to change the placement for discipline. But for
    the last, federal law names no number of days."""
    yield from waiting(record, "idea.safeguards-trigger")
    for what, entry, by in _triggers(record):
        day = entry.effective_on
        mine = [n for n in booklets(record) if n.caused_by == entry.id]
        since = [n for n in booklets(record) if n.given_on and n.given_on >= day]
        given = next(iter(mine or since), None)
        on = given.given_on if given else None
        late = on is not None and by is not None and on > by
        yield record.finding(
            "idea.safeguards-trigger", entry.id, day,
            f"No booklet at {what} of {day}" + (f", given {on}." if late else "."),
            due_on=by or record.due("idea.safeguards-trigger", day), done_on=on,
            kept=f"Booklet given {on}, {what} of {day}.", due=f"{what.capitalize()} of {day}: no booklet yet.",
            events=(entry, given.given if given else None), cure="Give the booklet.",
        )  # fmt: skip


def _triggers(record: StudentRecord) -> Iterator[tuple[str, Recorded[Any], date | None]]:
    for entry in referrals(record, Law.IDEA).values():
        if entry.event.kind is EvaluationKind.INITIAL:
            yield "referral", entry, None
    for request in record.of(RequestMade):
        if request.event.kind is RequestKind.PROCEDURAL_SAFEGUARDS:
            yield "request", request, None
    seen: set[tuple[str, DisputeKind]] = set()
    for filed in sorted(record.of(DisputeFiled), key=lambda each: each.effective_on):
        of = school_year(filed.effective_on), filed.event.kind
        if filed.event.kind is not DisputeKind.MEDIATION and of not in seen:
            seen.add(of)
            yield filed.event.kind.value.replace("_", " "), filed, None
    for decided in record.of(RemovalDecided):
        if decided.event.change_of_placement and Law.IDEA in protected_on(record, decided.effective_on):
            yield "disciplinary change", decided, decided.effective_on


@rule("idea.copies")
def copies_are_given(record: StudentRecord) -> Iterator[Finding]:
    """The parents get, free, a copy of the evaluation report with the determination of eligibility, and of each IEP. A copy is
    shown by the draft shared in the text that was adopted, or by a disclosure of their own record to somebody who held the
    right to it that day, once the report was made or the team had met: of an IEP before the next one, unless it was the plan's
    history or the whole record. Federal law names no number of days."""
    for entry in found_eligible(record):
        given = _to_the_family(record, _report_since(record, entry), {RecordKind.EVALUATION_SUMMARY})
        yield _copy(record, entry, "evaluation report", given, None)
    for plan in record.ieps:
        for adoption in plan.adoptions:
            day = adoption.effective_on
            since = _decided_on(record, plan, adoption)
            given = _to_the_family(record, since, {RecordKind.PLAN_HISTORY}) + _this_iep(
                record, plan, day, since
            )
            yield _copy(record, adoption, f"IEP of {day}", given, plan)


def _to_the_family(
    record: StudentRecord, since: date, kinds: set[RecordKind], before: date = date.max
) -> list[Recorded[Any]]:
    return [
        entry
        for entry in record.disclosures
        if of_their_own(record, entry)
        and (kinds | {RecordKind.WHOLE_RECORD}) & set(entry.event.items)
        and since <= entry.effective_on < before
    ]


def _report_since(record: StudentRecord, entry: Recorded[EligibilityDetermined]) -> date:
    """From this day on there was a report to give: the evaluation was complete, the group had met, or it was recorded."""
    event = entry.event
    done = [
        e.effective_on for e in record.of(EvaluationCompleted)
        if event.evaluation_id is not None and e.event.evaluation_id == event.evaluation_id
    ]  # fmt: skip
    met = [m.held_on for m in record.meetings if m.meeting_id == event.meeting_id and m.held_on]
    return min(entry.effective_on, record.recorded_on(entry), *done, *met)


def _this_iep(record: StudentRecord, plan: PlanFacts, day: date, since: date) -> list[Recorded[Any]]:
    others = [each.effective_on for each in plan.adoptions]
    before = max((each for each in others if each < day), default=date.min)
    later = (_decided_on(record, plan, each) for each in plan.adoptions if each.effective_on > day)
    until = min(later, default=date.max)
    shared = [
        entry
        for entry in record.of(DraftShared)
        if entry.event.plan_id == plan.plan_id and before < entry.effective_on <= day
    ]
    return [*_to_the_family(record, since, {RecordKind.PLAN}, until), *shared[-1:]]


def _copy(
    record: StudentRecord, entry: Recorded[Any], what: str, given: list[Recorded[Any]], plan: PlanFacts | None
) -> Finding:
    day = entry.effective_on
    given = sorted(given, key=lambda each: each.effective_on)
    on = given[0].effective_on if given else None
    if given and isinstance(given[0].event, DraftShared):
        on = day  # The draft became the IEP on that day.
    return record.finding(
        "idea.copies", entry.id, day, f"No proof of copy of {what}.", state=None if given else State.UNPROVEN,
        due_on=record.due("idea.copies", day), done_on=on, kept=f"Copy of {what} given {on}.", events=(entry, *given[:1]),
        plan=plan.plan_id if plan else None, cure="Give the copy, and record that it was given.",
    )  # fmt: skip


@rule("idea.staff-informed")
def staff_know_their_duties(record: StudentRecord) -> Iterator[Finding]:
    """Before a version takes effect each teacher and provider who carries it out is told their duties under it: whoever holds
    one of the changed items, and whoever had been told of the plan before. Their own acknowledgement counts as well."""
    for plan in record.ieps:
        for change in plan.changes:
            yield from _told_of(record, plan, change)


def _told_of(record: StudentRecord, plan: PlanFacts, change: Change) -> Iterator[Finding]:
    day, number = change.effective_on, plan.number_of(change)
    items = _changed(change)
    if not items:
        return
    since = _decided_on(record, plan, change)
    told = [*_informed(record, plan)]
    before = {who for on, who, _, _ in told if on < since}
    holders = _holders(record, plan, day)
    people = (
        before
        | {who for who, held in holders.items() if held & items}
        | {who for on, who, _, _ in told if since <= on}
    )
    until = min((c.effective_on for c in plan.changes if c.effective_on > day), default=date.max)
    for person in sorted(people, key=str):
        asked = holders.get(person, set()) & items or items
        mine = [
            each
            for each in told
            if each[1] == person and each[2] & asked and since <= each[0] < max(until, day + ONE_DAY)
        ]
        if person not in before and person not in holders and not mine:
            continue
        on = mine[0][0] if mine else None
        gone = (
            on is None
            and (member := record.district.staff.get(person)) is not None
            and not member.in_post_on(day)
        )
        named = ", ".join(f"{{{item}}}" for item in sorted(asked, key=str)[:3])
        more = f" and {len(asked) - 3} more" if len(asked) > 3 else ""
        yield record.finding(
            "idea.staff-informed", f"{change.id} {person}", day, f"{{{person}}} not told of {named}{more} before {day}"
            + (f", told {on}." if on else "."), state=State.NOT_APPLICABLE if gone else None, due_on=day, done_on=on,
            kept=f"{{{person}}} no longer works here." if gone else f"{{{person}}} told of v{number} on {on}.",
            due=f"{{{person}}} is to be told of {named}{more} today.", events=(*(each[3] for each in mine[:1]), change),
            plan=plan.plan_id, facts={"version": number}, cure="Tell them, and record when and how.",
        )  # fmt: skip


def _changed(change: Change) -> set[UUID]:
    event = change.event
    items = (
        event.items
        if isinstance(event, PlanAdopted)
        else [c.item for c in event.changes if not isinstance(c, End)]
    )
    return {item.id for item in items if isinstance(item, CARRIED_OUT)}


def _decided_on(record: StudentRecord, plan: PlanFacts, change: Change) -> date:
    """From this day on somebody could be told of it: it was proposed, the team met, or it was adopted."""
    if isinstance(change.event, AmendmentAdopted):
        proposal = plan.proposal_of(change.event.amendment_id)
        return min(proposal.effective_on, change.effective_on) if proposal else change.effective_on
    meeting = next((m for m in record.meetings if m.meeting_id == change.event.meeting_id), None)
    held_on = meeting.held_on if meeting else None
    return min(held_on or change.effective_on, record.recorded_on(change), change.effective_on)


def _informed(
    record: StudentRecord, plan: PlanFacts
) -> Iterator[tuple[date, UUID, set[UUID], Recorded[Any]]]:
    found: list[tuple[date, UUID, set[UUID], Recorded[Any]]] = [
        (e.effective_on, e.event.staff_id, set(e.event.items), e)
        for e in record.of(StaffInformed) if e.event.plan_id == plan.plan_id
    ]  # fmt: skip
    found += [
        (e.effective_on, e.event.staff_id, {e.event.item_id}, e)
        for e in record.of(ResponsibilityAcknowledged) if e.event.plan_id == plan.plan_id
    ]  # fmt: skip
    yield from sorted(found, key=lambda each: each[0])


def _holders(record: StudentRecord, plan: PlanFacts, day: date) -> dict[UUID, set[UUID]]:
    """Who carries out which items on ``day``."""
    found: dict[UUID, set[UUID]] = {}
    for given in record.of(ItemHolderAssigned):
        event = given.event
        if (
            event.plan_id != plan.plan_id
            or given.effective_on > day
            or (event.ends_on and event.ends_on < day)
        ):
            continue
        over = any(
            e.event.item_id == event.item_id
            and e.event.staff_id == event.staff_id
            and given.effective_on <= e.effective_on <= day
            for e in record.of(ItemHolderEnded)
        )
        if not over:
            found.setdefault(event.staff_id, set()).add(event.item_id)
    return found


@rule("idea.surrogate")
def somebody_decides_for_the_child(record: StudentRecord) -> Iterator[Finding]:
    """Where nobody is known who decides for a child under IDEA, a surrogate is assigned within 30 calendar days of the day on
    which that was so. A parent who is found is as good."""
    concerned = [*referrals(record, Law.IDEA).values(), *(plan.adoptions[0] for plan in record.ieps)]
    first = min((e.effective_on for e in concerned), default=None)
    if first is None:
        return
    ends = {
        h.ends_on + ONE_DAY
        for each in record.of(RightsHolderConfirmed)
        if (h := each.event.rights.decision) and h.ends_on
    }
    days = {first, *(e.effective_on for e in record.of(RightsHolderEnded)), *ends}
    begins = {
        e.event.rights.decision.starts_on for e in record.of(RightsHolderConfirmed) if e.event.rights.decision
    }
    begins |= {e.effective_on for e in record.of(RightsHolderConfirmed)}
    for day in sorted(each for each in days if first <= each <= record.today):
        if record.holders_on(day):
            continue
        if day != first and not record.holders_on(day - ONE_DAY):
            continue
        found_on = min((each for each in begins if each > day and record.holders_on(each)), default=None)
        holders = record.holders_on(found_on) if found_on else ()
        parent = bool(holders) and all(h.ground is not RightsGround.SURROGATE for h in holders)
        over = found_on is None and record.iep_on(record.today) is None and bool(record.ieps)
        yield record.finding(
            "idea.surrogate", day, day, f"No rights holder since {day}" + (f", one since {found_on}." if found_on else "."),
            state=State.NOT_APPLICABLE if over else State.EXCUSED if parent else None, due_on=record.due("idea.surrogate", day),
            done_on=found_on, kept="The IEP ended." if over else f"No rights holder from {day}; found {found_on}.",
            due=f"No rights holder since {day}.", cure="Assign a surrogate, or confirm a parent.",
        )  # fmt: skip
    upcoming = min((each for each in ends if each > record.today), default=None)
    if upcoming is not None:
        yield record.finding(
            "idea.surrogate", "now", first, "", state=State.MET, kept="Somebody decides for the child.",
            wakes_on=upcoming,
        )  # fmt: skip
