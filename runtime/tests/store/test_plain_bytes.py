"""The quick way to canonical bytes answers what the exact one does, or not at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.canonical import NotCanonical, canonical, refuse_uncarriable
from runtime.plain_bytes import quick_canonical

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(),
    st.text(st.characters(codec=None, categories=None), max_size=5),  # Any code point, lone surrogates too.
    st.text(st.characters(max_codepoint=0x20), max_size=5),
    st.sampled_from(["\x00", "\\u0000", "\x7f", "\u2028", "</script>", '"\\/', "\ufb33", "\U0001f600"]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=4), inner), max_leaves=12
)


def exactly(value: Any) -> bytes | None:
    try:
        refuse_uncarriable(value)
        return canonical(value)
    except NotCanonical:
        return None


@given(VALUES)
def test_what_is_written_quickly_is_what_is_written_exactly(value: Any) -> None:
    quick = quick_canonical(value)

    assert quick is None or quick == exactly(value)


@pytest.mark.parametrize(
    "value",
    ["\x00", "a\ud800", 2**53, -(2**53), 1.0, float("nan"), {"\ufb33": 1}, {"a\x00": 1}, [{"b": ["\x00"]}]],
)
def test_what_is_not_certain_is_left_to_the_closer_look(value: Any) -> None:
    assert quick_canonical(value) is None


def test_an_ordinary_event_is_written_quickly() -> None:
    assert (
        quick_canonical({"b": "Zoë", "a": [1, True, {"c": "x"}]})
        == '{"a":[1,true,{"c":"x"}],"b":"Zoë"}'.encode()
    )
