"""Working on a plan before anything is decided: drafts are working papers, opened and dropped by an event each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ExternalId, HolderId, ItemId, LanguageTag, PlanId, StudentId
from contracts.items import AnyItem
from contracts.plan import DraftDropped, DraftOpened, DraftShared, PlanEvent, ReasonPersonalData
from contracts.problems import Rejected
from contracts.values import DocumentRef, Imported
from contracts.vocabulary import Channel, PlanKind
from plan_service.domain.people import People
from plan_service.domain.plan import Plan
from plan_service.domain.rules import cannot_be_true, done_on


class DraftAlreadyOpen(Rejected):
    """A plan has one draft at a time."""

    code = "draft-already-open"


class NoDraft(Rejected):
    """There is nothing being worked on."""

    code = "no-draft"


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """Begin work on a plan, or on the next version of one."""

    plan_id: PlanId
    student_id: StudentId
    kind: PlanKind
    today: date
    external_id: ExternalId | None = None
    imported: Imported | None = None


def open_draft(plan: Plan, command: OpenDraft) -> list[PlanEvent]:
    """Begin work; what is in force stays in force meanwhile."""
    if plan.drafting:
        raise DraftAlreadyOpen("A draft of this plan is open already. Change it, or drop it first.")
    return [
        DraftOpened(
            effective_on=command.today, plan_id=command.plan_id, student_id=command.student_id, kind=command.kind,
            external_id=command.external_id, imported=command.imported,
        )
    ]  # fmt: skip


def drop_draft(plan: Plan, today: date, reason: str | None = None) -> list[PlanEvent]:
    """Give the draft up; nothing of it ever bound."""
    if not plan.drafting or plan.plan_id is None:
        raise NoDraft("No draft of this plan is open.")
    personal = ReasonPersonalData(reason=reason) if reason else None
    return [DraftDropped(effective_on=today, plan_id=plan.plan_id, personal=personal)]


@dataclass(frozen=True, slots=True)
class ShareDraft:
    """A draft was given to rights holders."""

    draft_share_id: UUID
    draft_version: int
    document: DocumentRef
    """The exact text given."""
    holder_ids: tuple[HolderId, ...]
    channel: Channel
    language: LanguageTag
    today: date
    given_on: date | None = None
    external_id: ExternalId | None = None


def share_draft(plan: Plan, newest: int, command: ShareDraft, people: People) -> list[PlanEvent]:
    """Record that this text was given: from then on it is an education record, whatever becomes of the draft."""
    if not plan.drafting or plan.plan_id is None:
        raise NoDraft("No draft of this plan is open.")
    if command.draft_version > newest:
        raise cannot_be_true("unknown-draft-version", f"The draft has {newest} versions.", "/draft_version")
    if not command.holder_ids:
        raise cannot_be_true("given-to-nobody", "Say to whom it was given.", "/holders")
    people.must_know(command.holder_ids, "/holders/{place}")
    return [
        DraftShared(
            effective_on=done_on(command.given_on, None, command.today, "given"), plan_id=plan.plan_id,
            draft_version=command.draft_version, document=command.document, holder_ids=command.holder_ids,
            channel=command.channel, language=command.language, draft_share_id=command.draft_share_id,
            external_id=command.external_id,
        )
    ]  # fmt: skip


def merged(items: Sequence[AnyItem], changes: Mapping[ItemId, AnyItem | None]) -> tuple[AnyItem, ...]:
    """The draft with some of its items replaced, added or, where ``None``, taken out."""
    kept = {item.id: item for item in items}
    for item_id, item in changes.items():
        if item is None:
            kept.pop(item_id, None)
        else:
            kept[item_id] = item
    return tuple(kept.values())


def distinct(items: Sequence[AnyItem]) -> tuple[AnyItem, ...]:
    """The items, each id once: two things under one id could never be told apart again."""
    seen: set[ItemId] = set()
    for place, item in enumerate(items):
        if item.id in seen:
            raise cannot_be_true("duplicate-item", "Two items have the same id.", f"/items/{place}/id")
        seen.add(item.id)
    return tuple(items)


def same_kinds(plan: Plan, items: Sequence[AnyItem]) -> None:
    """An item never changes its kind: consents, sessions and measurements point at it."""
    for place, item in enumerate(items):
        kind = plan.kind_of(item.id)
        if kind is not None and kind != item.kind:
            raise cannot_be_true(
                "another-kind", f"The item is a {kind} in this plan and stays one; give the new one a new id.",
                f"/items/{place}/kind",
            )  # fmt: skip
