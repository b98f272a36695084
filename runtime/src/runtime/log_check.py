"""`handrail log verify`: one log held against everything that says something of it, entry by entry.

The entry against its leaf, the stored event, its place among its subject's and its stream's; the tree against its stored
tiles; every checkpoint against the root of its size and the log's key; and all of it against what audit-service received and
cosigned. Whoever changes one of them must change all, and audit-service's are in another's hands.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from contracts.lanes import lane_of
from contracts.log.checkpoint import Checkpoint
from contracts.log.note import VerifierKey
from contracts.log.tree import GrowingTree, leaf_hash
from runtime.entry import Entry, make_entry, parse_entry

PAGE = 2_000
MOST_FAULTS = 100

_ROWS = """
    SELECT l.index, l.position, l.event_id, l.known_at, l.subject AS log_subject, l.nth, l.lane, l.entry, l.leaf, e.*
      FROM {s}.log l LEFT JOIN {s}.events e ON e.id = l.event_id
     WHERE l.tenant = $1 AND l.index >= $2 ORDER BY l.index LIMIT $3"""
_CHECKPOINTS = "SELECT size, root, signature FROM {s}.checkpoints WHERE tenant = $1 AND size > $2 AND size <= $3 ORDER BY size"
_IN_NO_LOG = """
    SELECT e.id, e.stream, e.version FROM {s}.events e
     WHERE e.tenant = $1 AND NOT EXISTS (SELECT FROM {s}.log l WHERE l.event_id = e.id)
       AND NOT EXISTS (SELECT FROM {s}.unsequenced u WHERE u.event_id = e.id) ORDER BY e.stream, e.version LIMIT 20"""
_TILES = "SELECT level, place, hash FROM {s}.tree_hashes WHERE tenant = $1"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and at which entry; an index of ``None`` is at no one entry."""

    at: float
    what: str

    @property
    def index(self) -> int | None:
        """The first entry that it touches."""
        return None if self.at == float("inf") else int(self.at)

    def __str__(self) -> str:
        return self.what if self.index is None else f"entry {self.index}: {self.what}"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint that was cosigned, as it was kept."""

    size: int
    root: bytes
    log_signature: bytes
    cosignature: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """One entry as another party received it."""

    entry: bytes
    sealed: bytes
    position: int
    filed: Mapping[str, object]
    """What it is found by: columns beside the entry, each of which must be what the entry says."""


class Witness(Protocol):
    """What audit-service received of one log, and what it cosigned of it."""

    async def reached(self) -> int:
        """How many entries it has without a gap."""
        ...

    async def log_key(self) -> bytes | None:
        """The log's public key when it first saw it."""
        ...

    async def cosigner_key(self) -> VerifierKey:
        """Its own."""
        ...

    async def received(self, first: int, past: int) -> Mapping[int, Received]:
        """The entries of these indexes that it has."""
        ...

    async def cosigned(self, after: int, most: int) -> Sequence[Cosigned]:
        """What it cosigned of sizes above ``after``, up to ``most``."""
        ...

    async def tiles(self) -> Mapping[tuple[int, int], bytes]:
        """The full tiles' hashes that it keeps of its copies."""
        ...


@dataclass
class LogReport:
    """How one log stands."""

    service: str
    tenant: str
    size: int = 0
    root: bytes = b""
    checkpoints: int = 0
    cosigned: int = 0
    cosigned_size: int = 0
    faults: list[Fault] = field(default_factory=list)

    def found(self, what: str, index: int | None = None) -> None:
        """Note a fault; of very many the first are enough."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(float("inf") if index is None else index, what))

    @property
    def in_order(self) -> list[Fault]:
        """By the first entry that each touches; of one entry as they were found."""
        return sorted(self.faults, key=lambda fault: fault.at)

    @property
    def first(self) -> Fault | None:
        """The one that touches the first entry."""
        return next(iter(self.in_order), None)


class LogCheck:
    """Checks one log; ``connection`` reaches the tenant's rows of the service, ``witness`` is audit-service."""

    def __init__(
        self, service: str, tenant: str, connection: Any, witness: Witness, key: VerifierKey | None
    ) -> None:
        self.report = LogReport(service, tenant)
        self._s = service
        self._connection = connection
        self._witness = witness
        self._key = key
        self._tree = GrowingTree()
        self._complete: dict[tuple[int, int], bytes] = {}
        self._nth: dict[object, int] = {}
        self._versions: dict[str, int] = {}
        self._before: Entry | None = None
        self._position = 0

    async def run(self, told: Callable[[int], None] = lambda _done: None) -> LogReport:
        """Check everything; ``told`` hears how many entries are done."""
        report, reached = self.report, await self._witness.reached()
        if self._key is not None and await self._witness.log_key() not in (None, self._key.public):
            report.found("the log's key is not the one that audit-service saw first")
        async for rows in self._pages():
            received = await self._witness.received(rows[0]["index"], rows[-1]["index"] + 1)
            sizes = await self._of_sizes(self._tree.size, rows[-1]["index"] + 1)
            for row in rows:
                for what in self._wrong(row, received, reached):
                    report.found(what, row["index"])
                for what in sizes.get(self._tree.size, lambda _root: ())(self._tree.root):
                    report.found(what, self._tree.size - 1)
            told(self._tree.size)
        report.size, report.root = self._tree.size, self._tree.root
        await self._at_the_end(reached)
        return report

    async def _pages(self) -> AsyncIterator[Sequence[Any]]:
        following = 0
        while rows := await self._connection.fetch(
            _ROWS.format(s=self._s), self.report.tenant, following, PAGE
        ):
            yield rows
            following = rows[-1]["index"] + 1

    def _wrong(self, row: Any, received: Mapping[int, Received], reached: int) -> Iterator[str]:
        index, entry = row["index"], row["entry"]
        if index != self._tree.size:
            missing = self._tree.size
            until = f"entries {missing} to {index - 1} are" if index - 1 > missing else f"entry {missing} is"
            self.report.found(f"{until} missing from the log", missing)
        while self._tree.size < index:  # So that what follows is compared at its own place.
            self._take(received[self._tree.size].entry if self._tree.size in received else b"")
        leaf = self._take(entry)
        if leaf != row["leaf"]:
            yield "the leaf is not the hash of the entry"
        copy = received.get(index)
        if copy is None and index < reached:
            yield "audit-service's copy of it is missing"
        if copy is not None and copy.entry != entry:
            yield f"it is not the entry that audit-service received ({_differing(entry, copy.entry)})"
        try:
            said = parse_entry(entry)
        except msgspec.DecodeError:
            yield "the entry cannot be read"
            return
        if (
            copy is not None
            and copy.entry == entry
            and hashlib.sha256(copy.sealed).hexdigest() != said.sealed_sha256
        ):
            yield "audit-service's copy of its sealed contents was altered"
        if copy is not None and copy.entry == entry and copy.position != row["position"]:
            yield "audit-service received it at another position"
        if (
            copy is not None
            and copy.entry == entry
            and (other := [name for name, value in copy.filed.items() if value != getattr(said, name)])
        ):
            yield f"audit-service's copy is filed as if its {', '.join(other)} were another"
        yield from self._stored(row, said)
        yield from self._in_order(row, said)

    def _take(self, entry: bytes) -> bytes:
        leaf = leaf_hash(entry)
        for level, place, hash_ in self._tree.append(leaf):
            self._complete[level, place] = hash_
        return leaf

    def _stored(self, row: Any, said: Entry) -> Iterator[str]:
        if row["id"] is None:
            yield (
                "its event is gone from the store"
                if said.id == row["event_id"]
                else "its event is another one"
            )
            return
        made = make_entry(row, nth=row["nth"], known_at=row["known_at"])
        if made != row["entry"]:
            yield f"the stored event is not what was logged ({_differing(made, row['entry'])})"

    def _in_order(self, row: Any, said: Entry) -> Iterator[str]:
        if row["log_subject"] != said.subject or row["lane"] != lane_of(said.tenant, said.subject):
            yield "the log's row names another subject or lane than its entry"
        if said.tenant != self.report.tenant:
            yield f"it is another district's entry ({said.tenant})"
        if row["position"] <= self._position:
            yield "its position does not follow the one before"
        self._position = row["position"]
        if self._before is not None and said.known_at <= self._before.known_at:
            yield "it became known no later than the entry before it: the times were altered"
        self._before = said
        expected = self._nth.get(said.subject, 0) + 1
        if said.nth != expected:
            yield f"it is the subject's entry {said.nth}, and {expected} would follow"
        self._nth[said.subject] = said.nth
        version = self._versions.get(said.stream, 0) + 1
        if said.version != version:
            yield f"it is version {said.version} of its stream, and {version} would follow"
        self._versions[said.stream] = said.version

    async def _of_sizes(self, after: int, most: int) -> dict[int, Callable[[bytes], Iterator[str]]]:
        """What was signed and cosigned of these sizes, each to be held against the root."""
        signed = await self._connection.fetch(_CHECKPOINTS.format(s=self._s), self.report.tenant, after, most)
        seen = await self._witness.cosigned(after, most)
        cosigner = await self._witness.cosigner_key()
        own = {row["size"]: row for row in signed}
        theirs = {each.size: each for each in seen}

        def check(size: int) -> Callable[[bytes], Iterator[str]]:
            def against(root: bytes) -> Iterator[str]:
                if size in own:
                    self.report.checkpoints += 1
                    yield from self._signed(
                        Checkpoint(self._name, size, own[size]["root"]), own[size]["signature"], root
                    )
                if size in theirs:
                    self.report.cosigned += 1
                    self.report.cosigned_size = size
                    yield from self._seen(theirs[size], cosigner, root)

            return against

        return {size: check(size) for size in own.keys() | theirs.keys()}

    @property
    def _name(self) -> str:
        return self._key.name if self._key else ""

    def _signed(self, checkpoint: Checkpoint, signature: bytes, root: bytes) -> Iterator[str]:
        if checkpoint.root != root:
            yield f"the log's checkpoint of {checkpoint.size} entries has another root than these entries"
        if self._key is None or not self._key.has_signed(checkpoint.text.encode(), signature):
            yield f"the signature under the log's checkpoint of {checkpoint.size} entries is false"

    def _seen(self, seen: Cosigned, cosigner: VerifierKey, root: bytes) -> Iterator[str]:
        checkpoint = Checkpoint(self._name, seen.size, seen.root)
        if seen.root != root:
            yield f"audit-service cosigned another history of {seen.size} entries: this one was put in its place"
        if not cosigner.has_signed(checkpoint.text.encode(), seen.cosignature):
            yield f"the cosignature of {seen.size} entries is false"
        if self._key is not None and not self._key.has_signed(checkpoint.text.encode(), seen.log_signature):
            yield f"the cosigned checkpoint of {seen.size} entries is not signed by the log's key"

    async def _at_the_end(self, reached: int) -> None:
        report, size = self.report, self._tree.size
        if reached > size:
            report.found(f"the log ends here, and audit-service received entries up to {reached - 1}", size)
        for found in await self._witness.cosigned(size, 2**62):
            report.found(f"the log ends here, and {found.size} entries were cosigned", size)
            break
        if await self._connection.fetchval(
            f"SELECT max(size) FROM {self._s}.checkpoints WHERE tenant = $1 AND size > $2",
            report.tenant,
            size,
        ):
            report.found("the log ends here, and it has signed more entries", size)
        empty = await self._connection.fetch(_CHECKPOINTS.format(s=self._s), report.tenant, -1, 0)
        for row in empty:
            for what in self._signed(
                Checkpoint(self._name, 0, row["root"]), row["signature"], GrowingTree().root
            ):
                report.found(what)
        stored = {
            (row["level"], row["place"]): row["hash"]
            for row in await self._connection.fetch(_TILES.format(s=self._s), report.tenant)
        }
        self._tiles(stored, "the stored tree", expected=True)
        self._tiles(await self._witness.tiles(), "audit-service's own tree", expected=False)
        for row in await self._connection.fetch(_IN_NO_LOG.format(s=self._s), report.tenant):
            report.found(
                f"an event is in the store and in no log: version {row['version']} of {row['stream']} ({row['id']})"
            )

    def _tiles(self, stored: Mapping[tuple[int, int], bytes], whose: str, *, expected: bool) -> None:
        for (level, place), hash_ in sorted(self._complete.items()):
            kept = stored.get((level, place))
            first, past = place << 8 * level, (place + 1) << 8 * level
            # Where one of its entries is bad already, that is the place.
            at = min(
                (int(fault.at) for fault in self.report.faults if first <= fault.at < past), default=first
            )
            if kept is None and expected:
                self.report.found(f"{whose} lacks the hash of the {past - first} entries from {first} on", at)
            elif kept is not None and kept != hash_:
                self.report.found(
                    f"{whose} has another hash for the {past - first} entries from {first} on", at
                )
        for level, place in sorted(stored.keys() - self._complete.keys()):
            first = max(place << 8 * level, self._tree.size)
            self.report.found(f"{whose} has a hash of entries that are not there", first)


def _differing(one: bytes, other: bytes) -> str:
    """Which fields of two entries differ."""
    try:
        first, second = msgspec.json.decode(one), msgspec.json.decode(other)
        names = [name for name in sorted(first.keys() | second.keys()) if first.get(name) != second.get(name)]
    except (msgspec.DecodeError, AttributeError):
        return "it cannot be read"
    return ", ".join(names) or "in how it is written"
