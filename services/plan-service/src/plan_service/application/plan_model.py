"""How a plan's stream folds for decisions, and what lists and answers show of it and of what was posted to it."""

from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID, uuid5

from contracts.event import Event, Json
from contracts.plan import (
    AgreementSought,
    AmendmentAdopted,
    AmendmentAgreed,
    AmendmentProposed,
    AmendmentWithdrawn,
    ConsentAnswered,
    DraftShared,
    ExitSummaryGiven,
    ItemHolderAssigned,
    ItemHolderEnded,
    PlanCorrected,
    PlanEvent,
    PlanReopened,
    PlanVoided,
    ReviewHeld,
    StaffInformed,
    StatementAdded,
)
from contracts.values import Reported
from plan_service.application.item_texts import item_texts
from plan_service.domain.plan import Amendment, AmendmentStatus, Plan, evolve
from runtime.stream_model import Model, Resource

SHAPE = "8"


def resources(plan: Plan, event: Event) -> Iterator[Resource]:
    """The plan's own line, and the thing that was posted to it. What the plan says is asked of its history."""
    if plan.plan_id is None:
        return
    yield Resource("plan", plan.plan_id, plan_line(plan), plan.student_id, plan.external_id)
    match event:
        case AmendmentProposed() | AmendmentAdopted() | AmendmentWithdrawn():
            yield _amendment(plan, event.amendment_id, event)
        case AmendmentAgreed() if event.amendment_id in plan.amendments:
            yield _amendment(plan, event.amendment_id, event)
        case ConsentAnswered():
            yield _consent(plan, event)
            if event.amendment_id in plan.amendments:
                yield _amendment(plan, event.amendment_id, event)
        case PlanCorrected():
            yield _correction(plan, event)
        case StatementAdded():
            yield _statement(plan, event)
        case ReviewHeld():
            yield _review(plan, event)
        case StaffInformed():
            yield _informed(plan, event)
        case PlanReopened():
            yield _reopening(plan, event)
        case PlanVoided():
            yield _void(plan, event)
        case ExitSummaryGiven():
            yield _exit_summary(plan, event)
        case DraftShared():
            yield _draft_share(plan, event)
        case ItemHolderAssigned() | ItemHolderEnded():
            yield from _item_holder(plan, event)
        case _:
            pass
    yield from item_texts(plan, event)


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
            "void": plan.void or None,
            "bindings": [
                {"starts_on": binding.starts_on.isoformat(), "binds": binding.binds}
                for binding in plan.bindings
            ],
            "review_due_on": plan.review_due_on.isoformat() if plan.review_due_on else None,
            "individual_reason": plan.individual_reason,
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
        "basis": _basis(amendment),
        "agreement_sought": isinstance(amendment.basis, AgreementSought) or None,
        "requested": requested,
        "items": [str(item_id) for item_id in amendment.items],
        "changes": _changes(amendment, event),
        "answers": _answers(amendment) or None,
        "effective_on": amendment.starts_on.isoformat() if amendment.starts_on else None,
        "withheld": [str(item_id) for item_id in amendment.withheld] or None,
        "notices": [str(id_) for id_ in event.notice_ids] if isinstance(event, AmendmentAdopted) else None,
        "reported": _reported(amendment.reported),
    }
    return Resource("amendment", amendment_id, _present(document), plan.student_id, amendment.external_id)


def _basis(amendment: Amendment) -> Json | None:
    """What it rests on, as soon as there is that."""
    if amendment.basis is None or isinstance(amendment.basis, AgreementSought):
        return None
    return amendment.basis.model_dump(mode="json", exclude_none=True)


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
        "waives_time": event.waives_time,
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


def _review(plan: Plan, event: ReviewHeld) -> Resource:
    """Its event has no id for it: of one day, meeting and outcome there is one review; the newer record holds."""
    id_ = uuid5(event.plan_id, f"review {event.effective_on} {event.meeting_id} {event.outcome.value}")
    document = {
        "outcome": event.outcome.value,
        "held_on": event.effective_on.isoformat(),
        "meeting": str(event.meeting_id) if event.meeting_id else None,
        "review_due_on": event.review_due_on.isoformat() if event.review_due_on else None,
        "reason": event.personal.reason if event.personal else None,
    }
    return _posted(plan, "review", id_, document, event.external_id, event.reported)


def _reopening(plan: Plan, event: PlanReopened) -> Resource:
    document = {
        "status": "approved",
        "ground": event.ground.value,
        "reason": event.personal.reason,
        "effective_on": event.effective_on.isoformat(),
        "ended_by": str(event.ended_by),
        "requested_by": event.requested_by,
        "approved_by": event.approved_by,
        "document": str(event.document.document) if event.document else None,
    }
    return _posted(plan, "reopening", event.reopening_id, document, event.external_id, event.reported)


def _void(plan: Plan, event: PlanVoided) -> Resource:
    document = {
        "status": "approved",
        "ground": event.ground.value,
        "reason": event.personal.reason,
        "duplicate_of": str(event.duplicate_of) if event.duplicate_of else None,
        "told_holders": [str(each) for each in event.holder_ids],
        "told_staff": [str(each) for each in event.staff_ids],
        "notices": [str(each) for each in event.notice_ids],
        "voided_on": event.effective_on.isoformat(),
        "requested_by": event.requested_by,
        "approved_by": event.approved_by,
        "document": str(event.document.document) if event.document else None,
    }
    return _posted(plan, "void", event.void_id, document, event.external_id, event.reported)


def _exit_summary(plan: Plan, event: ExitSummaryGiven) -> Resource:
    document = {
        "to_student": event.to_student,
        "holders": [str(holder) for holder in event.holder_ids],
        "given_on": event.effective_on.isoformat(),
        "channel": event.channel.value,
        "language": event.language,
        "items": [str(item_id) for item_id in event.items],
        "document": str(event.document.document) if event.document else None,
    } | (event.personal.model_dump(exclude_none=True) if event.personal else {})
    return _posted(plan, "exit_summary", event.exit_summary_id, document, event.external_id, event.reported)


def _draft_share(plan: Plan, event: DraftShared) -> Resource:
    """The first of these events had no id for it: then the document is what it is known by."""
    document = {
        "draft_version": event.draft_version,
        "holders": [str(holder) for holder in event.holder_ids],
        "given_on": event.effective_on.isoformat(),
        "channel": event.channel.value,
        "language": event.language,
        "document": str(event.document.document),
    }
    share_id = event.draft_share_id or event.document.document
    return _posted(plan, "draft_share", share_id, document, event.external_id, None)


def _informed(plan: Plan, event: StaffInformed) -> Resource:
    """Its event has no id for it: the same said twice of one day is one."""
    items = sorted(str(item_id) for item_id in event.items)
    id_ = uuid5(event.plan_id, f"informed {event.staff_id} {event.effective_on} {items} {event.how}")
    document = {
        "staff": str(event.staff_id),
        "items": [str(item_id) for item_id in event.items],
        "on": event.effective_on.isoformat(),
        "how": event.how,
    }
    return _posted(plan, "informed", id_, document, event.external_id, event.reported)


def item_holder_id(plan_id: UUID, item_id: UUID, staff_id: UUID) -> UUID:
    """Of one item and one staff member there is one time in which they carry it out; the newer holds."""
    return uuid5(plan_id, f"holder {item_id} {staff_id}")


def _item_holder(plan: Plan, event: ItemHolderAssigned | ItemHolderEnded) -> Iterator[Resource]:
    for period in plan.holders.get(event.item_id, ()):
        if period.staff_id == event.staff_id:
            document = {
                "item": str(event.item_id),
                "staff": str(event.staff_id),
                "from": period.starts_on.isoformat(),
                "until": period.ends_on.isoformat() if period.ends_on else None,
            }
            id_ = item_holder_id(event.plan_id, event.item_id, event.staff_id)
            yield _posted(plan, "item_holder", id_, document, None, None)


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
