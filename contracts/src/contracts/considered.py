"""What an IEP team must consider, whatever it decides: 34 CFR 300.324(a), 300.105, 300.106. Silence is a gap."""

from collections.abc import Iterator, Sequence

from contracts.item_gaps import AT, ESY, FACTORS
from contracts.items import AnyItem, AssistiveTechnology, ExtendedSchoolYear, PresentLevels, SpecialFactor
from contracts.problems import Reason

_CONSIDERED = {
    "strengths": ("the student's strengths", "34 CFR 300.324(a)(1)(i)"),
    "parents_concerns": ("the parents' concerns", "34 CFR 300.324(a)(1)(ii)"),
    "evaluation": ("the results of the initial or latest evaluation", "34 CFR 300.324(a)(1)(iii)"),
    "needs": ("the academic, developmental and functional needs", "34 CFR 300.324(a)(1)(iv)"),
}
"""In the fields of the present levels: one item of the plan says it."""
SILENT_ABOUT_SUMMER = Reason(
    "missing-extended-school-year",
    "The plan does not say whether this student needs services beyond the school year.", ESY,
    "Add an item of the kind extended_school_year: needed or not, and why, for this student.", "/items",
)  # fmt: skip


def silent_about(factor: str) -> Reason:
    """That a plan does not answer a special factor."""
    words, citation = FACTORS[factor]
    return Reason(
        f"missing-special-factor-{factor}".replace("_", "-"), f"The plan is silent about {words}.", citation,
        f"Add an item of the kind special_factor with the factor {factor}: yes, no or not applicable, and why.",
        "/items",
    )  # fmt: skip


def gaps_in_what_was_considered(items: Sequence[AnyItem]) -> Iterator[Reason]:
    """What the plan is silent about, and the team had to consider."""
    levels = [item for item in items if isinstance(item, PresentLevels)]
    for field, (what, citation) in _CONSIDERED.items():
        if all(getattr(item, field) is None for item in levels):
            yield Reason(
                f"missing-{field}".replace("_", "-"), f"The plan does not say {what}.", citation,
                f"Fill in {field} of the present levels; if there is nothing, say so.",
                f"/items/{levels[0].id}/{field}" if levels else "/items",
            )  # fmt: skip
    yield from _factors(items)
    if not any(isinstance(item, ExtendedSchoolYear) for item in items):
        yield SILENT_ABOUT_SUMMER


def _factors(items: Sequence[AnyItem]) -> Iterator[Reason]:
    factors = [item for item in items if isinstance(item, SpecialFactor)]
    technology = [item for item in items if isinstance(item, AssistiveTechnology)]
    answered = {item.factor for item in factors}
    if technology:
        answered.add("assistive_technology")
    yield from (silent_about(factor) for factor in FACTORS if factor not in answered)
    needed = next(
        (item for item in factors if item.factor == "assistive_technology" and item.answer == "yes"), None
    )
    if needed is not None and not any(item.device_or_service for item in technology):
        yield Reason(
            "assistive-technology-not-named", "Assistive technology is needed, and no device or service is named.", AT,
            "Add an item of the kind assistive_technology with device_or_service and training.",
            f"/items/{needed.id}/answer",
        )  # fmt: skip
