"""What a plan's items promise, kept beside the plan to be compared with the plans around it: one row a change of an item.

Of an item that text holds on a day whose first day is the latest up to it, of equal days the later record: as the plan
document has it (`contracts.plan_history`), for lists of many plans at once.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from uuid import uuid5

from contracts.event import Event, Json
from contracts.fields import AmendmentId, ItemId
from contracts.individual import COMPARED_KINDS, promised, section_of
from contracts.items import AnyItem, End
from contracts.plan import AmendmentAdopted, AmendmentWithdrawn, PlanAdopted, PlanCorrected
from plan_service.domain.plan import Plan
from runtime.stream_model import Resource

KIND = "item_text"


def item_texts(plan: Plan, event: Event) -> Iterator[Resource]:
    """The texts that an event of the plan's stream begins, ends, corrects or takes back."""
    match event:
        case PlanAdopted():
            present = {item.id for item in event.items}
            for item in event.items:
                yield from _begins(plan, item, event.effective_on, None)
            for item_id in plan.lines:
                if item_id not in present and plan.kind_of(item_id) in COMPARED_KINDS:
                    yield _row(plan, item_id, event.effective_on, None, {})
        case AmendmentAdopted():
            for change in event.changes:
                if not isinstance(change, End):
                    yield from _begins(plan, change.item, event.effective_on, event.amendment_id)
                elif plan.kind_of(change.item) in COMPARED_KINDS:
                    yield _row(plan, change.item, event.effective_on, event.amendment_id, {})
        case AmendmentWithdrawn():
            amendment = plan.amendments.get(event.amendment_id)
            if amendment is not None and amendment.starts_on is not None:
                for item_id in amendment.items:
                    gone = {"withdrawn": True}
                    yield _row(plan, item_id, amendment.starts_on, event.amendment_id, gone)
        case PlanCorrected() if event.item.id == event.corrects.item_id:
            corrected = [
                each for each in plan.lines.get(event.item.id, ()) if each.starts_on == event.effective_on
            ]
            if corrected:
                yield from _begins(plan, event.item, event.effective_on, corrected[-1].amendment_id)
        case _:
            pass


def _begins(plan: Plan, item: AnyItem, on: date, amendment: AmendmentId | None) -> Iterator[Resource]:
    section = section_of(item)
    if section is not None:
        yield _row(plan, item.id, on, amendment, {"section": section, "text": promised(item)})


def _row(plan: Plan, item_id: ItemId, on: date, amendment: AmendmentId | None, said: Json) -> Resource:
    """Of one item, first day and amendment there is one; what is recorded later holds."""
    assert plan.plan_id is not None
    id_ = uuid5(plan.plan_id, f"{KIND} {item_id} {on} {amendment}")
    document = {"plan": str(plan.plan_id), "item": str(item_id), "from": on.isoformat(), **said}
    return Resource(KIND, id_, document, plan.student_id)


def held_on(rows: Iterable[tuple[int, Json]], day: date) -> list[tuple[str, str]]:
    """Section and text of each item in force on ``day``, of one plan's rows, each with the version that made it."""
    latest: dict[str, tuple[tuple[str, int], Json]] = {}
    for version, row in rows:
        key = (row["from"], version)
        if row["from"] > day.isoformat() or row.get("withdrawn"):
            continue
        if row["item"] not in latest or latest[row["item"]][0] <= key:
            latest[row["item"]] = (key, row)
    return [(row["section"], row["text"]) for _, row in latest.values() if "text" in row]
