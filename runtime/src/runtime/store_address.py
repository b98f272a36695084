"""Where a service's events and keys are, and opening them: a service does, a process that helps it, a benchmark, a test."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from runtime.database import Database, open_pool
from runtime.event_store import EventStore
from runtime.keyring import PostgresKeyring


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Of one service. URLs carry the role's password: an address goes to helpers through a pipe, and is never shown."""

    service: str
    app_url: str = field(repr=False)
    keyring_url: str = field(repr=False)
    master_key: bytes = field(repr=False)
    older_keys: tuple[bytes, ...] = field(repr=False, default=())
    """Master keys that some rows may still be wrapped under, while one is being replaced."""


@asynccontextmanager
async def open_store(
    at: StoreAddress, *, most: int = 8, appended: Callable[[], None] = lambda: None
) -> AsyncIterator[tuple[EventStore, PostgresKeyring]]:
    """The store on its database, and its keyring; ``most``: connections of each kind. Raises one of `UNREACHABLE`."""
    async with AsyncExitStack() as stack:
        database = await Database.open(at.service, at.app_url, most=most)
        stack.push_async_callback(database.close)
        pool = await open_pool(at.keyring_url, most=min(most, 4))
        stack.push_async_callback(pool.close)
        keyring = PostgresKeyring(pool, at.master_key, at.older_keys)
        yield EventStore(database, keyring, appended=appended), keyring
