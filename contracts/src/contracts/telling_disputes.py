"""Answers to requests, disputes and stay-put in sentences."""

from typing import assert_never

from contracts.codes import label
from contracts.disputes import DisputeClosed, DisputeEvent, DisputeFiled, DisputeStepTaken, StayPutExcepted
from contracts.plain_words import day_in_words
from contracts.requests import (
    RecordHearingAsked,
    RecordHearingDecided,
    RecordStatementPlaced,
    RequestAnswered,
    RequestEvent,
)
from contracts.telling import Names, Told, When, listed, plainly
from contracts.vocabulary import DisputeParty, RequestOutcome

OUTCOMES = {
    RequestOutcome.GRANTED: "granted a request",
    RequestOutcome.GRANTED_IN_PART: "granted a request in part",
    RequestOutcome.REFUSED: "refused a request",
    RequestOutcome.HEARING_FILED: "answered a request by asking for a hearing",
    RequestOutcome.WITHDRAWN: "recorded that a request was withdrawn",
}
PARTIES = {
    DisputeParty.FAMILY: "the family",
    DisputeParty.DISTRICT: "the district",
    DisputeParty.OTHER: "somebody else",
}


def tell_request(event: RequestEvent, names: Names) -> Told:
    """One event on the way from a request to its answer."""
    match event:
        case RequestAnswered():
            told = ", and told of the right to a hearing" if event.hearing_right_told else ""
            return Told(f"{OUTCOMES[event.outcome]}{told}", why=_words(event), reported=event.reported)
        case RecordHearingAsked():
            who = names.holder(event.holder_id) if event.holder_id else "somebody"
            return Told(f"recorded that {who} asks for a hearing about the record", said=_words(event),
                        reported=event.reported)  # fmt: skip
        case RecordHearingDecided():
            what = "the record is changed" if event.amended else "the record stays as it is"
            told = ", and told that a statement may be placed in it" if event.statement_right_told else ""
            return Told(
                f"recorded the decision of a hearing: {what}{told}",
                why=_words(event),
                reported=event.reported,
            )
        case RecordStatementPlaced():
            what = f"placed a statement of {names.holder(event.holder_id)} in the record"
            return Told(what, said=event.personal.text, reported=event.reported)
        case _:
            assert_never(event)


def tell_dispute(event: DisputeEvent, names: Names) -> Told:
    """One event of a dispute."""
    match event:
        case DisputeFiled():
            who = names.holder(event.holder_id) if event.holder_id else PARTIES[event.filed_by]
            about = listed([label("dispute_subject", each) for each in event.about])
            what = f"recorded a {plainly(event.kind)} of {who}{f' about {about}' if about else ''}"
            due = f"; to be decided by {day_in_words(event.decision_due_on)}" if event.decision_due_on else ""
            words = event.personal.words if event.personal else None
            return Told(f"{what}{due}", said=words, reported=event.reported)
        case DisputeStepTaken():
            due = f"; to be decided by {day_in_words(event.decision_due_on)}" if event.decision_due_on else ""
            return Told(
                f"recorded in a dispute: {plainly(event.step)}{due}",
                why=_words(event),
                reported=event.reported,
            )
        case DisputeClosed():
            return Told(f"recorded the end of a dispute: {plainly(event.outcome)}", why=_words(event),
                        reported=event.reported)  # fmt: skip
        case StayPutExcepted():
            claimed = "" if event.counts else "the claim, which lets nothing change, "
            what = f"recorded {claimed}that the placement may change while a complaint is open"
            return Told(
                f"{what} ({plainly(event.ground)})", When.FROM, _words(event), reported=event.reported
            )
        case _:
            assert_never(event)


def _words(
    event: RequestAnswered
    | RecordHearingAsked
    | RecordHearingDecided
    | DisputeStepTaken
    | DisputeClosed
    | StayPutExcepted,
) -> str | None:
    return event.personal.words if event.personal else None
