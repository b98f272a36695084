"""The published plan document: what a plan says on a day, as known at an instant (eventlog.md 9).

A pure fold of the plan's own stream, so that every service reads a plan exactly as plan-service publishes it, and the
same question gives the same bytes for ever.
"""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise

from contracts.event import Recorded
from contracts.fields import AmendmentId, HolderId, ItemId, StaffId
from contracts.plan import (
    AgreementSought,
    AmendmentAdopted,
    AmendmentAgreed,
    AmendmentProposed,
    AmendmentWithdrawn,
    AnyBasis,
    ConsentAnswered,
    DraftDropped,
    DraftOpened,
    ItemHolderAssigned,
    ItemHolderEnded,
    PlanAdopted,
    PlanEnded,
    PlanEvent,
    PlanVoided,
    ReviewHeld,
    StatementAdded,
)
from contracts.plan_history import (
    Binding,
    History,
    LineChange,
    Lines,
    adoption_on,
    binding_on,
    ends_a_text,
    evolve,
    fold,
    history_of,
    holding_on,
    known_entries,
)
from contracts.plan_shape import (
    ChangeRef,
    DocumentItem,
    EndedItem,
    ItemAnswer,
    ItemHolder,
    LogBasis,
    Overlap,
    PendingAmendment,
    PlanDocument,
    PlanEnding,
    PlanVersion,
    PlanVoiding,
    Statement,
    WithdrawnAmendment,
    WithheldItem,
    read_document,
)
from contracts.vocabulary import PlanKind, PlanStatus

__all__ = [
    "ChangeRef",
    "DocumentItem",
    "EndedItem",
    "History",
    "ItemAnswer",
    "ItemHolder",
    "LogBasis",
    "Overlap",
    "PendingAmendment",
    "PlanDocument",
    "PlanEnding",
    "PlanVersion",
    "PlanVoiding",
    "Statement",
    "WithdrawnAmendment",
    "WithheldItem",
    "evolve",
    "history_of",
    "in_force",
    "read_document",
    "version_document",
    "versions",
]


def in_force(history: History, effective_on: date, known_at: datetime | None = None) -> PlanDocument | None:
    """What the plan says on ``effective_on``, as known at ``known_at`` (without it: everything there is).

    ``None`` where nothing was known of the plan at all.
    """
    known = known_entries(history, known_at)
    if not known:
        return None
    lines = fold(known)
    binding = binding_on(lines.bindings, effective_on)
    adoption = adoption_on(lines.bindings, effective_on)
    current = _current(lines, effective_on) if adoption else ()
    document = PlanDocument(
        plan_id=known[0].event.plan_id,
        kind=_kind(known),
        student=known[0].subject,
        status=_status(known, lines, binding),
        version=_version_on(known, lines, effective_on),
        effective_on=effective_on,
        known_at=known[-1].known_at,
        basis=LogBasis(plan=known[-1].index),
        adopted_on=adoption.effective_on if adoption else None,
        review_due_on=_review_due_on(known, effective_on) if adoption else None,
        items=tuple(
            _document_item(change, _holders(known, change.item_id, effective_on)) for change in current
        ),
        ended_items=_ended_items(lines, effective_on) if adoption else (),
        withheld=_withheld(lines, effective_on) if adoption else (),
        withdrawn=_withdrawn(known, lines),
        pending=_pending(known, effective_on),
        overlaps=tuple(overlap for change in current for overlap in _overlaps(lines, change)),
        statements=_statements(known, effective_on),
        ending=_ending(binding),
    )
    return _struck_through(document, lines.void) if lines.void else document


def versions(history: History, known_at: datetime | None = None) -> tuple[PlanVersion, ...]:
    """Every adoption and amendment known at ``known_at``, in index order; a withdrawn one keeps its number."""
    known = known_entries(history, known_at)
    lines = fold(known)
    found = []
    for number, entry in enumerate(_version_entries(known), start=1):
        event = entry.event
        amended = event if isinstance(event, AmendmentAdopted) else None
        made = [
            change
            for line in lines.items.values()
            for change in line
            if change.recorded.id == entry.id and (change.op != "end" or ends_a_text(line, change))
        ]
        items = (
            [change.item_id for change in amended.changes] if amended else [change.item_id for change in made]
        )
        withdrawal = lines.withdrawals.get(entry.id)
        found.append(
            PlanVersion(
                number=number,
                kind="amended" if amended else "adopted",
                event_id=entry.id,
                effective_on=entry.effective_on,
                recorded_at=entry.recorded_at,
                known_at=entry.known_at,
                amendment_id=amended.amendment_id if amended else None,
                meeting_id=event.meeting_id if isinstance(event, PlanAdopted) else None,
                items=tuple(dict.fromkeys(items)),
                withheld=amended.withheld if amended else (),
                withdrawn_by=withdrawal.id if withdrawal else None,
                corrected_by=tuple(change.correction.id for change in made if change.correction),
                voided_by=lines.void.id if lines.void else None,
                imported=event.imported if isinstance(event, PlanAdopted) else None,
                reported=event.reported if isinstance(event, PlanAdopted | AmendmentAdopted) else None,
            )
        )
    return tuple(found)


def version_document(history: History, number: int, known_at: datetime | None = None) -> PlanDocument | None:
    """The plan on the first day of its version ``number``; ``None`` where there is no such version."""
    for version in versions(history, known_at):
        if version.number == number:
            return in_force(history, version.effective_on, known_at)
    return None


def _struck_through(document: PlanDocument, void: Recorded[PlanVoided]) -> PlanDocument:
    """Nothing of it ever bound; what it said stays to be read. Statements stay as they are."""
    return document.model_copy(
        update={
            "status": PlanStatus.VOID, "version": None, "adopted_on": None, "review_due_on": None, "items": (),
            "struck": document.items, "ended_items": (), "withheld": (), "pending": (), "overlaps": (), "ending": None,
            "voiding": PlanVoiding(voided_on=void.effective_on, ground=void.event.ground, event_id=void.id),
        }
    )  # fmt: skip


def _current(lines: Lines, day: date) -> tuple[LineChange, ...]:
    holding = (holding_on(line, day) for line in lines.items.values())
    return tuple(change for change in holding if change is not None and change.op != "end")


def _kind(known: Sequence[Recorded[PlanEvent]]) -> PlanKind | None:
    adopted = [entry.event.kind for entry in known if isinstance(entry.event, PlanAdopted)]
    opened = [entry.event.kind for entry in known if isinstance(entry.event, DraftOpened)]
    kinds = adopted or opened
    return kinds[-1] if kinds else None


def _status(known: Sequence[Recorded[PlanEvent]], lines: Lines, binding: Binding | None) -> PlanStatus:
    if binding is not None:
        adopted = adoption_on(lines.bindings, binding.key[0])
        return PlanStatus.IN_FORCE if adopted else PlanStatus.ENDED
    if any(isinstance(entry.recorded.event, PlanAdopted) for entry in lines.bindings):
        return PlanStatus.NOT_YET_IN_FORCE
    drafts = [entry.event for entry in known if isinstance(entry.event, DraftOpened | DraftDropped)]
    return PlanStatus.DROPPED if drafts and isinstance(drafts[-1], DraftDropped) else PlanStatus.DRAFT


def _version_entries(known: Sequence[Recorded[PlanEvent]]) -> list[Recorded[PlanEvent]]:
    return [entry for entry in known if isinstance(entry.event, PlanAdopted | AmendmentAdopted)]


def _version_on(known: Sequence[Recorded[PlanEvent]], lines: Lines, day: date) -> int | None:
    entries = enumerate(_version_entries(known), start=1)
    stand = [
        (entry.effective_on, number)
        for number, entry in entries
        if entry.effective_on <= day and entry.id not in lines.withdrawals
    ]
    return max(stand)[1] if stand else None


def _review_due_on(known: Sequence[Recorded[PlanEvent]], day: date) -> date | None:
    """The date set by the last adoption or review up to ``day``; an amendment never moves it."""
    due = [
        (entry.effective_on, place, entry.event.review_due_on)
        for place, entry in enumerate(known)
        if isinstance(entry.event, PlanAdopted | ReviewHeld)
        and entry.event.review_due_on is not None
        and entry.effective_on <= day
    ]
    return max(due)[2] if due else None


def _document_item(change: LineChange, holders: tuple[ItemHolder, ...]) -> DocumentItem:
    assert change.item is not None
    assert change.op != "end"
    correction = change.correction
    return DocumentItem(
        item=change.item,
        op=change.op,
        since=change.effective_on,
        changed_by=change.recorded.id,
        amendment_id=change.amendment_id,
        recorded_at=change.recorded.recorded_at,
        known_at=change.recorded.known_at,
        corrected_by=correction.id if correction else None,
        correction_known_at=correction.known_at if correction else None,
        reported=change.recorded.event.reported,
        holders=holders,
    )


def _holders(known: Sequence[Recorded[PlanEvent]], item_id: ItemId, day: date) -> tuple[ItemHolder, ...]:
    latest: dict[StaffId, tuple[tuple[date, int], Recorded[PlanEvent]]] = {}
    for place, entry in enumerate(known):
        event = entry.event
        if not isinstance(event, ItemHolderAssigned | ItemHolderEnded) or event.item_id != item_id:
            continue
        key = (entry.effective_on, place)
        if key[0] <= day and (event.staff_id not in latest or key > latest[event.staff_id][0]):
            latest[event.staff_id] = (key, entry)
    return tuple(
        ItemHolder(staff_id=staff_id, since=entry.effective_on, event_id=entry.id)
        for staff_id, (_, entry) in latest.items()
        if isinstance(entry.event, ItemHolderAssigned)
        and (entry.event.ends_on is None or day <= entry.event.ends_on)
    )


def _ended_items(lines: Lines, day: date) -> tuple[EndedItem, ...]:
    """Items whose line has come to an end by ``day`` and that had a text before."""
    ended = []
    for line in lines.items.values():
        begun = sorted(
            (change for change in line if change.effective_on <= day), key=lambda change: change.key
        )
        ends = [(before, change) for before, change in pairwise(begun) if before.item and change.op == "end"]
        if ends and begun[-1].op == "end":
            before, end = ends[-1]
            assert before.item is not None
            ended.append(
                EndedItem(
                    item=before.item,
                    ended_on=end.effective_on,
                    ended_by=end.recorded.id,
                    amendment_id=end.amendment_id,
                )
            )
    return tuple(ended)


def _withheld(lines: Lines, day: date) -> tuple[WithheldItem, ...]:
    """What amendments up to ``day`` left unchanged, until a later decision speaks about the item."""
    adoptions = [
        binding.key
        for binding in lines.bindings
        if isinstance(binding.recorded.event, PlanAdopted) and binding.key[0] <= day
    ]
    found = []
    for amendment in lines.amendments:
        for item_id in dict.fromkeys(amendment.recorded.event.withheld):
            decided = [change.key for change in lines.items.get(item_id, ()) if change.effective_on <= day]
            if amendment.key[0] <= day and not any(key > amendment.key for key in (*decided, *adoptions)):
                found.append(
                    WithheldItem(
                        item_id=item_id,
                        amendment_id=amendment.recorded.event.amendment_id,
                        event_id=amendment.recorded.id,
                        since=amendment.key[0],
                    )
                )
    return tuple(found)


def _withdrawn(known: Sequence[Recorded[PlanEvent]], lines: Lines) -> tuple[WithdrawnAmendment, ...]:
    return tuple(
        WithdrawnAmendment(
            amendment_id=entry.event.amendment_id,
            adopted_by=entry.id,
            withdrawn_by=lines.withdrawals[entry.id].id,
        )
        for entry in known
        if isinstance(entry.event, AmendmentAdopted) and entry.id in lines.withdrawals
    )


def _pending(known: Sequence[Recorded[PlanEvent]], day: date) -> tuple[PendingAmendment, ...]:
    proposed: dict[AmendmentId, Recorded[PlanEvent]] = {}
    for entry in known:
        event = entry.event
        if isinstance(event, AmendmentProposed) and entry.effective_on <= day:
            proposed[event.amendment_id] = entry
        elif isinstance(event, AmendmentAdopted | AmendmentWithdrawn):
            proposed.pop(event.amendment_id, None)
    return tuple(
        PendingAmendment(
            amendment_id=amendment_id,
            event_id=entry.id,
            proposed_on=entry.effective_on,
            requested=entry.event.requested,
            basis=_agreed(known, entry.event, day),
            changes=entry.event.changes,
            answers=_answers(known, amendment_id, day),
        )
        for amendment_id, entry in proposed.items()
        if isinstance(entry.event, AmendmentProposed)
    )


def _agreed(known: Sequence[Recorded[PlanEvent]], proposal: AmendmentProposed, day: date) -> AnyBasis:
    """What the proposal rests on; where an agreement was sought, the first that counts."""
    if isinstance(proposal.basis, AgreementSought):
        for entry in known:
            event = entry.event
            if (
                isinstance(event, AmendmentAgreed)
                and event.counts
                and event.amendment_id == proposal.amendment_id
                and entry.effective_on <= day
            ):
                return event.agreement
    return proposal.basis


def _answers(
    known: Sequence[Recorded[PlanEvent]], amendment_id: AmendmentId, day: date
) -> tuple[ItemAnswer, ...]:
    """The last answer of each holder to each item."""
    answers: dict[tuple[ItemId, HolderId], ItemAnswer] = {}
    for entry in known:
        event = entry.event
        if (
            not isinstance(event, ConsentAnswered)
            or event.amendment_id != amendment_id
            or entry.effective_on > day
        ):
            continue
        for item_id in event.items:
            answers[item_id, event.holder_id] = ItemAnswer(
                item_id=item_id,
                holder_id=event.holder_id,
                decision=event.decision,
                counts=event.counts,
                answered_on=entry.effective_on,
                event_id=entry.id,
            )
    return tuple(answers.values())


def _overlaps(lines: Lines, current: LineChange) -> list[Overlap]:
    """Changes to the same item recorded after ``current`` for an earlier day."""
    return [
        Overlap(
            item_id=current.item_id,
            stands=ChangeRef(event_id=current.recorded.id, effective_on=current.effective_on),
            passed_over=ChangeRef(event_id=other.recorded.id, effective_on=other.effective_on),
        )
        for other in lines.items[current.item_id]
        if other.key[1] > current.key[1] and other.effective_on < current.effective_on
    ]


def _statements(known: Sequence[Recorded[PlanEvent]], day: date) -> tuple[Statement, ...]:
    return tuple(
        Statement(
            statement_id=entry.event.statement_id,
            holder_id=entry.event.holder_id,
            made_on=entry.effective_on,
            text=entry.event.personal.text,
            event_id=entry.id,
        )
        for entry in known
        if isinstance(entry.event, StatementAdded) and entry.effective_on <= day
    )


def _ending(binding: Binding | None) -> PlanEnding | None:
    if binding is None or not isinstance(binding.recorded.event, PlanEnded):
        return None
    return PlanEnding(
        ended_on=binding.key[0], reason=binding.recorded.event.reason, event_id=binding.recorded.id
    )
