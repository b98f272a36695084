"""For test_cosigning_killed.py: the whole of audit-service. Run by its path, with the settings as JSON."""

import asyncio
import json
import sys

from audit_service.main import create_app
from audit_service.settings import Settings
from runtime.testing_kills import Runs, fork_for_each_line


async def serve(runs: Runs) -> None:
    app = create_app(Settings(**json.loads(sys.argv[1])))
    async with app.router.lifespan_context(app):
        runs()
        await asyncio.Event().wait()


fork_for_each_line(serve)
