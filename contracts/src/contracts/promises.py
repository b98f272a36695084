"""What was promised of each service on each day, and by which text: the plan in force that day, as far as it was known.

Partial periods are counted by the convention of `contracts.minutes_convention`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from uuid import UUID

from contracts.fields import ItemId, PlanId
from contracts.items import Service
from contracts.minutes_convention import Convention, ConventionOn, by_default
from contracts.plan_document import versions
from contracts.plan_history import History, Lines, fold, holding_on, in_force_on
from contracts.school_days import NONE, ONE_DAY, SchoolDays


@dataclass(frozen=True, slots=True)
class Text:
    """The words that promise: one text of one service, and the event that made it hold."""

    plan_id: PlanId
    item_id: ItemId
    service: Service
    event_id: UUID
    version: int | None
    """The plan's version, counted in the order of its record."""
    corrected_by: UUID | None = None

    def weight(self, day: date, days: SchoolDays, convention: Convention) -> Fraction:
        """What the day weighs for this service; 0: nothing of it falls on that day."""
        return days.weight(day, convention, extended=bool(self.service.extended_school_year))

    def share(self, day: date, days: SchoolDays, convention: Convention) -> Fraction | None:
        """Owed for one day when a period is shared out; ``None`` where the text or the calendar does not say it."""
        if self.service.minutes is None:
            return None
        whole = days.in_period(self.service, day, convention)
        if not whole:
            return None
        if days.is_closed(day) and not convention.closures_owed:
            return NONE
        return self.service.minutes * self.weight(day, days, convention) / whole


@dataclass(slots=True)
class Owed:
    """What one text owes over some days."""

    text: Text
    first_on: date
    last_on: date
    school_days: int = 0
    minutes: Fraction | None = field(default_factory=Fraction)

    def add(self, day: date, share: Fraction | None) -> None:
        """One more school day."""
        self.last_on = day
        self.school_days += 1
        self.minutes = None if share is None or self.minutes is None else self.minutes + share


class PromisedServices:
    """One plan's services, day by day; the history holds only what was known."""

    def __init__(self, history: History) -> None:
        if history.plan_id is None:
            raise ValueError("a plan of which nothing was known promises nothing")
        self.plan_id: PlanId = history.plan_id
        self._lines: Lines = fold(history.entries)
        self._numbers = {version.event_id: version.number for version in versions(history)}
        self._texts: dict[tuple[ItemId, date], Text | None] = {}

    def services(self) -> dict[ItemId, Service]:
        """Every service the plan ever had, in its last text."""
        found: dict[ItemId, Service] = {}
        for item_id, line in self._lines.items.items():
            texts = [change.item for change in sorted(line, key=lambda change: change.key)]
            services = [text for text in texts if isinstance(text, Service)]
            if services:
                found[item_id] = services[-1]
        return found

    @property
    def begins_on(self) -> date:
        """The first day on which the plan says anything; `date.max` of one that never did."""
        changes = (change.effective_on for line in self._lines.items.values() for change in line)
        return min(changes, default=date.max)

    def text_on(self, item_id: ItemId, day: date) -> Text | None:
        """The text that promises the service on ``day``; ``None`` where none does."""
        if (item_id, day) not in self._texts:
            self._texts[item_id, day] = self._text_on(item_id, day)
        return self._texts[item_id, day]

    def _text_on(self, item_id: ItemId, day: date) -> Text | None:
        if not in_force_on(self._lines, day):
            return None
        change = holding_on(self._lines.items.get(item_id, ()), day)
        if change is None or not isinstance(change.item, Service):
            return None
        service = change.item
        if service.starts_on is not None and day < service.starts_on:
            return None
        if service.ends_on is not None and day > service.ends_on:
            return None
        number = self._numbers.get(change.recorded.id)
        correction = change.correction.id if change.correction else None
        return Text(self.plan_id, item_id, service, change.recorded.id, number, correction)

    def owed(
        self, item_id: ItemId, first_on: date, last_on: date, days: SchoolDays, on: ConventionOn = by_default
    ) -> Iterator[Owed]:
        """What the service's texts owe from ``first_on`` to ``last_on``, one after the other."""
        owed: Owed | None = None
        for number in range((last_on - first_on).days + 1):
            day = first_on + ONE_DAY * number
            text = self.text_on(item_id, day)
            if text is None or not text.weight(day, days, on(day)):
                continue
            if owed is None or owed.text != text:
                if owed is not None:
                    yield owed
                owed = Owed(text, day, day)
            owed.add(day, self._share(text, day, days, on))
        if owed is not None:
            yield owed

    def _share(self, text: Text, day: date, days: SchoolDays, on: ConventionOn) -> Fraction | None:
        convention = on(day)
        if not convention.whole_periods:
            return text.share(day, days, convention)
        bounds = days.bounds(text.service, day)
        if text.service.minutes is None or bounds is None:
            return None
        later = (day + ONE_DAY * (n + 1) for n in range((bounds[1] - day).days))
        goes_on = any(
            after.weight(each, days, convention)
            for each in later
            if (after := self.text_on(text.item_id, each))
        )
        return NONE if goes_on else Fraction(text.service.minutes)
