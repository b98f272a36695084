"""What one person asks for and another approves: corrections, a void, a reopening (law.md 6)."""

from contracts.fields import PersonRef
from contracts.problems import Rejected


class SecondPersonRequired(Rejected):
    """Whoever asked for it cannot also approve it."""

    code = "second-person-required"

    def __init__(self) -> None:
        super().__init__("A second person approves it; whoever asked for it cannot.")


def must_be_another(approved_by: PersonRef, requested_by: PersonRef) -> None:
    """Raise `SecondPersonRequired` where one person would do both."""
    if approved_by == requested_by:
        raise SecondPersonRequired
