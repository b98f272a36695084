"""Section 504: 34 CFR 104.33-104.36. The regulation is thin; what is practice is called so."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

from audit_service.domain.findings.content import lacking, of_everything
from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.evaluation import (
    completed,
    consent_before_testing,
    protected_on,
    referrals,
)
from audit_service.domain.findings.finding import ONE_DAY, Finding, State
from audit_service.domain.findings.notice import NoticeFacts, first_given_of_any
from audit_service.domain.findings.plan import PlanFacts
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.safeguards import booklets
from audit_service.domain.findings.waiting import waiting
from contracts.discipline import RemovalDecided
from contracts.evaluations import (
    EligibilityDetermined,
    EvaluationConsentAsked,
    EvaluationDeclined,
    Section504Determination,
)
from contracts.event import Recorded
from contracts.items import Accommodation, Modification, Placement, SchoolServices, Service
from contracts.plan import ItemHolderAssigned, ItemHolderEnded, ReviewHeld, StaffInformed
from contracts.progress import ResponsibilityAcknowledged
from contracts.streams import school_year
from contracts.vocabulary import Law, MeetingRole, NoticeKind, PlanEnd, PlanKind

_KNOWLEDGE = {
    MeetingRole.KNOWLEDGE_OF_CHILD: "the child",
    MeetingRole.KNOWLEDGE_OF_EVALUATION: "the evaluation data",
    MeetingRole.KNOWLEDGE_OF_PLACEMENT_OPTIONS: "the placement options",
}
_HELD = (Accommodation, Modification, SchoolServices, Service)


def decisions(record: StudentRecord) -> list[Recorded[EligibilityDetermined]]:
    """Determinations under Section 504."""
    return [
        e
        for e in record.of(EligibilityDetermined)
        if isinstance(e.event.determination, Section504Determination)
    ]


@rule("s504.evaluate")
def evaluated_before_the_first_plan(record: StudentRecord) -> Iterator[Finding]:
    """Before a student is first placed under Section 504 they are evaluated, and several sources are drawn upon."""
    for plan in record.plans_504[:1]:
        adopted = plan.adoptions[0]
        day = adopted.effective_on
        done = [e for e in completed(record, Law.SECTION_504) if e.effective_on <= day]
        drawn = [e for e in decisions(record) if e.effective_on <= day]
        sources = {s for e in drawn for s in e.event.sources} | {
            a.area for e in done for a in e.event.assessments
        }
        state = State.MISSED if not done else State.MET if len(sources) > 1 else State.UNPROVEN
        yield record.finding(
            "s504.evaluate", plan.plan_id, day, "Plan without evaluation."
            if not done else f"Evaluated {done[-1].effective_on}: only one source is on record.", state=state,
            kept=f"Evaluated {done[-1].effective_on if done else ''}, {len(sources)} sources.",
            events=(*done[-1:], *drawn[-1:], adopted),
            plan=plan.plan_id, cure="Evaluate, from several sources.",
        )  # fmt: skip


@rule("s504.consent")
def consent_before_the_first_evaluation(record: StudentRecord) -> Iterator[Finding]:
    """Before a first evaluation under Section 504 whoever decides consents (OCR's reading of the regulation)."""
    yield from consent_before_testing(record, "s504.consent", Law.SECTION_504)


@rule("s504.group")
def group_has_three_knowledges(record: StudentRecord) -> Iterator[Finding]:
    """A decision under Section 504 is made by a group of persons who together know the child, the evaluation data and the
    placement options. No roles are fixed; it is recorded who brings which."""
    for entry in decisions(record):
        brought = {role for member in entry.event.members for role in member.roles}
        lacks = [words for role, words in _KNOWLEDGE.items() if role not in brought]
        day = entry.effective_on
        yield record.finding(
            "s504.group", entry.id, day, f"{day}: who decided is not recorded."
            if not entry.event.members else f"{day}: nobody knows {', nobody knows '.join(lacks)}.",
            state=State.UNPROVEN if not entry.event.members else State.MISSED if lacks else State.MET,
            kept=f"{day}: the group knew the child, the evaluation and the options.", events=(entry,),
            cure="Decide again in a group that knows all three.",
        )  # fmt: skip


@rule("s504.plan-complete")
def section_504_plan_is_complete(record: StudentRecord) -> Iterator[Finding]:
    """Practice, not law: the regulation prescribes no fields. What proves 104.33 says the activity that is limited, each
    accommodation with what and who is responsible, and who provides, buys and trains for assistive technology."""
    for plan in record.plans_504:
        for change in plan.adoptions:
            yield lacking(
                record,
                "s504.plan-complete",
                plan,
                change,
                of_everything(PlanKind.SECTION_504),
                says="v{v} lacks: {x}.",
            )


@rule("s504.responsible")
def each_accommodation_has_a_holder(record: StudentRecord) -> Iterator[Finding]:
    """On every day each accommodation of a Section 504 plan has somebody in post who carries it out and was told. A gap that
    was closed stays on record as one."""
    for plan in record.plans_504:
        for item_id in plan.lines.items:
            if any(isinstance(c.item, _HELD) for c in plan.lines.items[item_id]):
                yield from _held(record, plan, item_id)


def _held(record: StudentRecord, plan: PlanFacts, item_id: UUID) -> Iterator[Finding]:
    assigned = [e for e in record.of(ItemHolderAssigned) if e.event.item_id == item_id]
    days = _turning(record, plan, item_id, assigned)
    gap: date | None = None
    gaps = 0
    for day in days:
        in_force = item_id in plan.items_on(day)
        held = [e for e in assigned if _carries_on(record, e, day)]
        if in_force and not held:
            gap = gap or day
        elif gap is not None:
            gaps += 1
            why = f"held again since {day}" if in_force else f"ended {day}"
            yield record.finding(
                "s504.responsible", f"{item_id} {gap}", gap, f"{{{item_id}}}: none from {gap}, {why}.", due_on=gap, done_on=day,
                state=State.MET_LATE if in_force else State.MISSED, events=held[:1], plan=plan.plan_id, item=item_id,
            )  # fmt: skip
            gap = None
    if gap is not None:
        yield record.finding(
            "s504.responsible", f"{item_id} {gap}", gap, f"{{{item_id}}}: none since {gap}.", state=State.OVERDUE, due_on=gap,
            plan=plan.plan_id, item=item_id, cure="Assign somebody, and tell them.", wakes_on=_next_end(record, assigned),
        )  # fmt: skip
    elif item_id in plan.items_on(record.today):
        holder = next(e for e in reversed(assigned) if _carries_on(record, e, record.today))
        who, since = holder.event.staff_id, holder.effective_on
        told = _told(record, plan, item_id, who)
        yield record.finding(
            "s504.responsible", f"{item_id} held", since, f"{{{item_id}}}: {{{who}}} since {since}, not shown as told.",
            state=State.MET if told else State.UNPROVEN, done_on=told.effective_on if told else None,
            kept=f"{{{item_id}}}: {{{who}}} since {since}, told {told.effective_on if told else ''}.", events=(holder, told),
            plan=plan.plan_id, item=item_id, cure="Tell them, and record it.", facts={"earlier gaps": gaps},
            wakes_on=_next_end(record, assigned),
        )  # fmt: skip


def _told(record: StudentRecord, plan: PlanFacts, item_id: UUID, who: UUID) -> Recorded[Any] | None:
    told: list[Recorded[Any]] = [
        e for e in record.of(StaffInformed)
        if e.event.plan_id == plan.plan_id and e.event.staff_id == who and item_id in e.event.items
    ]  # fmt: skip
    told += [
        e
        for e in record.of(ResponsibilityAcknowledged)
        if (e.event.staff_id, e.event.item_id) == (who, item_id)
    ]
    return min(told, key=lambda each: each.effective_on, default=None)


def _last_day(record: StudentRecord, assigned: Recorded[ItemHolderAssigned]) -> date:
    """The last day on which they carry it out, as far as is known."""
    event = assigned.event
    ends = [
        e.effective_on - ONE_DAY
        for e in record.of(ItemHolderEnded)
        if (e.event.item_id, e.event.staff_id) == (event.item_id, event.staff_id)
        and e.effective_on >= assigned.effective_on
    ]
    member = record.district.staff.get(event.staff_id)
    if member is not None and member.gone_on is not None and member.gone_on >= assigned.effective_on:
        ends.append(member.gone_on - ONE_DAY)
    return min((*ends, event.ends_on or date.max))


def _carries_on(record: StudentRecord, assigned: Recorded[ItemHolderAssigned], day: date) -> bool:
    return assigned.effective_on <= day <= _last_day(record, assigned)


def _next_end(record: StudentRecord, assigned: list[Recorded[ItemHolderAssigned]]) -> date | None:
    ends = [_last_day(record, each) for each in assigned]
    return min((day + ONE_DAY for day in ends if record.today <= day < date.max), default=None)


def _turning(
    record: StudentRecord, plan: PlanFacts, item_id: UUID, assigned: list[Recorded[ItemHolderAssigned]]
) -> list[date]:
    days = {c.effective_on for c in plan.lines.items[item_id]} | set(plan.turning_days)
    for each in assigned:
        last = _last_day(record, each)
        days |= {each.effective_on, *({last + ONE_DAY} if last < date.max else ())}
    return sorted(day for day in days if day <= record.today)


@rule("s504.review")
def section_504_plan_is_reviewed(record: StudentRecord) -> Iterator[Finding]:
    """A Section 504 plan is looked at again periodically. The regulation names no number: three years by analogy with IDEA is
    one accepted way. Where the district's policy names an earlier day, usually yearly, that day is practice, not a federal
    date, and the finding says so."""
    for plan in record.plans_504:
        reviews: list[Recorded[Any]] = [*plan.adoptions]
        reviews += [e for e in record.of(ReviewHeld) if e.event.plan_id == plan.plan_id]
        reviews.sort(key=lambda each: each.effective_on)
        for place, review in enumerate(reviews):
            policy = review.event.review_due_on
            if policy is not None and policy <= review.effective_on:
                policy = None
            day = review.effective_on
            due_on = policy or record.due("s504.review", day)
            following = reviews[place + 1].effective_on if place + 1 < len(reviews) else None
            whose = "district policy; not a federal date" if policy else "three years, by IDEA's analogy"
            over = following is None and due_on is not None and not plan.binds_on(min(due_on, record.today))
            yield record.finding(
                "s504.review", review.id, day, f"Due {due_on} by {whose}" + (f"; held {following}." if following else "."),
                state=State.NOT_APPLICABLE if over else None, due_on=due_on, done_on=following, severity="L" if policy else None,
                kept="The plan ended before." if over else f"Due {due_on} by {whose}; held {following}.",
                due=f"Due {due_on} by {whose}.", events=(review, *reviews[place + 1 : place + 2]), plan=plan.plan_id,
                cure="Hold the review.", facts={"policy": whose},
            )  # fmt: skip


@rule("s504.reevaluate-change")
def evaluated_before_a_significant_change(record: StudentRecord) -> Iterator[Finding]:
    """Before a significant change of placement the student is evaluated again: another kind of setting, or the end of the plan
    because it is held to be needed no longer."""
    for plan in record.plans_504:
        for entry, day, since in _significant(plan):
            done = [e for e in completed(record, Law.SECTION_504) if since < e.effective_on <= day]
            yield record.finding(
                "s504.reevaluate-change", entry.id, day, f"Changed {day} without.", state=State.MET if done else State.MISSED,
                kept=f"Evaluated {done[-1].effective_on if done else ''}, changed {day}.", events=(*done[-1:], entry),
                plan=plan.plan_id, cure="Evaluate now, and decide again.",
            )  # fmt: skip


def _significant(plan: PlanFacts) -> Iterator[tuple[Recorded[Any], date, date]]:
    first = plan.adoptions[0].effective_on
    for line in plan.lines.items.values():
        texts = sorted((c for c in line if isinstance(c.item, Placement)), key=lambda each: each.key)
        for before, after in pairwise(texts):
            assert isinstance(before.item, Placement)
            assert isinstance(after.item, Placement)
            if before.item.setting != after.item.setting:
                yield after.recorded, after.effective_on, before.effective_on
    for end in plan.ends:
        if end.event.reason is PlanEnd.NO_LONGER_ELIGIBLE:
            yield end, end.effective_on, first


@rule("s504.safeguards")
def notice_of_the_four_rights(record: StudentRecord) -> Iterator[Finding]:
    """At identification, evaluation, placement and refusal the family gets notice of the action and of the four rights of
    104.36: notice, seeing the record, an impartial hearing with counsel, a review."""
    yield from waiting(record, "s504.safeguards")
    under_504 = referrals(record, Law.SECTION_504)
    acts: list[tuple[str, Recorded[Any]]] = [("identification", e) for e in decisions(record)]
    # Each asking for consent is one more effort; what is proposed is told once, by a notice of any of them.
    askings: dict[UUID, list[Recorded[Any]]] = {}
    for asked in record.of(EvaluationConsentAsked):
        askings.setdefault(asked.event.evaluation_id, []).append(asked)
    acts += [("evaluation", of[0]) for evaluation, of in askings.items() if evaluation in under_504]
    acts += [("refusal", e) for e in record.of(EvaluationDeclined) if e.event.evaluation_id in under_504]
    acts += [("placement", change) for plan in record.plans_504 for change in plan.changes]
    acts += [("placement", e) for e in record.of(RemovalDecided) if _moved_under_504(record, e)]
    for what, entry in acts:
        day = entry.effective_on
        same = askings[entry.event.evaluation_id] if what == "evaluation" else [entry]
        given = first_given_of_any(
            record.notices.values(), same, NoticeKind.SECTION_504_NOTICE, NoticeKind.PROCEDURAL_SAFEGUARDS
        )
        told = (given,) if given else _by_the_safeguards_of_idea(record, same)
        on = max((n.given_on for n in told if n.given_on), default=None)
        yield record.finding(
            "s504.safeguards", entry.id, day, f"No notice at {what} of {day}.", state=State.MET if on else State.OVERDUE,
            due_on=day, done_on=on, kept=f"Notice {on}, {what} of {day}.", events=(entry, *(n.given for n in told)),
            cure="Give notice of the action and of the four rights.",
        )  # fmt: skip


def _moved_under_504(record: StudentRecord, decided: Recorded[RemovalDecided]) -> bool:
    """A disciplinary change of placement of whom Section 504 alone protects; under IDEA the booklet is asked for elsewhere."""
    return decided.event.change_of_placement and protected_on(record, decided.effective_on) == {
        Law.SECTION_504
    }


def _by_the_safeguards_of_idea(
    record: StudentRecord, acts: Sequence[Recorded[Any]]
) -> tuple[NoticeFacts, ...]:
    """104.36, last sentence: to comply with IDEA's procedural safeguards is one means of complying. Of an evaluation under both
    laws: the prior written notice of the act and the booklet, whose hearing and records are those of 104.36. The booklet of
    that school year (300.504(a)), or one since the referral, given to who was owed it."""
    first = acts[0]
    evaluation = getattr(first.event, "evaluation_id", None)
    referral = referrals(record, Law.IDEA).get(evaluation) if evaluation else None
    if referral is None:
        return ()
    told = first_given_of_any(record.notices.values(), acts, NoticeKind.PRIOR_WRITTEN_NOTICE)
    booklet = next(
        (
            n for n in booklets(record)
            if n.given_on is not None
            and (n.given_on >= referral.effective_on or school_year(n.given_on) == school_year(first.effective_on))
            and any(holder.holder_id == n.holder_id for holder in record.holders_on(n.given_on, "notice"))
        ),
        None,
    )  # fmt: skip
    return (told, booklet) if told and booklet else ()
