"""Gathering what a notice says: from the amendment, the plan it changes, the meeting, the district and the holder."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.district import DistrictProfileSet
from contracts.fields import AmendmentId, EventId, HolderId, NoticeId, PlanId, StudentId
from contracts.notice_time import notice_time_of
from contracts.plan import AgreementSought, AmendmentProposed, AnyBasis, TeamMeeting, WrittenAgreement
from contracts.plan_document import History, in_force
from contracts.shipped_profiles import shipped_profiles
from contracts.students import StudentPersonalData
from contracts.vocabulary import CommunicationMode, NoticeKind, NoticeOccasion, PlanKind
from notify_service.adapters import known_facts
from notify_service.adapters.sending.occasions import SomethingMissing, said_by
from notify_service.application.notices import PREFERENCES
from notify_service.domain.facts import (
    DecidedAt,
    NoticeFacts,
    ProposedChange,
    Reasons,
    proposed_changes,
)
from notify_service.domain.notice import Notice, Owed
from notify_service.domain.preferences import Preference, Preferences, Way, choose_way
from notify_service.domain.recipients import Recipient, what_blocks
from runtime.service import Service


@dataclass(frozen=True, slots=True)
class Situation:
    """How things stand at this moment for one holder and student."""

    today: date
    recipient: Recipient | None
    profile: DistrictProfileSet | None
    preferences: Preferences
    blocked: tuple[str, ...]
    """Why nothing may go out without a person."""

    @property
    def preference(self) -> Preference | None:
        """How this holder is told about this student now."""
        return self.preferences.on(self.recipient.student_id, self.today) if self.recipient else None

    def way(self, notice: Notice) -> Way:
        """How it goes now; channels that failed for good are passed over."""
        if self.recipient is None:
            raise LookupError("nobody to send to")
        person, preference = self.recipient.personal, self.preference
        address = (preference.address if preference else None) or person.address
        return choose_way(person, preference, self.today, without=notice.gave_up(address, person.name))


async def situation(
    service: Service, rows: AsyncConnection, tenant: str, student: UUID, holder: UUID
) -> Situation:
    """Read at the moment of sending: addresses, rights and restrictions are those of now."""
    today = await known_facts.today_in(rows, tenant)
    person = await known_facts.recipient(rows, tenant, student, holder)
    profile = await known_facts.profile_on(rows, tenant, today)
    preferences = await service.store.load(tenant, PREFERENCES, holder)
    blocked = what_blocks(person, today)
    if profile is None:
        blocked = (*blocked, "no-district-profile")
    return Situation(today, person, profile, preferences.state, blocked)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which notice, to whom, about what."""

    notice_id: NoticeId
    kind: NoticeKind
    student_id: StudentId
    holder_id: HolderId
    plan_id: PlanId | None
    amendment_id: AmendmentId | None
    caused_by: EventId | None = None
    occasion: NoticeOccasion | None = None

    @classmethod
    def of(cls, about: Owed) -> "Wanted":
        """A notice that is owed already."""
        return cls(
            about.notice_id, about.kind, about.student_id, about.holder_id, about.plan_id, about.amendment_id,
            about.caused_by, about.occasion,
        )  # fmt: skip


class NotGathered(LookupError):
    """Something the notice must say is not known here; the code says what."""


async def gather(rows: AsyncConnection, tenant: str, wanted: Wanted, now: Situation) -> NoticeFacts:
    """The facts of a notice; what no amendment says is left open. Raises `NotGathered`."""
    person, profile = now.recipient, now.profile
    if person is None or profile is None:
        raise NotGathered("holder-not-known" if person is None else "no-district-profile")
    student = await known_facts.student(rows, tenant, wanted.student_id)
    if student is None:
        raise NotGathered("student-not-known")
    history = (
        await known_facts.plan_history(rows, tenant, wanted.plan_id)
        if wanted.plan_id is not None
        else History()
    )
    proposal = await _proposal(rows, tenant, history, wanted, now.today)
    preference = now.preference
    waits = (
        notice_time_of(profile, now.today, shipped_profiles())
        if proposal.plan_kind is PlanKind.IEP
        else (0, 0)
    )
    facts = NoticeFacts(
        notice_id=wanted.notice_id,
        kind=wanted.kind,
        plan_kind=proposal.plan_kind,
        plan_id=wanted.plan_id,
        amendment_id=wanted.amendment_id,
        holder_id=wanted.holder_id,
        holder_name=person.personal.name,
        to_student=wanted.holder_id == wanted.student_id,
        address=(preference.address if preference else None) or person.personal.address,
        student_name=student_name(student),
        mode=preference.mode if preference else CommunicationMode.WRITTEN,
        district=profile.name,
        office=profile.office,
        help_sources=profile.help_sources,
        safeguards_at=profile.safeguards_at,
        notice_days=waits[0],
        school_days=waits[1],
        written_on=now.today,
        proposed_on=proposal.on,
        requested=proposal.event.requested if proposal.event else "earliest",
        decided_at=proposal.decided_at,
        changes=proposal.changes,
        reasons=_reasons(proposal.event),
        written_in=profile.languages[0] if profile.languages else "en",
        occasion=wanted.occasion,
    )
    if wanted.amendment_id is None and wanted.caused_by is not None:
        try:
            zone = ZoneInfo(profile.time_zone)
            said = await said_by(rows, tenant, wanted.kind, wanted.caused_by, zone)
        except SomethingMissing as error:
            raise NotGathered(str(error)) from error
        facts = facts.model_copy(update=said)
    if wanted.kind is NoticeKind.MEETING_NOTICE and facts.meeting is None:
        raise NotGathered("text-not-given")
    if wanted.kind is NoticeKind.PROGRESS_REPORT and facts.report is None:
        raise NotGathered("text-not-given")
    return facts


def student_name(student: StudentPersonalData) -> str:
    """As the family writes it."""
    given = student.preferred_given_name or student.given_name
    family = student.preferred_family_name or student.family_name
    return " ".join(filter(None, (given, family, student.suffix)))


@dataclass(frozen=True, slots=True)
class _Proposal:
    on: date
    plan_kind: PlanKind
    decided_at: DecidedAt
    event: AmendmentProposed | None = None
    changes: tuple[ProposedChange, ...] = ()


async def _proposal(
    rows: AsyncConnection, tenant: str, history: History, wanted: Wanted, today: date
) -> _Proposal:
    if wanted.amendment_id is None:
        document = in_force(history, today)
        of_504 = wanted.kind is NoticeKind.SECTION_504_NOTICE and wanted.plan_id is None
        without = PlanKind.SECTION_504 if of_504 else PlanKind.IEP
        kind = document.kind if document and document.kind else without
        return _Proposal(today, kind, DecidedAt(kind="none", on=today))
    for entry in history.entries:
        if isinstance(entry.event, AmendmentProposed) and entry.event.amendment_id == wanted.amendment_id:
            document = in_force(history, entry.effective_on)
            kind = document.kind if document and document.kind else PlanKind.IEP
            items = document.items if document else ()
            decided_at = await _decided_at(rows, tenant, entry.event.basis, entry.effective_on)
            changes = proposed_changes(entry.event.changes, items)
            return _Proposal(entry.effective_on, kind, decided_at, entry.event, changes)
    raise NotGathered("amendment-not-known")


async def _decided_at(rows: AsyncConnection, tenant: str, basis: AnyBasis, proposed_on: date) -> DecidedAt:
    match basis:
        case WrittenAgreement() as agreement:
            return DecidedAt(kind="written_agreement", on=agreement.agreed_on)
        case AgreementSought():
            return DecidedAt(kind="agreement_sought", on=proposed_on)
        case TeamMeeting() as meeting:
            return DecidedAt(kind="meeting", on=await known_facts.held_on(rows, tenant, meeting.meeting_id))


def _reasons(proposed: AmendmentProposed | None) -> Reasons:
    if proposed is None:
        return Reasons()
    return Reasons(
        explanation=proposed.personal.reason,
        evaluations_used=proposed.personal.evaluations_used,
        options_considered=proposed.personal.options_considered,
        other_factors=proposed.personal.other_factors,
    )
