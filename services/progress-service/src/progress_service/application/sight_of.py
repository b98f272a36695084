"""Of many students those a caller may see: `runtime.sight` for a whole batch at once."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, column, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.auth import Principal
from runtime.sight import reach, visible


async def seen_of(rows: AsyncConnection, principal: Principal, students: Collection[UUID]) -> set[UUID]:
    """A client sees every student of its tenant, within its scopes."""
    how_far = await reach(rows, principal)
    if how_far is None:
        return set(students)
    asked = select(
        func.unnest(bindparam("students", list(students), ARRAY(Uuid()))).label("student")
    ).subquery()
    found = await rows.execute(
        select(asked.c.student).where(visible(how_far, principal.tenant, column("student")))
    )
    return set(found.scalars())
