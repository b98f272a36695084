"""Consent to the first services under IDEA, 34 CFR 300.300(b)."""

from datetime import date, timedelta
from functools import reduce
from typing import Any

import pytest

from contracts.initial_services import ServicesConsentAnswered
from contracts.plan import PlanEnded, PlanReopened, ReasonPersonalData, Revocation
from contracts.testing import an_id
from contracts.vocabulary import (
    Channel,
    ConsentDecision,
    ConsentMethod,
    PlanEnd,
    PlanKind,
    ReopeningGround,
)
from plan_service import testing_plans as plans
from plan_service.domain.adoption import AdoptionRefused, adopt_plan
from plan_service.domain.initial_services import (
    AnswerServices,
    AskServicesConsent,
    FirstServices,
    ServicesConsentNotAsked,
    ServicesConsentRefused,
    answer_services,
    ask_services_consent,
)
from plan_service.domain.services_consent_state import ServicesConsents, services_consents_after
from plan_service.domain.student import Student
from plan_service.testing_people import (
    AUNT,
    FATHER,
    MOTHER,
    STUDENT,
    all_rights,
    confirmed,
    contact,
    given,
    registered,
    reported,
)

DEC_8, DEC_9 = date(2025, 12, 8), date(2025, 12, 9)
ACCEPTED, REFUSED = ConsentDecision.ACCEPTED, ConsentDecision.REFUSED


def answered(
    decision: ConsentDecision = ACCEPTED, on: date = DEC_8, by: Any = plans.MOTHER, *, counts: bool = True
) -> Any:
    return ServicesConsentAnswered(
        effective_on=on, student_id=plans.STUDENT, services_consent_id=an_id(f"{by} {on} {decision}"), holder_id=by,
        counts=counts, decision=decision, method=ConsentMethod.PAPER_SIGNATURE,
    )  # fmt: skip


def first(*answers: Any, people: Any = None, **fields: Any) -> FirstServices:
    known = reduce(services_consents_after, answers, ServicesConsents())
    return FirstServices(known, people or plans.people(plans.holder(), plans.holder(plans.FATHER)), **fields)


def child(*events: Any) -> Student:
    """A student with a mother who decides, and an aunt who holds no rights."""
    return given(registered(), confirmed(MOTHER), contact(AUNT), *events)


def adopted(first_services: FirstServices, **fields: Any) -> Any:
    return adopt_plan(plans.given(plans.draft_opened()), plans.adopt(first_services=first_services, **fields))


def refused_for(first_services: FirstServices, **fields: Any) -> list[str]:
    with pytest.raises(AdoptionRefused) as refused:
        adopted(first_services, **fields)
    return [reason.code for reason in refused.value.reasons]


def test_a_first_iep_binds_only_with_consent_to_its_services() -> None:
    assert refused_for(first()) == ["initial-consent-required"]
    assert refused_for(first(answered(counts=False))) == ["initial-consent-required"]
    assert adopted(first(answered()))


def test_it_binds_from_the_day_of_that_consent_at_the_earliest() -> None:
    meeting = plans.meeting(DEC_8 - timedelta(days=4))
    early: dict[str, Any] = {
        "effective_on": DEC_8 - timedelta(days=1),
        "today": DEC_8 - timedelta(days=1),
        "meeting": meeting,
    }
    assert refused_for(first(answered()), **early) == ["initial-consent-required"]
    assert adopted(first(answered()), effective_on=DEC_8, today=DEC_8, meeting=meeting)


def test_a_refusal_stands_and_nobody_overrides_it() -> None:
    assert refused_for(first(answered(REFUSED))) == ["initial-services-refused"]
    assert refused_for(first(answered(), answered(REFUSED, by=plans.FATHER))) == ["initial-services-refused"]


def test_whoever_refused_may_consent_later() -> None:
    assert adopted(first(answered(REFUSED), answered(ACCEPTED, DEC_9)))
    assert refused_for(first(answered(ACCEPTED), answered(REFUSED, DEC_9))) == ["initial-services-refused"]
    late_entry = first(answered(ACCEPTED, DEC_9), answered(REFUSED, DEC_8))
    assert adopted(late_entry)


def test_the_refusal_of_somebody_who_no_longer_decides_is_over() -> None:
    only_the_father = plans.people(plans.holder(decides=False), plans.holder(plans.FATHER))
    known = first(answered(REFUSED), answered(by=plans.FATHER), people=only_the_father)
    assert adopted(known)


def test_consent_is_asked_for_once_not_for_each_plan() -> None:
    assert adopted(first(served=True))
    assert adopted(first(answered(REFUSED, date(2024, 1, 8)), served=True))


def test_after_a_revocation_services_are_first_services_again() -> None:
    revoked = date(2025, 6, 2)
    before = first(answered(ACCEPTED, date(2024, 9, 2)), served=True, revoked_on=revoked)
    assert refused_for(before) == ["initial-consent-required"]
    assert adopted(first(answered(ACCEPTED, DEC_8), served=True, revoked_on=revoked))


def test_a_revocation_is_known_of_the_plan_it_ended_and_forgotten_when_the_end_was_a_mistake() -> None:
    revocation = Revocation(holder_id=plans.MOTHER, revoked_on=DEC_8, method=ConsentMethod.WRITTEN_MESSAGE)
    ended = PlanEnded(
        effective_on=DEC_9, plan_id=plans.PLAN, reason=PlanEnd.CONSENT_REVOKED, revocation=revocation
    )
    plan = plans.given(ended, start=plans.in_effect())
    assert plan.revoked_on == DEC_8
    back = PlanReopened(
        effective_on=DEC_9, plan_id=plans.PLAN, reopening_id=an_id("back"), ended_by=an_id("end"),
        ground=ReopeningGround.MISTAKE, personal=ReasonPersonalData(reason="Another child's letter."),
        requested_by="one", approved_by="another",
    )  # fmt: skip
    assert plans.given(back, start=plan).revoked_on is None


def test_a_section_504_plan_needs_no_consent_to_its_services() -> None:
    plan = plans.given(plans.draft_opened(PlanKind.SECTION_504))
    command = plans.adopt(items=plans.plan_504_items(), meeting=None, first_services=first(answered(REFUSED)))
    assert adopt_plan(plan, command)


def test_services_that_began_without_consent_are_recorded_as_they_were() -> None:
    (event,) = adopted(first(), reported=plans.reported(plans.BEGIN))
    assert [unmet.code for unmet in event.reported.unmet] == ["initial-consent-required"]


def test_consent_is_asked_of_somebody_who_may_give_it() -> None:
    student = child(confirmed(FATHER, rights=all_rights().model_copy(update={"decision": None})))
    ask = AskServicesConsent(an_id("asked"), (FATHER,), Channel.LETTER, today=DEC_8)
    with pytest.raises(ServicesConsentNotAsked):
        ask_services_consent(student, ask)
    (event,) = ask_services_consent(
        child(), AskServicesConsent(an_id("asked"), (MOTHER,), Channel.LETTER, DEC_8)
    )
    assert (event.student_id, event.effective_on) == (STUDENT, DEC_8)


def test_consent_to_services_is_written_a_refusal_may_be_said() -> None:
    def answer(decision: ConsentDecision, method: ConsentMethod = ConsentMethod.ORAL, **more: Any) -> Any:
        return answer_services(
            child(), AnswerServices(an_id("answer"), more.pop("by", MOTHER), decision, method, DEC_8, **more)
        )

    with pytest.raises(ServicesConsentRefused):
        answer(ACCEPTED)
    assert answer(REFUSED)[0].counts
    assert answer(ACCEPTED, ConsentMethod.WRITTEN_MESSAGE)[0].counts


def test_what_was_adopted_is_revoked_in_writing_and_not_refused_any_more() -> None:
    said = AnswerServices(an_id("answer"), MOTHER, REFUSED, ConsentMethod.ORAL, DEC_8, served=True)
    with pytest.raises(ServicesConsentRefused) as refused:
        answer_services(child(), said)
    assert [reason.code for reason in refused.value.reasons] == ["services-adopted-already"]


def test_an_answer_of_somebody_without_the_right_is_kept_and_is_no_consent() -> None:
    command = AnswerServices(an_id("answer"), AUNT, ACCEPTED, ConsentMethod.WRITTEN_MESSAGE, DEC_8)
    with pytest.raises(ServicesConsentRefused):
        answer_services(child(), command)
    told = AnswerServices(
        an_id("answer"), AUNT, ACCEPTED, ConsentMethod.WRITTEN_MESSAGE, DEC_8, reported=reported(DEC_8)
    )
    (event,) = answer_services(child(), told)
    assert not event.counts
    assert [unmet.code for unmet in event.reported.unmet] == ["consent-not-by-rights-holder"]
