"""Is it a change of placement, and is the behavior a manifestation of the disability: 34 CFR 300.530(e)-(h), 300.536, 104.35."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from contracts.discipline import (
    DisciplineEvent,
    ManifestationDetermined,
    ManifestationFollowed,
    ManifestationPersonalData,
    ManifestationStepPersonalData,
    RemovalDecided,
    RemovalDecisionPersonalData,
)
from contracts.district import SchoolYear
from contracts.evaluations import GroupMember
from contracts.fields import ExternalId, StaffId
from contracts.meetings import Guest, GuestPerson, HolderPerson
from contracts.problems import NotFound, Reason
from contracts.removal_days import removed_days, review_due_on
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Attendance, Law, ManifestationStep, MeetingRole, RemovalGround
from plan_service.domain.eligibility import KNOWLEDGE
from plan_service.domain.identity import must_be_known
from plan_service.domain.rights_holder import must_be_around
from plan_service.domain.rules import UnmetRules, cannot_be_true, done_on, settle
from plan_service.domain.student import Student
from plan_service.domain.team import TeamMeeting

FACTORS = {
    "behavior": "how far the behavior is like that which led to the earlier removals",
    "length": "the length of each removal",
    "total": "the total time",
    "closeness": "how near the removals lie to each other",
}
"""Looked at case by case, 300.536(a)(2)."""


class RemovalDecisionRefused(UnmetRules):
    """The decision does not say what it rests on."""

    code = "removal-decision-refused"
    what = "This decision"


class ManifestationRefused(UnmetRules):
    """Those who must have not taken part, or nothing was looked at."""

    code = "manifestation-refused"
    what = "This determination"


@dataclass(frozen=True, slots=True)
class DecideRemovals:
    """Whether removals are a change of placement."""

    removal_decision_id: UUID
    ground: RemovalGround
    removal_ids: tuple[UUID, ...]
    change_of_placement: bool
    today: date
    calendar: Sequence[SchoolYear]
    decided_on: date | None = None
    similar_behavior: bool | None = None
    factors: RemovalDecisionPersonalData | None = None
    decided_by: tuple[StaffId, ...] = ()
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class DetermineManifestation:
    """The group answers both questions."""

    manifestation_id: UUID
    removal_decision_id: UUID
    law: Law
    by_disability: bool
    by_failure: bool
    today: date
    determined_on: date | None = None
    current_drug_use: bool = False
    members: tuple[GroupMember, ...] = ()
    guests: tuple[Guest, ...] = ()
    meeting: TeamMeeting | None = None
    sources: tuple[str, ...] = ()
    basis: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class FollowManifestation:
    """What follows from it was done."""

    manifestation_id: UUID
    manifestation_step_id: UUID
    step: ManifestationStep
    today: date
    done_on: date | None = None
    staff_id: StaffId | None = None
    document: DocumentRef | None = None
    words: str | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def decide_removals(student: Student, command: DecideRemovals) -> list[DisciplineEvent]:
    """Record the decision, with its factors; of a change of placement the review is due ten school days later."""
    student_id = must_be_known(student)
    decided_on = done_on(command.decided_on, command.reported, command.today, "decided")
    removals = []
    for place, removal_id in enumerate(command.removal_ids):
        known = student.discipline.removals.get(removal_id)
        if known is None:
            raise cannot_be_true("unknown-removal", "This student has no such removal.", f"/removals/{place}")
        removals.append(known)
    special = command.ground is RemovalGround.SPECIAL_CIRCUMSTANCE
    if special and not any(removal.circumstance for removal in removals):
        raise cannot_be_true(
            "no-special-circumstance", "None of these was for weapons, drugs or injury.", "/ground"
        )
    days = sum(removed_days(removals, command.calendar).values(), Decimal(0))
    due_on = review_due_on(decided_on, command.calendar) if command.change_of_placement else None
    unmet = (*_longer_than_ten(command), *lacks_a_factor(command))
    return [
        RemovalDecided(
            effective_on=decided_on, student_id=student_id, removal_decision_id=command.removal_decision_id,
            ground=command.ground, removal_ids=command.removal_ids, school_days=days,
            similar_behavior=command.similar_behavior, change_of_placement=command.change_of_placement, due_on=due_on,
            decided_by=command.decided_by, personal=command.factors, document=command.document,
            external_id=command.external_id, reported=settle(RemovalDecisionRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def lacks_a_factor(command: DecideRemovals) -> Iterator[Reason]:
    """34 CFR 300.536(a)(2), (b): a series is judged case by case, by each factor."""
    if command.ground is not RemovalGround.PATTERN:
        return
    for name, what in FACTORS.items():
        if getattr(command.factors, name, None) is None:
            yield Reason("factor-not-considered", f"It does not say {what}.", "34 CFR 300.536(a)(2)",
                         "Look at it for this child, and say what you found.", f"/{name}")  # fmt: skip
    if command.change_of_placement and command.similar_behavior is None:
        yield Reason("factor-not-considered", "It does not say whether the behavior is alike.", "34 CFR 300.536(a)(2)(ii)",
                     "Say whether it is.", "/similar_behavior")  # fmt: skip


def _longer_than_ten(command: DecideRemovals) -> Iterator[Reason]:
    """34 CFR 300.536(a)(1): more than ten consecutive school days always are one."""
    if command.ground is RemovalGround.CONSECUTIVE and not command.change_of_placement:
        yield Reason("consecutive-days-are-a-change", "More than ten consecutive school days are a change of placement.",
                     "34 CFR 300.536(a)(1)", "Decide so, or take the student back in time.",
                     "/change_of_placement")  # fmt: skip


def determine_manifestation(student: Student, command: DetermineManifestation) -> list[DisciplineEvent]:
    """Record both answers, and who gave them. Late it is still taken."""
    student_id = must_be_known(student)
    met_on = command.meeting.held_on if command.meeting else None
    determined_on = done_on(command.determined_on or met_on, command.reported, command.today, "determined")
    decision = student.discipline.decisions.get(command.removal_decision_id)
    if decision is None:
        raise cannot_be_true("unknown-decision", "This student has no such decision.", "/decision")
    if determined_on < decision.decided_on:
        raise cannot_be_true(
            "determined-before-decided", f"It was decided on {decision.decided_on}.", "/determined_on"
        )
    _who_could(student, command)
    unmet = (*_determined_before(student, command), *_unmet(command))
    told = command.basis is not None or command.guests
    return [
        ManifestationDetermined(
            effective_on=determined_on, student_id=student_id, manifestation_id=command.manifestation_id,
            removal_decision_id=command.removal_decision_id, law=command.law, by_disability=command.by_disability,
            by_failure=command.by_failure, current_drug_use=command.current_drug_use, members=command.members,
            meeting_id=command.meeting.meeting_id if command.meeting else None, sources=command.sources,
            documents=command.documents,
            personal=ManifestationPersonalData(basis=command.basis, guests=command.guests) if told else None,
            external_id=command.external_id, reported=settle(ManifestationRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def follow_manifestation(student: Student, command: FollowManifestation) -> list[DisciplineEvent]:
    """Record what was done: an assessment of behavior, a plan for it, the return (300.530(f))."""
    student_id = must_be_known(student)
    found = student.discipline.manifestations.get(command.manifestation_id)
    if found is None:
        raise NotFound("This student has no such determination.")
    day = done_on(command.done_on, command.reported, command.today, "done")
    if day < found.determined_on:
        raise cannot_be_true(
            "done-before-determined", f"It was determined on {found.determined_on}.", "/done_on"
        )
    return [
        ManifestationFollowed(
            effective_on=day, student_id=student_id, manifestation_id=found.manifestation_id,
            manifestation_step_id=command.manifestation_step_id, step=command.step, staff_id=command.staff_id,
            document=command.document,
            personal=ManifestationStepPersonalData(words=command.words) if command.words else None,
            external_id=command.external_id, reported=settle(UnmetRules, (), command.reported),
        )
    ]  # fmt: skip


def without_those_who_must(command: DetermineManifestation) -> Iterator[Reason]:
    """34 CFR 300.530(e)(1): the district, the parent, and relevant members of the IEP team."""
    roles, parent = _took_part(command)
    needed = {"without-agency-representative": (MeetingRole.AGENCY_REPRESENTATIVE in roles, "Nobody spoke for the district."),
              "without-parent": (parent, "No parent took part.")}  # fmt: skip
    for code, (there, message) in needed.items():
        if not there:
            yield Reason(
                code, message, "34 CFR 300.530(e)(1)", "Let them take part, and name them.", "/members"
            )
    if not roles - {MeetingRole.AGENCY_REPRESENTATIVE, MeetingRole.PARENT}:
        yield Reason("without-relevant-members", "No other member of the IEP team took part.", "34 CFR 300.530(e)(1)",
                     "Let those take part whom parent and district find relevant.", "/members")  # fmt: skip


def nobody_knows(command: DetermineManifestation) -> Iterator[Reason]:
    """34 CFR 104.35(c): a group that knows the child, the data and the placement options decides first."""
    roles, _ = _took_part(command)
    for role, what in KNOWLEDGE.items():
        if role not in roles:
            yield Reason("nobody-knows", f"Nobody in the group knows {what}.", "34 CFR 104.35(c)",
                         "Say who brings that knowledge.", "/members")  # fmt: skip


def _determined_before(student: Student, command: DetermineManifestation) -> Iterator[Reason]:
    """34 CFR 300.532(a), 104.36: who disagrees with a determination appeals; nobody determines until it suits.

    One that was reported without those who must take part is cured by holding it with them.
    """
    for found in student.discipline.manifestations.values():
        same = (found.removal_decision_id, found.law) == (command.removal_decision_id, command.law)
        if same and not found.unmet:
            yield Reason(
                "already-determined", f"It was determined on {found.determined_on}.",
                "34 CFR 300.532(a)" if command.law is Law.IDEA else "34 CFR 104.36",
                "Who disagrees appeals. What a hearing decided otherwise is reported.", "/decision",
            )  # fmt: skip
            return


def _unmet(command: DetermineManifestation) -> Iterator[Reason]:
    idea = command.law is Law.IDEA
    if command.meeting is not None and command.meeting.held_on is None:
        yield Reason(
            "meeting-not-held", "The meeting has not been recorded as held.",
            "34 CFR 300.530(e)(1)" if idea else "34 CFR 104.35(c)",
            "Record the meeting as held: POST /meetings/{id}/held.", "/meeting",
        )  # fmt: skip
    yield from without_those_who_must(command) if idea else nobody_knows(command)
    if not command.sources:
        yield Reason("nothing-reviewed", "It does not say which information was reviewed.",
                     "34 CFR 300.530(e)(1)" if idea else "34 CFR 104.35(c)",
                     "Name it: codes of GET /codes/information_source.", "/sources")  # fmt: skip


def _took_part(command: DetermineManifestation) -> tuple[set[MeetingRole], bool]:
    """The roles that were there, by those named and by the meeting; and whether a parent was."""
    roles = {role for member in command.members for role in member.roles}
    parent = any(isinstance(member.person, HolderPerson) for member in command.members)
    if command.meeting is not None:
        roles |= {
            role
            for member in command.meeting.members
            if member.attendance is Attendance.PRESENT
            for role in member.roles
        }
        parent = parent or command.meeting.parent_present
    return roles, parent or MeetingRole.PARENT in roles


def _who_could(student: Student, command: DetermineManifestation) -> None:
    if not command.members and command.meeting is None:
        raise cannot_be_true("nobody-determined", "Say who determined it, or in which meeting.", "/members")
    if command.current_drug_use and command.law is Law.IDEA:
        raise cannot_be_true(
            "not-excepted-by-idea", "Only Section 504 has this exception.", "/current_drug_use"
        )
    guests = {guest.guest_id for guest in command.guests}
    for place, member in enumerate(command.members):
        pointer = f"/members/{place}/person"
        if isinstance(member.person, HolderPerson):
            must_be_around(student, member.person.holder_id, f"{pointer}/holder_id")
        if isinstance(member.person, GuestPerson) and member.person.guest_id not in guests:
            raise cannot_be_true("unknown-guest", "Say who the guest is, in `guests`.", f"{pointer}/guest_id")
