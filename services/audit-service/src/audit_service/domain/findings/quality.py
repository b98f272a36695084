"""What practice asks beyond the law: a plan for this child. The findings say that it is practice."""

from collections.abc import Iterator
from itertools import pairwise

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import Finding, State
from audit_service.domain.findings.record import StudentRecord
from contracts.individual import promised, words
from contracts.items import Goal
from contracts.plan import ReviewHeld


@rule("qual.carry-over")
def goals_are_not_carried_over(record: StudentRecord) -> Iterator[Finding]:
    """Practice, not law: at the annual review the goals are looked at anew. Goals that are word for word those of the year
    before are named; where the review says why, that is the answer."""
    for plan in (*record.ieps, *record.plans_504):
        for before, after in pairwise(plan.adoptions):
            old = {
                words(promised(i)) for i in plan.items_on(before.effective_on).values() if isinstance(i, Goal)
            }
            goals = [i for i in plan.items_on(after.effective_on).values() if isinstance(i, Goal)]
            same = [goal for goal in goals if words(promised(goal)) in old]
            day = after.effective_on
            if not goals or not old:
                continue
            reviews = [
                e for e in record.of(ReviewHeld) if e.event.plan_id == plan.plan_id and e.event.personal
            ]
            why = next((e for e in reviews if before.effective_on < e.effective_on <= day), None)
            state = State.MET if not same else State.EXCUSED if why else State.MISSED
            yield record.finding(
                "qual.carry-over", after.id, day,
                f"{len(same)} of {len(goals)} goals word for word those of {before.effective_on}.",
                state=state, kept=f"{len(same)} of {len(goals)} goals as before: the review says why." if why and same
                else f"No goal is word for word one of {before.effective_on}.", events=(before, why, after), plan=plan.plan_id,
                facts={"goals": len(goals), "word for word": len(same)}, cure="Look at each goal again, or say why it stays.",
            )  # fmt: skip
