"""Findings, deliveries and events without contents as Parquet: for questions over a whole district, or many, by other engines.

No name, no narrative, no category: ids, codes, dates and numbers. A finding's sentence stays here, because it may name
somebody. Each dataset is partitioned by school year (events by their log as well), as Hive writes it:
``findings/school_year=2025-2026/...``. What each column means stands in `SCHEMAS`, in every file's own metadata and in
``schema.json`` beside them.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from audit_service.application.evidence import Evidence, opened_events
from contracts.event import Event, Recorded
from contracts.progress import ServiceDelivered, SessionMissed, SessionVoided
from contracts.streams import school_year
from runtime.entry import Entry, parse_entry

PAGE = 20_000
Row = dict[str, Any]
Count = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type and what it says."""

    type: pa.DataType
    says: str


_TEXT, _DAY, _WHOLE, _MOMENT = pa.string(), pa.date32(), pa.int64(), pa.timestamp("us", tz="UTC")
_YEAR = Column(_TEXT, "the school year, 1 July to 30 June, of the day")

FINDINGS: Mapping[str, Column] = {
    "tenant": Column(_TEXT, "the district's slug"),
    "student": Column(_TEXT, "the student's random id"),
    "rule": Column(_TEXT, "the rule's id, as in GET /audit/v1/rules"),
    "about": Column(_TEXT, "which duty of the student's: the same whenever it is judged"),
    "state": Column(_TEXT, "met, met_late, due, overdue, missed, unproven, excused, not_applicable"),
    "severity": Column(_TEXT, "H a right, M procedure, L practice"),
    "trigger_on": Column(_DAY, "the day that set the duty off"),
    "due_on": Column(_DAY, "the last day in time, where a number is set"),
    "done_on": Column(_DAY, "when it was done"),
    "rules": Column(_TEXT, "the rule set that was in force"),
    "plan": Column(_TEXT, "the plan's id"),
    "item": Column(_TEXT, "the plan item's id"),
    "events": Column(pa.list_(_TEXT), "ids of the events it rests on"),
    "school_year": _YEAR,
}
DELIVERIES: Mapping[str, Column] = {
    "tenant": Column(_TEXT, "the district's slug"),
    "student": Column(_TEXT, "the student's random id"),
    "plan": Column(_TEXT, "the plan's id"),
    "item": Column(_TEXT, "the service's id in the plan"),
    "session": Column(_TEXT, "the session's id"),
    "held_on": Column(_DAY, "the session's day"),
    "recorded_at": Column(_MOMENT, "when it was recorded"),
    "status": Column(_TEXT, "delivered, partial or missed"),
    "minutes": Column(_WHOLE, "given; of a missed session: owed"),
    "reason": Column(_TEXT, "why it was missed or cut short, of the list missed_reason"),
    "makes_up": Column(_TEXT, "the missed session it makes up"),
    "provider": Column(_TEXT, "the staff member's random id"),
    "voided": Column(pa.bool_(), "it was struck out later, and counts no more"),
    "event": Column(_TEXT, "the event's id"),
    "school_year": _YEAR,
}
EVENTS: Mapping[str, Column] = {
    "tenant": Column(_TEXT, "the district's slug"),
    "source": Column(_TEXT, "whose log: plan, progress, notify, audit"),
    "index": Column(_WHOLE, "its place in the district's log"),
    "position": Column(_WHOLE, "its place in the whole source"),
    "id": Column(_TEXT, "the event's id"),
    "subject": Column(_TEXT, "the student's random id, or the district's own"),
    "stream": Column(_TEXT, "the history it belongs to"),
    "version": Column(_WHOLE, "its place in that history"),
    "type": Column(_TEXT, "what happened, e.g. plan.amendment_adopted"),
    "schema": Column(_WHOLE, "the schema number of its contents, which are not here"),
    "effective_on": Column(_DAY, "the day it binds or happened"),
    "recorded_at": Column(_MOMENT, "when it was recorded"),
    "known_at": Column(_MOMENT, "when the log knew it"),
    "actor": Column(_TEXT, "who acted: a random id"),
    "actor_role": Column(_TEXT, "in which role"),
    "client": Column(_TEXT, "through which program"),
    "rules": Column(_TEXT, "the rule set it was decided under"),
    "digest": Column(_TEXT, "SHA-256 of salt and contents: what the log commits to"),
    "school_year": _YEAR,
}
SCHEMAS: Mapping[str, Mapping[str, Column]] = {
    "findings": FINDINGS,
    "deliveries": DELIVERIES,
    "events": EVENTS,
}
PARTITIONS: Mapping[str, list[str]] = {
    "findings": ["school_year"],
    "deliveries": ["school_year"],
    "events": ["source", "school_year"],
}


class FolderRefused(ValueError):
    """The folder cannot be made, or there is something in it already: an export begins in an empty one."""


def arrow_schema(dataset: str) -> pa.Schema:
    """The dataset's columns with what they say."""
    return pa.schema(
        [
            pa.field(name, column.type, metadata={"description": column.says})
            for name, column in SCHEMAS[dataset].items()
        ]
    )


def write(dataset: str, rows: list[Row], folder: Path, part: int) -> None:
    """Add rows to a dataset; ``part`` names the files, and is never the same twice."""
    if rows:
        table = pa.Table.from_pylist(rows, schema=arrow_schema(dataset))
        pq.write_to_dataset(
            table,
            folder / dataset,
            partition_cols=PARTITIONS[dataset],
            basename_template=f"part-{part}-{{i}}.parquet",
        )


async def export(
    evidence: Evidence, tenants: Iterable[str], folder: Path, count: Count = lambda _name, _rows: None
) -> None:
    """Write all three datasets of these districts into an empty folder; raises `FolderRefused`.

    What lies below the frontier when a page is read. Interrupted, the folder holds a part: begin again in another.
    """
    _begin(folder)
    part = 0
    for tenant in tenants:
        async for dataset, rows in _pages(evidence, tenant):
            write(dataset, rows, folder, part)
            count(dataset, len(rows))
            part += 1


def _begin(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        empty = not any(folder.iterdir())
    except OSError as error:
        raise FolderRefused(f"{folder} cannot be made: {error.strerror}. Name another folder.") from error
    if not empty:
        raise FolderRefused(f"{folder} is not empty. Name a folder that is not there yet.")
    described = {
        name: {column: {"type": str(of.type), "description": of.says} for column, of in columns.items()}
        for name, columns in SCHEMAS.items()
    }
    (folder / "schema.json").write_bytes(msgspec.json.format(msgspec.json.encode(described)))


async def _pages(evidence: Evidence, tenant: str) -> AsyncIterator[tuple[str, list[Row]]]:
    async for rows in evidence.kept_findings(tenant, PAGE):
        yield "findings", [finding_row(tenant, row) for row in rows]
    struck: set[str] = set()
    deliveries: list[Row] = []
    for source in ("plan", "progress", "notify", "audit"):
        after = 0
        while copies := await evidence.entries_after(tenant, source, after, PAGE):
            after = copies[-1][0]
            yield (
                "events",
                [event_row(source, position, index, parse_entry(entry)) for position, index, entry in copies],
            )
    after = 0
    types = (ServiceDelivered.type, SessionMissed.type, SessionVoided.type)
    while opened := await evidence.of_types_after(tenant, "progress", types, after, PAGE):
        after = opened[-1].position
        for recorded in opened_events(opened):
            if isinstance(recorded.event, SessionVoided):
                struck.add(str(recorded.event.session_id))
            else:
                deliveries.append(delivery_row(recorded))
    for start in range(0, len(deliveries), PAGE):
        yield (
            "deliveries",
            [{**row, "voided": row["session"] in struck} for row in deliveries[start : start + PAGE]],
        )


def finding_row(tenant: str, row: Any) -> Row:
    """A finding as it is kept, without its sentence."""
    names = [
        name
        for name in FINDINGS
        if name not in ("tenant", "school_year", "events", "student", "plan", "item")
    ]
    return {
        **{name: row[name] for name in names}, "tenant": tenant, "student": str(row["student"]), "plan": _id(row["plan"]),
        "item": _id(row["item"]), "events": [str(id_) for id_ in row["events"]], "school_year": school_year(row["trigger_on"]),
    }  # fmt: skip


def event_row(source: str, position: int, index: int, entry: Entry) -> Row:
    """An entry of the log as a row; its contents stay where they are."""
    effective = date.fromisoformat(entry.effective_on)
    return {
        "tenant": entry.tenant, "source": source, "index": index, "position": position, "id": str(entry.id),
        "subject": str(entry.subject), "stream": entry.stream, "version": entry.version, "type": entry.type,
        "schema": entry.schema, "effective_on": effective, "recorded_at": entry.recorded, "known_at": entry.known,
        "actor": str(entry.actor["id"]), "actor_role": entry.actor.get("role"), "client": entry.actor.get("client"),
        "rules": entry.rules, "digest": entry.digest, "school_year": school_year(effective),
    }  # fmt: skip


def delivery_row(recorded: Recorded[Event]) -> Row:
    """A session as a row."""
    event = recorded.event
    assert isinstance(event, ServiceDelivered | SessionMissed)
    return {
        "tenant": recorded.tenant, "student": str(event.student_id), "plan": str(event.plan_id), "item": str(event.item_id),
        "session": str(event.session_id), "held_on": recorded.effective_on, "recorded_at": recorded.recorded_at,
        "status": event.status.value if isinstance(event, ServiceDelivered) else "missed", "minutes": event.minutes,
        "reason": event.reason, "makes_up": _id(event.makes_up) if isinstance(event, ServiceDelivered) else None,
        "provider": _id(event.provider), "voided": False, "event": str(recorded.id),
        "school_year": school_year(recorded.effective_on),
    }  # fmt: skip


def _id(id_: object) -> str | None:
    return None if id_ is None else str(id_)
