"""Which keys occur twice in a set, found out before anything is given away.

Two entries with one key and different contents are both refused: nobody can tell which of two students an id means, and
the first in the file is no better than the second. The same entry twice is one entry.
"""

from collections.abc import Hashable

from plan_service.adapters.rosters.records import Ignored, Refusal


class Keys:
    """Filled in a first pass over the set, asked in the second. Keeps a number per key, no contents."""

    def __init__(self) -> None:
        self._bodies: dict[str, dict[str, int]] = {}
        self._clashing: set[tuple[str, str]] = set()
        self._repeated: set[tuple[str, str]] = set()
        self._given: set[tuple[str, str]] = set()

    def note(self, kind: str, key: str, body: Hashable) -> None:
        """First pass: an entry that could be read by itself."""
        bodies = self._bodies.setdefault(kind, {})
        body_hash = hash(body)
        before = bodies.get(key)
        if before is None:
            bodies[key] = body_hash
        elif before == body_hash:
            self._repeated.add((kind, key))
        else:
            self._clashing.add((kind, key))

    def holds(self, kind: str, key: str) -> bool:
        """Whether an entry of this key can be used."""
        return key in self._bodies.get(kind, {}) and (kind, key) not in self._clashing

    def any(self, kind: str) -> bool:
        """Whether the set has any readable entry of this kind."""
        return bool(self._bodies.get(kind))

    def twice(self, kind: str, key: str, what: str, file: str, line: int) -> Refusal | Ignored | None:
        """Second pass: why this entry is not to be used, or None when it is the one."""
        if (kind, key) in self._clashing:
            return Refusal(
                file,
                line,
                f"Another entry has the same {what} and other contents; keep the right one.",
                "duplicate-key",
            )
        if (kind, key) not in self._repeated:
            return None
        if (kind, key) in self._given:
            return Ignored(file, line, f"The same entry with the same {what} stands further up.", "repeated")
        self._given.add((kind, key))
        return None
