"""What stood on a day, as then known: plans, notices, sessions against what was owed, results, reports, findings."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import Field

from audit_service.domain.findings.district import District
from audit_service.domain.findings.finding import State
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.rules import judge
from audit_service.domain.moment import basis_of
from audit_service.domain.notice_standing import NoticeStanding, notices_on
from contracts.canonical import Instant, canonical
from contracts.event import Event, Recorded, Value
from contracts.fields import EventId
from contracts.goals.history import masters_of, results_of
from contracts.plan_document import PlanDocument, history_of, in_force
from contracts.progress import (
    BenchmarkMeasured,
    ObjectiveMastered,
    ProgressReportIssued,
    ProgressReportVoided,
    ServiceDelivered,
    SessionMissed,
    SessionVoided,
)
from contracts.promises import PromisedServices
from contracts.service_delivery import Figures, named_in, rounded
from contracts.service_delivery import delivery as service_delivery
from contracts.sessions import Session, session_of
from contracts.vocabulary import Period


class ItemDelivery(Value):
    """What became of one service: sessions up to the day, those struck out not counted."""

    item: UUID
    plan: UUID
    sessions: int = 0
    """Given, wholly or in part."""
    minutes_delivered: int = 0
    minutes_made_up: int = 0
    """Of them, in sessions that make up a missed one."""
    missed: int = 0
    minutes_missed: int = 0
    missed_by_reason: dict[str, int] = Field(default_factory=dict)
    voided: int = 0
    last_on: date | None = None
    minutes_owed: str | None = None
    """Promised up to the day by the texts then in force, rounded to two places; absent where no plan or calendar says it."""
    balance: str | None = None
    """Of them still owed, as progress-service's ledger says it: less what was delivered, made up or excused.

    What makes up a missed session counts for its day, also when it was given later; minutes under an agreement count only
    as far as they make up the sessions that it names.
    """


class ReportStanding(Value):
    """One progress report."""

    report: UUID
    plan: UUID
    issued_on: date
    due_on: date | None = None
    """The day of the plan's own schedule that it answers."""
    voided: bool = False


class FindingStanding(Value):
    """One finding as it stood. ``says`` names people and items by their ids in braces: names may change, an exhibit may not."""

    rule: str
    about: str
    state: State
    severity: str
    says: str
    due_on: date | None = None
    done_on: date | None = None
    days_late: int | None = None
    facts: dict[str, str] = Field(default_factory=dict)
    events: tuple[EventId, ...] = ()
    rules: str


class ItemResults(Value):
    """The results of one goal or objective up to the day."""

    item: UUID
    plan: UUID
    results: int = 0
    last_value: str | None = None
    last_unit: str | None = None
    last_measured_on: date | None = None
    mastered_on: date | None = None


class StudentReplay(Value):
    """A student's record as it stood on a day, as then known."""

    student: UUID
    effective_on: date
    known_at: Instant | None = None
    """When the last entry used became known."""
    basis: dict[str, int]
    """The last index of each log used: asked again with it, the answer is the same for ever."""
    plans: tuple[PlanDocument, ...]
    notices: tuple[NoticeStanding, ...]
    delivery: tuple[ItemDelivery, ...]
    results: tuple[ItemResults, ...]
    reports: tuple[ReportStanding, ...] = ()
    findings: tuple[FindingStanding, ...] = ()
    """By the rules then in force and what was then known, as this version of Handrail judges."""
    unreadable: tuple[EventId, ...] = ()
    """Entries whose contents were lawfully destroyed or cannot be read."""

    def to_json(self) -> dict[str, Any]:
        """As JSON: what is absent has no key."""
        return self.model_dump(mode="json", exclude_none=True)

    def to_bytes(self) -> bytes:
        """The canonical bytes."""
        return canonical(self.to_json())


def replay(
    student: UUID, entries: Iterable[Recorded[Event]], effective_on: date, unreadable: tuple[UUID, ...] = (),
    district: District | None = None,
) -> StudentReplay:  # fmt: skip
    """Everything of one student in known order, folded to what stood on ``effective_on``.

    With the district as it was known, what was owed and what is found too.
    """
    known = list(entries)
    record = StudentRecord(student, effective_on, tuple(known), district) if district else None
    read = [*known, *(district.entries if district else ())]
    moments = [entry.known_at for entry in read if entry.known_at is not None]
    return StudentReplay(
        student=student,
        effective_on=effective_on,
        known_at=max(moments) if moments else None,
        basis=basis_of(read),
        plans=plans_on(known, effective_on),
        notices=notices_on(known, effective_on),
        delivery=_with_balances(delivery_on(known, effective_on), record),
        results=results_on(known, effective_on),
        reports=reports_on(known, effective_on),
        findings=findings_on(record) if record else (),
        unreadable=unreadable,
    )


def reports_on(entries: Iterable[Recorded[Event]], day: date) -> tuple[ReportStanding, ...]:
    """Every progress report issued by the day."""
    known = list(entries)
    struck = {entry.event.report_id for entry in known if isinstance(entry.event, ProgressReportVoided)}
    return tuple(
        ReportStanding(
            report=e.event.report_id, plan=e.event.plan_id, issued_on=e.effective_on, due_on=e.event.due_on,
            voided=e.event.report_id in struck,
        )
        for e in known
        if isinstance(e.event, ProgressReportIssued) and e.effective_on <= day
    )  # fmt: skip


def findings_on(record: StudentRecord) -> tuple[FindingStanding, ...]:
    """What was found on the day."""
    return tuple(
        FindingStanding(
            rule=f.rule, about=f.about, state=f.state, severity=f.severity, due_on=f.due_on, done_on=f.done_on,
            says=f.says.replace("{late}", str(f.days_late(record.today) or 0)), days_late=f.days_late(record.today),
            facts=dict(f.facts), events=f.events, rules=f.rules,
        )
        for f in judge(record).findings
    )  # fmt: skip


def _with_balances(
    delivered: Iterable[ItemDelivery], record: StudentRecord | None
) -> tuple[ItemDelivery, ...]:
    """As progress-service's ledger says it, from the beginning to the day: by the same rule, of the same facts."""
    if record is None:
        return tuple(delivered)
    histories = [history_of(stream) for stream in _plan_streams(record.known)]
    plans = [PromisedServices(history) for history in histories if history.plan_id is not None]
    sessions = list(_counting(record.known))
    first = min([*(plan.begins_on for plan in plans), *(each.on for each in sessions)], default=record.today)
    ledger = service_delivery(
        plans, sessions, record.district.days, min(first, record.today), record.today,
        on=record.district.convention_on, by=Period.YEAR, named=named_in(record.known),
    )  # fmt: skip
    promised = {each.item_id: each.total for each in ledger if any(year.promised_by for year in each.weeks)}
    return tuple(_with_balance(each, promised.get(each.item)) for each in delivered)


def _with_balance(delivered: ItemDelivery, total: Figures | None) -> ItemDelivery:
    if total is None or total.owed is None or total.balance is None:
        return delivered
    return delivered.model_copy(
        update={"minutes_owed": rounded(total.owed), "balance": rounded(total.balance)}
    )


def _counting(entries: Iterable[Recorded[Event]]) -> Iterable[Session]:
    known = [entry.event for entry in entries]
    struck = {event.session_id for event in known if isinstance(event, SessionVoided)}
    return (
        session_of(event)
        for event in known
        if isinstance(event, ServiceDelivered | SessionMissed) and event.session_id not in struck
    )


def plans_on(entries: Iterable[Recorded[Event]], day: date) -> tuple[PlanDocument, ...]:
    """Every plan of the student, as the contracts' own fold says it."""
    documents = (in_force(history_of(stream), day) for stream in _plan_streams(entries))
    return tuple(document for document in documents if document is not None)


def _plan_streams(entries: Iterable[Recorded[Event]]) -> Iterable[list[Recorded[Event]]]:
    streams: dict[str, list[Recorded[Event]]] = {}
    for entry in entries:
        if entry.stream.startswith("plan/"):
            streams.setdefault(entry.stream, []).append(entry)
    return streams.values()


def delivery_on(entries: Iterable[Recorded[Event]], day: date) -> tuple[ItemDelivery, ...]:
    """Sessions given and missed up to the day; a voided one counts no more, and is counted as voided."""
    known = list(entries)
    voided = {entry.event.session_id for entry in known if isinstance(entry.event, SessionVoided)}
    found: dict[UUID, ItemDelivery] = {}
    for entry in known:
        event = entry.event
        if not isinstance(event, ServiceDelivered | SessionMissed) or entry.effective_on > day:
            continue
        before = found.get(event.item_id) or ItemDelivery(item=event.item_id, plan=event.plan_id)
        found[event.item_id] = before.model_copy(update=_session(before, event, entry.effective_on, voided))
    return tuple(found.values())


def _session(
    before: ItemDelivery, event: ServiceDelivered | SessionMissed, day: date, voided: set[UUID]
) -> dict[str, Any]:
    if event.session_id in voided:
        return {"voided": before.voided + 1}
    last = max(day, before.last_on) if before.last_on else day
    if isinstance(event, ServiceDelivered):
        made_up = event.minutes if event.makes_up else 0
        return {
            "sessions": before.sessions + 1, "minutes_delivered": before.minutes_delivered + event.minutes,
            "minutes_made_up": before.minutes_made_up + made_up, "last_on": last,
        }  # fmt: skip
    reasons = dict(before.missed_by_reason)
    reasons[event.reason] = reasons.get(event.reason, 0) + 1
    return {
        "missed": before.missed + 1, "minutes_missed": before.minutes_missed + event.minutes,
        "missed_by_reason": reasons, "last_on": last,
    }  # fmt: skip


def results_on(entries: Iterable[Recorded[Event]], day: date) -> tuple[ItemResults, ...]:
    """Measurements up to the day, those struck out not counted; the last by the day it was taken.

    An item is mastered on the first day on which a run that is complete still was completed, as its progress says too.
    """
    known = list(entries)
    results = results_of(known)
    counting = {result.id for result in results}
    found: dict[UUID, ItemResults] = {}
    completing: set[UUID] = set()
    for entry in known:
        event = entry.event
        if isinstance(event, ObjectiveMastered):
            completing.add(event.measurement_id)
        if (
            isinstance(event, BenchmarkMeasured)
            and entry.effective_on <= day
            and event.measurement_id in counting
        ):
            before = found.get(event.item_id) or ItemResults(item=event.item_id, plan=event.plan_id)
            found[event.item_id] = before.model_copy(update=_result(before, event, entry.effective_on))
    histories = [history_of(stream) for stream in _plan_streams(known)] if completing else []
    for item_id, told in found.items():
        masters = masters_of(histories, item_id, results, completing)
        if masters and masters[0].measured_on <= day:
            found[item_id] = told.model_copy(update={"mastered_on": masters[0].measured_on})
    return tuple(found.values())


def _result(before: ItemResults, event: BenchmarkMeasured, day: date) -> dict[str, Any]:
    counted: dict[str, Any] = {"results": before.results + 1}
    if before.last_measured_on is None or day >= before.last_measured_on:
        counted |= {"last_value": format(event.value, "f"), "last_unit": event.unit, "last_measured_on": day}
    return counted
