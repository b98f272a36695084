"""The district's own settings: names, zone, the numbers it sets, and its calendar of school days (34 CFR 300.11)."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from contracts.district import DistrictEvent, DistrictProfileSet, SchoolYear
from contracts.problems import Invalid, Reason
from contracts.rule_profile import RuleProfiles, resolve
from plan_service.domain.rules import FLOOR, Profiles, profiles_after

LONGEST_YEAR = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class District:
    """What holds in the district, as last set."""

    newest: str | None = None
    """The text of the newest profile, whatever the day it was set on."""
    profiles: Profiles = field(default_factory=Profiles)
    """The numbers of every profile there has been: a day is judged by those in force on it."""


def evolve(district: District, event: DistrictEvent) -> District:
    """The newest profile holds."""
    return District(_text(event), profiles_after(district.profiles, event))


def set_profile(district: District, wanted: DistrictProfileSet, known: RuleProfiles) -> list[DistrictEvent]:
    """Set what holds from a day on, in full; refuse rules nobody knows, and a calendar that contradicts itself."""
    unknown = tuple(_not_these_rules(wanted, known))
    if unknown:
        raise Invalid("These rules cannot hold in the district.", reasons=unknown)
    wrong = tuple(_contradictions(wanted.calendar))
    if wrong:
        raise Invalid("The calendar contradicts itself.", reasons=wrong)
    return [] if district.newest == _text(wanted) else [wanted]


def _text(profile: DistrictEvent) -> str:
    return profile.model_dump_json()


def _not_these_rules(wanted: DistrictProfileSet, known: RuleProfiles) -> Iterator[Reason]:
    """The rules are shipped, in force from that day on, and not loosened by the district's own numbers."""
    name, day = wanted.state_profile, wanted.effective_on
    profile = known.named(name)
    if profile is None:
        yield Reason("unknown-state-profile", f"There are no rules by the name {name}.",
                     cure=f"Name one of: {', '.join(known.names)}.", pointer="/state_profile")  # fmt: skip
        return
    if not profile.in_force_on(day):
        first, last = profile.profile.in_force_from, profile.profile.in_force_until
        days = f"from {first or 'ever'} to {last or 'today and on'}"
        yield Reason("state-profile-not-in-force", f"{profile.name} is in force {days}, and not on {day}.",
                     cure="Choose a day on which it is, or another version.", pointer="/state_profile")  # fmt: skip
    partial = resolve(name, day, known).rule("idea.partial-consent")
    if partial.enabled and not wanted.partial_consent:
        yield Reason("partial-consent-is-state-law", "In this state a consent in part changes the items consented to.",
                     partial.cite, "Set partial_consent to true.", "/partial_consent")  # fmt: skip


def _contradictions(calendar: Sequence[SchoolYear]) -> Iterator[Reason]:
    for place, year in enumerate(calendar):
        yield from _in_year(year, f"/calendar/{place}")
    by_first = sorted(enumerate(calendar), key=lambda numbered: numbered[1].first_on)
    for (_, earlier), (place, later) in itertools.pairwise(by_first):
        if later.first_on <= earlier.last_on:
            yield Reason(
                "school-years-overlap",
                f"This school year begins on {later.first_on}, before another ends on {earlier.last_on}.",
                "34 CFR 300.11", "Let one school year end before the next begins.", f"/calendar/{place}/first_on",
            )  # fmt: skip


def _in_year(year: SchoolYear, at: str) -> Iterator[Reason]:
    if year.last_on < year.first_on:
        yield Reason("ends-before-it-begins", f"The school year ends on {year.last_on}, before it begins.",
                     pointer=f"{at}/last_on")  # fmt: skip
        return
    if year.last_on - year.first_on > LONGEST_YEAR:
        yield Reason("school-year-too-long", "A school year lasts 400 days at most.", pointer=f"{at}/last_on")
    if not year.weekdays:
        yield Reason("no-weekdays", "Name the weekdays on which there is school.", pointer=f"{at}/weekdays")
    for name, days in (("days_off", year.days_off), ("half_days", year.half_days)):
        for place, day in enumerate(days):
            if not year.first_on <= day <= year.last_on:
                yield Reason(
                    "day-outside-school-year", f"{day} is not within {year.first_on} to {year.last_on}.",
                    pointer=f"{at}/{name}/{place}",
                )  # fmt: skip
    off = set(year.days_off)
    for place, day in enumerate(year.half_days):
        if day in off:
            yield Reason("day-off-and-half-day", f"{day} is both a day off and a half day.",
                         pointer=f"{at}/half_days/{place}")  # fmt: skip
        elif day.isoweekday() not in year.weekdays:
            yield Reason("half-day-without-school", f"{day} falls on a weekday without school.",
                         pointer=f"{at}/half_days/{place}")  # fmt: skip
    for place, day in enumerate(year.closures or ()):
        if day not in off:
            yield Reason("closure-not-off", f"School was closed on {day}, so it is a day off too.",
                         cure="Name it among days_off as well.", pointer=f"{at}/closures/{place}")  # fmt: skip
    yield from _terms_in(year, at)


def _terms_in(year: SchoolYear, at: str) -> Iterator[Reason]:
    terms = year.terms or ()
    for place, term in enumerate(terms):
        pointer = f"{at}/terms/{place}"
        if not year.first_on <= term.first_on <= term.last_on <= year.last_on:
            yield Reason("term-outside-school-year", f"A term lies within {year.first_on} to {year.last_on}, and ends after "
                         "it begins.", pointer=pointer)  # fmt: skip
        if place and term.first_on <= terms[place - 1].last_on:
            yield Reason("terms-overlap", f"This term begins on {term.first_on}, before the one before it has ended.",
                         cure="Name the terms in their order.", pointer=pointer)  # fmt: skip


DEFAULT_NOTICE_DAYS = 5
DEFAULT_MAILING_DAYS = 3


def first_profile(
    name: str, time_zone: str, state_profile: str | None, today: date, known: RuleProfiles
) -> DistrictProfileSet:
    """What holds in a district that has said nothing yet: the federal floor, or what its state sets, in English."""
    rules = state_profile or FLOOR
    in_part = (
        known.named(rules) is not None and resolve(rules, today, known).rule("idea.partial-consent").enabled
    )
    return DistrictProfileSet(
        effective_on=today, name=name, time_zone=time_zone, state_profile=rules,
        languages=("en",), partial_consent=in_part is True, notice_days=DEFAULT_NOTICE_DAYS, mailing_days=DEFAULT_MAILING_DAYS,
    )  # fmt: skip
