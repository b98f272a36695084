"""Reading a whole log in order, as a consumer that catches up does; and ten times as much of it.

Floor: plain JSON from one table in the order of its key, 2,000 rows a page, decoded by msgspec into a struct.
Ours: another service reads ``progress.journal`` page by page, unseals, checks each event against its digest and decodes
it, envelope and all.
"""

import time

from bench import floors
from bench.apart import Apart
from bench.ground import TENANT, Ground, Urls, administrator, opened
from bench.measure import Row, take_turns
from bench.processes import peak_mebibytes, run
from runtime.database import Database
from runtime.deliveries import open_deliveries
from runtime.transport.journal import REPLAY_PAGE, JournalTransport

READER = "audit"


async def bench(ground: Ground) -> list[Row]:
    """Both by turns; each turn in a process of its own."""
    rounds = 3 if ground.quick else 5
    few, many = floors.sizes(ground)
    at_few, at_many = await floors.filled(ground, few), await floors.filled(ground, many)
    apart = Apart()
    paths = {
        "floor": apart.path("floor", _floor, at_many), "ours": apart.path("ours", _ours, at_many),
        "few": apart.path("few", _ours, at_few),
    }  # fmt: skip
    rates = await take_turns(paths, rounds)
    told = f"{many:,} events in order, unsealed"
    return [
        Row("read", told, "events/s", rates["ours"], "the same rows in plain", rates["floor"],
            facts=apart.facts("ours", "floor")),
        Row("read", told, "events/s", rates["ours"], f"ours, of {few:,}", rates["few"]),
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
