"""Asking about a plan's past: in force on D as known at K, its versions, what differs between two moments, its history.

Everything is folded by ``contracts`` from the plan's own stream, so that every service reads a plan as it is read here.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from contracts.canonical import instant
from contracts.event import Event, Json, Recorded
from contracts.plain_words import item_in_words
from contracts.plan_diff import describe, diff
from contracts.plan_document import (
    History,
    PlanDocument,
    PlanVersion,
    history_of,
    in_force,
    version_document,
    versions,
)
from contracts.plan_history import fold
from contracts.problems import Invalid, NotFound, Reason
from contracts.timeline import sentence
from plan_service.application.plan_model import PLAN
from plan_service.application.situation import Day, day_of_district
from runtime.event_store import EventStore

INDEXED_WITHIN_SECONDS = 1.0
PAUSE_SECONDS = 0.005
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INDEX = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, and how far the log's knowledge goes; without ``known_at`` as far as it goes now."""

    effective_on: date
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastOf:
    """One plan's whole past."""

    entries: list[Recorded[Event]]
    day: Day

    @property
    def student(self) -> UUID:
        """Whose plan it is."""
        return self.entries[-1].subject

    @property
    def version(self) -> int:
        """The plan's version now: what If-Match names."""
        return self.entries[-1].version

    def up_to(self, basis: int | None) -> History:
        """The history as far as the log's index ``basis``, so that an answer can be made again."""
        if basis is None:
            return history_of(self.entries)
        return history_of(entry for entry in self.entries if entry.index is not None and entry.index <= basis)

    def document(self, moment: Moment, basis: int | None = None) -> PlanDocument:
        """What the plan says at a moment; raises `NotFound` where nothing was known of it."""
        document = in_force(self.up_to(basis), moment.effective_on, moment.known_at)
        if document is None:
            raise NotFound("Nothing was known of this plan then.")
        return document

    def versions(self, known_at: datetime | None = None) -> tuple[PlanVersion, ...]:
        """Every adoption and amendment."""
        return versions(history_of(self.entries), known_at)

    def version_document(self, number: int, known_at: datetime | None = None) -> PlanDocument:
        """The plan on the first day of a version; raises `NotFound`."""
        document = version_document(history_of(self.entries), number, known_at)
        if document is None:
            raise NotFound("This plan has no such version.")
        return document

    def difference(self, before: Moment, after: Moment, basis: int | None = None) -> Json:
        """Item by item, each with its event and a sentence."""
        first, second = (in_force(self.up_to(basis), m.effective_on, m.known_at) for m in (before, after))
        both = [entry.item for document in (first, second) if document for entry in document.items]
        titles = {str(item.id): item_in_words(item) for item in both}
        return {
            "from": _asked(before, first),
            "to": _asked(after, second),
            "differences": [
                each.to_json() | {"words": describe(each, titles)} for each in diff(first, second)
            ],
        }

    def told(self, people: Mapping[str, str]) -> Json:
        """Everything recorded, in order, each in a sentence; ``people`` has the names it may say."""
        said = sorted(
            (change.recorded.version, str(change.item_id), item_in_words(change.item))
            for line in fold(history_of(self.entries).entries).items.values()
            for change in line
            if change.item is not None
        )
        plan_id = self.entries[0].stream.partition("/")[2]
        names, told = dict(people), []
        for entry in self.entries:
            # An item is called as it read when the entry was made.
            names.update((id_, words) for version, id_, words in said if version == entry.version)
            told.append(_told(entry, names))
        return {"plan": plan_id, "entries": told}


def _told(entry: Recorded[Event], names: Mapping[str, str]) -> Json:
    told = {
        "event_id": str(entry.id),
        "type": entry.type,
        "version": entry.version,
        "index": entry.index,
        "effective_on": entry.effective_on.isoformat(),
        "recorded_at": instant(entry.recorded_at),
        "known_at": instant(entry.known_at) if entry.known_at else None,
        "actor": entry.actor.model_dump(exclude_none=True),
        "rules": entry.rules,
        "words": sentence(entry, names),
    }
    return {name: value for name, value in told.items() if value is not None}


def _asked(moment: Moment, document: PlanDocument | None) -> Json:
    asked: Json = {"effective_on": moment.effective_on.isoformat()}
    if moment.known_at is not None:
        asked["asked_known_at"] = instant(moment.known_at)
    if document is not None:
        asked |= {
            name: value for name, value in document.to_json().items() if name in ("version", "known_at", "basis", "status")
        }  # fmt: skip
    return asked


async def past_of(store: EventStore, tenant: str, plan_id: UUID) -> PastOf:
    """Everything recorded of a plan, a write of a moment ago included; raises `NotFound`.

    What has no index yet is waited for, a second at most: without it an answer could not name its basis.
    """
    deadline = asyncio.get_running_loop().time() + INDEXED_WITHIN_SECONDS
    entries = await store.read(tenant, PLAN.stream(plan_id))
    while entries and entries[-1].index is None and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(PAUSE_SECONDS)
        entries = await store.read(tenant, PLAN.stream(plan_id))
    if not entries:
        raise NotFound("There is no plan by that id.")
    return PastOf(entries, await day_of_district(store, tenant))


def parse_known(text: str, day: Day, parameter: str) -> datetime:
    """K: an instant, or a date, which means the end of that day in the district's zone."""
    try:
        if _DATE.fullmatch(text):
            midnight = datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), day.zone)
            return midnight - timedelta(microseconds=1)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise _not_a_moment(parameter) from error
    if moment.tzinfo is None:
        raise _not_a_moment(parameter)
    return moment


def parse_basis(text: str | None) -> int | None:
    """``plan:17``, as an answer's ``basis`` names it."""
    if text is None:
        return None
    log, _, index = text.partition(":")
    if log != "plan" or not _INDEX.fullmatch(index):
        raise Invalid("basis is not understood.", reasons=(Reason("not-a-basis", "e.g. plan:17"),))
    return int(index)


def parse_moment(text: str, day: Day, parameter: str) -> Moment:
    """``D`` or ``D,K``."""
    on, comma, known = text.partition(",")
    try:
        if not _DATE.fullmatch(on):
            raise ValueError(on)
        effective_on = date.fromisoformat(on)
    except ValueError as error:
        raise _not_a_moment(parameter) from error
    return Moment(effective_on, parse_known(known, day, parameter) if comma else None)


def _not_a_moment(parameter: str) -> Invalid:
    return Invalid(
        f"{parameter} is not understood.",
        reasons=(
            Reason(
                "not-a-moment", "a date (2026-03-03) or an instant with its offset (2026-03-03T12:00:00Z)"
            ),
        ),
    )
