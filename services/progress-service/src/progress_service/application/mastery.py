"""Which results master their goal or objective today: what a stream says of its own may rest on a result struck through since."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.fields import StudentId
from contracts.goals.history import masters_of
from contracts.goals.results import Result
from progress_service.application.known_plans import histories_of_student
from runtime.resources import Shown

_OF_ITEMS = text("""
    SELECT id, student, document FROM resources
     WHERE tenant = current_setting('handrail.tenant') AND student = :student AND kind = 'measurement'
       AND document->'voided' IS NULL AND document->>'item' = ANY (:items)""")


async def as_they_master(rows: AsyncConnection, shown: list[Shown]) -> list[Shown]:
    """The measurements, with ``masters`` only of those with which the run is complete still."""
    said: dict[StudentId, set[str]] = defaultdict(set)
    for each in shown:
        if each.document.get("masters") and each.student is not None:
            said[each.student].add(each.document["item"])
    standing: set[UUID] = set()
    for student, items in said.items():
        histories = list((await histories_of_student(rows, student)).values())
        found = list(await rows.execute(_OF_ITEMS, {"student": student, "items": sorted(items)}))
        results = [_result(row) for row in found]
        completing = {row.id for row in found if row.document.get("masters")}
        for item in items:
            standing |= _ids(masters_of(histories, UUID(item), results, completing))
    return [each if each.id in standing else _without(each) for each in shown]


def _ids(results: Iterable[Result]) -> set[UUID]:
    return {result.id for result in results}


def _without(shown: Shown) -> Shown:
    return replace(shown, document={name: said for name, said in shown.document.items() if name != "masters"})


def _result(row: Any) -> Result:
    said = row.document
    return Result(
        row.id, row.student, UUID(said["plan"]), UUID(said["item"]), date.fromisoformat(said["measured_on"]),
        Decimal(said["value"]), said["unit"],
    )  # fmt: skip
