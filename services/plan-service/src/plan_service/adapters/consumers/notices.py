"""Notices given, as far as they are about a plan: adopting an amendment waits for them (34 CFR 300.503(a))."""

from sqlalchemy import text

from contracts.event import Event, Recorded
from contracts.notify import NoticeGiven
from runtime.consumer import Consumer, Unit

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


NOTICES_GIVEN = Consumer(
    "notices-given", ("notify",), keep_notice_given, projection=True, tables=("notices_given",),
    types=frozenset({NoticeGiven.type}),
)  # fmt: skip
