"""What a single item must say before it can bind: 34 CFR 300.320, 300.324(a)(2), 300.105-300.106; 104.33-104.34.

Each gap names the rule that asks for it and what would close it. What practice asks beyond the law is `practice`'s.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal

from contracts.fields import ItemId
from contracts.items import (
    Accommodation,
    ActivityLimited,
    AnyItem,
    Assessment,
    AssistiveTechnology,
    ExtendedSchoolYear,
    Goal,
    Modification,
    Objective,
    Placement,
    PresentLevels,
    ProgressSchedule,
    SchoolServices,
    Service,
    SpecialFactor,
)
from contracts.problems import Reason
from contracts.vocabulary import PlanKind

GOAL = "34 CFR 300.320(a)(2)(i)"
OBJECTIVE = "34 CFR 300.320(a)(2)(ii)"
SERVICE = "34 CFR 300.320(a)(4)"
SERVICE_WHEN = "34 CFR 300.320(a)(7)"
LRE = "34 CFR 300.320(a)(5)"
ASSESSMENT = "34 CFR 300.320(a)(6)"
RESPONSIBLE = "34 CFR 300.320(a)(4), 300.323(d)(2)"
ESY = "34 CFR 300.106"
AT = "34 CFR 300.105, 300.324(a)(2)(v)"
FAPE_504 = "34 CFR 104.33(b)"
LRE_504 = "34 CFR 104.34(a)"
LIMITED = "42 USC 12102(2)"

FACTORS = {
    "behavior": ("behavior that keeps the student or others from learning", "34 CFR 300.324(a)(2)(i)"),
    "limited_english": ("limited English", "34 CFR 300.324(a)(2)(ii)"),
    "braille": ("blindness or visual impairment, and Braille", "34 CFR 300.324(a)(2)(iii)"),
    "communication": ("communication", "34 CFR 300.324(a)(2)(iv)"),
    "deafness": ("deafness or hard of hearing", "34 CFR 300.324(a)(2)(iv)"),
    "assistive_technology": ("assistive technology", "34 CFR 300.324(a)(2)(v)"),
}
"""The special factors in words, each with its rule."""

Fields = Mapping[str, tuple[str, str]]
"""Per field what it says, and which rule asks for it."""

_PRESENT_LEVELS: Fields = {
    "statement": ("how the student does now", "34 CFR 300.320(a)(1)"),
    "effect": ("how the disability affects taking part in the general curriculum", "34 CFR 300.320(a)(1)(i)"),
}
_GOAL: Fields = {
    "statement": ("what is to be reached", GOAL),
    "baseline": ("where the student stands now", GOAL),
    "target": ("the value to be reached", GOAL),
    "measure_method": ("how progress is measured", "34 CFR 300.320(a)(3)(i)"),
    "due_on": ("the date by which it is to be reached", GOAL),
}
_OBJECTIVE: Fields = {
    "target": ("the value to be reached", OBJECTIVE),
    "due_on": ("the date by which it is to be reached", OBJECTIVE),
}
_SERVICE: Fields = {
    "service": ("which service", SERVICE),
    "provider_role": ("whose role it is to give it", SERVICE),
    "starts_on": ("its first day", SERVICE_WHEN),
    "minutes": ("its minutes (frequency)", SERVICE_WHEN),
    "per": ("the period in which the minutes are given (frequency)", SERVICE_WHEN),
    "location": ("where it is given", SERVICE_WHEN),
    "ends_on": ("its last day (duration)", SERVICE_WHEN),
}
_SUPPORT: Fields = {
    "what": ("what is done", SERVICE),
    "responsible_role": ("who is responsible", RESPONSIBLE),
    "where": ("where it is done", SERVICE_WHEN),
    "since": ("its first day", SERVICE_WHEN),
}
_SUPPORT_504: Fields = {
    "what": ("what is done", FAPE_504),
    "responsible_role": ("who is responsible", FAPE_504),
}
_AT_504: Fields = {
    "need": ("why it is needed, or why not", FAPE_504),
    "provided_by": ("who provides it, or that nobody does", FAPE_504),
    "bought_by": ("who buys it, or that nobody does", FAPE_504),
    "trained_by": ("who trains student and staff, or that nobody does", FAPE_504),
}
_ESY: Fields = {
    "needed": ("whether the student needs it", ESY),
    "reason": ("what the answer rests on, for this student", ESY),
}
_ESY_NEEDED: Fields = {
    "services": ("which services are given", ESY),
    "starts_on": ("its first day", SERVICE_WHEN),
    "ends_on": ("its last day", SERVICE_WHEN),
}


def gaps_of(kind: PlanKind, item: AnyItem, goals: Collection[ItemId]) -> Iterator[Reason]:
    """What the law asks of this item and it does not say; ``goals`` are those of its plan."""
    yield from _in_every_plan(item, goals)
    yield from _in_an_iep(item) if kind is PlanKind.IEP else _in_a_504_plan(item)


def objective_gaps(objective: Objective) -> Iterator[Reason]:
    """Where objectives are required, each is a measurable step with its date."""
    yield from absent(objective, _OBJECTIVE)


def absent(item: AnyItem, fields: Fields) -> Iterator[Reason]:
    """A gap for each of the fields that the item does not fill."""
    for field, (what, citation) in fields.items():
        if getattr(item, field) in (None, ()):
            yield _lacks(item, field, what, citation)


def _in_every_plan(item: AnyItem, goals: Collection[ItemId]) -> Iterator[Reason]:
    match item:
        case Objective() if item.goal not in goals:
            yield Reason(
                "objective-of-no-goal", "The objective does not name an annual goal of this plan.", OBJECTIVE,
                "Name the goal's id.", f"/items/{item.id}/goal",
            )  # fmt: skip
        case ActivityLimited():
            yield from absent(item, {"activity": ("which activity", LIMITED)})
            if item.activity == "other":
                yield from absent(item, {"other": ("which activity, in words", LIMITED)})
        case _:
            pass


def _in_an_iep(item: AnyItem) -> Iterator[Reason]:
    match item:
        case PresentLevels():
            yield from absent(item, _PRESENT_LEVELS)
        case Goal():
            yield from absent(item, _GOAL)
        case Service():
            yield from _service(item, _SERVICE, SERVICE_WHEN)
        case Placement():
            yield from _placement(item, "34 CFR 300.116", LRE)
        case Accommodation() | Modification() | SchoolServices():
            yield from absent(item, _SUPPORT)
            yield from _days(item, "since", item.since, item.ends_on, SERVICE_WHEN)
        case AssistiveTechnology():
            yield from _at_considered(item, AT)
            yield from absent(item, {"need": ("why it is needed, or why not", AT)})
            if item.device_or_service is not None:
                yield from absent(item, {"training": ("which training comes with it", AT)})
        case SpecialFactor():
            yield from _factor(item)
        case ExtendedSchoolYear():
            yield from _extended_school_year(item)
        case ProgressSchedule():
            yield from absent(
                item, {"report_dates": ("on which days reports go out", "34 CFR 300.320(a)(3)(ii)")}
            )
        case Assessment():
            yield from _assessment(item)
        case _:
            pass


def _in_a_504_plan(item: AnyItem) -> Iterator[Reason]:
    match item:
        case Service():
            asked = {field: (what, FAPE_504) for field, (what, _) in _SERVICE.items()}
            yield from _service(item, asked, FAPE_504)
        case Placement():
            yield from _placement(item, LRE_504, LRE_504)
        case Accommodation() | Modification() | SchoolServices():
            yield from absent(item, _SUPPORT_504)
            yield from _days(item, "since", item.since, item.ends_on, FAPE_504)
        case AssistiveTechnology():
            yield from _at_considered(item, FAPE_504)
            yield from absent(item, _AT_504)
        case _:
            pass


def _service(item: Service, fields: Fields, citation: str) -> Iterator[Reason]:
    yield from absent(item, fields)
    yield from _days(item, "starts_on", item.starts_on, item.ends_on, citation)
    if item.minutes == 0:
        yield Reason(
            "service-of-no-minutes", "The service promises no minutes.", citation,
            "Say how many minutes are given in each period, or take the service out.", f"/items/{item.id}/minutes",
        )  # fmt: skip


def _placement(item: Placement, setting: str, extent: str) -> Iterator[Reason]:
    yield from absent(
        item,
        {
            "setting": ("the kind of setting", setting),
            "percent_with_peers": ("how much of the day is spent with other children", extent),
        },
    )
    if item.percent_with_peers is not None and item.percent_with_peers < Decimal(100):
        yield from absent(
            item, {"explanation": ("why the rest of the day is apart from other children", extent)}
        )


def _factor(item: SpecialFactor) -> Iterator[Reason]:
    words, citation = FACTORS.get(item.factor or "", ("", "34 CFR 300.324(a)(2)"))
    yield from absent(
        item,
        {
            "factor": ("which factor was considered", citation),
            "answer": ("yes, no, or not applicable", citation),
            "reason": ("what the answer rests on", citation),
        },
    )
    # What follows from a need for assistive technology is said by an item of that kind.
    if item.answer == "yes" and item.factor != "assistive_technology":
        yield from absent(item, {"supports": (f"which supports answer {words or 'it'}", citation)})


def _extended_school_year(item: ExtendedSchoolYear) -> Iterator[Reason]:
    if item.considered is not True:
        yield Reason(
            "extended-school-year-not-considered", "The plan does not say that an extended school year was considered.",
            ESY, "Consider it for this student, then set considered to true.", f"/items/{item.id}/considered",
        )  # fmt: skip
    yield from absent(item, _ESY)
    if item.needed:
        yield from absent(item, _ESY_NEEDED)
        yield from _days(item, "starts_on", item.starts_on, item.ends_on, SERVICE_WHEN)


def _at_considered(item: AssistiveTechnology, citation: str) -> Iterator[Reason]:
    if item.considered is not True:
        yield Reason(
            "assistive-technology-not-considered", "The plan does not say that assistive technology was considered.",
            citation, "Consider it for this student, then set considered to true.", f"/items/{item.id}/considered",
        )  # fmt: skip


def _assessment(item: Assessment) -> Iterator[Reason]:
    yield from absent(
        item,
        {
            "assessment": ("which assessment", ASSESSMENT),
            "participation": ("how the student takes part", ASSESSMENT),
        },
    )
    if item.participation == "with_accommodations":
        yield from absent(item, {"accommodations": ("with which accommodations", f"{ASSESSMENT}(i)")})
    if item.participation == "alternate":
        yield from absent(
            item, {"reason": ("why the alternate assessment, and why this one", f"{ASSESSMENT}(ii)")}
        )


def _days(
    item: AnyItem, first: str, starts_on: date | None, ends_on: date | None, citation: str
) -> Iterator[Reason]:
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        yield Reason(
            f"{item.kind}-ends-before-it-starts".replace("_", "-"),
            f"The last day, {ends_on}, comes before the first, {starts_on}.", citation,
            f"Choose a last day from {starts_on} on, or an earlier {first}.", f"/items/{item.id}/ends_on",
        )  # fmt: skip


_CALLED = {
    "present_levels": "statement of present levels",
    "school_services": "school service",
    "activity_limited": "limited activity",
    "progress_schedule": "schedule of reports",
}
"""What a sentence about one item of the kind calls it."""


def _lacks(item: AnyItem, field: str, what: str, citation: str) -> Reason:
    kind = _CALLED.get(item.kind, item.kind.replace("_", " "))
    return Reason(
        f"{item.kind}-lacks-{field}".replace("_", "-"), f"The {kind} does not say {what}.", citation,
        f"Fill in {field}.", f"/items/{item.id}/{field}",
    )  # fmt: skip
