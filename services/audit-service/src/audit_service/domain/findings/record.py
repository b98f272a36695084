"""What is known of one student on a day: a pure fold of the events of all four services, as findings ask for it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar, cast
from uuid import UUID

from audit_service.domain.disclosure import RecordRights, record_rights
from audit_service.domain.findings.district import District
from audit_service.domain.findings.finding import ONE_DAY, Finding, Severity, State, state_of
from audit_service.domain.findings.meeting import MeetingFacts, meetings_of
from audit_service.domain.findings.notice import NoticeFacts, notices_of
from audit_service.domain.findings.plan import PlanFacts, plans_of
from audit_service.domain.findings.session import SessionFacts, sessions_of
from audit_service.domain.unusual_access import Look, looks_in
from contracts.audit import DisclosureRecorded, DisclosureVoided
from contracts.event import Event, Recorded
from contracts.promises import PromisedServices
from contracts.rule_profile import Rule
from contracts.students import (
    AssignmentEnded,
    RightsHolderConfirmed,
    RightsHolderEnded,
    StudentAssigned,
    StudentChanged,
    StudentRegistered,
)
from contracts.vocabulary import PlanKind, RightsGround

E = TypeVar("E", bound=Event)
OF_THE_STUDENT = frozenset({RightsGround.ADULT_STUDENT})
OwedPeriod = tuple[date, date, Fraction, Fraction]
"""First and last day; the minutes promised; and those of them still owed after what was missed for a reason that excuses."""


@dataclass(frozen=True)
class StudentRecord:
    """Everything effective on or before ``today`` and known when it was asked; in known order."""

    student: UUID
    today: date
    known: Sequence[Recorded[Event]]
    """All that was known, what becomes effective later included: it is not looked at, but for the day on which it will."""
    district: District
    looked: tuple[Look, ...] | None = None
    """Looks of the staff where they were looked up apart; ``None``: they are among ``known``."""

    @cached_property
    def looks(self) -> tuple[Look, ...]:
        """Who of the staff looked at the record, by day."""
        return looks_in(self.entries) if self.looked is None else self.looked

    @cached_property
    def entries(self) -> tuple[Recorded[Event], ...]:
        """What counts on the day."""
        return tuple(entry for entry in self.known if entry.effective_on <= self.today)

    @cached_property
    def next_effective(self) -> date | None:
        """The first day after today on which something known begins to count."""
        return min((e.effective_on for e in self.known if e.effective_on > self.today), default=None)

    @cached_property
    def _by_type(self) -> Mapping[type[Event], list[Recorded[Event]]]:
        found: dict[type[Event], list[Recorded[Event]]] = defaultdict(list)
        for entry in self.entries:
            found[type(entry.event)].append(entry)
        return found

    def of(self, kind: type[E]) -> Sequence[Recorded[E]]:
        """The events of a kind, in known order."""
        return cast(Sequence[Recorded[E]], self._by_type.get(kind, ()))

    def recorded_on(self, entry: Recorded[Any]) -> date:
        """The day, in the district's zone, on which it was recorded."""
        return self.district.day_of(entry.recorded_at)

    @cached_property
    def plans(self) -> tuple[PlanFacts, ...]:
        """Every plan that ever bound; one that was voided never did."""
        return plans_of(self.entries)

    @cached_property
    def remembered(self) -> dict[tuple[UUID, UUID], Sequence[OwedPeriod]]:
        """What each service owes period by period, once two rules have asked."""
        return {}

    @cached_property
    def _promised(self) -> dict[UUID, PromisedServices]:
        return {}

    def promised(self, plan: PlanFacts) -> PromisedServices:
        """What the plan promises, day by day."""
        if plan.plan_id not in self._promised:
            self._promised[plan.plan_id] = PromisedServices(plan.history)
        return self._promised[plan.plan_id]

    @cached_property
    def ieps(self) -> tuple[PlanFacts, ...]:
        """Those under IDEA."""
        return tuple(plan for plan in self.plans if plan.kind is PlanKind.IEP)

    @cached_property
    def plans_504(self) -> tuple[PlanFacts, ...]:
        """Those under Section 504."""
        return tuple(plan for plan in self.plans if plan.kind is PlanKind.SECTION_504)

    def iep_on(self, day: date) -> PlanFacts | None:
        """The IEP in force on ``day``."""
        return next((plan for plan in self.ieps if plan.binds_on(day)), None)

    @cached_property
    def meetings(self) -> tuple[MeetingFacts, ...]:
        """Every meeting that was set or held."""
        return meetings_of(self.entries, self.district.day_of)

    @cached_property
    def notices(self) -> Mapping[UUID, NoticeFacts]:
        """Every notice by its id."""
        return notices_of(self.entries)

    @cached_property
    def record_rights(self) -> RecordRights:
        """Who held the rights to the record when, what was released and revoked."""
        return record_rights(self.entries)

    @cached_property
    def disclosures(self) -> tuple[Recorded[DisclosureRecorded], ...]:
        """What went to whom; entries that were struck out left out."""
        voided = {e.event.disclosure_id for e in self.of(DisclosureVoided)}
        return tuple(e for e in self.of(DisclosureRecorded) if e.event.disclosure_id not in voided)

    @cached_property
    def sessions(self) -> tuple[SessionFacts, ...]:
        """Sessions given or missed, those struck out left out."""
        return sessions_of(self.entries)

    @cached_property
    def birth_date(self) -> date | None:
        """As it was said last."""
        said = [e.event for e in self.entries if isinstance(e.event, StudentRegistered | StudentChanged)]
        return said[-1].personal.birth_date if said else None

    @cached_property
    def home_language(self) -> str | None:
        """As it was said last."""
        said = [e.event for e in self.entries if isinstance(e.event, StudentRegistered | StudentChanged)]
        return said[-1].home_language if said else None

    def holders_on(self, day: date, right: str = "decision") -> tuple[RightsHolderConfirmed, ...]:
        """Who holds the right on ``day``."""
        latest: dict[UUID, RightsHolderConfirmed | None] = {}
        for entry in sorted(self.of_holders, key=lambda each: each.effective_on):
            if entry.effective_on <= day:
                ended = isinstance(entry.event, RightsHolderEnded)
                latest[entry.event.holder_id] = None if ended else cast(RightsHolderConfirmed, entry.event)
        return tuple(
            each
            for each in latest.values()
            if each is not None
            and (held := getattr(each.rights, right)) is not None
            and held.starts_on <= day
            and (held.ends_on is None or day <= held.ends_on)
        )

    @cached_property
    def of_holders(self) -> list[Recorded[RightsHolderConfirmed | RightsHolderEnded]]:
        """What was said of rights holders."""
        return [*self.of(RightsHolderConfirmed), *self.of(RightsHolderEnded)]

    def holder(self, holder_id: UUID) -> RightsHolderConfirmed | None:
        """The holder's details as they were said last."""
        said = [e.event for e in self.of(RightsHolderConfirmed) if e.event.holder_id == holder_id]
        return said[-1] if said else None

    def is_the_student(self, holder_id: UUID) -> bool:
        """The holder is the student, of age."""
        holder = self.holder(holder_id)
        return holder_id == self.student or (holder is not None and holder.ground in OF_THE_STUDENT)

    def assigned_as(self, role: str) -> frozenset[UUID]:
        """The staff who work with the student in a role today."""
        ended = {e.event.assignment_id for e in self.of(AssignmentEnded)}
        return frozenset(
            e.event.staff_id
            for e in self.of(StudentAssigned)
            if e.event.role == role
            and e.event.assignment_id not in ended
            and (e.event.ends_on is None or self.today <= e.event.ends_on)
        )

    @property
    def assignments_turn_on(self) -> list[date]:
        """The days ahead on which an assignment is over."""
        return [e.event.ends_on + ONE_DAY for e in self.of(StudentAssigned) if e.event.ends_on]

    def rule(self, rule_id: str, day: date) -> Rule | None:
        """The rule as it held on ``day``; ``None`` where it did not hold."""
        rule = self.district.rules_on(day).rule(rule_id)
        return None if rule.enabled is False else rule

    def due(self, rule_id: str, day: date) -> date | None:
        """When the rule's time, begun on ``day``, is over; ``None`` where the rule names no number."""
        rule = self.rule(rule_id, day)
        return self.district.count(day, rule.due).on if rule is not None and rule.due is not None else None

    def finding(
        self, rule_id: str, about: object, on: date, says: str, *, state: State | None = None,
        due_on: date | None = None, done_on: date | None = None, kept: str | None = None, due: str | None = None,
        events: Iterable[Recorded[Any] | None] = (), facts: Mapping[str, object] | None = None,
        cure: str | None = None, plan: UUID | None = None, item: UUID | None = None,
        severity: Severity | None = None, wakes_on: date | None = None,
    ) -> Finding:  # fmt: skip
        """One duty, judged. ``says`` is the sentence of what is broken, ``kept`` of what was done, ``due`` of what is ahead."""
        state = state or state_of(due_on, done_on, self.today)
        words = {State.MET: kept, State.EXCUSED: kept, State.NOT_APPLICABLE: kept, State.DUE: due}.get(state)
        if state is State.DUE and due_on is not None and wakes_on is None:
            wakes_on = due_on + ONE_DAY
        rules = self.district.rules_on(on)
        rule = rules.rule(rule_id)
        return Finding(
            rule=rule_id, about=str(about), state=state, severity=severity or rule.severity or "M",
            says=words or _ordinary(state, says), trigger_on=on, due_on=due_on, done_on=done_on,
            facts={name: str(value) for name, value in (facts or {}).items() if value is not None},
            events=tuple(dict.fromkeys(e.id for e in events if e is not None)), rules=rules.name,
            cure=cure if state in (State.OVERDUE, State.UNPROVEN, State.DUE, State.MISSED) else None,
            plan=plan, item=item, wakes_on=wakes_on,
        )  # fmt: skip


def _ordinary(state: State, says: str) -> str:
    ordinary = {
        State.MET: "Done in time.",
        State.EXCUSED: "An exception is on record.",
        State.NOT_APPLICABLE: "Not asked here.",
        State.DUE: "Not done yet, and not late.",
    }
    return ordinary.get(state, says)
