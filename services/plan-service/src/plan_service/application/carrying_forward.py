"""What a draft keeps of the text it began with, and where that text is taken from."""

from datetime import date, timedelta
from uuid import UUID

from contracts.event import Json
from contracts.ids import new_id
from contracts.items import AnyItem
from contracts.plan_document import history_of, in_force
from contracts.vocabulary import PlanKind
from plan_service.application.plan_model import PLAN
from plan_service.application.working_papers import Paper
from plan_service.domain.carried_forward import Carried, Mark, renewed
from plan_service.domain.rules import cannot_be_true
from runtime.event_store import EventStore


async def last_text(store: EventStore, tenant: str, plan_id: UUID, today: date) -> tuple[AnyItem, ...]:
    """What is in force today; of a plan that has ended what was last."""
    history = history_of(await store.read(tenant, PLAN.stream(plan_id)))
    document = in_force(history, today)
    if document is not None and document.ending is not None:
        document = in_force(history, document.ending.ended_on - timedelta(days=1))
    return tuple(entry.item for entry in document.items) if document else ()


async def text_of_another(
    store: EventStore, tenant: str, plan_id: UUID, student_id: UUID, kind: PlanKind, today: date
) -> tuple[AnyItem, ...]:  # fmt: skip
    """The last text of another plan of the student, each item under an id of its own; raises `Invalid`."""
    other = (await store.load(tenant, PLAN, plan_id)).state
    if other.student_id != student_id or other.void:
        raise cannot_be_true("unknown-plan", "This student has no plan by this id.", "/copy_from")
    if other.kind is not kind:
        raise cannot_be_true(
            "another-kind-of-plan", "What the two kinds of plan say is not the same.", "/copy_from"
        )
    items = await last_text(store, tenant, plan_id, today)
    if not items:
        raise cannot_be_true("nothing-to-copy", "Nothing of that plan has been adopted.", "/copy_from")
    return renewed(items, new_id)


def carried_fields(carried: Carried | None) -> Json:
    """What a working paper keeps of it."""
    if carried is None:
        return {}
    return {
        "carried": {
            "plan": str(carried.plan_id),
            "on": carried.on.isoformat(),
            "marks": [mark_fields(mark) | {"was": mark.was} for mark in carried.marks],
            "goals": {str(item): said for item, said in (carried.goals or {}).items()},
            "kept": sorted([str(item), field or ""] for item, field in carried.kept),
        }
    }


def carried_of(paper: Paper) -> Carried | None:
    """What the draft began with, if it began with an earlier text."""
    kept = paper.content.get("carried")
    if kept is None:
        return None
    marks = tuple(
        Mark(UUID(each["item"]), each.get("field"), each["code"], each["why"], each["citation"], each["was"])
        for each in kept["marks"]
    )
    return Carried(
        UUID(kept["plan"]), date.fromisoformat(kept["on"]), marks,
        {UUID(item): said for item, said in kept["goals"].items()},
        frozenset((UUID(item), field or None) for item, field in kept["kept"]),
    )  # fmt: skip


def mark_fields(mark: Mark) -> Json:
    """A mark as an answer shows it."""
    place = f"/items/{mark.item}" + (f"/{mark.field}" if mark.field else "")
    fields = {"item": str(mark.item), "field": mark.field, "code": mark.code, "why": mark.why,
              "citation": mark.citation, "pointer": place}  # fmt: skip
    return {name: value for name, value in fields.items() if value is not None}
