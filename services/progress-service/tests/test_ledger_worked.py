"""The promise ledger as tables worked by hand: what a plan owed in a period, with the arithmetic beside each figure.

The calendar is that of the worked histories (law.md 8): Monday to Friday from 25 August 2025 to 12 June 2026.
"""

import ast
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from importlib.resources import files
from operator import add, mul, sub, truediv

import pytest

from contracts.event import Event
from contracts.minutes_convention import Convention, convention_of, conventions
from contracts.rule_profile import MinutesConvention
from contracts.school_days import SchoolDays
from contracts.service_delivery import NOTHING_NAMED, Figures, Given, Named, ServiceDelivery, delivery
from contracts.sessions import Session, SessionOutcome
from contracts.shipped_profiles import read_profiles, shipped_profiles
from contracts.testing import an_id
from contracts.vocabulary import Period
from progress_service.domain.known import KnownProfile
from progress_service.testing_promises import (
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
    voided,
)

SEPTEMBER = date(2025, 9, 1)
WHOLE_PERIOD = MinutesConvention(share="whole_period")
HALF_DAYS = MinutesConvention(half_days="half")
TERMS = [
    {"name": "First semester", "first_on": "2025-08-25", "last_on": "2026-01-16"},
    {"name": "Second semester", "first_on": "2026-01-20", "last_on": "2026-06-12"},
]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    plan: tuple[Event, ...]
    first: str
    last: str
    owed: Fraction | int
    worked: str
    """The arithmetic, as somebody did it on paper; evaluated, it must give ``owed``."""
    said: MinutesConvention = field(default_factory=MinutesConvention)
    closures: tuple[str, ...] = ()
    half_days: tuple[str, ...] = ()


def all_year(minutes: int, **fields: object) -> tuple[Event, ...]:
    return (adopted(speech(minutes, starts_on=None, ends_on=None, **fields), on=SEPTEMBER),)


TABLE = [
    Row("a whole week", all_year(30), "2025-12-15", "2025-12-21", 30, "30 * 5/5"),
    Row("the week of a holiday", all_year(30), "2025-11-10", "2025-11-16", 30, "30 * 4/4"),
    Row("three days before Thanksgiving, from Tuesday on", (adopted(speech(100, starts_on="2025-11-25"), on=SEPTEMBER),),
        "2025-11-24", "2025-11-30", Fraction(200, 3), "100 * 2/3"),
    Row("a week of a break", all_year(30), "2025-12-22", "2025-12-28", 0, "30 * 0"),
    Row("the plan begins on Tuesday", (adopted(speech(30, starts_on=None)),), "2025-12-08", "2025-12-14", 24, "30 * 4/5"),
    Row("the service ends on Wednesday", (adopted(speech(30, ends_on="2026-01-07"),),), "2026-01-05", "2026-01-11", 18,
        "30 * 3/5"),
    Row("the plan ends on Wednesday", (adopted(speech(30)), ended(date(2026, 1, 7))), "2026-01-05", "2026-01-11", 12,
        "30 * 2/5"),
    Row("amended from Wednesday on", (adopted(speech(30)), amended(speech(60), on=date(2026, 1, 7))), "2026-01-05",
        "2026-01-11", 48, "30 * 2/5 + 60 * 3/5"),
    Row("taken out from Thursday on", (adopted(speech(30)), amended(SPEECH, on=date(2026, 1, 8))), "2026-01-05",
        "2026-01-11", 18, "30 * 3/5"),
    Row("a backdated amendment, recorded last, does not push out the later one",
        (adopted(speech(30)), amended(speech(60), on=date(2026, 1, 7)),
         amended(speech(45), on=date(2026, 1, 6), amendment="backdated")),
        "2026-01-05", "2026-01-11", 51, "30 * 1/5 + 45 * 1/5 + 60 * 3/5"),
    Row("a day's minutes in a week of three days", all_year(20, per="day"), "2025-11-24", "2025-11-30", 60, "20 * 3"),
    Row("a week of December, by the month", all_year(60, per="month"), "2025-12-08", "2025-12-14", 20, "60 * 5/15"),
    Row("a week of the first semester", all_year(890, per="term"), "2025-12-08", "2025-12-14", Fraction(890, 18),
        # 21 weeks from 25 August to 16 January are 105 weekdays; off are 5 of autumn and 10 of the winter break.
        "890 * 5/(105 - 15)"),
    Row("a week of the year", all_year(1830, per="year"), "2025-12-08", "2025-12-14", 50, "1830 * 5/183"),
    Row("a term the calendar does not name", all_year(890, per="term"), "2026-01-19", "2026-01-19", 0, "0"),
    Row("snow on Wednesday: its share falls on the other days", all_year(30), "2026-01-12", "2026-01-18", 30,
        "30 * 4/4", closures=("2026-01-14",)),
    Row("snow on Wednesday, in the days asked about", all_year(30), "2026-01-12", "2026-01-14", 15, "30 * 2/4",
        closures=("2026-01-14",)),
    Row("snow on Wednesday stays owed", all_year(30), "2026-01-12", "2026-01-14", 18, "30 * 3/5",
        MinutesConvention(closures="owed"), closures=("2026-01-14",)),
    Row("snow on Wednesday is not owed", all_year(30), "2026-01-12", "2026-01-18", 24, "30 * 4/5",
        MinutesConvention(closures="not_owed"), closures=("2026-01-14",)),
    Row("half of Friday, by whole days", all_year(45), "2025-12-15", "2025-12-18", 36, "45 * 4/5",
        half_days=("2025-12-19",)),
    Row("half of Friday, weighing half", all_year(45), "2025-12-15", "2025-12-18", 40, "45 * 4/(4 + 1/2)", HALF_DAYS,
        half_days=("2025-12-19",)),
    Row("whole weeks: the plan begins on Tuesday", (adopted(speech(30, starts_on=None)),), "2025-12-08", "2025-12-14", 30,
        "30", WHOLE_PERIOD),
    Row("whole weeks: the text in force last owes", (adopted(speech(30)), amended(speech(60), on=date(2026, 1, 7))),
        "2026-01-05", "2026-01-11", 60, "60", WHOLE_PERIOD),
    Row("whole weeks: ended on Wednesday, owed all the same",
        (adopted(speech(30)), ended(date(2026, 1, 7))), "2026-01-05", "2026-01-11", 30, "30", WHOLE_PERIOD),
    Row("a week of the summer, for a service of the school year", all_year(30), "2026-06-15", "2026-06-21", 0, "0"),
    Row("extended school year: from Wednesday on",
        (adopted(speech(50, extended_school_year=True, starts_on="2026-07-08", ends_on="2026-07-31")),),
        "2026-07-06", "2026-07-12", 30, "50 * 3/5"),
    Row("extended school year: 400 minutes in all, over twenty days",
        (adopted(speech(400, per="year", extended_school_year=True, starts_on="2026-07-06", ends_on="2026-07-31")),),
        "2026-07-13", "2026-07-19", 100, "400 * 5/20"),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.what)
def test_what_was_owed(row: Row) -> None:
    total = sum(week.figures.owed or 0 for found in deliveries(row) for week in found.weeks)

    assert total == row.owed == by_hand(row.worked)


OPERATORS = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}


def by_hand(worked: str) -> Fraction:
    """The arithmetic again, exactly: sums, products and shares of whole numbers."""

    def value(node: ast.expr) -> Fraction:
        if isinstance(node, ast.BinOp):
            exact: Fraction = OPERATORS[type(node.op)](value(node.left), value(node.right))
            return exact
        assert isinstance(node, ast.Constant)
        return Fraction(int(str(node.value)))

    return value(ast.parse(worked, mode="eval").body)


def ledger(row: Row, *sessions: Session) -> ServiceDelivery:
    (found,) = deliveries(row, *sessions)
    return found


def deliveries(row: Row, *sessions: Session, named: Named = NOTHING_NAMED) -> tuple[ServiceDelivery, ...]:
    off = [str(day) for day in calendar().days_off]
    year = calendar(
        days_off=[*off, *row.closures],
        closures=list(row.closures),
        half_days=list(row.half_days),
        terms=TERMS,
    )
    days = SchoolDays([KnownProfile(an_id("profile"), 0, None, profile(year))])
    convention = convention_of(row.said)
    return delivery(
        [plan_of(*row.plan)], sessions, days, date.fromisoformat(row.first), date.fromisoformat(row.last),
        on=lambda _day: convention, named=named,
    )  # fmt: skip


def a_session(day: str, minutes: int = 30, **fields: object) -> Session:
    kept: dict[str, object] = {"status": SessionOutcome.DELIVERED} | fields
    return Session(an_id(f"{day}{kept}"), STUDENT, PLAN, SPEECH, date.fromisoformat(day), minutes, **kept)  # type: ignore[arg-type]


def missed(day: str, reason: str, minutes: int = 30) -> Session:
    return a_session(day, minutes, status=SessionOutcome.MISSED, reason=reason)


WINTER = Row("five weeks from 5 January", all_year(30), "2026-01-05", "2026-02-08", 150, "5 * 30")


def test_a_winter_s_balance_by_reason() -> None:
    """
    | week of | owed | delivered | missed | made up | remains |
    | 01-05 | 30 | 30 | | | 0 |
    | 01-12 | 30 | | 30 provider absent | 30 on 01-22 | 0 |
    | 01-19 | 30 | 20 | 10 testing | | 10 |
    | 01-26 | 30 | | 30 student absent | 20 on 02-05 | 10 |
    | 02-02 | 30 | | | | 30, nothing recorded |
    | in all | 150 | 50 | 70 | 50 | 50 |
    """
    first = missed("2026-01-13", "provider_absent")
    cut = a_session("2026-01-20", 20, status=SessionOutcome.PARTIAL, planned_minutes=30, reason="testing")
    away = missed("2026-01-27", "student_absent")
    sessions = (
        a_session("2026-01-06"), first, cut, away, a_session("2026-01-22", makes_up=first.id),
        a_session("2026-02-05", 20, makes_up=away.id),
    )  # fmt: skip

    found = ledger(WINTER, *sessions)

    assert [(w.figures.owed, w.figures.balance) for w in found.weeks] == [
        (30, 0), (30, 0), (30, 10), (30, 10), (30, 30),
    ]  # fmt: skip
    assert found.total.given == Given(
        delivered=50,
        missed={"provider_absent": 30, "student_absent": 30, "testing": 10},
        made_up_of={"provider_absent": 30, "student_absent": 20},
    )
    assert found.total.given.remaining == {"student_absent": 10, "testing": 10}
    assert (found.total.owed, found.total.balance, found.total.unrecorded) == (150, 50, 30)


def test_a_reason_that_takes_minutes_off_is_data_of_the_profile() -> None:
    """150 owed, 30 delivered, 30 missed by the student (not owed in this state), 90 never recorded: 150 - 30 - 30 = 90."""
    row = replace(WINTER, said=MinutesConvention(not_owed=("student_absent",)))
    sessions = (a_session("2026-01-06"), missed("2026-01-13", "student_absent"))

    assert ledger(row, *sessions).total.balance == 150 - 30 - 30
    assert ledger(row, *sessions).total.given.excused_of == {"student_absent": 30}
    assert ledger(WINTER, *sessions).total.balance == 150 - 30, "the floor excuses nothing"


def test_excused_minutes_that_were_made_up_all_the_same_are_made_up() -> None:
    row = replace(WINTER, said=MinutesConvention(not_owed=("student_absent",)))
    away = missed("2026-01-13", "student_absent")

    total = ledger(row, away, a_session("2026-01-15", 10, makes_up=away.id)).total

    assert (total.given.made_up, total.given.excused, total.given.remaining) == (10, 20, {})


def test_minutes_under_an_agreement_stand_beside_the_plan_s_own() -> None:
    under = a_session("2026-01-08", 45, agreement=an_id("agreement"))

    total = ledger(WINTER, under).total

    assert (total.given.delivered, total.given.under_agreement, total.balance) == (0, 45, 150)


def test_a_make_up_that_was_cut_short_leaves_missed_what_was_missed_first() -> None:
    """30 owed and missed; a make-up of 30 was cut off after 20: 30 - 20 = 10 remain, and nothing was missed anew."""
    week = replace(WINTER, last="2026-01-18", first="2026-01-12")
    first = missed("2026-01-13", "provider_absent")
    cut = a_session(
        "2026-01-15",
        20,
        status=SessionOutcome.PARTIAL,
        planned_minutes=30,
        reason="testing",
        makes_up=first.id,
    )

    total = ledger(week, first, cut).total

    assert (total.given.missed, total.given.remaining) == ({"provider_absent": 30}, {"provider_absent": 10})
    assert total.balance == 30 - 20


def test_a_session_under_an_agreement_that_was_cut_short_takes_nothing_from_the_plan_s_own() -> None:
    cut = a_session(
        "2026-01-08", 45, status=SessionOutcome.PARTIAL, planned_minutes=60, reason="testing",
        agreement=an_id("agreement"),
    )  # fmt: skip

    total = ledger(WINTER, cut).total

    assert (total.given.under_agreement, total.given.missed, total.unrecorded) == (45, {}, 150)


def test_a_plan_that_never_bound_owes_nothing() -> None:
    row = replace(WINTER, plan=(*all_year(30), voided()))

    assert deliveries(WINTER)[0].total.owed == 150
    assert deliveries(row) == ()


def test_what_is_given_under_an_agreement_makes_up_the_sessions_that_it_names() -> None:
    """30 missed and 20 missed; 45 given under an agreement on both: 30 and 15 are made up, 5 remain; 10 more: 5 and 5 beside."""
    first, second = missed("2026-01-13", "provider_absent"), missed("2026-01-20", "testing", 20)
    given = a_session("2026-01-29", 45, agreement=an_id("agreement"))
    more = a_session("2026-02-03", 10, agreement=an_id("agreement"))

    def total(*sessions: Session) -> Figures:
        (found,) = deliveries(WINTER, *sessions, named={an_id("agreement"): (first.id, second.id)})
        return found.total

    assert total(first, second, given).given.made_up_of == {"provider_absent": 30, "testing": 15}
    assert total(first, second, given).given.remaining == {"testing": 5}
    assert total(first, second, given).balance == 150 - 45
    whole = total(first, second, given, more)
    assert (whole.given.remaining, whole.given.under_agreement, whole.balance) == ({}, 5, 150 - 50)


def test_more_made_up_than_was_missed_is_told_apart() -> None:
    away = missed("2026-01-13", "provider_absent", 20)

    given = ledger(WINTER, away, a_session("2026-01-15", 30, makes_up=away.id)).total.given

    assert (given.made_up_of, given.surplus, given.made_up) == ({"provider_absent": 20}, 10, 30)


def test_figures_by_month_and_by_year_are_those_of_their_weeks() -> None:
    plan, days = plan_of(*all_year(30)), SchoolDays([KnownProfile(an_id("profile"), 0, None, profile())])
    of = {
        by: delivery([plan], [], days, date(2025, 12, 1), date(2026, 2, 28), by=by)[0]
        for by in (Period.WEEK, Period.MONTH, Period.YEAR)
    }

    assert {found.total.owed for found in of.values()} == {Fraction(30 * 10)}, "ten weeks with school"
    assert [str(week.first_on) for week in of[Period.MONTH].weeks] == [
        "2025-12-01",
        "2026-01-01",
        "2026-02-01",
    ]


STATE = """\
[profile]
id = "zz"
version = "2026-1"
floor = "federal@2026-1"
verified = false

[minutes]
closures = "not_owed"
half_days = "half"
not_owed = ["student_absent"]
late_after = 3
cite = "a made-up state's code 1"
"""


def test_the_convention_is_that_of_the_rules_the_district_has_named_for_the_day() -> None:
    floor = "federal-2026-1.toml"
    shipped = read_profiles([(floor, profile_text(floor)), ("zz-2026-1.toml", STATE)])
    federal = KnownProfile(an_id("a"), 0, None, profile(on=date(2025, 7, 1)))
    state = KnownProfile(
        an_id("b"), 1, None, profile(on=date(2026, 1, 1), state_profile="federal@2026-1+zz@2026-1")
    )

    on = conventions([federal, state], shipped)

    assert on(date(2025, 12, 31)) == Convention()
    assert on(date(2026, 1, 1)).not_owed == {"student_absent"}
    assert on(date(2026, 1, 1)).late_after == 3
    assert "half" in on(date(2026, 1, 1)).in_words
    assert "not owed: student absent" in on(date(2026, 1, 1)).in_words


def test_every_shipped_profile_says_how_minutes_are_counted() -> None:
    for name in shipped_profiles().names:
        known = KnownProfile(an_id("a"), 0, None, profile(state_profile=name))
        assert conventions([known], shipped_profiles())(date(2026, 3, 2)).in_words.startswith(
            "Minutes promised"
        )


def profile_text(name: str) -> str:
    return (files("contracts") / "profiles" / name).read_text("utf-8")
