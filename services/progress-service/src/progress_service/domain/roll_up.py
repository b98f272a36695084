"""Many students' minutes in one figure, and what of it may leave the school.

A figure about few students tells of each of them (34 CFR 99.31(b)(1): nothing that makes a student identifiable). Groups of
fewer than ten are left out. Schools and providers are two sums of the same minutes, so whoever has one takes what is shown of
the other from it: what is left out must be two groups at least, of ten students together, and the next smallest go too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from uuid import UUID

from contracts.service_delivery import Figures, Given

LEAST = 10
"""Students in a group of which figures leave the school."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Minutes owed beside the plans, on the last day asked about."""

    offered: int = 0
    """Offered, and nobody has answered."""
    agreed: int = 0
    """Agreed or decided by then."""
    given: int = 0
    """Of them given by then."""
    remaining: int = 0
    """Of them still to be given."""

    def __add__(self, other: "Beside") -> "Beside":
        return Beside(
            self.offered + other.offered, self.agreed + other.agreed, self.given + other.given,
            self.remaining + other.remaining,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one school or provider."""

    of: UUID | None
    """``None``: students of no known school, sessions without a provider."""
    members: frozenset[UUID]
    """The students it is about."""
    figures: Figures
    beside: Beside = Beside()
    left_out: bool = False
    """Too few students: no figure leaves the school."""

    @property
    def students(self) -> int:
        """How many."""
        return len(self.members)


@dataclass(slots=True)
class Sum:
    """A group while it is being added up."""

    students: set[UUID] = field(default_factory=set)
    owed: Fraction | None = field(default_factory=Fraction)
    given: Given = field(default_factory=Given)
    beside: Beside = Beside()

    def add(self, student: UUID, owed: Fraction | None, given: Given) -> None:
        """One more student's service."""
        self.students.add(student)
        self.owed = None if owed is None or self.owed is None else self.owed + owed
        self.given = self.given + given

    def group(self, of: UUID | None) -> Group:
        """As it is answered."""
        figures = Figures(self.owed, self.given)
        return Group(of, frozenset(self.students), figures, self.beside)


def in_order(groups: Iterable[Group]) -> list[Group]:
    """The largest balance first."""
    return sorted(groups, key=lambda group: (-(group.figures.balance or 0), str(group.of)))


def to_leave_the_school(groups: Sequence[Group], least: int = LEAST) -> list[Group]:
    """The same without the figures of groups that are too small; those stand last, as their place would tell of them too."""
    by_size = sorted(range(len(groups)), key=lambda index: groups[index].students)
    left_out = {index for index in by_size if groups[index].students < least}
    for index in by_size:
        together = frozenset[UUID]().union(*(groups[each].members for each in left_out))
        if not left_out or (len(left_out) > 1 and len(together) >= least):
            break
        left_out.add(index)
    nothing = Figures(None, Given())
    bare = [
        replace(groups[index], members=frozenset(), figures=nothing, beside=Beside(), left_out=True)
        for index in left_out
    ]
    told = [group for index, group in enumerate(groups) if index not in left_out]
    return [*told, *sorted(bare, key=lambda group: str(group.of))]
