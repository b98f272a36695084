"""Promise against delivery, in exact arithmetic: what was owed, given, missed and why, made up, and what remains.

In each period ``owed = delivered + made up + excused + balance``; of what was missed for a reason
``missed = made up + excused + remaining``. ``unrecorded`` are owed minutes of which nobody has said anything: neither
given nor missed (the rule ``idea.minutes``, 34 CFR 300.323(c)(2)).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from types import MappingProxyType
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.fields import ItemId, PlanId
from contracts.items import Service
from contracts.minutes_convention import ConventionOn, by_default
from contracts.progress import MakeUpAgreed, MakeUpVoided
from contracts.promises import Owed, PromisedServices
from contracts.school_days import ONE_DAY, SchoolDays, bounds_of
from contracts.sessions import Session, SessionOutcome
from contracts.vocabulary import Period

By = dict[str, int]
"""Minutes by reason."""
Named = Mapping[UUID, Sequence[UUID]]
"""For each agreement on make-up or compensatory minutes the missed sessions that it is for."""
NOTHING_NAMED: Named = MappingProxyType({})
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Given:
    """Minutes by what became of them."""

    delivered: int = 0
    missed: By = field(default_factory=dict)
    """By reason; what was cut short of a session is missed."""
    made_up_of: By = field(default_factory=dict)
    """Of the missed minutes those that were given later, by the reason for which they had been missed."""
    surplus: int = 0
    """Given in make-up sessions beyond what had been missed."""
    excused_of: By = field(default_factory=dict)
    """Of the missed minutes those that are not owed, by the reason that excuses them."""
    under_agreement: int = 0
    """Given under an agreement, beyond the missed sessions that it names: beside the plan's own, so in no balance here."""

    @property
    def made_up(self) -> int:
        """Given in make-up sessions."""
        return sum(self.made_up_of.values()) + self.surplus

    @property
    def excused(self) -> int:
        """Missed for a reason that takes them off what is owed, and not made up."""
        return sum(self.excused_of.values())

    @property
    def remaining(self) -> By:
        """Missed, owed, and not made up, by reason."""
        left = {
            reason: minutes - self.made_up_of.get(reason, 0) - self.excused_of.get(reason, 0)
            for reason, minutes in self.missed.items()
        }
        return {reason: minutes for reason, minutes in left.items() if minutes}

    def __add__(self, other: "Given") -> "Given":
        return Given(
            self.delivered + other.delivered,
            _added(self.missed, other.missed),
            _added(self.made_up_of, other.made_up_of),
            self.surplus + other.surplus,
            _added(self.excused_of, other.excused_of),
            self.under_agreement + other.under_agreement,
        )


def _added(one: By, other: By) -> By:
    return {reason: one.get(reason, 0) + other.get(reason, 0) for reason in sorted({*one, *other})}


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
        return self.owed - self.given.delivered - self.given.made_up - self.given.excused

    @property
    def unrecorded(self) -> Fraction | None:
        """Owed, and neither given nor recorded as missed."""
        if self.owed is None:
            return None
        return max(Fraction(0), self.owed - self.given.delivered - sum(self.given.missed.values()))


@dataclass(frozen=True, slots=True)
class Week:
    """One period (a school week, where nothing else is asked for), or the part of it that was asked about."""

    first_on: date
    last_on: date
    figures: Figures
    promised_by: tuple[Owed, ...]
    sessions: tuple[UUID, ...]
    """On which the figures rest, make-up sessions given in another period included."""


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
    plans: Sequence[PromisedServices], sessions: Iterable[Session], days: SchoolDays, first_on: date, last_on: date,
    *, on: ConventionOn = by_default, by: Period = Period.WEEK, named: Named = NOTHING_NAMED,
) -> tuple[ServiceDelivery, ...]:  # fmt: skip
    """Every service promised or given from ``first_on`` to ``last_on``; periods in which nothing was either are left out.

    ``on`` is the convention of each day, ``by`` the period for which figures are given, ``named`` what agreements are for.
    """
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
        of_day = _by_period(counted(by_item[item_id], on, named), first_on, last_on, by)
        weeks = tuple(_periods(item_id, of_item.get(item_id, []), of_day, days, first_on, last_on, on, by))
        if weeks:
            found.append(ServiceDelivery(item_id, plan_id, service, weeks, _total(weeks)))
    return tuple(found)


def _named(
    item_id: ItemId,
    promised: Mapping[ItemId, tuple[PromisedServices, Service]],
    by_item: Mapping[ItemId, list[Session]],
) -> tuple[PlanId, Service | None]:
    if item_id in promised:
        plan, service = promised[item_id]
        return plan.plan_id, service
    return by_item[item_id][0].plan, None


_OfPeriod = dict[date, list[tuple[Session, Given]]]


def _by_period(
    counted_sessions: Iterable[tuple[Session, date, Given]], first_on: date, last_on: date, by: Period
) -> _OfPeriod:
    found: _OfPeriod = defaultdict(list)
    for session, day, given in counted_sessions:
        if first_on <= day <= last_on:
            found[bounds_of(by, day)[0]].append((session, given))
    return found


def _periods(
    item_id: ItemId, plans: Sequence[PromisedServices], of_period: _OfPeriod, days: SchoolDays, first_on: date,
    last_on: date, on: ConventionOn, by: Period,
) -> Iterator[Week]:  # fmt: skip
    first, last = bounds_of(by, first_on)
    while first <= last_on:
        begin, end = max(first, first_on), min(last, last_on)
        owed = tuple(each for plan in plans for each in plan.owed(item_id, begin, end, days, on))
        of_this = of_period.get(first, [])
        if owed or of_this:
            figures = Figures(_sum_owed(owed), sum((given for _, given in of_this), Given()))
            ids = dict.fromkeys(session.id for session, _ in of_this)
            yield Week(begin, end, figures, owed, tuple(ids))
        first, last = bounds_of(by, last + ONE_DAY)


def counted(
    sessions: Sequence[Session], on: ConventionOn = by_default, named: Named = NOTHING_NAMED
) -> Iterator[tuple[Session, date, Given]]:
    """Each of one item's sessions with the day for which it counts: a make-up counts for the day of what it makes up.

    What is given under an agreement makes up the missed sessions that this names, one after the other.
    The order in which they were recorded makes no difference.
    """
    open_minutes = {session.id: session.missed_minutes for session in sessions if session.missed_minutes}
    missed_in = {session.id: session for session in sessions if session.missed_minutes}
    for session in sorted(sessions, key=lambda each: (each.on, str(each.id))):
        if session.status is not SessionOutcome.MISSED:
            made_up = missed_in.get(session.makes_up) if session.makes_up else None
            if made_up is not None:
                of_it = min(session.minutes, open_minutes[made_up.id])
                open_minutes[made_up.id] -= of_it
                reason = {_reason(made_up): of_it} if of_it else {}
                yield session, made_up.on, Given(made_up_of=reason, surplus=session.minutes - of_it)
            elif session.agreement is not None:
                left = session.minutes
                for missed in (
                    missed_in[each] for each in named.get(session.agreement, ()) if each in missed_in
                ):
                    of_it = min(left, open_minutes[missed.id])
                    if of_it:
                        open_minutes[missed.id] -= of_it
                        left -= of_it
                        yield session, missed.on, Given(made_up_of={_reason(missed): of_it})
                if left:
                    yield session, session.on, Given(under_agreement=left)
            else:
                yield session, session.on, Given(delivered=session.minutes)
        if session.missed_minutes:
            yield session, session.on, Given(missed={_reason(session): session.missed_minutes})
    for session_id, left in open_minutes.items():
        session = missed_in[session_id]
        if left and _reason(session) in on(session.on).not_owed:
            yield session, session.on, Given(excused_of={_reason(session): left})


def named_in(entries: Iterable[Recorded[Event]]) -> Named:
    """What the agreements are for that were recorded, and count."""
    found: dict[UUID, Sequence[UUID]] = {}
    voided: set[UUID] = set()
    for entry in entries:
        if isinstance(entry.event, MakeUpAgreed):
            found[entry.event.agreement_id] = entry.event.sessions
        elif isinstance(entry.event, MakeUpVoided):
            voided.add(entry.event.make_up_id)
    return {agreement: sessions for agreement, sessions in found.items() if agreement not in voided}


def rounded(minutes: Fraction) -> str:
    """With at most two places, as every answer says minutes."""
    value = (Decimal(minutes.numerator) / Decimal(minutes.denominator)).quantize(CENT, ROUND_HALF_EVEN)
    text = format(value, "f").rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _reason(session: Session) -> str:
    return session.reason or "other"


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
