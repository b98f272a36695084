"""A parent's or adult student's statement: kept and disclosed with the record, unedited; it changes nothing (300.620)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ExternalId, HolderId
from contracts.plan import PlanEvent, StatementAdded, StatementPersonalData
from contracts.problems import NotFound
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import RequestVia
from plan_service.domain.people import People
from plan_service.domain.plan import Plan
from plan_service.domain.rules import cannot_be_true, day_of, not_in_the_future


@dataclass(frozen=True, slots=True)
class AddStatement:
    """Somebody's own words about the record."""

    statement_id: UUID
    holder_id: HolderId
    text: str
    today: date
    made_on: date | None = None
    """The day on the statement; today where nothing is said."""
    via: RequestVia | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def add_statement(plan: Plan, command: AddStatement, people: People) -> list[PlanEvent]:
    """Keep a statement beside the plan, in its writer's words."""
    if plan.plan_id is None:
        raise NotFound("There is no plan by that id.")
    people.must_know([command.holder_id], "/holder")
    not_in_the_future(command.reported, command.today)
    made_on = command.made_on or day_of(command.reported, command.today)
    if made_on > command.today:
        raise cannot_be_true("made-in-the-future", "The statement is dated after today.", "/made_on")
    return [
        StatementAdded(
            effective_on=made_on,
            plan_id=plan.plan_id,
            statement_id=command.statement_id,
            holder_id=command.holder_id,
            personal=StatementPersonalData(text=command.text),
            via=command.via,
            document=command.document,
            external_id=command.external_id,
            reported=command.reported,
        )
    ]
