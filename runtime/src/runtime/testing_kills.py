"""Processes for a test to kill, forked from one that has read the modules already: so many can be killed in a short time.

The test runs a script by `to_kill`; the script ends with `fork_for_each_line`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

Runs = Callable[[], None]


def fork_for_each_line(work: Callable[[Runs], Coroutine[Any, Any, Any]]) -> None:
    """Start ``work`` in a process of its own for each line of the input; it calls what it is given once it runs.

    The process lives until it is killed, its work ends, or this one is gone: nobody outlives the test.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _say("ready")
    parent = os.getpid()
    for _ in sys.stdin:
        if os.fork() == 0:
            asyncio.run(_while_wanted(work(lambda: _say(f"{os.getpid()} runs")), parent))
            os._exit(1)


def _say(line: str) -> None:
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


async def _while_wanted(work: Awaitable[Any], parent: int) -> None:
    running = asyncio.ensure_future(work)
    while os.getppid() == parent and not running.done():
        await asyncio.sleep(0.05)


class ToKill:
    """Starts the processes, one after another."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self, word: str) -> str:
        """Wait for a line that ends in ``word``; returns what stands before it."""
        if self._process.stdout is None:
            raise RuntimeError("no output is read")
        while line := (await self._process.stdout.readline()).decode():
            before, _, last = line.strip().rpartition(" ")
            if last == word:
                return before
        raise RuntimeError(f"the process ended and never said {word!r}")

    async def start(self) -> int:
        """Start one; returns its process id when it runs."""
        if self._process.stdin is None:
            raise RuntimeError("no input is written")
        self._process.stdin.write(b"start\n")
        return int(await self.says("runs"))


@asynccontextmanager
async def to_kill(script: Path, told: str) -> AsyncIterator[ToKill]:
    """Run the script with one argument, until the test leaves."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, script, told, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        made = ToKill(process)
        await made.says("ready")
        yield made
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
