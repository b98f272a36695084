"""A school year of sessions: the events that most of a store consists of, and a store filled with them.

One stream for each plan item and year with about 150 sessions, four items a student, written in the order of the days,
so that a stream's rows lie far apart as they do in life. A million events are not appended but copied in as the
superuser; the rows are the very bytes that the append and the sequencer would have written (the first of each stream is
compared with theirs).
"""

import hashlib
import os
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from bench.ground import TENANT, Urls, administrator, opened
from bench.processes import in_processes, run
from contracts.canonical import instant
from contracts.event import Event, EventClass
from contracts.lanes import lane_of
from contracts.log.tree import leaf_hash
from contracts.progress import ServiceDelivered, SessionMissed, SessionVoided
from runtime.entry import make_entry
from runtime.keyring import PostgresKeyring
from runtime.sealing import Key, seal
from runtime.stream_model import Model, Resource

SESSIONS = 150
ITEMS_PER_STUDENT = 4
YEAR = "2026-27"
FIRST_DAY = date(2026, 8, 17)
FIRST_MOMENT = datetime(2026, 8, 17, 13, 0, tzinfo=UTC)
ACTOR = '{"id":"2f0c1d36-8a0e-4a3e-9d5e-0d3f1b1c7a55","role":"provider","client":"vendor-of-therapy-notes"}'
CORRELATION = "5d2f5b3c-52b7-4a8e-8b39-7b1d6f7c9b10"
ROWS_AT_ONCE = 5_000
EVENT_COLUMNS = ("tenant", "stream", "version", "id", "subject", "type", "schema", "class", "effective_on",
                 "recorded_at", "actor", "correlation", "digest", "sealed")  # fmt: skip
LOG_COLUMNS = (
    "position",
    "tenant",
    "index",
    "event_id",
    "known_at",
    "subject",
    "nth",
    "lane",
    "entry",
    "leaf",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One plan item and the student it belongs to."""

    number: int
    item: UUID
    plan: UUID
    student: UUID
    provider: UUID

    @property
    def stream(self) -> str:
        return f"item/{self.item}/{YEAR}"


def items(count: int) -> list[Item]:
    """The same ones in every process."""
    return [
        Item(number, _uuid("item", number), _uuid("plan", number // ITEMS_PER_STUDENT),
             _uuid("student", number // ITEMS_PER_STUDENT), _uuid("provider", number % 97))
        for number in range(count)
    ]  # fmt: skip


def items_for(events: int) -> list[Item]:
    """As many items as hold ``events`` sessions."""
    return items(events // SESSIONS)


def _uuid(kind: str, number: int) -> UUID:
    return UUID(bytes=hashlib.sha256(f"{kind}/{number}".encode()).digest()[:16], version=4)


def session(item: Item, number: int, *, external_id: str | None = None) -> ServiceDelivered:
    """The ``number``-th session of the year."""
    return ServiceDelivered(
        effective_on=day_of(number), session_id=UUID(bytes=os.urandom(16), version=4), plan_id=item.plan,
        item_id=item.item, student_id=item.student, minutes=30 - number % 3 * 5, planned_minutes=30,
        provider=item.provider, external_id=external_id or f"therapy-notes:{item.number}-{number}",
    )  # fmt: skip


def day_of(number: int) -> date:
    """The day of every stream's ``number``-th session."""
    return FIRST_DAY + timedelta(days=number * 7 // 4)


@dataclass(frozen=True)
class ItemYear:
    """What deciding about another session asks for."""

    student: UUID | None = None
    sessions: dict[UUID, int] = field(default_factory=dict)
    """Minutes of each session that counts."""
    minutes: int = 0


def _evolve(state: ItemYear, event: Event) -> ItemYear:
    match event:
        case ServiceDelivered():
            return replace(state, student=event.student_id, minutes=state.minutes + event.minutes,
                           sessions=state.sessions | {event.session_id: event.minutes})  # fmt: skip
        case SessionMissed():
            return replace(state, student=event.student_id, sessions=state.sessions | {event.session_id: 0})
        case SessionVoided():
            left = dict(state.sessions)
            return replace(state, minutes=state.minutes - left.pop(event.session_id, 0), sessions=left)
    return state


def _resources(state: ItemYear, event: Event) -> Iterable[Resource]:
    if isinstance(event, ServiceDelivered):
        document = event.model_dump(mode="json", exclude_none=True) | {
            "held_on": event.effective_on.isoformat()
        }
        yield Resource("session", event.session_id, document, event.student_id, event.external_id)


ITEM_YEAR: Model[ItemYear] = Model("item", "1", ItemYear(), _evolve, _resources)
"""A stream of sessions as progress-service folds it, each session a resource of its own."""
ITEM_YEAR_ALONE: Model[ItemYear] = Model("item", "1", ItemYear(), _evolve)
"""The same without resources."""


async def fill(urls: Urls, events: int) -> None:
    """Write a settled history of about ``events`` events, already in the log; by two processes."""
    async with administrator(urls) as admin:
        await admin.execute(f"ALTER TABLE {urls.service}.events DISABLE TRIGGER USER")
    half = SESSIONS // 2
    await in_processes(_fill_part, [(urls, events, 0, half), (urls, events, half, SESSIONS)])
    async with administrator(urls) as admin:
        s = urls.service
        await admin.execute(f"ALTER TABLE {s}.events ENABLE ALWAYS TRIGGER append_only")
        await admin.execute(f"ALTER TABLE {s}.events ENABLE ALWAYS TRIGGER append_only_truncate")
        await admin.execute(f"VACUUM ANALYZE {s}.events, {s}.log")
        await admin.execute("CHECKPOINT")


def _fill_part(urls: Urls, events: int, first: int, last: int) -> None:
    run(_fill_sessions(urls, events, range(first, last)))


async def _fill_sessions(urls: Urls, events: int, numbers: range) -> None:
    everything = items_for(events)
    async with opened(urls, most=1) as store, administrator(urls) as admin:
        keys = await keys_of(store.keyring, everything)
        rows = (row for number in numbers for row in rows_of(urls.service, everything, number, keys))
        while page := _some(rows):
            await admin.copy_records_to_table(
                "events",
                schema_name=urls.service,
                columns=EVENT_COLUMNS,
                records=[event for event, _ in page],
            )
            await admin.copy_records_to_table(
                "log", schema_name=urls.service, columns=LOG_COLUMNS, records=[entry for _, entry in page]
            )


def _some(rows: Iterator[Any]) -> list[Any]:
    return [row for _, row in zip(range(ROWS_AT_ONCE), rows, strict=False)]


async def keys_of(keyring: PostgresKeyring, of: list[Item]) -> dict[UUID, Key]:
    """Every student's key for the record class."""
    students = list(dict.fromkeys(item.student for item in of))
    keys: dict[UUID, Key] = {}
    for start in range(0, len(students), 1_000):
        wanted = [(student, EventClass.RECORD) for student in students[start : start + 1_000]]
        for (student, _), key in (await keyring.current(TENANT, wanted)).items():
            keys[student] = key
    return keys


def rows_of(
    service: str, everything: list[Item], number: int, keys: dict[UUID, Key]
) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """The events' and the log's rows of every item's ``number``-th session."""
    chance = random.Random(number)
    day = day_of(number).isoformat()
    for item in everything:
        index = number * len(everything) + item.number
        at = FIRST_MOMENT + timedelta(seconds=index)
        event_id = UUID(int=(int(at.timestamp() * 1000) << 80) | 7 << 76 | 2 << 62 | chance.getrandbits(62))
        plain = contents_of(item, number, UUID(int=chance.getrandbits(128), version=4))
        sealed = seal(keys[item.student], event_id, plain)
        event = (TENANT, item.stream, number + 1, event_id, item.student, ServiceDelivered.type,
                 ServiceDelivered.schema_number, "record", day_of(number), at, ACTOR, CORRELATION,
                 sealed.digest, sealed.sealed)  # fmt: skip
        # The last student may have fewer items than the others.
        beside = min(
            ITEMS_PER_STUDENT, len(everything) - item.number // ITEMS_PER_STUDENT * ITEMS_PER_STUDENT
        )
        nth = number * beside + item.number % ITEMS_PER_STUDENT + 1
        entry = _entry(item, number, event_id, nth, at, day, sealed.digest, sealed.sealed)
        if number == 0:
            _same_as_written(item, event, plain, entry, nth, at)
        yield event, (index + 1, TENANT, index, event_id, at, item.student, nth, lane_of(TENANT, item.student),
                      entry, leaf_hash(entry))  # fmt: skip


def contents_of(item: Item, number: int, session_id: UUID) -> bytes:
    """The canonical bytes of a session."""
    return (
        f'{{"external_id":"therapy-notes:{item.number}-{number}","item_id":"{item.item}","minutes":{30 - number % 3 * 5},'
        f'"plan_id":"{item.plan}","planned_minutes":30,"provider":"{item.provider}","session_id":"{session_id}",'
        f'"status":"delivered","student_id":"{item.student}"}}'
    ).encode()


_SORTED_ACTOR = (
    '{"client":"vendor-of-therapy-notes","id":"2f0c1d36-8a0e-4a3e-9d5e-0d3f1b1c7a55","role":"provider"}'
)


def _entry(
    item: Item, number: int, event_id: UUID, nth: int, at: datetime, day: str, digest: bytes, sealed: bytes
) -> bytes:
    moment = instant(at)
    return (
        f'{{"actor":{_SORTED_ACTOR},"class":"record","correlation":"{CORRELATION}","digest":"{digest.hex()}",'
        f'"effective_on":"{day}","id":"{event_id}","known_at":"{moment}","nth":{nth},"recorded_at":"{moment}",'
        f'"schema":1,"sealed_sha256":"{hashlib.sha256(sealed).hexdigest()}","stream":"{item.stream}",'
        f'"subject":"{item.student}","tenant":"{TENANT}","type":"progress.service_delivered","v":1,'
        f'"version":{number + 1}}}'
    ).encode()


def _same_as_written(
    item: Item, event: tuple[Any, ...], plain: bytes, entry: bytes, nth: int, at: datetime
) -> None:
    """What is copied in is what the append and the sequencer write, or the whole measurement is worthless."""
    row = dict(zip(EVENT_COLUMNS, event, strict=True)) | {"causation": None, "rules": None}
    real = ServiceDelivered.model_validate_json(plain[:-1] + b',"effective_on":"2026-08-17"}').contents()
    if real != plain or make_entry(row, nth=nth, known_at=at) != entry:
        raise AssertionError(f"the history's template differs from what is really written: {real!r}")
