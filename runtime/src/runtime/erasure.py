"""What a service forgets when contents were lawfully destroyed: whose, of which classes, and which rows those are.

Sealed bytes stay where they are, as nothing opens them any more. What is readable lies in ``<svc>_read`` only; each
projection says which of its rows came of which class of contents, so that what is left is what a rebuild would make.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from contracts.event import Event, EventClass, Recorded, registered_events
from runtime.store_schema import TENANT


@dataclass(frozen=True, slots=True)
class Erasure:
    """Contents that are gone."""

    tenant: str
    destruction: UUID
    subject: UUID
    classes: frozenset[EventClass]
    on: date
    """The day of the destruction in the district."""

    def takes(self, class_: EventClass) -> bool:
        """Whether contents of this class are gone."""
        return class_ in self.classes

    def types(self) -> list[str]:
        """The names of all events whose contents are of these classes."""
        return sorted(name for name, cls in registered_events().items() if cls.event_class in self.classes)


Erase = Callable[[Erasure, Any], Awaitable[None]]
"""Removes rows, on a connection of the driver with the tenant set, inside its transaction. Safe to repeat."""


def rows_of(**tables: tuple[str, EventClass]) -> Erase:
    """Tables of which a row is a student's by one column, and came of one class: ``table=("student", class)``."""

    async def erase(erasure: Erasure, connection: Any) -> None:
        for table, (column, class_) in tables.items():
            if erasure.takes(class_):
                await connection.execute(
                    f"DELETE FROM {table} WHERE tenant = $1 AND {column} = $2",
                    erasure.tenant,
                    erasure.subject,
                )

    return erase


async def is_erased(connection: Any, service: str, recorded: Recorded[Event]) -> bool:
    """Whether this service has erased what it had of the event's student and class.

    A projection that may be told more of them afterwards (somebody looks at what is left) keeps nothing of it: what an erasure
    removes is then what a replay leaves out, whenever it came.
    """
    class_ = recorded.event.event_class
    return bool(await erased_among(connection, service, recorded.tenant, [recorded.subject], class_))


async def erased_among(
    connection: Any, service: str, tenant: str, subjects: Collection[UUID], class_: EventClass
) -> set[UUID]:
    """Those of whom this service has erased what it had of the class."""
    rows = await connection.fetch(
        f"SELECT subject FROM {service}.erasures WHERE tenant = $1 AND subject = ANY ($2) AND $3 = ANY (classes)",
        tenant, list(subjects), class_,
    )  # fmt: skip
    return {row["subject"] for row in rows}


def erasures_1(service: str) -> list[str]:
    """The statements (run as ``<svc>_owner``) that make what a service notes of its erasures. Never changed."""
    s = service
    apart = "".join(
        f"""
        ALTER TABLE {s}.{table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {s}.{table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON {s}.{table} TO {s}_app USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT});
        """
        for table in ("erasures", "gone")
    )
    return [
        f"""
        CREATE TABLE {s}.erasures (
            tenant text NOT NULL,
            destruction uuid NOT NULL,
            subject uuid NOT NULL,
            classes text[] NOT NULL,
            destroyed_on date NOT NULL,
            erased_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            settled_at timestamptz,
            PRIMARY KEY (tenant, destruction)
        );
        COMMENT ON COLUMN {s}.erasures.settled_at IS
            'erased once more, when nobody had a key in memory any longer, and the tables written anew';
        CREATE INDEX erasures_subject ON {s}.erasures (tenant, subject);
        CREATE TABLE {s}.gone (
            tenant text NOT NULL,
            kind text NOT NULL,
            id uuid NOT NULL,
            student uuid NOT NULL,
            destroyed_on date NOT NULL,
            PRIMARY KEY (tenant, kind, id)
        );
        COMMENT ON TABLE {s}.gone IS 'what could once be read under an id: answered with 410 and the day, no contents';
        CREATE INDEX gone_id ON {s}.gone (tenant, id);
        GRANT SELECT, INSERT, UPDATE, DELETE ON {s}.erasures, {s}.gone TO {s}_app;
        {apart}
        """
    ]
