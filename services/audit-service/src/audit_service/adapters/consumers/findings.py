"""Whose findings a new event may change: it is noted beside the position, and judged by `application.judging` soon after.

An event of the district or of its staff is noted as one; whom it touches is found when it is judged. A rebuild notes
everybody, so that everybody is judged anew.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from audit_service.application.judging import Judging
from runtime.consumer import Consumer
from runtime.database import driver
from runtime.entry import parse_entry
from runtime.erasure import Erasure
from runtime.roles import SERVICES
from runtime.transport.port import Delivery

OF_A_STUDENT = frozenset(
    {"student", "plan", "meeting", "item", "report", "notice", "disclosure", "packet", "hold"}
)
OF_THE_DISTRICT = {"district": "district", "staff": "staff"}

NOTE = """
    INSERT INTO audit_read.finding_queue AS q (tenant, subject, source, kind, position) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant, subject, source) DO UPDATE SET position = greatest(q.position, excluded.position),
        kind = CASE q.kind WHEN 'look' THEN excluded.kind ELSE q.kind END"""


async def forget(erasure: Erasure, rows: Any) -> None:
    """Of a student whose contents were lawfully destroyed nothing stays but what the order keeps: it is filled in next."""
    whose = erasure.tenant, erasure.subject
    await rows.execute("DELETE FROM audit_read.findings WHERE tenant = $1 AND student = $2", *whose)
    await rows.execute(
        "UPDATE audit_read.finding_students SET wakes_on = '-infinity' WHERE tenant = $1 AND student = $2",
        *whose,
    )


async def _whose(destructions: Mapping[UUID, Delivery], rows: AsyncConnection) -> list[tuple[UUID, Delivery]]:
    """A destruction stands under the tenant's own subject: whose contents it is about is in the state kept with it."""
    if not destructions:
        return []
    found = await (await driver(rows)).fetch(
        "SELECT id, student FROM audit_read.resources"
        " WHERE tenant = current_setting('handrail.tenant') AND kind = 'destruction' AND id = ANY ($1)",
        list(destructions),
    )
    return [(row["student"], destructions[row["id"]]) for row in found]


def findings(judging: Judging) -> Consumer:
    """The consumer of all four sources; it decodes no contents."""

    async def note(deliveries: Sequence[Delivery], rows: AsyncConnection) -> None:
        noted: dict[tuple[str, object, str], tuple[str, int]] = {}
        destructions: dict[UUID, Delivery] = {}
        for delivery in deliveries:
            stream, _, id_ = parse_entry(delivery.entry).stream.partition("/")
            if stream == "destruction":
                destructions[UUID(id_)] = delivery
            kind = "student" if stream in OF_A_STUDENT else OF_THE_DISTRICT.get(stream)
            if kind is not None:
                noted[delivery.tenant, delivery.subject, delivery.source] = (kind, delivery.position)
        for student, delivery in await _whose(destructions, rows):
            noted[delivery.tenant, student, delivery.source] = ("student", delivery.position)
        if noted:
            connection = await driver(rows)
            # In one order, so that two instances wait for each other at most, never both.
            lines = sorted(
                ((*who, kind, position) for who, (kind, position) in noted.items()),
                key=lambda each: str(each),
            )
            await connection.executemany(NOTE, lines)
            judging.wake({tenant for tenant, _, _ in noted})

    return Consumer("findings", SERVICES, handle_raw=note, projection=True, erase=forget)
