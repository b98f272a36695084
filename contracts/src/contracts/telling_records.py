"""Holds and destruction in sentences."""

from typing import assert_never

from contracts.event import EventClass
from contracts.plain_words import day_in_words
from contracts.records import (
    ContentsDestroyed,
    DestructionOrdered,
    DestructionRefused,
    DestructionRequested,
    DestructionStopped,
    HoldOpened,
    HoldReleased,
    RecordsEvent,
)
from contracts.telling import Names, Told, counted, listed, plainly

CLASS_IN_WORDS = {
    EventClass.IDENTITY: "who the student and their people are",
    EventClass.RECORD: "plans, meetings and services",
    EventClass.PROOF: "notices, consents and disclosures",
}


def classes_in_words(classes: tuple[EventClass, ...]) -> str:
    """What a class of contents is to a reader."""
    return listed([CLASS_IN_WORDS[each] for each in classes])


def tell_records(event: RecordsEvent, names: Names) -> Told:
    """One event of a hold or a destruction."""
    match event:
        case HoldOpened():
            matter = f", {event.personal.matter}" if event.personal.matter else ""
            until = (
                f"; it is to be looked at again on {day_in_words(event.review_on)}, and stands until it is released"
                if event.review_on
                else "; it stands until it is released"
            )
            what = (
                f"set a legal hold ({plainly(event.ground)}{matter}): nothing of this record may be destroyed"
            )
            return Told(what + until, why=event.personal.reason)
        case HoldReleased():
            hold = names.of("legal hold", event.hold_id)
            return Told(f"released {hold}", why=event.personal.reason)
        case DestructionRequested():
            told = f"; the family was told on {day_in_words(event.told.told_on)}" if event.told else ""
            what = f"asked that contents be destroyed ({classes_in_words(event.classes)})"
            return Told(what + told, why=plainly(event.ground))
        case DestructionRefused():
            reasons = listed([unmet.message or unmet.code for unmet in event.unmet])
            return Told(
                f"was refused the destruction of contents ({classes_in_words(event.classes)})", why=reasons
            )
        case DestructionOrdered():
            first = names.of("person", event.requested_by)
            return Told(
                f"approved what {first} had asked for: contents are destroyed ({classes_in_words(event.classes)})",
                why=plainly(event.ground),
            )
        case DestructionStopped():
            holds = counted(len(event.hold_ids), "legal hold") + " stood"
            why = holds if event.hold_ids else "a request about the record or a dispute was open"
            return Told(f"stopped a destruction before anything was destroyed, as {why}")
        case ContentsDestroyed():
            final = day_in_words(event.final_on)
            return Told(
                f"destroyed contents ({classes_in_words(event.classes)}); from {final} on no backup holds them either",
                why=plainly(event.ground),
            )
        case _:
            assert_never(event)
