"""Promise against delivery, in exact arithmetic: what was owed, given, missed and why, made up, and what remains.

In each school week ``balance = owed - delivered - made up``, and of it ``unrecorded`` are minutes of which nobody has
said anything: neither given nor missed (the rule ``idea.minutes``, 34 CFR 300.323(c)(2)).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from uuid import UUID

from contracts.fields import ItemId, PlanId
from contracts.items import Service
from contracts.promises import Owed, PromisedServices
from contracts.school_days import ONE_DAY, SchoolDays, monday_of
from progress_service.domain.item_year import Session, SessionOutcome


@dataclass(frozen=True, slots=True)
class Given:
    """Minutes by what became of them."""

    delivered: int = 0
    made_up: int = 0
    missed: dict[str, int] = field(default_factory=dict)
    """By reason; what was cut short of a session is missed."""

    def __add__(self, other: "Given") -> "Given":
        missed = defaultdict(int, self.missed)
        for reason, minutes in other.missed.items():
            missed[reason] += minutes
        return Given(
            self.delivered + other.delivered, self.made_up + other.made_up, dict(sorted(missed.items()))
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """What stands against what."""

    owed: Fraction | None
    """``None`` where the plan's text or the calendar does not say it."""
    given: Given

    @property
    def balance(self) -> Fraction | None:
        """Still owed; below zero: more was given than promised."""
        if self.owed is None:
            return None
        return self.owed - self.given.delivered - self.given.made_up

    @property
    def unrecorded(self) -> Fraction | None:
        """Owed, and neither given nor recorded as missed."""
        if self.owed is None:
            return None
        return max(Fraction(0), self.owed - self.given.delivered - sum(self.given.missed.values()))


@dataclass(frozen=True, slots=True)
class Week:
    """One school week, or the part of it that was asked about."""

    first_on: date
    last_on: date
    figures: Figures
    promised_by: tuple[Owed, ...]
    sessions: tuple[UUID, ...]
    """On which the figures rest, make-up sessions given in another week included."""


@dataclass(frozen=True, slots=True)
class ServiceDelivery:
    """One service over the time asked about."""

    item_id: ItemId
    plan_id: PlanId
    service: Service | None
    """Its last text; ``None`` for sessions of an item that no known plan has."""
    weeks: tuple[Week, ...]
    total: Figures


def delivery(
    plans: Sequence[PromisedServices],
    sessions: Iterable[Session],
    days: SchoolDays,
    first_on: date,
    last_on: date,
) -> tuple[ServiceDelivery, ...]:
    """Every service promised or given from ``first_on`` to ``last_on``; weeks in which nothing was either are left out."""
    by_item: dict[ItemId, list[Session]] = defaultdict(list)
    for session in sessions:
        if session.counts:
            by_item[session.item].append(session)
    promised = {item_id: (plan, service) for plan in plans for item_id, service in plan.services().items()}
    # A plan renewed under another id may carry its items on: all of them promise.
    of_item = {item_id: [p for p in plans if item_id in p.services()] for item_id in promised}
    found = []
    for item_id in sorted({*promised, *by_item}, key=str):
        plan_id, service = _named(item_id, promised, by_item)
        weeks = tuple(_weeks(item_id, of_item.get(item_id, []), by_item[item_id], days, first_on, last_on))
        if weeks:
            found.append(ServiceDelivery(item_id, plan_id, service, weeks, _total(weeks)))
    return tuple(found)


def _named(
    item_id: ItemId,
    promised: dict[ItemId, tuple[PromisedServices, Service]],
    by_item: dict[ItemId, list[Session]],
) -> tuple[PlanId, Service | None]:
    if item_id in promised:
        plan, service = promised[item_id]
        return plan.plan_id, service
    return by_item[item_id][0].plan, None


def _weeks(
    item_id: ItemId, plans: Sequence[PromisedServices], sessions: list[Session], days: SchoolDays, first_on: date,
    last_on: date,
) -> Iterator[Week]:  # fmt: skip
    counted: dict[date, list[tuple[Session, Given]]] = defaultdict(list)
    for session, day, given in _counted(sessions):
        if first_on <= day <= last_on:
            counted[monday_of(day)].append((session, given))
    monday = monday_of(first_on)
    while monday <= last_on:
        begin, end = max(monday, first_on), min(monday + 6 * ONE_DAY, last_on)
        owed = tuple(each for plan in plans for each in plan.owed(item_id, begin, end, days))
        of_week = counted.get(monday, [])
        if owed or of_week:
            figures = Figures(_sum_owed(owed), sum((given for _, given in of_week), Given()))
            yield Week(begin, end, figures, owed, tuple(session.id for session, _ in of_week))
        monday += 7 * ONE_DAY


def _counted(sessions: Sequence[Session]) -> Iterator[tuple[Session, date, Given]]:
    """Each session with the day for which it counts: a make-up counts for the day of the session it makes up."""
    days = {session.id: session.on for session in sessions if session.missed_minutes}
    for session in sorted(sessions, key=lambda session: session.on):
        missed = {session.reason or "other": session.missed_minutes} if session.missed_minutes else {}
        if session.status is SessionOutcome.MISSED:
            yield session, session.on, Given(missed=missed)
        elif session.makes_up in days:
            yield session, days[session.makes_up], Given(made_up=session.minutes, missed={})
            if missed:
                yield session, session.on, Given(missed=missed)
        else:
            yield session, session.on, Given(delivered=session.minutes, missed=missed)


def _sum_owed(owed: Iterable[Owed]) -> Fraction | None:
    total = Fraction(0)
    for each in owed:
        if each.minutes is None:
            return None
        total += each.minutes
    return total


def _total(weeks: Sequence[Week]) -> Figures:
    owed: Fraction | None = Fraction(0)
    for week in weeks:
        owed = None if owed is None or week.figures.owed is None else owed + week.figures.owed
    return Figures(owed, sum((week.figures.given for week in weeks), Given()))
