"""What only a broker can do to us: be killed in mid-flow, be away for long."""

import asyncio

import pytest

from contracts.ids import new_id
from runtime.testing import write_school
from runtime.testing_consumers import counting, effects, in_order_and_once, make_effects_table, reading, until


@pytest.mark.slow
@pytest.mark.parametrize("rig", ["kafka"], indirect=True)
async def test_commands_go_on_while_the_broker_is_away_and_the_backlog_drains_in_order(
    rig, breakable_kafka
) -> None:
    await make_effects_table(rig.plan)
    database, transport = await rig.instance()
    schools = [new_id() for _ in range(10)]
    expected = 0

    async def write(each: int) -> None:
        nonlocal expected
        for _ in range(each):
            for school in schools:
                await write_school(rig.plan, school, "A")
                expected += 1

    async def there() -> bool:
        return in_order_and_once(await effects(rig.plan), expected)

    async with reading(rig.plan, transport, database, counting()):
        await write(2)
        await until(there, 30)
        writing = asyncio.ensure_future(write(4))
        await asyncio.to_thread(breakable_kafka.kill)
        await writing
        await write(2)
        assert not await there()
        await asyncio.to_thread(breakable_kafka.start)
        await write(1)
        await until(there, 90)
