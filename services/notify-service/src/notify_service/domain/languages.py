"""In which language a notice is written: the holder's, where there is a wording in it (34 CFR 300.503(c)(1)(ii))."""

from collections.abc import Collection
from dataclasses import dataclass

from contracts.fields import LanguageTag

FALLBACK: LanguageTag = "en"
"""What is used, and recorded as such, where there is no wording in the language asked for."""


SERVED_BY: dict[LanguageTag, LanguageTag] = {
    "zh": "zh-Hans",
    "zh-CN": "zh-Hans",
    "zh-SG": "zh-Hans",
    "zh-Hans-CN": "zh-Hans",
}
"""One script for another is no translation: traditional Chinese (``zh-Hant``) is not served by simplified."""


@dataclass(frozen=True, slots=True)
class LanguageUsed:
    """``wanted`` is what the holder reads; ``used`` what there is."""

    wanted: LanguageTag
    used: LanguageTag

    @property
    def fell_back(self) -> bool:
        """There was no wording in the holder's language: a person must see to a translation or an interpreter."""
        return self.used not in (self.wanted, SERVED_BY.get(self.wanted), _primary(self.wanted))


def language_for(wanted: LanguageTag, available: Collection[LanguageTag]) -> LanguageUsed:
    """``es-MX`` is served by ``es``; what nobody has worded falls back."""
    for candidate in (wanted, SERVED_BY.get(wanted, ""), _primary(wanted)):
        if candidate in available:
            return LanguageUsed(wanted, candidate)
    return LanguageUsed(wanted, FALLBACK)


def _primary(tag: LanguageTag) -> str:
    return tag.split("-")[0]
