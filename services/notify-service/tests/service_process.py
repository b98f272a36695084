"""notify-service in a process of its own, for tests that kill it: settings as JSON on the command line.

With a number after them it ends itself right before the n-th word that the work on a notice says to anybody: a statement to
a database, a line to the mail server. Nothing of the outside changes between two of them, so these are all the instructions
at which being killed can make a difference.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.selector_events import _SelectorSocketTransport  # type: ignore[attr-defined]
from contextvars import ContextVar
from typing import Any

from notify_service.adapters.outbox import Lease
from notify_service.adapters.sending.sender import Sender
from notify_service.main import create_app
from notify_service.settings import Settings
from runtime.testing_http import TestIssuer

at_work: ContextVar[bool] = ContextVar("at_work", default=False)


def die_before(nth: int) -> None:
    said = 0
    write, one = _SelectorSocketTransport.write, Sender._one

    def counted(transport: Any, data: Any) -> None:
        nonlocal said
        said += at_work.get()
        if said == nth and at_work.get():
            os.kill(os.getpid(), signal.SIGKILL)
        write(transport, data)

    async def marked(sender: Sender, lease: Lease) -> None:
        at_work.set(True)
        await one(sender, lease)

    _SelectorSocketTransport.write = counted
    Sender._one = marked  # type: ignore[method-assign]


async def run(settings: Settings) -> None:
    app = create_app(settings, TestIssuer().verifier())
    async with app.router.lifespan_context(app):
        sys.stdout.write("running\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        die_before(int(sys.argv[2]))
    asyncio.run(run(Settings(**json.loads(sys.argv[1]))))
