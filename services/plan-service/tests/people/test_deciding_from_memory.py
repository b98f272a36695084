"""A decision made from memory never differs from one made on what stands now: two instances of the service over one store."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from contracts.event import Event
from contracts.ids import new_id
from contracts.problems import NotFound, VersionConflict
from contracts.students import ContactPersonalData
from plan_service.application.desk import Desk, Seen
from plan_service.application.models import STUDENT
from plan_service.domain.contact import DescribeContact, describe_contact, unlink_contact
from plan_service.testing_people import STUDENT as JONAS
from plan_service.testing_people import registered
from runtime.append_request import Appended
from runtime.event_store import EventStore
from runtime.testing import Cluster, Opened, opened

IRIS = ContactPersonalData(given_name="Iris", family_name="Calder", relation="parent")
CONTACT = new_id()


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        yield it


@pytest.fixture
def instances(plan: Opened) -> list[Desk]:
    return [Desk(EventStore(plan.database, plan.keyring)) for _ in range(2)]


async def decide(plan: Opened, desk: Desk, student: Any, decision: Any, **options: Any) -> Appended:
    return await desk.decide(plan.context(), STUDENT, (student,), student, decision, **options)


def proposed(seen: Seen[Any]) -> Sequence[Event]:
    return describe_contact(seen.state, DescribeContact(CONTACT, IRIS, seen.today))


def unlinked(seen: Seen[Any]) -> Sequence[Event]:
    return unlink_contact(seen.state, CONTACT, seen.today)


@pytest.fixture
async def student(plan: Opened, instances: list[Desk]) -> Any:
    """Registered, and remembered by both instances."""
    await decide(plan, instances[0], JONAS, lambda seen: [registered()])
    for desk in instances:
        for _ in range(2):
            with pytest.raises(NotFound):
                await decide(plan, desk, JONAS, unlinked)
    return JONAS


async def test_what_memory_would_refuse_is_decided_on_what_stands_now(
    plan: Opened, instances: list[Desk], student: Any
) -> None:
    await decide(plan, instances[0], student, proposed)

    assert (await decide(plan, instances[1], student, unlinked)).versions == {STUDENT.stream(student): 3}


async def test_that_nothing_is_left_to_do_is_decided_on_what_stands_now(
    plan: Opened, instances: list[Desk], student: Any
) -> None:
    for desk in instances:
        await decide(plan, desk, student, proposed)
    await decide(plan, instances[0], student, unlinked)

    assert (await decide(plan, instances[1], student, proposed)).versions == {STUDENT.stream(student): 4}


async def test_a_version_that_memory_does_not_know_yet_is_the_right_one(
    plan: Opened, instances: list[Desk], student: Any
) -> None:
    await decide(plan, instances[0], student, proposed)
    changed = await decide(plan, instances[1], student, unlinked, if_match=2)

    assert changed.versions == {STUDENT.stream(student): 3}
    with pytest.raises(VersionConflict):
        await decide(plan, instances[0], student, unlinked, if_match=2)


async def test_while_nobody_else_writes_a_decision_is_one_round_trip(
    plan: Opened, instances: list[Desk], student: Any
) -> None:
    desk = instances[0]
    await decide(plan, desk, student, proposed)
    statements: list[str] = []
    async with plan.database.pool.acquire() as connection:
        connection.add_query_logger(lambda query: statements.append(query.query))
    statements.clear()  # Of giving it back.
    await decide(plan, desk, student, unlinked)

    assert len(statements) == 1
