"""No amendment leaves a plan without what the law has every plan say: 34 CFR 300.320, 300.324(a)(2), 104.33."""

from datetime import timedelta

import pytest

from contracts.fields import ItemId
from contracts.items import Add, AnyChange, End, Replace
from contracts.plan import AmendmentProposed
from contracts.problems import Invalid
from contracts.vocabulary import PlanKind
from plan_service.domain.amendment import (
    AmendmentRefused,
    WithdrawalRefused,
    adopt_amendment,
    propose_amendment,
    withdraw_amendment,
)
from plan_service.domain.plan import Plan
from plan_service.testing_plans import (
    AMENDMENT,
    GOAL,
    LEVELS,
    PLACEMENT,
    SPEECH,
    TIME,
    TODAY,
    adoption,
    agreement,
    an_id,
    draft_opened,
    given,
    goal,
    ground,
    iep_items,
    in_effect,
    item,
    notice,
    people,
    plan_504_items,
    plan_adopted,
    proposal,
    proposed,
    reported,
    speech,
)

STEP = item("objective", an_id("step"), goal=GOAL, target="20", due_on="2026-03-15")
ANOTHER = an_id("another goal")


def asking(*changes: AnyChange) -> AmendmentProposed:
    """An amendment that proposes these."""
    return proposed(changes=changes)


def refused(plan: Plan, *changes: AnyChange) -> set[str]:
    """Why these changes are not adopted, but for what every proposal waits for; they are not even proposed."""
    asked = given(asking(*changes), start=plan)
    with pytest.raises(AmendmentRefused) as refusal:
        adopt_amendment(asked, adoption(), ground(notice()))
    with pytest.raises(AmendmentRefused):
        propose_amendment(plan, proposal(changes=changes), people())
    return {reason.code for reason in refusal.value.reasons}


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        (LEVELS, "missing-present-levels"),
        (GOAL, "missing-goal"),
        (SPEECH, "missing-service"),
        (PLACEMENT, "missing-placement"),
        (an_id("reports"), "missing-progress-schedule"),
        (an_id("braille"), "missing-special-factor-braille"),
        (an_id("summer"), "missing-extended-school-year"),
    ],
)
def test_an_amendment_takes_nothing_from_an_iep_that_every_iep_says(ended: ItemId, code: str) -> None:
    assert refused(in_effect(), End(item=ended)) == {code}


def test_an_amendment_takes_nothing_from_a_504_plan_that_every_504_plan_says() -> None:
    items = plan_504_items()
    plan = given(
        draft_opened(kind=PlanKind.SECTION_504), plan_adopted(items=items, kind=PlanKind.SECTION_504)
    )
    ends = [End(item=each.id) for each in items]
    assert refused(plan, *ends) == {
        "missing-activity-limited", "missing-accommodation", "missing-assistive-technology",
    }  # fmt: skip


def test_what_takes_its_place_in_the_same_amendment_is_enough() -> None:
    other = goal().model_copy(update={"id": ANOTHER})
    asked = given(asking(End(item=GOAL), Add(item=other)), start=in_effect())
    assert adopt_amendment(asked, adoption(), ground(notice()))


def test_an_objective_does_not_outlive_its_goal() -> None:
    other = goal().model_copy(update={"id": ANOTHER})
    plan = given(draft_opened(), plan_adopted(items=iep_items(STEP, other)))
    assert refused(plan, End(item=GOAL)) == {"objective-of-no-goal"}
    asked = given(asking(End(item=GOAL), End(item=STEP.id)), start=plan)
    assert adopt_amendment(asked, adoption(), ground(notice()))


def test_what_a_plan_lacked_before_refuses_no_change_of_something_else() -> None:
    plan = given(draft_opened(), plan_adopted(items=[speech()], reported=reported(TODAY)))
    asked = given(asking(Replace(item=speech(60))), start=plan)
    assert adopt_amendment(asked, adoption(), ground(notice()))


def test_what_another_amendment_rests_on_is_not_withdrawn() -> None:
    later, other = TODAY + timedelta(days=40), goal().model_copy(update={"id": ANOTHER})
    plan = given(asking(Add(item=other)), start=in_effect())
    plan = given(*adopt_amendment(plan, adoption(effective_on=later), ground(notice())), start=plan)
    instead = an_id("instead")
    plan = given(asking(End(item=GOAL)).model_copy(update={"amendment_id": instead}), start=plan)
    after = later + timedelta(days=5)
    plan = given(
        *adopt_amendment(plan, adoption(amendment_id=instead, effective_on=after), ground(notice())),
        start=plan,
    )
    with pytest.raises(WithdrawalRefused) as refusal:
        withdraw_amendment(plan, AMENDMENT, "no longer wanted", TODAY)
    assert [reason.code for reason in refusal.value.reasons] == ["missing-goal"]


def test_a_report_says_what_was_taken_away() -> None:
    asked = given(asking(End(item=PLACEMENT)), start=in_effect())
    (event,) = adopt_amendment(asked, adoption(reported=reported(TODAY)), ground(notice()))
    assert "missing-placement" in {unmet.code for unmet in event.reported.unmet}  # type: ignore[union-attr]


def test_an_amendment_that_says_what_the_plan_says_changes_nothing() -> None:
    with pytest.raises(Invalid) as refusal:
        propose_amendment(in_effect(), proposal(changes=(Replace(item=speech()), End(item=TIME))), people())
    (reason,) = refusal.value.reasons
    assert (reason.code, reason.pointer) == ("changes-nothing", "/changes/0/item")


def test_that_it_read_so_earlier_than_the_record_says_may_be_reported() -> None:
    plan = given(proposed(), start=in_effect())
    late = adopt_amendment(plan, adoption(effective_on=TODAY, reported=reported(TODAY)), ground(notice()))
    plan = given(*late, start=plan)
    before = TODAY - timedelta(days=20)
    again = proposal(
        amendment_id=an_id("again"), changes=(Replace(item=speech(60)),), requested=before, today=TODAY,
        reported=reported(before), basis=agreement(before),
    )  # fmt: skip
    assert propose_amendment(plan, again, people())
