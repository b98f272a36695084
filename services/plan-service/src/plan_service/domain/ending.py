"""Ending a plan: what must come before it, by the reason it ends for (34 CFR 300.305(e), 300.300(b)(4), 300.503(a), 104.35(a)).

Somebody who moves away, leaves school or dies stays as eligible as they were: there the plan only stops binding here.
Whoever is to have no plan any more though they stay is evaluated first, unless a diploma, their age or a revocation of
consent ends it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.fields import NoticeId
from contracts.plan import PlanEnded, PlanEvent, ReasonPersonalData, Revocation
from contracts.problems import Reason, Rejected
from contracts.values import Reported
from contracts.vocabulary import ConsentMethod, Law, PlanEnd, PlanKind
from plan_service.domain.adoption import already_past
from plan_service.domain.amendment import NeverAdopted
from plan_service.domain.evaluation import Evaluations
from plan_service.domain.notices import NoticeGiven, notice_standing, too_soon
from plan_service.domain.people import People
from plan_service.domain.plan import Plan
from plan_service.domain.rules import Rules, UnmetRules, cannot_be_true, not_in_the_future, settle
from plan_service.domain.stay_put import StayPut, ended_while_pending
from plan_service.domain.student import birthday

ELIGIBILITY_ENDS = {
    PlanKind.IEP: frozenset({PlanEnd.NO_LONGER_ELIGIBLE, PlanEnd.REPLACED, PlanEnd.OTHER}),
    PlanKind.SECTION_504: frozenset({PlanEnd.NO_LONGER_ELIGIBLE, PlanEnd.OTHER}),
}
"""An IEP that is replaced ends because IDEA no longer covers the student; a 504 plan is replaced by more, not by less."""
FREE_EDUCATION_UNTIL = 18
PROPOSED_BY_THE_DISTRICT = {
    PlanKind.IEP: ELIGIBILITY_ENDS[PlanKind.IEP] | {PlanEnd.GRADUATED, PlanEnd.CONSENT_REVOKED},
    PlanKind.SECTION_504: ELIGIBILITY_ENDS[PlanKind.SECTION_504],
}
"""Ends that are a proposal about identification, placement or FAPE: notice comes first (300.503(a), 104.36)."""


class EndRefused(UnmetRules):
    """The plan cannot end like this."""

    code = "end-refused"
    what = "Ending this plan"


class PlanHasEnded(Rejected):
    """The plan has ended before that day: it does not end once more."""

    code = "plan-has-ended"

    def __init__(self, ended_on: date) -> None:
        super().__init__(
            f"This plan has ended: {ended_on} is the first day without it. If that is wrong, reopen it: POST"
            " /plans/{id}/reopenings.",
            ended_on=ended_on,
        )


@dataclass(frozen=True, slots=True)
class EndPlan:
    """The plan is to bind no longer, from a day on."""

    reason: PlanEnd
    effective_on: date
    today: date
    explanation: str | None = None
    revocation: Revocation | None = None
    notice_ids: tuple[NoticeId, ...] = ()
    """The notices of this end."""
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class GroundOfEnd:
    """What the end of a plan rests on, beside the plan."""

    people: People = People()  # noqa: RUF009 (frozen)
    evaluations: Evaluations = Evaluations()  # noqa: RUF009 (frozen)
    notices: Sequence[NoticeGiven] = ()
    """Given about the plan itself."""
    rules: Rules = Rules()  # noqa: RUF009 (frozen)
    stay_put: StayPut | None = None
    """What stays while a due process complaint is open."""
    birth_date: date | None = None


NOTHING = GroundOfEnd()


def end_plan(plan: Plan, command: EndPlan, ground: GroundOfEnd = NOTHING) -> list[PlanEvent]:
    """Let the plan bind no longer, from a day on."""
    if not plan.ever_adopted or plan.plan_id is None:
        raise NeverAdopted
    not_in_the_future(command.reported, command.today)
    _could_be_true(plan, command, ground.people)
    if plan.ended_by(command.effective_on):
        ended_on = plan.ended_on(command.effective_on)
        if ended_on is not None and ended_on < command.effective_on:
            raise PlanHasEnded(ended_on)
        return []
    unmet = list(_unmet(plan.kind, command, ground))
    return [
        PlanEnded(
            effective_on=command.effective_on, plan_id=plan.plan_id, reason=command.reason,
            personal=ReasonPersonalData(reason=command.explanation) if command.explanation else None,
            notice_ids=command.notice_ids, revocation=command.revocation,
            reported=settle(EndRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def not_evaluated_before(kind: PlanKind, known: Evaluations, effective_on: date) -> Iterator[Reason]:
    """34 CFR 300.305(e)(1), 104.35(a): evaluated anew, and found no longer eligible, before the plan ends."""
    law = Law.IDEA if kind is PlanKind.IEP else Law.SECTION_504
    found = sorted(
        (each for each in known.determined if each.law is law and each.determined_on <= effective_on),
        key=lambda each: each.determined_on,
    )
    if found and not found[-1].eligible:
        since = max((each.determined_on for each in found if each.eligible), default=date.min)
        if any(
            each.completed is not None
            and law in each.laws
            and since < each.completed.completed_on <= found[-1].determined_on
            for each in known.evaluations.values()
        ):
            return
    yield Reason(
        "evaluation-before-exit", f"By {effective_on} nobody had evaluated the student anew and found them ineligible.",
        "34 CFR 300.305(e)(1)" if kind is PlanKind.IEP else "34 CFR 104.35(a)",
        "Complete an evaluation, then determine eligibility on its ground: POST /students/{id}/eligibility.", "/reason",
    )  # fmt: skip


def still_of_age(birth_date: date | None, effective_on: date) -> Iterator[Reason]:
    """34 CFR 300.101(a), 300.102(a)(1): a state may let FAPE end by age from 18 on, and never before."""
    if birth_date is not None and effective_on < (day := birthday(birth_date, FREE_EDUCATION_UNTIL)):
        yield Reason(
            "still-of-age", f"No state lets a free appropriate public education end by age before {day}.",
            "34 CFR 300.101(a), 300.102(a)(1)", "Say why the plan ends; it is not the student's age.", "/reason",
        )  # fmt: skip


def not_revoked_in_writing(revocation: Revocation | None, people: People) -> Iterator[Reason]:
    """34 CFR 300.300(b)(4): consent is revoked in writing, by who may give it."""
    if revocation is None:
        yield Reason(
            "revocation-required", "It is not said who revoked consent, and how.", "34 CFR 300.300(b)(4)",
            "Name the rights holder, the day and the letter.", "/revocation",
        )  # fmt: skip
        return
    if revocation.method is ConsentMethod.ORAL:
        yield Reason(
            "revocation-not-written", "Consent to all services is revoked in writing.", "34 CFR 300.300(b)(4)",
            "Ask for it in writing; until then the services go on.", "/revocation/method",
        )  # fmt: skip
    if not people.decides_on(revocation.holder_id, revocation.revoked_on):
        yield Reason(
            "revoked-by-nobody-who-decides",
            f"Whoever revoked consent held no right to decide on {revocation.revoked_on}.",
            "34 CFR 300.300(b)(4), 300.520", "Let a holder of the right to decide write.", "/revocation/holder",
        )  # fmt: skip


def before_notice(kind: PlanKind, command: EndPlan, ground: GroundOfEnd) -> Iterator[Reason]:
    """34 CFR 300.503(a), 300.300(b)(4)(i), 104.36: everybody who must be told was told of this end before it."""
    revoked_on = command.revocation.revoked_on if command.revocation else date.min
    of_this_end = [
        each
        for each in ground.notices
        if each.notice_id in command.notice_ids and each.given_on >= revoked_on
    ]
    standing = notice_standing(kind, ground.people.told_on(command.today), of_this_end, ground.rules)
    for reason in standing.unmet:
        yield Reason(
            reason.code, reason.message, reason.citation,
            "Write the notice (POST /notify/v1/notices), see that it is given, and name it in `notices`.", "/notices",
        ) if reason.code == "prior-written-notice-required" else reason  # fmt: skip
    if standing.earliest is not None and command.effective_on < standing.earliest:
        yield too_soon(standing.earliest, standing.citation)


def _unmet(kind: PlanKind, command: EndPlan, ground: GroundOfEnd) -> Iterator[Reason]:
    if command.effective_on < command.today and command.reported is None:
        yield already_past(command.today)
    yield from ended_while_pending(kind, ground.stay_put, command.reason)
    if command.reason is PlanEnd.REACHED_MAXIMUM_AGE and kind is PlanKind.IEP:
        yield from still_of_age(ground.birth_date, command.effective_on)
    if command.reason in ELIGIBILITY_ENDS[kind]:
        yield from not_evaluated_before(kind, ground.evaluations, command.effective_on)
    if command.reason is PlanEnd.CONSENT_REVOKED and kind is PlanKind.IEP:
        yield from not_revoked_in_writing(command.revocation, ground.people)
    if command.reason in PROPOSED_BY_THE_DISTRICT[kind]:
        yield from before_notice(kind, command, ground)


def _could_be_true(plan: Plan, command: EndPlan, people: People) -> None:
    begins_on = min(binding.starts_on for binding in plan.bindings if binding.binds)
    if command.effective_on < begins_on:
        raise cannot_be_true(
            "ended-before-it-began", f"The plan begins on {begins_on}: its first day without it is no earlier.",
            "/effective_on",
        )  # fmt: skip
    revocation = command.revocation
    if revocation is None:
        return
    if command.reason is not PlanEnd.CONSENT_REVOKED:
        raise cannot_be_true(
            "revocation-of-nothing", "Only an end for `consent_revoked` has a revocation.", "/revocation"
        )
    people.must_know([revocation.holder_id], "/revocation/holder")
    if not revocation.revoked_on <= min(command.today, command.effective_on):
        raise cannot_be_true(
            "revoked-on-no-such-day", "Consent is revoked before the plan ends, and not on a day to come.",
            "/revocation/revoked_on",
        )  # fmt: skip
