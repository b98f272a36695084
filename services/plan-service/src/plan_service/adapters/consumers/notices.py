"""Notices given, returned and objected to, as far as they are about a plan: adopting an amendment waits for them.

Only notices of decisions count (34 CFR 300.503, 104.36): an invitation or a report about the same plan is none. A notice
that came back before anything showed that it had arrived is given no more.
"""

from sqlalchemy import text

from contracts.event import Event, Recorded
from contracts.notice_hindrances import NoticeReturned
from contracts.notify import NoticeGiven, NoticeObjected
from contracts.vocabulary import NoticeKind
from plan_service.application.notices_given import OBJECTED
from runtime.consumer import Consumer, Unit

OF_DECISIONS = frozenset(
    {NoticeKind.PRIOR_WRITTEN_NOTICE, NoticeKind.SECTION_504_NOTICE, NoticeKind.CORRECTION_NOTICE}
)
_KEEP = text(
    "INSERT INTO notices_given (tenant, event_id, position, notice, plan, amendment, holder, kind, given_on)"
    " VALUES (:tenant, :event_id, :position, :notice, :plan, :amendment, :holder, :kind, :given_on)"
)
_FORGET = text("DELETE FROM notices_given WHERE tenant = :tenant AND notice = :notice AND kind <> :objected")


async def keep_notice_given(recorded: Recorded[Event], unit: Unit) -> None:
    """One row for each notice about a plan that counts as given, and for each objection to one."""
    match recorded.event:
        case NoticeGiven() as given if given.kind in OF_DECISIONS:
            await _keep(recorded, unit, given, given.kind.value)
        case NoticeObjected() as objected if objected.amendment_id is not None:
            await _keep(recorded, unit, objected, OBJECTED)
        case NoticeReturned() as returned if returned.undoes_given:
            named = {"tenant": recorded.tenant, "notice": returned.notice_id, "objected": OBJECTED}
            await unit.rows.execute(_FORGET, named)


async def _keep(
    recorded: Recorded[Event], unit: Unit, event: NoticeGiven | NoticeObjected, kind: str
) -> None:
    if event.plan_id is None:
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
            "kind": kind,
            "given_on": event.effective_on,
        },
    )


NOTICES_GIVEN = Consumer(
    "notices-given", ("notify",), keep_notice_given, projection=True, tables=("notices_given",),
    types=frozenset({NoticeGiven.type, NoticeObjected.type, NoticeReturned.type}),
)  # fmt: skip
