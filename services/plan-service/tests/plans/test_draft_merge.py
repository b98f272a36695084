"""Two people write on one draft at a time, and nobody's work is lost."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.items import AnyItem, parse_item
from contracts.testing import an_id
from plan_service.application.draft_patch import DraftPatch, patched
from plan_service.domain.draft_merge import DraftSavedMeanwhile, ThreeWay, keeps, text_of, touched

GOAL, SPEECH, TIME = an_id("goal"), an_id("speech"), an_id("time")
READ: dict[Any, dict[str, Any]] = {
    GOAL: {"kind": "goal", "target": "60", "unit": "objects"},
    SPEECH: {"kind": "service", "minutes": 30, "per": "week"},
}


def items(fields: Mapping[Any, dict[str, Any]]) -> list[AnyItem]:
    return [parse_item({"id": str(item_id), **each}) for item_id, each in fields.items()]


def three(theirs: Mapping[Any, dict[str, Any]], yours: Mapping[Any, dict[str, Any]]) -> ThreeWay:
    """Two texts that both began with `READ`."""
    return ThreeWay(text_of(items(READ)), text_of(items(theirs)), text_of(items(yours)))


def told(theirs: Mapping[Any, dict[str, Any]], yours: Mapping[Any, dict[str, Any]]) -> dict[str, str]:
    """``pointer: code``."""
    reasons = three(theirs, yours).reasons()
    return {str(reason.pointer).removeprefix("/items/"): reason.code for reason in reasons}


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


def test_what_both_changed_to_the_same_is_no_conflict() -> None:
    same = READ | {GOAL: READ[GOAL] | {"target": "40"}}

    assert told(same, same) == {f"{GOAL}/target": "changed-by-others"}
    assert three(same, same).patch() == {"items": {}}


def test_the_three_texts_of_each_changed_field_are_shown_and_of_no_other() -> None:
    theirs = {
        GOAL: READ[GOAL] | {"target": "40"},
        SPEECH: READ[SPEECH],
        TIME: {"kind": "accommodation", "what": "Time"},
    }
    yours = {GOAL: READ[GOAL] | {"target": "50", "baseline": "5"}, SPEECH: READ[SPEECH]}

    assert three(theirs, yours).items() == {
        str(GOAL): {
            "kind": "goal",
            "fields": {"target": {"base": "60", "theirs": "40", "yours": "50"}, "baseline": {"yours": "5"}},
        },
        str(TIME): {
            "kind": "accommodation",
            "fields": {"kind": {"theirs": "accommodation"}, "what": {"theirs": "Time"}},
        },
    }


def test_of_an_item_that_was_taken_out_the_whole_text_is_shown_so_that_it_can_be_put_back() -> None:
    without, changed = {SPEECH: READ[SPEECH]}, READ | {GOAL: READ[GOAL] | {"target": "40"}}
    shown = three(without, changed).items()[str(GOAL)]

    assert shown["taken_out_by"] == "others"
    assert shown["fields"]["target"] == {"base": "60", "yours": "40"}
    assert shown["fields"]["unit"] == {"base": "objects", "yours": "objects"}
    assert three(changed, without).items()[str(GOAL)]["taken_out_by"] == "you"


def test_a_refusal_says_how_to_go_on() -> None:
    def refusal(mergeable: bool) -> DraftSavedMeanwhile:
        apart = three(READ | {GOAL: READ[GOAL] | {"target": "40"}}, READ)
        return DraftSavedMeanwhile(
            an_id("plan"), an_id("child"), apart, mergeable=mergeable, expected=3, actual=4
        )

    assert 'send the same patch again with If-Match "4"' in refusal(True).message
    assert "Decide" in refusal(False).message
    assert refusal(False).facts == {"expected": 3, "actual": 4, "mergeable": False}


def test_a_patch_that_only_repeats_what_was_read_would_undo_theirs() -> None:
    theirs = text_of(items(READ | {GOAL: READ[GOAL] | {"target": "40"}}))
    whole = DraftPatch(items={GOAL: READ[GOAL] | {"baseline": "5"}})
    again = text_of(patched(items(READ | {GOAL: READ[GOAL] | {"target": "40"}}), whole))

    assert not keeps(touched(text_of(items(READ)), theirs), touched(theirs, again))


GOALS = st.fixed_dictionaries(
    {"kind": st.just("goal")},
    optional={
        "target": st.sampled_from(["20", "40", "60"]),
        "unit": st.sampled_from(["objects", "words"]),
        "baseline": st.sampled_from(["5", "6"]),
    },
)
TEXTS = st.dictionaries(st.sampled_from([GOAL, SPEECH, TIME]), GOALS)


@given(TEXTS, TEXTS, TEXTS)
def test_the_patch_keeps_all_of_theirs_and_takes_all_of_yours_that_meets_none_of_theirs(
    base: Mapping[Any, Any], theirs: Mapping[Any, Any], yours: Mapping[Any, Any]
) -> None:
    texts = ThreeWay(text_of(items(base)), text_of(items(theirs)), text_of(items(yours)))
    by_them, by_you = touched(texts.base, texts.theirs), touched(texts.base, texts.yours)
    both = {str(reason.pointer) for reason in texts.reasons() if reason.code == "changed-by-both"}

    merged = text_of(patched(items(theirs), DraftPatch.model_validate(texts.patch())))
    assert keeps(by_them, touched(texts.theirs, merged))
    for item_id, names in by_you.items():
        if names is None and item_id in merged:
            assert f"/items/{item_id}" in both
        for name in names or ():
            mine = texts.yours[item_id].get(name)
            if item_id not in merged or merged[item_id].get(name) != mine:
                assert {f"/items/{item_id}", f"/items/{item_id}/{name}"} & both
