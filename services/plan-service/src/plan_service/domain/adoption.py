"""Adopting a plan: it binds from a day on, as decided at a meeting (34 CFR 300.320-300.324; 104.33-104.35)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.day_count import count_from
from contracts.fields import NoticeId
from contracts.items import AnyItem
from contracts.plan import AdoptionPersonalData, BesidePeers, NoticeWordsPersonalData, PlanAdopted, PlanEvent
from contracts.problems import Reason
from contracts.values import Imported, Reported
from contracts.vocabulary import PlanKind
from plan_service.domain.ages import Ages
from plan_service.domain.completeness import NO_AGES, in_regular_education, missing
from plan_service.domain.draft import NoDraft, distinct, same_kinds
from plan_service.domain.eligibility import KnownEligibility, not_found_eligible
from plan_service.domain.initial_services import FirstServices, no_consent_to_services
from plan_service.domain.plan import Plan
from plan_service.domain.rules import Rules, UnmetRules, not_in_the_future, settle
from plan_service.domain.stay_put import StayPut, adopted_while_pending
from plan_service.domain.team import TeamMeeting, missing_from_team


class AdoptionRefused(UnmetRules):
    """Something is missing that a plan must have before it binds."""

    code = "adoption-refused"
    what = "Adopting this plan"


@dataclass(frozen=True, slots=True)
class AdoptPlan:
    """Let a plan bind from a day on."""

    effective_on: date
    items: tuple[AnyItem, ...]
    today: date
    rules: Rules
    meeting: TeamMeeting | None = None
    review_due_on: date | None = None
    """504: the day the district's policy sets. An IEP's is a year after the meeting at the latest."""
    ages: Ages = NO_AGES
    """The student's, for what hangs on them: transition, the rights that pass at majority."""
    stay_put: StayPut | None = None
    """What stays while a due process complaint is open."""
    eligibility: KnownEligibility | None = None
    """What was found; absent where nothing of it is asked for, as of what another system had decided."""
    first_services: FirstServices | None = None
    """What was answered about the first services; absent where nothing of it is asked for."""
    notice_ids: tuple[NoticeId, ...] = ()
    individual_reason: str | None = None
    """Why it is this student's own though others around it say the same: from this student's data."""
    beside_peers: BesidePeers | None = None
    notice: NoticeWordsPersonalData | None = None
    """Words for the notice of it."""
    imported: Imported | None = None
    reported: Reported | None = None


def adopt_plan(plan: Plan, command: AdoptPlan) -> list[PlanEvent]:
    """Adopt what the draft says: all of it, or, when a rule is unmet, nothing."""
    if not plan.drafting or plan.plan_id is None:
        raise NoDraft("There is no draft of this plan to adopt.")
    items = distinct(command.items)
    same_kinds(plan, items)
    not_in_the_future(command.reported, command.today)
    unmet = unmet_by(plan.kind, command)
    return [
        PlanAdopted(
            effective_on=command.effective_on,
            plan_id=plan.plan_id,
            kind=plan.kind,
            meeting_id=command.meeting.meeting_id if command.meeting else None,
            items=items,
            review_due_on=review_due_on(plan.kind, command),
            notice_ids=command.notice_ids,
            beside_peers=command.beside_peers,
            personal=AdoptionPersonalData(individual_reason=command.individual_reason)
            if command.individual_reason
            else None,
            notice=command.notice,
            imported=command.imported,
            reported=settle(AdoptionRefused, unmet, command.reported),
        )
    ]


def unmet_by(kind: PlanKind, command: AdoptPlan) -> list[Reason]:
    """Everything that stands between a draft and its adoption."""
    unmet = missing(kind, command.items, command.effective_on, command.ages)
    if kind is PlanKind.IEP and command.meeting is None:
        unmet.append(_no_meeting())
    if kind is PlanKind.IEP and command.meeting is not None:
        regular = in_regular_education(command.items)
        unmet += missing_from_team(command.meeting, regular_education=regular)
    unmet += not_found_eligible(kind, command.eligibility, command.effective_on)
    unmet += no_consent_to_services(kind, command.first_services, command.effective_on)
    unmet += adopted_while_pending(kind, command.stay_put, command.items)
    unmet += _wrong_days(kind, command)
    return unmet


def review_due_on(kind: PlanKind, command: AdoptPlan) -> date | None:
    """300.324(b)(1): an IEP is reviewed not less than annually, counted from the meeting that made it."""
    if kind is not PlanKind.IEP:
        return command.review_due_on
    held_on = command.meeting.held_on if command.meeting else None
    if held_on is None and command.imported and command.reported:
        held_on = command.reported.occurred_on  # The old system's day is that of its meeting.
    return next_review(held_on or command.effective_on, command.rules)


def next_review(held_on: date, rules: Rules) -> date:
    """The last day for the next annual review; where its month has no such day, the month's last."""
    return count_from(held_on, rules.annual_review).on


def _wrong_days(kind: PlanKind, command: AdoptPlan) -> Sequence[Reason]:
    found = []
    due_on = review_due_on(kind, command)
    if due_on is not None and command.effective_on > due_on:
        found.append(
            Reason("begins-after-its-review", f"It would begin to bind after its own review is due on {due_on}.",
                   "34 CFR 300.323(c)(2), 300.324(b)(1)" if kind is PlanKind.IEP else "34 CFR 104.35(d)",
                   f"Choose {due_on} or earlier; an IEP is carried out as soon as possible after its meeting.", "/effective_on")
        )  # fmt: skip
    held_on = command.meeting.held_on if command.meeting else None
    if held_on is not None and command.effective_on < held_on:
        found.append(
            Reason("effective-before-decided", f"It would bind before the meeting of {held_on} decided it.",
                   "34 CFR 300.323(c), 300.324(a)", f"Choose {held_on} or later.", "/effective_on")
        )  # fmt: skip
    if command.effective_on < command.today and command.reported is None:
        found.append(already_past(command.today))
    return found


def already_past(today: date) -> Reason:
    """A decision made here binds from today at the earliest; what bound before is reported."""
    return Reason(
        "effective-in-the-past", "A decision made now cannot bind from a day that has passed.", "34 CFR 300.323(a)",
        f"Choose {today} or later; if it has bound since then, report it: \"reported\": {{source, reason, occurred_on}}.",
        "/effective_on",
    )  # fmt: skip


def _no_meeting() -> Reason:
    return Reason(
        "meeting-required", "An IEP is made by its team in a meeting.", "34 CFR 300.320(a), 300.321, 300.324(a)",
        "Name the meeting that decided it, held and with its attendance recorded.", "/meeting",
    )  # fmt: skip
