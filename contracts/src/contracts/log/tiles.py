"""Tiles: 256 hashes of one level, the unit in which a log is stored and served (C2SP tlog-tiles).

Level 0 are the leaves; a hash of level ``l + 1`` is the root over a full tile of level ``l``. So any node is made of a run of
hashes inside one tile, and a proof, however large the log, of two tiles a level at most.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from contracts.log.tree import TILE_HEIGHT, TILE_WIDTH, Node, root_of_full

LEVELS = 64
_PATH = re.compile(
    r"(?P<level>entries|0|[1-9][0-9]?)/(?P<place>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class TileName:
    """Which tile: its level (``None``: the entries themselves), its place, how many of its 256 are wanted."""

    level: int | None
    place: int
    width: int = TILE_WIDTH

    @classmethod
    def parse(cls, path: str) -> "TileName | None":
        """Of ``<L>/<N>[.p/<W>]``; ``None`` where it names no tile there could be."""
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        groups = found["place"].replace("x", "").split("/")
        if len(groups) > 6 or (len(groups) > 1 and groups[0] == "000"):
            return None
        level = None if found["level"] == "entries" else int(found["level"])
        width = int(found["width"]) if found["width"] else TILE_WIDTH
        if (level is not None and level >= LEVELS) or (found["width"] and width >= TILE_WIDTH):
            return None
        return cls(level, int("".join(groups)), width)

    @property
    def path(self) -> str:
        """``0/x001/067`` or ``0/x001/067.p/12``."""
        level = "entries" if self.level is None else str(self.level)
        text = f"{self.place:03d}"
        text = text.zfill(-(-len(text) // 3) * 3)
        groups = [text[n : n + 3] for n in range(0, len(text), 3)]
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"{level}/{'/'.join(['x' + group for group in groups[:-1]] + groups[-1:])}{partial}"

    @property
    def first(self) -> int:
        """The place of its first hash in its level."""
        return self.place * TILE_WIDTH


def width_of(level: int | None, place: int, size: int) -> int:
    """How many hashes (or entries) that tile of a log of ``size`` has."""
    there = size >> (TILE_HEIGHT * (level or 0))
    return max(0, min(TILE_WIDTH, there - place * TILE_WIDTH))


@dataclass(frozen=True, slots=True)
class Run:
    """Hashes of one level that stand in one tile: ``first`` to before ``past``."""

    level: int
    first: int
    past: int


def run_of(level: int, place: int) -> Run:
    """What the node is made of."""
    count = 1 << level % TILE_HEIGHT
    return Run(level // TILE_HEIGHT, place * count, (place + 1) * count)


def nodes_of(hashes: Mapping[tuple[int, int], bytes]) -> Node:
    """Gives nodes, made of the hashes of tiles by level and place; ``KeyError`` where one is missing."""

    @cache  # Many proofs of one tree ask for the same nodes again and again.
    def node(level: int, place: int) -> bytes:
        run = run_of(level, place)
        return root_of_full([hashes[run.level, at] for at in range(run.first, run.past)])

    return node


def runs_for(question: Callable[[Node], object]) -> list[Run]:
    """What must be read to answer ``question``; what the hashes are does not change which are asked for."""
    asked: set[Run] = set()

    def node(level: int, place: int) -> bytes:
        asked.add(run_of(level, place))
        return b""

    question(node)
    return _merged(asked)


def by_tile(run: Run) -> list[Run]:
    """A run that reaches over several tiles, one for each."""
    found, first = [], run.first
    while first < run.past:
        past = min(run.past, (first // TILE_WIDTH + 1) * TILE_WIDTH)
        found.append(Run(run.level, first, past))
        first = past
    return found


def _merged(runs: Iterable[Run]) -> list[Run]:
    """One run for each tile."""
    tiles: dict[tuple[int, int], Run] = {}
    for run in runs:
        tile = run.level, run.first // TILE_WIDTH
        known = tiles.get(tile, run)
        tiles[tile] = Run(run.level, min(known.first, run.first), max(known.past, run.past))
    return [tiles[tile] for tile in sorted(tiles)]


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as a tile carries them, each after its length (two bytes, the larger first)."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundled(content: bytes) -> list[bytes]:
    """The entries of a tile; raises ``ValueError`` for one that is cut short."""
    entries, at = [], 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 2], "big")
        entry = content[at + 2 : at + 2 + length]
        if len(content) < at + 2 or len(entry) < length:
            raise ValueError("the tile of entries is cut short")
        entries.append(entry)
        at += 2 + length
    return entries
