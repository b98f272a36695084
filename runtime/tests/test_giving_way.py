"""After a lost race somebody waits for a moment of chance, and longer each time."""

import asyncio

import pytest

from runtime import execute
from runtime.execute import FIRST_PAUSE_SECONDS, TRIES, give_way


async def test_who_lost_a_race_waits_a_random_moment_that_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def slept(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(execute.asyncio, "sleep", slept)
    for attempt in range(TRIES):
        for _ in range(50):
            await give_way(attempt)
    monkeypatch.undo()
    await asyncio.sleep(0)

    rounds = [waited[start : start + 50] for start in range(0, len(waited), 50)]
    for attempt, one in enumerate(rounds):
        assert 0 <= min(one) < max(one) <= FIRST_PAUSE_SECONDS * 2**attempt
        assert len(set(one)) > 1, "two who lost together do not come back together"
    assert max(rounds[-1]) > max(rounds[0])
