"""A "standard set": pointed out where a plan has the set of most of its peers, never called wrong, and silent below ten."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from contracts.individual import (
    FEWEST_PEERS,
    Sets,
    alike,
    category_of,
    grade_band,
    in_a_line,
    likeness,
    promised,
    same_as_most,
    section_of,
    sets_of,
    words,
)
from contracts.testing import an_id
from contracts.vocabulary import PlanKind
from plan_service.testing_plans import extended_time, goal, item, levels, speech

STANDARD = "will read a text of the grade aloud with 95 percent accuracy in weekly probes"
NUMBER_CHANGED = STANDARD.replace("95", "90")
OWN = "will ask a peer to join a game at recess without help three times a week"


def plan(*goals: str, names: tuple[str, ...] = ()) -> Sets:
    return sets_of([("goals", text) for text in goals], names)


def test_with_fewer_than_ten_peers_nothing_is_said() -> None:
    assert same_as_most([plan(STANDARD)] * FEWEST_PEERS) == [[]] * FEWEST_PEERS


def test_a_set_that_most_peers_have_is_pointed_out_with_the_counts() -> None:
    found = same_as_most([*[plan(STANDARD)] * 8, *[plan(NUMBER_CHANGED)] * 2, plan(OWN)])

    (of,) = found[0]
    assert (of.section, of.items, of.same, of.nearly, of.peers) == ("goals", 1, 7, 2, 10)
    assert found[-1] == []


def test_half_of_the_peers_are_not_most() -> None:
    assert same_as_most([*[plan(STANDARD)] * 6, *(plan(f"own text number {n}") for n in range(5))])[0] == []


def test_one_goal_of_its_own_makes_the_set_another() -> None:
    assert same_as_most([plan(STANDARD, OWN), *[plan(STANDARD)] * 11])[0] == []


def test_a_plan_that_says_nothing_has_no_set_in_common() -> None:
    assert same_as_most([plan()] * 12) == [[]] * 12


def test_case_signs_spaces_and_the_student_make_no_difference() -> None:
    hers = plan("Mira's  goal: she WILL read.", names=("Mira", "Quill"))
    his = plan("Ivo\u2019s goal - he will read", names=("Ivo",))

    assert hers == his
    assert hers["goals"] == {("goal", "will", "read")}


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (STANDARD, STANDARD, True),
        (STANDARD, NUMBER_CHANGED, True),
        (STANDARD, STANDARD.replace("95", "90").replace("weekly", "daily"), False),
        (STANDARD, OWN, False),
        ("preferential seating", "extended time", False),
        ("seating", "seating", True),
    ],
)
def test_texts_are_near_when_four_fifths_of_their_pairs_of_words_are_the_same(
    one: str, other: str, near: bool
) -> None:
    mine, theirs = words(one), words(other)
    assert (theirs in alike([mine, theirs])[mine]) is near


@any_of(st.text(), st.text())
def test_likeness_is_a_share_and_the_same_from_both_sides(one: str, other: str) -> None:
    mine, theirs = words(one), words(other)
    assert 0 <= likeness(mine, theirs) == likeness(theirs, mine) <= 1
    assert likeness(mine, mine) == Fraction(1)


def test_of_a_service_only_what_is_promised_counts() -> None:
    moved = speech(location="Room 21", starts_on="2026-01-05")
    assert promised(speech()) == promised(moved) == "speech_language_therapy 30 week 1"
    more = words(promised(speech(45)))
    assert more not in alike([words(promised(speech())), more])[words(promised(speech()))]


def test_of_goals_services_and_accommodations_sets_are_made_and_of_nothing_else() -> None:
    assert [section_of(each) for each in (goal(), speech(), extended_time(), levels())] == [
        "goals", "services", "accommodations", None,
    ]  # fmt: skip
    assert section_of(item("school_services", an_id("x"))) == section_of(item("modification", an_id("y")))


@pytest.mark.parametrize(
    ("kind", "categories", "category"),
    [
        (PlanKind.IEP, ("autism",), "autism"),
        (PlanKind.IEP, ("deafness", "autism"), "autism+deafness"),
        (PlanKind.IEP, (), None),
        (PlanKind.SECTION_504, ("autism",), "504"),
    ],
)
def test_the_category_is_that_of_the_eligibility(
    kind: PlanKind, categories: tuple[str, ...], category: str | None
) -> None:
    assert category_of(kind, categories) == category


@pytest.mark.parametrize(
    ("grade", "band"),
    [("kindergarten", "grades_k_2"), ("grade_5", "grades_3_5"), ("grade_12", "grades_9_12"),
     ("preschool", "preschool"), (None, None)],
)  # fmt: skip
def test_grades_are_taken_in_bands(grade: str | None, band: str | None) -> None:
    assert grade_band(grade) == band


def test_a_draft_is_told_in_one_line_how_many_and_never_whose() -> None:
    said = in_a_line(same_as_most([*[plan(STANDARD)] * 8, *[plan(NUMBER_CHANGED)] * 3])[0])

    assert said is not None
    assert "the same goals as 10 of 10 (3 of them nearly)" in said.message
    assert said.citation is not None
    assert said.citation.startswith("practice, not law")
    assert in_a_line([]) is None


def test_days_are_no_part_of_what_a_goal_promises() -> None:
    assert promised(goal()) == promised(goal(due_on=date(2027, 6, 15).isoformat()))
