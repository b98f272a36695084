"""For test_kills.py: each line of the input starts a process that runs the sequencer of ``plan`` until somebody kills it.

Run by its path, with the relay's connection URL. Each of those processes says ``<pid> leads`` once it does. They are
forked from this one, which has read the modules already, so that many can be killed in a short time.
"""

import asyncio
import os
import signal
import sys

from runtime.log_keys import LogKeys
from runtime.sequencer import Sequencer
from runtime.testing import LOG_HOST, MASTER_KEY


async def lead_until_killed(url: str, parent: int) -> None:
    sequencer = Sequencer("plan", url, keys=LogKeys("plan", LOG_HOST, MASTER_KEY))
    running = asyncio.ensure_future(sequencer.run())
    while not sequencer.leading:
        await asyncio.sleep(0.001)
    print(os.getpid(), "leads", flush=True)
    while os.getppid() == parent and not running.done():  # Nobody outlives the test.
        await asyncio.sleep(0.05)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    parent = os.getpid()
    for _ in sys.stdin:
        if os.fork() == 0:
            asyncio.run(lead_until_killed(sys.argv[1], parent))
            os._exit(1)


main()
