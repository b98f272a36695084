"""Properties of the ledger: minutes are conserved, the order of arrival makes no difference, parts add up to the whole."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.event import Event
from contracts.minutes_convention import HALF, Convention
from contracts.progress import ServiceDelivered, SessionMissed, SessionVoided, VoidPersonalData
from contracts.school_days import SchoolDays
from contracts.service_delivery import Figures, Given, delivery
from contracts.sessions import Session
from contracts.testing import an_id
from contracts.vocabulary import Period, SessionStatus
from progress_service.domain.item_year import ItemYear, evolve
from progress_service.domain.known import KnownProfile
from progress_service.testing_promises import (
    BEGIN,
    PLAN,
    SPEECH,
    STUDENT,
    adopted,
    amended,
    calendar,
    ended,
    plan_of,
    profile,
    speech,
)

LAST = date(2026, 6, 12)
REASONS = ("provider_absent", "student_absent", "testing", "school_closed")
CONVENTIONS = (
    Convention(),
    Convention(half_day=HALF, not_owed=frozenset({"student_absent"})),
    Convention(closures_planned=True, closures_owed=False, not_owed=frozenset({"school_closed", "testing"})),
    Convention(closures_planned=True),
)
days_of_year = st.integers(0, (LAST - BEGIN).days).map(lambda n: BEGIN + timedelta(days=n))
minutes = st.integers(1, 90)


@st.composite
def recorded(draw: st.DrawFn) -> list[Event]:
    """Sessions of one item as they came in: given, cut short, missed, made up, under an agreement, struck through."""
    events: list[Event] = []
    missed: list[ServiceDelivered | SessionMissed] = []
    for number in range(draw(st.integers(0, 25))):
        about = {"session_id": an_id(str(number)), "plan_id": PLAN, "item_id": SPEECH, "student_id": STUDENT}
        day, given_minutes = draw(days_of_year), draw(minutes)
        kind = draw(st.sampled_from(["delivered", "partial", "missed", "made up", "agreed"]))
        if kind == "missed":
            event: ServiceDelivered | SessionMissed = SessionMissed(
                effective_on=day, minutes=given_minutes, reason=draw(st.sampled_from(REASONS)), **about
            )
            missed.append(event)
        else:
            partial = kind == "partial"
            event = ServiceDelivered(
                effective_on=day, minutes=given_minutes, status=SessionStatus(kind if partial else "delivered"),
                planned_minutes=given_minutes + draw(minutes) if partial else None,
                reason=draw(st.sampled_from(REASONS)) if partial else None,
                makes_up=draw(st.sampled_from(missed)).session_id if kind == "made up" and missed else None,
                agreement_id=an_id("agreement") if kind == "agreed" else None, **about,
            )  # fmt: skip
            if partial:
                missed.append(event)
        events.append(event)
        if draw(st.integers(0, 9)) == 0:
            about.pop("student_id")
            events.append(SessionVoided(effective_on=day, personal=VoidPersonalData(reason="wrong"), **about))
    return events


@st.composite
def plans(draw: st.DrawFn) -> list[Event]:
    """A plan with amendments in mid-week, perhaps ended."""
    events: list[Event] = [
        adopted(speech(draw(minutes), per=draw(st.sampled_from(["day", "week", "month", "year"]))))
    ]
    for number in range(draw(st.integers(0, 4))):
        text = speech(draw(minutes), per=draw(st.sampled_from(["day", "week", "month", "year"])))
        events.append(amended(text, on=draw(days_of_year), amendment=str(number)))
    if draw(st.booleans()):
        events.append(ended(draw(days_of_year)))
    return events


def folded(events: Sequence[Event]) -> list[Session]:
    return list(reduce(evolve, events, ItemYear()).sessions.values())


def days(closed: date) -> SchoolDays:
    year = calendar(closures=[closed], days_off=[*calendar().days_off, closed], half_days=["2026-03-13"])
    return SchoolDays([KnownProfile(an_id("profile"), 0, None, profile(year))])


def total(
    plan: Sequence[Event],
    sessions: Sequence[Session],
    convention: Convention,
    first: date = BEGIN,
    last: date = LAST,
) -> Figures:
    found = delivery(
        [plan_of(*plan)],
        sessions,
        days(date(2026, 2, 4)),
        first,
        last,
        on=lambda _day: convention,
        by=Period.MONTH,
        named={an_id("agreement"): sorted((s.id for s in sessions if s.missed_minutes), key=str)[:3]},
    )
    return found[0].total if found else Figures(Fraction(0), Given())


@settings(max_examples=60, deadline=None)
@given(plan=plans(), events=recorded(), convention=st.sampled_from(CONVENTIONS))
def test_minutes_are_conserved_as_a_whole_and_by_reason(
    plan: list[Event], events: list[Event], convention: Convention
) -> None:
    sessions = folded(events)
    found = total(plan, sessions, convention)
    given_ = found.given

    assert found.owed is not None
    assert found.balance is not None
    assert found.owed == given_.delivered + given_.made_up + given_.excused + found.balance
    for reason, missed in given_.missed.items():
        made_up, excused = given_.made_up_of.get(reason, 0), given_.excused_of.get(reason, 0)
        assert missed == made_up + excused + given_.remaining.get(reason, 0)
        assert min(made_up, excused, given_.remaining.get(reason, 0)) >= 0
    counting = [session for session in sessions if session.counts]
    took_place = sum(session.minutes for session in counting if session.status != "missed")
    assert took_place == given_.delivered + given_.made_up + given_.under_agreement


@settings(max_examples=40, deadline=None)
@given(plan=plans(), events=recorded(), seed=st.integers(0, 9999), convention=st.sampled_from(CONVENTIONS))
def test_the_order_in_which_sessions_arrive_makes_no_difference(
    plan: list[Event], events: list[Event], seed: int, convention: Convention
) -> None:
    """A void comes after what it voids; beyond that any order will do, a make-up before what it makes up included."""
    later = sorted(events, key=lambda event: isinstance(event, SessionVoided))
    first, voids = (
        [e for e in later if not isinstance(e, SessionVoided)],
        [e for e in later if isinstance(e, SessionVoided)],
    )
    random.Random(seed).shuffle(first)

    assert total(plan, folded([*first, *voids]), convention) == total(plan, folded(events), convention)


@settings(max_examples=40, deadline=None)
@given(plan=plans(), events=recorded(), cut=days_of_year, convention=st.sampled_from(CONVENTIONS))
def test_two_parts_of_a_year_add_up_to_the_year(
    plan: list[Event], events: list[Event], cut: date, convention: Convention
) -> None:
    sessions = folded(events)
    before = total(plan, sessions, convention, last=cut)
    after = (
        total(plan, sessions, convention, first=cut + timedelta(days=1))
        if cut < LAST
        else Figures(Fraction(0), Given())
    )

    whole = total(plan, sessions, convention)

    assert whole.owed == (before.owed or 0) + (after.owed or 0)
    assert whole.given == before.given + after.given


@settings(max_examples=40, deadline=None)
@given(plan=plans(), events=recorded(), size=st.integers(1, 7))
def test_counting_anew_equals_counting_as_it_came(plan: list[Event], events: list[Event], size: int) -> None:
    """The kept state, folded on by a few events at a time, says what a fold of all of them says."""
    year = ItemYear()
    for start in range(0, len(events), size):
        year = reduce(evolve, events[start : start + size], year)

    incremental = total(plan, list(year.sessions.values()), Convention())
    assert incremental == total(plan, folded(events), Convention())
