"""Amending a plan in effect: 34 CFR 300.324(a)(4), (a)(6), 300.503, 300.9."""

from datetime import date, timedelta

import pytest

from contracts.items import Add, End, Replace
from contracts.plan import (
    AgreementSought,
    AmendmentAdopted,
    AmendmentAgreed,
    ConsentAnswered,
    PlanEvent,
    TeamMeeting,
)
from contracts.problems import Invalid, NotFound
from contracts.students import Held
from contracts.vocabulary import ConsentDecision, ConsentMethod, PlanKind
from plan_service.domain.amendment import (
    AmendmentRefused,
    NeverAdopted,
    RecordAgreement,
    WithdrawalRefused,
    adopt_amendment,
    agreement_of,
    propose_amendment,
    record_agreement,
    withdraw_amendment,
)
from plan_service.domain.consent import AmendmentClosed, answer_amendment
from plan_service.domain.plan import Plan
from plan_service.domain.rules import Rules
from plan_service.testing_plans import (
    AMENDMENT,
    AUNT,
    BEGIN,
    FATHER,
    GOAL,
    MEETING,
    MOTHER,
    SPEECH,
    TIME,
    TODAY,
    adoption,
    agreement,
    an_id,
    answer,
    answered,
    draft_opened,
    given,
    ground,
    holder,
    in_effect,
    item,
    meeting,
    notice,
    people,
    plan_504_items,
    plan_adopted,
    proposal,
    proposed,
    reported,
    speech,
)

IN_TEN_DAYS = TODAY + timedelta(days=10)
PARTIAL = Rules(notice_days=10, partial_consent=True)
REFUSED = ConsentDecision.REFUSED


def adopted(plan: Plan, ground_: object = None, **fields: object) -> AmendmentAdopted:
    (event,) = adopt_amendment(plan, adoption(**fields), ground_ or ground(notice()))  # type: ignore[arg-type]
    assert isinstance(event, AmendmentAdopted)
    return event


def pending() -> Plan:
    return given(proposed(), start=in_effect())


def codes(refusal: pytest.ExceptionInfo[AmendmentRefused]) -> set[str]:
    return {reason.code for reason in refusal.value.reasons}


def test_an_amendment_waits_for_prior_written_notice() -> None:
    with pytest.raises(AmendmentRefused) as refusal:
        adopted(pending(), ground())
    assert codes(refusal) == {"prior-written-notice-required"}
    assert refusal.value.reasons[0].citation == "34 CFR 300.503(a)"


def test_an_amendment_waits_the_required_days_after_its_notice() -> None:
    with pytest.raises(AmendmentRefused) as refusal:
        adopted(pending(), effective_on=IN_TEN_DAYS - timedelta(days=1))
    assert codes(refusal) == {"prior-written-notice-required"}
    assert refusal.value.facts["earliest"] == IN_TEN_DAYS


def test_earliest_is_the_first_lawful_day() -> None:
    assert adopted(pending()).effective_on == IN_TEN_DAYS
    assert adopted(pending(), effective_on="earliest").effective_on == IN_TEN_DAYS


def test_a_later_day_may_be_chosen() -> None:
    later = IN_TEN_DAYS + timedelta(days=3)
    assert adopted(pending(), effective_on=later).effective_on == later


def test_everybody_who_holds_notice_rights_is_told() -> None:
    both = people(holder(MOTHER), holder(FATHER))
    with pytest.raises(AmendmentRefused):
        adopted(pending(), ground(notice(to=MOTHER), people=both))
    told = ground(notice(to=MOTHER), notice(TODAY + timedelta(days=2), to=FATHER), people=both)
    assert adopted(pending(), told).effective_on == IN_TEN_DAYS + timedelta(days=2)


def test_whoever_may_not_be_contacted_need_not_be_told() -> None:
    barred = holder(FATHER, contact=None)
    assert adopted(pending(), ground(notice(to=MOTHER), people=people(holder(), barred)))


def test_rights_that_have_ended_need_no_notice() -> None:
    ended = holder(FATHER, ended_on=TODAY)
    assert adopted(pending(), ground(notice(to=MOTHER), people=people(holder(), ended)))


def test_without_anybody_to_tell_nothing_changes() -> None:
    with pytest.raises(AmendmentRefused) as refusal:
        adopted(pending(), ground(people=people(holder(contact=None))))
    assert codes(refusal) == {"nobody-to-notify"}


def test_an_amendment_leaves_the_annual_review_date_alone() -> None:
    plan = pending()
    after = given(adopted(plan), start=plan)
    assert after.review_due_on == plan.review_due_on == date(2026, 12, 4)


def test_an_amendment_changes_the_named_items_and_no_others() -> None:
    plan = pending()
    after = given(adopted(plan), start=plan)
    assert after.item_on(TIME, IN_TEN_DAYS) is None
    assert after.item_on(TIME, TODAY) is not None
    assert after.item_on(GOAL, IN_TEN_DAYS) == plan.item_on(GOAL, IN_TEN_DAYS)


def test_only_what_was_consented_to_changes_where_partial_consent_is_honoured() -> None:
    plan = given(answered(SPEECH), answered(TIME, decision=REFUSED), start=pending())
    event = adopted(plan, ground(notice(), rules=PARTIAL))
    assert [change.item_id for change in event.changes] == [SPEECH]
    assert event.withheld == (TIME,)


def test_silence_is_not_consent() -> None:
    plan = given(answered(SPEECH), start=pending())
    assert adopted(plan, ground(notice(), rules=PARTIAL)).withheld == (TIME,)


def test_with_nothing_consented_to_nothing_is_adopted() -> None:
    plan = given(answered(decision=REFUSED), start=pending())
    with pytest.raises(AmendmentRefused) as refusal:
        adopted(plan, ground(notice(), rules=PARTIAL))
    assert codes(refusal) == {"consent-required"}


def test_an_item_that_one_holder_refuses_stays_put() -> None:
    plan = given(answered(SPEECH, TIME), answered(SPEECH, by=FATHER, decision=REFUSED), start=pending())
    assert adopted(plan, ground(notice(), rules=PARTIAL)).withheld == (SPEECH,)


def test_a_later_answer_of_the_same_person_holds() -> None:
    plan = given(answered(decision=REFUSED), answered(on=TODAY + timedelta(days=1)), start=pending())
    assert adopted(plan, ground(notice(), rules=PARTIAL), today=TODAY + timedelta(days=1)).withheld == ()


def test_an_answer_reported_late_for_an_earlier_day_does_not_undo_a_later_one() -> None:
    plan = given(answered(on=TODAY + timedelta(days=1)), answered(decision=REFUSED), start=pending())
    assert adopted(plan, ground(notice(), rules=PARTIAL), today=TODAY + timedelta(days=1)).withheld == ()


def test_an_oral_yes_is_kept_and_is_not_consent() -> None:
    plan = given(answered(SPEECH, TIME, method=ConsentMethod.ORAL), start=pending())
    with pytest.raises(AmendmentRefused) as refusal:
        adopted(plan, ground(notice(), rules=PARTIAL))
    assert codes(refusal) == {"consent-required"}


def test_a_change_reported_from_before_its_consent_leaves_the_rule_unmet() -> None:
    late = TODAY + timedelta(days=20)
    plan = given(answered(on=late), start=pending())
    at = {"today": late, "reported": reported(TODAY + timedelta(days=15))}
    event = adopted(plan, ground(notice(), rules=PARTIAL), **at)
    assert event.reported is not None
    assert [unmet.code for unmet in event.reported.unmet] == ["consent-required"]


def test_a_decision_does_not_reach_back_though_its_notice_was_given_long_ago() -> None:
    with pytest.raises(AmendmentRefused) as refusal:
        adopted(pending(), today=TODAY + timedelta(days=30), effective_on=IN_TEN_DAYS)
    assert codes(refusal) == {"effective-in-the-past"}


def test_a_refusal_by_somebody_without_the_right_withholds_nothing() -> None:
    plan = given(
        answered(SPEECH, TIME), answered(TIME, by=AUNT, decision=REFUSED, counts=False), start=pending()
    )
    assert adopted(plan, ground(notice(), rules=PARTIAL)).withheld == ()


def test_without_partial_consent_a_refusal_is_a_disagreement_and_the_meetings_decision_stands() -> None:
    at_meeting = TeamMeeting(meeting_id=MEETING)
    plan = given(proposed(basis=at_meeting), answered(decision=REFUSED), start=in_effect())
    assert adopted(plan, ground(notice(), meeting=meeting(TODAY))).withheld == ()


def test_an_agreement_not_to_meet_does_not_stand_against_a_refusal() -> None:
    plan = given(answered(TIME, decision=REFUSED), start=pending())
    with pytest.raises(AmendmentRefused) as refusal:
        adopted(plan)
    assert codes(refusal) == {"amendment-not-agreed"}


def test_a_change_decided_in_a_meeting_needs_the_meeting_held_by_the_team() -> None:
    plan = given(proposed(basis=TeamMeeting(meeting_id=MEETING)), start=in_effect())
    with pytest.raises(AmendmentRefused) as refusal:
        adopted(plan, ground(notice(), meeting=meeting(None)))
    assert codes(refusal) == {"meeting-not-held"}


def test_a_new_item_is_complete_before_it_binds() -> None:
    plan = given(proposed(changes=(Replace(item=speech(location=None)),)), start=in_effect())
    with pytest.raises(AmendmentRefused) as refusal:
        adopted(plan)
    assert codes(refusal) == {"service-lacks-location"}


def test_an_item_that_has_ended_meanwhile_cannot_be_changed() -> None:
    other = an_id("another amendment")
    plan = given(
        proposed(), proposed().model_copy(update={"amendment_id": other, "changes": (End(item=SPEECH),)}),
        AmendmentAdopted(effective_on=TODAY, plan_id=proposed().plan_id, amendment_id=other, changes=(End(item=SPEECH),)),
        start=in_effect(),
    )  # fmt: skip
    with pytest.raises(AmendmentRefused) as refusal:
        adopted(plan)
    assert codes(refusal) == {"item-not-in-force"}


def test_a_change_to_a_504_plan_needs_notice_and_no_number_of_days() -> None:
    plan = given(
        draft_opened(PlanKind.SECTION_504), plan_adopted(items=plan_504_items(), kind=PlanKind.SECTION_504),
        proposed(changes=(Add(item=item("accommodation", an_id("snack"), what="snack", responsible_role="school_nurse")),)),
    )  # fmt: skip
    with pytest.raises(AmendmentRefused) as refusal:
        adopted(plan, ground())
    assert refusal.value.reasons[0].citation == "34 CFR 104.36"
    assert adopted(plan, ground(notice())).effective_on == TODAY


def test_adopting_twice_is_adopting_once() -> None:
    plan = pending()
    after = given(adopted(plan), start=plan)
    assert adopt_amendment(after, adoption(), ground(notice())) == []


def test_a_reported_adoption_binds_since_it_happened_with_the_rules_it_left_unmet() -> None:
    event = adopted(pending(), ground(), today=IN_TEN_DAYS, reported=reported(TODAY))
    assert event.effective_on == TODAY
    assert event.reported is not None
    assert [unmet.code for unmet in event.reported.unmet] == ["prior-written-notice-required"]


def test_a_reported_change_without_consent_names_it() -> None:
    event = adopted(
        pending(), ground(notice(), rules=PARTIAL), today=IN_TEN_DAYS, reported=reported(IN_TEN_DAYS)
    )
    assert len(event.changes) == 2
    assert event.reported is not None
    assert [unmet.code for unmet in event.reported.unmet] == ["consent-required"]


def test_a_draft_is_changed_not_amended() -> None:
    with pytest.raises(NeverAdopted):
        propose_amendment(given(draft_opened()), proposal(), people())


def test_an_agreement_is_one_of_somebody_who_may_decide() -> None:
    with pytest.raises(AmendmentRefused) as refusal:
        propose_amendment(in_effect(), proposal(basis=agreement(TODAY, AUNT)), people())
    assert codes(refusal) == {"agreement-without-rights"}
    with pytest.raises(Invalid):
        propose_amendment(in_effect(), proposal(basis=agreement(TODAY, an_id("a stranger"))), people())


@pytest.mark.parametrize(
    "changes",
    [
        (),
        (Replace(item=speech()), End(item=SPEECH)),
        (End(item=an_id("never in the plan")),),
        (Add(item=speech()),),
        (Replace(item=item("modification", SPEECH)),),
    ],
    ids=["nothing", "twice the same item", "an unknown item", "what is there already", "another kind"],
)
def test_a_change_that_cannot_be_meant_is_refused(changes: tuple[object, ...]) -> None:
    with pytest.raises(Invalid):
        propose_amendment(in_effect(), proposal(changes=changes), people())


def test_an_answer_counts_when_the_person_may_decide_on_that_day() -> None:
    (event,) = answer_amendment(pending(), answer(), people())
    assert isinstance(event, ConsentAnswered)
    assert event.counts


@pytest.mark.parametrize("who", [AUNT, FATHER], ids=["a contact", "a holder without decision rights"])
def test_an_answer_of_somebody_without_the_right_is_recorded_and_never_consent(who: object) -> None:
    around = people(holder(), holder(FATHER, decides=False))
    (event,) = answer_amendment(pending(), answer(holder_id=who, items=(SPEECH, TIME)), around)
    assert isinstance(event, ConsentAnswered)
    assert not event.counts
    with pytest.raises(AmendmentRefused):
        adopted(given(event, start=pending()), ground(notice(), rules=PARTIAL))


def test_an_answer_from_before_the_right_began_does_not_count() -> None:
    from_tomorrow = holder(decision=Held(starts_on=TODAY + timedelta(days=1)))
    (event,) = answer_amendment(pending(), answer(), people(from_tomorrow))
    assert isinstance(event, ConsentAnswered)
    assert not event.counts


@pytest.mark.parametrize(
    "fields",
    [
        {"answered_on": TODAY + timedelta(days=1)}, {"answered_on": BEGIN}, {"items": (GOAL,)},
        {"holder_id": an_id("a stranger")},
    ],
    ids=["tomorrow", "before the proposal", "an item not asked about", "by nobody known"],
)  # fmt: skip
def test_an_answer_that_cannot_be_true_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        answer_amendment(pending(), answer(**fields), people())


def test_a_withdrawn_amendment_leaves_no_change() -> None:
    plan = pending()
    after = given(adopted(plan), start=plan)
    (event,) = withdraw_amendment(after, AMENDMENT, "The parents have moved.", TODAY)
    assert given(event, start=after).lines == plan.lines


def test_what_has_bound_cannot_be_withdrawn() -> None:
    plan = pending()
    after = given(adopted(plan), start=plan)
    with pytest.raises(WithdrawalRefused):
        withdraw_amendment(after, AMENDMENT, "We changed our minds.", IN_TEN_DAYS)


def test_a_withdrawn_amendment_is_neither_answered_nor_adopted() -> None:
    plan = pending()
    after = given(*withdraw_amendment(plan, AMENDMENT, "No longer needed.", TODAY), start=plan)
    with pytest.raises(AmendmentClosed):
        adopt_amendment(after, adoption(), ground(notice()))
    with pytest.raises(AmendmentClosed):
        answer_amendment(after, answer(), people())


def test_an_unknown_amendment_is_not_found() -> None:
    with pytest.raises(NotFound):
        adopt_amendment(in_effect(), adoption(), ground(notice()))


SOUGHT = AgreementSought()
TWO_DAYS_ON = TODAY + timedelta(days=2)


def seeking() -> Plan:
    return given(proposed(basis=SOUGHT), start=in_effect())


def agreed(plan: Plan, *holders: object, **fields: object) -> list[PlanEvent]:
    complete: dict[str, object] = {
        "amendment_id": AMENDMENT, "agreed_on": TWO_DAYS_ON, "holder_ids": holders or (MOTHER,), "today": TWO_DAYS_ON,
    } | fields  # fmt: skip
    return record_agreement(plan, RecordAgreement(**complete), people())  # type: ignore[arg-type]


def test_a_change_may_be_proposed_while_the_agreement_not_to_meet_is_sought() -> None:
    (event,) = propose_amendment(in_effect(), proposal(basis=SOUGHT), people())
    assert given(event, start=in_effect()).amendments[AMENDMENT].basis == SOUGHT


def test_a_change_without_a_meeting_waits_for_the_written_agreement() -> None:
    with pytest.raises(AmendmentRefused) as refusal:
        adopted(seeking(), today=TWO_DAYS_ON)
    assert codes(refusal) == {"agreement-awaited"}
    assert refusal.value.reasons[0].citation == "34 CFR 300.324(a)(4)(i)"
    plan = given(*agreed(seeking()), start=seeking())
    assert adopted(plan, today=TWO_DAYS_ON).effective_on == IN_TEN_DAYS


def test_a_change_agreed_to_later_binds_no_earlier_than_that() -> None:
    late = IN_TEN_DAYS + timedelta(days=3)
    plan = given(*agreed(seeking(), agreed_on=late, today=late), start=seeking())
    assert adopted(plan, today=late).effective_on == late


def test_an_agreement_of_somebody_who_may_not_decide_is_kept_and_is_none() -> None:
    (event,) = agreed(seeking(), AUNT)
    assert isinstance(event, AmendmentAgreed)
    assert not event.counts
    plan = given(event, start=seeking())
    assert plan.amendments[AMENDMENT].basis == SOUGHT
    assert given(*agreed(plan), start=plan).amendments[AMENDMENT].basis == agreement(TWO_DAYS_ON)


def test_an_agreement_recorded_again_is_nothing_new() -> None:
    plan = given(*agreed(seeking()), start=seeking())
    assert agreed(plan) == []


def test_what_was_adopted_without_the_agreement_is_reported_with_that_rule_unmet() -> None:
    event = adopted(seeking(), reported=reported(TODAY), today=IN_TEN_DAYS)
    assert event.reported is not None
    assert "agreement-awaited" in {unmet.code for unmet in event.reported.unmet}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"agreed_on": TWO_DAYS_ON + timedelta(days=1)}, "agreed-in-the-future"),
        ({"holder_ids": ()}, "nobody-agreed"),
        ({"holder_ids": (an_id("a stranger"),)}, "unknown-holder"),
    ],
)
def test_an_agreement_that_cannot_be_is_refused(fields: dict[str, object], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        agreed(seeking(), **fields)
    assert [reason.code for reason in refusal.value.reasons] == [code]


def test_no_agreement_is_recorded_on_what_a_meeting_decided_or_what_is_closed() -> None:
    met = given(proposed(basis=TeamMeeting(meeting_id=MEETING)), start=in_effect())
    with pytest.raises(Invalid):
        agreed(met)
    gone = given(*withdraw_amendment(seeking(), AMENDMENT, "no longer wanted", TODAY), start=seeking())
    with pytest.raises(AmendmentClosed):
        agreed(gone)


def test_half_an_agreement_is_none() -> None:
    assert agreement_of(None, (), None) == SOUGHT
    with pytest.raises(Invalid):
        agreement_of(None, (MOTHER,), None)


def test_that_a_proposal_was_reported_stands_on_it_whatever_is_recorded_beside_it() -> None:
    report = reported(TODAY)
    plan = given(proposed(reported=report), answered(SPEECH), start=in_effect())
    assert plan.amendments[AMENDMENT].reported == report


def test_an_answer_names_each_item_once() -> None:
    with pytest.raises(Invalid) as refusal:
        answer_amendment(pending(), answer(items=(SPEECH, TIME, SPEECH)), people())
    assert [reason.code for reason in refusal.value.reasons] == ["duplicate-item"]
