"""`handrail projections`: what can be made anew from events, made anew beside the live tables; and whether it is the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from handrail.client import NotConfigured
from handrail.console import console
from handrail.operation import opened
from runtime.consumer import Consumer
from runtime.current_state import CurrentState
from runtime.projection import Report, rebuild
from runtime.service import Service

Rebuild = Callable[[Report], Awaitable[int]]


class Rate(ProgressColumn):
    """Events a second."""

    def render(self, task: Task) -> Text:
        """Empty until it is known."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} events/s" if speed else "")


def rebuild_named(name: str, services: Sequence[str], data: Path) -> list[str]:
    """In every one of ``services`` that has it, one after the other; interrupted, nothing has changed there.

    Returns a line for each. Raises `NotConfigured` where none has it.
    """

    async def work() -> list[str]:
        told: list[str] = []
        known: set[str] = set()
        for service in services:
            async with opened(service, data) as it:
                has = _rebuilds(it)
                known.update(has)
                if name in has:
                    told.append(await _with_bar(f"{name} of {service}-service", has[name]))
        if not told:
            raise NotConfigured(f"There is no projection {name}; known are {', '.join(sorted(known))}.")
        return told

    return asyncio.run(work())


def _rebuilds(it: Service) -> dict[str, Rebuild]:
    found: dict[str, Rebuild] = {CurrentState.name: it.current_state.rebuild}
    for runner in it.runners:
        if runner.consumer.projection:
            found[runner.consumer.name] = _rebuild_of(runner.consumer, it)
    return found


def _rebuild_of(consumer: Consumer, it: Service) -> Rebuild:
    async def run(report: Report) -> int:
        return await rebuild(consumer, it.database, it.store, report, transport=it.transport)

    return run


async def _with_bar(what: str, run: Rebuild) -> str:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console()) as bar:
        line = bar.add_task(what, total=None)
        began = time.monotonic()
        done = await run(lambda to: bar.update(line, completed=to.done, total=to.total))
        seconds = max(time.monotonic() - began, 0.001)
    return f"{what}: {done:,} events in {seconds:.1f} s ({done / seconds:,.0f} a second), swapped in"


def check_all(services: Sequence[str], data: Path) -> list[str]:
    """A line for every row that a replay makes otherwise."""

    async def work() -> list[str]:
        found: list[str] = []
        for service in services:
            async with opened(service, data) as it:
                found += [
                    f"{service} {d.table}: {d.where} only: {d.row[:200]}" for d in await it.differing_rows()
                ]
        return found

    return asyncio.run(work())
