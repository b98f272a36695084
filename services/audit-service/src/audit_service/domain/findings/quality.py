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


@rule("qual.individual")
def plan_is_this_childs(record: StudentRecord) -> Iterator[Finding]:
    """Practice, not law: a plan's goals, services and accommodations are this child's. Where one of these sets is that of more
    than half of the plans around it (same category, grade band and case manager; counted when it was adopted, silent with
    fewer than ten), a reason from this child's own data is on record, or the next text differs."""
    for plan in (*record.ieps, *record.plans_504):
        for adoption in plan.adoptions:
            beside, said = adoption.event.beside_peers, adoption.event.personal
            if beside is None:
                continue
            last = adoption is plan.adoptions[-1]
            why = said is not None and said.individual_reason is not None
            open_ = State.UNPROVEN if last else State.MISSED
            state = State.MET if not beside.same else State.EXCUSED if why else open_
            sets = ", ".join(f"{of.section} as {of.same + of.nearly} of {beside.peers}" for of in beside.same)
            yield record.finding(
                "qual.individual", adoption.id, adoption.effective_on, f"Same {sets}.", state=state,
                kept=f"Same {sets}: the reason from this child's data is on record." if beside.same
                else f"No set is that of most of the {beside.peers} plans around it.", events=(adoption,), plan=plan.plan_id,
                facts={"peers": beside.peers}, cure="Look whether each is what this child needs; where it is, the next adoption"
                " says why from this child's data.",
            )  # fmt: skip
