"""A goal or objective: its results, its steps, and how it stands."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict

from contracts.fields import Measure
from contracts.goals.picture import TableRow, forecast, picture, says, table_of, too_few
from contracts.goals.progress import POINTS_FOR_A_PICTURE, Standing, StepProgress
from contracts.goals.results import Result
from contracts.goals.trend import METHOD
from contracts.problems import NotFound
from contracts.service_delivery import rounded
from progress_service.adapters.routes.asking import BasisOut, KnownAt, UpTo
from progress_service.adapters.routes.sessions import Reads
from progress_service.application.knowledge import asked_text, knowledge_text, read_knowledge, zone_of
from progress_service.application.known_plans import student_of_item, today_of
from progress_service.application.progress_of import ProgressOf, progress_of
from progress_service.domain.hints import Hint, HintCode, hints_of
from progress_service.domain.known import Knowledge
from runtime.call import Asked, Call
from runtime.drawing import svg_of
from runtime.http import Routes

routes = Routes(prefix="/progress/v1", tags=["progress"])


class Out(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class PointOut(Out):
    """One result."""

    measurement: UUID
    item: UUID
    measured_on: date
    value: Measure
    unit: str
    by: UUID | None = None
    """Who measured: a staff member."""

    @classmethod
    def of(cls, result: Result) -> "PointOut":
        """As it is answered."""
        return cls(
            measurement=result.id,
            item=result.item,
            measured_on=result.measured_on,
            value=result.value,
            unit=result.unit,
            by=result.by,
        )


class StepOut(Out):
    """An objective, or the goal itself as the last step: what is asked for by when, and how it stands."""

    item: UUID
    due_on: date
    target: Measure
    unit: str | None = None
    results_needed: int
    """So many results have to reach the target: all in a row, or of the last `results_of`."""
    results_of: int | None = None
    criterion: str
    """The plan's own words for what counts as reached; where it has none, what is counted."""
    status: Standing
    latest: PointOut | None = None
    """The last result by that date."""
    reached_on: date | None = None
    """The day of the result that met the criterion."""

    @classmethod
    def of(cls, told: StepProgress) -> "StepOut":
        """As it is answered."""
        criterion = told.step.criterion
        return cls(
            item=told.step.item.id,
            due_on=told.step.due_on,
            target=criterion.target,
            unit=criterion.unit,
            results_needed=criterion.results_needed,
            results_of=criterion.results_of,
            criterion=criterion.in_words,
            status=told.standing,
            latest=PointOut.of(told.latest) if told.latest else None,
            reached_on=told.completed_by.measured_on if told.completed_by else None,
        )


class PictureOut(Out):
    """Whether there are points enough to draw."""

    enough_points: bool
    points: int
    points_needed: int = POINTS_FOR_A_PICTURE
    says: str | None = None
    """What stands in its place while there are too few."""


class RowOut(Out):
    """A row of the picture's table: a result, and where the lines stood on its day."""

    measured_on: date
    value: Measure
    aim: str | None = None
    trend: str | None = None

    @classmethod
    def of(cls, row: TableRow) -> "RowOut":
        """As it is answered."""
        return cls(
            measured_on=row.result.measured_on,
            value=row.result.value,
            aim=rounded(row.aim) if row.aim is not None else None,
            trend=rounded(row.trend) if row.trend is not None else None,
        )


class HintOut(Out):
    """What the results suggest by a rule of progress monitoring: a hint, never a decision."""

    code: HintCode
    says: str
    rests_on: list[UUID]
    source: str

    @classmethod
    def of(cls, hint: Hint) -> "HintOut":
        """As it is answered."""
        return cls(
            code=hint.code, says=hint.says, rests_on=[each.id for each in hint.rests_on], source=hint.source
        )


class PhaseOut(Out):
    """A day on which the plan changed."""

    on: date
    what: str


class ItemProgressOut(Out):
    """How a goal or objective stands."""

    item: UUID
    kind: str
    plan: UUID
    student: UUID
    event_id: UUID
    """The event that made the item's text hold."""
    in_force: bool
    """The plan in force that day has it."""
    on: date
    asked_known_at: str | None = None
    basis: BasisOut
    basis_text: str
    """Send it as `basis` to get the same answer again."""
    baseline: Measure | None = None
    target: Measure | None = None
    unit: str | None = None
    due_on: date | None = None
    status: Standing
    """As the last step stands whose date has come; before the first one, by the line from the baseline."""
    mastered_by: UUID | None = None
    """The result that completed what the item asks for."""
    expected: str | None = None
    """Where the line from the baseline through the steps stood on the day of the latest result."""
    forecast: str | None = None
    """Where the trend of the results leads by the due date; absent while there are too few to say."""
    points: list[PointOut]
    left_out: list[PointOut]
    """Results in another unit, which cannot be compared."""
    steps: list[StepOut]
    picture: PictureOut
    table: list[RowOut]
    """The picture as a table."""
    phases: list[PhaseOut]
    """Days on which the plan changed since it began."""
    trend_method: str = METHOD
    hints: list[HintOut]
    hints_silent: list[str]
    """Rules that had too few results to speak."""
    in_words: str
    """The same in sentences, for a screen reader."""


@routes.get("/items/{item_id}/progress", response_model=ItemProgressOut, response_model_exclude_none=True)
async def get_progress(
    item_id: UUID,
    asked: Asked,
    who: Reads,
    on: Annotated[
        date | None, Query(description="D: the day asked about; today where nothing is said.")
    ] = None,
    known_at: KnownAt = None,
    basis: UpTo = None,
) -> Response:
    """Read how a goal or objective stands.

    Its results, each dated step as on track, behind, ahead or unmeasured, and the same in sentences. A goal counts the
    results of its objectives too.
    """
    student, knowledge, found = await _seen(asked, item_id, on, known_at, basis)
    answer = _answer(student, knowledge, found)
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")


@routes.get(
    "/items/{item_id}/progress.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}},
)
async def get_picture(
    item_id: UUID,
    asked: Asked,
    who: Reads,
    on: Annotated[
        date | None, Query(description="D: the day asked about; today where nothing is said.")
    ] = None,
    known_at: KnownAt = None,
    basis: UpTo = None,
) -> Response:
    """See how a goal or objective stands: its results, the line aimed at, the trend and where it leads by the due date.

    What is drawn is said in words in the picture's label. With fewer than three results it says so instead.
    """
    _, _, found = await _seen(asked, item_id, on, known_at, basis)
    return Response(await svg_of(picture(found.progress)), media_type="image/svg+xml")


async def _seen(
    asked: Call, item_id: UUID, on: date | None, known_at: str | None, basis: str | None
) -> tuple[UUID, Knowledge, ProgressOf]:
    """The student, what was known, and how the item stood."""
    student = await asked.owner("item", item_id)
    assert student is not None
    async with asked.store.database.read(asked.tenant) as rows:
        day = on or await today_of(rows)
        knowledge = read_knowledge(known_at, basis, await zone_of(rows))
    found = await progress_of(asked.store, asked.tenant, student, item_id, day, knowledge)
    asked.saw(student, "progress", [item_id])
    return student, knowledge, found


async def owner_of_item(asked: Call, item_id: UUID) -> UUID | None:
    """The student in whose plan the item is; raises `NotFound`."""
    async with asked.store.database.read(asked.tenant) as rows:
        student = await student_of_item(rows, item_id)
    if student is None:
        raise NotFound("There is nothing here under this id that you may see.")
    return student


async def of_no_student(_asked: Call, _id: UUID) -> UUID | None:
    """A staff member is no student's: what is shown of their week is narrowed to students the caller sees."""
    return None


def _answer(student: UUID, knowledge: Knowledge, found: ProgressOf) -> ItemProgressOut:
    told = found.progress
    hints = hints_of(told)
    return ItemProgressOut(
        item=told.item.id,
        kind=told.item.kind,
        plan=found.plan_id,
        student=student,
        event_id=found.event_id,
        in_force=found.in_force,
        on=told.on,
        asked_known_at=asked_text(knowledge),
        basis=BasisOut.of(found.basis),
        basis_text=knowledge_text(found.basis),
        baseline=told.baseline,
        target=told.item.target,
        unit=told.item.unit,
        due_on=told.item.due_on,
        status=told.standing,
        mastered_by=found.mastered_by,
        expected=rounded(told.expected) if told.expected is not None else None,
        forecast=rounded(leads_to) if (leads_to := forecast(told)) is not None else None,
        points=[PointOut.of(point) for point in told.points],
        left_out=[PointOut.of(result) for result in told.left_out],
        steps=[StepOut.of(step) for step in told.steps],
        picture=PictureOut(
            enough_points=told.enough_for_a_picture,
            points=len(told.points),
            says=None if told.enough_for_a_picture else too_few(told),
        ),
        table=[RowOut.of(row) for row in table_of(told)],
        phases=[PhaseOut(on=day, what=what) for day, what in told.phases],
        hints=[HintOut.of(hint) for hint in hints.found],
        hints_silent=list(hints.silent),
        in_words=says(told),
    )
