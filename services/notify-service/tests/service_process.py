"""notify-service in a process of its own, for tests that kill it: settings as JSON on the command line."""

import asyncio
import json
import sys

from notify_service.main import create_app
from notify_service.settings import Settings
from runtime.testing_http import TestIssuer


async def run(settings: Settings) -> None:
    app = create_app(settings, TestIssuer().verifier())
    async with app.router.lifespan_context(app):
        sys.stdout.write("running\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run(Settings(**json.loads(sys.argv[1]))))
