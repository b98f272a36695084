"""The progress report's own words in the languages that notices are written in; what people wrote stays as they wrote it.

English is that of the data (`contracts.goals.words`). A language that nobody has worded falls back to English.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from babel.dates import format_date

from contracts.goals.criterion import Criterion, plain_number
from contracts.goals.progress import GoalProgress, Standing, StepProgress
from contracts.goals.results import Result
from contracts.goals.words import in_words
from contracts.plain_words import day_in_words

ENGLISH = "en"
_FOLDER = files("progress_service") / "templates" / "wording"
_SERVED_BY = {"zh": "zh-Hans", "zh-cn": "zh-Hans", "zh-sg": "zh-Hans", "zh-hans-cn": "zh-Hans"}
"""One script for another is no translation: ``zh-Hant`` is not served by simplified Chinese."""


@dataclass(frozen=True)
class ReportWords:
    """The words of one language."""

    tag: str
    texts: Mapping[str, Any]

    def __call__(self, key: str, **values: object) -> str:
        """A sentence or heading with its values filled in."""
        return str(self.texts[key]).format(**values)

    def day(self, day: date) -> str:
        """As people of this language write it."""
        return day_in_words(day) if self.tag == ENGLISH else format_date(day, "long", locale=self.locale)

    @property
    def locale(self) -> str:
        """By the name that Babel has for it."""
        return self.tag.replace("-", "_")

    def standing(self, standing: Standing) -> str:
        """How a goal stands."""
        return str(self.texts["standing"][standing.value])

    def sentences(self, progress: GoalProgress) -> str:
        """What the picture shows, in sentences."""
        if self.tag == ENGLISH:
            return in_words(progress)
        return " ".join([self._points(progress), *(self._step(step, progress.on) for step in progress.steps)])

    def _points(self, progress: GoalProgress) -> str:
        points = progress.points
        if not points:
            return self._say("nothing")
        last = self._result(points[-1])
        if len(points) == 1:
            return self._say("one", last=last)
        return self._say("several", count=len(points), first=self._result(points[0]), last=last)

    def _step(self, told: StepProgress, on: date) -> str:
        said = {
            "day": self.day(told.step.due_on), "asked": self._asked(told.step.criterion),
            "standing": self.standing(told.standing),
        }  # fmt: skip
        if told.completed_by is not None:
            return self._say("reached", reached=self.day(told.completed_by.measured_on), **said)
        latest = told.latest
        if latest is None or told.step.due_on > on or told.standing is Standing.UNMEASURED:
            return self._say("waiting", **said)
        return self._say(
            "measured", value=plain_number(latest.value), measured=self.day(latest.measured_on), **said
        )

    def _asked(self, criterion: Criterion) -> str:
        value = " ".join(filter(None, (plain_number(criterion.target), criterion.unit)))
        if criterion.falling:
            value = self._say("at_most", value=value)
        needed, of = criterion.results_needed, criterion.results_of
        if needed <= 1:
            return value
        return self._say("run_of", value=value, needed=needed, of=of) if of and of > needed else self._say(
            "run", value=value, needed=needed
        )  # fmt: skip

    def _result(self, result: Result) -> str:
        return self._say(
            "result",
            value=plain_number(result.value),
            unit=result.unit,
            day=self.day(result.measured_on),
        )

    def _say(self, key: str, **values: object) -> str:
        return str(self.texts["sayings"][key]).format(**values)


@cache
def words_in(language: str) -> ReportWords:
    """The words for a language tag: ``es-MX`` is served by ``es``."""
    there = languages()
    lower = language.lower()
    for candidate in (language, _SERVED_BY.get(lower, ""), lower.split("-")[0]):
        if candidate in there:
            return _read(candidate)
    return _read(ENGLISH)


@cache
def languages() -> frozenset[str]:
    """Those that are worded."""
    return frozenset(
        each.name.removesuffix(".toml") for each in _FOLDER.iterdir() if each.name.endswith(".toml")
    )


def _read(tag: str) -> ReportWords:
    return ReportWords(tag, tomllib.loads((_FOLDER / f"{tag}.toml").read_text("utf-8")))


def in_language(spec: dict[str, Any], words: ReportWords) -> dict[str, Any]:
    """A picture for a page in another language: its own English words are left out, and days are written in numbers.

    What the lines are is then said beside it, in the page's own language.
    """
    if words.tag == ENGLISH:
        return spec
    x = spec["encoding"]["x"]
    encoding = spec["encoding"] | {"x": x | {"axis": x["axis"] | {"format": "%Y-%m-%d"}}}
    layers = [layer for layer in spec["layer"] if layer["description"] != "phases"]
    kept = {name: value for name, value in spec.items() if name != "title"}
    return kept | {"encoding": encoding, "layer": layers}
