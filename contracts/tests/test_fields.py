"""What may stand in a field, at its edges."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.fields import Code, Codes, ExternalId, LanguageTag, Measure, Percent


def taken(field: Any, value: Any) -> Any:
    return TypeAdapter(field).validate_python(value)


def written(value: Any) -> bytes:
    return TypeAdapter(Measure).dump_json(taken(Measure, value))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (60, b'"60"'),
        ("60", b'"60"'),
        ("82.50", b'"82.50"'),
        (82.5, b'"82.5"'),
        (0.1 + 0.2, b'"0.3"'),
        (3 * 0.000001, b'"0.000003"'),
        (-5, b'"-5"'),
        (Decimal("1E+2"), b'"100"'),
        (999_999_999_999, b'"999999999999"'),
    ],
)
def test_a_measure_is_written_as_a_plain_decimal(value: Any, text: bytes) -> None:
    assert written(value) == text


@pytest.mark.parametrize(
    "value",
    [
        "1e3",
        "NaN",
        "",
        " 5",
        "+5",
        "1_000",
        "٣",
        True,
        float("nan"),
        float("inf"),
        1e12,
        0.1234567,
        10**12,
        None,
        [1],
    ],
)
def test_what_is_no_measure_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        taken(Measure, value)


@pytest.mark.parametrize(
    ("value", "good"), [(0, True), ("100", True), (99.5, True), ("100.000001", False), (-1, False)]
)
def test_a_percent_stays_between_its_ends(value: Any, good: bool) -> None:
    if good:
        taken(Percent, value)
    else:
        with pytest.raises(ValidationError):
            taken(Percent, value)


@pytest.mark.parametrize("value", ["speech_language_therapy", "a", "x1"])
def test_a_code_is_lower_case_words(value: str) -> None:
    assert taken(Code, value) == value


@pytest.mark.parametrize("value", ["", "Speech", "speech therapy", "1st", "_a", "a" * 65, "a\n"])
def test_what_is_no_code_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        taken(Code, value)


def test_a_single_code_is_kept_as_a_list_of_one() -> None:
    assert taken(Codes, "class") == ("class",)
    assert taken(Codes, ["class", "bus"]) == ("class", "bus")


@pytest.mark.parametrize("value", ["edfi:604821", "SIS-1:a b/c:2021-08-30", "x:é"])
def test_an_external_id_names_its_source(value: str) -> None:
    assert taken(ExternalId, value) == value


@pytest.mark.parametrize(
    "value", ["604821", ":604821", "edfi:", "ed fi:1", "edfi: 1", "e" * 41 + ":1", "edfi:a\nb"]
)
def test_an_id_without_its_source_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        taken(ExternalId, value)


@pytest.mark.parametrize(
    ("value", "good"), [("es", True), ("zh-Hant", True), ("hmn", True), ("english", False), ("ES", False)]
)
def test_a_language_is_a_tag(value: str, good: bool) -> None:
    if good:
        taken(LanguageTag, value)
    else:
        with pytest.raises(ValidationError):
            taken(LanguageTag, value)
