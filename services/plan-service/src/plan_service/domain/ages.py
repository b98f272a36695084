"""How old a student is when a plan binds, as far as duties hang on it: 34 CFR 300.320(b) and (c).

The ages are the federal floor's; a state may set others.
"""

from dataclasses import dataclass
from datetime import date

from plan_service.domain.student import ADULT_AT, Student, birthday

TRANSITION_AT = 16
"""300.320(b): the first IEP in effect at this age, and each after it, says what comes after school."""


@dataclass(frozen=True, slots=True)
class Ages:
    """The student's birth and the ages that count; without a birth date nothing is asked that hangs on one."""

    birth_date: date | None = None
    transition: int = TRANSITION_AT
    majority: int | None = ADULT_AT
    """``None``: no rights pass at majority in this state."""

    @property
    def transition_from(self) -> date | None:
        """From this day on an IEP in effect has its transition part."""
        return birthday(self.birth_date, self.transition) if self.birth_date else None

    @property
    def told_of_rights_from(self) -> date | None:
        """A year before majority: from then on an IEP says that the student was told of the rights that pass."""
        if self.birth_date is None or self.majority is None:
            return None
        return birthday(self.birth_date, self.majority - 1)


def ages_of(student: Student) -> Ages:
    """Of a student as the record knows them, by the federal ages."""
    return Ages(student.personal.birth_date if student.personal else None)


def years_after(day: date, years: int) -> date:
    """The same day so many years later; of 29 February the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
