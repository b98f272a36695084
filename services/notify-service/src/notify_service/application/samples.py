"""A sample of every kind of notice: what a wording is tried on before it is used, and what tests and benchmarks render."""

from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.district import HelpSource, Office
from contracts.items import parse_item
from contracts.values import PostalAddress
from contracts.vocabulary import (
    CommunicationMode,
    MeetingPurpose,
    MeetingRole,
    NoticeKind,
    NoticeOccasion,
    PlanKind,
)
from notify_service.domain.facts import (
    NEEDED,
    DecidedAt,
    GoalFacts,
    MeetingFacts,
    NoticeFacts,
    ProposedChange,
    Reasons,
    ReportFacts,
)

DAY = date(2026, 2, 24)
_ID = UUID("3f2b82c5-ef39-529e-91d6-676b8161b40f")
_ITEM = UUID("11b1ab22-6c6f-5f5f-8a15-0d6d3a1d8a11")


def samples_of(kind: NoticeKind) -> Iterator[NoticeFacts]:
    """One for each occasion on which a notice of this kind is written; the first also in large print."""
    usual = NoticeFacts(
        notice_id=_ID, kind=kind, plan_kind=PlanKind.IEP, plan_id=_ID, holder_id=_ID, holder_name="Ana Sample",
        address=PostalAddress(lines=("14 Pier Street",), city="Harborview", state="TX", postal_code="78834"),
        student_name="Sam Sample", district="Harborview Unified School District",
        office=Office(name="Office of Special Education", phone="(555) 010-0100"),
        help_sources=(HelpSource(name="Harborview Parent Center", phone="(555) 010-0111"),),
        safeguards_at="https://harborview.example.org/safeguards", notice_days=10, school_days=5, written_on=DAY,
        proposed_on=DAY, decided_at=DecidedAt(kind="written_agreement", on=DAY), reasons=_reasons(kind),
    )  # fmt: skip
    found = list(_of(kind, usual))
    yield found[0].model_copy(update={"mode": CommunicationMode.LARGE_PRINT})
    yield from found


def _of(kind: NoticeKind, usual: NoticeFacts) -> Iterator[NoticeFacts]:
    match kind:
        case NoticeKind.PRIOR_WRITTEN_NOTICE | NoticeKind.SECTION_504_NOTICE:
            yield usual.model_copy(
                update={
                    "amendment_id": _ID,
                    "occasion": NoticeOccasion.AMENDMENT_PROPOSED,
                    "changes": _changes(),
                }
            )
            for occasion in (
                NoticeOccasion.EVALUATION_PROPOSED, NoticeOccasion.EVALUATION_REFUSED,
                NoticeOccasion.ELIGIBILITY_DETERMINED, NoticeOccasion.PLAN_ADOPTED, NoticeOccasion.PLACEMENT_CHANGED,
                NoticeOccasion.REQUEST_REFUSED, NoticeOccasion.CONSENT_REVOKED, NoticeOccasion.PLAN_ENDED,
            ):  # fmt: skip
                yield usual.model_copy(
                    update={"occasion": occasion, "eligible": True, "starts_on": DAY, "asked": "An aide."}
                )
            yield _joined(usual)
            yield usual.model_copy(
                update={"occasion": NoticeOccasion.BY_HAND, "action": "The district proposes it."}
            )
        case NoticeKind.CORRECTION_NOTICE:
            yield usual.model_copy(update={"occasion": NoticeOccasion.RECORD_CORRECTED, "changes": _changes()[:1],
                                           "evidence": "The minutes of the meeting."})  # fmt: skip
            yield usual.model_copy(update={"occasion": NoticeOccasion.PLAN_VOIDED})
        case NoticeKind.MEETING_NOTICE:
            roles = tuple((role,) for role in MeetingRole)
            for purpose in MeetingPurpose:
                at = datetime(2026, 3, 20, 15, 0, tzinfo=ZoneInfo("America/Chicago"))
                meeting = MeetingFacts(purpose=purpose, starts_at=at, zone="America/Chicago", place="Room 12",
                                       attendees=roles, transition=True, student_invited=True)  # fmt: skip
                yield usual.model_copy(
                    update={"occasion": NoticeOccasion.MEETING_SCHEDULED, "meeting": meeting}
                )
        case NoticeKind.PROGRESS_REPORT:
            goals = (GoalFacts(statement="Reads 80 words a minute.", in_words="Reads 60 words a minute."),)
            report = ReportFacts(
                first_on=date(2025, 11, 1), last_on=DAY, goals=goals, summary="Good progress."
            )
            yield usual.model_copy(update={"occasion": NoticeOccasion.REPORT_ISSUED, "report": report})
        case _:
            yield usual.model_copy(update={"starts_on": DAY})


def _joined(usual: NoticeFacts) -> NoticeFacts:
    """Two changes of one day in one letter, which start on different days."""
    first, other = (
        usual.model_copy(
            update={"occasion": NoticeOccasion.AMENDMENT_PROPOSED, "amendment_id": _ID, "changes": (each,)}
        )
        for each in _changes()
    )
    return first.model_copy(update={"beside": (other.model_copy(update={"requested": date(2026, 4, 1)}),)})


def _reasons(kind: NoticeKind) -> Reasons:
    if kind not in NEEDED:
        return Reasons()
    return Reasons(explanation="Sam learns faster in longer sessions.", evaluations_used="The therapist's results.",
                   options_considered="Two sessions a week: Sam would miss art.", other_factors="None.")  # fmt: skip


def _changes() -> tuple[ProposedChange, ...]:
    speech = {"id": str(_ITEM), "kind": "service", "service": "speech_language_therapy", "per": "week",
              "location": "Room 12"}  # fmt: skip
    before, after = parse_item(speech | {"minutes": 30}), parse_item(speech | {"minutes": 60})
    time = parse_item({"id": str(_ID), "kind": "accommodation", "what": "time and a half", "where": ["test"]})
    return (
        ProposedChange(op="replace", item_id=_ITEM, before=before, after=after),
        ProposedChange(op="end", item_id=_ID, before=time),
    )
