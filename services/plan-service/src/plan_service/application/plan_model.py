"""How a plan's stream folds for decisions, and what lists and answers show of it and of what was posted to it."""

from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

from contracts.event import Event, Json
from contracts.plan import (
    AmendmentAdopted,
    AmendmentProposed,
    AmendmentWithdrawn,
    ConsentAnswered,
    PlanCorrected,
    PlanEvent,
    StatementAdded,
)
from contracts.values import Reported
from plan_service.domain.plan import Amendment, AmendmentStatus, Plan, evolve
from runtime.event_store import Model, Resource

SHAPE = "1"


def resources(plan: Plan, event: Event) -> Iterator[Resource]:
    """The plan's own line, and the thing that was posted to it. What the plan says is asked of its history."""
    if plan.plan_id is None:
        return
    yield Resource("plan", plan.plan_id, plan_line(plan), plan.student_id, plan.external_id)
    match event:
        case AmendmentProposed() | AmendmentAdopted() | AmendmentWithdrawn():
            yield _amendment(plan, event.amendment_id, event)
        case ConsentAnswered():
            yield _consent(plan, event)
            if event.amendment_id in plan.amendments:
                yield _amendment(plan, event.amendment_id, event)
        case PlanCorrected():
            yield _correction(plan, event)
        case StatementAdded():
            yield _statement(plan, event)
        case _:  # Reviews, holders and who was told have no id of their own: they stand in the history.
            pass


def plan_line(plan: Plan) -> Json:
    """A plan in a list."""
    return _present(
        {
            "id": str(plan.plan_id),
            "student": str(plan.student_id),
            "kind": plan.kind.value,
            "external_id": plan.external_id,
            "drafting": plan.drafting,
            "versions": plan.versions,
            "bindings": [
                {"starts_on": binding.starts_on.isoformat(), "binds": binding.binds}
                for binding in plan.bindings
            ],
            "review_due_on": plan.review_due_on.isoformat() if plan.review_due_on else None,
            "pending_amendments": [
                str(amendment_id)
                for amendment_id, amendment in plan.amendments.items()
                if amendment.status is AmendmentStatus.PROPOSED
            ],
        }
    )


def _amendment(plan: Plan, amendment_id: UUID, event: Event) -> Resource:
    amendment = plan.amendments[amendment_id]
    requested = (
        amendment.requested if isinstance(amendment.requested, str) else amendment.requested.isoformat()
    )
    document = {
        "id": str(amendment_id),
        "plan": str(plan.plan_id),
        "student": str(plan.student_id),
        "external_id": amendment.external_id,
        "status": amendment.status.value,
        "proposed_on": amendment.proposed_on.isoformat(),
        "basis": amendment.basis.model_dump(mode="json", exclude_none=True) if amendment.basis else None,
        "requested": requested,
        "items": [str(item_id) for item_id in amendment.items],
        "changes": _changes(amendment, event),
        "answers": _answers(amendment) or None,
        "effective_on": amendment.starts_on.isoformat() if amendment.starts_on else None,
        "withheld": [str(item_id) for item_id in amendment.withheld] or None,
        "notices": [str(id_) for id_ in event.notice_ids] if isinstance(event, AmendmentAdopted) else None,
        "reported": _reported(getattr(event, "reported", None)),
    }
    return Resource("amendment", amendment_id, _present(document), plan.student_id, amendment.external_id)


def _changes(amendment: Amendment, event: Event) -> list[Json] | None:
    """Of a proposal what is proposed; of an adoption exactly what binds."""
    changes = event.changes if isinstance(event, AmendmentAdopted) else amendment.changes
    return [change.model_dump(mode="json", exclude_none=True) for change in changes] or None


def _answers(amendment: Amendment) -> list[Json]:
    return [
        {
            "item": str(item_id),
            "holder": str(answer.holder_id),
            "decision": answer.decision.value,
            "counts": answer.counts,
            "written": answer.written,
            "answered_on": answer.answered_on.isoformat(),
        }
        for item_id, answers in amendment.answers.items()
        for answer in answers
    ]


def _consent(plan: Plan, event: ConsentAnswered) -> Resource:
    document = {
        "amendment": str(event.amendment_id) if event.amendment_id else None,
        "holder": str(event.holder_id),
        "items": [str(item_id) for item_id in event.items],
        "decision": event.decision.value,
        "counts": event.counts,
        "method": event.method.value,
        "answered_on": event.effective_on.isoformat(),
        "language": event.language,
        "comment": event.personal.comment if event.personal else None,
        "document": str(event.document.document) if event.document else None,
    }
    return _posted(plan, "consent", event.consent_id, document, event.external_id, event.reported)


def _correction(plan: Plan, event: PlanCorrected) -> Resource:
    document = {
        "status": "approved",
        "event": str(event.corrects.event_id),
        "item": event.item.model_dump(mode="json", exclude_none=True),
        "what_was_wrong": event.personal.what_was_wrong,
        "evidence": event.personal.evidence,
        "requested_by": event.requested_by,
        "approved_by": event.approved_by,
        "effective_on": event.effective_on.isoformat(),
        "document": str(event.document.document) if event.document else None,
    }
    return _posted(plan, "correction", event.correction_id, document, event.external_id, event.reported)


def _statement(plan: Plan, event: StatementAdded) -> Resource:
    document = {
        "holder": str(event.holder_id),
        "text": event.personal.text,
        "made_on": event.effective_on.isoformat(),
        "via": event.via.value if event.via else None,
        "document": str(event.document.document) if event.document else None,
    }
    return _posted(plan, "statement", event.statement_id, document, event.external_id, event.reported)


def _posted(
    plan: Plan,
    kind: str,
    id_: UUID,
    document: dict[str, Any],
    external_id: str | None,
    reported: Reported | None,
) -> Resource:
    whose = {
        "id": str(id_),
        "plan": str(plan.plan_id),
        "student": str(plan.student_id),
        "external_id": external_id,
    }
    return Resource(
        kind,
        id_,
        _present(whose | document | {"reported": _reported(reported)}),
        plan.student_id,
        external_id,
    )


def _reported(reported: Reported | None) -> Json | None:
    return reported.model_dump(mode="json", exclude_none=True) if reported else None


def _present(document: dict[str, Any]) -> Json:
    """What is absent has no key."""
    return {name: value for name, value in document.items() if value is not None}


def _evolve(plan: Plan, event: Event) -> Plan:
    return evolve(plan, cast(PlanEvent, event))


PLAN: Model[Plan] = Model("plan", SHAPE, Plan(), _evolve, resources)
