"""What an IEP says of life after school, and of the rights that pass at majority: 34 CFR 300.320(b) and (c)."""

from collections.abc import Iterator, Sequence
from datetime import date

from contracts.items import AnyItem, Transition
from contracts.problems import Reason
from plan_service.domain.ages import Ages

GOALS = "34 CFR 300.320(b)(1)"
SERVICES = "34 CFR 300.320(b)(2)"
MAJORITY = "34 CFR 300.320(c)"

_FIELDS = {
    "training": ("a postsecondary goal in training", GOALS),
    "education": ("a postsecondary goal in education", GOALS),
    "employment": ("a postsecondary goal in employment", GOALS),
    "assessments": ("which transition assessments the goals rest on", GOALS),
    "services": ("which transition services are given", SERVICES),
    "courses": ("which courses of study lead there", SERVICES),
}
"""Independent living only where it is appropriate: nothing is asked of it."""


def transition_gaps(items: Sequence[AnyItem], on: date, ages: Ages) -> Iterator[Reason]:
    """What an IEP in effect on ``on`` lacks, at the student's age on that day."""
    if ages.transition_from is not None and ages.transition_from <= on:
        yield from _transition(items, ages)
    if ages.told_of_rights_from is not None and ages.told_of_rights_from <= on:
        yield from _told_of_rights(items, ages)


def _transition(items: Sequence[AnyItem], ages: Ages) -> Iterator[Reason]:
    parts = [item for item in items if isinstance(item, Transition)]
    if not parts:
        yield Reason(
            "missing-transition",
            f"The plan has no transition part, which an IEP in effect {ages.transition_words} has.",
            ages.transition_cite, "Add an item of the kind transition.", "/items",
        )  # fmt: skip
        return
    for field, (what, citation) in _FIELDS.items():
        if all(getattr(part, field) is None for part in parts):
            yield Reason(
                f"transition-lacks-{field}", f"The transition part does not say {what}.", citation,
                f"Fill in {field}.", f"/items/{parts[0].id}/{field}",
            )  # fmt: skip


def _told_of_rights(items: Sequence[AnyItem], ages: Ages) -> Iterator[Reason]:
    parts = [item for item in items if isinstance(item, Transition)]
    if any(part.told_of_rights_on is not None for part in parts):
        return
    yield Reason(
        "missing-statement-of-rights",
        f"The plan does not say that the student was told of the rights that pass at {ages.majority}.", MAJORITY,
        "Tell the student, then fill in told_of_rights_on of a transition item.",
        f"/items/{parts[0].id}/told_of_rights_on" if parts else "/items",
    )  # fmt: skip
