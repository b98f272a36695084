"""Whether a student is eligible, under one law at a time (34 CFR 300.8, 300.305(e), 300.306; 104.35, 42 USC 12102).

The category never decides services, nor a diagnosis the law: who is found eligible under neither, one or both laws is
found so twice, each time by its own rule.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.codes import IDEA_CATEGORY
from contracts.evaluations import (
    AnyDetermination,
    EligibilityDetermined,
    EligibilityPersonalData,
    EvaluationEvent,
    GroupMember,
    IdeaDetermination,
    Section504Determination,
)
from contracts.fields import ExternalId
from contracts.meetings import Guest, GuestPerson, HolderPerson
from contracts.problems import Reason
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Law, MeetingRole, PlanKind
from plan_service.domain.evaluation import Evaluations
from plan_service.domain.identity import must_be_known
from plan_service.domain.rights_holder import must_be_around
from plan_service.domain.rules import UnmetRules, cannot_be_true, done_on, settle
from plan_service.domain.student import Student, birthday
from plan_service.domain.team import TeamMeeting

KNOWLEDGE = {
    MeetingRole.KNOWLEDGE_OF_CHILD: "the child",
    MeetingRole.KNOWLEDGE_OF_EVALUATION: "the evaluation data",
    MeetingRole.KNOWLEDGE_OF_PLACEMENT_OPTIONS: "the placement options",
}
"""What the persons of a 504 group know together, 34 CFR 104.35(c)."""

DELAY_FROM, DELAY_UNTIL = 3, 10
"""Developmental delay: from the third birthday to the day before the tenth (300.8(b))."""


@dataclass(frozen=True, slots=True)
class KnownEligibility:
    """What an adoption must know of it: what was determined, and whether a plan of the kind came before."""

    evaluations: Evaluations
    had_a_plan: bool = False
    """One has bound here before, or they came from elsewhere with one: what it rested on is of that time."""


def not_found_eligible(
    kind: PlanKind, known: KnownEligibility | None, effective_on: date
) -> Iterator[Reason]:
    """34 CFR 300.8, 300.323(c)(1); 104.35(a)-(b): a plan is for who was evaluated and found eligible, before it begins."""
    if known is None:
        return
    law = Law.IDEA if kind is PlanKind.IEP else Law.SECTION_504
    citation = "34 CFR 300.8, 300.323(c)(1)" if law is Law.IDEA else "34 CFR 104.35(a)-(b)"
    found = [
        each
        for each in known.evaluations.determined
        if each.law is law and each.determined_on <= effective_on
    ]
    if found:
        last = sorted(found, key=lambda each: each.determined_on)[
            -1
        ]  # Of one day the one that was said later.
        if not last.eligible:
            yield Reason(
                "found-not-eligible", f"On {last.determined_on} the student was found not eligible.", citation,
                "Evaluate anew and determine eligibility on its ground: POST /students/{id}/evaluations.",
            )  # fmt: skip
    elif not known.had_a_plan:
        yield Reason(
            "eligibility-required", f"By {effective_on} nobody had found the student eligible.", citation,
            "Determine it (POST /students/{id}/eligibility); what was determined before, report there.",
        )  # fmt: skip


class EligibilityRefused(UnmetRules):
    """The determination does not follow."""

    code = "eligibility-refused"
    what = "This determination"


@dataclass(frozen=True, slots=True)
class DetermineEligibility:
    """A group has looked at the evaluation and found whether the student is eligible."""

    eligibility_id: UUID
    determination: AnyDetermination
    today: date
    determined_on: date | None = None
    """By default the meeting's day, or today."""
    evaluation_id: UUID | None = None
    members: tuple[GroupMember, ...] = ()
    guests: tuple[Guest, ...] = ()
    meeting: TeamMeeting | None = None
    sources: tuple[str, ...] = ()
    basis: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


def determine_eligibility(student: Student, command: DetermineEligibility) -> list[EvaluationEvent]:
    """Record what was determined, by whom, on which ground."""
    student_id = must_be_known(student)
    met_on = command.meeting.held_on if command.meeting else None
    determined_on = done_on(command.determined_on or met_on, command.reported, command.today, "determined")
    _could_be_true(student, command)
    found, told = command.determination, command.basis is not None or command.guests
    unmet = (
        *without_an_evaluation(student.evaluations, command, determined_on),
        *in_no_meeting(command),
        *(
            _unmet_idea(student, found, determined_on)
            if isinstance(found, IdeaDetermination)
            else _unmet_504(command, found)
        ),
    )
    return [
        EligibilityDetermined(
            effective_on=determined_on, student_id=student_id, eligibility_id=command.eligibility_id,
            evaluation_id=command.evaluation_id, determination=found, members=command.members,
            meeting_id=command.meeting.meeting_id if command.meeting else None, sources=command.sources,
            documents=command.documents,
            personal=EligibilityPersonalData(basis=command.basis, guests=command.guests) if told else None,
            external_id=command.external_id, reported=settle(EligibilityRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def without_an_evaluation(
    known: Evaluations, command: DetermineEligibility, determined_on: date
) -> Iterator[Reason]:
    """34 CFR 300.301(a), 300.305(e), 104.35(a): an evaluation comes before eligibility is found, and before it ends."""
    law = command.determination.law
    evaluation = known.evaluation(command.evaluation_id) if command.evaluation_id else None
    if evaluation is not None and evaluation.completed_by(determined_on) and law in evaluation.laws:
        return
    if law is Law.SECTION_504:
        citation = "34 CFR 104.35(a)"
    elif not command.determination.eligible and known.eligible_before(law, determined_on):
        citation = "34 CFR 300.305(e)"
    else:
        citation = "34 CFR 300.301(a)"
    yield Reason(
        "evaluation-not-completed", f"It names no evaluation under this law that was completed by {determined_on}.",
        citation, "Complete the evaluation and name it.", "/evaluation",
    )  # fmt: skip


def in_no_meeting(command: DetermineEligibility) -> Iterator[Reason]:
    """34 CFR 300.306(a), 104.35(c): a group decides; a meeting it names was held."""
    if command.meeting is not None and command.meeting.held_on is None:
        yield Reason(
            "meeting-not-held", "The meeting has not been recorded as held.",
            "34 CFR 300.306(a)" if command.determination.law is Law.IDEA else "34 CFR 104.35(c)",
            "Record the meeting as held: POST /meetings/{id}/held.", "/meeting",
        )  # fmt: skip


def does_not_follow(found: IdeaDetermination) -> Iterator[Reason]:
    """34 CFR 300.8(a): eligible is a category and, because of it, need of special education."""
    if found.eligible and not found.categories:
        yield Reason(
            "eligible-without-category", "Nobody is eligible under IDEA without a disability of a category.",
            "34 CFR 300.8(a)(1)", "Name the category: GET /codes/idea_category.", "/determination/categories",
        )  # fmt: skip
    if found.eligible and not found.needs_special_education:
        yield Reason(
            "eligible-without-need", "Nobody is eligible under IDEA who does not need special education.",
            "34 CFR 300.8(a)", "Look at Section 504: a disability without that need may be one there.",
            "/determination/needs_special_education",
        )  # fmt: skip
    if not found.eligible and found.categories and found.needs_special_education:
        yield Reason(
            "ineligible-with-category-and-need", "Who has a disability of a category and needs special education "
            "because of it is eligible.", "34 CFR 300.8(a)",
            "Determine that the student is eligible, or which of the two is not so.", "/determination/eligible",
        )  # fmt: skip


def of_no_known_category(found: IdeaDetermination) -> Iterator[Reason]:
    """34 CFR 300.8: the categories are those of the list."""
    for place, category in enumerate(found.categories):
        if category not in IDEA_CATEGORY.labels:
            yield Reason(
                "not-a-category", "This is no category of IDEA.", "34 CFR 300.8(c)",
                "Use a code of GET /codes/idea_category.", f"/determination/categories/{place}",
            )  # fmt: skip


def delayed_at_another_age(found: IdeaDetermination, born_on: date, determined_on: date) -> Iterator[Reason]:
    """34 CFR 300.8(b): developmental delay is a category from 3 to 9."""
    if "developmental_delay" not in found.categories:
        return
    if not birthday(born_on, DELAY_FROM) <= determined_on < birthday(born_on, DELAY_UNTIL):
        yield Reason(
            "developmental-delay-from-3-to-9", "Developmental delay is a category from 3 to 9 years of age.",
            "34 CFR 300.8(b)", "Name another category, or find that there is none.",
            f"/determination/categories/{found.categories.index('developmental_delay')}",
        )  # fmt: skip


def limits_nothing(found: Section504Determination) -> Iterator[Reason]:
    """42 USC 12102: an impairment that substantially limits a major life activity or bodily function."""
    if not found.eligible:
        return
    if found.impairment is None:
        yield Reason(
            "impairment-not-named", "Which impairment it is has not been said.", "42 USC 12102(1)",
            "Say it in words.", "/determination/impairment",
        )  # fmt: skip
    if not found.limited:
        yield Reason(
            "no-activity-limited", "No activity or bodily function is named that is substantially limited.",
            "42 USC 12102(2)", "Name each: GET /codes/activity; `other` with words.", "/determination/limited",
        )  # fmt: skip


def from_one_source(command: DetermineEligibility) -> Iterator[Reason]:
    """34 CFR 104.35(c): several sources are drawn upon."""
    if len(set(command.sources)) < 2:
        yield Reason(
            "several-sources-required", "A decision under Section 504 draws upon several sources.",
            "34 CFR 104.35(c)", "Name the sources: GET /codes/information_source.", "/sources",
        )  # fmt: skip


def nobody_knows(command: DetermineEligibility) -> Iterator[Reason]:
    """34 CFR 104.35(c): persons who together know the child, the evaluation data and the placement options."""
    brought = {role for member in command.members for role in member.roles}
    for role, what in KNOWLEDGE.items():
        if role not in brought and not (command.meeting is not None and command.meeting.covers(role)):
            yield Reason(
                f"nobody-with-{role.value.replace('_', '-')}", f"Nobody in the group knows {what}.",
                "34 CFR 104.35(c)", "Name who brings it, here or in the meeting's attendance.", "/members",
            )  # fmt: skip


def _unmet_idea(student: Student, found: IdeaDetermination, determined_on: date) -> Iterator[Reason]:
    yield from does_not_follow(found)
    yield from of_no_known_category(found)
    if student.personal is not None:
        yield from delayed_at_another_age(found, student.personal.birth_date, determined_on)


def _unmet_504(command: DetermineEligibility, found: Section504Determination) -> Iterator[Reason]:
    yield from limits_nothing(found)
    yield from from_one_source(command)
    yield from nobody_knows(command)


def _could_be_true(student: Student, command: DetermineEligibility) -> None:
    if command.evaluation_id is not None and command.evaluation_id not in student.evaluations.evaluations:
        raise cannot_be_true("unknown-evaluation", "This student has no such evaluation.", "/evaluation")
    if not command.members and command.meeting is None:
        raise cannot_be_true("nobody-determined", "Say who determined it, or in which meeting.", "/members")
    guests = {guest.guest_id for guest in command.guests}
    for place, member in enumerate(command.members):
        pointer = f"/members/{place}/person"
        if isinstance(member.person, HolderPerson):
            must_be_around(student, member.person.holder_id, f"{pointer}/holder_id")
        if isinstance(member.person, GuestPerson) and member.person.guest_id not in guests:
            raise cannot_be_true("unknown-guest", "Say who the guest is, in `guests`.", f"{pointer}/guest_id")
    if isinstance(command.determination, Section504Determination):
        for place, limit in enumerate(command.determination.limited):
            if limit.activity == "other" and limit.other is None:
                raise cannot_be_true(
                    "other-without-words", "Say which activity or function it is.",
                    f"/determination/limited/{place}/other",
                )  # fmt: skip
