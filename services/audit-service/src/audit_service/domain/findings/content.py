"""What an IEP says: 34 CFR 300.320, 300.324(a); each version that bound, and since when it says what it lacked."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import Finding, State
from audit_service.domain.findings.meetings import parents_at
from audit_service.domain.findings.plan import Change, PlanFacts
from audit_service.domain.findings.record import StudentRecord
from contracts.items import AnyItem, Placement
from contracts.plan import PlanAdopted
from contracts.plan_gaps import gaps_in_items, gaps_of_plan
from contracts.problems import Reason
from contracts.vocabulary import PlanKind

Lacks = Callable[[Sequence[AnyItem]], Sequence[Reason]]


def lacking(
    record: StudentRecord, rule_id: str, plan: PlanFacts, change: Change, lacks: Lacks, *, says: str
) -> Finding:
    """Whether the text that bound from the change lacks something, and since when a later text no longer does.

    ``says`` takes ``{v}``, the version, and ``{x}``, what is lacking. A version that was replaced before it was mended stays
    broken: the next adoption has a finding of its own.
    """
    day = change.effective_on
    gaps = lacks(_items(plan, day))
    until = next((a.effective_on for a in plan.adoptions if a.effective_on > day), None)
    mended_on: date | None = day if not gaps else None
    for turning in plan.turning_days:
        if (
            mended_on is None
            and day < turning
            and (until is None or turning < until)
            and not lacks(_items(plan, turning))
        ):
            mended_on = turning
    state = (
        State.MISSED if mended_on is None and (until is not None or not plan.binds_on(record.today)) else None
    )
    number = plan.number_of(change)
    what = "; ".join(gap.message.rstrip(".") for gap in gaps)
    return record.finding(
        rule_id, change.id, day, says.format(v=number, x=what) if gaps else "", state=state, due_on=day, done_on=mended_on,
        kept=f"v{number} lacks nothing of this.", events=(change,), plan=plan.plan_id, facts={"version": number},
        cure=" ".join(dict.fromkeys(gap.cure for gap in gaps if gap.cure)) or None,
    )  # fmt: skip


def _items(plan: PlanFacts, day: date) -> list[AnyItem]:
    return list(plan.items_on(day).values())


def of_everything(kind: PlanKind) -> Lacks:
    """All that a plan of the kind must say, but for what other rules ask."""

    def lacks(items: Sequence[AnyItem]) -> list[Reason]:
        found = [*gaps_of_plan(kind, items), *gaps_in_items(kind, items)]
        return [gap for gap in found if not (kind is PlanKind.IEP and _asked_elsewhere(gap))]

    return lacks


def _every_gap(items: Sequence[AnyItem]) -> list[Reason]:
    return [*gaps_of_plan(PlanKind.IEP, items), *gaps_in_items(PlanKind.IEP, items)]


def _asked_elsewhere(gap: Reason) -> bool:
    return _of_factors(gap) or _of_technology(gap) or gap.code == "placement-lacks-explanation"


def _of_factors(gap: Reason) -> bool:
    of_these = gap.code.startswith(
        ("missing-special-factor", "special-factor", "missing-extended-school-year", "extended-")
    )
    return of_these and not _of_technology(gap)


def _of_technology(gap: Reason) -> bool:
    return "assistive-technology" in gap.code


@rule("idea.content")
def iep_says_what_it_must(record: StudentRecord) -> Iterator[Finding]:
    """Each IEP that was adopted says what 34 CFR 300.320 and 300.324(a) ask: present levels, measurable goals, objectives for
    who takes an alternate assessment, services with start, frequency, location and duration, placement, assessments, when
    reports of progress go out. What hangs on the student's age is judged by idea.transition-16 and idea.majority-notice."""
    for plan in record.ieps:
        for change in plan.adoptions:
            yield lacking(
                record, "idea.content", plan, change, of_everything(PlanKind.IEP), says="v{v}: {x}."
            )


@rule("idea.special-factors")
def special_factors_are_answered(record: StudentRecord) -> Iterator[Finding]:
    """At each adoption the team answers every special factor with yes, no or not applicable, and why: behavior, limited
    English, Braille, communication, deafness; and whether an extended school year is needed. Silence is a gap."""
    for plan in record.ieps:
        for change in plan.adoptions:
            yield lacking(
                record, "idea.special-factors", plan, change,
                lambda items: [gap for gap in _every_gap(items) if _of_factors(gap)],
                says="v{v}: {x}.",
            )  # fmt: skip


@rule("idea.at-considered")
def assistive_technology_is_considered(record: StudentRecord) -> Iterator[Finding]:
    """At each adoption assistive technology is considered, with the answer and why; where it is needed, the device or service
    and the training are named."""
    for plan in record.ieps:
        for change in plan.adoptions:
            yield lacking(
                record, "idea.at-considered", plan, change,
                lambda items: [gap for gap in _every_gap(items) if _of_technology(gap)],
                says="AT not considered in v{v}: {x}.",
            )  # fmt: skip


@rule("idea.lre")
def time_apart_has_a_reason(record: StudentRecord) -> Iterator[Finding]:
    """Where a child spends time apart from children without disabilities, the IEP says how much and why, and the placement was
    decided by a group with the parents, at each adoption and so at least yearly. Nothing is asked of a fully regular
    placement."""
    for plan in record.ieps:
        for change in plan.adoptions:
            day = change.effective_on
            placed = next((i for i in plan.items_on(day).values() if isinstance(i, Placement)), None)
            if placed is None:
                continue
            apart = 100 - placed.percent_with_peers if placed.percent_with_peers is not None else None
            number = plan.number_of(change)
            if apart == 0:
                yield record.finding(
                    "idea.lre", change.id, day, "", state=State.NOT_APPLICABLE, kept=f"v{number}: fully regular.",
                    events=(change,), plan=plan.plan_id, item=placed.id,
                )  # fmt: skip
                continue
            says = f"v{{v}}: {apart if apart is not None else '?'}% apart, no reason."
            judged = lacking(record, "idea.lre", plan, change, _unexplained, says=says)
            if judged.state is State.MET and not _with_parents(record, change):
                judged = judged.model_copy(
                    update={"state": State.UNPROVEN, "says": f"v{number}: {apart}% apart; no meeting with the parents is shown.",
                            "cure": "Name the meeting that decided the placement, with who was there."}
                )  # fmt: skip
            yield judged


def _unexplained(items: Sequence[AnyItem]) -> list[Reason]:
    return [gap for gap in gaps_in_items(PlanKind.IEP, items) if gap.code == "placement-lacks-explanation"]


def _with_parents(record: StudentRecord, change: Change) -> bool:
    meeting_id = change.event.meeting_id if isinstance(change.event, PlanAdopted) else None
    meeting = next((m for m in record.meetings if m.meeting_id == meeting_id), None)
    return meeting is not None and (parents_at(meeting) or bool(meeting.attempts))
