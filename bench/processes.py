"""Processes of the run's own: work handed to them, and what they have used. Light, so that they start quickly."""

import asyncio
import logging
import multiprocessing
import os
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import structlog
import uvloop

T = TypeVar("T")


async def in_processes(work: Callable[..., T], calls: Sequence[tuple[Any, ...]]) -> list[T]:
    """Run ``work(*call)`` for each call in a process of its own, all at once."""
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(len(calls), mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(
            await asyncio.gather(*(loop.run_in_executor(pool, partial(work, *call)) for call in calls))
        )


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run on the loop that uvicorn gives the services; quietly."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    return uvloop.run(main)


def peak_mebibytes() -> int:
    """The most memory this process has had so far."""
    return peak_of(os.getpid())


def peak_of(pid: int) -> int:
    """The most memory another process has had so far, in MiB; not what its parent had when it was started."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def cpu_seconds_of(pid: int) -> float:
    """What another process has used of the processors so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
