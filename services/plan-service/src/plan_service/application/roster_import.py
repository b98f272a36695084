"""A roster's rows written into the record, a hundred at a time: one question, one decision each, one append.

A batch that meets somebody else's change, or a row that cannot be kept, is written again row by row, so that one bad row
costs itself alone. Everything goes through the event store; nothing is remembered but what stands there.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from contracts.fields import ExternalId
from contracts.problems import Invalid, NotFound, Problem, Rejected, VersionConflict
from plan_service.application.roster_batch import Batch
from plan_service.application.roster_entries import (
    ContactEntry,
    GoneEntry,
    OfficeEntry,
    ParticipationEntry,
    PassedOver,
    Reading,
    Refused,
    Row,
    StudentEntry,
)
from plan_service.application.roster_removal import Absent, gone
from plan_service.application.roster_standing import Standing
from plan_service.application.roster_terms import CannotUse, Done, Terms, Told
from plan_service.application.working_papers import WorkingPapers
from runtime.append_request import AlreadyClaimed, Context, TenantHasEnded
from runtime.event_store import EventStore
from runtime.execute import give_way

AT_ONCE = 100
TRIES = 5
MOST_REFUSALS = 1_000


@dataclass
class Tally:
    """What an import has come to so far."""

    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    unmatched: int = 0
    ignored: int = 0
    refused: int = 0
    refusals: list[Refused] = field(default_factory=list)
    """The first thousand; all are counted."""
    notes: Counter[str] = field(default_factory=Counter)
    """Codes of what was passed over or left out, and how often."""
    last_event: UUID | None = None

    def refuse(self, refused: Refused) -> None:
        """Name what could not be used."""
        self.refused += 1
        if len(self.refusals) < MOST_REFUSALS:
            self.refusals.append(refused)

    def count(self, done: Done) -> None:
        """What one row did."""
        setattr(self, done.what, getattr(self, done.what) + 1)
        self.notes.update(done.notes)


@dataclass(frozen=True, slots=True)
class _Line:
    file: str
    line: int | None
    told: Told


class RosterImport:
    """One set, read from beginning to end. With ``trial`` everything is decided and nothing is written."""

    def __init__(self, store: EventStore, context: Context, terms: Terms, *, trial: bool = False) -> None:
        self.tally = Tally()
        self._store = store
        self._papers = WorkingPapers(store.database, store.keyring)
        self._context = context
        self._terms = terms
        self._trial = trial
        self._standing = Standing(store, context.tenant, trial=trial)
        self._offices: set[ExternalId] = set()
        self._waiting: list[_Line] = []
        """About students who may come further down the set."""
        self._gone: list[Row] = []
        self._seen = Absent()

    async def take(self, readings: Iterable[Reading]) -> None:
        """Write what follows from these readings. Durable on return, except for what waits for `finish`."""
        lines: list[_Line] = []
        for reading in readings:
            self.tally.read += 1
            match reading:
                case Refused():
                    self.tally.refuse(reading)
                case PassedOver():
                    self.tally.ignored += 1
                    self.tally.notes[reading.code] += 1
                case Row(entry=GoneEntry()):
                    self._gone.append(reading)
                case Row(entry=OfficeEntry() as office):
                    self._offices.add(office.external_id)
                    self.tally.ignored += 1
                case Row(file, line, entry):
                    self._note(entry)
                    lines.append(_Line(file, line, entry))  # type: ignore[arg-type]  # The rest is `Told`.
        await self._write(lines, self._wait)

    async def finish(self, *, absent_are_gone: bool = False) -> None:
        """What had to wait for the end: rows about students further down, and who is no longer there."""
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), AT_ONCE):
            await self._write(waiting[start : start + AT_ONCE], self._count)
        await self._remove(absent_are_gone)

    def _note(self, entry: object) -> None:
        if isinstance(entry, StudentEntry):
            self._seen.students.add(entry.external_id)
        elif isinstance(entry, ContactEntry):
            self._seen.contacts.add((entry.student, entry.external_id))

    def _wait(self, line: _Line, done: Done) -> None:
        if done.what == "unmatched" and isinstance(line.told, ContactEntry | ParticipationEntry):
            self._waiting.append(line)
        else:
            self._count(line, done)

    def _count(self, _line: _Line, done: Done) -> None:
        self.tally.count(done)

    async def _remove(self, absent_are_gone: bool) -> None:
        entries = [(row.file, row.line, row.entry) for row in self._gone if isinstance(row.entry, GoneEntry)]
        for file, line, entry in entries:
            found = await gone(self._store, self._context.tenant, entry)
            if not found:
                self.tally.count(Done("unmatched", ("gone-and-not-known",)))
            await self._write([_Line(file, line, each) for each in found], self._count)
        # A row that was refused is not absent: the set has to be sound to say anything by silence.
        if not absent_are_gone or self.tally.refused:
            return
        absent = await self._seen.no_longer(self._store, self._context.tenant, self._terms.source)
        if isinstance(absent, Refused):
            self.tally.refuse(absent)
            return
        for start in range(0, len(absent), AT_ONCE):
            await self._write(
                [_Line("users.csv", None, one) for one in absent[start : start + AT_ONCE]], self._count
            )

    async def _write(self, lines: Sequence[_Line], count: Callable[[_Line, Done], None]) -> None:
        """Together if it goes, one by one if not."""
        if not lines:
            return
        try:
            results = await self._together(lines)
        except TenantHasEnded:
            raise  # The set ends with its district, and not row by row.
        except Problem as problem:
            if len(lines) > 1:
                for line in lines:
                    await self._write([line], count)
                return
            if isinstance(problem, NotFound | Invalid | Rejected | AlreadyClaimed):
                results = [_refused(lines[0], problem)]
            else:
                raise
        for line, result in zip(lines, results, strict=True):
            if isinstance(result, Refused):
                self.tally.refuse(result)
            else:
                count(line, result)

    async def _together(self, lines: Sequence[_Line]) -> list[Done | Refused]:
        for attempt in range(TRIES):
            batch = Batch(self._terms, frozenset(self._offices))
            await batch.look_up(self._standing, [line.told for line in lines])
            results = [_decided(batch, line) for line in lines]
            try:
                await self._append(batch)
                return results
            except (VersionConflict, AlreadyClaimed):
                if attempt == TRIES - 1:
                    raise
                await give_way(attempt)
        raise AssertionError("unreachable")

    async def _append(self, batch: Batch) -> None:
        if self._trial:
            self._standing.would(batch.standing_then, batch.claims)
            return
        if not batch.changes:
            return
        tenant = self._context.tenant
        if batch.papers:
            async with self._papers.writing(tenant) as connection:
                appended = await self._store.append(
                    self._context, batch.changes, claims=batch.claims, connection=connection
                )
                for paper in batch.papers:
                    await self._papers.begin(connection, tenant, paper)
            self._store.wake()
        else:
            appended = await self._store.append(self._context, batch.changes, claims=batch.claims)
        self.tally.last_event = appended.last_event or self.tally.last_event


def _decided(batch: Batch, line: _Line) -> Done | Refused:
    try:
        return batch.decide(line.told)
    except CannotUse as doubt:
        return Refused(line.file, line.line, doubt.code, doubt.reason)
    except (Invalid, NotFound, Rejected) as problem:
        return _refused(line, problem)


def _refused(line: _Line, problem: Problem) -> Refused:
    """By the refusal's code and place alone: its words may hold what stood in the row."""
    code = problem.reasons[0].code if problem.reasons else problem.code
    where = next((f" ({reason.pointer})" for reason in problem.reasons if reason.pointer), "")
    reason = f"The record cannot take this row: {code.replace('-', ' ')}{where}. Correct it at the source."
    return Refused(line.file, line.line, code, reason)
