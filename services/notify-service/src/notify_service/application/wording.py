"""The wordings of notices and of the parent's page: one file a language, each with its version and review status."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from contracts import codes, plain_words
from contracts.fields import LanguageTag
from contracts.vocabulary import NoticeKind

LANGUAGES: tuple[LanguageTag, ...] = ("en", "es", "vi", "zh-Hans", "ar")
"""In which there is a wording, in the order in which they are offered."""

_WITHOUT_A_US_LOCALE = frozenset({"vi", "zh-Hans", "ar"})

_FOLDER = files("notify_service") / "templates"


@dataclass(frozen=True)
class Wording:
    """One language's words."""

    tag: LanguageTag
    texts: Mapping[str, Any]

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``: the ``dir`` of every page and document in it."""
        return str(self.texts["direction"])

    @property
    def locale(self) -> Locale:
        """How dates and numbers are written: as in the United States, where that is described for this language."""
        return Locale.parse(
            self.tag.replace("-", "_") if self.tag in _WITHOUT_A_US_LOCALE else f"{self.tag}_US"
        )

    @property
    def status(self) -> str:
        """``drafted``, or ``reviewed``: stated on every notice."""
        return str(self.texts["status"])

    @property
    def reviewed_by(self) -> str:
        """By whom; nothing where nobody has."""
        return str(self.texts.get("reviewed_by", ""))

    def __call__(self, key: str, **values: object) -> str:
        """The words under a dotted key, with its places filled."""
        found: Any = self.texts
        for part in key.split("."):
            found = found[part]
        return str(found).format(**values) if values else str(found)

    def reworded(self, texts: Mapping[str, str], version: str, status: str, reviewed_by: str) -> "Wording":
        """With other words under some keys, as a district's own version.

        Also to a student: our words to them do not stand in the place of what the district says itself.
        """
        changed = self._with(texts)
        for key in texts:
            if f"to_student.{key}" not in texts:
                changed["to_student"].pop(key, None)
        return Wording(self.tag, changed | {"version": version, "status": status, "reviewed_by": reviewed_by})

    def to_student(self) -> "Wording":
        """As said to a student who holds the rights: nothing in it speaks of a child (34 CFR 300.520)."""
        return Wording(self.tag, self._with(self.texts["to_student"]))

    def _with(self, texts: Mapping[str, str]) -> dict[str, Any]:
        changed: dict[str, Any] = {
            name: dict(value) if isinstance(value, dict) else value for name, value in self.texts.items()
        }
        for key, text in texts.items():
            table, _, name = key.partition(".")
            changed[table][name] = text
        return changed

    def counted(self, key: str, count: int) -> str:
        """``1 day``, ``10 days``."""
        return self(f"{key}_one" if count == 1 else f"{key}_other", count=count)

    def day(self, day: date) -> str:
        """``March 9, 2026``, as people of this language write it."""
        return format_date(day, "long", locale=self.locale)

    def months(self) -> list[str]:
        """The names of the months."""
        names: Mapping[int, str] = self.locale.months["stand-alone"]["wide"]
        return [names[number] for number in range(1, 13)]

    def number(self, text: str) -> str:
        """A decimal as written here."""
        return str(format_decimal(text, locale=self.locale))

    def kind(self, kind: str) -> str:
        """A kind of item."""
        return str(self.texts["kinds"].get(kind) or plain_words.kind_label(kind))

    def field(self, name: str) -> str:
        """A field of an item."""
        return str(self.texts["fields"].get(name) or plain_words.field_label(name))

    def code(self, listed: str, code: str) -> str:
        """A code; one that a district added stands as it is."""
        return str(self.texts["codes"].get(listed, {}).get(code) or codes.label(listed, code))

    def named(self, tag: LanguageTag) -> str:
        """The name of a language, in this one: also of one that has a name here and nothing more."""
        names: Mapping[str, str] = self.locale.languages
        return (
            names.get(tag.replace("-", "_")) or names.get(tag.split("-")[0]) or codes.label("language", tag)
        )

    def template(self, kind: NoticeKind) -> str:
        """What stands on the event: which wording, which version, how far it was reviewed."""
        return f"{kind}/{self.tag}@{self.texts['version']} ({self.status})"


@cache
def wording(tag: LanguageTag) -> Wording:
    """The wording of one of `LANGUAGES`."""
    return Wording(tag, tomllib.loads((_FOLDER / "wording" / f"{tag}.toml").read_text("utf-8")))


def flat_texts(words: Wording) -> dict[str, str]:
    """Every passage by its dotted key; codes are no passages."""
    return {
        f"{table}.{name}": text
        for table, texts in words.texts.items() if isinstance(texts, dict)
        for name, text in texts.items() if isinstance(text, str)
    }  # fmt: skip


def template_file(name: str) -> bytes:
    """A template's source."""
    return (_FOLDER / name).read_bytes()
