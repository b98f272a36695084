"""Replacing the master key: every row is wrapped anew, broken off anywhere, and every event opens all the while."""

from uuid import uuid4

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from contracts.event import EventClass
from runtime import master_keys
from runtime.database import open_pool
from runtime.keyring import PostgresKeyring
from runtime.testing import MASTER_KEY, opened, write_school

NEW = bytes(range(32, 64))


async def test_rows_are_wrapped_anew_page_by_page_and_events_open_before_amid_and_after(
    cluster, monkeypatch
) -> None:
    monkeypatch.setattr(master_keys, "PAGE", 3)
    async with opened(cluster) as it:
        schools = [uuid4() for _ in range(8)]
        for school in schools:
            await write_school(it, school, "Lakeside")

        class BrokenOff(Exception):
            pass

        def after_one_page(_done: int, _total: int) -> None:
            raise BrokenOff

        with pytest.raises(BrokenOff):
            await master_keys.rewrap(it.url("keyring_owner"), NEW, [MASTER_KEY], after_one_page)
        assert await _readable(it, NEW, MASTER_KEY) == len(schools)

        said: list[tuple[int, int]] = []
        done = await master_keys.rewrap(
            it.url("keyring_owner"), NEW, [MASTER_KEY], lambda done, total: said.append((done, total))
        )
        assert done == len(schools) - 3
        assert said[-1] == (5, 5)
        assert await master_keys.rewrap(it.url("keyring_owner"), NEW, [MASTER_KEY]) == 0
        assert await _readable(it, NEW) == len(schools)
        with pytest.raises(InvalidTag):
            await _readable(it, MASTER_KEY)


async def test_rows_from_before_master_keys_had_names_are_wrapped_anew_too(cluster) -> None:
    async with opened(cluster) as it:
        await write_school(it, uuid4(), "Lakeside")
        connection = await asyncpg.connect(it.url("keyring_owner"))
        await connection.execute("UPDATE keyring.keys SET master = '1'")
        await connection.close()

        assert await _readable(it, NEW, MASTER_KEY) == 1
        assert await master_keys.rewrap(it.url("keyring_owner"), NEW, [MASTER_KEY]) == 1
        assert await _readable(it, NEW) == 1


async def test_a_hold_is_seen_by_what_destroys_and_the_next_key_is_of_the_next_generation(cluster) -> None:
    from datetime import date

    from runtime.keyring import HoldStands

    async with opened(cluster) as it:
        subject, hold, destruction, on = uuid4(), uuid4(), uuid4(), date(2031, 2, 1)
        wanted = (subject, EventClass.RECORD)
        first = (await it.keyring.current(it.tenant, [wanted]))[wanted]
        await it.keyring.set_hold(it.tenant, hold, subject)
        assert await it.keyring.retire(it.tenant, destruction, subject, [EventClass.RECORD]) is not None
        with pytest.raises(HoldStands):
            await it.keyring.destroy(it.tenant, destruction, subject, [EventClass.RECORD], on)
        await it.keyring.release_hold(it.tenant, hold)

        keys, day = await it.keyring.destroy(it.tenant, destruction, subject, [EventClass.RECORD], on)
        again = await it.keyring.destroy(
            it.tenant, destruction, subject, [EventClass.RECORD], date(2031, 2, 2)
        )

        assert ([key.generation for key in keys], day) == ([1], on)
        assert again == (keys, on), "a restart gets the answer of the time before"
        assert await it.keyring.destroyed(it.tenant, [first.id]) == {first.id: on}
        second = (await it.keyring.current(it.tenant, [wanted]))[wanted]
        assert second.id != first.id
        connection = await asyncpg.connect(it.url("keyring_owner"))
        assert (
            await connection.fetchval("SELECT generation FROM keyring.keys WHERE subject = $1", subject) == 2
        )
        await connection.close()


async def test_the_services_own_role_destroys_only_by_the_function(cluster) -> None:
    async with opened(cluster) as it:
        await it.keyring.current(it.tenant, [(uuid4(), EventClass.RECORD)])
        connection = await asyncpg.connect(it.url("keyring_app"))
        await connection.execute(f"SET handrail.tenant = '{it.tenant}'")
        for statement in (
            "DELETE FROM keyring.keys",
            "UPDATE keyring.keys SET wrapped = ''",
            "DELETE FROM keyring.destroyed",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.close()


async def _readable(it, master: bytes, *older: bytes) -> int:
    """How many of the tenant's keys open, in a process that is started with these master keys."""
    pool = await open_pool(it.url("keyring_app"), most=2)
    try:
        async with it.database.lend(it.tenant) as connection:
            rows = await connection.fetch("SELECT sealed FROM plan.events")
        keyring = PostgresKeyring(pool, master, older)
        return len(await keyring.by_id(it.tenant, {row["sealed"][1:17] for row in rows}))
    finally:
        await pool.close()
