"""A plan is for who was evaluated and found eligible: each sentence of the rule, and the gate by HTTP."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.items import item_fields
from contracts.vocabulary import Law, PlanKind
from plan_service.application.models import STUDENT
from plan_service.domain.eligibility import KnownEligibility, not_found_eligible
from plan_service.domain.evaluation import Determined, Evaluations
from plan_service.testing_plans import iep_items, plan_504_items
from plan_service.testing_plans_store import CHILD, found_eligible, record
from plan_service.testing_service import ON_ONE_SERVICE

BEGINS = date(2025, 12, 9)
BEFORE = BEGINS - timedelta(days=20)


def refused(kind: PlanKind, *found: Determined, had_a_plan: bool = False) -> list[str]:
    known = KnownEligibility(Evaluations(determined=found), had_a_plan)
    return [reason.code for reason in not_found_eligible(kind, known, BEGINS)]


def found(law: Law, *, eligible: bool = True, on: date = BEFORE) -> Determined:
    return Determined(law, eligible, on)


def test_an_iep_is_for_who_was_found_eligible_under_idea() -> None:
    """34 CFR 300.8, 300.323(c)(1)."""
    assert refused(PlanKind.IEP) == ["eligibility-required"]
    assert refused(PlanKind.IEP, found(Law.IDEA)) == []
    assert refused(PlanKind.IEP, found(Law.SECTION_504)) == ["eligibility-required"]


def test_a_504_plan_comes_after_an_evaluation() -> None:
    """34 CFR 104.35(a)-(b)."""
    assert refused(PlanKind.SECTION_504) == ["eligibility-required"]
    assert refused(PlanKind.SECTION_504, found(Law.SECTION_504)) == []
    assert refused(PlanKind.SECTION_504, found(Law.IDEA)) == ["eligibility-required"]


def test_what_is_found_after_the_plan_begins_does_not_carry_it() -> None:
    assert refused(PlanKind.IEP, found(Law.IDEA, on=BEGINS)) == []
    assert refused(PlanKind.IEP, found(Law.IDEA, on=BEGINS + timedelta(days=1))) == ["eligibility-required"]


@pytest.mark.parametrize("had_a_plan", [True, False])
def test_who_was_found_not_eligible_since_has_no_plan(had_a_plan: bool) -> None:
    since = found(Law.IDEA, eligible=False, on=BEFORE + timedelta(days=1))
    assert refused(PlanKind.IEP, found(Law.IDEA), since, had_a_plan=had_a_plan) == ["found-not-eligible"]
    same_day = found(Law.IDEA, eligible=False)
    assert refused(PlanKind.IEP, found(Law.IDEA), same_day, had_a_plan=had_a_plan) == ["found-not-eligible"]
    again = found(Law.IDEA, on=BEFORE + timedelta(days=2))
    assert refused(PlanKind.IEP, found(Law.IDEA), since, again, had_a_plan=had_a_plan) == []


def test_who_had_a_plan_or_came_with_one_was_found_eligible_then() -> None:
    assert refused(PlanKind.IEP, had_a_plan=True) == []


@ON_ONE_SERVICE
@pytest.mark.parametrize("kind", ["iep", "504"])
async def test_the_gate_says_so_and_a_report_records_it(lakeside: Any, kind: str) -> None:
    nothing = found_eligible(lakeside.today, CHILD, eligible=False)
    await record(lakeside.plan, STUDENT, [CHILD], nothing, CHILD)
    items = [item_fields(entry) for entry in (iep_items() if kind == "iep" else plan_504_items())]
    body: dict[str, Any] = {"student": str(CHILD), "kind": kind, "items": items}
    made = await lakeside.send("POST", "/plans", body, expect=201)
    adoption = f"/plans/{made.json()['id']}/adoption"
    body = {"effective_on": lakeside.today.isoformat()}
    if kind == "iep":
        body["meeting"] = str(await lakeside.meeting())
    refusal = await lakeside.send("POST", adoption, body, version=1, expect=409)
    (reason,) = refusal.json()["errors"]
    assert (reason["code"], bool(reason["citation"]), bool(reason["cure"])) == (
        "found-not-eligible",
        True,
        True,
    )

    body["reported"] = {
        "source": "paper file",
        "reason": "Adopted before.",
        "occurred_on": lakeside.today.isoformat(),
    }
    reported = await lakeside.send(
        "POST", adoption, body, version=1, scopes="plan.read plan.report", expect=200
    )
    assert reported.json()["bindings"]
