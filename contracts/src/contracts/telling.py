"""What a timeline sentence is made of: what was done, when it counts, why; and names for ids."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from contracts.items import AnyChange, AnyItem, End
from contracts.plain_words import item_in_words
from contracts.values import Reported
from contracts.vocabulary import Channel

_UUID_LENGTH = 36

NameOf: TypeAlias = Callable[[str], str | None]
"""The name of an id (as text), or ``None`` where the reader knows none or may not see it."""


class When(StrEnum):
    """How ``effective_on`` is said."""

    ON = "on"
    """The day of an act."""
    FROM = "from"
    """The first day a change binds."""
    UNTIL = "until"
    """The first day without it."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event, told: ``what`` goes on from the actor, e.g. ``adopted the plan``."""

    what: str
    when: When = When.ON
    why: str | None = None
    said: str | None = None
    """Somebody's own words."""
    reported: Reported | None = None


class Names:
    """Names for ids; what has none is called by what it is and the first digits of its id."""

    def __init__(self, name_of: NameOf | Mapping[str, str]) -> None:
        self._name_of = name_of.get if isinstance(name_of, Mapping) else name_of

    def of(self, what: str, id_: UUID | str) -> str:
        """``Dana Reed``, or ``the staff member 3f2a1b9c``."""
        text = str(id_)
        return self._name_of(text) or f"the {what} {text[:8] if len(text) == _UUID_LENGTH else text}"

    def staff(self, id_: UUID) -> str:
        """A staff member."""
        return self.of("staff member", id_)

    def holder(self, id_: UUID) -> str:
        """A rights holder."""
        return self.of("rights holder", id_)

    def school(self, id_: UUID) -> str:
        """A school."""
        return self.of("school", id_)

    def item(self, id_: UUID) -> str:
        """A plan item."""
        return self.of("item", id_)

    def items(self, ids: Sequence[UUID]) -> str:
        """Several plan items."""
        return listed([self.item(id_) for id_ in ids])


def listed(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


_BY = {
    Channel.EMAIL: "by e-mail",
    Channel.LETTER: "by letter",
    Channel.HANDED_OVER: "by hand",
    Channel.READ_ALOUD: "by reading it aloud",
}


def by(channel: Channel) -> str:
    """A channel as people say it."""
    return _BY[channel]


def plainly(code: str) -> str:
    """A code as words."""
    return code.replace("_", " ")


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 item``, ``3 items``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def items_told(items: Sequence[AnyItem]) -> str:
    """Every item by its one line."""
    return "; ".join(item_in_words(item) for item in items)


def changes_told(changes: Sequence[AnyChange], names: Names) -> str:
    """Every change by what it does to which item."""
    words = {"add": "new", "replace": "changed"}
    return "; ".join(
        f"ended: {names.item(change.item)}"
        if isinstance(change, End)
        else f"{words[change.op]}: {item_in_words(change.item)}"
        for change in changes
    )
