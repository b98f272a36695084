"""The IEP team and its meetings: 34 CFR 300.321, 300.322, 300.324(b)."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from audit_service.domain.findings.benchmarks import missed_objectives
from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import ONE_DAY, Finding, State
from audit_service.domain.findings.meeting import ANNUAL, OF_THE_IEP_TEAM, MeetingFacts
from audit_service.domain.findings.notice import NoticeFacts
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.waiting import waiting
from contracts.event import Recorded
from contracts.meetings import AttendanceRecorded, HolderPerson, StaffPerson
from contracts.plan import ReviewHeld
from contracts.plan_gaps import in_regular_education
from contracts.students import ReleaseSigned
from contracts.vocabulary import Attendance, ExcusalForm, InvitationPart, MeetingRole

_TEAM = {
    MeetingRole.PARENT: "parent",
    MeetingRole.REGULAR_EDUCATION_TEACHER: "regular education teacher",
    MeetingRole.SPECIAL_EDUCATION_TEACHER: "special education teacher",
    MeetingRole.AGENCY_REPRESENTATIVE: "agency representative",
    MeetingRole.INTERPRETS_EVALUATION: "person who can interpret the evaluation",
}
_NOTICE = (
    InvitationPart.PURPOSE,
    InvitationPart.TIME,
    InvitationPart.PLACE,
    InvitationPart.ATTENDEES,
    InvitationPart.RIGHT_TO_BRING_OTHERS,
)
_NOTICE_OF_TRANSITION = (InvitationPart.TRANSITION_PURPOSE, InvitationPart.STUDENT_INVITED)


def held(record: StudentRecord) -> list[MeetingFacts]:
    """Meetings of an IEP team that took place."""
    return [each for each in record.meetings if each.held_on and each.purpose in OF_THE_IEP_TEAM]


@rule("idea.annual-review")
def reviewed_every_year(record: StudentRecord) -> Iterator[Finding]:
    """The team reviews the IEP at least once a year: by the day a year after the last annual meeting. A parent's delay is a
    note and no exception, and an amendment never moves the day."""
    reviews: dict[date, Recorded[Any]] = {}
    for meeting in held(record):
        if meeting.purpose in ANNUAL and meeting.held is not None:
            reviews.setdefault(meeting.held.effective_on, meeting.held)
    of_ieps = {plan.plan_id for plan in record.ieps}
    for review in record.of(ReviewHeld):
        if review.event.plan_id in of_ieps:
            reviews.setdefault(review.effective_on, review)
    for plan in record.ieps:
        for adoption in plan.adoptions:
            if adoption.event.meeting_id is None and not any(
                abs((day - adoption.effective_on).days) <= 60 for day in reviews
            ):
                reviews[adoption.effective_on] = adoption
    days = sorted(reviews)
    for place, day in enumerate(days):
        due_on = _review_due(record, reviews[day], day)
        following = days[place + 1] if place + 1 < len(days) else None
        if due_on is None or not record.ieps:
            continue
        over = (
            following is None
            and record.iep_on(min(due_on, record.today)) is None
            and _ended(record, min(due_on, record.today))
        )
        yield record.finding(
            "idea.annual-review", reviews[day].id, day,
            f"Review due {due_on}, {{late}} late." if following is None
            else f"Review due {due_on}, held {following}, {{late}} days late.",
            state=State.NOT_APPLICABLE if over else None, due_on=due_on, done_on=following,
            kept="The IEP ended before." if over else f"Reviewed on {following}, due {due_on}.",
            due=f"Review due {due_on}.", events=(reviews[day], reviews[following] if following else None),
            cure="Hold the annual meeting.",
        )  # fmt: skip


def _review_due(record: StudentRecord, review: Recorded[Any], day: date) -> date | None:
    by_rule = record.due("idea.annual-review", day)
    said = getattr(review.event, "review_due_on", None)
    return min((each for each in (by_rule, said) if each is not None), default=None)


def _ended(record: StudentRecord, day: date) -> bool:
    return any(end.effective_on <= day for plan in record.ieps for end in plan.ends)


@rule("idea.review-no-progress")
def lack_of_progress_reviewed(record: StudentRecord) -> Iterator[Finding]:
    """Where a benchmark passes without its target being reached, the team meets again, amends the plan or says why not, in a
    reasonable time (300.324(b)(1)(ii)). Federal law names no number."""
    for plan, objective, last in missed_objectives(record):
        due_on = objective.due_on
        assert due_on is not None
        acts: list[Recorded[Any]] = [m.held for m in held(record) if m.held and m.held.effective_on > due_on]
        acts += [a for a in plan.changes if a.effective_on > due_on]
        acts += [
            r for r in record.of(ReviewHeld) if r.event.plan_id == plan.plan_id and r.effective_on > due_on
        ]
        act = min(acts, key=lambda each: each.effective_on, default=None)
        yield record.finding(
            "idea.review-no-progress", objective.id, due_on, f"{{{objective.id}}} off track since {due_on}.",
            due_on=record.due("idea.review-no-progress", due_on), done_on=act.effective_on if act else None,
            kept=f"{{{objective.id}}} off track since {due_on}; looked at on {act.effective_on if act else ''}.",
            due=f"{{{objective.id}}} off track since {due_on}.", events=(last, act), plan=plan.plan_id,
            item=objective.id, cure="Meet, amend the plan, or record why neither is needed.",
        )  # fmt: skip


@rule("idea.team-complete")
def team_is_complete(record: StudentRecord) -> Iterator[Finding]:
    """At each meeting of the team every role is filled by somebody present, or was excused before: parent, regular education
    teacher where the child is or may be in regular education, special education teacher, agency representative, somebody who
    can interpret the evaluation. One person may fill several roles. A parent who was tried to be reached is looked at by
    idea.meeting-attempts."""
    for meeting in held(record):
        assert meeting.held_on is not None
        present, excused = meeting.present(), meeting.excused()
        asked = [role for role in _TEAM if role not in _not_asked(record, meeting)]
        missing = [_TEAM[role] for role in asked if role not in present | excused]
        only_excused = [_TEAM[role] for role in asked if role not in present and role in excused]
        if not meeting.attendance:
            state, says = State.UNPROVEN, f"{meeting.held_on}: nobody's attendance is recorded."
        elif missing:
            state, says = State.MISSED, f"{meeting.held_on}: no {', no '.join(missing)}."
        else:
            state, says = (State.EXCUSED if only_excused else State.MET), ""
        yield record.finding(
            "idea.team-complete", meeting.meeting_id, meeting.held_on, says, state=state,
            kept=f"{meeting.held_on}: excused was {', '.join(only_excused)}." if only_excused
            else f"{meeting.held_on}: every role was there.",
            events=(*meeting.attendance.values(), meeting.held), plan=meeting.plan_id,
            cure="Meet again with whoever was missing.",
        )  # fmt: skip


def _not_asked(record: StudentRecord, meeting: MeetingFacts) -> set[MeetingRole]:
    found: set[MeetingRole] = set()
    if meeting.attempts or (meeting.held and meeting.held.event.parent_present):
        found.add(MeetingRole.PARENT)
    plan = record.iep_on(meeting.held_on) if meeting.held_on else None
    items = plan.items_on(meeting.held_on) if plan and meeting.held_on else {}
    if items and not in_regular_education(items.values()):
        found.add(MeetingRole.REGULAR_EDUCATION_TEACHER)
    return found


@rule("idea.excusal")
def member_excused_beforehand(record: StudentRecord) -> Iterator[Finding]:
    """A member of the team is excused before the meeting only: in writing where their area is not discussed; with the parent's
    written consent and the member's own written input, both before the meeting, where it is. Optional members need none."""
    for meeting in held(record):
        assert meeting.held_on is not None
        for person, entry in meeting.attendance.items():
            if entry.event.attendance is not Attendance.EXCUSED or not set(entry.event.roles) & set(_TEAM):
                continue
            lacks = _lacks(entry, meeting.held_on)
            who = f"{{{person.staff_id}}}" if isinstance(person, StaffPerson) else "A member"
            yield record.finding(
                "idea.excusal", f"{meeting.meeting_id} {entry.id}", meeting.held_on, f"{who} excused without {lacks}.",
                state=State.MISSED if lacks else State.MET, kept=f"{who} was excused from the meeting of {meeting.held_on}.",
                events=(entry, meeting.held), plan=meeting.plan_id,
                cure="Nothing undoes it: offer to meet again with that member.",
            )  # fmt: skip


def _lacks(entry: Recorded[AttendanceRecorded], held_on: date) -> str | None:
    excusal = entry.event.excusal
    if excusal is None:
        return "agreement"
    if excusal.agreed_on > held_on:
        return f"agreement before the meeting (agreed on {excusal.agreed_on})"
    if excusal.form is ExcusalForm.WRITTEN_AGREEMENT:
        return None
    if excusal.input_received_on is None:
        return "input"
    return (
        None
        if excusal.input_received_on <= held_on
        else f"input before the meeting ({excusal.input_received_on})"
    )


@rule("idea.meeting-notice")
def parents_told_of_the_meeting(record: StudentRecord) -> Iterator[Finding]:
    """Parents are told of a meeting early enough to be there: its purpose, time, place, who will attend, and that they may
    bring others; where transition is discussed, that too, and that the student is invited. A notice on the very day is none.
    Federal law names no number of days."""
    yield from waiting(record, "idea.meeting-notice")
    for meeting in record.meetings:
        if meeting.purpose not in OF_THE_IEP_TEAM or meeting.starts_on is None:
            continue
        day = meeting.held_on or meeting.starts_on
        told: list[Recorded[Any]] = [*meeting.invited_holders(), *_notices_of(record, meeting)]
        first = min(told, key=lambda each: each.effective_on, default=None)
        asked: Sequence[InvitationPart] = _NOTICE
        if meeting.scheduled and meeting.scheduled.event.transition_discussed:
            asked = (*_NOTICE, *_NOTICE_OF_TRANSITION)
        said = {part for each in meeting.invited_holders() for part in each.event.parts}
        said |= {
            part
            for n in _noticed(record, meeting)
            if n.rendered
            for part in n.rendered.event.invitation_parts or ()
        }
        lacks = [part.value.replace("_", " ") for part in asked if part not in said]
        latest = _latest_notice(record, day)
        done_on = first.effective_on if first and not lacks else None
        state = None
        if done_on is not None:
            state = State.MET if done_on <= latest else State.MISSED
        elif record.today >= day:
            state = State.MISSED
        before = (day - first.effective_on).days if first else None
        says = f"No notice of the meeting of {day}."
        if first is not None:
            says = f"Meeting of {day}: sent {before} days before" + (
                f"; lacks {', '.join(lacks)}." if lacks else "."
            )
        yield record.finding(
            "idea.meeting-notice", meeting.meeting_id, day, says, state=state, due_on=latest, done_on=done_on,
            kept=f"Meeting of {day}: sent {before} days before.", due=f"Meeting of {day}: no complete notice yet.",
            events=(*told, meeting.held or meeting.scheduled), plan=meeting.plan_id, wakes_on=day if state is None else None,
            cure="Tell the parents: purpose, time, place, attendees, the right to bring others.",
        )  # fmt: skip


def _noticed(record: StudentRecord, meeting: MeetingFacts) -> list[NoticeFacts]:
    """The notices of the meeting that notify-service gave."""
    return [n for n in record.notices.values() if n.meeting_id == meeting.meeting_id and n.given is not None]


def _notices_of(record: StudentRecord, meeting: MeetingFacts) -> list[Recorded[Any]]:
    return [notice.given for notice in _noticed(record, meeting) if notice.given is not None]


def _latest_notice(record: StudentRecord, day: date) -> date:
    due = record.due("idea.meeting-notice", day)
    return due if due is not None and due < day else day - ONE_DAY


@rule("idea.meeting-attempts")
def parents_were_tried_to_be_reached(record: StudentRecord) -> Iterator[Finding]:
    """A meeting is held without a parent only if the district could not convince them to come, and keeps a log of what it
    tried: calls, letters, visits, each with its result."""
    for meeting in held(record):
        assert meeting.held is not None
        if meeting.held.event.parent_present:
            continue
        day, number = meeting.held.effective_on, len(meeting.attempts)
        yield record.finding(
            "idea.meeting-attempts", meeting.meeting_id, day, f"Meeting of {day} without a parent: {number} attempts recorded.",
            state=State.MET if number else State.MISSED,
            kept=f"Meeting of {day} without a parent: {number} attempts recorded.",
            events=(*meeting.attempts, meeting.held), plan=meeting.plan_id,
            cure="Record what was tried, if it was; otherwise meet again with the parents.",
        )  # fmt: skip


@rule("idea.transition-invites")
def student_invited_to_speak_of_transition(record: StudentRecord) -> Iterator[Finding]:
    """Where a meeting discusses transition, the student is always invited, and outside agencies only with consent."""
    for meeting in held(record):
        assert meeting.held is not None
        assert meeting.scheduled is not None
        if not meeting.scheduled.event.transition_discussed:
            continue
        day = meeting.held.effective_on
        agency = any(MeetingRole.TRANSITION_AGENCY in i.roles for i in meeting.scheduled.event.invitees)
        agency = agency or MeetingRole.TRANSITION_AGENCY in meeting.present()
        consent = next((e for e in record.of(ReleaseSigned) if e.effective_on <= day), None)
        state = State.MET if meeting.student_invited() else State.MISSED
        says = f"Meeting of {day}: student not invited."
        if state is State.MET and agency and consent is None:
            state, says = (
                State.UNPROVEN,
                f"Meeting of {day}: an outside agency was invited, no consent is on record.",
            )
        yield record.finding(
            "idea.transition-invites", meeting.meeting_id, day, says, state=state,
            kept=f"Meeting of {day}: the student was invited.",
            events=(meeting.scheduled, consent if agency else None, meeting.held), plan=meeting.plan_id,
            cure="Invite the student and meet again.",
        )  # fmt: skip


def parents_at(meeting: MeetingFacts) -> bool:
    """Somebody who holds rights was there."""
    return bool(meeting.held and meeting.held.event.parent_present) or any(
        isinstance(person, HolderPerson) and entry.event.attendance is Attendance.PRESENT
        for person, entry in meeting.attendance.items()
    )
