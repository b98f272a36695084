"""Education records: 34 CFR 300.610-300.625, 99.10-99.33; what is asked for, disclosed, and entered when."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from audit_service.domain.disclosing import unmet_by
from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import Finding, State
from audit_service.domain.findings.meeting import OF_THE_IEP_TEAM
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.transition import reached
from audit_service.domain.findings.waiting import waiting
from contracts.audit import DisclosureRecorded, PacketIssued
from contracts.event import Event, Recorded
from contracts.meetings import AttendanceRecorded, MeetingAttemptRecorded, MeetingHeld
from contracts.progress import BenchmarkMeasured, ServiceDelivered, SessionMissed
from contracts.requests import RecordHearingAsked, RequestAnswered
from contracts.rule_profile import Due
from contracts.students import ReleaseRevoked, ReleaseSigned, RequestMade
from contracts.vocabulary import AccessGround, RecordKind, ReleasePurpose, RequestKind, RequestOutcome

ADULT = 18
"""34 CFR 99.3: an eligible student."""
ASKED_OF_A_COLLEGE = frozenset({AccessGround.CONSENT, AccessGround.SCHOOL_OF_ENROLLMENT})
"""The grounds on which a record goes to a college: any other goes to somebody else."""
PROMPT = Due(count=5, kind="school")
"""Practice, where the profile sets no number for rec.prompt-entry."""
ENTERED: tuple[type[Event], ...] = (
    ServiceDelivered, SessionMissed, BenchmarkMeasured, MeetingHeld, AttendanceRecorded, MeetingAttemptRecorded,
)  # fmt: skip
"""Acts of a day that somebody saw and enters: of these the record is worth what its promptness is."""


def answer_of(record: StudentRecord, request: Recorded[RequestMade]) -> Recorded[RequestAnswered] | None:
    """The answer that stands: the last."""
    mine = [e for e in record.of(RequestAnswered) if e.event.request_id == request.event.request_id]
    return mine[-1] if mine else None


def of_their_own(record: StudentRecord, entry: Recorded[DisclosureRecorded]) -> bool:
    """Given to the parent or adult student who held the right to the record on the day (99.10, 300.613)."""
    event = entry.event
    return event.ground is AccessGround.OWN_RECORD and not any(unmet_by(event, record.record_rights))


@rule("idea.iee-answered")
def independent_evaluation_answered(record: StudentRecord) -> Iterator[Finding]:
    """When a parent asks for an independent evaluation at public expense, the district provides it or files for a hearing,
    without unnecessary delay. Refusing without a hearing is neither. Federal law names no number of days."""
    good = {RequestOutcome.GRANTED, RequestOutcome.GRANTED_IN_PART, RequestOutcome.HEARING_FILED}
    for request in record.of(RequestMade):
        if request.event.kind is not RequestKind.INDEPENDENT_EVALUATION:
            continue
        answer, day = answer_of(record, request), request.effective_on
        outcome = answer.event.outcome if answer else None
        on = answer.effective_on if answer and outcome in good else None
        state = (
            {RequestOutcome.WITHDRAWN: State.EXCUSED, RequestOutcome.REFUSED: State.OVERDUE}.get(outcome)
            if outcome
            else None
        )
        yield record.finding(
            "idea.iee-answered", request.id, day,
            f"IEE request {day} refused, no hearing filed." if state is State.OVERDUE else f"IEE request {day} open.",
            state=state, due_on=request.event.due_on or record.due("idea.iee-answered", day), done_on=on,
            kept=f"IEE request {day} withdrawn." if state is State.EXCUSED else f"IEE request {day} answered {on}.",
            due=f"IEE request {day} open.", events=(request, answer), cure="Provide the evaluation, or file for a hearing.",
        )  # fmt: skip


@rule("rec.inspect")
def records_are_shown(record: StudentRecord) -> Iterator[Finding]:
    """Who asks to see the record sees it before any meeting of the team or hearing, and within 45 calendar days at the latest.
    Until they do, a meeting that is set counts while its day is ahead, and one that was held for good.
    That they did is shown by the answer to the request, or by the whole record given to them, who hold the right to it; where
    the request names no holder, to any of them."""
    good = {RequestOutcome.GRANTED, RequestOutcome.GRANTED_IN_PART}
    for request in record.of(RequestMade):
        if request.event.kind is not RequestKind.RECORDS:
            continue
        day, answer = request.effective_on, answer_of(record, request)
        by_count = request.event.due_on or record.due("rec.inspect", day)
        outcome = answer.event.outcome if answer else None
        copies = [
            entry for entry in record.disclosures if entry.effective_on >= day
            and RecordKind.WHOLE_RECORD in entry.event.items and of_their_own(record, entry)
            and request.event.holder_id in (None, entry.event.holder_id)
        ]  # fmt: skip
        shown = [*([answer] if answer and outcome in good else []), *copies]
        first: Recorded[Any] | None = min(shown, key=lambda entry: entry.effective_on, default=None)
        on = first.effective_on if first else None
        met = [
            m.held_on or m.starts_on
            for m in record.meetings
            if m.purpose in OF_THE_IEP_TEAM
            and (m.held_on or (on is None and m.starts_on is not None and m.starts_on >= record.today))
        ]
        due_on = min((each for each in (by_count, *met) if each is not None and each > day), default=None)
        meeting = ", the day of a meeting" if due_on in met else ""
        yield record.finding(
            "rec.inspect", request.id, day,
            f"Request {day} " + (f"answered {on}, due {due_on}." if on else "open, {late} days late."),
            state=State.EXCUSED if outcome is RequestOutcome.WITHDRAWN else None, due_on=due_on, done_on=on,
            kept=f"Request {day} answered {on}." if on else f"Request {day} withdrawn.",
            due=f"Request {day} open, due {due_on}{meeting}.",
            events=(request, answer, first), cure="Show the record.",
        )  # fmt: skip


@rule("rec.amend")
def request_to_amend_the_record_answered(record: StudentRecord) -> Iterator[Finding]:
    """Who asks for the record to be changed is answered in a reasonable time: it is changed and they are told, or it is refused
    and they are told of the right to a hearing. A statement they place in it is kept with it. No number of days is named."""
    yield from waiting(record, "rec.amend")
    for request in record.of(RequestMade):
        if request.event.kind is not RequestKind.AMENDMENT_OF_RECORD:
            continue
        day, answer = request.effective_on, answer_of(record, request)
        outcome = answer.event.outcome if answer else None
        asked = any(e.event.request_id == request.event.request_id for e in record.of(RecordHearingAsked))
        refused = outcome in (RequestOutcome.REFUSED, RequestOutcome.GRANTED_IN_PART)
        untold = refused and not (answer and answer.event.hearing_right_told) and not asked
        on = answer.effective_on if answer and not untold else None
        state = State.EXCUSED if outcome is RequestOutcome.WITHDRAWN else State.OVERDUE if untold else None
        says = (
            f"Request {day} refused, not told of the right to a hearing."
            if untold
            else f"Open since {day}, {{late}} days late."
        )
        yield record.finding(
            "rec.amend", request.id, day, says, state=state, due_on=request.event.due_on or record.due("rec.amend", day),
            done_on=on, kept=f"Request {day} answered {on}.", due=f"Open since {day}.", events=(request, answer),
            cure="Tell them of the right to a hearing." if untold
            else "Change the record and say so, or refuse and tell of the hearing.",
        )  # fmt: skip


@rule("rec.access-log")
def each_disclosure_is_on_record(record: StudentRecord) -> Iterator[Finding]:
    """Each disclosure is on record with party, day, purpose and items. What parents and the district's own staff see is kept
    in the record of access, and asked for by no rule here."""
    logged = {e.event.packet_id: e for e in record.disclosures if e.event.packet_id}
    for packet in record.of(PacketIssued):
        day, entry = packet.effective_on, logged.get(packet.event.packet_id)
        yield record.finding(
            "rec.access-log", packet.id, day, f"Packet {day} unlogged.", state=State.MET if entry else State.OVERDUE, due_on=day,
            done_on=entry.effective_on if entry else None, kept=f"Packet {day} on record: party, day, purpose, items.",
            events=(packet, entry), cure="Record the disclosure.",
        )  # fmt: skip


def _release(
    record: StudentRecord, event: DisclosureRecorded | PacketIssued, day: date
) -> Recorded[ReleaseSigned] | None:
    """The consent that served on the day."""
    if event.release_id is None:
        return None
    gone = {e.event.release_id for e in record.of(ReleaseRevoked) if e.effective_on <= day}
    for signed in record.of(ReleaseSigned):
        runs = signed.event.expires_on is None or day <= signed.event.expires_on
        if (
            signed.event.release_id == event.release_id
            and signed.effective_on <= day
            and runs
            and event.release_id not in gone
        ):
            return signed
    return None


@rule("rec.disclosure-consent")
def disclosed_with_consent_or_ground(record: StudentRecord) -> Iterator[Finding]:
    """Before a part of the record goes to somebody, there is a signed and dated consent that names the records, the purpose and
    the party, or one of the exceptions of 99.31 is named. Whoever holds the right to the record may have it (99.10)."""
    for entry in record.disclosures:
        event, day = entry.event, entry.effective_on
        release, who = _release(record, event, day), event.personal.recipient
        unmet = tuple(unmet_by(event, record.record_rights))
        if event.ground is AccessGround.OWN_RECORD and event.holder_id is None:
            unmet = ()  # Whose right it was could not be said then.
        asked = event.ground is AccessGround.CONSENT
        state = State.MISSED if unmet else State.MET if asked else State.EXCUSED
        why = f": {unmet[0].message}" if unmet and release is not None else " without."
        yield record.finding(
            "rec.disclosure-consent", entry.id, day, f"Sent to {who} on {day}{why}", state=state,
            kept=f"Sent to {who} on {day} under the consent of {release.effective_on}."
            if release else f"Sent to {who} on {day}: {event.ground.value.replace('_', ' ')}.",
            events=(release, entry), cure="Nothing undoes it: tell whoever holds the record rights.",
        )  # fmt: skip


@rule("rec.college")
def students_own_consent_for_a_college(record: StudentRecord) -> Iterator[Finding]:
    """Before a packet goes to a college the student consents, if 18 or enrolled there; a parent's signature is not it. Where the
    district's own default is set aside, 99.31(a)(2) may permit it without. Their own copy, and what goes to others under another
    exception of 99.31, is none."""
    disclosures: list[Recorded[Any]] = [*record.of(PacketIssued), *record.disclosures]
    for entry in disclosures:
        event, day = entry.event, entry.effective_on
        if event.purpose is not ReleasePurpose.COLLEGE or event.ground not in ASKED_OF_A_COLLEGE:
            continue
        if isinstance(event, DisclosureRecorded) and event.packet_id:
            continue
        adult = record.birth_date is not None and reached(record.birth_date, ADULT) <= day
        release = _release(record, event, day)
        by_student = release is not None and record.is_the_student(release.event.holder_id)
        if event.ground is AccessGround.SCHOOL_OF_ENROLLMENT:
            state = State.EXCUSED
        else:
            state = State.MET if release is not None and (by_student or not adult) else State.MISSED
        yield record.finding(
            "rec.college", entry.id, day, f"Packet {day}: signed by parent." if release else f"Packet {day}: signed by nobody.",
            state=state, kept=f"Packet {day}: signed by {'the student' if by_student else 'the parent of a minor'},"
            f" {release.effective_on}." if release else f"Packet {day}: 99.31(a)(2).", events=(release, entry),
            cure="Nothing undoes it: ask the student, and tell them what was sent.",
        )  # fmt: skip


@rule("rec.prompt-entry")
def entered_at_the_time(record: StudentRecord) -> Iterator[Finding]:
    """Practice, not law: what somebody saw is entered at or near the time, which is what makes it evidence (FRE 803(6)). Where
    the profile sets no number, within five school days. A reason given for the delay is kept with it; imports are not asked.
    What was entered together is one finding."""
    late: dict[tuple[str, date], list[Recorded[Any]]] = defaultdict(list)
    for kind in ENTERED:
        for entry in record.of(kind):
            day, on = entry.effective_on, record.recorded_on(entry)
            held = record.rule("rec.prompt-entry", day)
            if getattr(entry.event, "imported", None) is None and held is not None:
                by = record.district.count(day, held.due or PROMPT).on
                if on > by:
                    late[entry.type, on].append(entry)
    for (type_, on), entries in late.items():
        first = min(entry.effective_on for entry in entries)
        why = all(_says_why(entry.event) for entry in entries)
        what = type_.partition(".")[2].replace("_", " ")
        number = (on - first).days
        says = f"{what.capitalize()} of {first}: entered {on}, {number} days after."
        if len(entries) > 1:
            says = f"{len(entries)} of {what}, the first of {first}: entered {on}, up to {number} days after."
        yield record.finding(
            "rec.prompt-entry", f"{type_} {on}", first, says, state=State.EXCUSED if why else State.MET_LATE, done_on=on,
            due_on=record.district.count(first, PROMPT).on, kept=f"{says} The reason is on record.",
            events=entries[:20], facts={"entries": len(entries)}, severity="L",
        )  # fmt: skip


def _says_why(event: Event) -> bool:
    words = getattr(event, "personal", None)
    return getattr(event, "reported", None) is not None or getattr(words, "late_because", None) is not None
