"""Reviewing a plan: 34 CFR 300.324(b)(1), 104.35(d)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from contracts.fields import ExternalId
from contracts.plan import PlanEvent, ReasonPersonalData, ReviewHeld
from contracts.problems import Reason
from contracts.values import Reported
from contracts.vocabulary import PlanKind, ReviewOutcome
from plan_service.domain.adoption import next_review
from plan_service.domain.amendment import NeverAdopted
from plan_service.domain.plan import Plan
from plan_service.domain.rules import Rules, UnmetRules, cannot_be_true, day_of, not_in_the_future, settle
from plan_service.domain.team import TeamMeeting, missing_from_team


class ReviewRefused(UnmetRules):
    """What is recorded is not yet a review."""

    code = "review-refused"
    what = "Recording this review"


@dataclass(frozen=True, slots=True)
class HoldReview:
    """The plan was reviewed."""

    outcome: ReviewOutcome
    today: date
    rules: Rules
    held_on: date | None = None
    """504 without a meeting on record: the day of the review. With one, the meeting's day."""
    meeting: TeamMeeting | None = None
    review_due_on: date | None = None
    """504: the next review by the district's policy. An IEP's is a year after the meeting at the latest."""
    reason: str | None = None
    reported: Reported | None = None
    external_id: ExternalId | None = None


def hold_review(plan: Plan, command: HoldReview) -> list[PlanEvent]:
    """Record a review; the next one is due a year later at the latest for an IEP."""
    if not plan.ever_adopted or plan.plan_id is None:
        raise NeverAdopted
    not_in_the_future(command.reported, command.today)
    met_on = command.meeting.held_on if command.meeting else None
    held_on = met_on or command.held_on or day_of(command.reported, command.today)
    if held_on > command.today:
        raise cannot_be_true("held-in-the-future", "A review is recorded once it has been held.", "/held_on")
    due_on = next_review(held_on, command.rules) if plan.kind is PlanKind.IEP else command.review_due_on
    return [
        ReviewHeld(
            effective_on=held_on,
            plan_id=plan.plan_id,
            meeting_id=command.meeting.meeting_id if command.meeting else None,
            outcome=command.outcome,
            review_due_on=due_on,
            personal=ReasonPersonalData(reason=command.reason) if command.reason else None,
            external_id=command.external_id,
            reported=settle(ReviewRefused, list(_unmet_review(plan, command, held_on)), command.reported),
        )
    ]


def _unmet_review(plan: Plan, command: HoldReview, held_on: date) -> Iterator[Reason]:
    if not plan.in_effect_on(held_on):
        yield Reason("plan-not-in-effect", f"The plan was not in effect on {held_on}.", "34 CFR 300.324(b)(1)",
                     "Adopt a plan.")  # fmt: skip
    if plan.kind is not PlanKind.IEP:
        return
    if command.meeting is None:
        yield Reason("meeting-required", "An IEP is reviewed by its team in a meeting.", "34 CFR 300.324(b)(1)",
                     "Name the meeting, held and with its attendance recorded.", "/meeting")  # fmt: skip
    else:
        yield from missing_from_team(command.meeting, regular_education=plan.regular_education)
