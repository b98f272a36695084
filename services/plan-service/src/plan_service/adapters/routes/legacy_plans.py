"""Plans from a legacy system, as NDJSON: imported with their original dates, never passed off as our own record."""

import json
from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Response
from pydantic import Field, model_validator

from contracts.fields import ExternalId, Name
from contracts.items import Item
from contracts.vocabulary import PlanEnd, PlanKind
from plan_service.adapters.routes.drafts import ITEMS
from plan_service.adapters.routes.forms import REPORT, Form
from plan_service.application.taking_over import LegacyPlan, take_over_all
from plan_service.domain.taking_over import Ended
from runtime import ndjson
from runtime.auth import Principal, allow
from runtime.call import Asked, digest_of
from runtime.http import Routes
from runtime.ndjson import NDJSON, read_model
from runtime.problem_details import UnsupportedMediaType

routes = Routes(prefix="/plan/v1", tags=["plans"])
MOST_LINES = 1_000

Reports = Annotated[Principal, allow(REPORT)]


class LegacyEndIn(Form):
    """That the plan binds no longer."""

    reason: PlanEnd
    effective_on: date
    """The first day without it; not after today."""


class LegacyPlanIn(Form):
    """A plan as another system has it."""

    external_id: ExternalId | None = None
    """The other system's id of the plan, `SOURCE:ID`. Needed on every line."""
    student: UUID | ExternalId = Field(union_mode="left_to_right")
    """Our id of the student, or one of their external ids."""
    kind: PlanKind
    source: Name
    """The other system, in words that readers of the history know."""
    items: tuple[Item, ...] = ()
    effective_on: date | None = None
    """The first day it bound. Without it the plan is a draft."""
    decided_on: date | None = None
    """The day of the meeting or decision that made it; where nothing is said, the first day it bound."""
    recorded_on: date | None = None
    """The day on which the other system recorded it."""
    review_due_on: date | None = None
    """504: the day the district's policy set. An IEP is due a year after it was decided."""
    end: LegacyEndIn | None = None

    @model_validator(mode="after")
    def _a_draft_has_no_days(self) -> Self:
        if self.effective_on is None and (self.decided_on or self.review_due_on or self.end):
            raise ValueError(
                "say effective_on, or leave out decided_on, review_due_on and end: a draft has none"
            )
        return self


EXAMPLE = {
    "external_id": "oldiep:88213", "student": "sis:1042", "kind": "iep", "source": "County IEP system",
    "effective_on": "2025-09-02", "decided_on": "2025-08-28", "recorded_on": "2025-08-29", "items": ITEMS,
}  # fmt: skip
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            NDJSON: {
                "schema": {
                    "type": "string",
                    "description": "A plan on each line, at most 1,000, each with its external_id. "
                    "The answer has a line for each: `line`, `status`, and `id` or `problem`.",
                },
                "examples": {"one plan": {"value": json.dumps(EXAMPLE) + "\n"}},
            },
        },
    }
}


@routes.post(
    "/plans/bulk",
    status_code=200,
    openapi_extra=_BODY,
    responses={200: {"content": {NDJSON: {"schema": {"type": "string"}}}}},
)
async def post_plans(asked: Asked, who: Reports) -> Response:
    """Take over plans that another system has kept until now, as `application/x-ndjson`, a plan on each line.

    Each binds from its own day as that system says it did: reported, with its source, its original dates and what the
    rules would have refused; it is known here from today. Every line stands for itself, and the same again changes nothing.
    """
    kind = asked.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != NDJSON:
        raise UnsupportedMediaType(f"Send plans as {NDJSON}: one on each line.")
    body = await asked.request.body()
    again = await ndjson.answered_before(asked)
    lines = ndjson.read_lines(body, MOST_LINES, _read)
    results = await take_over_all(asked.store, asked.context, ndjson.taken(lines), asked.must_see)
    return await ndjson.respond(asked, "plan", lines, results, again=again)


def _read(line: bytes) -> tuple[LegacyPlan, str | None]:
    sent = read_model(LegacyPlanIn, line, strict=False)
    plan = LegacyPlan(
        sent.student, sent.kind, sent.items, sent.source, sent.external_id or "", digest_of(line),
        sent.effective_on, sent.decided_on, sent.recorded_on, sent.review_due_on,
        Ended(sent.end.reason, sent.end.effective_on) if sent.end else None,
    )  # fmt: skip
    return plan, sent.external_id
