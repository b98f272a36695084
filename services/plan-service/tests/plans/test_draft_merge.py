"""Two people write on one draft at a time, and nobody's work is lost."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.items import AnyItem, parse_item
from contracts.testing import an_id
from plan_service.domain.draft_merge import DraftSavedMeanwhile, in_turn, three_way, touched

GOAL, SPEECH, TIME = an_id("goal"), an_id("speech"), an_id("time")
READ: dict[Any, dict[str, Any]] = {
    GOAL: {"kind": "goal", "target": "60", "unit": "objects"},
    SPEECH: {"kind": "service", "minutes": 30, "per": "week"},
}


def items(fields: Mapping[Any, dict[str, Any]]) -> list[AnyItem]:
    return [parse_item({"id": str(item_id), **each}) for item_id, each in fields.items()]


def told(theirs: Mapping[Any, dict[str, Any]], yours: Mapping[Any, dict[str, Any]]) -> dict[str, str]:
    """``pointer: code``, of two texts that both began with `READ`."""
    both = three_way(touched(items(READ), items(theirs)), touched(items(READ), items(yours)))
    return {str(reason.pointer).removeprefix("/items/"): reason.code for reason in both}


def test_each_field_is_told_with_who_changed_it() -> None:
    theirs = {GOAL: READ[GOAL] | {"target": "40"}, SPEECH: READ[SPEECH] | {"minutes": 60}}
    yours = {GOAL: READ[GOAL] | {"target": "50", "baseline": "5"}, SPEECH: READ[SPEECH]}

    assert told(theirs, yours) == {
        f"{GOAL}/target": "changed-by-both",
        f"{GOAL}/baseline": "changed-by-you",
        f"{SPEECH}/minutes": "changed-by-others",
    }


def test_an_item_that_one_takes_out_and_another_changes_is_changed_by_both() -> None:
    without = {SPEECH: READ[SPEECH]}
    changed = READ | {GOAL: READ[GOAL] | {"target": "40"}}

    assert told(without, changed) == told(changed, without) == {str(GOAL): "changed-by-both"}


def test_what_only_one_takes_out_or_both_take_out_hinders_nobody() -> None:
    without = {SPEECH: READ[SPEECH]}

    assert told(without, READ) == {str(GOAL): "changed-by-others"}
    assert told(READ, without) == {str(GOAL): "changed-by-you"}
    assert told(without, without) == {str(GOAL): "changed-by-others"}


def test_several_saved_versions_count_together() -> None:
    first, second, third = (
        {GOAL: frozenset({"target"})},
        {GOAL: frozenset({"unit"}), TIME: None},
        {GOAL: None},
    )

    assert in_turn([first, second]) == {GOAL: frozenset({"target", "unit"}), TIME: None}
    assert in_turn([first, second, third])[GOAL] is None


def test_a_refusal_says_how_to_go_on() -> None:
    def refusal(codes: dict[Any, frozenset[str]], fits: bool = True) -> DraftSavedMeanwhile:
        reasons = three_way({GOAL: frozenset({"target"})}, codes)
        return DraftSavedMeanwhile(an_id("plan"), reasons, fits=fits, expected=3, actual=4)

    apart, together = refusal({GOAL: frozenset({"unit"})}), refusal({GOAL: frozenset({"target"})})

    assert (apart.facts["mergeable"], together.facts["mergeable"]) == (True, False)
    assert 'send the same patch again with If-Match "4"' in apart.message
    assert "decide" in together.message
    assert refusal({}, fits=False).facts["mergeable"] is False


@given(
    st.lists(st.sampled_from(["target", "unit", "baseline"])),
    st.lists(st.sampled_from(["target", "unit", "baseline"])),
)
def test_no_field_that_both_changed_is_left_out_and_none_is_made_up(
    theirs: list[str], yours: list[str]
) -> None:
    said = three_way({GOAL: frozenset(theirs)}, {GOAL: frozenset(yours)})

    both = {str(reason.pointer).rpartition("/")[2] for reason in said if reason.code == "changed-by-both"}
    assert both == set(theirs) & set(yours)
    assert len(said) == len(set(theirs) | set(yours))
