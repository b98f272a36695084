"""Reading a whole log in order, as a consumer that catches up does; and ten times as much of it.

Floor: plain JSON from one table in the order of its key, 2,000 rows a page, decoded by msgspec into a struct.
Ours: another service reads ``progress.journal`` page by page, unseals, checks each event against its digest and decodes
it, envelope and all.
"""

import time

from bench import floors
from bench.apart import Apart
from bench.ground import TENANT, Ground, Urls, administrator, opened, peak_mebibytes, run
from bench.measure import Path, Row, take_turns
from runtime.consumer import open_deliveries
from runtime.database import Database
from runtime.transport.journal import REPLAY_PAGE, JournalTransport

READER = "audit"


async def bench(ground: Ground) -> list[Row]:
    """Both sizes by turns; each turn in a process of its own."""
    rounds = 3 if ground.quick else 5
    sizes = floors.sizes(ground)
    apart = Apart()
    paths: dict[str, Path] = {}
    for events in sizes:
        urls = await floors.filled(ground, events)
        paths |= {
            name: apart.path(name, work, urls)
            for name, work in ((f"floor {events}", _floor), (f"ours {events}", _ours))
        }
    rates = await take_turns(paths, rounds)
    few, many = sizes
    return [
        *(
            Row("read", f"{events:,} events in order, unsealed", "events/s", rates[f"ours {events}"],
                "the same rows in plain", rates[f"floor {events}"], facts=apart.facts(f"ours {events}", f"floor {events}"))
            for events in sizes
        ),
        Row("read", f"{many:,} events in order, unsealed", "events/s", rates[f"ours {many}"],
            f"ours, of {few:,}", rates[f"ours {few}"]),
    ]  # fmt: skip


def _floor(urls: Urls) -> tuple[int, float, int]:
    return run(_read_plain(urls))


async def _read_plain(urls: Urls) -> tuple[int, float, int]:
    async with administrator(urls) as connection:
        began, done = time.perf_counter(), 0
        async for rows in floors.pages(connection, REPLAY_PAGE):
            done += len([floors.decode(row["contents"]) for row in rows])
        return done, time.perf_counter() - began, peak_mebibytes()


def _ours(urls: Urls) -> tuple[int, float, int]:
    return run(_read_journal(urls))


async def _read_journal(urls: Urls) -> tuple[int, float, int]:
    database = await Database.open(READER, urls.app_of(READER), most=2)
    try:
        async with opened(urls, most=1) as store, JournalTransport(database).records(urls.service) as records:
            began, done = time.perf_counter(), 0
            async for page in records.pages():
                assert {delivery.tenant for delivery in page.deliveries} == {TENANT}
                done += len(await open_deliveries(store.keyring, page.deliveries))
            return done, time.perf_counter() - began, peak_mebibytes()
    finally:
        await database.close()
