"""For test_cosigning_killed.py: each line of the input starts a process that is audit-service until somebody kills it.

Run by its path, with the settings as JSON. Each of those processes says ``<pid> runs`` once it does. They are forked from
this one, which has read the modules already, so that many can be killed in a short time.
"""

import asyncio
import json
import os
import signal
import sys

from audit_service.main import create_app
from audit_service.settings import Settings


async def run_until_killed(settings: Settings, parent: int) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        print(os.getpid(), "runs", flush=True)
        while os.getppid() == parent:  # Nobody outlives the test.
            await asyncio.sleep(0.05)


def main() -> None:
    settings = Settings(**json.loads(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    parent = os.getpid()
    for _ in sys.stdin:
        if os.fork() == 0:
            sys.stdout = os.fdopen(os.dup(1), "w")
            asyncio.run(run_until_killed(settings, parent))
            os._exit(1)


main()
