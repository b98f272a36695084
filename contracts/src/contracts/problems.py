"""Refusals: part of the domain, each a class with a stable code and the facts; the edge maps the family to HTTP.

The message tells the person what would make it pass, and never carries a student's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Reason:
    """One unmet rule: what is missing, which rule says so, and what would cure it."""

    code: str
    message: str
    citation: str | None = None
    cure: str | None = None
    pointer: str | None = None


class Problem(Exception):
    """Something the caller can mend. ``facts`` are ids, dates and numbers, never names or narrative."""

    code: ClassVar[str] = "problem"

    def __init__(self, message: str, *, reasons: tuple[Reason, ...] = (), **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.reasons = reasons
        self.facts = facts
        self.shown: Mapping[str, Any] = {}
        """Members of the answer besides, which may be contents: whoever raises it has seen to who may read them."""


class Rejected(Problem):
    """A rule refuses the decision (409)."""

    code = "rejected"


class NotFound(Problem):
    """Nothing by that id in this tenant, or nothing this caller may see: both look the same (404)."""

    code = "not-found"


class Destroyed(Problem):
    """The contents were lawfully destroyed; that they were there, and when, stays provable (410)."""

    code = "contents-destroyed"

    def __init__(self, on: date) -> None:
        super().__init__(
            f"Contents lawfully destroyed on {on}. That they were recorded, by whom and when, stays provable.",
            destroyed_on=on,
        )
        self.on = on


class Invalid(Problem):
    """The input cannot be true or cannot be carried (422); each reason points at its field."""

    code = "invalid"


class VersionConflict(Problem):
    """The stream has moved on since the caller looked (412)."""

    code = "version-conflict"

    def __init__(self, stream: str, *, expected: int, actual: int) -> None:
        super().__init__(
            f"This has changed since you read it (you had version {expected}, it is now {actual}). "
            "Read it again, look at what changed, and send your change with the new ETag.",
            expected=expected,
            actual=actual,
        )
        self.stream = stream


class ExternalIdTaken(Problem):
    """The same external id came with another body (409)."""

    code = "external-id-taken"
