"""The rights that pass at majority, 34 CFR 300.520: each test's name is the rule's own sentence."""

from datetime import date
from typing import Any

import pytest

from contracts.problems import Reason
from contracts.students import Held, Rights, RightsHolderConfirmed, RightsHolderEnded
from contracts.vocabulary import ConsentDecision, RightsEnd, RightsGround
from plan_service.domain.evaluation import EvaluationStatus
from plan_service.domain.people import people_of
from plan_service.domain.rights_holder import (
    RightsNotConfirmed,
    confirm_rights_holder,
    decides_on,
    deciding_on,
    end_rights_holder,
    holds_record_rights,
    told_of_rights_by,
)
from plan_service.domain.rules import FEDERAL, Rules
from plan_service.domain.student import Student
from plan_service.testing_evaluations import EVALUATION, SEPT_22, answered, referred
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
    given,
    registered,
    reported,
)

OF_AGE, DAY_BEFORE = date(2026, 3, 3), date(2026, 3, 2)
GUARDIAN, ORDER, REPRESENTATIVE = (
    RightsGround.GUARDIAN,
    RightsGround.COURT_ORDER,
    RightsGround.APPOINTED_REPRESENTATIVE,
)


def family(*events: Any, born: date = BORN) -> Student:
    """A student with two parents who decide, until further notice."""
    return given(registered(born), confirmed(MOTHER), confirmed(FATHER), *events)


def appointed(ground: RightsGround, since: date = OF_AGE, until: date | None = None) -> Any:
    return confirmed(AUNT, ground=ground, rights=all_rights(since, until))


def test_from_the_day_of_majority_the_student_decides_and_nothing_has_to_be_written_for_it() -> None:
    student = family()

    assert deciding_on(student, DAY_BEFORE, FEDERAL) == (MOTHER, FATHER)
    assert deciding_on(student, OF_AGE, FEDERAL) == (STUDENT,)


def test_a_state_has_an_age_of_majority_of_its_own() -> None:
    rules = Rules(majority_age=19)

    assert deciding_on(family(), date(2027, 3, 2), rules) == (MOTHER, FATHER)
    assert deciding_on(family(), date(2027, 3, 3), rules) == (STUDENT,)


def test_where_no_rights_pass_the_parents_go_on_deciding() -> None:
    rules = Rules(rights_transfer=False)

    assert deciding_on(family(), TODAY, rules) == (MOTHER, FATHER)
    assert not decides_on(family(), STUDENT, TODAY, rules)


def test_the_record_is_the_students_at_eighteen_in_every_state() -> None:
    assert holds_record_rights(family(), STUDENT, OF_AGE)
    assert not holds_record_rights(family(), MOTHER, OF_AGE)


def test_without_a_birth_date_whoever_was_confirmed_decides() -> None:
    assert deciding_on(given(confirmed(MOTHER)), TODAY, FEDERAL) == (MOTHER,)


@pytest.mark.parametrize("ground", [GUARDIAN, ORDER, REPRESENTATIVE])
def test_a_guardian_or_representative_of_the_adult_decides_in_the_students_place(
    ground: RightsGround,
) -> None:
    assert deciding_on(family(appointed(ground)), OF_AGE, FEDERAL) == (AUNT,)
    assert holds_record_rights(family(appointed(ground)), AUNT, OF_AGE)


def test_a_guardianship_of_the_child_ends_with_majority() -> None:
    student = family(appointed(GUARDIAN, since=date(2020, 1, 1)))

    assert AUNT in deciding_on(student, DAY_BEFORE, FEDERAL)
    assert deciding_on(student, OF_AGE, FEDERAL) == (STUDENT,)


def test_when_the_guardianship_of_an_adult_ends_the_student_decides_again() -> None:
    student = family(appointed(GUARDIAN, until=date(2026, 6, 30)))
    ended = given(
        *end_rights_holder(student, AUNT, RightsEnd.GUARDIANSHIP_ENDED, date(2026, 5, 1), "a-person"),
        start=student,
    )

    assert deciding_on(student, date(2026, 7, 1), FEDERAL) == (STUDENT,)
    assert deciding_on(ended, date(2026, 4, 30), FEDERAL) == (AUNT,)
    assert deciding_on(ended, date(2026, 5, 1), FEDERAL) == (STUDENT,)


def test_a_court_that_takes_the_students_own_right_away_leaves_nobody_until_it_names_somebody() -> None:
    taken = RightsHolderEnded(
        effective_on=date(2026, 5, 1), student_id=STUDENT, holder_id=STUDENT, reason=RightsEnd.COURT_ORDER,
        confirmed_by="a-person",
    )  # fmt: skip
    own = confirmed(STUDENT, ground=RightsGround.ADULT_STUDENT, rights=all_rights(OF_AGE))

    assert deciding_on(family(own, taken), date(2026, 5, 1), FEDERAL) == ()


def test_a_year_before_majority_the_student_is_told() -> None:
    assert told_of_rights_by(family(), FEDERAL) == date(2025, 3, 3)
    assert told_of_rights_by(family(), Rules(rights_transfer=False)) is None


def reasons(student: Student, **fields: Any) -> list[Reason]:
    with pytest.raises(RightsNotConfirmed) as refusal:
        confirm_rights_holder(student, confirm(**fields))
    return list(refusal.value.reasons)


def test_no_parents_right_to_decide_begins_after_majority() -> None:
    late = Rights(decision=Held(starts_on=date(2026, 4, 1)))

    assert [each.code for each in reasons(family(), rights=late)] == ["decision-rights-have-passed"]
    shown = {"ground": GUARDIAN, "rights": all_rights(OF_AGE)}
    assert [each.code for each in reasons(family(), **shown)] == ["evidence-required"]


def test_nothing_passes_to_a_student_for_whom_somebody_is_appointed_to_decide() -> None:
    student = family(appointed(GUARDIAN))
    adult = {"ground": RightsGround.ADULT_STUDENT, "rights": all_rights(OF_AGE)}

    assert [each.code for each in reasons(student, holder=STUDENT, **adult)] == [
        "decided-in-the-students-place"
    ]
    only_told = adult | {"rights": Rights(notice=Held(starts_on=OF_AGE))}
    assert confirm_rights_holder(student, confirm(STUDENT, **only_told))
    told = confirm_rights_holder(student, confirm(STUDENT, reported=reported(OF_AGE), **adult))
    assert AUNT not in [each.holder_id for each in told if isinstance(each, RightsHolderConfirmed)]
    ended = given(
        *end_rights_holder(student, AUNT, RightsEnd.GUARDIANSHIP_ENDED, OF_AGE, "a-person"), start=student
    )
    assert confirm_rights_holder(ended, confirm(STUDENT, **adult))


def test_nobody_represents_an_adult_before_majority() -> None:
    early = {
        "ground": REPRESENTATIVE,
        "rights": Rights(decision=Held(starts_on=DAY_BEFORE, source="appointment")),
    }

    (reason,) = reasons(family(), **early)
    assert (reason.code, reason.pointer) == ("not-yet-an-adult", "/rights/decision/starts_on")


def test_where_no_rights_pass_the_student_is_not_confirmed_to_decide() -> None:
    adult = {"ground": RightsGround.ADULT_STUDENT, "rules": Rules(rights_transfer=False)}
    found = reasons(family(), holder=STUDENT, rights=all_rights(OF_AGE), **adult)

    assert [each.code for each in found] == ["rights-do-not-pass"]


def test_consents_about_a_plan_come_from_the_student_too() -> None:
    people = people_of(family(), FEDERAL)

    people.must_know([STUDENT], "/holder")
    assert people.decides_on(STUDENT, OF_AGE)
    assert not people.decides_on(MOTHER, OF_AGE)


# --- Two who decide, and orders ---


def young(*events: Any) -> Student:
    return given(
        registered(date(2016, 6, 20)), confirmed(MOTHER, rights=all_rights(date(2016, 6, 20))),
        confirmed(FATHER, rights=all_rights(date(2016, 6, 20))), referred(), *events,
    )  # fmt: skip


@pytest.mark.parametrize(("first", "second"), [(MOTHER, FATHER), (FATHER, MOTHER)])
def test_of_two_who_disagree_the_refusal_stands(first: Any, second: Any) -> None:
    student = young(
        answered(holder_id=first), answered(ConsentDecision.REFUSED, date(2025, 9, 23), holder_id=second)
    )

    evaluation = student.evaluations.evaluation(EVALUATION)
    assert (evaluation.status, evaluation.consent) == (EvaluationStatus.REFUSED, None)


def test_of_two_who_disagree_the_one_who_comes_round_lets_it_go_on() -> None:
    student = young(
        answered(holder_id=MOTHER), answered(ConsentDecision.REFUSED, date(2025, 9, 23), holder_id=FATHER),
        answered(on=date(2025, 9, 30), holder_id=FATHER),
    )  # fmt: skip

    evaluation = student.evaluations.evaluation(EVALUATION)
    assert evaluation.consent is not None
    assert evaluation.consent.received_on == SEPT_22


def test_an_order_that_ends_a_parents_rights_leaves_the_other_to_decide_and_the_past_as_it_was() -> None:
    student = young()
    after = given(
        *end_rights_holder(student, FATHER, RightsEnd.COURT_ORDER, date(2025, 10, 1), "a-person"),
        start=student,
    )

    assert deciding_on(after, date(2025, 9, 30), FEDERAL) == (MOTHER, FATHER)
    assert deciding_on(after, date(2025, 10, 1), FEDERAL) == (MOTHER,)


def test_an_order_may_limit_one_right_and_leave_the_others() -> None:
    limited = Rights(
        decision=Held(starts_on=date(2016, 6, 20), ends_on=date(2025, 9, 30), source="Order of 30 September"),
        record=Held(starts_on=date(2016, 6, 20)), notice=Held(starts_on=date(2016, 6, 20)),
    )  # fmt: skip
    student = young(confirmed(FATHER, rights=limited))

    assert decides_on(student, FATHER, date(2025, 9, 30), FEDERAL)
    assert not decides_on(student, FATHER, date(2025, 10, 1), FEDERAL)
    assert holds_record_rights(student, FATHER, date(2025, 10, 1))
    assert people_of(student, FEDERAL).told_on(date(2025, 10, 1)) == (MOTHER,)
