"""Holds, and contents that are destroyed: 34 CFR 99.10(e), 300.624. What was decided is judged by what was on record then."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import Finding, State
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.waiting import waiting
from audit_service.domain.standing import standing_of
from contracts.event import Event, Recorded
from contracts.records import (
    ContentsDestroyed,
    DestructionOrdered,
    DestructionRefused,
    DestructionRequested,
    DestructionStopped,
    HoldOpened,
    HoldReleased,
)
from contracts.vocabulary import DestructionGround


@dataclass(frozen=True)
class Asked:
    """One destruction from its request to its end, as far as it came."""

    destruction_id: UUID
    place: int
    """Where among the student's entries it was asked for; where it was refused, that."""
    first: Recorded[Event]
    request: Recorded[DestructionRequested] | None = None
    refused: Recorded[DestructionRefused] | None = None
    ordered: Recorded[DestructionOrdered] | None = None
    stopped: Recorded[DestructionStopped] | None = None
    destroyed: Recorded[ContentsDestroyed] | None = None
    destroyed_place: int = 0


_STEPS: Mapping[type[Event], str] = {
    DestructionRequested: "request", DestructionRefused: "refused", DestructionOrdered: "ordered",
    DestructionStopped: "stopped", ContentsDestroyed: "destroyed",
}  # fmt: skip


def asked_for(record: StudentRecord) -> list[Asked]:
    """Every destruction, in the order in which they were asked for."""
    found: dict[UUID, dict[str, object]] = {}
    for place, entry in enumerate(record.entries):
        step = _STEPS.get(type(entry.event))
        if step is None:
            continue
        destruction_id: UUID = entry.event.destruction_id  # type: ignore[attr-defined]
        known = found.setdefault(
            destruction_id, {"destruction_id": destruction_id, "place": place, "first": entry}
        )
        known[step] = entry
        if step in ("refused", "destroyed"):
            known["place" if step == "refused" else "destroyed_place"] = place
    return [Asked(**each) for each in found.values()]  # type: ignore[arg-type]


@dataclass(frozen=True)
class Keeps:
    """Something for which the record has to be kept at a moment."""

    what: str
    event: Recorded[Event] | None


def keeping(record: StudentRecord, before: int) -> list[Keeps]:
    """What kept the record when the entry at a place was recorded: holds, open requests about the record, open disputes."""
    known = record.entries[:before]
    holds: dict[UUID, Recorded[Event]] = {}
    for entry in known:
        match entry.event:
            case HoldOpened() as opened:
                holds[opened.hold_id] = entry
            case HoldReleased() as released:
                holds.pop(released.hold_id, None)
            case _:
                pass
    standing = standing_of((), known, record.today)
    return [
        *(Keeps(f"hold of {entry.effective_on}", entry) for entry in holds.values()),
        *(Keeps(f"request of {on} open", None) for on in standing.requests.values()),
        *(Keeps(f"dispute of {on} open", None) for on in standing.disputes.values()),
    ]


@rule("rec.legal-hold")
def nothing_held_is_destroyed(record: StudentRecord) -> Iterator[Finding]:
    """While a hold stands, or a request to see or change the record or a dispute is open, nothing of it is destroyed: whoever
    asks for it is refused. A hold that is released no longer stands in the way; one that came after the request stops it."""
    for asked in asked_for(record):
        day = asked.first.effective_on
        then, at_last = keeping(record, asked.place), keeping(record, asked.destroyed_place)
        if asked.destroyed is not None and at_last:
            state, stood, end = State.MISSED, at_last, f": destroyed {asked.destroyed.effective_on}."
        elif asked.refused is not None and then:
            state, stood, end = State.MET, then, ": refused, nothing was destroyed."
        elif asked.stopped is not None:
            came = "a hold" if asked.stopped.event.hold_ids else "a request or a dispute"
            state, stood, end = State.MET, [], f"{came} came in time: nothing was destroyed."
        elif then and asked.destroyed is not None:
            state, stood, end = State.EXCUSED, then, ": destroyed only after it was over."
        elif then and asked.refused is None and not keeping(record, len(record.entries)):
            state, stood, end = State.EXCUSED, then, ": over before anything was destroyed."
        elif then and asked.refused is None:
            state, stood, end = State.OVERDUE, then, ": not refused yet."
        else:
            continue
        about = ", ".join(each.what for each in stood)
        says = f"Asked {day}, {about}{end}"
        yield record.finding(
            "rec.legal-hold", asked.destruction_id, day, says, state=state, kept=says,
            events=(asked.first, *(each.event for each in stood), asked.refused, asked.stopped, asked.destroyed),
            done_on=asked.refused.effective_on if asked.refused else None,
            cure="Refuse it as long as the record is to be kept." if state is State.OVERDUE
            else "Nothing undoes it: tell whoever the record is kept for.",
        )  # fmt: skip


@rule("rec.destroy-notice")
def family_told_before_destruction(record: StudentRecord) -> Iterator[Finding]:
    """Before what IDEA asked for is destroyed, the parents are told that it is no longer needed, and two people approve. Told is
    told: a notice, or a letter or talk with its day. A court's order needs no notice; of records of Section 504 alone the
    state's schedule speaks. Name, address, phone, grades, attendance, classes, level and year may stay for ever. A notice of it
    that cannot go out is open."""
    yield from waiting(record, "rec.destroy-notice")
    for asked in asked_for(record):
        if asked.ordered is None and asked.destroyed is None:
            continue
        request = asked.request.event if asked.request else None
        told = request.told if request else None
        gone, ordered = asked.destroyed, asked.ordered
        done = gone or ordered
        assert done is not None
        on = done.effective_on
        one, other = done.event.requested_by, done.event.approved_by
        what = "Destroyed" if gone else "Ordered to be destroyed"
        if one == other:
            state, says = State.MISSED, f"{what} {on} by one person alone."
        elif done.event.ground is DestructionGround.COURT_ORDER:
            state, says = State.EXCUSED, f"{what} {on} by a court's order."
        elif told is not None and told.told_on <= on:
            state, says = State.MET, f"Told {told.told_on}, {what.lower()} {on}, approved by a second person."
        elif not _under_idea(record, ordered):
            state, says = State.NOT_APPLICABLE, f"{what} {on}: Section 504 alone, by the state's schedule."
        else:
            state, says = (State.MISSED if gone else State.OVERDUE), f"{what} untold {on}."
        yield record.finding(
            "rec.destroy-notice", asked.destruction_id, _day(asked, on), says, state=state, kept=says,
            done_on=told.told_on if told else None, events=(asked.request, ordered, gone),
            cure="Set a hold, and tell the family first." if state is State.OVERDUE
            else "Nothing undoes it: tell the family what was destroyed, and when.",
        )  # fmt: skip


def _under_idea(record: StudentRecord, ordered: Recorded[DestructionOrdered] | None) -> bool:
    """There was an IEP; when its contents are gone, the findings that the order kept still tell."""
    kept = ordered.event.findings if ordered else None
    return bool(record.ieps) or any(each.rule.startswith("idea.") for each in kept or ())


def _day(asked: Asked, otherwise: date) -> date:
    return asked.request.effective_on if asked.request else otherwise
