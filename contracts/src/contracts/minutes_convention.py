"""The convention by which minutes of partial periods are counted: stated, and set by the state's profile.

34 CFR 300.320(a)(7) asks a plan for the amount of a service. It says nothing of a week in which a plan begins, changes or
ends, of a day on which school was closed, of a session the student missed: that is practice, and a state may set it
(`contracts.rule_profile.MinutesConvention`). Where it says nothing, this module's defaults hold: the strictest reading.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Protocol

from contracts.codes import label
from contracts.district import DistrictProfileSet
from contracts.rule_profile import MinutesConvention, RuleProfiles, resolve

WHOLE, HALF = Fraction(1), Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Convention:
    """How minutes are counted on a day."""

    whole_periods: bool = False
    """A period cut in two is owed whole, by the text in force on the last day of it on which any is."""
    half_day: Fraction = WHOLE
    """The weight of a shorter school day in sharing out a period."""
    closures_planned: bool = False
    """A closed day keeps its share of the period; else the share falls on the period's other days."""
    closures_owed: bool = True
    """The share a closed day keeps is owed."""
    not_owed: frozenset[str] = frozenset()
    """Reasons for which missed minutes are not owed."""
    late_after: int = 10
    """School days after which a record counts as late."""
    cite: str | None = None

    @property
    def in_words(self) -> str:
        """The whole of it, to be read beside every figure."""
        half = "" if self.half_day == WHOLE else ", a shorter school day weighing half"
        shared = (
            "Minutes promised for a day, week, month, term or year are owed whole for each period in which the plan's text "
            "is in force, by the text in force last."
            if self.whole_periods
            else "Minutes promised for a day, week, month, term or year are shared evenly over the school days of that "
            f"whole period{half}; each school day on which the plan's text is in force owes its share."
        )
        closed = (
            "A day on which school was closed is no school day: its share falls on the period's other days."
            if not self.closures_planned
            else f"A day on which school was closed keeps its share, which is {'' if self.closures_owed else 'not '}owed."
        )
        reasons = ", ".join(label("missed_reason", reason) for reason in sorted(self.not_owed))
        off = (
            f"Minutes missed for these reasons are not owed: {reasons}."
            if reasons
            else "No reason for a missed session takes minutes off what is owed."
        )
        return (
            f"{shared} A short week owes the whole week's minutes, a week without school owes nothing. {closed} Minutes of "
            f"a make-up session count in the period of the session they make up. {off}"
        )


def convention_of(said: MinutesConvention) -> Convention:
    """What a profile says, and the defaults where it says nothing."""
    default = Convention()
    return Convention(
        whole_periods=said.share == "whole_period",
        half_day=HALF if said.half_days == "half" else WHOLE,
        closures_planned=said.closures in ("owed", "not_owed"),
        closures_owed=said.closures != "not_owed",
        not_owed=frozenset(said.not_owed or ()),
        late_after=default.late_after if said.late_after is None else said.late_after,
        cite=said.cite,
    )


class SaidProfile(Protocol):
    """A district profile with its place in plan-service's log."""

    @property
    def index(self) -> int | None: ...

    @property
    def profile(self) -> DistrictProfileSet: ...


ConventionOn = Callable[[date], Convention]
"""The convention that holds on a day."""


def conventions(profiles: Sequence[SaidProfile], shipped: RuleProfiles) -> ConventionOn:
    """On each day that of the rules the district had named for it; before its first word, and for rules that are not
    shipped, the defaults.
    """
    dated = sorted(profiles, key=lambda known: (known.profile.effective_on, known.index or 0))
    kept: dict[str, Convention] = {}

    def on(day: date) -> Convention:
        named = [known.profile.state_profile for known in dated if known.profile.effective_on <= day]
        if not named or shipped.named(named[-1]) is None:
            return Convention()
        if named[-1] not in kept:
            kept[named[-1]] = convention_of(resolve(named[-1], day, shipped).minutes)
        return kept[named[-1]]

    return on


def by_default(_day: date) -> Convention:
    """The defaults on every day."""
    return Convention()
