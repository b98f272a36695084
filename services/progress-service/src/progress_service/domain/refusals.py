"""How an unmet rule ends: in a refusal, or in a report of what happened all the same.

Deciding: an unmet rule refuses, with every reason at once. Reporting: it has happened already, so the fact is recorded
with the rules it left unmet. Only what cannot be true is refused either way.
"""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from contracts.problems import Invalid, Reason, Rejected
from contracts.values import Reported, Unmet


class RulesUnmet(Rejected):
    """The record leaves rules unmet; ``reasons`` is the complete list, each with its citation and its cure."""

    code = "rules-unmet"
    what: ClassVar[str] = "This"

    def __init__(self, reasons: Sequence[Reason], **facts: object) -> None:
        count = len(reasons)
        super().__init__(
            f"{self.what} is refused: {count} {'rule is' if count == 1 else 'rules are'} not met.",
            reasons=tuple(reasons),
            **facts,
        )


class SessionNotPromised(RulesUnmet):
    """No plan in force promised this session on its day."""

    code = "session-not-promised"
    what = "The session"


class MeasurementNotExpected(RulesUnmet):
    """No plan in force asks for this measurement."""

    code = "measurement-not-expected"
    what = "The measurement"


MOST_LINES = 50
"""Refused lines that are told one by one."""


class BatchRefused(Rejected):
    """A line of a batch that is taken as a whole or not at all is refused, so none was recorded."""

    code = "batch-refused"

    def __init__(self, lines: Sequence[tuple[int, str, str]], of: int) -> None:
        """``lines``: number, code and message of each refused line."""
        count = len(lines)
        super().__init__(
            f"{count} of {of} lines {'is' if count == 1 else 'are'} refused, so nothing was recorded. Mend "
            f"{'it' if count == 1 else 'them'} and send the batch again, or send it without all_or_nothing.",
            reasons=tuple(
                Reason(code, message, pointer=f"/{number}") for number, code, message in lines[:MOST_LINES]
            ),
            lines=[number for number, _, _ in lines[:MOST_LINES]],
        )


class CannotBeTrue(Invalid):
    """What nobody may record, not even as a report: dates that contradict each other, ids of nothing."""

    code = "cannot-be-true"


def cannot_be_true(reasons: Sequence[Reason]) -> None:
    """Refuse when there is any reason, and name them all."""
    if reasons:
        count = len(reasons)
        raise CannotBeTrue(
            reasons[0].message if count == 1 else f"This cannot be true, for {count} reasons.",
            reasons=tuple(reasons),
        )


def settle(
    refusal: type[RulesUnmet], unmet: Sequence[Reason], reported: Reported | None, **facts: object
) -> Reported | None:
    """Refuse when a rule is unmet; of a fact that is reported, say which rules would have refused it."""
    if reported is None:
        if unmet:
            raise refusal(unmet, **facts)
        return None
    return reported.model_copy(
        update={
            "unmet": tuple(
                Unmet(code=reason.code, citation=reason.citation, message=reason.message) for reason in unmet
            )
        }
    )


def wrong_day(day: date, today: date, reported: Reported | None, pointer: str) -> list[Reason]:
    """Nothing is recorded that has not happened yet, and a report speaks of the day it names."""
    found = []
    if day > today:
        found.append(Reason("in-the-future", f"{day} is still to come: today is {today}.", pointer=pointer))
    if reported is not None and reported.occurred_on != day:
        found.append(
            Reason(
                "contradicting-days",
                f"The report says that it occurred on {reported.occurred_on}, the record says {day}.",
                pointer="/reported/occurred_on",
            )
        )
    return found
