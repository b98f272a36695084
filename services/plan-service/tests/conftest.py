"""The real service on a real PostgreSQL: once for a file of tests, with a district of its own for each test."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count

import pytest
import pytest_asyncio

from plan_service.testing_service import World, a_world, migrated
from runtime.testing import Cluster

_numbers = count(1)


@pytest.fixture(scope="session")
def plan_template(cluster: Cluster) -> str:
    """A database with this service's tables."""
    return migrated(cluster)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(cluster: Cluster, plan_template: str) -> AsyncIterator[World]:
    """plan-service as it runs."""
    async with a_world(cluster, plan_template) as it:
        yield it


@pytest_asyncio.fixture(loop_scope="module")
async def world(service: World) -> World:
    """A district that nobody else uses; tests that ask for it say ``pytestmark = ON_ONE_SERVICE``."""
    number = next(_numbers)
    own = replace(service, tenant=f"sandbox-lakeside-{number}", stranger=f"sandbox-harborview-{number}")
    await own.open_district()
    return own
