"""How old a student is when a plan binds, as far as duties hang on it: 34 CFR 300.320(b) and (c).

The ages are those of the rules that hold: the federal floor's, or a state's own. A state may say a grade besides; the
floor's age holds beside it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from contracts.day_count import count_from
from contracts.rule_profile import Due
from plan_service.domain.rules import FEDERAL, TRANSITION_CITE, Rules
from plan_service.domain.student import Student, birthday


@dataclass(frozen=True, slots=True)
class Ages:
    """The student's birth and the ages that count; without a birth date nothing is asked that hangs on one."""

    birth_date: date | None = None
    transition: int | Decimal = FEDERAL.transition_age
    """300.320(b): the first IEP in effect at this age, and each after it, says what comes after school."""
    majority: int | None = FEDERAL.majority_age
    """``None``: no rights pass at majority in this state."""
    told: Due = FEDERAL.told_of_rights
    """So long before majority."""
    grade: int | None = None
    """Of the state's rule, where it names one."""
    in_grade_from: date | None = None
    """The first day in that grade or a higher one, as far as is known."""
    transition_cite: str = TRANSITION_CITE

    @property
    def transition_from(self) -> date | None:
        """From this day on an IEP in effect has its transition part."""
        at_age = reached(self.birth_date, self.transition) if self.birth_date else None
        return min(filter(None, (at_age, self.in_grade_from)), default=None)

    @property
    def transition_words(self) -> str:
        """What sets it off, as it is said: ``at 16``, ``in grade 9``."""
        return (
            f"in grade {self.grade}"
            if self.in_grade_from == self.transition_from
            else f"at {self.transition}"
        )

    @property
    def told_of_rights_from(self) -> date | None:
        """A year before majority: from then on an IEP says that the student was told of the rights that pass."""
        if self.birth_date is None or self.majority is None:
            return None
        return count_from(birthday(self.birth_date, self.majority), self.told).on


def ages_of(student: Student, rules: Rules) -> Ages:
    """Of a student as the record knows them, by the ages of the rules that hold."""
    grade = rules.transition_grade
    begun = [
        known.starts_on
        for known in student.enrolments
        if grade is not None and (there := _number(known.grade)) is not None and there >= grade
    ]
    return Ages(
        student.personal.birth_date if student.personal else None, rules.transition_age,
        rules.majority_age if rules.rights_transfer else None, rules.told_of_rights, grade,
        min(begun, default=None), rules.transition_cite,
    )  # fmt: skip


def reached(born_on: date, age: int | Decimal) -> date:
    """The day on which somebody reaches an age that may be a fraction of years: 14.5 is 14 years and 6 months."""
    years = int(age)
    months = int((age - years) * 12)
    if not months:
        return birthday(born_on, years)
    year, month = divmod(born_on.month - 1 + months, 12)
    try:
        return date(born_on.year + years + year, month + 1, born_on.day)
    except ValueError:  # As of a birthday on 29 February: the first day of the next month.
        following = divmod(month + 1, 12)
        return date(born_on.year + years + year + following[0], following[1] + 1, 1)


def _number(grade: str | None) -> int | None:
    """``grade_9`` is 9; kindergarten and what is not graded have no number."""
    digits = (grade or "").removeprefix("grade_")
    return int(digits) if digits.isdecimal() else None


def years_after(day: date, years: int) -> date:
    """The same day so many years later; of 29 February the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
