"""What goes into a packet and what stays out, and why: only what the release names, and nothing about others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from audit_service.domain.disclosure import SENDABLE, covered_by
from contracts.audit import LeftOut
from contracts.event import Event, Recorded
from contracts.plan import AmendmentAdopted, PlanAdopted, PlanCorrected, StatementAdded
from contracts.plan_document import History, PlanDocument, in_force
from contracts.plan_history import PLAN_EVENTS
from contracts.problems import Reason, Rejected
from contracts.students import ReleaseSigned
from contracts.vocabulary import PlanStatus, RecordKind


class NothingToSend(Rejected):
    """What was asked for leaves nothing to put into a packet."""

    code = "nothing-to-send"


@dataclass(frozen=True)
class Scope:
    """What a packet is to hold."""

    plan: UUID
    document: PlanDocument
    """The plan as it goes out: items and parts that are not released are not in it."""
    sends: tuple[RecordKind, ...]
    left_out: tuple[LeftOut, ...]
    release: UUID

    def __contains__(self, kind: RecordKind) -> bool:
        return kind in self.sends


def plan_to_send(history: History, today: date) -> PlanDocument:
    """The plan as in force today, or on its last day; raises `NothingToSend` for one that never was in force.

    An IEP and a 504 plan end at exit and bind no college (104.44): what goes out is documentation of what was in force.
    """
    document = in_force(history, today)
    if document is not None and document.status is PlanStatus.ENDED and document.ending is not None:
        document = in_force(history, document.ending.ended_on - timedelta(days=1))
    if document is None or document.status is not PlanStatus.IN_FORCE:
        reason = Reason("plan-never-in-force", "nothing of this plan has been in force yet.", "34 CFR 104.33, 300.323",
                        "Adopt the plan, or send another one.", "/plan")  # fmt: skip
        raise NothingToSend("This plan has never been in force: there is nothing to send.", reasons=(reason,))
    return document


def scope_of(document: PlanDocument, release: ReleaseSigned, leave_out: Mapping[RecordKind, str]) -> Scope:
    """What the release names, less what was asked to be left out; raises `NothingToSend` when that is nothing."""
    covered = covered_by(release)
    sends = tuple(kind for kind in covered if kind not in leave_out)
    if RecordKind.PLAN not in sends and RecordKind.ACCOMMODATIONS not in sends:
        reason = Reason("records-not-covered", "the release names neither the plan nor its accommodations, or they were "
                        "left out.", "34 CFR 99.30(b)(1)", "Name them in the release, or do not leave both out.")  # fmt: skip
        raise NothingToSend("Nothing of the plan may or should be sent.", reasons=(reason,))
    left_out = [
        LeftOut(what=kind, reason=leave_out.get(kind) or _why_not(kind, release))
        for kind in RecordKind
        if kind is not RecordKind.WHOLE_RECORD and kind not in sends and not _inside(kind, sends, leave_out)
    ]
    return Scope(
        document.plan_id, _shown(document, sends, leave_out), sends, tuple(left_out), release.release_id
    )


def _inside(kind: RecordKind, sends: Sequence[RecordKind], leave_out: Mapping[RecordKind, str]) -> bool:
    """Accommodations are part of the plan: released with it."""
    return kind is RecordKind.ACCOMMODATIONS and RecordKind.PLAN in sends and kind not in leave_out


def _why_not(kind: RecordKind, release: ReleaseSigned) -> str:
    if kind not in SENDABLE:
        return "Handrail holds no such record of this student; ask the school for it."
    return "The release does not name it."


def _shown(
    document: PlanDocument, sends: Sequence[RecordKind], leave_out: Mapping[RecordKind, str]
) -> PlanDocument:
    items = document.items
    if RecordKind.PLAN not in sends:
        items = tuple(entry for entry in items if entry.item.kind == "accommodation")
    elif RecordKind.ACCOMMODATIONS in leave_out:
        items = tuple(entry for entry in items if entry.item.kind != "accommodation")
    if RecordKind.PLAN_HISTORY in sends:
        return document.model_copy(update={"items": items})
    # A parent's statement is kept and disclosed with the part of the record it is about (300.620, 99.21(c)).
    past: dict[str, object] = dict.fromkeys(
        ("ended_items", "withheld", "withdrawn", "pending", "overlaps"), ()
    )
    return document.model_copy(update={"items": items, **past})


def withheld_because(type_: str, stream: str, recorded: Recorded[Event] | None, scope: Scope) -> str | None:
    """Why an entry stays out (of the list ``withheld_reason``); ``None`` when it goes in.

    ``recorded`` is absent where the contents were destroyed: the entry then goes by its type alone.
    """
    if type_.startswith(("plan.contact_", "plan.rights_holder_")):
        return "other_person"
    if type_.split(".")[0] in {"access", "disclosure", "packet", "parked", "tenant", "client"}:
        return "district_only"
    if type_ == "plan.release_signed" and recorded is not None:
        event = recorded.event
        return (
            None
            if isinstance(event, ReleaseSigned) and event.release_id == scope.release
            else "outside_release"
        )
    if stream.startswith("plan/") and stream != f"plan/{scope.plan}":
        return "outside_purpose"
    kind = _kind_of(type_, stream, recorded, scope)
    if kind is None:
        return "outside_purpose"
    return None if kind in scope else "outside_release"


def _kind_of(type_: str, stream: str, recorded: Recorded[Event] | None, scope: Scope) -> RecordKind | None:
    if type_.startswith("notice."):
        return RecordKind.NOTICES
    if type_ in {"progress.benchmark_measured", "progress.measurement_voided", "progress.objective_mastered"}:
        return RecordKind.PROGRESS
    if type_.startswith("progress."):
        return RecordKind.SERVICE_RECORD
    if not stream.startswith("plan/"):
        return None
    if (
        recorded is not None
        and isinstance(recorded.event, PLAN_EVENTS)
        and _says_only_what_is_shown(recorded, scope)
    ):
        return RecordKind.PLAN if RecordKind.PLAN in scope else RecordKind.ACCOMMODATIONS
    return RecordKind.PLAN_HISTORY


def _says_only_what_is_shown(recorded: Recorded[Event], scope: Scope) -> bool:
    """Whether opening the event would tell nothing that the plan as sent does not say."""
    event, document = recorded.event, scope.document
    made = {
        entry.item.id
        for entry in document.items
        if entry.changed_by == recorded.id and not entry.corrected_by
    }
    match event:
        case StatementAdded():
            return True
        case PlanAdopted():
            # Why nothing differs from others' plans, and the notice's words, are no item of the plan (99.30(b)(1)).
            more = event.personal is not None or (
                event.notice is not None and RecordKind.NOTICES not in scope
            )
            return not more and made == {item.id for item in event.items}
        case AmendmentAdopted():
            return not event.withheld and made == {change.item_id for change in event.changes}
        case PlanCorrected():
            return any(entry.corrected_by == recorded.id for entry in document.items)
    return False


def of_kinds(entries: Iterable[Recorded[Event]], scope: Scope) -> list[Recorded[Event]]:
    """Those entries that go in."""
    return [entry for entry in entries if withheld_because(entry.type, entry.stream, entry, scope) is None]
