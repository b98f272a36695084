"""The forward look: at today's pace, which services fall short by the end of the school year, which goals are missed.

Pace is what was given (made up and excused included) of what was owed in the last six school weeks; what is still owed
from here on is taken to be given at that pace. It is a sum, not a promise: it says what to look at.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from contracts.fields import ItemId
from contracts.goals.picture import forecast
from contracts.goals.progress import GoalProgress
from contracts.service_delivery import Figures

WEEKS_OF_PACE = 6


@dataclass(frozen=True, slots=True)
class ServiceOutlook:
    """One service until the end of the school year."""

    item_id: ItemId
    until: date
    so_far: Figures
    pace: Fraction | None
    """Given of owed in the last weeks; ``None`` where nothing was owed in them, or the plan does not say it."""
    still_owed: Fraction | None
    """From tomorrow on, by the texts known now; nothing of a service that has ended."""

    @property
    def short_by(self) -> Fraction | None:
        """Minutes that will be missing at the end; ``None`` where it cannot be said, below zero where it is more."""
        if self.still_owed == 0:
            return self.so_far.balance
        if self.pace is None or self.still_owed is None or self.so_far.balance is None:
            return None
        return self.so_far.balance + self.still_owed * (1 - self.pace)

    @property
    def falls_short(self) -> bool:
        """A minute or more will be missing."""
        return self.short_by is not None and self.short_by >= 1


def pace_of(recent: Figures) -> Fraction | None:
    """What was given, made up or excused, of what was owed."""
    if not recent.owed:
        return None
    given = recent.given
    return Fraction(given.delivered + given.made_up + given.excused) / recent.owed


@dataclass(frozen=True, slots=True)
class GoalOutlook:
    """One goal by its date."""

    progress: GoalProgress
    forecast: Fraction | None
    """Where the trend stands on the due date; ``None``: too few results to say."""

    @property
    def missed(self) -> bool | None:
        """At this pace it is not reached by its date; ``None`` where it cannot be said."""
        target = self.progress.item.target
        if self.forecast is None or target is None or not self.progress.steps:
            return None
        falling = self.progress.steps[-1].step.criterion.falling
        return self.forecast > target if falling else self.forecast < target


def goals_ahead(found: Iterable[GoalProgress], on: date) -> list[GoalOutlook]:
    """Of goals whose date is still to come."""
    return [
        GoalOutlook(progress, forecast(progress))
        for progress in found
        if progress.item.due_on is not None and progress.item.due_on >= on
    ]
