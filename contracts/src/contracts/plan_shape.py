"""The shape of the published plan document; `contracts.plan_document` makes it."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from contracts.canonical import Instant, canonical
from contracts.event import Value
from contracts.fields import AmendmentId, EventId, HolderId, ItemId, Narrative, StaffId
from contracts.items import Change, Item
from contracts.plan import Basis
from contracts.values import Imported, Reported
from contracts.vocabulary import ConsentDecision, PlanEnd, PlanKind, PlanStatus, VoidGround


class ItemHolder(Value):
    """Who carries out an item."""

    staff_id: StaffId
    since: date
    event_id: EventId


class DocumentItem(Value):
    """An item in force, and the event that made it so."""

    item: Item
    op: Literal["add", "replace"]
    since: date
    """The first day of this text."""
    changed_by: EventId
    amendment_id: AmendmentId | None = None
    recorded_at: Instant
    known_at: Instant | None = None
    corrected_by: EventId | None = None
    """The correction whose text this is."""
    correction_known_at: Instant | None = None
    reported: Reported | None = None
    """Reported, not decided here."""
    holders: tuple[ItemHolder, ...] = ()


class EndedItem(Value):
    """An item that was in force and no longer is."""

    item: Item
    """Its last text."""
    ended_on: date
    """The first day without it."""
    ended_by: EventId
    amendment_id: AmendmentId | None = None


class WithheldItem(Value):
    """An item that an amendment did not change, for want of consent."""

    item_id: ItemId
    amendment_id: AmendmentId
    event_id: EventId
    since: date


class WithdrawnAmendment(Value):
    """An amendment that had been adopted and leaves no change."""

    amendment_id: AmendmentId
    adopted_by: EventId
    withdrawn_by: EventId


class ItemAnswer(Value):
    """What somebody answered about an item of a proposed amendment."""

    item_id: ItemId
    holder_id: HolderId
    decision: ConsentDecision
    counts: bool
    answered_on: date
    event_id: EventId


class PendingAmendment(Value):
    """An amendment proposed and neither adopted nor withdrawn."""

    amendment_id: AmendmentId
    event_id: EventId
    proposed_on: date
    requested: date | Literal["earliest"]
    basis: Basis
    changes: tuple[Change, ...]
    answers: tuple[ItemAnswer, ...] = ()


class ChangeRef(Value):
    """A change, by its event and first day."""

    event_id: EventId
    effective_on: date


class Overlap(Value):
    """A change recorded later but effective earlier, which does not push out the one that started after it."""

    item_id: ItemId
    stands: ChangeRef
    passed_over: ChangeRef


class Statement(Value):
    """A parent's or adult student's statement, kept with the plan."""

    statement_id: UUID
    holder_id: HolderId
    made_on: date
    text: Narrative
    event_id: EventId


class PlanEnding(Value):
    """Why and from when the plan no longer binds."""

    ended_on: date
    """The first day without it."""
    reason: PlanEnd
    event_id: EventId


class PlanVoiding(Value):
    """That the plan never bound, and why."""

    voided_on: date
    """The day on which it was stated."""
    ground: VoidGround
    event_id: EventId


class LogBasis(Value):
    """The last index of each log that the answer rests on; asked again with it, the answer is the same."""

    plan: int | None = None


class PlanDocument(Value):
    """A plan as in force on ``effective_on``, as known at ``known_at``."""

    plan_id: UUID
    kind: PlanKind | None = None
    student: UUID
    status: PlanStatus
    version: int | None = None
    """Which adoption or amendment it stands at, counted in index order."""
    effective_on: date
    """The day asked about."""
    known_at: Instant | None = None
    """When the last entry used became known."""
    basis: LogBasis
    adopted_on: date | None = None
    """The first day of the adoption in force."""
    review_due_on: date | None = None
    items: tuple[DocumentItem, ...] = ()
    ended_items: tuple[EndedItem, ...] = ()
    withheld: tuple[WithheldItem, ...] = ()
    withdrawn: tuple[WithdrawnAmendment, ...] = ()
    pending: tuple[PendingAmendment, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    statements: tuple[Statement, ...] = ()
    ending: PlanEnding | None = None
    voiding: PlanVoiding | None = None
    struck: tuple[DocumentItem, ...] = ()
    """Of a plan that never bound: what it would have said on that day."""

    def item(self, item_id: ItemId) -> DocumentItem | None:
        """The item in force, if it is."""
        return next((entry for entry in self.items if entry.item.id == item_id), None)

    def to_json(self) -> dict[str, Any]:
        """The document as JSON: what is absent has no key."""
        return self.model_dump(mode="json", exclude_none=True)

    def to_bytes(self) -> bytes:
        """The document's canonical bytes."""
        return canonical(self.to_json())


class PlanVersion(Value):
    """An adoption or amendment: one state of the plan, numbered in index order for ever."""

    number: int
    kind: Literal["adopted", "amended"]
    event_id: EventId
    effective_on: date
    recorded_at: Instant
    known_at: Instant | None = None
    amendment_id: AmendmentId | None = None
    meeting_id: UUID | None = None
    items: tuple[ItemId, ...]
    """The items it gave a text or ended."""
    withheld: tuple[ItemId, ...] = ()
    withdrawn_by: EventId | None = None
    corrected_by: tuple[EventId, ...] = ()
    voided_by: EventId | None = None
    imported: Imported | None = None
    """From where it was taken over, and when it was recorded there."""
    reported: Reported | None = None


def read_document(fields: Any) -> PlanDocument:
    """A stored or received document; fields this version does not know are ignored."""
    return PlanDocument.model_validate(fields, extra="ignore")
