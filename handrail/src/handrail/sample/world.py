"""The sample district as its story knows it: schools, colleagues, students and their plans."""

from dataclasses import dataclass, field
from datetime import date

from handrail.plan_items import Json
from handrail.sample.calendar import Year, school_year
from handrail.sample.people import Child
from handrail.stage import Family, School

TENANT = "sandbox-sample"
ZONE = "America/Chicago"
SEED = 20250801
BEGINS = 2025

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
        return self.meets_on <= day and (self.ends_on is None or day < self.ends_on)


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
        return [
            day for day in (*self.year.school_days(), *self.next_year.school_days()) if day.weekday() == 1
        ]

    def office_day(self, year: int, month: int) -> date:
        """The one in the middle of a month."""
        return next(day for day in self.tuesdays() if day >= date(year, month, 8))

    def months(self) -> list[list[date]]:
        """The school days of each month, from the first October on; the months of autumn of the next year too."""
        found: dict[tuple[int, int], list[date]] = {}
        for day in (*self.year.school_days(), *self.next_year.school_days()):
            if date(BEGINS, 10, 1) <= day <= date(BEGINS + 1, 10, 31):
                found.setdefault((day.year, day.month), []).append(day)
        return list(found.values())
