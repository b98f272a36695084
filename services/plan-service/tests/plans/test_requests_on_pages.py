"""A request made on a notice's page reaches plan-service through the log, and is the student's own, once."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.event import Event
from contracts.ids import new_id
from contracts.students import RequestMade, RequestPersonalData
from contracts.vocabulary import RequestKind, RequestVia
from plan_service.testing_plans import MOTHER
from plan_service.testing_plans_store import CHILD
from plan_service.testing_service import ON_ONE_SERVICE
from runtime.append_request import Change
from runtime.stream_model import Model
from runtime.testing import sequence

pytestmark = ON_ONE_SERVICE
NOTICES: Model[int] = Model("notice", "pages", 0, lambda count, _event: count + 1)


async def asked_on_a_page(lakeside: Any, *kinds: RequestKind) -> list[UUID]:
    """notify-service records them; returns their ids."""
    notice_id, ids = new_id(), [new_id() for _ in kinds]
    events: list[Event] = [
        RequestMade(
            effective_on=lakeside.today - timedelta(days=2), student_id=CHILD, request_id=id, kind=kind,
            holder_id=MOTHER, personal=RequestPersonalData(text="Please."), via=RequestVia.NOTICE_LINK,
            notice_id=notice_id,
        )
        for id, kind in zip(ids, kinds, strict=True)
    ]  # fmt: skip
    loaded = await lakeside.notify.store.load(lakeside.tenant, NOTICES, notice_id)
    await lakeside.notify.store.append(lakeside.notify.context(), [Change(loaded, CHILD, events)])
    await sequence(lakeside.notify)
    return ids


async def test_it_is_a_request_of_the_student_with_its_time_from_that_day(lakeside) -> None:
    paper, records = await asked_on_a_page(lakeside, RequestKind.PAPER, RequestKind.RECORDS)
    address = f"/students/{CHILD}/requests"
    for _ in range(100):
        listed = (await lakeside.send("GET", address, expect=200)).json()["items"]
        if listed:
            break
        await asyncio.sleep(0.1)
    (shown,) = listed
    made_on = lakeside.today - timedelta(days=2)
    assert (shown["id"], shown["made_on"], shown["due_on"]) == (
        str(records), str(made_on), str(made_on + timedelta(days=45)),
    )  # fmt: skip
    assert (shown["via"], shown["holder"], shown["text"]) == ("notice_link", str(MOTHER), "Please.")
    await lakeside.send("GET", f"{address}/{paper}", expect=404)
    answer = {"outcome": "withdrawn", "words": "It was found."}
    await lakeside.send(
        "POST", f"{address}/{records}/answer", answer, version=await lakeside.etag(f"{address}/{records}"), expect=200
    )  # fmt: skip
