"""Notices given, as far as they are about a plan: adopting an amendment waits for them (34 CFR 300.503(a))."""

from typing import Any

from sqlalchemy import text

from contracts.event import Event, EventClass, Recorded
from contracts.notify import NoticeGiven
from runtime.consumer import Consumer, Unit
from runtime.erasure import Erasure

_KEEP = text(
    "INSERT INTO notices_given (tenant, event_id, position, notice, plan, amendment, holder, kind, given_on)"
    " VALUES (:tenant, :event_id, :position, :notice, :plan, :amendment, :holder, :kind, :given_on)"
)


async def keep_notice_given(recorded: Recorded[Event], unit: Unit) -> None:
    """One row for each notice about a plan that counts as given."""
    event = recorded.event
    if not isinstance(event, NoticeGiven) or event.plan_id is None:
        return
    await unit.rows.execute(
        _KEEP,
        {
            "tenant": recorded.tenant,
            "event_id": recorded.id,
            "position": recorded.position,
            "notice": event.notice_id,
            "plan": event.plan_id,
            "amendment": event.amendment_id,
            "holder": event.holder_id,
            "kind": event.kind.value,
            "given_on": event.effective_on,
        },
    )


async def forget(erasure: Erasure, rows: Any) -> None:
    """The rows of plans whose student's notices were lawfully destroyed: the log knows whose a plan is for ever."""
    if erasure.takes(EventClass.PROOF):
        await rows.execute(
            "DELETE FROM notices_given WHERE tenant = $1 AND plan IN"
            " (SELECT DISTINCT substr(e.stream, 6)::uuid FROM plan.log l JOIN plan.events e ON e.id = l.event_id"
            "   WHERE l.tenant = $1 AND l.subject = $2 AND e.tenant = $1 AND starts_with(e.stream, 'plan/'))",
            erasure.tenant, erasure.subject,
        )  # fmt: skip


async def forget_papers(erasure: Erasure, rows: Any) -> None:
    """Drafts and what waits for approval: sealed under a key that is gone, nobody can go on with them."""
    if erasure.takes(EventClass.RECORD):
        whose = erasure.tenant, erasure.subject
        await rows.execute(
            "DELETE FROM plan.draft_changes WHERE tenant = $1 AND paper IN"
            " (SELECT id FROM plan.working_papers WHERE tenant = $1 AND subject = $2)", *whose,
        )  # fmt: skip
        await rows.execute("DELETE FROM plan.working_papers WHERE tenant = $1 AND subject = $2", *whose)


NOTICES_GIVEN = Consumer(
    "notices-given", ("notify",), keep_notice_given, projection=True, tables=("notices_given",),
    types=frozenset({NoticeGiven.type}), erase=forget,
)  # fmt: skip
