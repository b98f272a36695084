"""The district's schools."""

from dataclasses import dataclass
from datetime import date

from contracts.district import SchoolAdded, SchoolChanged, SchoolEvent
from contracts.fields import ExternalId, SchoolId
from contracts.values import Imported
from plan_service.domain.rules import cannot_be_true


@dataclass(frozen=True, slots=True)
class School:
    """One school, as last described."""

    school_id: SchoolId | None = None
    name: str = ""
    external_ids: tuple[ExternalId, ...] = ()


@dataclass(frozen=True, slots=True)
class DescribeSchool:
    """Everything known about a school."""

    school_id: SchoolId
    name: str
    today: date
    external_ids: tuple[ExternalId, ...] = ()
    imported: Imported | None = None


def evolve(_school: School, event: SchoolEvent) -> School:
    """The newest description holds."""
    return School(event.school_id, event.name, event.external_ids)


def must_be_a_school(school: School, pointer: str) -> None:
    """Refuse the id of a school there is not."""
    if school.school_id is None:
        raise cannot_be_true("unknown-school", "There is no school by this id.", pointer)


def describe_school(school: School, command: DescribeSchool) -> list[SchoolEvent]:
    """Add a school, or change one; the same once more is nothing."""
    if school.school_id is not None and (school.name, school.external_ids) == (
        command.name,
        command.external_ids,
    ):
        return []
    of = SchoolAdded if school.school_id is None else SchoolChanged
    return [
        of(effective_on=command.today, school_id=command.school_id, name=command.name,
           external_ids=command.external_ids, imported=command.imported)
    ]  # fmt: skip
