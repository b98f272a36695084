"""Folding a stream some of whose contents were lawfully destroyed.

A stream whose first event is gone (the plan's, when records are destroyed; the student's own, when identity is) starts
anew behind the last event that is gone: what is left of it is no plan and no student. In any other stream the events that
are gone are left out. Either way the same comes out whenever it is folded.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from contracts.event import Event

if TYPE_CHECKING:
    from runtime.stream_model import Model, Resource

S = TypeVar("S")
UNEXPECTED = (LookupError, TypeError, ValueError, AttributeError, AssertionError)
"""What folding may raise where an event that others rest on is gone; without a gap it is a fault of ours."""


class Fold(Generic[S]):
    """One stream, event by event; ``None`` stands for an event whose contents are gone."""

    def __init__(self, model: "Model[S]", state: S, *, begun: bool = False) -> None:
        self.model = model
        self.state = state
        self.gap = False
        self.unfounded = False
        """The first event is gone: whatever came of what follows is gone with the last one that is."""
        self._begun = begun

    def take(self, event: Event | None) -> bool:
        """Fold one more; ``False`` when there was nothing to fold."""
        first, self._begun = not self._begun, True
        if event is None:
            self.gap = True
            self.unfounded = self.unfounded or first
            if self.unfounded:
                self.state = self.model.initial
            return False
        try:
            self.state = self.model.evolve(self.state, event)
        except UNEXPECTED:
            if not self.gap:
                raise
            return False
        return True

    def resources(self, event: Event) -> Iterable["Resource"]:
        """What the event just folded shows."""
        try:
            return list(self.model.resources(self.state, event))
        except UNEXPECTED:
            if not self.gap:
                raise
            return ()


def fold_on(model: "Model[S]", state: S, events: Iterable[Any], *, begun: bool) -> S:
    """The state after ``events``, of which some may be ``None``."""
    fold = Fold(model, state, begun=begun)
    for event in events:
        fold.take(event)
    return fold.state
