"""The rules of the field as data: the federal floor and what a state sets over it, each number with its citation.

One TOML file is one version of one profile. A state may ask for more than the floor, never for less (`profile_check`).
An event keeps the name of the rule set it was decided under, ``federal@2026-1+tx@2025-2``, so a published version's
numbers never change: what a legislature changes is a new version, or a rule with its own days in force.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.problems import Rejected

FLOOR = "federal"
DayKind = Literal["calendar", "school", "school_working", "business", "month", "year"]
"""34 CFR 300.11: a day is a calendar day unless it says school or business; ``school_working`` is Massachusetts's own."""
Words = Annotated[str, Field(min_length=1, max_length=2000)]
Codes = Annotated[tuple[Words, ...], Field(strict=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class Due(_Part):
    """How long after the trigger (day 0), or, with a count below zero, how long before it."""

    count: Annotated[int, Field(ge=-3660, le=3660)]
    kind: DayKind


class Rule(_Part):
    """One rule, or what a state sets of one: only what is given replaces the floor's."""

    cite: Words | None = None
    severity: Literal["H", "M", "L"] | None = None
    """H: a right, FAPE or irreversible. M: procedure. L: practice, not law."""
    trigger: Words | None = None
    satisfied_by: Words | None = None
    excused_by: Words | None = None
    finding: Words | None = None
    due: Due | None = None
    reasonable_time: bool | None = None
    """The regulation asks for a reasonable time and names no number: a profile may set one."""
    may_be_longer: bool | None = None
    """Of the floor: a state's own time may be longer."""
    ends_at: Words | None = None
    """The event that ends the time."""
    extends: Codes = ()
    """What the time does not run on, or is prolonged by."""
    age: int | Decimal | None = None
    grade: int | None = None
    enabled: bool | None = None
    """Whether the rule holds at all. Of the floor, where nothing is said: it does."""
    waivable_by: Literal["rights_holder"] | None = None
    silence: Annotated[str, Field(pattern=r"^(no_consent|rejected|proceed_after_\d+[cs])$")] | None = None
    """What no answer means."""
    signed_by: Codes = ()
    in_force_from: date | None = None
    in_force_until: date | None = None
    """The last day."""
    as_of: int | date | None = None
    """Age of the source's text: a day or a year."""
    check: bool = False
    """Uncertain: to be looked up before anybody relies on it."""
    note: Words | None = None

    def in_force_on(self, day: date) -> bool:
        """Both days inclusive; without a day there is no limit on that side."""
        return (self.in_force_from or day) <= day <= (self.in_force_until or day)


class Heading(_Part):
    """Which profile this is, and when it is in force."""

    id: Annotated[str, Field(pattern=r"^([a-z]{2}|federal)$")]
    version: Annotated[str, Field(pattern=r"^\d{4}-\d{1,3}$")]
    floor: str | None = None
    """The federal rules it stands on; the floor itself has none."""
    in_force_from: date | None = None
    """A district may set it from this day on; where no day is known, from any."""
    in_force_until: date | None = None
    """The last day; a district that has set it keeps it until it sets another."""
    as_of: int | date | None = None
    verified: bool
    """True once counsel has signed."""
    majority_age: Annotated[int, Field(ge=1, le=30)] | None = None
    """Parameter of the rule ``idea.rights-transfer``, 34 CFR 300.520."""
    rights_transfer: bool | None = None


class MinutesConvention(_Part):
    """How the minutes of partial periods are counted, and what takes minutes off what is owed: only what is given holds.

    The regulation promises an amount (34 CFR 300.320(a)(7)) and says nothing of a week that is cut in two.
    """

    share: Literal["school_days", "whole_period"] | None = None
    """``school_days``: evenly over the period's school days, each day in force owing its share. ``whole_period``: all of
    it by the text in force on the last of the period's school days on which any is."""
    half_days: Literal["whole", "half"] | None = None
    """Whether a shorter school day weighs as much as another in sharing out a period."""
    closures: Literal["spread", "owed", "not_owed"] | None = None
    """A day on which school was closed: the period's minutes fall on its other days, or the day's share stays owed, or not."""
    not_owed: Codes | None = None
    """Reasons (code list ``missed_reason``) for which the minutes of a missed session are not owed."""
    late_after: Annotated[int, Field(ge=0, le=400)] | None = None
    """School days after a session's day from which its record counts as late."""
    cite: Words | None = None


class RuleProfile(_Part):
    """One version of one profile, as its file says it."""

    profile: Heading
    rule: dict[str, Rule] = {}
    minutes: MinutesConvention | None = None

    @property
    def name(self) -> str:
        """``tx@2025-2``."""
        return f"{self.profile.id}@{self.profile.version}"

    @property
    def rule_set(self) -> str:
        """As a district names it: with the floor it stands on."""
        return self.name if self.profile.floor is None else f"{self.profile.floor}+{self.name}"

    def in_force_on(self, day: date) -> bool:
        """Both days inclusive; without a day there is no limit on that side."""
        return (self.profile.in_force_from or day) <= day <= (self.profile.in_force_until or day)


class RuleProfiles:
    """Profiles by the name of the rule set each makes with its floor."""

    def __init__(self, profiles: Iterable[RuleProfile]) -> None:
        self._by_name = {profile.rule_set: profile for profile in profiles}

    def __iter__(self) -> Iterator[RuleProfile]:
        return iter(self._by_name.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Every rule set a district may name."""
        return tuple(sorted(self._by_name))

    def named(self, rule_set: str) -> RuleProfile | None:
        """The state's profile of that rule set, or the floor where it names no state."""
        return self._by_name.get(rule_set)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules that hold on one day: the floor, with what the state sets over it."""

    name: str
    rules: Mapping[str, Rule]
    majority_age: int
    rights_transfer: bool
    minutes: MinutesConvention = field(default_factory=MinutesConvention)
    """What the floor or the state says of counting minutes; what neither says is for the reader's own default."""

    def rule(self, rule_id: str) -> Rule:
        """The rule by its id; what nobody has set says nothing."""
        return self.rules.get(rule_id, Rule())


class RuleSetNotShipped(Rejected):
    """Handrail does not have the numbers of the rules this district has named."""

    code = "rule-set-not-shipped"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"There are no rules by the name {name}. Let the district name one of these (PUT /plan/v1/district): "
            f"{', '.join(known)}.",
            state_profile=name,
        )


def resolve(name: str, day: date, profiles: RuleProfiles) -> RuleSet:
    """The rules that ``name`` means on ``day``: floor first, the state's over it. Raises `RuleSetNotShipped`."""
    profile = profiles.named(name)
    floor = profiles.named(profile.profile.floor or name) if profile else None
    if profile is None or floor is None:
        raise RuleSetNotShipped(name, profiles.names)
    rules = _in_force(floor, day)
    if profile is not floor:
        for rule_id, rule in _in_force(profile, day).items():
            rules[rule_id] = _over(rules[rule_id], rule) if rule_id in rules else rule
    head = floor.profile.model_copy(update=profile.profile.model_dump(exclude_none=True))
    assert head.majority_age is not None  # A floor that does not say is refused when it is read.
    assert head.rights_transfer is not None
    minutes = (floor.minutes or MinutesConvention()).model_copy(
        update=profile.minutes.model_dump(exclude_none=True) if profile.minutes else {}
    )
    return RuleSet(name, rules, head.majority_age, head.rights_transfer, minutes)


def _in_force(profile: RuleProfile, day: date) -> dict[str, Rule]:
    return {rule_id: rule for rule_id, rule in profile.rule.items() if rule.in_force_on(day)}


def _over(floor: Rule, state: Rule) -> Rule:
    """What the state sets in place of the floor's; both are cited, and a number ends what was a reasonable time."""
    given = {name: getattr(state, name) for name in state.model_fields_set}
    if state.due is not None:
        given["reasonable_time"] = None
    if state.cite is not None and floor.cite is not None:
        given["cite"] = f"{state.cite}; {floor.cite}"
    return floor.model_copy(update=given)
