"""Names for ids, students to be found by name, plans by student: what makes evidence readable.

The newest name stands, whatever day is asked about: a name is there to be recognised, the events say what it was.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from audit_service.domain.names import words_of
from contracts.audit import ClientRegistered
from contracts.district import (
    DistrictProfileSet,
    SchoolAdded,
    SchoolChanged,
    StaffAdded,
    StaffChanged,
)
from contracts.event import Event, EventClass, Recorded, registered_events
from contracts.items import AnyItem, End
from contracts.plain_words import item_in_words
from contracts.plan import AmendmentAdopted, AmendmentProposed, DraftOpened, PlanAdopted, PlanCorrected
from contracts.store import TenantOpened
from contracts.students import (
    ContactChanged,
    ContactProposed,
    RightsHolderConfirmed,
    StudentChanged,
    StudentEnrolled,
    StudentRegistered,
)
from runtime.consumer import Consumer, Unit
from runtime.database import driver
from runtime.erasure import Erasure

TABLES = ("people", "students", "student_words", "plans", "districts")

_NAMED = (
    StudentRegistered, StudentChanged, StudentEnrolled, ContactProposed, ContactChanged, RightsHolderConfirmed,
    StaffAdded, StaffChanged, SchoolAdded, SchoolChanged, DistrictProfileSet, TenantOpened, ClientRegistered,
    DraftOpened, PlanAdopted, AmendmentProposed, AmendmentAdopted, PlanCorrected,
)  # fmt: skip

_NAME = """
    INSERT INTO people (tenant, id, kind, name, subject) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant, id) DO UPDATE SET kind = excluded.kind, name = excluded.name, subject = excluded.subject"""
_STUDENT = """
    INSERT INTO students (tenant, student, name, sort_name, birth_date, external_ids) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant, student) DO UPDATE SET name = excluded.name, sort_name = excluded.sort_name,
        birth_date = excluded.birth_date, external_ids = excluded.external_ids"""
_PLAN = """
    INSERT INTO plans (tenant, plan, student, kind) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant, plan) DO UPDATE SET kind = excluded.kind"""
_DISTRICT = """
    INSERT INTO districts (tenant, name, time_zone) VALUES ($1, $2, $3)
    ON CONFLICT (tenant) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone"""


def _types(*classes: type[Event]) -> frozenset[str]:
    return frozenset(name for name, cls in registered_events().items() if cls in classes)


async def keep_names(recorded: Recorded[Event], unit: Unit) -> None:
    """Who or what an event names, by the newest name."""
    rows = await driver(unit.rows)
    tenant, event = recorded.tenant, recorded.event
    if recorded.source == "audit" and not isinstance(event, ClientRegistered):
        return

    async def name(id_: UUID | str, kind: str, text: str) -> None:
        await rows.execute(_NAME, tenant, str(id_), kind, text, recorded.subject)

    match event:
        case StudentRegistered() | StudentChanged():
            await _keep_student(rows, tenant, event)
        case StudentEnrolled():
            await rows.execute(
                "UPDATE students SET school = $3, grade = $4 WHERE tenant = $1 AND student = $2",
                tenant, event.student_id, event.school_id, event.grade,
            )  # fmt: skip
        case ContactProposed() | ContactChanged():
            await name(
                event.contact_id, "contact", f"{event.personal.given_name} {event.personal.family_name}"
            )
        case RightsHolderConfirmed():
            await name(event.holder_id, "holder", event.personal.name)
        case StaffAdded() | StaffChanged():
            await name(event.staff_id, "staff", f"{event.personal.given_name} {event.personal.family_name}")
        case SchoolAdded() | SchoolChanged():
            await name(event.school_id, "school", event.name)
        case ClientRegistered():
            await name(event.client_id, "client", event.name)
        case TenantOpened() if recorded.source == "plan":
            await rows.execute(_DISTRICT, tenant, event.name, event.time_zone)
        case DistrictProfileSet():
            await rows.execute(_DISTRICT, tenant, event.name, event.time_zone)
        case DraftOpened():
            await rows.execute(_PLAN, tenant, event.plan_id, recorded.subject, event.kind.value)
        case PlanAdopted():
            await rows.execute(_PLAN, tenant, event.plan_id, recorded.subject, event.kind.value)
            await _keep_items(rows, recorded, event.items)
        case AmendmentProposed() | AmendmentAdopted():
            await _keep_items(
                rows, recorded, [change.item for change in event.changes if not isinstance(change, End)]
            )
        case PlanCorrected():
            await _keep_items(rows, recorded, [event.item])


async def _keep_student(rows: Any, tenant: str, event: StudentRegistered | StudentChanged) -> None:
    who = event.personal
    given = who.preferred_given_name or who.given_name
    family = who.preferred_family_name or who.family_name
    birth: date = who.birth_date
    await rows.execute(_NAME, tenant, str(event.student_id), "student", f"{given} {family}", event.student_id)
    await rows.execute(
        _STUDENT,
        tenant,
        event.student_id,
        f"{given} {family}",
        f"{family}, {given}",
        birth,
        list(event.external_ids),
    )
    spoken = [
        who.given_name,
        who.middle_name,
        who.family_name,
        who.preferred_given_name,
        who.preferred_family_name,
    ]
    words = words_of(" ".join(part for part in spoken if part))
    await rows.execute(
        "DELETE FROM student_words WHERE tenant = $1 AND student = $2", tenant, event.student_id
    )
    await rows.executemany(
        "INSERT INTO student_words (tenant, student, word) VALUES ($1, $2, $3)",
        [(tenant, event.student_id, word) for word in words],
    )


async def _keep_items(rows: Any, recorded: Recorded[Event], items: Sequence[AnyItem]) -> None:
    await rows.executemany(
        _NAME,
        [(recorded.tenant, str(item.id), "item", item_in_words(item), recorded.subject) for item in items],
    )


IDENTITY_KINDS = ("student", "contact", "holder")
RECORD_KINDS = ("item",)


async def forget(erasure: Erasure, rows: Any) -> None:
    """Names and plans of a student whose contents were lawfully destroyed, by the class they came of."""
    whose = erasure.tenant, erasure.subject
    kinds: list[str] = []
    if erasure.takes(EventClass.IDENTITY):
        kinds += IDENTITY_KINDS
        await rows.execute("DELETE FROM students WHERE tenant = $1 AND student = $2", *whose)
        await rows.execute("DELETE FROM student_words WHERE tenant = $1 AND student = $2", *whose)
    if erasure.takes(EventClass.RECORD):
        kinds += RECORD_KINDS
        await rows.execute("DELETE FROM plans WHERE tenant = $1 AND student = $2", *whose)
        await rows.execute(
            "UPDATE students SET school = NULL, grade = NULL WHERE tenant = $1 AND student = $2", *whose
        )
    await rows.execute(
        "DELETE FROM people WHERE tenant = $1 AND subject = $2 AND kind = ANY ($3)", *whose, kinds
    )


PEOPLE = Consumer(
    "people",
    ("plan", "audit"),
    keep_names,
    projection=True,
    types=_types(*_NAMED),
    tables=TABLES,
    erase=forget,
)
