"""Accommodations in daily life: who says that they know their duties (34 CFR 300.323(d), 104.33), and what was used."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.carrying_out import (
    AccommodationUsed,
    AccommodationUseVoided,
    ResponsibilityAcknowledged,
    UsePersonalData,
)
from contracts.codes import PLACE
from contracts.fields import ItemId, PlanId, StaffId
from contracts.problems import Reason, Rejected
from contracts.values import Reported, VoidPersonalData
from contracts.vocabulary import UseOutcome
from progress_service.domain.item_year import ItemYear
from progress_service.domain.promised_item import ItemOnDay
from progress_service.domain.refusals import RulesUnmet, cannot_be_true, settle, wrong_day

USED = ("accommodation", "modification", "assistive_technology", "school_services")
"""Kinds of items whose use is logged."""


class UseNotPromised(RulesUnmet):
    """No plan in force has this item on that day."""

    code = "use-not-promised"
    what = "The record of use"


class SpeaksForThemselves(Rejected):
    """Only the staff member themselves says that they know their duties."""

    code = "speaks-for-themselves"

    def __init__(self, staff: StaffId) -> None:
        super().__init__(
            "Only the staff member themselves says that they know their duties; that somebody told them is recorded by "
            "POST /plan/v1/plans/{id}/informed.",
            staff=staff,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """A staff member's word that they know their duties."""

    acknowledgement_id: UUID
    plan_id: PlanId
    item_id: ItemId
    staff: StaffId
    on: date
    how: str
    external_id: str | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogUse:
    """What became of an accommodation when it was called for."""

    use_id: UUID
    plan_id: PlanId
    item_id: ItemId
    on: date
    outcome: UseOutcome
    by: StaffId | None = None
    place: str | None = None
    note: str | None = None
    external_id: str | None = None
    reported: Reported | None = None


def acknowledge(
    command: Acknowledge, item: ItemOnDay, today: date, speaker: str | None = None
) -> list[ResponsibilityAcknowledged]:
    """Take somebody's word that they know their duties; also before the item binds, as it should be.

    ``speaker`` is the person who is signed in; a system reports what was said elsewhere.
    """
    if speaker is not None and command.reported is None and speaker != str(command.staff):
        raise SpeaksForThemselves(command.staff)
    wrong = wrong_day(command.on, today, command.reported, "/on")
    if item.item is None:
        wrong.append(Reason("item-not-in-plan", "No text of this plan has this item.", pointer="/item"))
    cannot_be_true(wrong)
    return [
        ResponsibilityAcknowledged(
            effective_on=command.on, acknowledgement_id=command.acknowledgement_id, plan_id=command.plan_id,
            item_id=command.item_id, student_id=item.student_id, staff_id=command.staff, how=command.how,
            external_id=command.external_id, reported=command.reported,
        )
    ]  # fmt: skip


def log_use(command: LogUse, item: ItemOnDay, today: date) -> list[AccommodationUsed]:
    """Record use of an accommodation; refused on a day on which no plan in force has it."""
    wrong = wrong_day(command.on, today, command.reported, "/on")
    if item.item is not None and item.item.kind not in USED:
        message = f"The item is of the kind {item.item.kind}: use is logged of {', '.join(USED)}."
        wrong.append(Reason("not-an-accommodation", message, pointer="/item"))
    if command.place is not None and command.place not in PLACE.labels:
        wrong.append(
            Reason("unknown-code", f"The place is one of: {', '.join(PLACE.labels)}.", pointer="/place")
        )
    cannot_be_true(wrong)
    reported = settle(UseNotPromised, [item.unmet] if item.unmet else [], command.reported, plan=command.plan_id,
                      item=command.item_id, on=command.on)  # fmt: skip
    return [
        AccommodationUsed(
            effective_on=command.on, use_id=command.use_id, plan_id=command.plan_id, item_id=command.item_id,
            student_id=item.student_id, outcome=command.outcome, by=command.by, place=command.place,
            external_id=command.external_id, reported=reported,
            personal=UsePersonalData(note=command.note) if command.note is not None else None,
        )
    ]  # fmt: skip


def void_use(year: ItemYear, use_id: UUID, reason: str) -> list[AccommodationUseVoided]:
    """Strike a record of use through: it stays, and counts no more. Once more changes nothing."""
    use = year.uses[use_id]
    if not use.counts:
        return []
    return [
        AccommodationUseVoided(
            effective_on=use.on, use_id=use_id, plan_id=use.plan, item_id=use.item,
            personal=VoidPersonalData(reason=reason),
        )
    ]  # fmt: skip
