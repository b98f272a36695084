"""Apache Kafka behind the same port.

Nothing here is trusted for correctness but the order within a partition: positions are ours, offsets are a hint, and a
record that comes twice is dropped by its position. Committed offset = the last record handled, so that on the next
assignment its position can be compared with what the consumer's own table says.
"""

import asyncio
import base64
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from contracts.catalogue import topic_name
from contracts.lanes import LANES, lane_of, record_key
from runtime.database import UNREACHABLE, Database
from runtime.entry import parse_entry
from runtime.transport.port import Delivery, Handle, NextPositions, Page, StopFollowing

log = structlog.get_logger()

PAGE = 1_000
PUBLISH_PAGE = 500
PUBLISH_POLL_SECONDS = 0.05
FETCH_MILLISECONDS = 200
RETRY_SECONDS = 0.5
STOP_SECONDS = 5.0
METADATA_MILLISECONDS = 5_000
PARTITIONS_HEADER = "partitions"
LARGEST_RECORD = 1024 * 1024
MOST_PARTITIONS = 1_000
"""More than there are lanes: what made-up positions of unreadable records are counted in."""
TENANT_SLUG = re.compile("[a-z][a-z0-9-]{1,62}")


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the cluster is. ``prefix`` is part of topics' and groups' names, so that tests keep out of each other's way."""

    servers: str
    prefix: str = "handrail"

    def topic(self, source: str) -> str:
        """The topic that carries a service's log."""
        return topic_name(source, self.prefix)


class _Record(msgspec.Struct):
    position: Annotated[int, msgspec.Meta(ge=1)]
    index: Annotated[int, msgspec.Meta(ge=0)]
    entry: msgspec.Raw
    sealed: str


_decode = msgspec.json.Decoder(_Record).decode


def encode_value(position: int, index: int, entry: bytes, sealed: bytes) -> bytes:
    """The record's value; the entry's own bytes stand in it unchanged."""
    return b'{"entry":%b,"index":%d,"position":%d,"sealed":"%b"}' % (
        entry, index, position, base64.b64encode(sealed),
    )  # fmt: skip


def decode_record(source: str, value: bytes) -> Delivery:
    """What `encode_value` wrote; raises a ``ValueError`` for anything else."""
    record = _decode(value)
    raw = bytes(record.entry)
    entry = parse_entry(raw)
    return Delivery(source, record.position, entry.tenant, record.index, entry.subject,
                    lane_of(entry.tenant, entry.subject), raw, base64.b64decode(record.sealed))  # fmt: skip


class NobodysRecord(ValueError):
    """Not even the key says whose record this is."""


def read_record(source: str, record: Any) -> Delivery:
    """A record of the topic as a delivery, readable or not; raises `NobodysRecord`."""
    try:
        _partitions_of(record)
        return decode_record(source, record.value)
    except (ValueError, TypeError):
        tenant, subject = _owner_of(record.key)
        place = -1 - (record.offset * MOST_PARTITIONS + record.partition)
        return Delivery(source, place, tenant, 0, subject, lane_of(tenant, subject), record.value or b"", b"")


def _owner_of(key: bytes | None) -> tuple[str, UUID]:
    tenant, _, subject = (key or b"").decode("ascii", "replace").partition("/")
    try:
        found = UUID(subject)
    except ValueError:
        raise NobodysRecord from None
    if not TENANT_SLUG.fullmatch(tenant) or record_key(tenant, found).encode() != key:
        raise NobodysRecord
    return tenant, found


def headers(log_host: str, service: str, entry: bytes) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0, binary mode. No personal data."""
    parsed = parse_entry(entry)
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(parsed.id).encode()),
        ("ce_source", f"{log_host}/{parsed.tenant}/{service}/log".encode()),
        ("ce_type", parsed.type.encode()),
        ("ce_time", parsed.recorded_at.encode()),
        ("ce_subject", str(parsed.subject).encode()),
        ("content-type", b"application/json"),
    ]


class KafkaTransport:
    """Publishes this service's log while it leads, and follows the others' topics."""

    def __init__(self, database: Database, broker: Broker, log_host: str) -> None:
        self._trouble_now: str | None = None
        self._nobodys: dict[str, str] = {}
        self._database = database
        self._broker = broker
        self._log_host = log_host
        self._work = asyncio.Event()

    @property
    def problem(self) -> str | None:
        """What is wrong now; a record that belongs to nobody stays named until the process ends."""
        return "; ".join(filter(None, (self._trouble_now, *self._nobodys.values()))) or None

    def wake(self) -> None:
        """This process has indexed something: publish it now instead of at the next poll."""
        self._work.set()

    async def publish(self, relay_url: str) -> None:
        """Publish this service's log from where the last publisher stopped; runs until cancelled.

        ``published`` moves after the broker has acknowledged: a crash in between publishes again, which readers drop.
        """
        while True:
            try:
                connection = await asyncpg.connect(relay_url, timeout=10, command_timeout=60)
                try:
                    await self._publish(connection)
                finally:
                    connection.terminate()
            except (*UNREACHABLE, asyncpg.PostgresError, KafkaError) as error:
                self._trouble("publish", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _publish(self, connection: asyncpg.Connection) -> None:
        """Publish with one producer, until somebody else moved ``published`` (a refill): then the topic may be another."""
        reached: int | None = None
        async with _producer(self._broker.servers) as producer:
            topic = self._broker.topic(self._database.service)
            partitions = await _partitions(producer, topic)
            while True:
                self._work.clear()
                async with publishing(connection, self._database.service):
                    rows = await self._unpublished(connection)
                    if rows and reached is not None and rows[0]["position"] != reached + 1:
                        return
                    if rows and reached is None:
                        # Since this producer began, the topic may have been made anew, with other partitions.
                        await producer.client.force_metadata_update()
                        partitions = await _partitions(producer, topic)
                    if rows:
                        await self._send(producer, topic, partitions, rows)
                        reached = rows[-1]["position"]
                        await connection.execute(
                            f"UPDATE {self._database.service}.relay SET published = $1", reached
                        )
                        self._trouble_now = None
                if not rows:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(PUBLISH_POLL_SECONDS):
                            await self._work.wait()

    async def _unpublished(self, connection: asyncpg.Connection) -> Sequence[asyncpg.Record]:
        service = self._database.service
        found: Sequence[asyncpg.Record] = await connection.fetch(
            f"SELECT l.position, l.index, l.tenant, l.subject, l.lane, l.entry, e.sealed FROM {service}.log l"
            f" JOIN {service}.events e ON e.id = l.event_id"
            f" WHERE l.position > (SELECT published FROM {service}.relay) ORDER BY l.position LIMIT {PUBLISH_PAGE}"
        )
        return found

    async def _send(self, producer: Any, topic: str, partitions: int, rows: Sequence[asyncpg.Record]) -> None:
        sent = [
            await producer.send(
                topic,
                value=encode_value(row["position"], row["index"], row["entry"], row["sealed"]),
                key=record_key(row["tenant"], row["subject"]).encode(),
                partition=row["lane"] % partitions,
                headers=[
                    *headers(self._log_host, self._database.service, row["entry"]),
                    (PARTITIONS_HEADER, str(partitions).encode()),
                ],
            )
            for row in rows
        ]
        await asyncio.gather(*sent)

    async def follow(self, consumer: str, source: str, next_positions: NextPositions, handle: Handle) -> None:
        """See `Transport.follow`."""
        while True:
            try:
                await self._follow(consumer, source, next_positions, handle)
            except (KafkaError, *UNREACHABLE) as error:
                self._trouble(f"follow {source}", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow(
        self, consumer: str, source: str, next_positions: NextPositions, handle: Handle
    ) -> None:
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._broker.servers,
            group_id=f"{self._broker.prefix}.{self._database.service}.{consumer}.{source}",
            enable_auto_commit=False, auto_offset_reset="earliest", metadata_max_age_ms=METADATA_MILLISECONDS,
            session_timeout_ms=10_000, heartbeat_interval_ms=1_000, rebalance_timeout_ms=10_000,
            max_partition_fetch_bytes=4 * LARGEST_RECORD, retry_backoff_ms=100,
        )  # fmt: skip
        await reader.start()
        self._trouble_now = None
        following = _Following(reader, source, next_positions, handle, self._read_all)
        reader.subscribe([self._broker.topic(source)], listener=following)
        try:
            await following.run()
        finally:
            # stop() has been seen to hang in the heartbeat and after an offset out of range.
            with contextlib.suppress(TimeoutError, KafkaError, asyncio.CancelledError):
                await asyncio.wait_for(asyncio.shield(reader.stop()), STOP_SECONDS)

    @asynccontextmanager
    async def records(self, source: str) -> AsyncIterator["TopicRecords"]:
        """See `Transport.records`."""
        reader = AIOKafkaConsumer(
            self._broker.topic(source), bootstrap_servers=self._broker.servers, group_id=None,
            enable_auto_commit=False, auto_offset_reset="earliest", max_partition_fetch_bytes=4 * LARGEST_RECORD,
        )  # fmt: skip
        await reader.start()
        try:
            parts = sorted(reader.assignment())
            if not parts:
                raise KafkaError(
                    f"{self._broker.topic(source)} has no partitions: run `handrail topics apply`"
                )
            await reader.seek_to_beginning(*parts)
            first, ends = await reader.beginning_offsets(parts), await reader.end_offsets(parts)
            yield TopicRecords(
                reader, parts, source, sum(ends[part] - first[part] for part in parts), self._read_all
            )
        finally:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.stop(), STOP_SECONDS)

    def _read_all(self, source: str, records: Sequence[Any]) -> list[Delivery]:
        """All that belong to somebody; the others are told of and passed over."""
        found: list[Delivery] = []
        for record in records:
            try:
                found.append(read_record(source, record))
            except NobodysRecord:
                place = f"partition {record.partition} offset {record.offset}"
                if source not in self._nobodys:
                    log.error("record_of_nobody", source=source, place=place)
                self._nobodys[source] = f"an unreadable record without a key: {source} {place}"
        return found

    async def waiting(self, source: str, done: int) -> int | None:
        """Not told by Kafka in our positions: the group's own tooling shows its offsets."""
        return None

    def _trouble(self, what: str, error: BaseException) -> None:
        self._trouble_now = f"{what}: {type(error).__name__}"
        log.warning("kafka_interrupted", what=what, error=type(error).__name__)


ReadAll = Callable[[str, Sequence[Any]], list[Delivery]]


class TopicRecords:
    """A topic from its beginning to what is its end when one asks."""

    def __init__(
        self, reader: Any, parts: Sequence[TopicPartition], source: str, total: int, read_all: ReadAll
    ) -> None:
        self.total = total
        self._reader = reader
        self._parts = parts
        self._source = source
        self._read_all = read_all

    async def pages(self) -> AsyncIterator[Page]:
        """See `Records.pages`."""
        ends = await self._reader.end_offsets(self._parts)
        while behind := [part for part in self._parts if await self._reader.position(part) < ends[part]]:
            fetched = await self._reader.getmany(*behind, timeout_ms=FETCH_MILLISECONDS, max_records=PAGE)
            for records in fetched.values():
                deliveries = self._read_all(self._source, records)
                newest = max((delivery.position for delivery in deliveries), default=0)
                yield Page(deliveries, dict.fromkeys(lanes_of(records), newest + 1) if newest > 0 else {})


class _Following(ConsumerRebalanceListener):  # type: ignore[misc]
    """One consumer's walk along the partitions it is given."""

    def __init__(
        self, reader: Any, source: str, next_positions: NextPositions, handle: Handle, read_all: ReadAll
    ) -> None:
        self._reader = reader
        self._source = source
        self._next_positions = next_positions
        self._handle = handle
        self._read_all = read_all
        self._unproven: set[TopicPartition] = set()
        """Partitions whose starting offset is only a hint so far."""

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self._unproven = set(assigned)

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """What is being handled commits or not at all; the next owner starts from the table of positions."""

    async def run(self) -> None:
        while True:
            pages = await self._reader.getmany(timeout_ms=FETCH_MILLISECONDS, max_records=PAGE)
            for part, records in pages.items():
                if part in self._unproven and not await self._starts_early_enough(part, records):
                    await self._reader.seek_to_beginning(part)
                    continue
                await self._take(part, records)

    async def _starts_early_enough(self, part: TopicPartition, records: Sequence[Any]) -> bool:
        self._unproven.discard(part)
        if records[0].offset == 0:
            return True
        first = self._read_all(self._source, records[:1])
        if not first or first[0].unreadable:
            return False  # No position to compare.
        wanted = await self._next_positions(lanes_of(records[:1]))
        return first[0].position <= min(wanted.values())

    async def _take(self, part: TopicPartition, records: Sequence[Any]) -> None:
        try:
            lanes = lanes_of(records)
            for unreadable, run in groupby(
                self._read_all(self._source, records), key=lambda delivery: delivery.unreadable
            ):
                await self._handle(list(run), () if unreadable else lanes)
        except (StopFollowing, KafkaError):
            raise
        except Exception as error:
            log.warning("consumer_failed", source=self._source, error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
            if part in self._reader.assignment():
                self._reader.seek(part, records[0].offset)
            return
        with contextlib.suppress(KafkaError):  # A hint only; the group may just be changing.
            await self._reader.commit({part: records[-1].offset})


def lanes_of(records: Sequence[Any]) -> list[int]:
    """The lanes that these records' partition carries, by the number of partitions they were published under.

    Not by what the reader thinks it is: a topic made anew may have another number before the reader has heard of it.
    None where the records do not agree.
    """
    counts = set()
    for record in records:
        with contextlib.suppress(ValueError):
            counts.add(_partitions_of(record))
    if len(counts) != 1:
        return []
    count = counts.pop()
    return [lane for lane in range(LANES) if lane % count == records[0].partition]


def _partitions_of(record: Any) -> int:
    for name, value in record.headers:
        if name == PARTITIONS_HEADER and int(value) > 0:
            return int(value)
    raise ValueError("the record does not say under how many partitions it was published")


@asynccontextmanager
async def publishing(connection: asyncpg.Connection, service: str) -> AsyncIterator[None]:
    """Held while records are on their way: a topic is never made anew under a publisher's feet."""
    await connection.execute("SELECT pg_advisory_lock(hashtextextended($1, 4))", f"publish/{service}")
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute(
                "SELECT pg_advisory_unlock(hashtextextended($1, 4))", f"publish/{service}"
            )


@asynccontextmanager
async def _producer(servers: str) -> AsyncIterator[Any]:
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, enable_idempotence=True, acks="all", linger_ms=2, retry_backoff_ms=100,
        max_request_size=LARGEST_RECORD, metadata_max_age_ms=METADATA_MILLISECONDS, request_timeout_ms=15_000,
    )  # fmt: skip
    await producer.start()
    try:
        yield producer
    finally:
        with contextlib.suppress(TimeoutError, KafkaError, asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(producer.stop()), STOP_SECONDS)


async def _partitions(producer: Any, topic: str) -> int:
    found: set[int] | None = await producer.partitions_for(topic)
    if not found:
        raise KafkaError(f"{topic} has no partitions: run `handrail topics apply`")
    return len(found)
