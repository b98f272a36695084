"""A child who comes with a plan, and the first services: 34 CFR 300.323(e)-(g), 300.300(b)."""

from collections.abc import Iterator

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import Finding, State
from audit_service.domain.findings.record import StudentRecord
from contracts.event import Recorded
from contracts.initial_services import ServicesConsentAnswered
from contracts.transfers import (
    ComparableServicesStarted,
    TransferReceived,
    TransferRecordsAnswered,
    TransferRecordsRequested,
    TransferSettled,
)
from contracts.vocabulary import ConsentDecision, PlanKind, TransferOutcome

_OWED_NO_MORE = {TransferOutcome.LEFT, TransferOutcome.SERVICES_REFUSED}
_SETTLES_NOTHING = {"services-not-refused", "not-found-ineligible", "plan-not-in-effect"}
"""What it was said to rest on, when that was reported, was not so: codes of plan-service's refusals."""


@rule("idea.transfer")
def comparable_services_at_once(record: StudentRecord) -> Iterator[Finding]:
    """A child who enrols with an IEP in the same school year is given comparable services at once, in summer from the first
    school day on, until the district adopts that IEP or makes its own; from another state it evaluates if it must."""
    for transfer in record.of(TransferReceived):
        if transfer.event.kind is not PlanKind.IEP or not transfer.event.same_year:
            continue
        of = transfer.event.transfer_id
        owed_on = transfer.event.owed_on or transfer.effective_on
        started = [e for e in record.of(ComparableServicesStarted) if e.event.transfer_id == of]
        settled = [e for e in record.of(TransferSettled) if e.event.transfer_id == of and _settles(e)]
        first = min((*started, *settled), key=lambda each: each.effective_on, default=None)
        on = max(first.effective_on, owed_on) if first and first.effective_on <= record.today else None
        left = bool(settled) and not started and settled[0].event.outcome in _OWED_NO_MORE
        yield record.finding(
            "idea.transfer", transfer.id, owed_on, f"No services since {owed_on}" + (f", given from {on}." if on else "."),
            state=State.EXCUSED if left else None, due_on=owed_on, done_on=on,
            kept="The student left, or the services were refused." if left else f"Comparable services from {on}.",
            due=f"Comparable services are owed from {owed_on}.", events=(transfer, *started[:1], *settled[:1]),
            cure="Give comparable services; adopt the IEP or make a new one.",
        )  # fmt: skip


def _settles(settled: Recorded[TransferSettled]) -> bool:
    """Nobody is excused by a refusal that nobody made."""
    reported = settled.event.reported
    return reported is None or not any(unmet.code in _SETTLES_NOTHING for unmet in reported.unmet)


@rule("idea.records-request")
def former_school_is_asked_for_the_record(record: StudentRecord) -> Iterator[Finding]:
    """When a child with a plan enrols, the former school is asked promptly for the record, and answers promptly. No number of
    days is named."""
    for transfer in record.of(TransferReceived):
        if transfer.event.kind is not PlanKind.IEP:
            continue
        of, day = transfer.event.transfer_id, transfer.effective_on
        asked = next((e for e in record.of(TransferRecordsRequested) if e.event.transfer_id == of), None)
        answered = next((e for e in record.of(TransferRecordsAnswered) if e.event.transfer_id == of), None)
        on = answered.effective_on if answered else None
        says = f"Enrolled {day}: not asked." if asked is None else f"Asked {asked.effective_on}: not sent."
        yield record.finding(
            "idea.records-request", transfer.id, day, says, due_on=record.due("idea.records-request", day), done_on=on, due=says,
            kept=f"Asked {asked.effective_on if asked else ''}, answered {on}.", events=(transfer, asked, answered),
            cure="Ask the former school." if asked is None else "Ask again.",
        )  # fmt: skip


@rule("idea.initial-consent")
def consent_before_the_first_service(record: StudentRecord) -> Iterator[Finding]:
    """Before a child is served for the first time, whoever decides consents to services, in writing. Silence is no consent. A
    child who came with an IEP is served without a new one."""
    if not record.ieps:
        return
    plan = min(record.ieps, key=lambda each: each.adoptions[0].effective_on)
    adopted = plan.adoptions[0]
    items = {item for each in record.ieps for item in each.lines.items}
    served = next((s for s in record.sessions if not s.missed and s.item_id in items), None)
    yes = [
        e
        for e in record.of(ServicesConsentAnswered)
        if e.event.counts and e.event.decision is ConsentDecision.ACCEPTED
    ]
    consent = min(yes, key=lambda each: each.effective_on, default=None)
    came = next((e for e in record.of(TransferReceived) if e.effective_on <= adopted.effective_on), None)
    day = served.on if served else adopted.effective_on
    on = consent.effective_on if consent else None
    state = None
    if on is not None and on <= day:
        state = State.MET
    elif came is not None:
        state = State.EXCUSED
    elif served is not None:
        state = State.MISSED
    elif on is None:
        state = State.DUE
    shown_by = (consent, came if state is State.EXCUSED else None, served.entry if served else adopted)
    yield record.finding(
        "idea.initial-consent", plan.plan_id, day, f"Served {day} without consent" + (f", given {on}." if on else "."),
        state=state or State.MET, done_on=on,
        kept="Came with an IEP." if state is State.EXCUSED else f"Consent {on}, first served {day}.",
        due="Adopted; nobody is served before there is consent.", events=shown_by, plan=plan.plan_id,
        cure="Ask for consent before any more service.",
    )  # fmt: skip
