"""What does not fit about a session is pointed out, and the session counts all the same. Pure: no database, no clock."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from contracts.items import Service
from contracts.school_days import SchoolDays
from contracts.sessions import Session, SessionOutcome
from contracts.testing import an_id
from progress_service.domain.flags import Flag, FlagCode, clashes, flags_of, sittings
from progress_service.domain.known import KnownProfile
from progress_service.testing_promises import PLAN, PROVIDER, SPEECH, STUDENT, profile, speech

DAYS = SchoolDays([KnownProfile(an_id("profile"), 0, None, profile())])
JANUARY_6 = date(2026, 1, 6)
PROMISED = speech(
    group="small_group", group_most=3, credential="speech_language_pathology_licence", setting="therapy_room"
)


def session(name: str = "session", **fields: object) -> Session:
    made = Session(
        an_id(name), STUDENT, PLAN, SPEECH, JANUARY_6, 30, SessionOutcome.DELIVERED, provider=PROVIDER
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def flags(*sessions: Session, text: object = PROMISED, recorded_on: date = JANUARY_6) -> list[Flag]:
    assert isinstance(text, Service)
    return flags_of(sessions, lambda _item, _day: text, DAYS, {each.id: recorded_on for each in sessions})


def codes(found: list[Flag]) -> set[str]:
    return {flag.code.value for flag in found}


def test_a_session_as_promised_has_no_flag() -> None:
    as_promised = session(
        group="small_group", group_size=3, credential="speech_language_pathology_licence", setting="therapy_room",
        provider_role="speech_language_pathologist", location="room 12",
    )  # fmt: skip

    assert flags(as_promised, session("unsaid", on=date(2026, 1, 7))) == []


@pytest.mark.parametrize(
    ("was", "code", "says"),
    [
        ({"provider_role": "paraprofessional"}, "other_role", "speech-language pathologist; it was paraprofessional."),
        ({"credential": "teaching_licence"}, "other_credential", "it was teaching licence."),
        ({"location": "Gym"}, "other_location", "The plan promises Room 12; it was Gym."),
        ({"setting": "regular_class"}, "other_setting", "it was regular class."),
        ({"group": "whole_class"}, "other_group", "The plan promises small group; it was whole class."),
        ({"group_size": 4}, "larger_group", "The plan promises at most 3 students; there were 4."),
    ],
)  # fmt: skip
def test_what_the_plan_does_not_promise_is_pointed_out(was: dict[str, object], code: str, says: str) -> None:
    (flag,) = flags(session(**was))

    assert flag.code == code
    assert flag.says.endswith(says)


def test_an_individual_session_is_of_one_student() -> None:
    assert codes(flags(session(group_size=2), text=speech(group="individual"))) == {"larger_group"}


def test_a_missed_session_is_held_against_no_promise() -> None:
    missed = session(status=SessionOutcome.MISSED, reason="testing", location="Gym")

    assert flags(missed) == []


def test_a_session_on_a_day_without_school_is_pointed_out_unless_it_makes_up_another() -> None:
    saturday = date(2026, 1, 10)

    assert codes(flags(session(on=saturday))) == {"no_school_day"}
    assert flags(session(on=saturday, makes_up=an_id("missed"))) == []
    assert flags(session(on=saturday, agreement=an_id("agreement"))) == []


@pytest.mark.parametrize(("after", "late"), [(14, False), (15, True)])
def test_an_entry_is_late_after_ten_school_days(after: int, late: bool) -> None:
    # From Tuesday, 6 January, the tenth school day after is Tuesday the 20th but for the holiday of the 19th: the 21st.
    recorded_on = JANUARY_6 + timedelta(days=after + 1)

    assert (codes(flags(session(), recorded_on=recorded_on)) == {"late_entry"}) is late


def test_a_late_entry_tells_its_reason_or_that_there_is_none() -> None:
    recorded_on = date(2026, 3, 2)

    (without,) = flags(session(), recorded_on=recorded_on)
    (with_reason,) = flags(session(late_because="The sheet was found in March."), recorded_on=recorded_on)

    assert without.says.endswith("and no reason was given.")
    assert "The sheet was found in March" in with_reason.says


def test_two_sessions_at_the_same_time_overlap_and_one_after_the_other_do_not() -> None:
    first = session("first", starts_at="10:00")

    assert codes(flags(first, session("second", starts_at="10:29"))) == {"overlap"}
    assert flags(first, session("second", starts_at="10:30")) == []
    assert flags(first, session("other day", starts_at="10:00", on=date(2026, 1, 7))) == []


def test_a_short_session_in_between_does_not_hide_that_a_long_one_overlaps_the_next() -> None:
    """10:00 to 12:00; 10:15 to 10:30; 11:00 to 11:30: both later ones fall into the first."""
    first = session("first", starts_at="10:00", minutes=120)
    second, third = session("second", starts_at="10:15", minutes=15), session("third", starts_at="11:00")

    found = flags(first, second, third)

    assert {flag.session for flag in found} == {second.id, third.id}
    assert all("the one of 10:00" in flag.says for flag in found)


def test_more_minutes_than_a_school_day_has_are_pointed_out() -> None:
    assert codes(flags(session("a", minutes=300), session("b", minutes=181))) == {"impossible_day"}
    assert flags(session("a", minutes=300), session("b", minutes=180)) == []


@pytest.mark.parametrize(("minutes", "impossible"), [(480, False), (900, True)])
def test_a_missed_session_longer_than_a_school_day_is_pointed_out(minutes: int, impossible: bool) -> None:
    missed = session(status=SessionOutcome.MISSED, reason="testing", minutes=minutes)

    assert (codes(flags(missed)) == {"impossible_day"}) is impossible


def test_a_voided_session_has_no_flag_and_lets_none_overlap() -> None:
    gone = session("gone", starts_at="10:00", voided="never happened")

    assert flags(gone, session("second", starts_at="10:10")) == []


def test_a_provider_s_group_is_one_sitting_however_many_students_it_has() -> None:
    group = [
        session(f"student {n}", starts_at="10:00", group_size=3, student=an_id(str(n))) for n in range(3)
    ]

    assert list(clashes(sittings(group))) == []
    alone = session("alone", starts_at="10:10", student=an_id("9"))
    assert [flag.code for flag in clashes(sittings([*group, alone]))] == [FlagCode.OVERLAP]


def test_a_student_who_left_the_group_early_makes_no_second_sitting() -> None:
    stayed = session("stayed", starts_at="10:00", group_size=2)
    left = replace(stayed, id=an_id("left"), minutes=20, student=an_id("9"), status=SessionOutcome.PARTIAL)

    assert sittings([left, stayed]) == [stayed]
