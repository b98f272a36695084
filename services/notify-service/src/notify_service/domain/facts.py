"""What a notice says, in no language yet: filled from what happened, the plan, the meeting, the report, the district.

Fixed once, with the text that is made from it, so that the letter, the page and a later page in another language say the
same.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from contracts.district import HelpSource, Office
from contracts.event import Value
from contracts.fields import AmendmentId, HolderId, ItemId, Line, Name, Narrative, NoticeId, PlanId
from contracts.items import AnyChange, Item
from contracts.plan_shape import DocumentItem
from contracts.values import PostalAddress
from contracts.vocabulary import (
    CommunicationMode,
    InvitationPart,
    MeetingMode,
    MeetingPurpose,
    MeetingRole,
    NoticeKind,
    NoticeOccasion,
    NoticePart,
    PlanKind,
)

SEVEN_PARTS = tuple(NoticePart)
"""34 CFR 300.503(b)(1)-(7)."""
SECTION_504_PARTS = (NoticePart.ACTION, NoticePart.EXPLANATION, NoticePart.SAFEGUARDS)
"""34 CFR 104.36 asks for notice and for the safeguards; it names no further parts."""

CORRECTION_PARTS = (NoticePart.ACTION, NoticePart.EXPLANATION)
"""Ours: what was wrong, and what is right."""
NEEDED = {
    NoticeKind.PRIOR_WRITTEN_NOTICE: SEVEN_PARTS,
    NoticeKind.SECTION_504_NOTICE: SECTION_504_PARTS,
    NoticeKind.CORRECTION_NOTICE: CORRECTION_PARTS,
}
"""Kinds that are not here have no such parts."""
SAYS_ITSELF = frozenset({
    NoticeOccasion.EVALUATION_PROPOSED, NoticeOccasion.EVALUATION_REFUSED, NoticeOccasion.ELIGIBILITY_DETERMINED,
    NoticeOccasion.PLAN_ADOPTED, NoticeOccasion.PLACEMENT_CHANGED, NoticeOccasion.REQUEST_REFUSED,
    NoticeOccasion.CONSENT_REVOKED, NoticeOccasion.PLAN_ENDED, NoticeOccasion.PLAN_VOIDED,
})  # fmt: skip
"""Occasions of which the wording itself says what is proposed or refused (part 1)."""

CITATION = {
    NoticePart.ACTION: "34 CFR 300.503(b)(1)",
    NoticePart.EXPLANATION: "34 CFR 300.503(b)(2)",
    NoticePart.BASIS: "34 CFR 300.503(b)(3)",
    NoticePart.SAFEGUARDS: "34 CFR 300.503(b)(4)",
    NoticePart.HELP: "34 CFR 300.503(b)(5)",
    NoticePart.OPTIONS: "34 CFR 300.503(b)(6)",
    NoticePart.OTHER_FACTORS: "34 CFR 300.503(b)(7)",
}


class ProposedChange(Value):
    """One item: what it says now and what it would say."""

    op: Literal["add", "replace", "end"]
    item_id: ItemId
    before: Item | None = None
    """Absent for a new item, and where nothing of it was in force on the day of the proposal."""
    after: Item | None = None


class Reasons(Value):
    """The team's own words, as they wrote them."""

    explanation: Narrative | None = None
    evaluations_used: Narrative | None = None
    options_considered: Narrative | None = None
    other_factors: Narrative | None = None


class MeetingFacts(Value):
    """What a meeting notice must say (34 CFR 300.322(b))."""

    purpose: MeetingPurpose
    starts_at: datetime
    """With the district's own offset."""
    zone: Line | None = None
    """The district's zone, by whose name the hour is said; absent on old ones."""
    place: Line | None = None
    mode: MeetingMode = MeetingMode.IN_PERSON
    attendees: tuple[tuple[MeetingRole, ...], ...] = ()
    """Each person who is asked, by their roles: the notice names no staff."""
    transition: bool = False
    student_invited: bool = False


class GoalFacts(Value):
    """One goal in a progress report."""

    statement: Narrative | None = None
    in_words: Narrative
    narrative: Narrative | None = None


class ReportFacts(Value):
    """A progress report, as it was issued (34 CFR 300.320(a)(3)(ii))."""

    first_on: date
    last_on: date
    goals: tuple[GoalFacts, ...] = ()
    summary: Narrative | None = None


class DecidedAt(Value):
    """Where the proposal comes from."""

    kind: Literal["meeting", "written_agreement", "agreement_sought", "none"]
    on: date | None = None


class NoticeFacts(Value):
    """Everything one notice says."""

    notice_id: NoticeId
    kind: NoticeKind
    plan_kind: PlanKind
    plan_id: PlanId | None = None
    amendment_id: AmendmentId | None = None
    holder_id: HolderId
    holder_name: Name
    to_student: bool = False
    """The holder is the student, to whom the rights have passed (300.520): the letter speaks to them of themself."""
    address: PostalAddress | None = None
    student_name: Line
    mode: CommunicationMode = CommunicationMode.WRITTEN
    district: Name
    office: Office | None = None
    help_sources: tuple[HelpSource, ...] = ()
    safeguards_at: Line | None = None
    notice_days: int
    """Calendar days between the notice and the change: the district's, or the state's where they are more."""
    school_days: int = 0
    """School days between them, where the state counts those."""
    written_on: date
    proposed_on: date
    requested: date | Literal["earliest"] = "earliest"
    decided_at: DecidedAt
    changes: tuple[ProposedChange, ...] = ()
    action: Narrative | None = None
    """Part 1 in words, where no amendment says it (a notice made by hand)."""
    reasons: Reasons
    written_in: Line = "en"
    """The language of the team's own words."""
    occasion: NoticeOccasion | None = None
    eligible: bool | None = None
    """Of a determination of eligibility."""
    starts_on: date | None = None
    """The first day of what was decided, where that is no change of a plan."""
    asked: Narrative | None = None
    """Of a refusal: what had been asked for."""
    evidence: Narrative | None = None
    """Of a correction: how it is known what was truly decided."""
    meeting: MeetingFacts | None = None
    report: ReportFacts | None = None
    template_id: UUID | None = None
    """The district's own wording, where one was in use when the text was fixed."""
    beside: tuple["NoticeFacts", ...] = ()
    """Other changes of the same day that the same letter tells of, each a notice of its own."""

    @property
    def matters(self) -> tuple["NoticeFacts", ...]:
        """Everything the letter tells of, in its order."""
        return (self.model_copy(update={"beside": ()}), *self.beside)


def proposed_changes(changes: Sequence[AnyChange], now: Sequence[DocumentItem]) -> tuple[ProposedChange, ...]:
    """Each change of an amendment beside what the plan says ``now``."""
    in_force = {entry.item.id: entry.item for entry in now}
    return tuple(
        ProposedChange(
            op=change.op,
            item_id=change.item_id,
            before=None if change.op == "add" else in_force.get(change.item_id),
            after=None if change.op == "end" else change.item,
        )
        for change in changes
    )


def parts_with_content(facts: NoticeFacts) -> tuple[NoticePart, ...]:
    """Which of the seven parts have something to say; ``none``, written by the team, is said."""
    said = {
        NoticePart.ACTION: bool(facts.changes) or facts.action is not None or facts.occasion in SAYS_ITSELF,
        NoticePart.EXPLANATION: facts.reasons.explanation is not None,
        NoticePart.BASIS: facts.reasons.evaluations_used is not None,
        NoticePart.SAFEGUARDS: facts.safeguards_at is not None,
        NoticePart.HELP: bool(facts.help_sources),
        NoticePart.OPTIONS: facts.reasons.options_considered is not None,
        NoticePart.OTHER_FACTORS: facts.reasons.other_factors is not None,
    }
    return tuple(part for part in SEVEN_PARTS if said[part])


def parts_missing(facts: NoticeFacts) -> tuple[NoticePart, ...]:
    """The parts without which this notice may not go out (300.503(b); 104.36 for a Section 504 notice)."""
    said = parts_with_content(facts)
    return tuple(part for part in NEEDED.get(facts.kind, ()) if part not in said)


def invitation_parts(meeting: MeetingFacts) -> tuple[InvitationPart, ...]:
    """What a meeting notice says of 300.322(b): transition's purpose and the student's invitation where they apply."""
    said = {
        InvitationPart.PURPOSE: True,
        InvitationPart.TIME: True,
        InvitationPart.PLACE: has_place(meeting),
        InvitationPart.ATTENDEES: bool(meeting.attendees),
        InvitationPart.RIGHT_TO_BRING_OTHERS: True,
        InvitationPart.TRANSITION_PURPOSE: meeting.transition,
        InvitationPart.STUDENT_INVITED: meeting.student_invited,
    }
    return tuple(part for part in InvitationPart if said[part])


def has_place(meeting: MeetingFacts) -> bool:
    """A meeting by telephone or video needs no room."""
    return meeting.place is not None or meeting.mode is not MeetingMode.IN_PERSON


def written_over(facts: NoticeFacts, words: Reasons) -> NoticeFacts:
    """The facts of a notice made by hand: what its maker says stands; what they leave out is the amendment's or event's."""
    given = facts.reasons.model_dump(exclude_none=True) | words.model_dump(exclude_none=True)
    return facts.model_copy(update={"reasons": Reasons(**given)})


def completed(facts: NoticeFacts, words: Reasons) -> NoticeFacts:
    """The facts with what a person added by hand; what the amendment itself says stays as it is."""
    given = words.model_dump(exclude_none=True) | facts.reasons.model_dump(exclude_none=True)
    return facts.model_copy(update={"reasons": Reasons(**given)})
