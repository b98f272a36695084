"""A draft that begins with an earlier text: what in it needs a decision before it can be this year's plan.

A review asks whether the goals are reached and revises the plan by it (34 CFR 300.324(b)(1)); what is carried forward
unread is last year's plan under this year's date. Each mark goes when what it is about is changed, or kept by somebody
who says so. A mark refuses nothing.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.canonical import canonical
from contracts.fields import ItemId, PlanId
from contracts.individual import promised, words
from contracts.items import (
    Accommodation,
    ActivityLimited,
    AnyItem,
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
    Transition,
    item_fields,
    read_item,
)
from contracts.problems import Reason
from contracts.vocabulary import PlanKind
from plan_service.domain.rules import cannot_be_true

PRACTICE = "practice, not law"
FACTORS = "34 CFR 300.324(a)(2), (b)(2)"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something carried forward that waits for a decision."""

    item: ItemId
    field: str | None
    """``None``: the item as a whole."""
    code: str
    why: str
    citation: str
    was: str
    """A digest of what was carried forward: another one says that it was changed."""

    @property
    def key(self) -> tuple[ItemId, str | None]:
        """What it is kept by."""
        return self.item, self.field


@dataclass(frozen=True, slots=True)
class Carried:
    """What a draft began with, without its text."""

    plan_id: PlanId
    """The plan whose text it was."""
    on: date
    """The day on which it was carried forward."""
    marks: tuple[Mark, ...] = ()
    goals: Mapping[ItemId, str] | None = None
    """A digest of each goal's words."""
    kept: frozenset[tuple[ItemId, str | None]] = frozenset()


def carry_forward(plan_id: PlanId, kind: PlanKind, items: Sequence[AnyItem], today: date) -> Carried:
    """What a draft begins with that has these items of an earlier text, and everything to decide about them."""
    marks = tuple(mark for item in items for mark in _marks(kind, item, today))
    goals = {item.id: _words_of(item) for item in items if isinstance(item, Goal)}
    return Carried(plan_id, today, marks, goals)


def still_open(carried: Carried, items: Sequence[AnyItem]) -> list[Mark]:
    """The marks of what nobody has changed, taken out or kept."""
    known = {item.id: item for item in items}
    return [
        mark
        for mark in carried.marks
        if mark.key not in carried.kept
        and (item := known.get(mark.item)) is not None
        and _digest(item, mark.field) == mark.was
    ]


def keep(
    carried: Carried | None, kept: Collection[tuple[ItemId, str | None]]
) -> frozenset[tuple[ItemId, str | None]]:
    """All that is kept, these besides; raises `Invalid` for what was never marked."""
    marked = {mark.key for mark in carried.marks} if carried else set()
    for place, each in enumerate(kept):
        if each not in marked:
            raise cannot_be_true(
                "nothing-to-keep",
                "Nothing carried forward is marked there: see `marks` of the draft.",
                f"/kept/{place}",
            )
    return (carried.kept if carried else frozenset()) | frozenset(kept)


def word_for_word(carried: Carried, items: Sequence[AnyItem]) -> Reason | None:
    """Goals that say what they said: qual.carry-over, 34 CFR 300.324(b)(1)(ii). It counts those nobody kept."""
    before = carried.goals or {}
    goals = [item for item in items if isinstance(item, Goal)]
    same = [
        goal for goal in goals
        if before.get(goal.id) == _words_of(goal) and not any(item == goal.id for item, _ in carried.kept)
    ]  # fmt: skip
    if not same:
        return None
    return Reason(
        "goals-word-for-word", f"{len(same)} of {len(goals)} goals are word for word those of the plan before.",
        f"{PRACTICE}; 34 CFR 300.324(b)(1)", "Revise what was reached or was out of reach; keep the others by `kept`.",
        f"/items/{same[0].id}",
    )  # fmt: skip


def renewed(items: Sequence[AnyItem], new_id: Callable[[], UUID]) -> tuple[AnyItem, ...]:
    """The items of another plan under ids of their own: sessions and measurements of the one are none of the other's."""
    ids = {item.id: new_id() for item in items}

    def of(item: AnyItem) -> AnyItem:
        fields = {name: value for name, value in item_fields(item).items() if name != "external_id"}
        fields["id"] = str(ids[item.id])
        for name in ("goal", "present_levels"):
            if isinstance(fields.get(name), str):
                there = ids.get(UUID(fields[name]))
                fields[name] = str(there) if there else None
        return read_item({name: value for name, value in fields.items() if value is not None})

    return tuple(of(item) for item in items)


def _marks(kind: PlanKind, item: AnyItem, today: date) -> Iterator[Mark]:
    match item:
        case Goal():
            yield from _passed(
                item, "due_on", item.due_on, today, "It was due", "34 CFR 300.324(b)(1)(ii)(A)"
            )
            if item.baseline is not None:
                yield _mark(item, "baseline", "baseline-from-before",
                            "It says where the student stood before; the review says where they stand now.",
                            "34 CFR 300.320(a)(1), 300.324(b)(1)(ii)")  # fmt: skip
        case Objective():
            yield from _passed(item, "due_on", item.due_on, today, "It was due", "34 CFR 300.320(a)(2)(ii)")
        case Service():
            yield from _passed(item, "ends_on", item.ends_on, today, "It ended", "34 CFR 300.320(a)(7)")
        case Accommodation() | Modification() | SchoolServices():
            cite = "34 CFR 300.320(a)(7)" if kind is PlanKind.IEP else f"34 CFR 104.33; {PRACTICE}"
            yield from _passed(item, "ends_on", item.ends_on, today, "It ended", cite)
        case PresentLevels():
            of = f" of {item.as_of_on}" if item.as_of_on else ""
            yield _mark(item, None, "from-before", f"These are the present levels{of}, from before this review.",
                        "34 CFR 300.320(a)(1), 300.324(b)(1)(ii)")  # fmt: skip
        case SpecialFactor():
            yield _mark(
                item,
                None,
                "to-be-answered-again",
                "The team considers it anew at each review.",
                FACTORS,
            )
        case AssistiveTechnology():
            cite = f"{FACTORS}(v)" if kind is PlanKind.IEP else f"34 CFR 104.33; {PRACTICE}"
            yield _mark(item, None, "to-be-considered-again", "Whether it is needed is asked anew.", cite)
        case ExtendedSchoolYear():
            yield _mark(item, None, "to-be-decided-again",
                        "Services beyond the school year are decided for each year, for this student.",
                        "34 CFR 300.106")  # fmt: skip
        case Placement():
            yield _mark(item, None, "to-be-decided-again", "The placement is decided at least once a year.",
                        "34 CFR 300.116(b)(1)" if kind is PlanKind.IEP else "34 CFR 104.34, 104.35(c)")  # fmt: skip
        case Transition():
            yield _mark(item, None, "to-be-updated", "What comes after school is updated every year.",
                        "34 CFR 300.320(b)")  # fmt: skip
        case ProgressSchedule() if any(day <= today for day in item.report_dates or ()):
            yield _mark(item, "report_dates", "dates-passed", "Days on which reports went out have passed.",
                        "34 CFR 300.320(a)(3)(ii)")  # fmt: skip
        case ActivityLimited() if item.evidence is not None:
            yield _mark(item, "evidence", "evidence-from-before", "It names the sources of an earlier decision.",
                        "34 CFR 104.35(c)-(d)")  # fmt: skip
        case _:
            pass


def _passed(
    item: AnyItem, field: str, day: date | None, today: date, verb: str, citation: str
) -> Iterator[Mark]:
    if day is not None and day <= today:
        yield _mark(item, field, f"{field.removesuffix('_on')}-passed", f"{verb} on {day}.", citation)


def _mark(item: AnyItem, field: str | None, code: str, why: str, citation: str) -> Mark:
    return Mark(item.id, field, f"{item.kind}-{code}".replace("_", "-"), why, citation, _digest(item, field))


def _digest(item: AnyItem, field: str | None) -> str:
    fields = item_fields(item)
    said = {"said": fields if field is None else fields.get(field)}
    return hashlib.sha256(canonical(said)).hexdigest()


def _words_of(goal: Goal) -> str:
    return hashlib.sha256(" ".join(words(promised(goal))).encode()).hexdigest()
