"""Plans on the real store, and on the real app with a child, her mother and a district of their own for each test."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from contracts.district import StaffAdded, StaffPersonalData
from contracts.event import Event
from contracts.ids import new_id
from contracts.notice_hindrances import NoticeReturned
from contracts.notify import NoticeGiven
from contracts.vocabulary import Channel, GivenBasis, NoticeKind
from plan_service.application.models import STAFF
from plan_service.application.situation import day_of_district
from plan_service.testing_plans import MOTHER
from plan_service.testing_plans_store import CHILD, TENANT, held_meeting, record, with_student
from plan_service.testing_service import World
from runtime.append_request import Change
from runtime.stream_model import Model
from runtime.testing import Cluster, Opened, open_test_tenant, opened, sequence
from runtime.testing_http import TestIssuer


@pytest.fixture
async def plan(cluster: Cluster, plan_template: str) -> AsyncIterator[Opened]:
    """An open plan-service with one district."""
    with cluster.database(plan_template) as name:
        async with opened(cluster, tenant=TENANT, name=name) as service:
            yield service


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stores(service: World) -> AsyncIterator[tuple[Opened, Opened]]:
    """The stores of plan-service and of notify-service, beside the running app."""
    async with (
        opened(service.cluster, name=service.database) as plan,
        opened(service.cluster, "notify", name=service.database) as notify,
    ):
        yield plan, notify


NOTICES: Model[int] = Model("notice", "test", 0, lambda count, _event: count + 1)


@dataclass
class Lakeside:
    """The real app, running, with a child, her mother, and a district that waits ten days after a notice."""

    plan: Opened
    notify: Opened
    http: httpx.AsyncClient
    issuer: TestIssuer
    today: date

    @property
    def tenant(self) -> str:
        """The test's own district."""
        return self.plan.tenant

    async def send(
        self, method: str, path: str, body: Any = None, *, version: int | str | None = None, key: str | None = None,
        scopes: str = "plan.read plan.write", client: str = "sis", expect: int | None = None, **parameters: str,
    ) -> httpx.Response:  # fmt: skip
        """One request of a vendor's client."""
        headers = self.issuer.vendor(*scopes.split(), client=client, tenant=self.tenant)
        if method == "POST":
            headers["idempotency-key"] = key or str(new_id())
        if version is not None:
            headers["if-match"] = f'"{version}"' if isinstance(version, int) else version
        response = await self.http.request(
            method, f"/plan/v1{path}", json=body, headers=headers, params=parameters or None
        )
        assert expect is None or response.status_code == expect, response.text
        return response

    async def etag(self, path: str) -> str:
        """What If-Match should say now."""
        return str((await self.send("GET", path, expect=200)).headers["etag"])

    async def meeting(self, *, held: bool = True) -> UUID:
        """A meeting of the whole team, today."""
        return await held_meeting(self.plan, self.today, held=held)

    async def staff(self) -> UUID:
        """Somebody who works in the district."""
        staff_id = new_id()
        personal = StaffPersonalData(given_name="Ada", family_name="Roe")
        event: Event = StaffAdded(effective_on=self.today, staff_id=staff_id, personal=personal)
        await record(self.plan, STAFF, [staff_id], [event], staff_id)
        return staff_id

    async def adopted(self, items: list[Any], kind: str = "iep") -> str:
        """A plan in effect from today; returns its address."""
        body = {"student": str(CHILD), "kind": kind, "items": items}
        made = await self.send("POST", "/plans", body, expect=201)
        path = f"/plans/{made.json()['id']}"
        adoption = {"effective_on": self.today.isoformat()}
        if kind == "iep":
            adoption["meeting"] = str(await self.meeting())
        await self.send("POST", f"{path}/adoption", adoption, version=made.headers["etag"], expect=200)
        return path

    async def notice_given(
        self, plan_path: str, amendment_id: str, *, to: UUID = MOTHER, on: date | None = None
    ) -> UUID:
        """notify-service gives a notice; returns its event, which plan-service hears of through the log."""
        return (await self.notice(plan_path, amendment_id, to=to, on=on))[1]

    async def notice(
        self, plan_path: str, amendment_id: str | None = None, *, to: UUID = MOTHER, on: date | None = None
    ) -> tuple[UUID, UUID]:
        """The same; returns the notice and the event."""
        notice_id = new_id()
        event: Event = NoticeGiven(
            effective_on=on or self.today, notice_id=notice_id, kind=NoticeKind.PRIOR_WRITTEN_NOTICE, holder_id=to,
            plan_id=UUID(plan_path.removeprefix("/plans/")), amendment_id=UUID(amendment_id) if amendment_id else None,
            channel=Channel.EMAIL,
            basis=GivenBasis.EMAIL_ACCEPTED,
        )  # fmt: skip
        loaded = await self.notify.store.load(self.tenant, NOTICES, notice_id)
        appended = await self.notify.store.append(self.notify.context(), [Change(loaded, CHILD, [event])])
        await sequence(self.notify)
        (recorded,) = appended.events
        return notice_id, recorded.id

    async def returned(self, notice_id: UUID, plan_path: str, amendment_id: str) -> UUID:
        """The mail bounces; returns its event."""
        event: Event = NoticeReturned(
            effective_on=self.today, notice_id=notice_id, kind=NoticeKind.PRIOR_WRITTEN_NOTICE, holder_id=MOTHER,
            plan_id=UUID(plan_path.removeprefix("/plans/")), amendment_id=UUID(amendment_id), delivery_id=new_id(),
            channel=Channel.EMAIL, answer="550 5.1.1 No such mailbox", permanent=True, undoes_given=True,
        )  # fmt: skip
        loaded = await self.notify.store.load(self.tenant, NOTICES, notice_id)
        appended = await self.notify.store.append(self.notify.context(), [Change(loaded, CHILD, [event])])
        await sequence(self.notify)
        return appended.events[0].id


@pytest_asyncio.fixture(loop_scope="module")
async def lakeside(world: World, stores: tuple[Opened, Opened]) -> Lakeside:
    """See `Lakeside`."""
    plan, notify = (replace(store, tenant=world.tenant) for store in stores)
    await open_test_tenant(notify.database, world.tenant)
    today = (await day_of_district(plan.store, world.tenant)).today
    await with_student(plan, profile_from=today)
    return Lakeside(plan, notify, world.http, world.issuer, today)
