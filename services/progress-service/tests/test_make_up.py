"""Minutes beside the plan's own: offered, agreed, declined, given. Pure: no database, no clock."""

from dataclasses import replace
from datetime import date

import pytest
from msgspec.structs import replace as with_

from contracts.event import Event
from contracts.sessions import Session, SessionOutcome
from contracts.testing import an_id
from contracts.vocabulary import MakeUpKind
from progress_service.domain.item_year import ItemYear
from progress_service.domain.make_up import (
    OfferClosed,
    PutMakeUp,
    agree_make_up,
    balance_of,
    decline_make_up,
    offer_make_up,
    void_make_up,
)
from progress_service.domain.refusals import CannotBeTrue
from progress_service.domain.session import record_session
from progress_service.testing_promises import GOAL, PLAN, SPEECH, STUDENT, TODAY, known, session, year

MARCH_18, MARCH_20 = date(2026, 3, 18), date(2026, 3, 20)
MISSED = Session(
    an_id("missed"),
    STUDENT,
    PLAN,
    SPEECH,
    date(2026, 2, 3),
    30,
    SessionOutcome.MISSED,
    reason="provider_absent",
)
OFFER = PutMakeUp(
    id=an_id("offer"), plan_id=PLAN, item_id=SPEECH, on=MARCH_18, kind=MakeUpKind.MAKE_UP, minutes=60,
    sessions=(MISSED.id,), by_on=date(2026, 5, 29),
)  # fmt: skip
AGREEMENT = replace(
    OFFER, id=an_id("agreement"), on=MARCH_20, ground="agreement", offer=OFFER.id, holder=an_id("holder")
)


def offered(command: PutMakeUp = OFFER, *missed: Session | None) -> list[Event]:
    return list(offer_make_up(command, known().on(command.item_id, command.on), missed or (MISSED,), TODAY))


def agreed(state: ItemYear, command: PutMakeUp = AGREEMENT) -> list[Event]:
    return list(agree_make_up(state, command, known().on(command.item_id, command.on), (MISSED,), TODAY))


def given_under(agreement: str, day: str, minutes: int, **fields: object) -> Session:
    kept = Session(
        an_id(f"{day} {minutes}"), STUDENT, PLAN, SPEECH, date.fromisoformat(day), minutes, SessionOutcome.DELIVERED,
        agreement=an_id(agreement),
    )  # fmt: skip
    return with_(kept, **fields)  # type: ignore[arg-type]


def test_an_agreement_closes_the_offer_it_accepts() -> None:
    after = year(*offered(), *agreed(year(*offered())))

    assert after.offers[OFFER.id].agreed_by == AGREEMENT.id
    with pytest.raises(OfferClosed, match="agreed to before"):
        agreed(after, replace(AGREEMENT, id=an_id("again")))


def test_a_declined_offer_cannot_be_agreed_to_and_declining_again_changes_nothing() -> None:
    declined = decline_make_up(year(*offered()), OFFER.id, MARCH_20, an_id("holder"), None, TODAY)
    after = year(*offered(), *declined)

    assert decline_make_up(after, OFFER.id, MARCH_20, None, None, TODAY) == []
    with pytest.raises(OfferClosed, match="declined before"):
        agreed(after)


def test_a_voided_offer_counts_no_more() -> None:
    after = year(*offered(), *void_make_up(year(*offered()), OFFER.id, "another student's"))

    assert not after.offers[OFFER.id].counts
    assert void_make_up(after, OFFER.id, "again") == []
    with pytest.raises(OfferClosed, match="voided before"):
        agreed(after)


def test_what_a_hearing_decides_needs_no_offer() -> None:
    ordered = replace(
        AGREEMENT, offer=None, ground="hearing_decision", kind=MakeUpKind.COMPENSATORY, sessions=()
    )

    (event,) = agree_make_up(ItemYear(), ordered, known().on(SPEECH, MARCH_20), (), TODAY)

    assert (event.ground, event.minutes) == ("hearing_decision", 60)


@pytest.mark.parametrize(
    ("differs", "code"),
    [
        pytest.param({"item_id": GOAL}, "not-a-service", id="of a goal"),
        pytest.param({"item_id": an_id("nobody's")}, "item-not-in-plan", id="of no item"),
        pytest.param({"on": date(2026, 7, 1), "by_on": None}, "in-the-future", id="in the future"),
        pytest.param(
            {"by_on": date(2026, 3, 1)}, "ends-before-it-begins", id="to be given before it was offered"
        ),
        pytest.param({"minutes": 0}, "impossible-minutes", id="of no minutes"),
    ],
)
def test_an_offer_that_cannot_be_true_is_refused(differs: dict[str, object], code: str) -> None:
    with pytest.raises(CannotBeTrue) as refused:
        offered(replace(OFFER, **differs))  # type: ignore[arg-type]

    assert code in {reason.code for reason in refused.value.reasons}


@pytest.mark.parametrize(
    "session_",
    [
        None, with_(MISSED, item=GOAL), with_(MISSED, voided="twice"),
        with_(MISSED, status=SessionOutcome.DELIVERED),
    ],
)  # fmt: skip
def test_an_offer_names_sessions_of_the_item_of_which_minutes_were_missed(session_: Session | None) -> None:
    with pytest.raises(CannotBeTrue):
        offer_make_up(OFFER, known().on(SPEECH, MARCH_18), (session_,), TODAY)


def test_a_ground_is_of_its_list() -> None:
    with pytest.raises(CannotBeTrue, match="ground"):
        agreed(year(*offered()), replace(AGREEMENT, ground="kindness"))


def test_what_remains_of_an_agreement() -> None:
    """60 agreed; 30 given on 24 March, 20 on 7 April, 30 on 12 May: 60 - 50 = 10 on 30 April, nothing on 12 May."""
    state = year(*offered(), *agreed(year(*offered())))
    sessions = [
        given_under("agreement", "2026-03-24", 30), given_under("agreement", "2026-04-07", 20),
        given_under("agreement", "2026-05-12", 30), given_under("another", "2026-04-07", 45),
        given_under("agreement", "2026-04-08", 25, voided="never happened"),
    ]  # fmt: skip

    def on(day: date) -> tuple[int, int]:
        (balance,) = balance_of(state.agreements.values(), sessions, day)
        return balance.given, balance.remaining

    assert on(date(2026, 4, 30)) == (50, 10)
    assert on(date(2026, 5, 12)) == (80, 0)
    assert balance_of(state.agreements.values(), sessions, MARCH_18) == [], "not agreed yet"


def test_an_agreement_is_overdue_when_minutes_remain_after_its_last_day() -> None:
    state = year(*offered(), *agreed(year(*offered())))

    (balance,) = balance_of(state.agreements.values(), [], date(2026, 5, 30))

    assert balance.overdue_on(date(2026, 5, 30))
    assert not balance.overdue_on(date(2026, 5, 29))


def test_a_session_under_an_agreement_names_one_of_its_item_made_before() -> None:
    state = year(*offered(), *agreed(year(*offered())))
    of = state.agreements[AGREEMENT.id]
    command = session(on=date(2026, 3, 24), agreement=of.id)
    item = known().on(SPEECH, date(2026, 3, 24))

    (event,) = record_session(command, item, None, TODAY, of)
    assert event.agreement_id == of.id  # type: ignore[union-attr]
    for wrong in (
        None,
        replace(of, item=GOAL),
        replace(of, voided="twice"),
        replace(of, on=date(2026, 3, 25)),
    ):
        with pytest.raises(CannotBeTrue):
            record_session(command, item, None, TODAY, wrong)
