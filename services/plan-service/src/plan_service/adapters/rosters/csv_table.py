"""A CSV file of a roster as a stream of rows, each with the line it starts on (RFC 4180, UTF-8).

A row that can't be read is refused by itself and reading goes on with the next line: a stray quotation mark costs one row, not
the rest of the file.
"""

import csv
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from plan_service.adapters.rosters.archive import RosterFile
from plan_service.adapters.rosters.fields import Fault
from plan_service.adapters.rosters.records import Limits, Progress, Refusal

_MOST_LINES = 10
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Table:
    """What a CSV file is made of: its columns in the standard's order, those that must be there, those that are kept.

    Only kept columns are ever handed on: a password is gone with the line it stood in.
    """

    columns: tuple[str, ...]
    needed: frozenset[str]
    kept: frozenset[str]


@dataclass(frozen=True, slots=True)
class Row:
    """The kept cells of one row."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def rows(
    file: RosterFile, table: Table, limits: Limits, progress: Progress | None
) -> Iterator[Row | Refusal]:
    """The rows under the header. A header that does not fit refuses the whole file: its cells could mean anything."""
    records = _Records(file, limits, progress)
    header: list[str] | None = None
    places: dict[str, int] = {}

    def fits(cells: list[str]) -> bool:
        """Whether cells over several lines can be one row: nothing Handrail keeps has line breaks."""
        return header is None or (
            len(cells) == len(header) and not any("\n" in cells[place] for place in places.values())
        )

    while True:
        try:
            record = records.next(fits)
            if record is None:
                break
            line, cells = record
            if header is None:
                places = _places(cells, table)
                header = cells
            elif len(cells) != len(header):
                reason = f"The row has {len(cells)} cells where the header has {len(header)}; export the file again."
                yield Refusal(file.name, line, reason, "wrong-cells")
            else:
                yield Row(line, {name: cells[place] for name, place in places.items()})
        except Fault as fault:
            yield Refusal(file.name, records.line, fault.reason, fault.code)
            if header is None or records.broken:
                return
    if header is None:
        yield Refusal(file.name, None, "The file is empty; export it again, with its header.", "empty-file")


def _places(header: list[str], table: Table) -> dict[str, int]:
    """Where the kept columns stand. Columns of the standard must be written and ordered as it says; others are ignored."""
    by_lower = {name.lower(): name for name in table.columns}
    found: dict[str, int] = {}
    for place, cell in enumerate(header):
        name = by_lower.get(cell.strip().lower())
        if name is None:
            continue
        if cell != name:
            raise Fault("wrong-header", f"Column {place + 1} of the header must be written exactly {name}.")
        if name in found:
            raise Fault("wrong-header", f"The header has the column {name} twice; keep one.")
        found[name] = place
    missing = [name for name in table.columns if name in table.needed and name not in found]
    if missing:
        raise Fault(
            "wrong-header", f"The header has no column {', '.join(missing)}; export the file again with it."
        )
    present = [name for name in table.columns if name in found]
    for wanted, actual in zip(present, found, strict=True):
        if wanted != actual:
            raise Fault(
                "wrong-header",
                f"The columns are not in the standard's order: {actual} stands where {wanted} belongs; reorder them.",
            )
    return {name: place for name, place in found.items() if name in table.kept}


class _Records:
    """Puts lines together to records: a cell in quotation marks may hold line breaks."""

    def __init__(self, file: RosterFile, limits: Limits, progress: Progress | None) -> None:
        self.line = 1
        self.broken = False
        self._limits = limits
        self._chunks = file.chunks(progress)
        self._rest = b""
        self._lines: deque[bytes] = deque()
        self._ahead: deque[tuple[int, bytes]] = deque()
        self._number = 0
        self._ended = False
        self._damage: Fault | None = None

    def next(self, fits: Callable[[list[str]], bool]) -> tuple[int, list[str]] | None:
        """The next record with its first line, None at the end; a `Fault` is about the record that starts at ``line``."""
        while (first := self._next_line()) is not None:
            self.line, raw = first
            if self.line == 1:
                if raw.startswith(_UTF_16):
                    raise Fault("not-utf-8", "The file is UTF-16; save it as UTF-8.")
                raw = raw.removeprefix(_BOM)
            if not raw.strip():
                continue
            head = self._decoded(raw)
            if '"' not in head:
                return self.line, head.split(",")
            alone = _parsed([head])
            return self.line, self._over_several(head, fits) if alone is None else alone
        if self._damage is not None:
            self.line, self.broken = self._number + 1, True
            raise self._damage
        return None

    def _over_several(self, head: str, fits: Callable[[list[str]], bool]) -> list[str]:
        """A record whose quotation marks close on a later line; what was read ahead in vain is given back."""
        held: list[tuple[int, bytes]] = []
        parts, size, marks = [head], len(head), head.count('"')
        while len(parts) < _MOST_LINES and size <= self._limits.record_characters:
            following = self._next_line()
            if following is None:
                break
            held.append(following)
            try:
                part = self._decoded(following[1])
            except Fault:
                break
            parts.append(part)
            size += len(part)
            marks += part.count('"')
            if '"' in part and marks % 2 == 0:
                cells = _parsed(parts)
                if cells is not None and fits(cells):
                    return cells
        self._ahead.extendleft(reversed(held))
        raise Fault(
            "stray-quote",
            "A quotation mark does not close on this line; close it, double one within a cell, and leave out line breaks.",
        )

    def _decoded(self, raw: bytes) -> str:
        if len(raw) > self._limits.record_characters:
            raise Fault(
                "too-long", f"The row is longer than {self._limits.record_characters} bytes; shorten it."
            )
        if b"\0" in raw:
            raise Fault("control-character", "The row holds a NUL character; remove it.")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise Fault("not-utf-8", "The row is not UTF-8; save the file as UTF-8.") from None

    def _next_line(self) -> tuple[int, bytes] | None:
        """Line by line, without line ends; of one that is far too long only a beginning, which will be refused."""
        if self._ahead:
            return self._ahead.popleft()
        while not self._lines and not self._ended:
            self._fill()
        if not self._lines:
            return None
        self._number += 1
        return self._number, self._lines.popleft().removesuffix(b"\r")

    def _fill(self) -> None:
        try:
            chunk = next(self._chunks, None)
        except Fault as damage:
            self._ended, self._damage = True, damage
            return
        if chunk is None:
            self._ended = True
            if self._rest:
                self._lines.append(self._rest)
            return
        *whole, rest = (self._rest + chunk).split(b"\n")
        self._lines.extend(whole)
        self._rest = rest[: self._limits.record_characters + 1]


def _parsed(parts: list[str]) -> list[str] | None:
    """The cells of one record, or None when its quotation marks do not fit."""
    try:
        records = list(csv.reader([f"{part}\n" for part in parts], strict=True))
    except csv.Error:
        return None
    return records[0] if len(records) == 1 else None
