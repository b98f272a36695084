"""The cosigner: looks at every log's newest checkpoint in the background and cosigns what its own copies bear out.

Killed anywhere, nothing is signed that was not stored first: a cosignature is shown only from its row, and a size is
cosigned once.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

import structlog

from audit_service.application.copied_tree import root_of_copies
from audit_service.domain.cosigning import Seen, Verdict, genuine, judge
from contracts import streams
from contracts.audit import LogInconsistent
from contracts.event import Actor, Event
from contracts.ids import new_id
from contracts.log.checkpoint import Checkpoint, cosigner_name
from contracts.log.note import COSIGNATURE, Note, NoteSigner, Signature, VerifierKey
from contracts.vocabulary import LogFault, ServiceName
from runtime.append_request import Change, Context, TenantNotOpen
from runtime.database import UNREACHABLE, driver
from runtime.log_keys import Wrapping, fresh_key, key_of
from runtime.log_tree import TreeIncomplete
from runtime.roles import SERVICES
from runtime.stream_model import Model
from runtime.tenants import subject_of

if TYPE_CHECKING:
    from audit_service.application.service import AuditService

log = structlog.get_logger()

COSIGNER = Actor(id="cosigner", role="system")


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a log's own stream of alarms: nothing is decided on it."""

    alarms: int = 0


def _one_more(state: Standing, _event: Event) -> Standing:
    return Standing(state.alarms + 1)


LOG: Model[Standing] = Model("log", "1", Standing(), _one_more)
"""``log/{service}``: what the cosigner found wrong with one service's log."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A log's newest checkpoint, as the log shows it, with the key it says it has."""

    tenant: str
    source: str
    note: Note
    key: VerifierKey


class CheckpointsAway(OSError):
    """The checkpoints of a service cannot be asked for; the message says why, and nothing that health may not show."""


class Checkpoints(Protocol):
    """Where the newest checkpoints of the services' logs come from."""

    @property
    def pause_seconds(self) -> float:
        """How long to wait between two looks."""
        ...

    async def newest(self, source: str, tenant: str | None = None) -> Sequence[Offered]:
        """One for each district, or one district's. Raises one of `runtime.database.UNREACHABLE` where it cannot be asked."""
        ...

    async def head(self, source: str, tenant: str) -> int:
        """How many entries the district's log has, what waits for its index included; 0 where it has none. Raises as `newest`."""
        ...


class Cosigner:
    """Any number of instances may run it."""

    def __init__(
        self, service: "AuditService", checkpoints: Callable[["AuditService"], Checkpoints],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._service = service
        self._checkpoints = checkpoints
        self._clock = clock
        self._signer: NoteSigner | None = None
        self._looked_at: dict[tuple[str, str], Note] = {}
        self._back_since: dict[tuple[str, str], float] = {}
        self._away: dict[str, str] = {}
        self._faults: dict[tuple[str, str], LogFault] = {}

    async def run(self) -> None:
        """Look again and again, for as long as the service runs."""
        while True:
            await self.look()
            await asyncio.sleep(self._checkpoints(self._service).pause_seconds)

    async def look(self, sources: Collection[str] = SERVICES, tenant: str | None = None) -> None:
        """Look at every log once; at some only, or one district's, where somebody waits for it."""
        checkpoints = self._checkpoints(self._service)
        for source in sources:
            try:
                offered = await checkpoints.newest(source, tenant)
                self._away.pop(source, None)
            except UNREACHABLE as error:
                self._away[source] = (
                    str(error) if isinstance(error, CheckpointsAway) else type(error).__name__
                )
                continue
            for each in offered:
                if self._looked_at.get((each.tenant, source)) != each.note:
                    await self._look_at(each)

    def degraded(self) -> list[tuple[str, str]]:
        """What is wrong with which log, and which cannot be asked.

        Anybody may ask for health: which district it is only its own officers are told, by the event and ``/verification``.
        """
        found = []
        for source in SERVICES:
            faults = sorted(fault.value for (_, of), fault in self._faults.items() if of == source)
            if faults:
                what = ", ".join(dict.fromkeys(faults)).replace("_", " ")
                found.append(
                    (f"log {source}", f"is inconsistent ({what}): `handrail log verify {source}` says where")
                )
        return found + [(f"checkpoints {source}", error) for source, error in sorted(self._away.items())]

    async def signer(self) -> NoteSigner:
        """Who cosigns; its key is made, durably, before anything is cosigned with it."""
        if self._signer is None:
            addresses = self._service.addresses
            name = cosigner_name(addresses.log_host)
            wrapping = Wrapping(addresses.store.master_key, addresses.store.older_keys)
            private = fresh_key()
            async with self._service.database.pool.acquire() as connection:
                await connection.execute(
                    "INSERT INTO audit.cosigner (public, master, wrapped) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                    private.public_key().public_bytes_raw(), wrapping.name,
                    wrapping.sealed(name, private.private_bytes_raw()),
                )  # fmt: skip
                wrapped = await connection.fetchval("SELECT wrapped FROM audit.cosigner")
            self._signer = NoteSigner(name, wrapping.opened(name, wrapped), COSIGNATURE)
        return self._signer

    async def _look_at(self, offered: Offered) -> None:
        place = offered.tenant, offered.source
        async with self._service.database.lend(offered.tenant) as connection:
            known_key = await self._known_key(connection, offered)
            last = await newest_cosigned(connection, *place)
            checkpoint = genuine(offered.note, offered.key, known_key)
            own_root: bytes | None = None
            verdict: Verdict
            if isinstance(checkpoint, LogFault):
                verdict = checkpoint
            else:
                reached = await reached_of(connection, *place)
                if checkpoint.size <= reached:
                    own_root = await self.own_root(connection, *place, checkpoint.size)
                at_last = await self.own_root(connection, *place, last.size) if last else None
                verdict = judge(
                    checkpoint, last, reached=reached, own_root=own_root, own_root_at_last=at_last,
                    seconds_back=self._seconds_back(place, last is not None and checkpoint.size < last.size),
                )  # fmt: skip
                if verdict == "cosign":
                    await self._cosign(connection, offered, checkpoint)
        if isinstance(verdict, LogFault):
            await self._alarm(offered, verdict, own_root)
        elif verdict != "wait":
            await self._all_is_well(place)
            self._looked_at[place] = offered.note

    def _seconds_back(self, place: tuple[str, str], back: bool) -> float:
        if not back:
            self._back_since.pop(place, None)
            return 0.0
        return self._clock() - self._back_since.setdefault(place, self._clock())

    async def _known_key(self, connection: Any, offered: Offered) -> VerifierKey:
        await connection.execute(
            "INSERT INTO audit.known_logs (tenant, source, public) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            offered.tenant, offered.source, offered.key.public,
        )  # fmt: skip
        known = await known_key(connection, self._service.addresses.log_host, offered.tenant, offered.source)
        assert known is not None
        return known

    async def own_root(self, connection: Any, tenant: str, source: str, size: int) -> bytes | None:
        """The root over so many of our own copies; ``None`` where some are missing."""
        try:
            return await root_of_copies(source, connection, tenant, size)
        except TreeIncomplete:
            return None

    async def _cosign(self, connection: Any, offered: Offered, checkpoint: Checkpoint) -> None:
        signer = await self.signer()
        made = signer.cosign(checkpoint.text, int(time.time()))
        signature = next(each for each in offered.note.signatures if each.key_id == offered.key.key_id)
        await connection.execute(
            "INSERT INTO audit.cosigned (tenant, source, size, root, log_signature, cosignature)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            offered.tenant, offered.source, checkpoint.size, checkpoint.root, signature.blob, made.blob,
        )  # fmt: skip

    async def _alarm(self, offered: Offered, fault: LogFault, own_root: bytes | None) -> None:
        """Record it once, and again only when it is something else; said in every look until it is over."""
        place = offered.tenant, offered.source
        self._faults[place] = fault
        service = self._service
        subject = await subject_of(service.store, offered.tenant)
        try:
            async with service.database.begin(offered.tenant) as rows:
                connection = await driver(rows)
                if not await _changed(connection, *place, fault.value):
                    return
                last = await newest_note(connection, service.addresses.log_host, *place, await self.signer())
                text = str(offered.note)[:4000]
                try:
                    size = Checkpoint.parse(offered.note.text).size
                except ValueError:
                    size = 0
                zone = ZoneInfo((await service.evidence.district(offered.tenant)).time_zone)
                now = await connection.fetchval("SELECT audit.now_for($1)", offered.tenant)
                if subject is None or now is None:
                    raise TenantNotOpen()
                found: Event = LogInconsistent(
                    effective_on=now.astimezone(zone).date(), service=ServiceName(offered.source), fault=fault,
                    offered=text, size=size, own_root=own_root.hex() if own_root else None,
                    cosigned=str(last) if last else None,
                )  # fmt: skip
                stream = streams.log(offered.source)
                loaded = await service.store.load_many(offered.tenant, [(LOG, stream)], connection=connection)
                await service.store.append(
                    Context(offered.tenant, COSIGNER, str(new_id())), [Change(loaded[stream], subject, [found])],
                    connection=connection,
                )  # fmt: skip
        except TenantNotOpen:  # A district that has no log here to write it into.
            pass
        service.store.wake()
        log.error("log_inconsistent", tenant=offered.tenant, source=offered.source, fault=fault.value)

    async def _all_is_well(self, place: tuple[str, str]) -> None:
        if self._faults.pop(place, None) is None and place in self._looked_at:
            return
        async with self._service.database.lend(place[0]) as connection:
            await connection.execute(
                "UPDATE audit.log_standing SET fault = NULL, since = clock_timestamp()"
                " WHERE tenant = $1 AND source = $2 AND fault IS NOT NULL", *place,
            )  # fmt: skip


async def _changed(connection: Any, tenant: str, source: str, fault: str) -> bool:
    changed: bool | None = await connection.fetchval(
        "INSERT INTO audit.log_standing (tenant, source, fault) VALUES ($1, $2, $3)"
        " ON CONFLICT (tenant, source) DO UPDATE SET fault = $3, since = clock_timestamp()"
        " WHERE log_standing.fault IS DISTINCT FROM $3 RETURNING true", tenant, source, fault,
    )  # fmt: skip
    return bool(changed)


async def reached_of(connection: Any, tenant: str, source: str) -> int:
    """How many entries of the log lie below the frontier."""
    found: int = await connection.fetchval(
        """SELECT coalesce((SELECT c.index + 1 FROM audit.copies c WHERE c.tenant = $1 AND c.source = $2
              AND c.position < (SELECT next FROM audit.frontier WHERE source = $2) ORDER BY c.index DESC LIMIT 1), 0)""",
        tenant, source,
    )  # fmt: skip
    return found


async def known_key(connection: Any, host: str, tenant: str, source: str) -> VerifierKey | None:
    """The key that this log has had since it was first seen."""
    public = await connection.fetchval(
        "SELECT public FROM audit.known_logs WHERE tenant = $1 AND source = $2", tenant, source
    )
    return key_of(host, tenant, source, public) if public else None


async def newest_cosigned(connection: Any, tenant: str, source: str) -> Seen | None:
    """What was cosigned last."""
    row = await connection.fetchrow(
        "SELECT size, root FROM audit.cosigned WHERE tenant = $1 AND source = $2 ORDER BY size DESC LIMIT 1",
        tenant, source,
    )  # fmt: skip
    return Seen(row["size"], row["root"]) if row else None


async def newest_note(
    connection: Any, host: str, tenant: str, source: str, signer: NoteSigner, *, at_most: int | None = None
) -> Note | None:
    """The newest cosigned checkpoint with both signatures, or the newest of at most that size."""
    row = await connection.fetchrow(
        "SELECT size, root, log_signature, cosignature FROM audit.cosigned WHERE tenant = $1 AND source = $2"
        " AND ($3::bigint IS NULL OR size <= $3) ORDER BY size DESC LIMIT 1", tenant, source, at_most,
    )  # fmt: skip
    key = await known_key(connection, host, tenant, source)
    if row is None or key is None:
        return None
    note = Checkpoint(key.name, row["size"], row["root"]).note(key, row["log_signature"])
    return note.signed_by([Signature(signer.name, signer.key.key_id, row["cosignature"])])
