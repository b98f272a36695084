"""The safeguards booklet of each school year: to all when it begins, and to whoever comes in the course of it."""

import asyncio
from datetime import timedelta
from uuid import uuid5

import pytest

from contracts import streams
from contracts.district import SchoolYear
from contracts.ids import new_id
from contracts.notify import NoticeOwed
from contracts.plan import PlanAdopted
from contracts.vocabulary import NoticeKind, NoticeOccasion
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.sending.yearly import YearlyBooklets
from notify_service.application.notices import NOTICE
from runtime.append_request import Change

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_booklet_is_owed_once_a_school_year_and_only_once(world):
    await world.arrange()
    await world.taken_in()
    service = world.app.state.at_hand.service
    async with world.notify.database.begin(world.tenant) as rows:
        today = await known_facts.today_in(rows, world.tenant)
    year = SchoolYear(first_on=today - timedelta(days=20), last_on=today + timedelta(days=100))
    profile = world.family.profile().model_copy(update={"calendar": (year,), "effective_on": today})
    await world.publish(streams.district(), new_id(), profile)
    await world.taken_in()

    first = await YearlyBooklets(service).look(world.tenant)
    second = await YearlyBooklets(service).look(world.tenant)

    assert first >= 1
    assert second == 0
    notice = await world.reaches("to_post")
    owed = (await world.history(notice))[0]
    assert isinstance(owed, NoticeOwed)
    assert owed.occasion is NoticeOccasion.SCHOOL_YEAR


async def test_who_gets_a_plan_or_is_confirmed_later_in_the_year_is_given_the_booklet_of_that_year(world):
    service = world.app.state.at_hand.service
    async with world.notify.database.begin(world.tenant) as rows:
        today = await known_facts.today_in(rows, world.tenant)
    year = SchoolYear(first_on=today - timedelta(days=20), last_on=today + timedelta(days=100))
    profile = world.family.profile().model_copy(update={"calendar": (year,), "effective_on": today})
    await world.publish(streams.district(), new_id(), profile)
    await world.taken_in()
    await YearlyBooklets(service).look(world.tenant)

    adopted = world.family.adopted().model_copy(update={"effective_on": today + timedelta(days=7)})
    student = world.family.student
    await world.publish(
        streams.student(student), student, world.family.registered(), world.family.confirmed()
    )
    await world.publish(streams.plan(world.family.plan), student, adopted)
    first = await world.reaches("to_post")
    father = new_id()
    await world.publish(streams.student(student), student, world.family.confirmed(father, "Ben Quill"))
    await world.taken_in()
    async with asyncio.timeout(10):
        while len(found := await world.notices()) < 2:
            await asyncio.sleep(0.02)

    assert await YearlyBooklets(service).look(world.tenant) == 0
    owed = {notice: (await world.history(notice))[0] for notice in found}
    assert {each.holder_id for each in owed.values()} == {world.family.holder, father}
    assert {each.occasion for each in owed.values()} == {NoticeOccasion.SCHOOL_YEAR}
    assert owed[first].holder_id == world.family.holder


async def test_looked_at_twice_at_once_the_booklet_is_owed_once(cluster, module_helpers, monkeypatch):
    """The yearly look sees the plan as it was; the consumer sees it adopted anew before the look is done."""
    async with module_helpers.a_world(cluster) as world:
        await _looked_at_twice_at_once(world, monkeypatch)


async def _looked_at_twice_at_once(world, monkeypatch):
    service = world.app.state.at_hand.service
    await world.arrange()
    await world.taken_in()
    async with world.notify.database.begin(world.tenant) as rows:
        today = await known_facts.today_in(rows, world.tenant)
    year = SchoolYear(first_on=today - timedelta(days=20), last_on=today + timedelta(days=100))
    profile = world.family.profile().model_copy(update={"calendar": (year,), "effective_on": today})
    await world.publish(streams.district(), new_id(), profile)
    await world.taken_in()
    looked, go_on, put = asyncio.Event(), asyncio.Event(), outbox.put

    async def slowly(rows, tenant, notice, **told) -> None:
        if told["student"] == world.family.student and not looked.is_set():
            looked.set()
            await go_on.wait()
        await put(rows, tenant, notice, **told)

    monkeypatch.setattr(outbox, "put", slowly)
    looking = asyncio.create_task(YearlyBooklets(service).look(world.tenant))
    await asyncio.wait_for(looked.wait(), 10)
    adopted = world.family.adopted().model_copy(update={"effective_on": today})
    await world.publish(streams.plan(world.family.plan), world.family.student, adopted)
    await asyncio.sleep(1)  # The consumer is at it now.
    go_on.set()
    await looking
    await world.taken_in()

    first = [(await world.history(notice))[0] for notice in await world.notices()]
    assert len([owed for owed in first if owed.occasion is NoticeOccasion.SCHOOL_YEAR]) == 1


async def test_a_booklet_under_an_id_of_before_is_not_owed_again(cluster, module_helpers):
    """It lapsed there, so no row of it stands; the id came from the adoption."""
    async with module_helpers.a_world(cluster) as world:
        await world.arrange()
        await world.taken_in()
        async with world.notify.database.begin(world.tenant) as rows:
            today = await known_facts.today_in(rows, world.tenant)
        year = SchoolYear(first_on=today - timedelta(days=20), last_on=today + timedelta(days=100))
        adopted = next(each for each in world.written if isinstance(each.event, PlanAdopted))
        before = uuid5(adopted.id, f"{world.family.holder} booklet {year.first_on}")
        owed = NoticeOwed(
            effective_on=today, notice_id=before, student_id=world.family.student, holder_id=world.family.holder,
            kind=NoticeKind.PROCEDURAL_SAFEGUARDS, caused_by=adopted.id, language="es",
            occasion=NoticeOccasion.SCHOOL_YEAR,
        )  # fmt: skip
        loaded = await world.notify.store.load(world.tenant, NOTICE, before)
        await world.notify.store.append(
            world.notify.context(), [Change(loaded, world.family.student, [owed])]
        )
        profile = world.family.profile().model_copy(update={"calendar": (year,), "effective_on": today})
        await world.publish(streams.district(), new_id(), profile)
        await world.taken_in()

        assert await YearlyBooklets(world.app.state.at_hand.service).look(world.tenant) == 0
