"""The district's bank: texts to begin with; changed in full, ended and never deleted, of one kind for ever."""

from dataclasses import replace
from datetime import date
from functools import reduce

import pytest

from contracts.district import BankEntryAdded, BankEntryChanged, BankEntryEnded, BankEvent
from contracts.problems import Invalid
from contracts.testing import an_id
from plan_service.domain.bank import (
    BankEntry,
    BankEntryHasEnded,
    BankText,
    DescribeEntry,
    describe_entry,
    end_entry,
    evolve,
)

ENTRY, TODAY, JUNE = an_id("entry"), date(2026, 8, 10), date(2027, 6, 12)
SAID = BankText("Reading aloud", "{student} will read aloud, {words} words a minute.", ("reading",))
COMMAND = DescribeEntry(ENTRY, "goal", SAID, TODAY, "northwind:bank-3")


def given(*events: BankEvent) -> BankEntry:
    return reduce(evolve, events, BankEntry())


def added() -> BankEntry:
    return given(*describe_entry(BankEntry(), COMMAND))


def test_an_entry_is_added_with_all_that_it_says() -> None:
    (event,) = describe_entry(BankEntry(), COMMAND)

    assert isinstance(event, BankEntryAdded)
    assert (event.kind, event.personal.title, event.areas, event.external_id) == (
        "goal", "Reading aloud", ("reading",), "northwind:bank-3",
    )  # fmt: skip
    assert added().said == SAID


def test_the_same_once_more_is_nothing() -> None:
    assert describe_entry(added(), COMMAND) == []


def test_a_change_says_the_entry_in_full() -> None:
    other = replace(SAID, text="{student} will read to a friend.", areas=())
    (event,) = describe_entry(added(), replace(COMMAND, said=other))

    assert isinstance(event, BankEntryChanged)
    assert evolve(added(), event).said == other
    assert evolve(added(), event).external_id == "northwind:bank-3"


def test_an_entry_keeps_its_kind() -> None:
    with pytest.raises(Invalid):
        describe_entry(added(), replace(COMMAND, kind="service"))


def test_an_entry_that_has_ended_is_read_and_not_taken_up_again() -> None:
    (event,) = end_entry(added(), ENTRY, JUNE)
    ended = evolve(added(), event)

    assert isinstance(event, BankEntryEnded)
    assert (ended.said, ended.ended_on) == (SAID, JUNE)
    assert end_entry(ended, ENTRY, JUNE) == []
    for again in (lambda: end_entry(ended, ENTRY, TODAY), lambda: describe_entry(ended, COMMAND)):
        with pytest.raises(BankEntryHasEnded):
            again()


def test_an_entry_does_not_end_before_it_was_added() -> None:
    with pytest.raises(Invalid):
        end_entry(added(), ENTRY, date(2026, 8, 9))
