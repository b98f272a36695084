"""Names for the ids in a student's record, for a reader who may see the student.

Looked up when they are read and never kept beside an event: what is erased has no name any more.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Text, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.event import Event, Json, Recorded
from contracts.timeline import NOBODY_IN_PERSON, ids_in
from runtime.resources import RESOURCES

OF_THE_DISTRICT = ("staff", "school")
"""Whoever reads plans reads these."""
OF_THE_STUDENT = ("student", "rights_holder", "contact")


async def names_in(
    rows: AsyncConnection, tenant: str, student: UUID, entries: Sequence[Recorded[Event]]
) -> dict[str, str]:
    """The names that sentences about these entries of one student may say; another student's people have none."""
    ids = {id_ for entry in entries for id_ in ids_in(entry)}
    return _unnamed(entries) | await names_of(rows, tenant, student, ids)


async def names_of(rows: AsyncConnection, tenant: str, student: UUID, ids: Collection[str]) -> dict[str, str]:
    """The names of staff, schools, the student and the student's own people, by id."""
    theirs = RESOURCES.c.kind.in_(OF_THE_STUDENT) & (RESOURCES.c.student == student)
    found = await rows.execute(
        select(RESOURCES.c.id, cast(RESOURCES.c.document, Text).label("document")).where(
            RESOURCES.c.tenant == tenant,
            RESOURCES.c.id.in_(list(_uuids(ids))),
            or_(RESOURCES.c.kind.in_(OF_THE_DISTRICT), theirs),
        )
    )
    return {str(row.id): _name(msgspec.json.decode(row.document)) for row in found}


def _name(shown: Json) -> str:
    if "name" in shown:
        return str(shown["name"])
    given: Any = shown.get("preferred_given_name") or shown["given_name"]
    family: Any = shown.get("preferred_family_name") or shown["family_name"]
    return f"{given} {family}"


def _unnamed(entries: Iterable[Recorded[Event]]) -> dict[str, str]:
    actors = [entry.actor for entry in entries]
    return {actor.id: NOBODY_IN_PERSON[actor.role] for actor in actors if actor.role in NOBODY_IN_PERSON}


def _uuids(ids: Iterable[str]) -> Iterable[UUID]:
    for id_ in ids:
        try:
            yield UUID(id_)
        except ValueError:
            continue
