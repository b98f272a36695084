"""``/audit/v1/plans``: what a plan said on a day, as known at an instant, folded from the log's own entries."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from audit_service.adapters.routes.answers import CONTENTS_SCOPE, json_answer
from audit_service.adapters.routes.cursors import Basis, EffectiveOn, KnownAt
from audit_service.application.service import audit
from audit_service.application.timeline import plan_at
from audit_service.domain.moment import Moment, day_asked, read_day, read_known, read_state
from contracts.plan_diff import ItemDifference, describe, diff
from contracts.plan_document import PlanDocument
from contracts.problems import NotFound
from runtime.auth import Principal, allow
from runtime.call import Asked
from runtime.http import Routes

routes = Routes(prefix="/audit/v1", tags=["evidence"])
Reader = Annotated[Principal, allow("audit.read")]
State = Annotated[str, Query(max_length=80, description="`D` or `D,K`: a day, and when it was known.",
                             examples=["2026-03-12,2026-03-25"])]  # fmt: skip


class DescribedDifference(ItemDifference):
    """A difference with a sentence."""

    what: str


class ComparedState(BaseModel):
    """One side."""

    effective_on: str
    known_at: str | None = Field(default=None, description="When the last entry used became known: asking with it gives the "
                                                           "same again.")  # fmt: skip
    basis: dict[str, int]


class PlanDiff(BaseModel):
    """What differs between two states of a plan."""

    plan: UUID
    from_: ComparedState = Field(alias="from")
    to: ComparedState
    items: list[DescribedDifference]


@routes.get("/plans/{plan_id}", response_model=PlanDocument, dependencies=[allow(CONTENTS_SCOPE["plan"])])
async def get_plan(
    plan_id: UUID, who: Reader, asked: Asked, effective_on: EffectiveOn = None, known_at: KnownAt = None,
    basis: Basis = None,
) -> Response:  # fmt: skip
    """Replay a plan: what it said on a day, as known at an instant.

    The same document that plan-service publishes, made here from copies of its log. Asked again with the `effective_on`
    and the `basis` it names, the answer is the same to the byte.
    """
    evidence = audit(asked).evidence
    now = await evidence.now(who.tenant)
    zone = (await evidence.district(who.tenant)).time_zone
    today = now.date()
    moment = Moment(
        day_asked(read_day(effective_on, today), today), read_known(known_at, zone),
        await evidence.read_basis(who.tenant, basis),
    )  # fmt: skip
    document = await plan_at(evidence, who.tenant, plan_id, moment)
    if document is None:
        await evidence.student_of_plan(who.tenant, plan_id)  # Else it is not here at all.
        raise NotFound("Nothing was known of this plan then.")
    asked.saw(document.student, "plan", (plan_id,))
    query = {"effective_on": document.effective_on.isoformat(), "basis": f"plan:{document.basis.plan}"}
    again = f"{asked.request.scope['path']}?{urlencode(query, safe=':,')}"
    return Response(document.to_bytes(), 200, {"Link": f'<{again}>; rel="canonical"'}, "application/json")


@routes.get("/plans/{plan_id}/diff", response_model=PlanDiff, dependencies=[allow(CONTENTS_SCOPE["plan"])])
async def get_plan_diff(
    plan_id: UUID, who: Reader, asked: Asked, to: State, from_: Annotated[State, Query(alias="from")]
) -> Response:
    """Compare two states of a plan, item by item, each difference with the event that made it so."""
    evidence = audit(asked).evidence
    today = (await evidence.now(who.tenant)).date()
    zone = (await evidence.district(who.tenant)).time_zone
    moments = [read_state(text, today, zone, field=field) for text, field in ((from_, "from"), (to, "to"))]
    before, after = [await plan_at(evidence, who.tenant, plan_id, moment) for moment in moments]
    known = before or after
    if known is None:
        await evidence.student_of_plan(who.tenant, plan_id)
        raise NotFound("Nothing was known of this plan then.")
    asked.saw(known.student, "plan", (plan_id,))
    items = [difference.to_json() | {"what": describe(difference)} for difference in diff(before, after)]
    sides = [_side(moment, document) for moment, document in zip(moments, (before, after), strict=True)]
    return json_answer({"plan": str(plan_id), "from": sides[0], "to": sides[1], "items": items})


def _side(moment: Moment, document: PlanDocument | None) -> dict[str, Any]:
    side: dict[str, Any] = {"effective_on": moment.effective_on.isoformat(), "basis": {}}
    if document is not None:
        said = document.to_json()
        side |= {"known_at": said["known_at"], "basis": said["basis"]}
    return side
