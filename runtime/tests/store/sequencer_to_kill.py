"""For test_kills.py: the sequencer of ``plan``. Run by its path, with the relay's connection URL."""

import asyncio
import sys

from runtime.log_keys import LogKeys
from runtime.sequencer import Sequencer
from runtime.testing import LOG_HOST, MASTER_KEY
from runtime.testing_kills import Runs, fork_for_each_line


async def lead(runs: Runs) -> None:
    sequencer = Sequencer("plan", sys.argv[1], keys=LogKeys("plan", LOG_HOST, MASTER_KEY))
    running = asyncio.ensure_future(sequencer.run())
    while not sequencer.leading:
        await asyncio.sleep(0.001)
    runs()
    await running


fork_for_each_line(lead)
