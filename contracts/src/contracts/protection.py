"""Which laws protect a student on a day, from what is on record: 34 CFR 300.530(a), 300.534, 104.35."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from contracts.evaluations import (
    EligibilityDetermined,
    EvaluationCompleted,
    EvaluationConsentAnswered,
    ReferralReceived,
)
from contracts.event import Event
from contracts.vocabulary import ConsentDecision, Law

EVALUATED_BY = (ReferralReceived, EvaluationConsentAnswered, EvaluationCompleted, EligibilityDetermined)
"""What of a student's evaluations is asked for."""


def protected_by(evaluations: Iterable[Event], plans_in_effect: Iterable[Law], day: date) -> frozenset[Law]:
    """The laws of who has a plan in effect, was found eligible, or is being evaluated: the district knew (300.534(b)).

    Not of whose evaluation was refused by who decides, nor of who was found ineligible (300.534(c)).
    """
    asked: dict[UUID, tuple[Law, ...]] = {}
    answers: dict[UUID, dict[UUID, ConsentDecision]] = {}
    eligible: dict[Law, bool] = {}
    known = sorted(
        (each for each in evaluations if each.effective_on <= day), key=lambda each: each.effective_on
    )
    complete = {each.evaluation_id for each in known if isinstance(each, EvaluationCompleted)}
    for event in known:
        match event:
            case ReferralReceived():
                asked[event.evaluation_id] = event.laws
            case EvaluationConsentAnswered() if event.counts:
                answers.setdefault(event.evaluation_id, {})[event.holder_id] = event.decision
            case EligibilityDetermined():
                eligible[event.determination.law] = event.determination.eligible
    being_evaluated = {
        law
        for evaluation, laws in asked.items()
        if evaluation not in complete and ConsentDecision.REFUSED not in answers.get(evaluation, {}).values()
        for law in laws
    }
    return frozenset({*plans_in_effect, *being_evaluated, *(law for law, yes in eligible.items() if yes)})
