"""Notice and agreement: 34 CFR 300.503, 300.300(b)(4), 300.324(a)(4), 300.9."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.evaluation import referrals
from audit_service.domain.findings.finding import ONE_DAY, Finding, State
from audit_service.domain.findings.meeting import OF_THE_IEP_TEAM
from audit_service.domain.findings.notice import NoticeFacts, first_given
from audit_service.domain.findings.plan import PlanFacts
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.waiting import waiting
from contracts.evaluations import EvaluationDeclined
from contracts.event import Recorded
from contracts.notice_time import first_day_of_change
from contracts.plan import (
    AmendmentAdopted,
    ConsentAnswered,
    PlanEnded,
    StaffInformed,
    WrittenAgreement,
)
from contracts.progress import ServiceDelivered
from contracts.vocabulary import ConsentDecision, ConsentMethod, Law, NoticeKind, NoticePart, PlanEnd

ENGLISH = "en"


def _about(record: StudentRecord, plan: PlanFacts, change: Recorded[Any]) -> list[NoticeFacts]:
    """The prior written notices of a change: those it names, those of its amendment, those of the plan since the version
    before, and those that the change itself made owed."""
    event = change.event
    named = set(getattr(event, "notice_ids", ()))
    amendment = getattr(event, "amendment_id", None)
    before = max(
        (c.effective_on for c in plan.changes if c.effective_on < change.effective_on), default=date.min
    )
    return [
        notice
        for notice in record.notices.values()
        if notice.kind is NoticeKind.PRIOR_WRITTEN_NOTICE
        and (
            notice.notice_id in named
            or notice.caused_by == change.id
            or (amendment is not None and notice.amendment_id == amendment)
            or (
                amendment is None
                and notice.amendment_id is None
                and notice.plan_id == plan.plan_id
                and before < (notice.given_on or before)
            )
        )
    ]


def _first_given(notices: Iterable[NoticeFacts]) -> NoticeFacts | None:
    given = [notice for notice in notices if notice.given_on is not None]
    return min(given, key=lambda each: each.given_on or date.max, default=None)


@rule("idea.pwn-before")
def notice_before_the_change(record: StudentRecord) -> Iterator[Finding]:
    """Prior written notice is given a reasonable time before a plan, its amendment or its end takes effect, and of each
    refusal; even if the parent asked or agreed. Where the state sets a number of days, so many lie between; elsewhere a day
    at least: notice on the day itself comes with the change, not before it. The holder may let it begin sooner where the
    state lets them."""
    for plan in record.ieps:
        changes: list[Recorded[Any]] = [*plan.changes, *plan.ends]
        for change in changes:
            if isinstance(change.event, PlanEnded) and change.event.reason in {
                PlanEnd.TRANSFERRED,
                PlanEnd.DEATH,
            }:
                continue
            notice = _first_given(_about(record, plan, change))
            day = change.effective_on
            given_on = notice.given_on if notice else None
            latest = _latest(record, plan, change)
            in_time = (
                given_on is not None and _binds_from(record, given_on, waived=_waived(change, plan)) <= day
            )
            says = f"Effective {day}, notice {given_on}." if given_on else f"Effective {day}, no notice."
            yield record.finding(
                "idea.pwn-before", change.id, day, says,
                state=State.MET if in_time else State.MET_LATE if given_on else None, due_on=latest, done_on=given_on,
                kept=f"Effective {day}, notice {given_on}.", events=(notice.given if notice else None, change),
                plan=plan.plan_id, cure="Give prior written notice now, and say since when the change binds.",
            )  # fmt: skip
    yield from waiting(record, "idea.pwn-before")
    of_504_alone = referrals(record, Law.SECTION_504).keys() - referrals(record, Law.IDEA).keys()
    for declined in record.of(EvaluationDeclined):
        if declined.event.evaluation_id in of_504_alone:
            continue
        notice = first_given(record.notices.values(), declined, NoticeKind.PRIOR_WRITTEN_NOTICE)
        given_on, day = notice.given_on if notice else None, declined.effective_on
        yield record.finding(
            "idea.pwn-before", declined.id, day, f"Refused {day}, notice {given_on or 'none'}.", due_on=day, done_on=given_on,
            kept=f"Refused {day}, notice {given_on}.", events=(notice.given if notice else None, declined),
            cure="Give prior written notice of the refusal.",
        )  # fmt: skip


def _waived(change: Recorded[Any], plan: PlanFacts) -> bool:
    amendment = getattr(change.event, "amendment_id", None)
    return any(
        isinstance(e.event, ConsentAnswered)
        and e.event.amendment_id == amendment
        and e.event.counts
        and e.event.waives_time
        for e in plan.history.entries
        if amendment is not None
    )


def _binds_from(record: StudentRecord, given_on: date, *, waived: bool) -> date:
    due = record.district.rules_on(given_on).rule("idea.pwn-before").due
    least = given_on + ONE_DAY
    if due is None or waived:
        return least
    return max(least, first_day_of_change(given_on, 0, due, record.district.calendar) or date.max)


def _latest(record: StudentRecord, _plan: PlanFacts, change: Recorded[Any]) -> date:
    due = record.due("idea.pwn-before", change.effective_on)
    return min(due, change.effective_on - ONE_DAY) if due else change.effective_on - ONE_DAY


@rule("idea.pwn-content")
def notice_says_seven_things(record: StudentRecord) -> Iterator[Finding]:
    """Each prior written notice says seven things: the action; why; each evaluation, record or report used; the safeguards and
    where the booklet is; whom to ask; other options and why they were rejected; other factors. ``None`` said is said."""
    numbers = {part: n for n, part in enumerate(NoticePart, 1)}
    for notice in record.notices.values():
        if notice.kind is not NoticeKind.PRIOR_WRITTEN_NOTICE or notice.rendered is None:
            continue
        lacks = [part for part in NoticePart if part not in notice.rendered.event.parts]
        day = notice.rendered.effective_on
        words = ", ".join(f"{numbers[part]} ({part.value.replace('_', ' ')})" for part in lacks)
        yield record.finding(
            "idea.pwn-content", notice.notice_id, day, f"Notice of {day}: part {words} missing.",
            state=State.MISSED if lacks else State.MET, kept=f"Notice of {day}: all seven parts.", events=(notice.rendered,),
            plan=notice.plan_id, cure="Send a notice that says what was missing.",
        )  # fmt: skip


@rule("idea.language")
def told_in_their_language(record: StudentRecord) -> Iterator[Finding]:
    """Each notice is in the language of whoever gets it, or told aloud where writing does not serve, and at each meeting with
    a parent of another language than English somebody interprets."""
    for notice in record.notices.values():
        if notice.rendered is None or notice.holder_id is None:
            continue
        wanted = _language_of(record, notice)
        used = notice.rendered.event.language
        if wanted is None:
            continue
        told = notice.told
        same = _primary(used) == _primary(wanted)
        day = notice.rendered.effective_on
        yield record.finding(
            "idea.language", f"notice {notice.notice_id}", day,
            f"Notice of {day}: {'English' if _primary(used) == ENGLISH else used} only; home {wanted}.",
            state=State.MET if same else State.EXCUSED if told else State.MISSED,
            kept=f"Notice of {day}: in {used}." if same else f"Notice of {day}: in {used}, told aloud.",
            events=(notice.rendered, notice.given), plan=notice.plan_id, cure="Give it in the language of the home, or tell it.",
        )  # fmt: skip
    for meeting in record.meetings:
        if (
            meeting.held is None
            or not meeting.held.event.parent_present
            or meeting.purpose not in OF_THE_IEP_TEAM
        ):
            continue
        day = meeting.held.effective_on
        languages = {_primary(holder.language) for holder in record.holders_on(day)} - {ENGLISH}
        if not languages:
            continue
        spoken = meeting.held.event.interpreter_language
        yield record.finding(
            "idea.language", f"meeting {meeting.meeting_id}", day,
            f"Meeting of {day}: English only; home {', '.join(sorted(languages))}.",
            state=State.MET if spoken and _primary(spoken) in languages else State.MISSED,
            kept=f"Meeting of {day}: interpreted into {spoken}.", events=(meeting.held,), plan=meeting.plan_id,
            cure="Meet again with an interpreter, or explain what was decided in the language of the home.",
        )  # fmt: skip


def _language_of(record: StudentRecord, notice: NoticeFacts) -> str | None:
    if notice.owed is not None:
        return notice.owed.event.language
    holder = record.holder(notice.holder_id) if notice.holder_id else None
    return holder.language if holder else record.home_language


def _primary(tag: str) -> str:
    return tag.partition("-")[0]


@rule("idea.revocation")
def notice_before_services_stop(record: StudentRecord) -> Iterator[Finding]:
    """When consent to all services is taken back in writing, prior written notice comes first, then the services stop; none is
    given after. Taken back orally it does not count. What was recorded stays."""
    for plan in record.ieps:
        for end in plan.ends:
            if end.event.reason is not PlanEnd.CONSENT_REVOKED:
                continue
            day, revocation = end.effective_on, end.event.revocation
            oral = revocation is not None and revocation.method is ConsentMethod.ORAL
            notice = _first_given(_about(record, plan, end))
            told = notice is not None and notice.given_on is not None and notice.given_on < day
            after = [
                e
                for e in record.of(ServiceDelivered)
                if e.event.plan_id == plan.plan_id and e.effective_on >= day
            ]
            says = (
                f"Stopped {day} before PWN."
                if not told
                else f"Stopped {day}; a service was given on {after[0].effective_on if after else ''}."
            )
            yield record.finding(
                "idea.revocation", end.id, day, says,
                state=State.NOT_APPLICABLE if oral else State.MET if told and not after else State.MISSED,
                kept="Revoked orally only." if oral else f"Notice {notice.given_on if notice else ''}, stopped {day}.",
                events=(notice.given if notice else None, end, *after[:1]), plan=plan.plan_id,
                cure="Give prior written notice now." if not told else "Stop the services.",
            )  # fmt: skip


@rule("idea.amendment-agreed")
def amendment_without_meeting_was_agreed(record: StudentRecord) -> Iterator[Finding]:
    """An IEP is changed without a meeting only where parent and district agree not to meet; we ask for it in writing. The
    change is a written document, which the record itself keeps."""
    for plan in record.ieps:
        for change in plan.amendments:
            proposal = plan.proposal_of(change.event.amendment_id)
            if proposal is None or not isinstance(proposal.event.basis, WrittenAgreement):
                continue
            basis, day, number = proposal.event.basis, change.effective_on, plan.number_of(change)
            signed = [
                e
                for e in plan.history.entries
                if isinstance(e.event, ConsentAnswered) and _signs(e.event, change)
            ]
            if not basis.holder_ids or basis.agreed_on > day:
                state = State.MISSED
            else:
                state = State.MET if basis.document or signed else State.UNPROVEN
            yield record.finding(
                "idea.amendment-agreed", change.id, day,
                f"No agreement for v{number}." if state is State.MISSED
                else f"v{number}: an agreement of {basis.agreed_on} is claimed, nothing in writing shows it.",
                state=state, kept=f"v{number}: agreed in writing, {basis.agreed_on}.", events=(proposal, *signed, change),
                plan=plan.plan_id, cure="File the signed agreement, or hold a meeting.",
            )  # fmt: skip


def _signs(answer: ConsentAnswered, change: Recorded[AmendmentAdopted]) -> bool:
    return (
        answer.amendment_id == change.event.amendment_id
        and answer.counts
        and answer.decision is ConsentDecision.ACCEPTED
        and answer.method is not ConsentMethod.ORAL
    )


@rule("idea.amendment-told")
def team_is_told_of_an_amendment(record: StudentRecord) -> Iterator[Finding]:
    """After an amendment the members of the team are told of it, in a reasonable time; the parents get a copy when they ask.
    The team is the staff of the last meeting of the team before it."""
    for plan in record.ieps:
        for change in plan.amendments:
            day = change.effective_on
            met = [
                m for m in record.meetings if m.held_on and m.held_on <= day and m.purpose in OF_THE_IEP_TEAM
            ]
            team = max(met, key=lambda m: m.held_on or date.min).staff() if met else frozenset()
            proposal = plan.proposal_of(change.event.amendment_id)
            since = proposal.effective_on if proposal else day
            for person in sorted(team, key=str):
                told = [
                    e for e in record.of(StaffInformed)
                    if e.event.plan_id == plan.plan_id and e.event.staff_id == person and e.effective_on >= since
                ]  # fmt: skip
                on = told[0].effective_on if told else None
                yield record.finding(
                    "idea.amendment-told", f"{change.id} {person}", day, f"{{{person}}} not told of v{plan.number_of(change)}.",
                    due_on=record.due("idea.amendment-told", day), done_on=on,
                    kept=f"{{{person}}} told of v{plan.number_of(change)} on {on}.",
                    due=f"{{{person}}} not told of v{plan.number_of(change)} yet.", events=(*told[:1], change),
                    plan=plan.plan_id, cure="Tell every member of the team.",
                )  # fmt: skip


@rule("idea.partial-consent")
def only_what_was_agreed_changes(record: StudentRecord) -> Iterator[Finding]:
    """Where the state or the district honours an answer in part, only the items agreed to change; what was refused stays as it
    was. In other states it is not asked: federally only an objection to all services counts."""
    for plan in record.ieps:
        for change in plan.amendments:
            day = change.effective_on
            profile = record.district.profile_on(day)
            if record.rule("idea.partial-consent", day) is None and not (profile and profile.partial_consent):
                continue
            answers: dict[Any, Recorded[Any]] = {}
            for entry in plan.history.entries:
                event = entry.event
                if (
                    isinstance(event, ConsentAnswered)
                    and event.amendment_id == change.event.amendment_id
                    and event.counts
                ):
                    answers |= dict.fromkeys(event.items, entry)
            refused = {i for i, e in answers.items() if e.event.decision is ConsentDecision.REFUSED}
            if not refused:
                continue
            changed = sorted({c.item_id for c in change.event.changes} & refused, key=str)
            named = ", ".join(f"{{{item}}}" for item in changed or sorted(refused, key=str))
            yield record.finding(
                "idea.partial-consent", change.id, day, f"{named} changed though refused.",
                state=State.MISSED if changed else State.MET, kept=f"{named} refused and left as it was.",
                events=(*dict.fromkeys(answers.values()), change), plan=plan.plan_id,
                cure="Withdraw the change of what was refused.",
            )  # fmt: skip
