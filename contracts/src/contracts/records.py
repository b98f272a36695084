"""Legal holds and the lawful destruction of contents: streams ``hold/{id}`` and ``destruction/{id}`` of audit-service.

A hold stands under its student's keys, as it says why. A destruction stands under the tenant's own subject, so that it
can be read when the student's contents are gone: ids, days, grounds and approvers only.
"""

from datetime import date
from typing import TypeAlias
from uuid import UUID

from contracts.event import Event, EventClass, Value, event
from contracts.fields import HolderId, Line, Narrative, NoticeId, PersonRef, StudentId
from contracts.values import Unmet
from contracts.vocabulary import Channel, DestructionGround, HoldGround

FAMILY_NOT_TOLD = "family-not-told"
"""Code of a refusal: the family does not know that the record is no longer needed. Alone, it makes the notice of it owed."""


class HoldPersonalData(Value):
    """Why, in somebody's words."""

    reason: Narrative
    matter: Line | None = None
    """The case, complaint or request, by the name or number it goes by."""


@event("hold.opened", of=EventClass.PROOF)
class HoldOpened(Event):
    """Nothing of this student's record may be destroyed until the hold is released."""

    hold_id: UUID
    student_id: StudentId
    ground: HoldGround
    personal: HoldPersonalData
    review_on: date | None = None
    """When it is to be looked at again. It ends by a release, never by itself."""
    dispute_id: UUID | None = None
    """The dispute whose filing opened it."""
    set_by: PersonRef | None = None
    """Who set it; nobody did where a dispute's filing opened it."""


class HoldReleasePersonalData(Value):
    """Why it is no longer needed."""

    reason: Narrative


@event("hold.released", of=EventClass.PROOF)
class HoldReleased(Event):
    """The hold no longer stands."""

    hold_id: UUID
    student_id: StudentId
    personal: HoldReleasePersonalData
    released_by: PersonRef | None = None
    """Who let it go."""


class FamilyTold(Value):
    """That the family was told that the information is no longer needed (34 CFR 300.624(a))."""

    told_on: date
    notice_id: NoticeId | None = None
    """The notice of notify-service that says so."""
    channel: Channel | None = None
    """Of a letter or talk that Handrail did not make."""


@event("destruction.requested", of=EventClass.PROOF)
class DestructionRequested(Event):
    """The first of two people asks that contents be destroyed."""

    destruction_id: UUID
    student_id: StudentId
    classes: tuple[EventClass, ...]
    ground: DestructionGround
    requested_by: PersonRef | None = None
    """Whoever approves it has to be somebody else."""
    holder_id: HolderId | None = None
    """Who of the family asked for it (300.624(b))."""
    asked_on: date | None = None
    told: FamilyTold | None = None
    schedule: Line
    """The retention schedule that was looked at."""
    schedule_ends_on: date | None = None
    """The first day on which the schedule lets it go; absent: it sets none."""


@event("destruction.refused", of=EventClass.PROOF)
class DestructionRefused(Event):
    """It was asked for, or approved, and may not be: the record stays."""

    destruction_id: UUID
    student_id: StudentId
    classes: tuple[EventClass, ...]
    ground: DestructionGround
    unmet: tuple[Unmet, ...]
    hold_ids: tuple[UUID, ...] = ()


class FindingKept(Value):
    """What a rule had found when the order was given: its state and its days, none of its words and facts."""

    rule: Line
    state: Line
    severity: Line
    trigger_on: date
    due_on: date | None = None
    done_on: date | None = None
    rules: Line
    """The rule set by which it was judged."""


MOST_FINDINGS_KEPT = 1_000


@event("destruction.ordered", of=EventClass.PROOF)
class DestructionOrdered(Event):
    """The second of two people has approved: from here on the keys are destroyed, whatever fails in between."""

    destruction_id: UUID
    student_id: StudentId
    classes: tuple[EventClass, ...]
    ground: DestructionGround
    requested_by: PersonRef
    approved_by: PersonRef
    findings: tuple[FindingKept, ...] | None = None
    """What stays of the findings, as nobody can judge anew without the contents."""


@event("destruction.stopped", of=EventClass.PROOF)
class DestructionStopped(Event):
    """A hold was set, or a request about the record or a dispute came, before the keys were destroyed: nothing was, and it
    has to be asked for anew."""

    destruction_id: UUID
    student_id: StudentId
    hold_ids: tuple[UUID, ...]
    """None where it was a request or a dispute alone."""


class DestroyedKey(Value):
    """A key that is gone: what was sealed under it, and under the generations before it."""

    contents: EventClass
    generation: int


@event("destruction.contents_destroyed", of=EventClass.PROOF)
class ContentsDestroyed(Event):
    """The keys were destroyed: nobody reads these contents again, and every proof still verifies."""

    destruction_id: UUID
    student_id: StudentId
    classes: tuple[EventClass, ...]
    ground: DestructionGround
    keys: tuple[DestroyedKey, ...]
    requested_by: PersonRef
    approved_by: PersonRef
    ordered_on: date
    final_on: date
    """When the keyring's backups from before have run out: from then on no backup yields the contents either."""


HoldEvent: TypeAlias = HoldOpened | HoldReleased
DestructionEvent: TypeAlias = (
    DestructionRequested | DestructionRefused | DestructionOrdered | DestructionStopped | ContentsDestroyed
)
RecordsEvent: TypeAlias = HoldEvent | DestructionEvent
