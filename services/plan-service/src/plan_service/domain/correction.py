"""A clerical correction: the text misreported a decision. It names what was wrong and the proof, and two people stand for it.

Asked for by one and approved by another; until then it is a working paper. The wrong text stays visible for ever.
What changes what was decided (fewer minutes, another placement) is an amendment, never a correction (law.md 6).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from contracts.fields import EventId, ExternalId, ItemId, PersonRef
from contracts.items import AnyItem, Placement, Service
from contracts.plan import CorrectedChange, CorrectionPersonalData, PlanCorrected, PlanEvent
from contracts.problems import Reason
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Period
from plan_service.domain.plan import Plan
from plan_service.domain.rules import UnmetRules, cannot_be_true, not_in_the_future, settle
from plan_service.domain.second_person import must_be_another


@dataclass(frozen=True, slots=True)
class ChangeInRecord:
    """A change as the record has it: the event that made it, its item and its first day."""

    event_id: EventId
    item_id: ItemId
    starts_on: date
    kind: str | None
    """The kind of its item; ``None`` where the change ends the item."""
    item: AnyItem | None = None
    """What it says, as corrected so far."""
    reported: Reported | None = None
    """That the correction is reported, with the rules that would have refused it."""


class CorrectionRefused(UnmetRules):
    """It would change what was decided."""

    code = "correction-refused"
    what = "This correction"


@dataclass(frozen=True, slots=True)
class RequestCorrection:
    """Ask that the text of one change be put right."""

    correction_id: UUID
    event_id: EventId
    item: AnyItem
    """The right text, in full."""
    what_was_wrong: str
    evidence: str
    requested_by: PersonRef
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def check_correction(
    command: RequestCorrection, corrected: ChangeInRecord | None, today: date
) -> ChangeInRecord:
    """A correction gives one change of this plan its right text; raises `Invalid` for anything else."""
    not_in_the_future(command.reported, today)
    if corrected is None:
        raise cannot_be_true(
            "unknown-change", "No event of this plan by this id changed this item.", "/corrects/event_id"
        )
    if corrected.kind is None:
        raise cannot_be_true(
            "nothing-to-correct", "This change ends the item; there is no text in it.", "/corrects"
        )
    if corrected.kind != command.item.kind:
        raise cannot_be_true("another-kind", f"The item is a {corrected.kind} and stays one.", "/item/kind")
    if corrected.item == command.item:
        raise cannot_be_true(
            "nothing-corrected",
            "The record says just that already. Send the item as it should read, with what was wrong put right.",
            "/item",
        )
    unmet = tuple(changes_what_was_decided(corrected.item, command.item))
    return replace(corrected, reported=settle(CorrectionRefused, unmet, command.reported))


def changes_what_was_decided(before: AnyItem | None, after: AnyItem) -> Iterator[Reason]:
    """law.md 6: fewer minutes or another placement is an amendment, with its notice before (34 CFR 300.503, 300.324(a)(6))."""
    match before, after:
        case Service(), Service() if _gives_less(before, after):
            what = "It promises fewer minutes than the record"
        case Placement(), Placement() if (before.setting, before.percent_with_peers) != (
            after.setting,
            after.percent_with_peers,
        ):
            what = "It names another placement than the record"
        case _:
            return
    yield Reason(
        "amendment-not-correction", f"{what}: that changes what was decided.", "34 CFR 300.324(a)(6), 300.503(a)",
        "Propose an amendment; where the record never said what was decided, report the correction with its proof.", "/item",
    )  # fmt: skip


def _gives_less(before: Service, after: Service) -> bool:
    if before.minutes is None or before.per is None:
        return False
    periods = list(Period)
    return (
        after.minutes is None
        or after.per is None
        or after.minutes < before.minutes
        or periods.index(after.per) > periods.index(before.per)
    )


def approve_correction(
    plan: Plan, command: RequestCorrection, corrected: ChangeInRecord, approved_by: PersonRef
) -> list[PlanEvent]:
    """Put the text right over the change's whole span; what it said before stays visible."""
    if command.correction_id in plan.corrections or plan.plan_id is None:
        return []
    must_be_another(approved_by, command.requested_by)
    return [
        PlanCorrected(
            effective_on=corrected.starts_on,
            plan_id=plan.plan_id,
            correction_id=command.correction_id,
            corrects=CorrectedChange(event_id=corrected.event_id, item_id=corrected.item_id),
            item=command.item,
            personal=CorrectionPersonalData(what_was_wrong=command.what_was_wrong, evidence=command.evidence),
            requested_by=command.requested_by,
            approved_by=approved_by,
            document=command.document,
            external_id=command.external_id,
            reported=corrected.reported or command.reported,
        )
    ]
