"""Deciding about what a district itself has here, its wordings and its vendors' endpoints: the event and its rows together."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from contracts.event import Event
from contracts.problems import NotFound
from notify_service.adapters import known_facts
from notify_service.adapters.at_hand import at_hand
from runtime.append_request import Appended, Change
from runtime.call import Call, Making
from runtime.database import driver
from runtime.stream_model import Model
from runtime.tenants import subject_of

S = TypeVar("S")
RowsFor = Callable[[AsyncConnection], Awaitable[None]]


async def decide_for_district(
    asked: Call, model: Model[S], id_: UUID, decide: Callable[[S, date], Sequence[Event]],
    rows_for: RowsFor | None = None, *, new: bool = False,
) -> Response:  # fmt: skip
    """Append what ``decide`` answers, with the rows of ``rows_for``, together or not at all; answer the thing as it is then.

    Unless it is ``new`` the thing must be there: raises `NotFound` before anything is decided about it.
    """
    service = at_hand(asked.request).service
    subject = await subject_of(asked.store, asked.tenant)
    if subject is None:
        raise NotFound("There is nothing here under this id that you may see.")

    async def run(making: Making) -> Appended:
        async with service.database.begin(asked.tenant) as rows:
            connection = await driver(rows)
            stream = model.stream(id_)
            loaded = (await service.store.load_many(asked.tenant, [(model, stream)], connection=connection))[
                stream
            ]
            if not new and loaded.version == 0:
                raise NotFound("There is nothing here under this id that you may see.")
            events = decide(loaded.state, await known_facts.today_in(rows, asked.tenant))
            appended = await service.store.append(
                asked.context, [Change(loaded, subject, events)], claims=making.claims, answer=making.answer,
                connection=connection,
            )  # fmt: skip
            if appended.replayed is None and rows_for is not None:
                await rows_for(rows)
        service.store.wake()
        return appended

    return await asked.respond(model.name, id_, run)
