"""The district's bank: texts to begin a plan's goals, services and accommodations with. None of them is about a student.

An entry is ended, never deleted: a draft of an earlier year may have begun with it. What a plan takes from it is the
plan's own text from then on; whether that text is individual is asked elsewhere (`domain.individual`).
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.district import (
    BankEntryAdded,
    BankEntryChanged,
    BankEntryEnded,
    BankEntryPersonalData,
    BankEvent,
)
from contracts.fields import ExternalId
from contracts.problems import Rejected
from plan_service.domain.rules import cannot_be_true


class BankEntryHasEnded(Rejected):
    """An entry that has ended is not taken up again."""

    code = "bank-entry-ended"

    def __init__(self, ended_on: date) -> None:
        super().__init__(f"This entry has ended ({ended_on}). Add a new one.", ended_on=ended_on)


@dataclass(frozen=True, slots=True)
class BankText:
    """What an entry says, and where it is looked for."""

    title: str
    text: str
    areas: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One entry, as last described."""

    bank_entry_id: UUID | None = None
    kind: str = ""
    said: BankText | None = None
    added_on: date | None = None
    ended_on: date | None = None
    """The first day without it."""
    external_id: ExternalId | None = None


@dataclass(frozen=True, slots=True)
class DescribeEntry:
    """Everything an entry says."""

    bank_entry_id: UUID
    kind: str
    said: BankText
    today: date
    external_id: ExternalId | None = None


def evolve(entry: BankEntry, event: BankEvent) -> BankEntry:
    """The newest description holds."""
    match event:
        case BankEntryAdded():
            return BankEntry(
                event.bank_entry_id, event.kind, _said(event), event.effective_on, None, event.external_id
            )
        case BankEntryChanged():
            return BankEntry(
                entry.bank_entry_id,
                entry.kind,
                _said(event),
                entry.added_on,
                entry.ended_on,
                entry.external_id,
            )
        case BankEntryEnded():
            return BankEntry(
                entry.bank_entry_id,
                entry.kind,
                entry.said,
                entry.added_on,
                event.effective_on,
                entry.external_id,
            )


def describe_entry(entry: BankEntry, command: DescribeEntry) -> list[BankEvent]:
    """Add an entry, or change one that has not ended; the same once more is nothing. Its kind stays."""
    if entry.ended_on is not None:
        raise BankEntryHasEnded(entry.ended_on)
    said, on = command.said, command.today
    if entry.bank_entry_id is None:
        return [
            BankEntryAdded(
                effective_on=on, bank_entry_id=command.bank_entry_id, kind=command.kind, personal=_personal(said),
                areas=said.areas, categories=said.categories, grades=said.grades, external_id=command.external_id,
            )
        ]  # fmt: skip
    if command.kind != entry.kind:
        raise cannot_be_true(
            "another-kind", f"The entry is for a {entry.kind} and stays so; add a new one.", "/kind"
        )
    if said == entry.said:
        return []
    return [
        BankEntryChanged(
            effective_on=on, bank_entry_id=command.bank_entry_id, personal=_personal(said), areas=said.areas,
            categories=said.categories, grades=said.grades,
        )
    ]  # fmt: skip


def end_entry(entry: BankEntry, bank_entry_id: UUID, on: date) -> list[BankEvent]:
    """Offer it no longer from ``on``."""
    if entry.ended_on is not None:
        if entry.ended_on == on:
            return []
        raise BankEntryHasEnded(entry.ended_on)
    if entry.added_on is not None and on < entry.added_on:
        raise cannot_be_true("ends-before-it-begins", f"It was added on {entry.added_on}.", "/on")
    return [BankEntryEnded(effective_on=on, bank_entry_id=bank_entry_id)]


def _said(event: BankEntryAdded | BankEntryChanged) -> BankText:
    return BankText(event.personal.title, event.personal.text, event.areas, event.categories, event.grades)


def _personal(said: BankText) -> BankEntryPersonalData:
    return BankEntryPersonalData(title=said.title, text=said.text)
