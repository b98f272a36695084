"""Whose parents are to be given the safeguards booklet of this school year, and making it owed (34 CFR 300.504(a)).

Looked at when a year begins, for all children, and for one child whenever a plan is adopted or somebody is confirmed in the
course of it. The notice's id follows from student, holder and year: looked at twice, also at once, it is owed once.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.district import SchoolYear
from contracts.notify import NoticeOwed
from contracts.plan import PlanAdopted
from contracts.plan_document import in_force
from contracts.vocabulary import NoticeKind, PlanKind, PlanStatus
from notify_service.adapters import known_facts, outbox
from notify_service.application.notices import NOTICE, PREFERENCES
from notify_service.domain.owing import Obligation, booklet_of_year
from notify_service.domain.recipients import Recipient, owed_to
from runtime.append_request import Appended, Change
from runtime.stream_model import Loaded, Model


@dataclass(frozen=True, slots=True)
class Stand:
    """Where it is done: the transaction, and the store within it."""

    rows: AsyncConnection
    tenant: str
    correlation: str
    load: Callable[[Model[Any], UUID], Awaitable[Loaded[Any]]]
    append: Callable[[Change[Any], UUID], Awaitable[Appended]]
    """The change, and the event that it comes of."""


async def year_of(rows: AsyncConnection, tenant: str, day: date) -> SchoolYear | None:
    """The school year that ``day`` is in, by the district's calendar."""
    profile = await known_facts.profile_on(rows, tenant, day)
    years = profile.calendar if profile else ()
    return next((year for year in years if year.first_on <= day <= year.last_on), None)


async def owe_of_plan(at: Stand, student: UUID, plan: UUID, year: SchoolYear, today: date) -> int:
    """The booklet of ``year`` to all who hold the right to notice of a child with this plan; returns how many are owed now."""
    history = await known_facts.plan_history(at.rows, at.tenant, plan)
    adopted = next((each for each in reversed(history.entries) if isinstance(each.event, PlanAdopted)), None)
    if adopted is None or adopted.effective_on > year.last_on:
        return 0
    # A plan that binds from next Monday on is a plan.
    document = in_force(history, max(today, adopted.effective_on))
    if document is None or document.kind is not PlanKind.IEP or document.status is not PlanStatus.IN_FORCE:
        return 0
    made = 0
    for person in owed_to(await known_facts.recipients_of(at.rows, at.tenant, student), today):
        obligation = booklet_of_year(year.first_on, await _owed_before(at, person), today)
        if obligation is not None:
            made += await _owe(at, person, obligation, adopted.id, year, today)
    return made


async def _owed_before(at: Stand, person: Recipient) -> Sequence[date]:
    kind = NoticeKind.PROCEDURAL_SAFEGUARDS.value
    notices = await outbox.kind_of_holder(at.rows, at.tenant, person.student_id, person.holder_id, kind)
    found = [(await at.load(NOTICE, notice)).state.owed for notice in notices]
    return [owed.owed_on for owed in found if owed is not None]


async def _owe(
    at: Stand, person: Recipient, obligation: Obligation, cause: UUID, year: SchoolYear, today: date
) -> int:
    words = f"{person.holder_id} booklet {year.first_on}"
    # Before, the id came from the adoption: what is owed under such a one is not owed again.
    if (await at.load(NOTICE, uuid5(cause, words))).version:
        return 0
    notice_id = uuid5(person.student_id, words)
    while (loaded := await at.load(NOTICE, notice_id)).version:
        state = loaded.state
        if state.lapsed is None or state.owed is None or state.owed.caused_by == cause:
            return 0
        notice_id = uuid5(notice_id, words)  # That one lapsed, and since then there is another plan.
    preference = (await at.load(PREFERENCES, person.holder_id)).state.on(person.student_id, today)
    owed = NoticeOwed(
        effective_on=today, notice_id=notice_id, student_id=person.student_id, kind=obligation.kind,
        holder_id=person.holder_id, caused_by=cause, language=preference.language if preference else person.language,
        occasion=obligation.occasion,
    )  # fmt: skip
    appended = await at.append(Change(loaded, person.student_id, [owed]), cause)
    await outbox.put(
        at.rows, at.tenant, notice_id, student=person.student_id, holder=person.holder_id, amendment=None,
        correlation=at.correlation, caused_by=appended.events[-1].id,
        due_at=await known_facts.now_of(at.rows, at.tenant), owed=obligation, source_event=cause,
    )  # fmt: skip
    return 1
