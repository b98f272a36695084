"""What the district has said that findings rest on: its profile, its calendar, its staff; each as known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.day_count import Counted, count_from
from contracts.district import DistrictProfileSet, SchoolYear, StaffAdded, StaffChanged, StaffEnded
from contracts.event import Event, Recorded
from contracts.minutes_convention import ConventionOn, conventions
from contracts.rule_profile import Due, RuleProfiles, RuleSet, RuleSetNotShipped, resolve
from contracts.school_days import SchoolDays
from contracts.streams import school_year

FLOOR = "federal@2026-1"


@dataclass(frozen=True, slots=True)
class Said:
    """A district profile with the event that said it."""

    event_id: UUID
    index: int | None
    profile: DistrictProfileSet


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody of the staff, as far as a duty hangs on it."""

    staff_id: UUID
    gone_on: date | None = None
    """The first day without them."""

    def in_post_on(self, day: date) -> bool:
        """They work here on ``day``."""
        return self.gone_on is None or day < self.gone_on


@dataclass(frozen=True)
class District:
    """One district as known; shared by all its students, and pure but for what it remembers of its own answers."""

    shipped: RuleProfiles
    entries: Sequence[Recorded[Event]] = ()
    """Of the streams ``district`` and ``staff/...``, in known order."""
    fallback_zone: str = "UTC"
    _rules: dict[date, RuleSet] = field(default_factory=dict, compare=False)
    _counted: dict[tuple[date, Due], Counted] = field(default_factory=dict, compare=False)

    @cached_property
    def said(self) -> tuple[Said, ...]:
        """Every profile, in known order."""
        return tuple(
            Said(each.id, each.index, each.event)
            for each in self.entries
            if isinstance(each.event, DistrictProfileSet)
        )

    @cached_property
    def zone(self) -> ZoneInfo:
        """The district's own zone, as it was said last."""
        return ZoneInfo(self.said[-1].profile.time_zone if self.said else self.fallback_zone)

    def profile_on(self, day: date) -> DistrictProfileSet | None:
        """What held on ``day``; before the first profile the first one."""
        if not self.said:
            return None
        known = [each.profile for each in self.said]
        before = [each for each in known if each.effective_on <= day]
        return (
            max(enumerate(before), key=lambda each: (each[1].effective_on, each[0]))[1]
            if before
            else known[0]
        )

    def rules_on(self, day: date) -> RuleSet:
        """The rules in force on ``day``. Rules that are not shipped are judged by the federal floor they stand on."""
        if day not in self._rules:
            profile = self.profile_on(day)
            name = profile.state_profile if profile else FLOOR
            try:
                self._rules[day] = resolve(name, day, self.shipped)
            except RuleSetNotShipped:
                self._rules[day] = resolve(name.partition("+")[0], day, self.shipped)
        return self._rules[day]

    @cached_property
    def days(self) -> SchoolDays:
        """School days; for each school year the calendar said last holds."""
        return SchoolDays(self.said)

    @cached_property
    def convention_on(self) -> ConventionOn:
        """How the minutes of partial periods are counted on a day."""
        return cache(conventions(self.said, self.shipped))

    @cached_property
    def calendar(self) -> tuple[SchoolYear, ...]:
        """The same years as the district's own calendar says them."""
        years: dict[str, tuple[SchoolYear, ...]] = {}
        for said in self.said:
            of_this: dict[str, tuple[SchoolYear, ...]] = {}
            for year in said.profile.calendar:
                label = school_year(year.first_on)
                of_this[label] = (*of_this.get(label, ()), year)
            years |= of_this
        return tuple(
            sorted((year for each in years.values() for year in each), key=lambda year: year.first_on)
        )

    @cached_property
    def staff(self) -> Mapping[UUID, StaffMember]:
        """Everybody who works or worked here."""
        found: dict[UUID, StaffMember] = {}
        for entry in self.entries:
            match entry.event:
                case StaffAdded() as added:
                    found[added.staff_id] = StaffMember(added.staff_id)
                case StaffChanged() as changed:
                    found.setdefault(changed.staff_id, StaffMember(changed.staff_id))
                case StaffEnded() as ended:
                    found[ended.staff_id] = StaffMember(ended.staff_id, entry.effective_on)
                case _:
                    pass
        return found

    def count(self, day: date, due: Due) -> Counted:
        """The day on which the time has passed, by the district's own calendar."""
        if (day, due) not in self._counted:
            self._counted[day, due] = count_from(day, due, self.calendar)
        return self._counted[day, due]

    def day_of(self, moment: datetime) -> date:
        """The day of an instant in the district's zone."""
        return moment.astimezone(self.zone).date()
