"""Plans, and what was done under them, in sentences."""

from typing import assert_never

from contracts.plain_words import day_in_words, item_in_words
from contracts.plan import (
    AmendmentAdopted,
    AmendmentProposed,
    AmendmentWithdrawn,
    ConsentAnswered,
    DraftDropped,
    DraftOpened,
    DraftShared,
    ExitSummaryGiven,
    ItemHolderAssigned,
    ItemHolderEnded,
    PlanAdopted,
    PlanCorrected,
    PlanEnded,
    PlanEvent,
    PlanReopened,
    PlanVoided,
    ReviewHeld,
    StaffInformed,
    StatementAdded,
    TeamMeeting,
)
from contracts.telling import Names, Told, When, by, changes_told, counted, items_told, listed, plainly
from contracts.values import Imported
from contracts.vocabulary import PlanKind, ReopeningGround, VoidGround

_KIND = {PlanKind.IEP: "an IEP", PlanKind.SECTION_504: "a Section 504 plan"}

_REOPENED = {
    ReopeningGround.MISTAKE: "as it had been ended by mistake",
    ReopeningGround.STUDENT_RETURNED: "as the student is back",
}
_VOIDED = {
    VoidGround.WRONG_STUDENT: "which was made for the wrong student",
    VoidGround.DUPLICATE: "which had been made twice",
}


def tell_plan(event: PlanEvent, names: Names) -> Told:
    """One event of a plan."""
    match event:
        case DraftOpened():
            source = f" from {event.imported.source}" if event.imported else ""
            return Told(f"opened a draft of {_KIND[event.kind]}{source}")
        case DraftShared():
            holders = listed([names.holder(holder) for holder in event.holder_ids])
            return Told(
                f"gave the draft plan (version {event.draft_version}) to {holders} {by(event.channel)}"
            )
        case DraftDropped():
            return Told("gave up the draft plan", why=event.personal.reason if event.personal else None)
        case PlanAdopted():
            review = (
                f", with review due by {day_in_words(event.review_due_on)}" if event.review_due_on else ""
            )
            count = counted(len(event.items), "item")
            did, source = ("took over", _source(event.imported)) if event.imported else ("adopted", "")
            what = f"{did} {_KIND[event.kind]} of {count}{source}{review} ({items_told(event.items)})"
            return Told(what, When.FROM, reported=event.reported)
        case AmendmentProposed():
            basis = "a meeting" if isinstance(event.basis, TeamMeeting) else "a written agreement"
            what = (
                f"proposed to amend the plan on the basis of {basis} ({changes_told(event.changes, names)})"
            )
            return Told(what, why=event.personal.reason, reported=event.reported)
        case ConsentAnswered():
            to = "the proposed amendment" if event.amendment_id else "the plan's services"
            counts = "" if event.counts else ", which does not count as consent,"
            answer = (
                f"that {names.holder(event.holder_id)} {event.decision} {names.items(event.items)} of {to}"
            )
            at_once = ", and lets it begin before the state's time has passed" if event.waives_time else ""
            what = f"recorded the answer{counts} {answer} by {plainly(event.method)}{at_once}"
            return Told(
                what, said=event.personal.comment if event.personal else None, reported=event.reported
            )
        case AmendmentAdopted():
            held = f"; unchanged for want of consent: {names.items(event.withheld)}" if event.withheld else ""
            what = f"adopted an amendment of the plan ({changes_told(event.changes, names)}{held})"
            return Told(what, When.FROM, reported=event.reported)
        case AmendmentWithdrawn():
            return Told("withdrew an amendment", why=event.personal.reason, reported=event.reported)
        case PlanCorrected():
            what = f"corrected what the plan had written down wrongly, which now reads {item_in_words(event.item)}"
            why = f"{event.personal.what_was_wrong} Shown by: {event.personal.evidence}"
            return Told(what, When.FROM, why, reported=event.reported)
        case StatementAdded():
            what = f"added a statement of {names.holder(event.holder_id)} to the plan"
            return Told(what, said=event.personal.text, reported=event.reported)
        case ReviewHeld():
            due = f", with the next due by {day_in_words(event.review_due_on)}" if event.review_due_on else ""
            what = f"recorded a review of the plan with the outcome “{plainly(event.outcome)}”{due}"
            return Told(what, why=event.personal.reason if event.personal else None, reported=event.reported)
        case PlanEnded():
            note = event.personal.reason if event.personal else None
            revoked = event.revocation
            whose = (
                f", revoked by {names.holder(revoked.holder_id)} on {day_in_words(revoked.revoked_on)}"
                f" ({plainly(revoked.method)})" if revoked else ""
            )  # fmt: skip
            return Told(
                f"ended the plan ({plainly(event.reason)}{whose})", When.UNTIL, note, reported=event.reported
            )
        case PlanReopened():
            ground = _REOPENED[event.ground]
            asked = f"as {names.of('person', event.requested_by)} had asked"
            return Told(f"let the plan bind again, {ground}, {asked}", When.FROM, event.personal.reason,
                        reported=event.reported)  # fmt: skip
        case PlanVoided():
            return _voided(event, names)
        case ExitSummaryGiven():
            return _exit_summary(event, names)
        case ItemHolderAssigned():
            until = f" until {day_in_words(event.ends_on)}" if event.ends_on else ""
            return Told(
                f"put {names.staff(event.staff_id)} in charge of {names.item(event.item_id)}{until}",
                When.FROM,
            )
        case ItemHolderEnded():
            return Told(f"took {names.item(event.item_id)} from {names.staff(event.staff_id)}", When.UNTIL)
        case StaffInformed():
            what = f"told {names.staff(event.staff_id)} of their duties under {names.items(event.items)} ({event.how})"
            return Told(what, reported=event.reported)
        case _:
            assert_never(event)


def _source(imported: Imported) -> str:
    recorded = imported.source_recorded_on
    on = f", which had recorded it on {day_in_words(recorded)}" if recorded else ""
    return f" from {imported.source}{on}"


def _voided(event: PlanVoided, names: Names) -> Told:
    told = [names.holder(each) for each in event.holder_ids] + [names.staff(each) for each in event.staff_ids]
    asked = f"as {names.of('person', event.requested_by)} had asked"
    what = f"voided the plan, {_VOIDED[event.ground]}, {asked}: it never bound"
    return Told(
        f"{what}; told of it: {listed(told) or 'nobody'}", why=event.personal.reason, reported=event.reported
    )


def _exit_summary(event: ExitSummaryGiven, names: Names) -> Told:
    whom = (["the student"] if event.to_student else []) + [names.holder(each) for each in event.holder_ids]
    worked = f"; what worked: {names.items(event.items)}" if event.items else ""
    what = f"gave the summary at the end of school to {listed(whom)} {by(event.channel)}{worked}"
    said = event.personal.student_statement if event.personal else None
    return Told(what, said=said, reported=event.reported)
