"""The sample service as a process of its own, to be killed: reads are answered and rolled up without a pause."""

import asyncio
import importlib.util
import json
import os
import sys
from pathlib import Path

import uvicorn
from joserfc.jwk import OKPKey

from runtime.call import Edge
from runtime.database import Database, open_pool
from runtime.event_store import EventStore
from runtime.keyring import PostgresKeyring
from runtime.testing import MASTER_KEY, Opened
from runtime.testing_http import TestIssuer, TestService

CONFTEST = Path(__file__).parent / "conftest.py"


async def main(port_file: Path) -> None:
    spec = importlib.util.spec_from_file_location("sample_conftest", CONFTEST)
    assert spec is not None
    assert spec.loader is not None
    sample = importlib.util.module_from_spec(spec)
    sys.modules["sample_conftest"] = sample
    spec.loader.exec_module(sample)

    database = await Database.open("plan", os.environ["APP_URL"])
    keyring = PostgresKeyring(await open_pool(os.environ["KEYRING_URL"]), MASTER_KEY)
    plan = Opened(database, keyring, EventStore(database, keyring), None, "", "lakeside", None)  # type: ignore[arg-type]
    issuer = TestIssuer()
    issuer.key = OKPKey.import_key(json.loads(os.environ["ISSUER_KEY"]))
    issuer.keys.keys[:] = [issuer.key]
    edge = Edge(TestService(plan), issuer.verifier())
    server = uvicorn.Server(
        uvicorn.Config(sample.sample_app(edge), port=0, log_level="error", lifespan="off")
    )
    serving = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    part = port_file.with_suffix(".part")
    part.write_text(str(server.servers[0].sockets[0].getsockname()[1]))
    part.rename(port_file)
    while not serving.done():
        await edge.access.roll_up()
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(main(Path(sys.argv[1])))
