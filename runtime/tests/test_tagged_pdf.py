"""Names come in any script: each stands in a document as itself, in whichever service made it."""

from datetime import UTC, datetime

import pytest

from runtime.tagged_pdf import FAMILIES, fonts, shows_every_letter, tagged_pdf

TEMPLATE = b"""
#set document(title: "A name")
#set text(lang: "en", font: json(bytes(sys.inputs.fonts)))
= A name
#json(bytes(sys.inputs.text)) *#json(bytes(sys.inputs.text))*
"""
AT = datetime(2026, 2, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    ["Nguyễn", "Олена", "Ελένη", "ليلى",
     "נועה", "王小明", "さくら", "김민지",
     "प्रिया", "สมชาย", "សុខា",
     "ສົມພອນ", "အောင်ဆန်း",
     "রহিমা", "தமிழ்", "లక్ష్మీ",
     "አበበ"],
)  # fmt: skip
def test_a_name_is_shown_in_its_own_script_and_makes_the_same_bytes_again(name: str) -> None:
    pdf = tagged_pdf(TEMPLATE, f'"{name}"', AT)

    assert shows_every_letter(pdf)
    assert tagged_pdf(TEMPLATE, f'"{name}"', AT) == pdf


def test_a_letter_that_no_font_has_is_a_box_and_known_to_be_one() -> None:
    assert not shows_every_letter(tagged_pdf(TEMPLATE, '"Ana 𒊢"', AT))


def test_every_family_that_templates_ask_for_is_there() -> None:
    assert set(FAMILIES) <= set(fonts().families())
