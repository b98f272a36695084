"""Reading the copies: below the frontier only, as known at an instant or up to a basis, contents opened on the way.

What cannot be opened is not hidden: its entry stands, and says why the contents are not there.
"""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
from pydantic import ValidationError

from audit_service.domain.moment import Moment, read_basis, within
from contracts.event import Actor, Event, EventClass, Recorded, UnknownEvent, decode
from contracts.lanes import lane_of
from contracts.problems import NotFound
from contracts.streams import destruction
from runtime.database import Database
from runtime.entry import Entry, parse_entry
from runtime.keyring import Keyring
from runtime.sealing import Key, SealBroken, commitment, key_id_of, open_sealed

MOST = 100_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where in known order something stands: what a page goes on from."""

    known_at: datetime
    source: str
    index: int


@dataclass(frozen=True)
class Copy:
    """One entry with its contents, opened where that is possible."""

    source: str
    position: int
    index: int
    entry_bytes: bytes
    salt: bytes | None
    plain: bytes | None
    recorded: Recorded[Event] | None
    closed: Literal["destroyed", "altered", "unknown", "lost"] | None = None
    """Why there are no contents to read: the key was lawfully destroyed, the bytes are not what was committed to, this
    version of Handrail does not know the event, or the keyring lacks the key and knows of no destruction."""
    destroyed_on: date | None = None

    @cached_property
    def entry(self) -> Entry:
        """The entry, parsed."""
        return parse_entry(self.entry_bytes)

    @property
    def place(self) -> Place:
        """Its place in known order."""
        return Place(self.entry.known, self.source, self.index)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which of a student's entries are wanted; all that is said has to fit."""

    type: str | None = None
    """An event's name, or the beginning of names: ``plan.``."""
    service: str | None = None
    from_on: date | None = None
    to_on: date | None = None
    """Days on which they were effective, both included."""
    by: str | None = None
    """Who acted, by id."""


EVERYTHING = Narrowed()


@dataclass(frozen=True, slots=True)
class District:
    """What a date needs to know of the district."""

    name: str
    time_zone: str


_BELOW = "FROM audit.copies c JOIN audit.frontier f ON f.source = c.source AND c.position < f.next"
_COLUMNS = "c.source, c.position, c.index, c.entry, c.sealed"
_KNOWN = """
   AND ($2::timestamptz IS NULL OR c.known_at <= $2)
   AND ($3::jsonb IS NULL OR c.index <= coalesce(($3::jsonb ->> c.source)::bigint, -1))"""
_TENANT = "c.tenant = current_setting('handrail.tenant')"


class Evidence:
    """The copies of all four logs, and the names that make them readable."""

    def __init__(self, database: Callable[[], Database], keyring: Callable[[], Keyring]) -> None:
        self._database = database
        self._keyring = keyring

    @property
    def database(self) -> Database:
        """audit-service's own; opened after the routes are made."""
        return self._database()

    async def of_student(
        self, tenant: str, student: UUID, *, known_at: datetime | None = None, basis: dict[str, int] | None = None,
        after: Place | None = None, limit: int = MOST, types: Collection[str] | None = None,
        streams: Collection[str] = (), narrowed: Narrowed = EVERYTHING,
    ) -> list[Copy]:  # fmt: skip
        """The student's entries of every service in known order; of ``types`` only, when given.

        ``streams`` are others that are about the student though not under them: destructions.
        """
        theirs = "c.subject = $1" if not streams else "(c.subject = $1 OR c.stream = ANY ($14::text[]))"
        return await self._fetch(
            tenant,
            f"""SELECT {_COLUMNS} {_BELOW} WHERE {_TENANT} AND {theirs} {_KNOWN}
                 AND ($4::timestamptz IS NULL OR (c.known_at, c.source, c.index) > ($4, $5::text, $6::bigint))
                 AND ($7::text[] IS NULL OR c.type = ANY ($7))
                 AND ($9::text IS NULL OR starts_with(c.type, $9)) AND ($10::text IS NULL OR c.source = $10)
                 AND ($11::date IS NULL OR c.effective_on >= $11) AND ($12::date IS NULL OR c.effective_on <= $12)
                 AND ($13::text IS NULL OR convert_from(c.entry, 'UTF8')::jsonb -> 'actor' ->> 'id' = $13)
               ORDER BY c.known_at, c.source, c.index LIMIT $8""",
            student, known_at, json_of(basis), after.known_at if after else None, after.source if after else None,
            after.index if after else None, list(types) if types is not None else None, limit, narrowed.type,
            narrowed.service, narrowed.from_on, narrowed.to_on, narrowed.by, *([list(streams)] if streams else []),
        )  # fmt: skip

    async def of_students(
        self, tenant: str, students: Collection[UUID], *, known_at: datetime | None = None,
        basis: dict[str, int] | None = None, types: Collection[str] | None = None,
    ) -> dict[UUID, list[Copy]]:  # fmt: skip
        """Of several students at once, each in known order."""
        found: dict[UUID, list[Copy]] = {student: [] for student in students}
        copies = await self._fetch(
            tenant,
            f"""SELECT {_COLUMNS} {_BELOW} WHERE {_TENANT} AND c.subject = ANY ($1) {_KNOWN}
                 AND ($4::text[] IS NULL OR c.type = ANY ($4))
               ORDER BY c.known_at, c.source, c.index""",
            list(students), known_at, json_of(basis), list(types) if types is not None else None,
        )  # fmt: skip
        for copy in copies:
            found[copy.entry.subject].append(copy)
        return found

    async def of_destructions(
        self, tenant: str, students: Collection[UUID], *, known_at: datetime | None = None,
        basis: dict[str, int] | None = None,
    ) -> dict[UUID, list[Copy]]:  # fmt: skip
        """What was asked, ordered and done about destroying the contents of these students, in known order.

        It stands under the tenant's own subject, so that it is read for ever.
        """
        async with self.database.lend(tenant) as connection:
            rows = await connection.fetch(
                """SELECT id, student FROM audit_read.resources
                    WHERE tenant = current_setting('handrail.tenant') AND kind = 'destruction' AND student = ANY ($1)""",
                list(students),
            )  # fmt: skip
        if not rows:
            return {}
        whose = {destruction(row["id"]): row["student"] for row in rows}
        copies = await self._fetch(
            tenant,
            f"""SELECT {_COLUMNS} {_BELOW} WHERE {_TENANT} AND c.stream = ANY ($1) {_KNOWN}
               ORDER BY c.known_at, c.source, c.index""",
            list(whose), known_at, json_of(basis),
        )  # fmt: skip
        found: dict[UUID, list[Copy]] = {}
        for copy in copies:
            found.setdefault(whose[copy.entry.stream], []).append(copy)
        return found

    async def students_with(self, tenant: str, types: Collection[str]) -> set[UUID]:
        """Of whom there is an event of one of these types."""
        async with self.database.lend(tenant) as connection:
            rows = await connection.fetch(
                f"SELECT DISTINCT c.subject {_BELOW} WHERE {_TENANT} AND c.type = ANY ($1)", list(types)
            )
        return {row["subject"] for row in rows}

    async def looks(
        self, tenant: str, students: Collection[UUID] | None, *, after: tuple[str, int, str] | None,
        from_on: date | None, to_on: date | None, limit: int,
    ) -> list[Copy]:  # fmt: skip
        """Who looked, of these students (``None``: of every one), student by student and day by day.

        Behind a stream, its version and a source.
        """
        stream, version, source = after or ("access/", 0, "")
        return await self._fetch(
            tenant,
            f"""SELECT {_COLUMNS} {_BELOW} WHERE {_TENANT} AND c.stream >= 'access/' AND c.stream < 'access0'
                 AND (c.stream, c.version, c.source) > ($1, $2::bigint, $3)
                 AND ($4::date IS NULL OR c.effective_on >= $4) AND ($5::date IS NULL OR c.effective_on <= $5)
                 AND ($7::uuid[] IS NULL OR c.subject = ANY ($7))
               ORDER BY c.stream, c.version, c.source LIMIT $6""",
            stream, version, source, from_on, to_on, limit, None if students is None else list(students),
        )  # fmt: skip

    async def looks_not_kept(
        self, tenant: str, students: Collection[UUID], *, known_at: datetime | None = None,
        basis: dict[str, int] | None = None,
    ) -> list[Copy]:  # fmt: skip
        """Who looked at these students, as far as the projection `staff-looks` has not come to it or waits at a parked event.

        Asked before what the projection keeps, both together lack nothing.
        """
        return await self._fetch(
            tenant,
            f"""SELECT {_COLUMNS} {_BELOW}
                  JOIN unnest($1::uuid[], $4::smallint[]) AS s (student, lane) ON s.student = c.subject
                  LEFT JOIN audit_read.positions p
                    ON p.consumer = 'staff-looks' AND p.source = c.source AND p.lane = s.lane
                 WHERE {_TENANT} AND c.type = 'access.recorded' {_KNOWN}
                   AND (c.position >= coalesce(p.next, 1) OR EXISTS (
                        SELECT FROM audit.parked w
                         WHERE w.consumer = 'staff-looks' AND w.tenant = c.tenant AND w.subject = c.subject))
                 ORDER BY c.known_at, c.source, c.index""",
            list(students), known_at, json_of(basis), [lane_of(tenant, student) for student in students],
        )  # fmt: skip

    async def of_district(
        self, tenant: str, *, known_at: datetime | None = None, basis: dict[str, int] | None = None
    ) -> list[Copy]:
        """What concerns no student: the district's profile and its staff, in known order."""
        return await self._fetch(
            tenant,
            f"""SELECT {_COLUMNS} {_BELOW} WHERE {_TENANT} AND c.source = 'plan'
                 AND (c.stream = 'district' OR (c.stream >= 'staff/' AND c.stream < 'staff0'))
                 AND $1::text IS NULL {_KNOWN} ORDER BY c.index""",
            None, known_at, json_of(basis),
        )  # fmt: skip

    async def entries_after(
        self, tenant: str, source: str, after: int, limit: int
    ) -> list[tuple[int, int, bytes]]:
        """Positions, indexes and entries of one log as they lie, contents unopened."""
        async with self.database.lend(tenant) as connection:
            rows = await connection.fetch(
                f"""SELECT c.position, c.index, c.entry {_BELOW} WHERE {_TENANT} AND c.source = $1 AND c.position > $2
                     ORDER BY c.position LIMIT $3""", source, after, limit,
            )  # fmt: skip
        return [(row["position"], row["index"], row["entry"]) for row in rows]

    async def of_types_after(
        self, tenant: str, source: str, types: Collection[str], after: int, limit: int
    ) -> list[Copy]:
        """One log's events of some types, by position."""
        return await self._fetch(
            tenant,
            f"""SELECT {_COLUMNS} {_BELOW} WHERE {_TENANT} AND c.source = $1 AND c.position > $2 AND c.type = ANY ($3)
               ORDER BY c.position LIMIT $4""",
            source, after, list(types), limit,
        )  # fmt: skip

    async def kept_findings(self, tenant: str, page: int) -> AsyncIterator[list[asyncpg.Record]]:
        """Findings as they stand today, page by page."""
        after: tuple[UUID, str, str] = (UUID(int=0), "", "")
        while True:
            async with self.database.lend(tenant) as connection:
                rows = await connection.fetch(
                    """SELECT * FROM audit_read.findings WHERE tenant = current_setting('handrail.tenant')
                          AND (student, rule, about) > ($1, $2, $3) ORDER BY student, rule, about LIMIT $4""", *after, page,
                )  # fmt: skip
            if not rows:
                return
            yield rows
            after = (rows[-1]["student"], rows[-1]["rule"], rows[-1]["about"])

    async def sizes(self, tenant: str) -> dict[str, int]:
        """How many entries each of the tenant's logs has below the frontier."""
        async with self.database.lend(tenant) as connection:
            rows = await connection.fetch(
                f"""SELECT f.source, coalesce((SELECT c.index + 1 FROM audit.copies c
                                                WHERE {_TENANT} AND c.source = f.source AND c.position < f.next
                                                ORDER BY c.index DESC LIMIT 1), 0) AS size FROM audit.frontier f"""
            )
        return {row["source"]: row["size"] for row in rows}

    async def read_basis(self, tenant: str, text: str | None) -> dict[str, int] | None:
        """The basis that a caller names; raises `Invalid` where it reaches beyond what is known here."""
        basis = read_basis(text)
        if basis is not None:
            within(basis, await self.sizes(tenant))
        return basis

    async def frontier(self) -> dict[str, int]:
        """Of each source the first position that is not yet here."""
        async with self.database.pool.acquire() as connection:
            rows = await connection.fetch("SELECT source, next FROM audit.frontier")
        return {row["source"]: row["next"] for row in rows}

    async def of_stream(self, tenant: str, stream: str, moment: Moment) -> list[Copy]:
        """One stream's entries in order, as far as ``moment`` allows."""
        return await self._fetch(
            tenant,
            f"SELECT {_COLUMNS} {_BELOW} WHERE {_TENANT} AND c.stream = $1 {_KNOWN} ORDER BY c.version",
            stream, moment.known_at, json_of(moment.basis),
        )  # fmt: skip

    async def feed(self, tenant: str, after: dict[str, int], limit: int) -> list[Copy]:
        """What comes after these positions, of these sources only, merged in known order."""
        return await self._fetch(
            tenant,
            f"""SELECT next.* FROM unnest($1::text[], $2::bigint[]) AS wanted (source, position)
                 CROSS JOIN LATERAL (
                   SELECT {_COLUMNS}, c.known_at {_BELOW}
                    WHERE {_TENANT} AND c.source = wanted.source AND c.position > wanted.position
                    ORDER BY c.position LIMIT $3) AS next
               ORDER BY next.known_at, next.source, next.index LIMIT $3""",
            list(after), list(after.values()), limit,
        )  # fmt: skip

    async def basis(
        self, tenant: str, student: UUID, *, known_at: datetime | None, basis: dict[str, int] | None,
        streams: Collection[str] = (),
    ) -> dict[str, int]:  # fmt: skip
        """The last index of each log among the student's entries (and of ``streams``) that such a question reads."""
        theirs = "c.subject = $1" if not streams else "(c.subject = $1 OR c.stream = ANY ($4::text[]))"
        async with self.database.lend(tenant) as connection:
            rows = await connection.fetch(
                f"SELECT c.source, max(c.index) AS last {_BELOW} WHERE {_TENANT} AND {theirs} {_KNOWN}"
                " GROUP BY c.source", student, known_at, json_of(basis), *([list(streams)] if streams else []),
            )  # fmt: skip
        return {row["source"]: row["last"] for row in rows}

    async def must_be_known(self, tenant: str, student: UUID) -> None:
        """Raise `NotFound` for a student of whom no log says anything."""
        async with self.database.lend(tenant) as connection:
            known: bool = await connection.fetchval(
                f"SELECT EXISTS (SELECT {_BELOW} WHERE {_TENANT} AND c.subject = $1)", student
            )
        if not known:
            raise NotFound("There is nothing here under this id that you may see.")

    async def reached(self, tenant: str, event_id: UUID) -> bool:
        """Whether the event lies below the frontier."""
        async with self.database.lend(tenant) as connection:
            found: bool = await connection.fetchval(
                f"SELECT EXISTS (SELECT {_BELOW} WHERE {_TENANT} AND c.event_id = $1)", event_id
            )
        return found

    async def cosigned(self, tenant: str, source: str, event_id: UUID) -> bool:
        """Whether a cosigned checkpoint of its log holds the event."""
        async with self.database.lend(tenant) as connection:
            found: bool = await connection.fetchval(
                f"""SELECT EXISTS (SELECT {_BELOW} WHERE {_TENANT} AND c.source = $1 AND c.event_id = $2 AND EXISTS (
                        SELECT FROM audit.cosigned s
                         WHERE s.tenant = c.tenant AND s.source = c.source AND s.size > c.index))""", source, event_id
            )  # fmt: skip
        return found

    async def names(self, tenant: str, ids: Collection[str]) -> dict[str, str]:
        """The names of those ids that have one."""
        async with self.database.lend(tenant) as connection:
            rows = await connection.fetch(
                "SELECT id, name FROM audit_read.people"
                " WHERE tenant = current_setting('handrail.tenant') AND id = ANY ($1)", list(ids),
            )  # fmt: skip
        return {row["id"]: row["name"] for row in rows}

    async def one(self, tenant: str, event_id: UUID) -> Copy:
        """One entry of any service; raises `NotFound`."""
        found = await self._fetch(
            tenant, f"SELECT {_COLUMNS} {_BELOW} WHERE {_TENANT} AND c.event_id = $1", event_id
        )
        if not found:
            raise NotFound("There is nothing here under this id that you may see.")
        return found[0]

    async def caused_by(self, tenant: str, copy: Copy) -> list[Copy]:
        """What one entry has led to, of the same subject; in known order."""
        return await self._fetch(
            tenant,
            f"""SELECT {_COLUMNS} {_BELOW} WHERE {_TENANT} AND c.subject = $1 AND c.known_at >= $2
                 AND convert_from(c.entry, 'UTF8')::jsonb ->> 'causation' = $3
               ORDER BY c.known_at, c.source, c.index LIMIT 200""",
            copy.entry.subject, copy.entry.known, str(copy.entry.id),
        )  # fmt: skip

    async def shown(
        self, tenant: str, kind: str, student: UUID | None = None, *, status: str | None = None
    ) -> list[dict[str, Any]]:
        """This service's own things of one kind as they are read, each with its ``id``; oldest first."""
        async with self.database.lend(tenant) as connection:
            rows = await connection.fetch(
                "SELECT id, document::text AS document FROM audit_read.resources"
                " WHERE tenant = current_setting('handrail.tenant') AND kind = $1"
                "   AND ($2::uuid IS NULL OR student = $2) AND ($3::text IS NULL OR document->>'status' = $3)"
                " ORDER BY id", kind, student, status,
            )  # fmt: skip
        return [msgspec.json.decode(row["document"]) | {"id": row["id"]} for row in rows]

    async def destroyed_on(self, tenant: str, student: UUID) -> dict[EventClass, date]:
        """Which classes of a student's contents were lawfully destroyed, each with its (last) day."""
        rows = await self.shown(tenant, "destruction", student, status="destroyed")
        return {
            EventClass(each): date.fromisoformat(row["destroyed_on"])
            for row in rows
            for each in row["classes"]
        }

    async def students_among(self, tenant: str, ids: Collection[UUID]) -> set[UUID]:
        """Which of these ids are students'."""
        async with self.database.lend(tenant) as connection:
            rows = await connection.fetch(
                "SELECT student FROM audit_read.students"
                " WHERE tenant = current_setting('handrail.tenant') AND student = ANY ($1)", list(ids),
            )  # fmt: skip
        return {row["student"] for row in rows}

    async def district(self, tenant: str) -> District:
        """The district's name and zone; before its first event the slug and UTC."""
        async with self.database.lend(tenant) as connection:
            row = await connection.fetchrow(
                "SELECT name, time_zone FROM audit_read.districts WHERE tenant = current_setting('handrail.tenant')"
            )
        return District(row["name"], row["time_zone"]) if row else District(tenant, "UTC")

    async def now(self, tenant: str) -> datetime:
        """The district's own time in its zone: the clock, or a sandbox's."""
        zone = (await self.district(tenant)).time_zone
        async with self.database.lend(tenant) as connection:
            now: datetime | None = await connection.fetchval("SELECT audit.now_for($1)", tenant)
            if now is None:
                now = await connection.fetchval("SELECT clock_timestamp()")
        assert now is not None
        return now.astimezone(ZoneInfo(zone))

    async def judged_on(self, tenant: str) -> date:
        """The day as of which the district's students are judged: today, or of one that has ended the day of its end."""
        zone = ZoneInfo((await self.district(tenant)).time_zone)
        async with self.database.lend(tenant) as connection:
            row = await connection.fetchrow(
                "SELECT coalesce(audit.now_for($1), clock_timestamp()) AS now,"
                " (SELECT ended_on FROM audit.tenants WHERE tenant = $1) AS ended", tenant,
            )  # fmt: skip
        assert row is not None
        today: date = row["now"].astimezone(zone).date()
        return min(today, row["ended"] or today)

    async def student_of_plan(self, tenant: str, plan: UUID) -> UUID:
        """Whose plan it is; raises `NotFound`."""
        async with self.database.lend(tenant) as connection:
            found: UUID | None = await connection.fetchval(
                f"SELECT c.subject {_BELOW} WHERE {_TENANT} AND c.stream = $1 LIMIT 1", f"plan/{plan}"
            )
        if found is None:
            raise NotFound("There is nothing here under this id that you may see.")
        return found

    async def _fetch(self, tenant: str, sql: str, *arguments: Any) -> list[Copy]:
        async with self.database.lend(tenant) as connection:
            rows = await connection.fetch(sql, *arguments)
        return await self._open(tenant, rows)

    async def _open(self, tenant: str, rows: Sequence[asyncpg.Record]) -> list[Copy]:
        wanted = {key_id_of(row["sealed"]) for row in rows}
        keys = await self._keyring().by_id(tenant, wanted)
        missing = wanted - keys.keys()
        gone = await self._keyring().destroyed(tenant, missing) if missing else {}
        return [
            _opened(row, keys.get(key_id), gone.get(key_id))
            for row in rows
            for key_id in (key_id_of(row["sealed"]),)
        ]


def _opened(row: asyncpg.Record, key: Key | None, destroyed_on: date | None) -> Copy:
    source, position, index, entry_bytes = row["source"], row["position"], row["index"], row["entry"]
    if key is None:
        closed: Literal["destroyed", "lost"] = "lost" if destroyed_on is None else "destroyed"
        return Copy(source, position, index, entry_bytes, None, None, None, closed, destroyed_on)
    entry = parse_entry(entry_bytes)
    try:
        salt, plain = open_sealed(key, entry.id, row["sealed"])
    except SealBroken:
        return Copy(source, position, index, entry_bytes, None, None, None, "altered")
    if commitment(salt, plain).hex() != entry.digest:
        return Copy(source, position, index, entry_bytes, None, None, None, "altered")
    try:
        event = decode(entry.type, entry.schema, plain, datetime.fromisoformat(entry.effective_on).date())
    except (UnknownEvent, ValidationError, msgspec.DecodeError):
        return Copy(source, position, index, entry_bytes, salt, plain, None, "unknown")
    recorded = Recorded(
        event=event, id=entry.id, source=source, tenant=entry.tenant, subject=entry.subject, stream=entry.stream,
        version=entry.version, recorded_at=entry.recorded, actor=Actor.model_validate(entry.actor),
        correlation=entry.correlation, causation=entry.causation, rules=entry.rules, position=position, index=index,
        known_at=entry.known,
    )  # fmt: skip
    return Copy(source, position, index, entry_bytes, salt, plain, recorded)


def json_of(basis: Any) -> str | None:
    """A basis as a question to the database carries it."""
    return None if basis is None else msgspec.json.encode(dict(basis)).decode()


def opened_events(copies: Sequence[Copy]) -> list[Recorded[Event]]:
    """Those whose contents could be read."""
    return [copy.recorded for copy in copies if copy.recorded is not None]
