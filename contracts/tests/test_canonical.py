"""The one byte sequence that stands for a value, and what may stand in it."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.canonical import Instant, NotCanonical, canonical, instant, parse_instant, refuse_uncarriable

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    assert canonical({"b": 1, "a": [True, None, "é"]}) == '{"a":[true,null,"é"],"b":1}'.encode()


def test_keys_are_sorted_by_utf_16() -> None:
    """RFC 8785 3.2.3: a character beyond the first plane sorts by its surrogates, before U+FB33."""
    assert canonical({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, -(2**53), "\ud800", {"\udfff": 1}])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({"a": {"b": ["fine", "nul\x00"]}}, "/a/b/1"),
        ({"a": "\ud83d"}, "/a"),
        ({"a/b": {"c~d": 2**53}}, "/a~1b/c~0d"),
        ({"a": float("nan")}, "/a"),
        ({"a": Decimal("Infinity")}, "/a"),
        ({"nul\x00": 1}, ""),
    ],
)
def test_what_cannot_be_carried_is_named_by_its_place(value: Any, pointer: str) -> None:
    with pytest.raises(NotCanonical) as refused:
        refuse_uncarriable(value)
    assert refused.value.pointer == pointer


@given(json_values)
def test_whatever_can_be_carried_has_a_canonical_form(value: Any) -> None:
    try:
        refuse_uncarriable(value)
    except NotCanonical:
        return
    assert canonical(value) == canonical(value)


def test_an_instant_is_utc_with_six_decimals() -> None:
    moment = datetime(2026, 1, 31, 6, 0, 0, 120, tzinfo=timezone(timedelta(hours=-6)))

    assert instant(moment) == "2026-01-31T12:00:00.000120Z"
    assert parse_instant(instant(moment)) == moment


def test_an_instant_needs_its_offset() -> None:
    field: TypeAdapter[datetime] = TypeAdapter(Instant)

    with pytest.raises(ValidationError, match="offset"):
        field.validate_python("2026-01-31T12:00:00")
    assert field.validate_python("2026-01-31T06:00:00-06:00") == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert (
        field.dump_python(datetime(2026, 1, 31, 12, tzinfo=UTC), mode="json") == "2026-01-31T12:00:00.000000Z"
    )
