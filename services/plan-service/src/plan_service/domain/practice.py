"""What would make a draft better beyond the law, and what the law will ask of it within its year. Nothing is refused for it.

Good practice that proves 34 CFR 104.33-104.36 and 300.320: dated data, checks, sources, codes of the published lists.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from contracts.codes import CODE_LISTS
from contracts.item_gaps import Fields, absent
from contracts.items import (
    Accommodation,
    ActivityLimited,
    AnyItem,
    Assessment,
    Modification,
    Placement,
    PresentLevels,
    SchoolServices,
    Service,
)
from contracts.plain_words import CODE_FIELDS, COMMON_CODE_FIELDS
from contracts.problems import Reason
from contracts.vocabulary import Period, PlanKind
from plan_service.domain.ages import Ages, years_after
from plan_service.domain.smart import Advice, smart
from plan_service.domain.transition import transition_gaps

PRACTICE = "practice, not law"
_SUPPORT: Fields = {
    "need": ("which need it meets", PRACTICE),
    "where": ("where it is done", PRACTICE),
    "since": ("its first day", PRACTICE),
    "how_checked": ("how it is checked", PRACTICE),
}
_LIMITED: Fields = {
    "how": ("how it is limited", PRACTICE),
    "impairment": ("which impairment limits it", PRACTICE),
    "evidence": ("which sources were considered", f"{PRACTICE}; 34 CFR 104.35(c)"),
}
_BANDS = {
    "regular_class_80_or_more": (Decimal(80), Decimal(100)),
    "regular_class_40_to_79": (Decimal(40), Decimal("79.999999")),
    "regular_class_less_than_40": (Decimal(0), Decimal("39.999999")),
}
"""What a setting's name says of the percent of the day."""
_AT_MOST = {
    Period.DAY: 480,
    Period.WEEK: 2_400,
    Period.MONTH: 11_040,
    Period.TERM: 48_000,
    Period.YEAR: 124_800,
}
"""Minutes of eight hours a day: in a week of five days, a month of 23, a term of twenty weeks, a year of 52."""


def advice(kind: PlanKind, items: Sequence[AnyItem], today: date, ages: Ages) -> list[Advice]:
    """Everything worth saying of a draft that no rule refuses, on ``today``."""
    starts_on = begins_on(items, today)
    ends_on = years_after(starts_on, 1)
    said = smart(items, starts_on, ends_on)
    said += [Advice(reason) for item in items for reason in _practice(kind, item)]
    said += [Advice(reason) for item in items for reason in _unlisted(item)]
    if kind is PlanKind.IEP:
        said += [Advice(reason) for reason in _of_the_whole_iep(items)]
        said += _owed_later(items, today, ends_on, ages)
    return said


def begins_on(items: Sequence[AnyItem], today: date) -> date:
    """When a draft would bind: on the first day of its services, today at the earliest."""
    first = [item.starts_on for item in items if isinstance(item, Service) and item.starts_on is not None]
    return max(today, min(first, default=today))


def _practice(kind: PlanKind, item: AnyItem) -> Iterator[Reason]:
    match item:
        case PresentLevels() if kind is PlanKind.IEP:
            yield from absent(item, {"as_of_on": ("of which day its data are", PRACTICE)})
        case Accommodation() | Modification() | SchoolServices():
            # In an IEP where and since are the law's: see item_gaps.
            asked = ("need", "how_checked") if kind is PlanKind.IEP else tuple(_SUPPORT)
            yield from absent(item, {field: _SUPPORT[field] for field in asked})
        case ActivityLimited():
            yield from absent(item, _LIMITED)
        case Placement():
            yield from _placement(item)
        case Service() if (
            item.minutes is not None and item.per is not None and item.minutes > _AT_MOST[item.per]
        ):
            yield Reason(
                "service-of-more-than-there-is",
                f"No {item.per} has {item.minutes} minutes of school.", PRACTICE,
                "Say the minutes of one period, all its sessions together.", f"/items/{item.id}/minutes",
            )  # fmt: skip
        case _:
            pass


def _placement(item: Placement) -> Iterator[Reason]:
    percent = item.percent_with_peers
    if percent is None:
        return
    if percent < 100:
        yield from absent(item, {"alternatives_considered": ("which alternatives were considered", PRACTICE)})
    least, most = _BANDS.get(item.setting or "", (Decimal(0), Decimal(100)))
    if not least <= percent <= most:
        yield Reason(
            "placement-setting-contradicts-percent", f"{percent} percent of the day is not what the setting says.",
            f"{PRACTICE}; IDEA Section 618 educational environments", "Choose the setting of this percent.",
            f"/items/{item.id}/setting",
        )  # fmt: skip


def _unlisted(item: AnyItem) -> Iterator[Reason]:
    for field in type(item).model_fields:
        listed = CODE_FIELDS.get((item.kind, field)) or COMMON_CODE_FIELDS.get(field)
        said = getattr(item, field)
        if listed is None or said is None:
            continue
        for code in said if isinstance(said, tuple) else (said,):
            if code not in CODE_LISTS[listed].labels:
                yield Reason(
                    "code-not-listed", f"{code} is not in the list {listed}.", PRACTICE,
                    f"See GET /codes/{listed}; a code of the district's own may stay.", f"/items/{item.id}/{field}",
                )  # fmt: skip


def _of_the_whole_iep(items: Sequence[AnyItem]) -> Iterator[Reason]:
    if not any(isinstance(item, Assessment) for item in items):
        yield Reason(
            "missing-assessment", "The plan does not say how the student takes part in assessments.",
            f"{PRACTICE}; 34 CFR 300.320(a)(6) where an assessment is taken", "Add an item of the kind assessment.",
            "/items",
        )  # fmt: skip


def _owed_later(items: Sequence[AnyItem], today: date, ends_on: date, ages: Ages) -> list[Advice]:
    """What the student's age will ask of the plan before its year is over, and does not ask yet."""
    found: list[Advice] = []
    now = {reason.code for reason in transition_gaps(items, today, ages)}
    for day in filter(None, (ages.transition_from, ages.told_of_rights_from)):
        if today < day <= ends_on:
            new = [reason for reason in transition_gaps(items, day, ages) if reason.code not in now]
            found += [Advice(reason, owed_on=day) for reason in new]
            now |= {reason.code for reason in new}
    return found
