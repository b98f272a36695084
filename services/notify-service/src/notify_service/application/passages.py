"""The pieces of a notice's text, as PDF and page both show them."""

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.fields import LanguageTag


@dataclass(frozen=True, slots=True)
class Row:
    """One field of an item: what it says now and what it would say."""

    label: str
    before: str
    after: str
    own: bool = False
    """In the writer's own words, not ours."""


@dataclass(frozen=True, slots=True)
class Block:
    """A passage: a paragraph, a list, or a changed item with its rows."""

    kind: str
    text: str = ""
    lang: LanguageTag | None = None
    """Where the words are in another language than the notice."""
    rows: tuple[Row, ...] = ()
    lines: tuple[str, ...] = ()
    item_id: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One of the parts."""

    heading: str
    part: str | None
    blocks: tuple[Block, ...]


def own_words(text: str | None, foreign: LanguageTag | None) -> Iterator[Block]:
    """As somebody wrote it, if anything."""
    if text is not None:
        yield Block("own_words", text, foreign)
