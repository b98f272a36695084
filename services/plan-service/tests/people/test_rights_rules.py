"""Rules about who holds which right, and whose signature lets a record go."""

from datetime import date
from typing import Any

import pytest

from contracts.problems import Invalid, NotFound
from contracts.students import Held, Rights, RightsHolderConfirmed
from contracts.testing import an_id
from contracts.vocabulary import ConsentMethod, RightsEnd, RightsGround
from plan_service.domain.release import ReleaseRefused, revoke_release, sign_release
from plan_service.domain.rights_holder import (
    RightsNotConfirmed,
    confirm_rights_holder,
    decides_on,
    end_rights_holder,
    holds_record_rights,
)
from plan_service.domain.rules import FEDERAL, Rules
from plan_service.domain.student import Student, birthday, evolve
from plan_service.testing_people import (
    AUNT,
    BORN,
    FATHER,
    MOTHER,
    STUDENT,
    TODAY,
    all_rights,
    confirm,
    confirmed,
    contact,
    given,
    registered,
    release,
    reported,
)

ADULT_ON = date(2026, 3, 3)


def codes(refusal: Any) -> set[str]:
    return {reason.code for reason in refusal.value.reasons}


def grown_up(since: date = ADULT_ON) -> Any:
    """The student's own rights."""
    return confirm(STUDENT, ground=RightsGround.ADULT_STUDENT, rights=all_rights(since))


def test_a_contact_holds_no_right_whatever_a_roster_calls_it() -> None:
    student = given(registered(), contact(AUNT))

    assert not decides_on(student, AUNT, TODAY, FEDERAL)
    assert not holds_record_rights(student, AUNT, TODAY)


def test_authority_is_confirmed_by_a_person() -> None:
    with pytest.raises(RightsNotConfirmed) as refusal:
        confirm_rights_holder(given(registered()), confirm(confirmed_by=None))

    assert codes(refusal) == {"not-confirmed-by-a-person"}


@pytest.mark.parametrize("ground", [RightsGround.COURT_ORDER, RightsGround.GUARDIAN, RightsGround.SURROGATE])
def test_a_ground_that_rests_on_an_order_shows_it(ground: RightsGround) -> None:
    with pytest.raises(RightsNotConfirmed) as refusal:
        confirm_rights_holder(given(registered()), confirm(ground=ground))
    named = Rights(
        decision=Held(starts_on=BORN, ends_on=date(2026, 3, 2), source="order 12-3 of the county court")
    )

    assert codes(refusal) == {"evidence-required"}
    assert confirm_rights_holder(given(registered()), confirm(ground=ground, rights=named))


def test_a_report_says_which_rules_would_have_refused_it() -> None:
    (event,) = confirm_rights_holder(given(registered()), confirm(confirmed_by=None, reported=reported()))

    assert isinstance(event, RightsHolderConfirmed)
    assert event.reported is not None
    assert [unmet.code for unmet in event.reported.unmet] == ["not-confirmed-by-a-person"]


def test_confirming_the_same_once_more_is_nothing() -> None:
    student = given(registered())
    after = given(*confirm_rights_holder(student, confirm()), start=student)

    assert confirm_rights_holder(after, confirm()) == []


def test_at_majority_the_parents_rights_to_decide_and_over_the_record_end() -> None:
    student = given(registered(), confirmed(FATHER))
    after = given(*confirm_rights_holder(student, grown_up()), start=student)

    assert decides_on(after, FATHER, date(2026, 3, 2), FEDERAL)
    assert not decides_on(after, FATHER, ADULT_ON, FEDERAL)
    assert decides_on(after, STUDENT, ADULT_ON, FEDERAL)
    assert after.holders[FATHER].rights.notice == all_rights().notice


def test_the_students_own_rights_do_not_begin_before_18() -> None:
    with pytest.raises(RightsNotConfirmed) as refusal:
        confirm_rights_holder(given(registered()), grown_up(date(2026, 3, 2)))

    assert codes(refusal) == {"not-yet-an-adult"}


def test_a_parent_gets_no_record_rights_after_18() -> None:
    rights = Rights(record=Held(starts_on=ADULT_ON))

    with pytest.raises(RightsNotConfirmed) as refusal:
        confirm_rights_holder(given(registered()), confirm(rights=rights))

    assert codes(refusal) == {"record-rights-are-the-students"}


def test_a_parent_does_not_decide_beside_the_adult_student() -> None:
    student = given(registered())
    after = given(*confirm_rights_holder(student, grown_up()), start=student)

    with pytest.raises(RightsNotConfirmed) as refusal:
        confirm_rights_holder(after, confirm(rights=Rights(decision=Held(starts_on=BORN))))

    assert codes(refusal) == {"decision-rights-have-passed"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"rights": Rights()}, "no-rights"),
        ({"rights": Rights(notice=Held(starts_on=BORN, ends_on=date(2008, 3, 2)))}, "ends-before-it-begins"),
        ({"rights": Rights(notice=Held(starts_on=date(2008, 3, 2)))}, "begins-before-birth"),
        ({"contact_id": an_id("nobody")}, "unknown-contact"),
        ({"ground": RightsGround.ADULT_STUDENT}, "adult-student-is-the-student"),
        ({"reported": reported(date(2026, 4, 21))}, "occurred-in-the-future"),
    ],
)
def test_what_cannot_be_true_is_not_even_reported(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        confirm_rights_holder(given(registered()), confirm(**{"reported": reported()} | fields))

    assert codes(refusal) == {code}


def test_ended_rights_are_over_from_that_day_and_end_only_once() -> None:
    student = given(registered(), confirmed(FATHER))
    events = end_rights_holder(student, FATHER, RightsEnd.COURT_ORDER, date(2025, 1, 1), "a-person")
    after = given(*events, start=student)

    assert decides_on(after, FATHER, date(2024, 12, 31), FEDERAL)
    assert not decides_on(after, FATHER, date(2025, 1, 1), FEDERAL)
    assert end_rights_holder(after, FATHER, RightsEnd.COURT_ORDER, date(2025, 1, 1), "a-person") == []
    with pytest.raises(NotFound):
        end_rights_holder(after, MOTHER, RightsEnd.DEATH, TODAY, "a-person")


def test_a_parent_releases_the_record_until_the_student_is_18() -> None:
    student = given(registered(), confirmed(FATHER))

    assert sign_release(student, release(FATHER, signed_on=date(2026, 3, 2)))
    with pytest.raises(ReleaseRefused) as refusal:
        sign_release(student, release(FATHER, signed_on=ADULT_ON))
    assert codes(refusal) == {"release-by-the-student-only"}


def test_an_adult_student_releases_their_own_record() -> None:
    assert sign_release(given(registered()), release(STUDENT))


def test_a_student_of_17_does_not() -> None:
    with pytest.raises(ReleaseRefused) as refusal:
        sign_release(given(registered()), release(STUDENT, signed_on=date(2026, 3, 2)))

    assert codes(refusal) == {"release-not-by-rights-holder"}


def test_a_reported_release_of_a_contact_stands_and_opens_nothing() -> None:
    student = given(registered(), contact(AUNT))
    after = given(*sign_release(student, release(AUNT, reported=reported())), start=student)

    assert not after.releases[an_id("release")].serves_on(TODAY)


def test_a_word_is_no_release() -> None:
    with pytest.raises(ReleaseRefused) as refusal:
        sign_release(given(registered()), release(STUDENT, method=ConsentMethod.ORAL))

    assert codes(refusal) == {"release-needs-signature"}


def test_a_release_serves_from_its_signature_to_its_end() -> None:
    student = given(registered())
    signed = given(*sign_release(student, release(expires_on=date(2026, 6, 30))), start=student)
    revoked = given(*revoke_release(signed, an_id("release"), date(2026, 5, 1), STUDENT), start=signed)
    on = signed.releases[an_id("release")].serves_on

    assert (on(date(2026, 4, 19)), on(TODAY), on(date(2026, 6, 30)), on(date(2026, 7, 1))) == (
        False,
        True,
        True,
        False,
    )
    assert not revoked.releases[an_id("release")].serves_on(date(2026, 5, 1))
    assert revoke_release(revoked, an_id("release"), date(2026, 5, 2), STUDENT) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"holder": an_id("nobody")}, "unknown-holder"),
        ({"signed_on": date(2026, 4, 21)}, "signed-in-the-future"),
        ({"expires_on": date(2026, 4, 19)}, "ends-before-it-begins"),
    ],
)
def test_a_release_that_cannot_be_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        sign_release(given(registered()), release(**{"reported": reported()} | fields))

    assert codes(refusal) == {code}


def test_a_leap_day_child_is_18_on_the_first_of_march() -> None:
    assert birthday(date(2008, 2, 29), 18) == date(2026, 3, 1)
    assert birthday(date(2008, 2, 29), 20) == date(2028, 2, 29)


def test_nothing_is_recorded_about_somebody_who_was_never_registered() -> None:
    with pytest.raises(NotFound):
        confirm_rights_holder(Student(), confirm())


def test_folding_the_same_events_gives_the_same_student() -> None:
    events = (registered(), contact(AUNT), confirmed(FATHER))

    assert given(*events) == evolve(given(*events[:2]), events[2])


def test_the_rights_to_decide_pass_at_the_states_age_of_majority_and_the_record_at_eighteen() -> None:
    at_nineteen = {"rules": Rules(majority_age=19), "ground": RightsGround.ADULT_STUDENT}
    own = Rights(record=Held(starts_on=ADULT_ON), decision=Held(starts_on=date(2027, 3, 3)))

    with pytest.raises(RightsNotConfirmed) as refusal:
        confirm_rights_holder(
            given(registered()), confirm(STUDENT, rights=all_rights(ADULT_ON), **at_nineteen)
        )

    assert {reason.pointer for reason in refusal.value.reasons} == {
        "/rights/decision/starts_on", "/rights/notice/starts_on", "/rights/contact/starts_on",
    }  # fmt: skip
    assert confirm_rights_holder(given(registered()), confirm(STUDENT, rights=own, **at_nineteen))
