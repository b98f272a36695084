"""What somebody typed on a page that had been closed meanwhile: it goes along in the next form, and is kept nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass

FORMS = frozenset({"objection", "request"})
LONGEST_TEXT = 20_000
"""Of an answer: as much as an event keeps of anybody's words."""
MOST_CARRIED = 2 * LONGEST_TEXT
"""More than a page's field lets in: what is refused as too long can be made shorter."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A form as it was filled in, not sent."""

    form: str
    text: str
    items: Sequence[str] = ()
    kind: str = ""


def draft_of(form: str, text: str, items: Sequence[str] | None = (), kind: str = "") -> Draft | None:
    """Of one of the page's own forms; ``None`` where nothing goes along."""
    if form not in FORMS or not (text or items or kind):
        return None
    return Draft(form, text[:MOST_CARRIED], tuple(items or ()), kind)
