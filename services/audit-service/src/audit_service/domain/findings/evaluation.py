"""From referral to eligibility under IDEA: 34 CFR 300.300-300.311, and the IEP meeting that follows (300.323(c)(1))."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import Finding, State
from audit_service.domain.findings.meeting import ANNUAL
from audit_service.domain.findings.notice import first_given_of_any
from audit_service.domain.findings.record import StudentRecord
from contracts.evaluations import (
    EligibilityDetermined,
    EvaluationCompleted,
    EvaluationConsentAnswered,
    EvaluationConsentAsked,
    EvaluationDeclined,
    EvaluationExtended,
    IdeaDetermination,
    ReevaluationWaived,
    ReferralReceived,
    ReferralWithdrawn,
)
from contracts.event import Recorded
from contracts.initial_services import ServicesConsentAnswered
from contracts.protection import EVALUATED_BY, protected_by
from contracts.transfers import TransferReceived
from contracts.vocabulary import (
    ClockEnd,
    ConsentDecision,
    EvaluationKind,
    Law,
    MeetingPurpose,
    NoticeKind,
    PlanEnd,
)


def referrals(record: StudentRecord, law: Law) -> dict[UUID, Recorded[ReferralReceived]]:
    """The referral by which each evaluation under a law began."""
    return {e.event.evaluation_id: e for e in record.of(ReferralReceived) if law in e.event.laws}


def completed(record: StudentRecord, law: Law) -> list[Recorded[EvaluationCompleted]]:
    """Evaluations completed under a law, by their days; one that began without a referral counts under any."""
    of_law = referrals(record, law)
    other = {e.event.evaluation_id for e in record.of(ReferralReceived)} - set(of_law)
    found = [e for e in record.of(EvaluationCompleted) if e.event.evaluation_id not in other]
    return sorted(found, key=lambda each: each.effective_on)


def found_eligible(record: StudentRecord) -> list[Recorded[EligibilityDetermined]]:
    """Determinations that the student is eligible under IDEA."""
    return [e for e in record.of(EligibilityDetermined) if _idea(e, eligible=True)]


def found_ineligible(record: StudentRecord) -> list[Recorded[EligibilityDetermined]]:
    """Determinations that the student is not."""
    return [e for e in record.of(EligibilityDetermined) if _idea(e, eligible=False)]


def _idea(entry: Recorded[EligibilityDetermined], *, eligible: bool) -> bool:
    said = entry.event.determination
    return (
        isinstance(said, IdeaDetermination) and (said.eligible and said.needs_special_education) is eligible
    )


def protected_on(record: StudentRecord, day: date) -> frozenset[Law]:
    """The laws that protect the student on a day, also before there is a plan (300.530(a), 300.534)."""
    in_effect = [Law.IDEA] if record.iep_on(day) is not None else []
    in_effect += [Law.SECTION_504 for plan in record.plans_504 if plan.binds_on(day)]
    evaluations = [entry.event for kind in EVALUATED_BY for entry in record.of(kind)]
    return protected_by(evaluations, in_effect, day)


def services_refused(record: StudentRecord) -> Recorded[ServicesConsentAnswered] | None:
    """The refusal of first services that stands; a later consent takes it back."""
    counted = [e for e in record.of(ServicesConsentAnswered) if e.event.counts]
    last = max(counted, key=lambda each: each.effective_on, default=None)
    return last if last is not None and last.event.decision is ConsentDecision.REFUSED else None


@rule("idea.referral-answered")
def referral_answered(record: StudentRecord) -> Iterator[Finding]:
    """A referral is answered in a reasonable time: the district proposes to evaluate, with prior written notice and a request
    for consent, or refuses with prior written notice. Federal law names no number; where the state does, the time runs from
    the day of the referral."""
    withdrawn = {e.event.evaluation_id: e for e in record.of(ReferralWithdrawn)}
    for evaluation, referral in referrals(record, Law.IDEA).items():
        askings = [e for e in record.of(EvaluationConsentAsked) if e.event.evaluation_id == evaluation]
        declined = next(
            (e for e in record.of(EvaluationDeclined) if e.event.evaluation_id == evaluation), None
        )
        answers: Sequence[Recorded[Any]] = askings or ([declined] if declined else [])
        answer = next(iter(answers), None)
        notice = first_given_of_any(record.notices.values(), answers, NoticeKind.PRIOR_WRITTEN_NOTICE)
        given_on = notice.given_on if notice else None
        done_on = max(answer.effective_on, given_on) if answer and given_on else None
        state = None
        if evaluation in withdrawn:
            state = State.EXCUSED
        elif answer is not None and given_on is None:
            state = State.UNPROVEN
        day = referral.effective_on
        says = (
            f"Referral {day}: answered on {answer.effective_on}, no prior written notice is shown as given."
            if answer is not None and given_on is None
            else f"Referral {day}: no proposal, no refusal."
            if done_on is None
            else f"Referral {day}: answered on {done_on}, {{late}} days late."
        )
        yield record.finding(
            "idea.referral-answered", evaluation, day, says, state=state,
            due_on=referral.event.answer_due_on or record.due("idea.referral-answered", day), done_on=done_on,
            kept="The referral was taken back." if evaluation in withdrawn else f"Referral {day}: answered on {done_on}.",
            due=f"Referral {day}: no answer yet.",
            events=(referral, withdrawn.get(evaluation), answer, notice.given if notice else None),
            cure="Propose to evaluate and ask for consent, or refuse; give prior written notice of either.",
        )  # fmt: skip


def began_testing(done: Recorded[EvaluationCompleted]) -> date | None:
    """The first day on which anything was assessed that needs consent; ``None``: nothing did."""
    return min((each.done_on for each in done.event.assessments if not each.existing), default=None)


def consents(record: StudentRecord, evaluation: UUID) -> list[Recorded[EvaluationConsentAnswered]]:
    """Consents that count to one evaluation, by their days."""
    found = [
        e
        for e in record.of(EvaluationConsentAnswered)
        if e.event.evaluation_id == evaluation
        and e.event.counts
        and e.event.decision is ConsentDecision.ACCEPTED
    ]
    return sorted(found, key=lambda each: each.effective_on)


@rule("idea.evaluation-consent")
def evaluation_consent(record: StudentRecord) -> Iterator[Finding]:
    """Before anything is tested, whoever decides for the student consents in writing. Existing data and tests that all take
    need none; a hearing decision, the rules for wards of the state and, for a reevaluation, no answer after reasonable
    efforts are exceptions on record."""
    yield from consent_before_testing(record, "idea.evaluation-consent", Law.IDEA)


def consent_before_testing(record: StudentRecord, rule_id: str, law: Law) -> Iterator[Finding]:
    """Whether each evaluation under a law began with a consent."""
    began_by = referrals(record, law)
    for done in completed(record, law):
        evaluation = done.event.evaluation_id
        referral = began_by.get(evaluation)
        began = began_testing(done)
        if law is Law.SECTION_504 and (
            referral is None
            or referral.event.kind is not EvaluationKind.INITIAL
            or Law.IDEA in referral.event.laws
        ):
            continue
        consent = next(iter(consents(record, evaluation)), None)
        if began is None:
            state = State.EXCUSED
        elif consent is not None and consent.effective_on <= began:
            state = State.MET
        else:
            state = State.EXCUSED if done.event.without_consent else State.MISSED
        why = (done.event.without_consent or "existing data").replace("_", " ")
        yield record.finding(
            rule_id, evaluation, began or done.effective_on,
            f"Testing began {began} without consent." if consent is None
            else f"Testing began {began}, consent came on {consent.effective_on}.",
            state=state, done_on=consent.effective_on if consent else None,
            kept=f"Consent of {consent.effective_on if consent else ''}, testing began {began}."
            if state is State.MET else f"No consent needed: {why}.",
            events=(consent, done), cure="Nothing undoes it: record why, and get consent before anything more is tested.",
        )  # fmt: skip


@rule("idea.evaluation-60")
def evaluation_in_time(record: StudentRecord) -> Iterator[Finding]:
    """The first evaluation is done within 60 calendar days of the consent, or the state's time; summer counts. The state
    names what ends it. It is longer only where the child is repeatedly not produced, moved in while another agency's time
    ran and a day was agreed, or a specific learning disability was suspected and the extension agreed in writing."""
    began_by = referrals(record, Law.IDEA)
    for evaluation, referral in began_by.items():
        if referral.event.kind is not EvaluationKind.INITIAL:
            continue
        consent = next(iter(consents(record, evaluation)), None)
        if consent is None:
            continue
        day = consent.event.received_on
        held = record.rule("idea.evaluation-60", day)
        extended = [
            e for e in record.of(EvaluationExtended) if e.event.evaluation_id == evaluation and e.event.counts
        ]
        due_on = consent.event.due_on or record.due("idea.evaluation-60", day)
        if extended:
            due_on = extended[-1].event.due_on
        ended = _end_of_clock(record, evaluation, consent)
        length = held.due.count if held and held.due else 60
        number = (ended.effective_on - day).days if ended else None
        state = State.EXCUSED if extended and due_on is None else None
        yield record.finding(
            "idea.evaluation-60", evaluation, day,
            "Evaluation {late} days late." if ended is None
            else f"Evaluation {{late}} days late: done on {ended.effective_on}, due {due_on}.",
            state=state, due_on=due_on, done_on=ended.effective_on if ended else None,
            kept="The child was repeatedly not produced: no time runs." if state else
            f"Evaluation done on {ended.effective_on if ended else ''}, day {number} after the consent, due {due_on}.",
            due=f"Evaluation due {due_on}.", events=(consent, *extended, ended),
            facts={"consent received": day, "day": number, "days allowed": length,
                   "calendar days allowed": (due_on - day).days if due_on else None},
            cure="Complete the evaluation.",
        )  # fmt: skip


def _end_of_clock(
    record: StudentRecord, evaluation: UUID, consent: Recorded[EvaluationConsentAnswered]
) -> Recorded[Any] | None:
    ends = consent.event.clock_ends_with or ClockEnd.EVALUATION_COMPLETED
    if ends is ClockEnd.EVALUATION_COMPLETED:
        return next((e for e in record.of(EvaluationCompleted) if e.event.evaluation_id == evaluation), None)
    if ends is ClockEnd.ELIGIBILITY_DETERMINED:
        return next(
            (e for e in record.of(EligibilityDetermined) if e.event.evaluation_id == evaluation), None
        )
    if ends is ClockEnd.MEETING_HELD:
        of_it = {MeetingPurpose.ELIGIBILITY, MeetingPurpose.INITIAL, MeetingPurpose.REEVALUATION}
        held = [m.held for m in record.meetings if m.held and m.purpose in of_it]
        return next((h for h in held if h.effective_on >= consent.event.received_on), None)
    since = consent.event.received_on
    return next((a for plan in record.ieps for a in plan.adoptions if a.effective_on >= since), None)


@rule("idea.reevaluation-3y")
def reevaluated_every_three_years(record: StudentRecord) -> Iterator[Finding]:
    """A student with an IEP is evaluated again at least every three years, unless the parent and the district agree, before
    that day, that it is unnecessary; and not twice within a year unless they agree. Three years run from the day on which
    the last evaluation was complete."""
    done: list[tuple[date, Recorded[Any]]] = [(e.effective_on, e) for e in completed(record, Law.IDEA)]
    done += [(e.event.evaluated_on, e) for e in record.of(TransferReceived) if e.event.evaluated_on]
    waived = [e for e in record.of(ReevaluationWaived) if e.event.counts]
    starts = sorted([*done, *((e.event.due_on, e) for e in waived)], key=lambda each: each[0])
    for place, (day, entry) in enumerate(starts):
        due_on = record.due("idea.reevaluation-3y", day)
        if due_on is None or not _has_iep_after(record, day):
            continue
        following = starts[place + 1] if place + 1 < len(starts) else None
        waiver = next((e for e in waived if e.event.due_on == due_on), None)
        ended = _ended_before(record, due_on)
        if following is not None and waiver is not None and following[1] is waiver:
            state, kept = State.EXCUSED, f"Agreed to be unnecessary on {waiver.effective_on}."
        elif following is None and ended is not None:
            state, kept = State.NOT_APPLICABLE, f"The IEP ended on {ended}."
        else:
            state, kept = None, f"Evaluated again on {following[0] if following else ''}, due {due_on}."
        yield record.finding(
            "idea.reevaluation-3y", f"due {entry.id}", day,
            f"Triennial due {due_on}, {{late}} days late.", state=state, due_on=due_on,
            done_on=following[0] if following else None, kept=kept, due=f"Triennial due {due_on}.",
            events=(entry, following[1] if following else None), cure="Reevaluate the student.",
        )  # fmt: skip
    yield from _twice_in_a_year(record, done)


def _twice_in_a_year(record: StudentRecord, done: Sequence[tuple[date, Recorded[Any]]]) -> Iterator[Finding]:
    for (before, earlier), (day, later) in pairwise(sorted(done, key=lambda each: each[0])):
        event = later.event
        if not isinstance(event, EvaluationCompleted) or (day - before).days >= 365:
            continue
        referral = referrals(record, Law.IDEA).get(event.evaluation_id)
        if referral is None or referral.event.kind is not EvaluationKind.REEVALUATION:
            continue
        agreed = referral.event.agreed_by is not None
        yield record.finding(
            "idea.reevaluation-3y", f"again {later.id}", day,
            f"Evaluated on {before} and again on {day}, within a year, and nobody agreed to it.",
            state=State.MET if agreed else State.MISSED,
            kept=f"Evaluated again on {day}, within a year, as agreed.", events=(earlier, referral, later),
        )  # fmt: skip


def _has_iep_after(record: StudentRecord, day: date) -> bool:
    return any(
        plan.binds_on(max(day, turning)) for plan in record.ieps for turning in (day, *plan.turning_days)
    )


def _ended_before(record: StudentRecord, day: date) -> date | None:
    until = min(day, record.today)
    if record.iep_on(until) is not None:
        return None
    return max(
        (e.effective_on for plan in record.ieps for e in plan.ends if e.effective_on <= until), default=None
    )


@rule("idea.evaluation-before-exit")
def evaluated_before_eligibility_ends(record: StudentRecord) -> Iterator[Finding]:
    """Before a student is held to be no longer eligible, they are evaluated. Not asked where eligibility ends with a regular
    diploma or by age, or where the parent revokes consent to all services."""
    exceptions = {PlanEnd.GRADUATED, PlanEnd.REACHED_MAXIMUM_AGE, PlanEnd.CONSENT_REVOKED}
    for plan in record.ieps:
        for end in plan.ends:
            day, reason = end.effective_on, end.event.reason
            if reason not in {*exceptions, PlanEnd.NO_LONGER_ELIGIBLE}:
                continue
            first = plan.adoptions[0].effective_on
            done = [e for e in completed(record, Law.IDEA) if first <= e.effective_on <= day]
            state = State.MET if done else State.MISSED
            yield record.finding(
                "idea.evaluation-before-exit", end.id, day, f"Ended on {day} without evaluation.",
                state=State.NOT_APPLICABLE if reason in exceptions else state,
                kept=f"Ended on {day}: {reason.value.replace('_', ' ')}."
                if reason in exceptions or not done else f"Evaluated on {done[-1].effective_on}, ended on {day}.",
                events=(*done[-1:], end), plan=plan.plan_id, cure="Reopen the plan, or evaluate now and decide again.",
            )  # fmt: skip


@rule("idea.iep-30")
def iep_meeting_within_30_days(record: StudentRecord) -> Iterator[Finding]:
    """Within 30 calendar days of the determination that a child is eligible, the team meets to make the first IEP. Where
    whoever decides refuses the services, no meeting is owed."""
    for entry in found_eligible(record):
        day = entry.effective_on
        if record.iep_on(day) is not None:
            continue
        due_on = record.due("idea.iep-30", day)
        met = sorted(
            (
                m.held
                for m in record.meetings
                if m.held and m.purpose in ANNUAL and m.held.effective_on >= day
            ),
            key=lambda each: each.effective_on,
        )
        held = met[0] if met else None
        refused = services_refused(record)
        yield record.finding(
            "idea.iep-30", entry.id, day,
            f"IEP meeting due {due_on}" + (", {late} days late." if held is None else f", held {held.effective_on}."),
            state=State.EXCUSED if refused is not None and held is None else None, due_on=due_on,
            done_on=held.effective_on if held else None,
            kept=f"IEP meeting held {held.effective_on}, due {due_on}." if held else "The services were refused.",
            due=f"IEP meeting due {due_on}.", events=(entry, refused if held is None else None, held),
            cure="Hold the meeting.",
        )  # fmt: skip


@rule("idea.in-effect-start")
def iep_in_effect_when_school_begins(record: StudentRecord) -> Iterator[Finding]:
    """On the first day of each school year every eligible child has an IEP in effect; not one who has left, is no longer
    eligible, or whose services were refused."""
    eligible = min((e.effective_on for e in found_eligible(record)), default=None)
    began = min((plan.adoptions[0].effective_on for plan in record.ieps), default=None)
    since = min((day for day in (eligible, began) if day is not None), default=None)
    if since is None:
        return
    for year in record.district.calendar:
        first = year.first_on
        if first <= since:
            continue
        if first > record.today:
            yield record.finding(
                "idea.in-effect-start", first, first, f"No IEP on {first}.", state=State.DUE, due_on=first,
                due=f"School begins on {first}: an IEP is to be in effect.", wakes_on=first,
            )  # fmt: skip
            break
        plan = record.iep_on(first)
        over = _over_before(record, first)
        refused = services_refused(record)
        later = [t for each in record.ieps for t in each.turning_days if t > first and each.binds_on(t)]
        state = State.MET if plan else None
        if plan is None and (over or refused):
            state = State.EXCUSED
        yield record.finding(
            "idea.in-effect-start", first, first, f"No IEP on {first}" + (f", one since {min(later)}." if later else "."),
            state=state, due_on=first, done_on=first if plan else min(later, default=None),
            kept=f"An IEP was in effect on {first}." if plan else over or "The services were refused.",
            due=f"No IEP on {first}.", events=(plan.adoption_on(first) if plan else None, refused if not plan else None),
            plan=plan.plan_id if plan else None, cure="Make an IEP and put it into effect.",
        )  # fmt: skip


def _over_before(record: StudentRecord, day: date) -> str | None:
    ends = [e for plan in record.ieps for e in plan.ends if e.effective_on <= day]
    if ends:
        last = max(ends, key=lambda each: each.effective_on)
        return f"The IEP ended on {last.effective_on}: {last.event.reason.value.replace('_', ' ')}."
    no = [e for e in found_ineligible(record) if e.effective_on <= day]
    yes = [e for e in found_eligible(record) if e.effective_on <= day]
    if no and (not yes or max(e.effective_on for e in no) > max(e.effective_on for e in yes)):
        return "No longer eligible."
    return None
