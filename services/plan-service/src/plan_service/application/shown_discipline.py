"""What is answered of removals, of the decisions about them, and of the reviews with what followed."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from contracts.discipline import (
    ManifestationDetermined,
    ManifestationFollowed,
    RemovalDecided,
    RemovalEnded,
    RemovalRecorded,
    RemovalServicesGiven,
)
from contracts.evaluations import GroupMember
from contracts.event import Event
from contracts.fields import Measure
from contracts.meetings import Guest
from contracts.transfers import ServiceInWords
from contracts.vocabulary import Law, ManifestationStep, RemovalGround, RemovalSetting, SpecialCircumstance
from plan_service.application.shown import DocumentRefShown, From, OfStudent, Part, ReportedShown
from plan_service.application.shown_around import document_shown, reported_shown
from plan_service.domain.student import Student
from runtime.stream_model import Resource


class RemovalShown(OfStudent):
    """A disciplinary removal; both days inclusive."""

    setting: RemovalSetting
    from_: From
    until: date
    part_days: tuple[date, ...] = ()
    counts: bool
    """False where the placement was kept: it is no removal by the rule."""
    code_of_conduct: str | None = None
    circumstance: SpecialCircumstance | None = None
    staff: UUID | None = None
    """Who decided it."""
    behavior: str | None = None
    back_on: date | None = None
    """The first day back, where that was sooner than decided."""
    return_reason: str | None = None
    documents: tuple[DocumentRefShown, ...] = ()
    reported: ReportedShown | None = None


class RemovalServicesShown(OfStudent):
    """What was given during a removal."""

    removal: UUID
    services: tuple[ServiceInWords, ...]
    from_: From
    until: date
    staff: tuple[UUID, ...] = ()
    """Who determined it."""
    words: str | None = None
    reported: ReportedShown | None = None


class RemovalDecisionShown(OfStudent):
    """Whether removals are a change of placement."""

    ground: RemovalGround
    removals: tuple[UUID, ...]
    school_days: Measure
    change_of_placement: bool
    decided_on: date
    due_on: date | None = None
    """By when the manifestation is determined."""
    similar_behavior: bool | None = None
    behavior: str | None = None
    length: str | None = None
    total: str | None = None
    closeness: str | None = None
    staff: tuple[UUID, ...] = ()
    document: DocumentRefShown | None = None
    reported: ReportedShown | None = None


class ManifestationShown(OfStudent):
    """What the review found."""

    decision: UUID
    law: Law
    by_disability: bool
    by_failure: bool
    is_manifestation: bool
    """Either of both."""
    in_time: bool | None = None
    """Determined by the day on which it was due; absent where none was set."""
    current_drug_use: bool
    determined_on: date
    members: tuple[GroupMember, ...] = ()
    guests: tuple[Guest, ...] = ()
    meeting: UUID | None = None
    sources: tuple[str, ...] = ()
    basis: str | None = None
    documents: tuple[DocumentRefShown, ...] = ()
    reported: ReportedShown | None = None


class ManifestationStepShown(OfStudent):
    """What was done after a review."""

    manifestation: UUID
    step: ManifestationStep
    done_on: date
    staff: UUID | None = None
    words: str | None = None
    document: DocumentRefShown | None = None
    reported: ReportedShown | None = None


class RemovalDaysShown(Part):
    """How many school days a student has been removed in a school year, by the district's calendar."""

    on: date
    year_from: date | None = None
    """The first day of the school year; absent where no calendar has that day."""
    total: Measure
    """Up to that day; a part day counts as half."""
    most_in_a_row: Measure
    """The longest run of consecutive school days, whenever it was."""
    eleventh_day: date | None = None
    """On which more than ten are reached: from then on services are owed."""


def of_discipline(state: Student, event: Event) -> Iterator[Resource]:
    """The one thing that an event records or changes."""
    match event:
        case RemovalRecorded() | RemovalEnded():
            yield from _removal(state, event.removal_id)
        case RemovalServicesGiven():
            yield _resource("removal_services", event.removal_services_id, RemovalServicesShown(
                student=event.student_id, external_id=event.external_id, removal=event.removal_id,
                services=event.services, from_=event.effective_on, until=event.ends_on, staff=event.decided_by,
                words=event.personal.words if event.personal else None, reported=reported_shown(event.reported),
            ))  # fmt: skip
        case RemovalDecided():
            factors = event.personal.model_dump() if event.personal else {}
            yield _resource("removal_decision", event.removal_decision_id, RemovalDecisionShown(
                student=event.student_id, external_id=event.external_id, ground=event.ground,
                removals=event.removal_ids, school_days=event.school_days, change_of_placement=event.change_of_placement,
                decided_on=event.effective_on, due_on=event.due_on, similar_behavior=event.similar_behavior,
                staff=event.decided_by, document=document_shown(event.document),
                reported=reported_shown(event.reported), **factors,
            ))  # fmt: skip
        case ManifestationDetermined():
            yield _resource("manifestation", event.manifestation_id, _manifestation(state, event))
        case ManifestationFollowed():
            yield _resource("manifestation_step", event.manifestation_step_id, ManifestationStepShown(
                student=event.student_id, external_id=event.external_id, manifestation=event.manifestation_id,
                step=event.step, done_on=event.effective_on, staff=event.staff_id,
                words=event.personal.words if event.personal else None, document=document_shown(event.document),
                reported=reported_shown(event.reported),
            ))  # fmt: skip
        case _:
            pass


def _resource(kind: str, id: UUID, shown: OfStudent) -> Resource:
    return Resource(kind, id, shown.kept(), shown.student, shown.external_id)


def _removal(state: Student, removal_id: UUID) -> Iterator[Resource]:
    known = state.discipline.removals.get(removal_id)
    if known is None:
        return
    shown = RemovalShown(
        student=known.student_id, external_id=known.external_id, setting=known.setting, from_=known.starts_on,
        until=known.ends_on, part_days=known.part_days, counts=known.counts, code_of_conduct=known.code_of_conduct,
        circumstance=known.circumstance, staff=known.decided_by, behavior=known.behavior, back_on=known.back_on,
        return_reason=known.return_reason,
        documents=tuple(DocumentRefShown.model_validate(each.model_dump()) for each in known.documents),
        reported=reported_shown(known.reported),
    )  # fmt: skip
    yield _resource("removal", removal_id, shown)


def _manifestation(state: Student, event: ManifestationDetermined) -> ManifestationShown:
    decision = state.discipline.decisions.get(event.removal_decision_id)
    due_on = decision.due_on if decision else None
    personal = event.personal
    return ManifestationShown(
        student=event.student_id, external_id=event.external_id, decision=event.removal_decision_id, law=event.law,
        by_disability=event.by_disability, by_failure=event.by_failure,
        is_manifestation=event.by_disability or event.by_failure,
        in_time=event.effective_on <= due_on if due_on else None, current_drug_use=event.current_drug_use,
        determined_on=event.effective_on, members=event.members, guests=personal.guests if personal else (),
        meeting=event.meeting_id, sources=event.sources, basis=personal.basis if personal else None,
        documents=tuple(DocumentRefShown.model_validate(each.model_dump()) for each in event.documents),
        reported=reported_shown(event.reported),
    )  # fmt: skip
