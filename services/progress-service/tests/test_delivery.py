"""Promise against delivery, worked by hand. Pure: no database, no clock."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.event import Event
from contracts.items import AnyItem
from contracts.plan import CorrectedChange, CorrectionPersonalData, PlanCorrected
from contracts.plan_history import history_of
from contracts.promises import PromisedServices
from contracts.school_days import SchoolDays
from contracts.service_delivery import Given, ServiceDelivery, Week, delivery
from contracts.sessions import Session, SessionOutcome
from contracts.testing import an_id
from progress_service.domain.known import KnownProfile
from progress_service.testing_promises import (
    PLAN,
    READING,
    SPEECH,
    STUDENT,
    adopted,
    amended,
    ended,
    log_of,
    opened,
    profile,
    reading,
    speech,
)

DAYS = SchoolDays([KnownProfile(an_id("profile"), 0, None, profile())])
DELIVERED, PARTIAL, MISSED = SessionOutcome.DELIVERED, SessionOutcome.PARTIAL, SessionOutcome.MISSED


def promised(*events: Event) -> PromisedServices:
    return PromisedServices(history_of(log_of(opened(), *events).entries))


def plan_of(*items: AnyItem, on: date = date(2025, 12, 9)) -> PromisedServices:
    return promised(adopted(*items, on=on))


def a_session(day: str, minutes: int = 30, status: SessionOutcome = DELIVERED, **fields: object) -> Session:
    on = date.fromisoformat(day)
    reason = None if status is DELIVERED else "provider_absent"
    made = Session(
        an_id(f"{day} {minutes} {status}"), STUDENT, PLAN, SPEECH, on, minutes, status, reason=reason
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def of(
    plan: PromisedServices,
    first: str,
    last: str,
    *sessions: Session,
    days: SchoolDays = DAYS,
    item: object = SPEECH,
) -> ServiceDelivery:
    found = delivery([plan], sessions, days, date.fromisoformat(first), date.fromisoformat(last))
    return next(each for each in found if each.item_id == item)


def owed(service: ServiceDelivery) -> list[Fraction | None]:
    return [week.figures.owed for week in service.weeks]


def only(weeks: Sequence[Week]) -> Week:
    (week,) = weeks
    return week


def test_a_week_owes_the_minutes_the_plan_promises_a_week():
    service = of(plan_of(speech(starts_on=None)), "2025-12-15", "2025-12-21")

    assert owed(service) == [30]


def test_a_week_in_which_the_plan_begins_owes_for_its_days_alone():
    # From Tuesday, 9 December: 4 of 5 school days, 4/5 of 30.
    assert owed(of(plan_of(speech()), "2025-12-08", "2025-12-14")) == [24]


def test_a_short_week_owes_the_whole_week_and_a_week_without_school_nothing():
    plan = plan_of(speech(starts_on=None), on=date(2025, 9, 1))

    # Thanksgiving: three school days. Then the weeks around the break of 22 December to 2 January.
    assert owed(of(plan, "2025-11-24", "2025-11-30")) == [30]
    weeks = of(plan, "2025-12-15", "2026-01-11").weeks
    assert [(str(week.first_on), week.figures.owed) for week in weeks] == [
        ("2025-12-15", 30),
        ("2026-01-05", 30),
    ]


def test_an_amendment_in_mid_week_shares_the_week_between_the_two_texts():
    plan = promised(adopted(speech(30)), amended(speech(60), on=date(2026, 1, 7)))

    week = only(of(plan, "2026-01-05", "2026-01-11").weeks)

    # Monday and Tuesday at 30, Wednesday to Friday at 60: 2/5 x 30 + 3/5 x 60.
    assert week.figures.owed == 12 + 36
    assert [(each.school_days, each.minutes, each.text.version) for each in week.promised_by] == [
        (2, 12, 1),
        (3, 36, 2),
    ]


def test_arithmetic_is_exact():
    # 100 minutes over Thanksgiving's three days, the text in force on two of them.
    plan = plan_of(speech(100, starts_on="2025-11-25"), on=date(2025, 9, 1))

    assert owed(of(plan, "2025-11-24", "2025-11-30")) == [Fraction(200, 3)]


def test_minutes_a_day_a_month_and_a_year_are_shared_over_their_own_school_days():
    on = date(2025, 9, 1)

    assert owed(of(plan_of(speech(10, per="day", starts_on=None), on=on), "2025-11-24", "2025-11-30")) == [30]
    # December has 15 school days, five in this week.
    assert owed(of(plan_of(speech(60, per="month", starts_on=None), on=on), "2025-12-08", "2025-12-14")) == [
        20
    ]
    # 183 school days in the year.
    year = of(plan_of(speech(1830, per="year", starts_on=None), on=on), "2025-12-08", "2025-12-14")
    assert owed(year) == [50]


def test_what_the_plan_or_the_calendar_does_not_say_is_not_computed():
    of_term = plan_of(speech(60, per="term", starts_on=None))
    unsaid = plan_of(speech(30, per=None, starts_on=None))

    for plan in (of_term, unsaid):
        service = of(plan, "2025-12-15", "2025-12-21", a_session("2025-12-16"))
        assert (only(service.weeks).figures.owed, service.total.balance, service.total.given.delivered) == (
            None,
            None,
            30,
        )


def test_a_service_owes_nothing_after_its_last_day_or_the_plan_s_end():
    assert owed(of(plan_of(speech(ends_on="2026-01-07")), "2026-01-05", "2026-01-11")) == [18]
    assert owed(of(promised(adopted(speech()), ended(date(2026, 1, 7))), "2026-01-05", "2026-01-11")) == [12]


def test_a_range_that_begins_in_mid_week_owes_for_its_own_days():
    week = only(of(plan_of(speech()), "2025-12-17", "2025-12-19").weeks)

    assert (week.figures.owed, week.first_on, week.last_on) == (18, date(2025, 12, 17), date(2025, 12, 19))


def test_each_week_sets_what_was_given_and_missed_against_what_was_owed():
    missed = a_session("2026-01-06", status=MISSED)
    partial = a_session("2026-01-13", 20, PARTIAL, planned_minutes=30, reason="testing")

    first, second, third = of(plan_of(speech()), "2026-01-05", "2026-01-25", missed, partial).weeks

    assert (first.figures.given, first.figures.balance, first.figures.unrecorded) == (
        Given(missed={"provider_absent": 30}), 30, 0)  # fmt: skip
    assert (second.figures.given, second.figures.balance, second.figures.unrecorded) == (
        Given(20, missed={"testing": 10}), 10, 0)  # fmt: skip
    assert (third.figures.given, third.figures.balance, third.figures.unrecorded) == (Given(), 30, 30)


def test_a_make_up_counts_in_the_week_of_the_session_it_makes_up():
    missed = a_session("2026-01-06", status=MISSED)
    make_up = a_session("2026-01-14", 30, makes_up=missed.id)
    regular = a_session("2026-01-13")

    first, second = of(plan_of(speech()), "2026-01-05", "2026-01-18", missed, make_up, regular).weeks

    assert (first.figures.given.made_up, first.figures.balance) == (30, 0)
    assert (second.figures.given.delivered, second.figures.balance) == (30, 0)
    assert make_up.id in first.sessions


def test_a_make_up_of_a_voided_session_counts_for_its_own_week():
    missed = a_session("2026-01-06", status=MISSED, voided="never happened")
    make_up = a_session("2026-01-14", 30, makes_up=missed.id)

    first, second = of(plan_of(speech()), "2026-01-05", "2026-01-18", missed, make_up).weeks

    assert (first.figures.given, second.figures.given) == (Given(), Given(30))


def test_a_voided_session_counts_nowhere():
    voided = a_session("2026-01-06", voided="another student's")

    assert of(plan_of(speech()), "2026-01-05", "2026-01-11", voided).total.given == Given()


def test_a_session_without_a_promise_is_shown_with_nothing_owed():
    week = only(of(plan_of(reading()), "2026-01-05", "2026-01-11", a_session("2026-01-06")).weeks)

    assert (week.figures.owed, week.figures.balance, week.promised_by) == (0, -30, ())


def test_a_correction_of_the_minutes_recomputes_every_week_it_reaches():
    log = log_of(opened(), adopted(speech(30)))
    wrong = log.entries[-1]
    log.append(
        PlanCorrected(
            effective_on=wrong.effective_on,
            plan_id=PLAN,
            correction_id=an_id("correction"),
            corrects=CorrectedChange(event_id=wrong.id, item_id=SPEECH),
            item=speech(40),
            personal=CorrectionPersonalData(
                what_was_wrong="30 was typed", evidence="the minutes of the meeting"
            ),
            requested_by="a",
            approved_by="b",
        )
    )
    before = of(PromisedServices(history_of(log.entries[:-1])), "2026-01-05", "2026-01-11")
    after = of(PromisedServices(history_of(log.entries)), "2026-01-05", "2026-01-11")

    assert (owed(before), owed(after)) == ([30], [40])
    (share,) = only(after.weeks).promised_by
    assert (share.text.event_id, share.text.corrected_by) == (wrong.id, log.entries[-1].id)


def test_every_service_of_the_plan_stands_for_itself():
    found = delivery([plan_of(speech(), reading())], [], DAYS, date(2026, 1, 5), date(2026, 1, 11))

    assert {each.item_id: each.total.owed for each in found} == {SPEECH: 30, READING: 225}


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 120),
            st.sampled_from([DELIVERED, PARTIAL, MISSED]),
            st.integers(1, 90),
            st.integers(0, 40),
            st.booleans(),
        ),
        max_size=30,
    ),
    st.randoms(),
)
def test_minutes_are_conserved_and_the_order_of_arrival_does_not_matter(drawn, random):
    sessions: list[Session] = []
    for number, (offset, status, minutes, short, makes_up) in enumerate(drawn):
        day = date.fromordinal(date(2025, 12, 9).toordinal() + offset)
        missed = [each for each in sessions if each.missed_minutes and each.status is MISSED]
        sessions.append(
            Session(
                an_id(str(number)), STUDENT, PLAN, SPEECH, day, minutes, status,
                planned_minutes=minutes + short if status is PARTIAL else None,
                reason=None if status is DELIVERED else "testing",
                makes_up=missed[0].id if missed and makes_up and status is not MISSED else None,
            )
        )  # fmt: skip
    plan = plan_of(speech())
    shuffled = list(sessions)
    random.shuffle(shuffled)

    service = of(plan, "2025-12-08", "2026-06-14", *sessions)
    again = of(plan, "2025-12-08", "2026-06-14", *shuffled)

    given_minutes = sum(each.minutes for each in sessions if each.status is not MISSED)
    assert service.total.given.delivered + service.total.given.made_up == given_minutes
    assert service.total.owed == given_minutes + (service.total.balance or 0)
    assert sum(service.total.given.missed.values()) == sum(each.missed_minutes for each in sessions)
    assert (again.total, [w.figures for w in again.weeks]) == (
        service.total,
        [w.figures for w in service.weeks],
    )
