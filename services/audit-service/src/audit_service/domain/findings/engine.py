"""Every rule that is judged here, by its id; and judging one student by all of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from audit_service.domain.findings.finding import Finding
from audit_service.domain.findings.record import StudentRecord
from contracts.rule_profile import Rule

Judgement = Callable[[StudentRecord], Iterator[Finding]]
_JUDGED: dict[str, Judgement] = {}
_OWN: dict[str, Rule] = {}


def rule(rule_id: str, own: Rule | None = None) -> Callable[[Judgement], Judgement]:
    """Make a function the judgement of a rule; its docstring explains the rule to whoever asks.

    ``own``: what the rule says where no profile has it, as it is Handrail's and not one of the law's table.
    """

    def register(judgement: Judgement) -> Judgement:
        if rule_id in _JUDGED:
            raise ValueError(f"{rule_id} is judged twice")
        _JUDGED[rule_id] = judgement
        if own is not None:
            _OWN[rule_id] = own
        return judgement

    return register


def judgements() -> dict[str, Judgement]:
    """By rule."""
    return dict(_JUDGED)


def own_rules() -> dict[str, Rule]:
    """Those no profile has, by their ids."""
    return dict(_OWN)


@dataclass(frozen=True, slots=True)
class Judged:
    """A student's findings, and the first day on which time alone may change any of them."""

    findings: tuple[Finding, ...]
    wakes_on: date | None


def judge(record: StudentRecord, only: str | None = None) -> Judged:
    """Judge a student by every rule, or by one; total on whatever was recorded, in whatever order."""
    found = tuple(
        finding
        for rule_id, judgement in sorted(_JUDGED.items())
        if only in (None, rule_id)
        for finding in judgement(record)
    )
    days = [record.next_effective, *record.assignments_turn_on, *(each.wakes_on for each in found)]
    return Judged(found, min((day for day in days if day is not None and day > record.today), default=None))
