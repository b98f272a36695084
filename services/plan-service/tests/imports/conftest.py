"""An import as a vendor sees it: a set is sent to the running service, and the job is asked until it has ended."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from plan_service.testing_service import World
from plan_service.testing_sets import zipped

Json = dict[str, Any]
MUCH = 1024 * 1024


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The open data beside the checkout; these tests mean nothing without it."""
    found = Path(__file__).resolve().parents[4].parent / "shared" / "data"
    if not found.is_dir():
        pytest.fail(f"the open data of Grand Bend is missing: expected it in {found}")
    return found


@pytest.fixture(scope="session")
def grand_bend(shared_data: Path) -> Callable[[str], dict[str, bytes]]:
    """The files of a real set, to be sent as they are or with something changed."""

    def files(folder: str) -> dict[str, bytes]:
        return {
            file.name: file.read_bytes()
            for file in sorted((shared_data / folder).iterdir())
            if file.suffix in {".xml", ".csv"}
        }

    return files


@pytest.fixture(scope="session")
def students_and_programs(grand_bend: Callable[[str], dict[str, bytes]]) -> dict[str, bytes]:
    """The real set without its contacts, which are nine tenths of it."""
    return {name: body for name, body in grand_bend("edfi-grand-bend").items() if name != "Contact.xml"}


@dataclass
class District:
    """The service with an open district, and a vendor who sends sets."""

    world: World

    async def send(
        self, format: str, body: bytes, *, key: str | None = None, media_type: str = "application/zip", **asked: Any
    ) -> httpx.Response:  # fmt: skip
        """Upload a set."""
        headers = {**self.world.vendor("roster.write", key=key), "content-type": media_type}
        return await self.world.http.post(
            "/plan/v1/imports", params={"format": format, **asked}, content=body, headers=headers
        )

    async def ended(self, id: str) -> Json:
        """The job, once it has ended."""
        for _ in range(900):
            answer = await self.world.get(f"/imports/{id}")
            assert answer.status_code == 200, answer.text
            job: Json = answer.json()
            if job["status"] not in {"waiting", "running"}:
                return job
            await asyncio.sleep(0.2 if job["total"] > MUCH else 0.05)
        raise AssertionError(f"the import did not end: {job}")

    async def bring_in(self, format: str, files: Mapping[str, str | bytes] | bytes, **asked: Any) -> Json:
        """Send a set and wait for its end."""
        body = files if isinstance(files, bytes) else zipped(files)
        answer = await self.send(format, body, **asked)
        assert answer.status_code == 202, answer.text
        return await self.ended(answer.json()["id"])

    async def all_of(self, path: str, **params: Any) -> list[Json]:
        """Every page of a list."""
        found: list[Json] = []
        page: Json = (await self.world.get(path, limit=500, **params)).json()
        while True:
            found += page["items"]
            if "next" not in page:
                return found
            answer = await self.world.http.get(page["next"], headers=self.world.vendor())
            assert answer.status_code == 200, answer.text
            page = answer.json()

    async def rows(self, query: str) -> list[Any]:
        """As an operator would look into the database."""
        async with self.world.app.state.edge.service.database.lend(self.world.tenant) as connection:
            return list(await connection.fetch(query, self.world.tenant))

    async def resources(self, kind: str) -> list[Any]:
        """What reads would answer of one kind, whichever routes there are."""
        return await self.rows(f"SELECT * FROM plan_read.resources WHERE tenant = $1 AND kind = '{kind}'")

    async def events(self) -> dict[str, int]:
        """How many events of each type the import left."""
        rows = await self.rows("SELECT type, count(*) AS n FROM plan.events WHERE tenant = $1 GROUP BY type")
        return {row["type"]: row["n"] for row in rows}


@pytest_asyncio.fixture(loop_scope="module")
async def district(world: World) -> District:
    """See `District`."""
    return District(world)
