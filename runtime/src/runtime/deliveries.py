"""Deliveries opened: the event that a delivery carries, and what kind of error it is when that cannot be had."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import sqlalchemy.exc
from pydantic import ValidationError

from contracts.event import Actor, Event, Recorded, UnknownEvent, decode
from contracts.problems import Invalid, Rejected, VersionConflict
from runtime.append_request import AlreadyClaimed
from runtime.database import UNREACHABLE
from runtime.entry import Entry, event_id_of, parse_entry
from runtime.keyring import KeyGone, Keyring, destroyed_among
from runtime.sealing import SealBroken, key_id_of, unseal
from runtime.transport.port import Delivery

CERTAIN: tuple[type[Exception], ...] = (
    UnknownEvent, ValidationError, SealBroken, KeyGone, msgspec.DecodeError, Invalid, Rejected, AlreadyClaimed,
    sqlalchemy.exc.IntegrityError, sqlalchemy.exc.DataError, sqlalchemy.exc.ProgrammingError,
    asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.SyntaxOrAccessError,
    ValueError, LookupError, TypeError, AttributeError, AssertionError,
)  # fmt: skip
"""Errors of the message or of its handler that trying again cannot help: the event is parked at once."""


def may_pass(error: BaseException) -> bool:
    """Whether this is of the transport (connections, lost races, time limits): tried again for ever, never parked."""
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return True
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        if error.connection_invalidated:
            return True
        cause = getattr(error.orig, "__cause__", None) or error.orig
        return cause is not None and may_pass(cause)
    if isinstance(error, ValueError):  # Some of the driver's are an InterfaceError too.
        return False
    return isinstance(
        error,
        (*UNREACHABLE, asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError, VersionConflict),
    )


def delivered_id(entry: bytes) -> UUID:
    """The event's id; of an entry that cannot be read an id made of its bytes, the same whenever it comes."""
    try:
        return event_id_of(entry)
    except msgspec.DecodeError:
        return UUID(bytes=hashlib.sha256(entry).digest()[:16])


def described(error: Exception) -> str:
    """The kind of error and nothing of what it quotes: messages may carry a student's words."""
    if isinstance(error, UnknownEvent):
        return str(error)
    if isinstance(error, ValidationError):
        places = "; ".join(
            ".".join(map(str, e["loc"])) + " " + e["type"] for e in error.errors(include_input=False)[:5]
        )
        return f"ValidationError: {places}"
    return type(error).__name__


async def open_deliveries(
    keyring: Keyring, deliveries: Sequence[Delivery], types: Collection[str] | None = None
) -> list[Recorded[Event]]:
    """Decode deliveries of one tenant (those of ``types`` only, when given), but for what was lawfully destroyed.

    Raises one of `CERTAIN` when one cannot be decoded; `runtime.keyring.KeyGone` where a key is missing and no lawful
    destruction is known.
    """
    entries = [(delivery, parse_entry(delivery.entry)) for delivery in deliveries]
    if types is not None:
        entries = [(delivery, entry) for delivery, entry in entries if entry.type in types]
    if not entries:
        return []
    tenant, key_ids = entries[0][1].tenant, [key_id_of(delivery.sealed) for delivery, _ in entries]
    keys = await keyring.by_id(tenant, key_ids)
    gone = await destroyed_among(keyring, tenant, key_ids, keys)
    return [
        _open(delivery, entry, keys)
        for (delivery, entry), key_id in zip(entries, key_ids, strict=True)
        if key_id not in gone
    ]


def _open(delivery: Delivery, entry: Entry, keys: Mapping[Any, Any]) -> Recorded[Event]:
    key = keys.get(key_id_of(delivery.sealed))
    if key is None:
        raise KeyGone(f"the key for event {entry.id} is gone")
    plain = unseal(key, entry.id, delivery.sealed, bytes.fromhex(entry.digest))
    return Recorded(
        event=decode(entry.type, entry.schema, plain, datetime.fromisoformat(entry.effective_on).date()),
        id=entry.id, source=delivery.source, tenant=entry.tenant, subject=entry.subject, stream=entry.stream,
        version=entry.version, recorded_at=entry.recorded, actor=Actor.model_validate(entry.actor),
        correlation=entry.correlation, causation=entry.causation, rules=entry.rules, position=delivery.position,
        index=delivery.index, known_at=entry.known,
    )  # fmt: skip
