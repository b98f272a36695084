"""One measurement of a goal or objective, as everything that is said of a goal's progress is made of."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ItemId, Measure, PlanId, StaffId, StudentId
from contracts.progress import BenchmarkMeasured
from contracts.values import Reported


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement of a goal or objective."""

    id: UUID
    student: StudentId
    plan: PlanId
    item: ItemId
    measured_on: date
    value: Measure
    unit: str
    by: StaffId | None = None
    documents: tuple[UUID, ...] | None = None
    external_id: str | None = None
    reported: Reported | None = None
    voided: str | None = None
    correct: int | None = None
    attempted: int | None = None
    prompt_level: str | None = None

    @property
    def counts(self) -> bool:
        """It has not been struck through."""
        return self.voided is None


def result_of(event: BenchmarkMeasured) -> Result:
    """The measurement that an event tells of."""
    return Result(
        id=event.measurement_id,
        student=event.student_id,
        plan=event.plan_id,
        item=event.item_id,
        measured_on=event.effective_on,
        value=event.value,
        unit=event.unit,
        by=event.by,
        documents=event.documents,
        external_id=event.external_id,
        reported=event.reported,
        correct=event.correct,
        attempted=event.attempted,
        prompt_level=event.prompt_level,
    )
