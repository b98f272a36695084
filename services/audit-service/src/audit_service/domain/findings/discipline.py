"""Removals and what they set off: 34 CFR 300.530-300.536, 104.35; stay-put while a complaint is open, 300.518."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import ONE_DAY, Finding, State
from audit_service.domain.findings.record import StudentRecord
from contracts.discipline import (
    ManifestationDetermined,
    ManifestationFollowed,
    RemovalDecided,
    RemovalEnded,
    RemovalRecorded,
    RemovalServicesGiven,
)
from contracts.disputes import DisputeClosed, DisputeFiled, StayPutExcepted
from contracts.district import SchoolYear
from contracts.event import Recorded
from contracts.items import Placement
from contracts.plan_history import LineChange
from contracts.removal_days import TEN, removed_days
from contracts.vocabulary import DisputeKind, Law, ManifestationStep, MeetingRole, SpecialCircumstance


@dataclass(frozen=True, slots=True)
class RemovalFacts:
    """One removal as it was in the end; both days inclusive."""

    entry: Recorded[RemovalRecorded]
    starts_on: date
    last_on: date
    part_days: tuple[date, ...]
    counts: bool
    circumstance: SpecialCircumstance | None


def removals(record: StudentRecord) -> list[RemovalFacts]:
    """Every removal, shortened where the student came back sooner."""
    back = {e.event.removal_id: e.effective_on for e in record.of(RemovalEnded)}
    return [
        RemovalFacts(
            e, e.effective_on, min(e.event.ends_on, back.get(e.event.removal_id, date.max) - ONE_DAY),
            e.event.part_days, e.event.counts, e.event.circumstance,
        )
        for e in record.of(RemovalRecorded)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class YearOfRemovals:
    """The removed days of one school year, up to the day that is asked about."""

    year: SchoolYear
    removals: tuple[RemovalFacts, ...]
    days: tuple[tuple[date, Decimal], ...]
    eleventh: date
    """The first day on which they come to more than ten."""
    beyond: tuple[date, ...]
    """That day and each removed day after it."""
    ahead: date | None
    """The next removed day after today."""

    @property
    def total(self) -> Decimal:
        """School days removed."""
        return sum((part for _, part in self.days), Decimal(0))


def years_of_removals(record: StudentRecord) -> Iterator[YearOfRemovals]:
    """The school years in which removals came to more than ten days."""
    all_days = removed_days(removals(record), record.district.calendar)
    for year in record.district.calendar:
        in_year = [(day, part) for day, part in all_days.items() if year.first_on <= day <= year.last_on]
        known = [each for each in in_year if each[0] <= record.today]
        so_far, beyond = Decimal(0), []
        for day, part in known:
            so_far += part
            if so_far > TEN:
                beyond.append(day)
        if beyond:
            of_year = tuple(
                r for r in removals(record) if r.starts_on <= year.last_on and r.last_on >= year.first_on
            )
            ahead = min((day for day, _ in in_year if day > record.today), default=None)
            yield YearOfRemovals(year, of_year, tuple(known), beyond[0], tuple(beyond), ahead)


def _under(record: StudentRecord, law: Law, day: date) -> bool:
    if law is Law.IDEA:
        return record.iep_on(day) is not None
    return any(plan.binds_on(day) for plan in record.plans_504)


@rule("idea.removal-services")
def services_from_the_eleventh_day(record: StudentRecord) -> Iterator[Finding]:
    """From the eleventh school day of removal in a school year on, the student is given services on each day away, so as to go
    on learning. A day that has passed without is gone."""
    for year in years_of_removals(record):
        if not _under(record, Law.IDEA, year.eleventh):
            continue
        given = record.of(RemovalServicesGiven)
        bare = [
            day for day in year.beyond if not any(g.effective_on <= day <= g.event.ends_on for g in given)
        ]
        gone = [day for day in bare if day < record.today]
        number = 11 + year.beyond.index(bare[0]) if bare else 11
        says = f"Day {number}, {bare[0]}: none." if bare else ""
        if len(bare) > 1:
            says = f"Day {number}, {bare[0]}: none; {len(bare)} days in all without services."
        yield record.finding(
            "idea.removal-services", year.year.first_on, year.eleventh, says,
            state=State.MISSED if gone else State.DUE if bare else State.MET, due_on=bare[0] if bare else year.eleventh,
            done_on=None if bare else year.eleventh, kept=f"From day 11, {year.eleventh}, on services were given.",
            due=f"Day {number} of removal is today, {record.today}: services are owed.",
            facts={"day 11": year.eleventh, "days without services": ", ".join(map(str, bare)) or None},
            events=(*(r.entry for r in year.removals), *given), cure="Give services now, and make up what was lost.",
            wakes_on=min(filter(None, (year.ahead, record.today + ONE_DAY if bare and not gone else None)), default=None),
        )  # fmt: skip


@rule("idea.removal-pattern")
def more_than_ten_days_are_decided_on(record: StudentRecord) -> Iterator[Finding]:
    """When removals in a school year come to more than ten days, it is decided case by case whether they are a change of
    placement, with the factors: similar behavior, length, total, closeness."""
    for year in years_of_removals(record):
        if not _under(record, Law.IDEA, year.eleventh):
            continue
        ids = {r.entry.event.removal_id for r in year.removals}
        decided = next((e for e in record.of(RemovalDecided) if ids & set(e.event.removal_ids)), None)
        on = decided.effective_on if decided else None
        factors = decided is not None and decided.event.personal is not None
        state = State.OVERDUE if decided is None else State.MET if factors else State.UNPROVEN
        yield record.finding(
            "idea.removal-pattern", year.year.first_on, year.eleventh,
            f"{year.total} days, no decision." if on is None else f"{year.total} days, decided {on} without factors.",
            state=state, due_on=None if on else year.eleventh, done_on=on, kept=f"{year.total} days, decided {on}.",
            facts={"days": year.total, "day 11": year.eleventh}, events=(*(r.entry for r in year.removals), decided),
            cure="Decide, with the factors, whether it is a change of placement.", wakes_on=year.ahead,
        )  # fmt: skip


@rule("idea.manifestation")
def manifestation_review(record: StudentRecord) -> Iterator[Finding]:
    """Within ten school days of the decision to change the placement, the district, the parent and the relevant members of the
    team determine whether the behavior was caused by the disability or by the district's failure. If so, a behavior
    assessment or plan follows and the student returns, but for weapons, drugs and serious injury."""
    for decision in record.of(RemovalDecided):
        if not decision.event.change_of_placement or not _under(record, Law.IDEA, decision.effective_on):
            continue
        day = decision.effective_on
        due_on = decision.event.due_on or record.due("idea.manifestation", day)
        of_it = [
            e
            for e in record.of(ManifestationDetermined)
            if e.event.removal_decision_id == decision.event.removal_decision_id
        ]
        # One that was held without the parent is cured by holding it with them.
        done = next((e for e in of_it if not _group_lacks(e)), next(iter(of_it), None))
        on = done.effective_on if done else None
        lacks = _group_lacks(done) if done else ()
        yield record.finding(
            "idea.manifestation", decision.id, day,
            f"Review of {on}: no {', no '.join(lacks)} is on record." if lacks else f"Review due {due_on}, {{late}} days late.",
            state=State.UNPROVEN if lacks else None, due_on=due_on, done_on=on, kept=f"Review held {on}, due {due_on}.",
            due=f"Review due {due_on}.", events=(decision, done), cure="Hold the review.",
        )  # fmt: skip
        if done is not None and (done.event.by_disability or done.event.by_failure):
            yield _followed(record, decision, done)


def _group_lacks(done: Recorded[ManifestationDetermined]) -> tuple[str, ...]:
    roles = {role for member in done.event.members for role in member.roles}
    asked = {MeetingRole.PARENT: "parent", MeetingRole.AGENCY_REPRESENTATIVE: "district's representative"}
    return tuple(words for role, words in asked.items() if role not in roles)


def _followed(
    record: StudentRecord, decision: Recorded[RemovalDecided], done: Recorded[ManifestationDetermined]
) -> Finding:
    steps = [
        e for e in record.of(ManifestationFollowed) if e.event.manifestation_id == done.event.manifestation_id
    ]
    taken = {e.event.step: e for e in steps}
    behavior = next(
        (taken[s] for s in ManifestationStep if s.value.startswith("behavior") and s in taken), None
    )
    elsewhere = {e.event.removal_id: e.event.circumstance for e in record.of(RemovalRecorded)}
    stays = any(elsewhere.get(each) for each in decision.event.removal_ids)
    back = taken.get(ManifestationStep.RETURNED) or taken.get(ManifestationStep.PLACEMENT_AGREED)
    lacks = [] if behavior else ["behavior assessment or plan"]
    lacks += [] if back or stays else ["return"]
    on = max((e.effective_on for e in (behavior, back) if e), default=done.effective_on)
    return record.finding(
        "idea.manifestation", f"{decision.id} followed", done.effective_on, "",
        done_on=None if lacks else on, due=f"Manifestation of {done.effective_on}: no {', no '.join(lacks)} yet.",
        kept=f"Manifestation of {done.effective_on}: followed by {on}.", events=(done, *steps),
        cure="Begin the behavior assessment or review the plan; return the student, or agree otherwise.",
    )  # fmt: skip


@rule("s504.manifestation")
def group_decides_before_day_eleven(record: StudentRecord) -> Iterator[Finding]:
    """Before a student with a Section 504 plan is removed for more than ten school days in a row or by a pattern, a group looks
    at whether the disability caused it. Not for who is currently engaged in the illegal use of drugs or in use of alcohol."""
    for year in years_of_removals(record):
        if not _under(record, Law.SECTION_504, year.eleventh) or _under(record, Law.IDEA, year.eleventh):
            continue
        reviews = [e for e in record.of(ManifestationDetermined) if e.effective_on >= year.days[0][0]]
        review = next(iter(reviews), None)
        on = review.effective_on if review else None
        exempt = review is not None and review.event.current_drug_use
        yield record.finding(
            "s504.manifestation", year.year.first_on, year.eleventh,
            f"Day 11, {year.eleventh}, no review." if review is None else f"Day 11, {year.eleventh}, review only {on}.",
            state=State.EXCUSED if exempt else None, due_on=year.eleventh, done_on=on,
            kept="Current use of illegal drugs or alcohol." if exempt else f"Reviewed {on}, before day 11, {year.eleventh}.",
            due=f"Day 11 is today, {year.eleventh}: no review yet.",
            events=(*(r.entry for r in year.removals), review), cure="Hold the review; return the student meanwhile.",
            wakes_on=year.eleventh + ONE_DAY if record.today == year.eleventh else None,
        )  # fmt: skip


@rule("idea.stay-put")
def placement_stays_while_a_complaint_is_open(record: StudentRecord) -> Iterator[Finding]:
    """While a due process complaint is open the placement stays as last agreed, unless the parties agree otherwise, it is
    ordered, or the rules of discipline hold."""
    closed = {e.event.dispute_id: e for e in record.of(DisputeClosed)}
    for filed in record.of(DisputeFiled):
        if filed.event.kind is not DisputeKind.DUE_PROCESS_COMPLAINT:
            continue
        end = closed.get(filed.event.dispute_id)
        until = end.effective_on if end else date.max
        excepted = [
            e
            for e in record.of(StayPutExcepted)
            if e.event.dispute_id == filed.event.dispute_id and e.event.counts
        ]
        moved = [
            (line.effective_on, line.recorded)
            for plan in record.ieps
            for changes in plan.lines.items.values()
            for line in changes
            if isinstance(line.item, Placement) and filed.effective_on < line.effective_on < until
            and _placed(changes, line.effective_on - ONE_DAY) not in (None, (line.item.setting, line.item.percent_with_peers))
        ]  # fmt: skip
        bare = [each for each in moved if not any(e.effective_on <= each[0] for e in excepted)]
        day = bare[0][0] if bare else None
        yield record.finding(
            "idea.stay-put", filed.id, filed.effective_on, f"Changed {day} while pending.",
            state=State.MISSED if bare else State.EXCUSED if moved else State.MET,
            kept=f"Changed {moved[0][0]} as agreed or ordered." if moved
            else f"Complaint of {filed.effective_on}: placement unchanged.",
            events=(filed, *excepted, *(e for _, e in moved), end), cure="Restore the placement last agreed.",
        )  # fmt: skip


def _placed(changes: Sequence[LineChange], day: date) -> tuple[object, object] | None:
    before = [c for c in changes if c.effective_on <= day]
    last = max(before, key=lambda each: each.key, default=None)
    item = getattr(last, "item", None)
    return (item.setting, item.percent_with_peers) if isinstance(item, Placement) else None
