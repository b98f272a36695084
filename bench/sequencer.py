"""Giving settled events their index: one sequencer, nobody appending.

Floor: the very rows of the log, made beforehand, copied into a table with all of the log's keys and indexes, as many at
once as the sequencer takes.
Ours: `Leader.sequence`: take the waiting rows, read their events, number them, make entries (JCS), leaves and
the tree, write them, sign what was committed.
"""

from itertools import count
from typing import Any

import asyncpg

from bench.ground import TENANT, Ground, Urls, administrator, opened
from bench.history import EVENT_COLUMNS, LOG_COLUMNS, SESSIONS, items, keys_of, rows_of
from bench.measure import Path, Row, take_turns
from runtime.log_keys import LogKeys
from runtime.sequencer import BATCH, Leader
from runtime.testing import LOG_HOST, MASTER_KEY

_FLOOR_TABLE = "CREATE TABLE public.floor_log (LIKE progress.log INCLUDING ALL)"


async def bench(ground: Ground) -> list[Row]:
    """Every turn indexes the next session of each item."""
    a_turn = 4_000 if ground.quick else 20_000
    rounds = 5 if ground.quick else 9
    urls = await ground.database()
    async with opened(urls, most=1) as store:
        everything = items(a_turn)
        keys = await keys_of(store.keyring, everything)
    numbers = {"floor": count(), "ours": count()}

    def turn(name: str) -> list[tuple[Any, Any]]:
        number = next(numbers[name])
        assert number < SESSIONS
        return list(rows_of(urls.service, everything, number, keys))

    relay = await asyncpg.connect(urls.relay)
    keys_of_logs = LogKeys(urls.service, LOG_HOST, MASTER_KEY)
    try:
        async with administrator(urls) as admin:
            await admin.execute(_FLOOR_TABLE)

            async def waiting() -> None:
                await _put(admin, urls, [event for event, _ in turn("ours")])

            paths = {
                "floor": Path(
                    lambda rows: _copied(admin, rows), lambda: [entry for _, entry in turn("floor")]
                ),
                "ours": Path(lambda _: _sequenced(Leader(urls.service, relay, keys_of_logs)), waiting),
            }
            await take_turns(paths, 1)
            rates = await take_turns(paths, rounds)
    finally:
        await relay.close()
    return [
        Row("sequencer", f"{a_turn:,} waiting events", "events/s", rates["ours"], "COPY of the log's rows", rates["floor"])
    ]  # fmt: skip


async def _put(admin: asyncpg.Connection, urls: Urls, events: list[Any]) -> None:
    """Events that wait for their index."""
    await admin.copy_records_to_table(
        "events", schema_name=urls.service, columns=EVENT_COLUMNS, records=events
    )
    event_id = EVENT_COLUMNS.index("id")
    await admin.copy_records_to_table(
        "unsequenced", schema_name=urls.service, columns=("tenant", "event_id"),
        records=[(TENANT, event[event_id]) for event in events],
    )  # fmt: skip


async def _copied(admin: asyncpg.Connection, rows: list[Any]) -> int:
    for start in range(0, len(rows), BATCH):
        await admin.copy_records_to_table(
            "floor_log", columns=LOG_COLUMNS, records=rows[start : start + BATCH]
        )
    return len(rows)


async def _sequenced(leader: Leader) -> int:
    total = 0
    while done := await leader.sequence():
        total += done
        await leader.sign()
    return total
