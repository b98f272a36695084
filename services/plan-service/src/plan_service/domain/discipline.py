"""A student's removals and what was decided about them, as decisions need it. Part of the student: see `domain.student`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import assert_never
from uuid import UUID

from contracts.discipline import (
    DisciplineEvent,
    ManifestationDetermined,
    ManifestationFollowed,
    RemovalDecided,
    RemovalEnded,
    RemovalRecorded,
    RemovalServicesGiven,
)
from contracts.fields import ExternalId, StaffId, StudentId
from contracts.problems import NotFound
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Law, ManifestationStep, RemovalGround, RemovalSetting, SpecialCircumstance


@dataclass(frozen=True, slots=True)
class Removal:
    """The student is not where their plan says, by way of discipline; both days inclusive."""

    removal_id: UUID
    student_id: StudentId
    setting: RemovalSetting
    starts_on: date
    ends_on: date
    part_days: tuple[date, ...] = ()
    counts: bool = True
    code_of_conduct: str | None = None
    circumstance: SpecialCircumstance | None = None
    decided_by: StaffId | None = None
    behavior: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None
    back_on: date | None = None
    """The first day back, where that was sooner than decided."""
    return_reason: str | None = None

    @property
    def last_on(self) -> date:
        """The last day of it."""
        return min(self.ends_on, self.back_on - timedelta(days=1)) if self.back_on else self.ends_on


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether removals are a change of placement."""

    removal_decision_id: UUID
    ground: RemovalGround
    removal_ids: tuple[UUID, ...]
    school_days: Decimal
    change_of_placement: bool
    decided_on: date
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Manifestation:
    """What the review found."""

    manifestation_id: UUID
    removal_decision_id: UUID
    law: Law
    determined_on: date
    is_manifestation: bool
    """Either question was answered with yes."""
    excepted: bool
    """Section 504 does not protect current illegal use of drugs, or use of alcohol."""
    steps: tuple[ManifestationStep, ...] = ()
    unmet: bool = False
    """It was reported, and not held as the rules want it: it may be held again."""


@dataclass(frozen=True, slots=True)
class Discipline:
    """All of a student's."""

    removals: Mapping[UUID, Removal] = field(default_factory=dict)
    decisions: Mapping[UUID, Decision] = field(default_factory=dict)
    manifestations: Mapping[UUID, Manifestation] = field(default_factory=dict)

    def removal(self, removal_id: UUID) -> Removal:
        """The removal by its id; raises `NotFound`."""
        known = self.removals.get(removal_id)
        if known is None:
            raise NotFound("This student has no such removal.")
        return known

    def review_of(self, decision_id: UUID) -> Manifestation | None:
        """The newest determination about a decision."""
        of = [each for each in self.manifestations.values() if each.removal_decision_id == decision_id]
        return of[-1] if of else None


def discipline_after(known: Discipline, event: DisciplineEvent) -> Discipline:
    """What follows from one more event."""
    match event:
        case RemovalRecorded():
            return _with_removal(known, _removal(event))
        case RemovalEnded():
            removal = known.removals.get(event.removal_id)
            reason = event.personal.reason if event.personal else None
            return known if removal is None else _with_removal(
                known, replace(removal, back_on=event.effective_on, return_reason=reason)
            )  # fmt: skip
        case RemovalDecided():
            made = Decision(
                event.removal_decision_id, event.ground, event.removal_ids, event.school_days, event.change_of_placement,
                event.effective_on, event.due_on,
            )  # fmt: skip
            return replace(known, decisions={**known.decisions, event.removal_decision_id: made})
        case ManifestationDetermined():
            found = Manifestation(
                event.manifestation_id, event.removal_decision_id, event.law, event.effective_on,
                event.by_disability or event.by_failure, event.law is Law.SECTION_504 and event.current_drug_use,
                unmet=event.reported is not None and bool(event.reported.unmet),
            )  # fmt: skip
            return _with_manifestation(known, found)
        case ManifestationFollowed():
            of = known.manifestations.get(event.manifestation_id)
            return (
                known
                if of is None
                else _with_manifestation(known, replace(of, steps=(*of.steps, event.step)))
            )
        case RemovalServicesGiven():
            return known
        case _:
            assert_never(event)


def _removal(event: RemovalRecorded) -> Removal:
    return Removal(
        event.removal_id, event.student_id, event.setting, event.effective_on, event.ends_on, event.part_days,
        event.counts, event.code_of_conduct, event.circumstance, event.decided_by,
        event.personal.behavior if event.personal else None, event.documents, event.external_id, event.reported,
    )  # fmt: skip


def _with_removal(known: Discipline, removal: Removal) -> Discipline:
    return replace(known, removals={**known.removals, removal.removal_id: removal})


def _with_manifestation(known: Discipline, found: Manifestation) -> Discipline:
    return replace(known, manifestations={**known.manifestations, found.manifestation_id: found})
