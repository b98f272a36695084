"""Turns, rounds and medians: how a path is held against its floor."""

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

CONNECTIONS = 16
"""Wherever many work at once."""


@dataclass(frozen=True, slots=True)
class Path:
    """``work`` is timed and returns how many units it did; it is given what ``prepare`` made beforehand.

    Work in processes of its own says how many seconds it took: their start does not count.
    """

    work: Callable[[Any], Awaitable[int | tuple[int, float]]]
    prepare: Callable[[], Any] = lambda: None


@dataclass(frozen=True, slots=True)
class Row:
    """One path's result. Without a floor only the rate is told."""

    bench: str
    path: str
    unit: str
    rates: Sequence[float]
    floor: str | None = None
    floor_rates: Sequence[float] = ()
    wanted: float | None = None
    """The ratio this path has to reach."""
    most: float | None = None
    """The rate this path has to stay below, where less is better: milliseconds."""
    facts: Mapping[str, float | int | str] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios: what drifted between two rounds drops out."""
        if not self.floor_rates:
            return None
        return statistics.median(
            ours / floor for ours, floor in zip(self.rates, self.floor_rates, strict=True)
        )

    @property
    def reached(self) -> bool | None:
        if self.most is not None:
            return self.rate < self.most
        return None if self.wanted is None or self.ratio is None else self.ratio >= self.wanted


async def take_turns(paths: Mapping[str, Path], rounds: int) -> dict[str, list[float]]:
    """Every path once a round, each round in the other direction. Returns units a second for each path and round."""
    rates: dict[str, list[float]] = {name: [] for name in paths}
    for number in range(rounds):
        for name in list(paths) if number % 2 == 0 else list(paths)[::-1]:
            prepared = paths[name].prepare()
            if isawaitable(prepared):
                prepared = await prepared
            gc.collect()
            began = time.perf_counter()
            done = await paths[name].work(prepared)
            units, seconds = done if isinstance(done, tuple) else (done, time.perf_counter() - began)
            rates[name].append(units / seconds)
    return rates


class Skipped(Exception):
    """A benchmark that cannot run here; the message says why."""
