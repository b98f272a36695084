"""Letting a plan that had ended bind again: the end rested on a mistake, or whoever had left is back.

Asked for by one person and approved by another; until then a working paper. The items are as they were. What must be
decided anew (a new year, eligibility found again, services after a revocation) is no reopening: decision 9.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import EventId, ExternalId, PersonRef
from contracts.plan import PlanEvent, PlanReopened, ReasonPersonalData
from contracts.problems import Reason, Rejected
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import PlanEnd, PlanKind, ReopeningGround
from plan_service.domain.adoption import already_past
from plan_service.domain.plan import Plan
from plan_service.domain.rules import UnmetRules, cannot_be_true, not_in_the_future, settle
from plan_service.domain.second_person import must_be_another
from plan_service.domain.stay_put import StayPut, reopened_while_pending

STAYS_ELIGIBLE = frozenset({PlanEnd.TRANSFERRED, PlanEnd.LEFT_SCHOOL})
"""Ends that left the student as eligible as before."""


class NotEnded(Rejected):
    """Only a plan that has ended can bind again."""

    code = "plan-not-ended"

    def __init__(self) -> None:
        super().__init__("This plan has not ended.")


class ReopeningRefused(UnmetRules):
    """The plan cannot bind again as it was."""

    code = "reopening-refused"
    what = "Reopening this plan"


@dataclass(frozen=True, slots=True)
class EndInRecord:
    """The end that holds, as the record has it."""

    event_id: EventId
    ended_on: date
    """The first day without the plan."""
    reason: PlanEnd


@dataclass(frozen=True, slots=True)
class RequestReopening:
    """Ask that an ended plan bind again."""

    reopening_id: UUID
    ground: ReopeningGround
    reason: str
    requested_by: PersonRef
    effective_on: date | None = None
    """The first day on which it binds again; of a mistake the day of the end."""
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def check_reopening(
    plan: Plan,
    command: RequestReopening,
    ended: EndInRecord | None,
    today: date,
    stay_put: StayPut | None = None,
) -> PlanReopened:
    """What would be recorded, approved by nobody yet. Raises `NotEnded`, `ReopeningRefused`, `Invalid`."""
    if ended is None or plan.plan_id is None:
        raise NotEnded
    not_in_the_future(command.reported, today)
    by_mistake = command.ground is ReopeningGround.MISTAKE
    effective_on = ended.ended_on if by_mistake else command.effective_on or today
    if effective_on < ended.ended_on or (by_mistake and command.effective_on not in (None, ended.ended_on)):
        raise cannot_be_true(
            "reopened-on-no-such-day",
            f"The plan ended on {ended.ended_on}: it binds again from that day or a later one, of a mistake from that day.",
            "/effective_on",
        )
    unmet: tuple[Reason, ...] = ()
    if not by_mistake:
        pending = reopened_while_pending(plan.kind, stay_put)
        unmet = (*_unmet(plan, command, ended, effective_on, today), *pending)
    return PlanReopened(
        effective_on=effective_on, plan_id=plan.plan_id, reopening_id=command.reopening_id, ended_by=ended.event_id,
        ground=command.ground, personal=ReasonPersonalData(reason=command.reason), requested_by=command.requested_by,
        approved_by=command.requested_by, document=command.document, external_id=command.external_id,
        reported=settle(ReopeningRefused, unmet, command.reported),
    )  # fmt: skip


def approve_reopening(
    plan: Plan, command: RequestReopening, ended: EndInRecord | None, approved_by: PersonRef, today: date,
    stay_put: StayPut | None = None,
) -> list[PlanEvent]:  # fmt: skip
    """Let it bind again: the second person stands for it."""
    must_be_another(approved_by, command.requested_by)
    wanted = check_reopening(plan, command, ended, today, stay_put)
    return [wanted.model_copy(update={"approved_by": approved_by})]


def eligibility_has_ended(kind: PlanKind, ended: EndInRecord) -> Iterator[Reason]:
    """34 CFR 300.300(b)(4), 300.305(e), 104.35(a): what ended for good begins anew, with an evaluation."""
    if ended.reason in STAYS_ELIGIBLE:
        return
    revoked = ended.reason is PlanEnd.CONSENT_REVOKED
    idea = "34 CFR 300.300(b)(4)" if revoked else "34 CFR 300.301(a), 300.305(e)"
    yield Reason(
        "eligibility-has-ended", f"The plan ended for good ({ended.reason.value.replace('_', ' ')}).",
        idea if kind is PlanKind.IEP else "34 CFR 104.35(a)",
        "Refer the student for an evaluation: POST /students/{id}/evaluations. If the end was a mistake, say so.",
        "/ground",
    )  # fmt: skip


def review_gone_by(plan: Plan, effective_on: date) -> Iterator[Reason]:
    """34 CFR 300.324(b)(1): an IEP whose year is over is made anew, not taken up again."""
    if plan.kind is PlanKind.IEP and plan.review_due_on is not None and plan.review_due_on < effective_on:
        yield Reason(
            "annual-review-gone-by", f"This IEP was to be reviewed by {plan.review_due_on}.", "34 CFR 300.324(b)(1)",
            "Hold the meeting and adopt its next version: POST /plans/{id}/draft begins with the last text.",
            "/effective_on",
        )  # fmt: skip


def _unmet(
    plan: Plan, command: RequestReopening, ended: EndInRecord, effective_on: date, today: date
) -> Iterator[Reason]:
    if effective_on < today and command.reported is None:
        yield already_past(today)
    yield from eligibility_has_ended(plan.kind, ended)
    yield from review_gone_by(plan, effective_on)
