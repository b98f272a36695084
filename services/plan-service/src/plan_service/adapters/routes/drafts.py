"""Drafts: what is being written, saved as often as somebody types, adopted as it was read."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from starlette.responses import Response

from contracts.fields import ExternalId, Narrative
from contracts.ids import new_id
from contracts.items import Item
from contracts.problems import NotFound
from contracts.vocabulary import PlanKind
from plan_service.adapters.routes.forms import Form, Reads, Writes
from plan_service.adapters.routes.shapes import DraftOut, PlanOut
from plan_service.application.draft_patch import DraftPatch, patched
from plan_service.application.drafts import EXTERNAL_ID_OF, Draft, Drafts, NewDraft
from plan_service.domain.draft import DraftAlreadyOpen, NoDraft
from plan_service.domain.draft_merge import DraftSavedMeanwhile
from runtime import resources
from runtime.append_request import Appended
from runtime.call import Asked, Call, Making
from runtime.http import IfMatch, Routes
from runtime.openapi import problem_showing, problems
from runtime.resources import Shown

routes = Routes(prefix="/plan/v1", tags=["drafts"])

LEVELS = "0b6f3f0a-6c1d-4f5e-9b7a-2f4f1c9d8e00"
GOAL = "0b6f3f0a-6c1d-4f5e-9b7a-2f4f1c9d8e01"
ITEMS: list[dict[str, Any]] = [
    {"id": LEVELS, "kind": "present_levels", "area": "adaptive", "as_of_on": "2026-09-18",
     "statement": "Arranges up to 5 of 60 objects by kind without help."},
    {"id": GOAL, "kind": "goal", "area": "adaptive", "present_levels": LEVELS,
     "statement": "Arranges 60 objects by kind.", "baseline": "5", "target": "60", "unit": "objects",
     "measure_method": "counted in class, weekly", "due_on": "2027-06-15"},
    {"id": "0b6f3f0a-6c1d-4f5e-9b7a-2f4f1c9d8e02", "kind": "objective", "goal": GOAL, "order": 1, "target": "20",
     "unit": "objects", "due_on": "2026-12-31"},
    {"id": "0b6f3f0a-6c1d-4f5e-9b7a-2f4f1c9d8e03", "kind": "objective", "goal": GOAL, "order": 2, "target": "40",
     "unit": "objects", "due_on": "2027-03-15"},
    {"id": "0b6f3f0a-6c1d-4f5e-9b7a-2f4f1c9d8e04", "kind": "objective", "goal": GOAL, "order": 3, "target": "60",
     "unit": "objects", "due_on": "2027-06-15"},
]  # fmt: skip
EXAMPLE = {
    "student": "3f0a6c1d-4f5e-4b7a-8f4f-1c9d8e012b6f",
    "kind": "iep",
    "items": ITEMS,
    "external_id": "northwind:plan-17",
}


_TEXTS: dict[str, Any] = {
    "type": "object",
    "description": "The field's text as you read it, as it is now, and as your patch would make it; one that is not there "
    "has no key.",
    "properties": {"base": {}, "theirs": {}, "yours": {}},
}
MERGE: dict[str, Any] = {
    "type": "object",
    "description": "What you read, what it has become, and what you would make of it: enough to keep the work of both.",
    "properties": {
        "version": {
            "type": "integer",
            "description": "The draft's now: send your patch with it as If-Match.",
        },
        "items": {
            "type": "object",
            "description": "By item, each field that is not the same in all three texts.",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "kind": {"type": "string"},
                    "taken_out_by": {"enum": ["others", "you", "both"]},
                    "fields": {"type": "object", "additionalProperties": _TEXTS},
                },
            },
        },
        "patch": {
            "type": "object",
            "description": "A body for this route with what of yours meets nothing of theirs: sent as it is, it loses "
            "nobody's work.",
        },
    },
}


class DraftIn(Form):
    """A plan to begin, or one from another system. It may be incomplete."""

    student: UUID
    kind: PlanKind
    items: tuple[Item, ...] = ()
    """Each with an id of your own, which stays for ever; ids of different items differ."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same plan again answers 200 with the first."""
    copy_from: UUID | None = None
    """Another plan of the same student and kind (one that has ended, say): its last text comes before `items`, under new ids."""


DraftOrPlanOut = DraftOut | PlanOut
"""The draft; asked again once it was adopted or dropped: the plan as it stands."""


class DropIn(Form):
    """Why the draft is given up."""

    reason: Narrative | None = None


@routes.post("/plans", status_code=201, response_model=DraftOrPlanOut)
async def post_plan(
    asked: Asked, who: Writes, body: Annotated[DraftIn, Body(openapi_examples={"IEP": {"value": EXAMPLE}})]
) -> Response:
    """Begin a plan: a draft that may be incomplete. The answer lists what is missing, each with its rule.

    Asked again, by its external id or Idempotency-Key, after the draft was adopted or dropped: the plan as it stands.
    """
    await asked.must_see(body.student)
    plan_id = new_id()

    async def begin(making: Making) -> Appended:
        new = NewDraft(
            plan_id, body.student, body.kind, body.items, body.external_id, copy_from=body.copy_from
        )
        opened = await Drafts(asked.store).open_draft(
            asked.context, new, claims=making.claims, answer=making.answer
        )
        return opened.appended

    return await asked.respond(
        "draft", plan_id, begin, external_id=body.external_id, claimed_as=EXTERNAL_ID_OF
    )


@routes.post(
    "/plans/{plan_id}/draft",
    status_code=201,
    response_model=DraftOrPlanOut,
    responses=problems(DraftAlreadyOpen),
)
async def post_next_draft(plan_id: UUID, if_match: IfMatch, asked: Asked, who: Writes) -> Response:
    """Begin the next version of a plan, with what is in force today as its first text. If-Match is the plan's ETag.

    Everything in it that needs a decision is in `marks`, each with its rule, until it is changed or kept.
    """

    async def begin(making: Making) -> Appended:
        drafts = Drafts(asked.store)
        opened = await drafts.open_next(asked.context, plan_id, if_match=if_match, answer=making.answer)
        return opened.appended

    return await asked.respond("draft", plan_id, begin)


@routes.get("/plans/{plan_id}/draft", response_model=DraftOut)
async def get_draft(plan_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read the draft, with everything it lacks to be adopted, and advice: each goal tested for SMART, which is practice."""
    shown = shown_draft(await Drafts(asked.store).read(asked.tenant, plan_id))
    return Response(shown.body(), 200, {"ETag": shown.etag}, "application/json")


@routes.patch(
    "/plans/{plan_id}/draft", response_model=DraftOut, responses=problem_showing(DraftSavedMeanwhile, merge=MERGE)
)  # fmt: skip
async def patch_draft(
    plan_id: UUID, body: DraftPatch, if_match: IfMatch, asked: Asked, who: Writes
) -> Response:
    """Change items of the draft: a JSON Merge Patch (RFC 7396) on its ``items``; ``null`` takes an item out.

    ``kept`` names marks of what was carried forward and stays as it is.

    Two write at once: the second gets 412 with `merge`: of each field that somebody changed the text that was read, theirs
    and yours, and a patch with what of yours meets nothing of theirs. Nobody's work is lost.
    """
    drafts = Drafts(asked.store)
    try:
        saved = await drafts.save(
            asked.tenant, plan_id, lambda items: patched(items, body), if_match=if_match,
            kept=[(each.item, each.field) for each in body.kept],
        )  # fmt: skip
    except DraftSavedMeanwhile as meanwhile:
        asked.saw(meanwhile.student_id, "draft", (plan_id,))
        await asked.record_looks()  # This refusal shows what the others wrote.
        raise
    shown = shown_draft(saved)
    asked.saw(shown.student, "draft", (plan_id,))
    return Response(shown.body(), 200, {"ETag": shown.etag}, "application/json")


@routes.delete("/plans/{plan_id}/draft", status_code=204, responses=problems(NoDraft))
async def delete_draft(
    plan_id: UUID, if_match: IfMatch, asked: Asked, who: Writes, body: DropIn | None = None
) -> Response:
    """Give the draft up. Nothing of what it said is kept, only that it was given up."""
    reason = body.reason if body else None
    appended = await Drafts(asked.store).drop(asked.context, plan_id, if_match=if_match, reason=reason)
    return Response(status_code=204, headers={"Handrail-Event": str(appended.last_event)})


def shown_draft(draft: Draft) -> Shown:
    """A draft as an answer shows it."""
    paper = draft.paper
    return Shown("draft", paper.plan_id, draft.to_json(), paper.version, None, paper.student_id)


async def fetch_draft(call: Call, plan_id: UUID) -> Shown | None:
    """For answers that come again: the draft, or, once it is adopted or dropped, the plan's own line."""
    try:
        return shown_draft(await Drafts(call.store).read(call.tenant, plan_id))
    except NotFound:
        async with call.store.database.read(call.tenant) as rows:
            return await resources.find(rows, call.tenant, "plan", plan_id)
