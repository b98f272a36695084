"""The sample district as its story knows it: schools, colleagues, students and their plans."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from handrail.plan_items import Json
from handrail.sample.calendar import Year, school_year
from handrail.sample.people import Child
from handrail.stage import Family, School

TENANT = "sandbox-sample"
ZONE = "America/Chicago"
SEED = 20250801
BEGINS = 2025
TUESDAY = 1

SPEECH, READING, REGULAR = (
    "speech_language_pathologist",
    "special_education_teacher",
    "regular_education_teacher",
)
DIRECTOR, MANAGER = "special_education_director", "case_manager"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A student of the district."""

    child: Child
    student: str
    contact: str


@dataclass
class Held:
    """A student's plan, as its story goes on."""

    enrolled: Enrolled
    school: School
    number: int
    """Among the plans of its kind."""
    is_iep: bool
    meets_on: date
    """When the team meets that decides the plan."""
    plan: str = ""
    holder: str = ""
    """The first of the rights holders."""
    version: str = ""
    """The event that adopted the plan."""
    items: list[Json] = field(default_factory=list)
    services: list[Json] = field(default_factory=list)
    """As they bind now; each a part of ``items`` as it was adopted or amended."""
    assignments: dict[str, str] = field(default_factory=dict)
    ends_on: date | None = None
    """The first day without the plan."""

    @property
    def binds_on(self) -> date:
        """The first day of the plan: the Monday after the meeting, so that notice comes before it (34 CFR 300.503)."""
        return monday_after(self.meets_on)

    @property
    def child(self) -> Child:
        """Who it is."""
        return self.enrolled.child

    @property
    def student(self) -> str:
        """The student's id."""
        return self.enrolled.student

    @property
    def family(self) -> Family:
        """The student, and who decides."""
        return Family(self.student, self.holder)

    @property
    def path(self) -> str:
        """Where the plan is."""
        return f"/plan/v1/plans/{self.plan}"

    @property
    def manager(self) -> str:
        """The account of the case manager at the student's school."""
        return ACCOUNTS_OF_MANAGERS[self.child.school]

    def item(self, kind: str) -> Json:
        """The first item of a kind."""
        return next(item for item in self.items if item["kind"] == kind)

    def in_force_on(self, day: date) -> bool:
        """The plan binds on ``day``."""
        return self.binds_on <= day and (self.ends_on is None or day < self.ends_on)


def monday_after(day: date) -> date:
    """The Monday of the week after."""
    return day + timedelta(days=7 - day.weekday())


ACCOUNTS_OF_MANAGERS = ("manager", "manager-harbor", "manager-cedar")
"""By school."""


@dataclass
class World:
    """Everybody there is."""

    year: Year = field(default_factory=lambda: school_year(BEGINS))
    next_year: Year = field(default_factory=lambda: school_year(BEGINS + 1))
    schools: list[School] = field(default_factory=list)
    office: dict[str, str] = field(default_factory=dict)
    """The district's own staff, by role."""
    roster: list[Enrolled] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    until: date = date(BEGINS + 1, 10, 31)
    """So far the story goes."""

    @cached_property
    def school_days(self) -> list[date]:
        """Of both years."""
        return [*self.year.school_days(), *self.next_year.school_days()]

    @cached_property
    def weeks(self) -> dict[tuple[int, int], list[date]]:
        """The school days of each week, by ISO year and week."""
        found: dict[tuple[int, int], list[date]] = {}
        for day in self.school_days:
            found.setdefault(day.isocalendar()[:2], []).append(day)
        return found

    @cached_property
    def ends_of_weeks(self) -> list[date]:
        """When what happened in a week is entered and seen to: on Tuesdays, or the next school day; and on a year's last."""
        found = [
            next((day for day in days if day.weekday() >= TUESDAY), days[-1]) for days in self.weeks.values()
        ]
        return sorted(day for day in {*found, self.year.last} if day <= self.until)

    @property
    def ieps(self) -> list[Held]:
        """In the order in which their teams meet."""
        return [held for held in self.held if held.is_iep]

    @property
    def section_504(self) -> list[Held]:
        """Likewise."""
        return [held for held in self.held if not held.is_iep]

    def tuesdays(self) -> list[date]:
        """The days on which the district's offices do what is to be done."""
        return [day for day in self.school_days if day.weekday() == TUESDAY]

    def office_day(self, year: int, month: int) -> date:
        """The one in the middle of a month."""
        return next(day for day in self.tuesdays() if day >= date(year, month, 8))

    def months(self) -> list[list[date]]:
        """The school days of each month, from the first October on; the months of autumn of the next year too."""
        found: dict[tuple[int, int], list[date]] = {}
        for day in self.school_days:
            if date(BEGINS, 10, 1) <= day <= date(BEGINS + 1, 10, 31):
                found.setdefault((day.year, day.month), []).append(day)
        return list(found.values())
