"""Who is no longer in a roster: a student leaves, a contact is unlinked. Nothing that was recorded is ever erased.

Absence says something only in a set that calls itself whole, and only about what this very source has told before.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from contracts.fields import ExternalId
from plan_service.application.roster_entries import GoneEntry, Refused
from plan_service.application.roster_terms import Gone, by_external_id
from runtime.event_store import EventStore

FEW = 20
"""So many may be gone without anybody wondering, however small the district."""

_CONTACTS = """
    SELECT id, student FROM plan_read.resources
     WHERE tenant = $1 AND kind = 'contact' AND external_id = $2"""
_STUDENTS_OF = """
    SELECT r.id, told.external_id, r.document->>'school' IS NOT NULL AS attends
      FROM plan_read.resources r, json_array_elements_text(r.document->'external_ids') AS told (external_id)
     WHERE r.tenant = $1 AND r.kind = 'student' AND starts_with(told.external_id, $2)"""
_CONTACTS_OF = """
    SELECT r.id, r.student, r.external_id FROM plan_read.resources r
     WHERE r.tenant = $1 AND r.kind = 'contact' AND starts_with(r.external_id, $2)
       AND (r.document->>'linked')::boolean IS NOT FALSE"""


async def gone(store: EventStore, tenant: str, entry: GoneEntry) -> list[Gone]:
    """What an entry that the source marks as deleted is about here; nothing when the record never heard of it."""
    found: list[Gone] = []
    if entry.kind in ("student", "person"):
        held = await store.held(tenant, by_external_id("student"), entry.external_id)
        found += [Gone("student", held[0])] if held else []
    if entry.kind in ("staff", "person"):
        held = await store.held(tenant, by_external_id("staff"), entry.external_id)
        found += [Gone("staff", held[0])] if held else []
    if entry.kind in ("contact", "person"):
        rows = await _fetch(store, tenant, _CONTACTS, entry.external_id)
        found += [Gone("contact", row["student"], row["id"]) for row in rows]
    return found


@dataclass
class Absent:
    """What a set has named; whatever else its source once told is no longer in it."""

    students: set[ExternalId] = field(default_factory=set)
    contacts: set[tuple[ExternalId, ExternalId]] = field(default_factory=set)

    async def no_longer(self, store: EventStore, tenant: str, source: str) -> list[Gone] | Refused:
        """Who is gone; refused when that would be most of the district: then the set is the mistake."""
        students = await _fetch(store, tenant, _STUDENTS_OF, f"{source}:")
        known: dict[UUID, ExternalId] = {row["id"]: row["external_id"] for row in students}
        absent = [
            Gone("student", row["id"])
            for row in students
            if row["attends"] and row["external_id"] not in self.students
        ]
        contacts = await _fetch(store, tenant, _CONTACTS_OF, f"{source}:")
        unlinked = [
            Gone("contact", row["student"], row["id"])
            for row in contacts
            if (known.get(row["student"]), row["external_id"]) not in self.contacts
        ]
        if _most(len(absent), len(students)) or _most(len(unlinked), len(contacts)):
            reason = (
                "More than half of what this source has told before is not in this set, which calls itself whole (bulk). "
                "Nobody was removed. Send the whole set, or call it a delta."
            )
            return Refused("manifest.csv", None, "too-many-absent", reason)
        return [*absent, *unlinked]


def _most(absent: int, known: int) -> bool:
    return absent > FEW and absent * 2 > known


async def _fetch(store: EventStore, tenant: str, query: str, *arguments: Any) -> list[Any]:
    async with store.database.lend(tenant) as connection:
        rows: list[Any] = await connection.fetch(query, tenant, *arguments)
    return rows
