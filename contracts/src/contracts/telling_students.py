"""Students, their people and their requests in sentences."""

from typing import assert_never

from contracts.codes import label
from contracts.discipline import (
    ManifestationDetermined,
    ManifestationFollowed,
    RemovalDecided,
    RemovalEnded,
    RemovalRecorded,
    RemovalServicesGiven,
)
from contracts.disputes import DisputeClosed, DisputeFiled, DisputeStepTaken, StayPutExcepted
from contracts.evaluations import (
    EligibilityDetermined,
    EvaluationCompleted,
    EvaluationConsentAnswered,
    EvaluationConsentAsked,
    EvaluationDeclined,
    EvaluationExtended,
    ReevaluationWaived,
    ReferralReceived,
    ReferralWithdrawn,
)
from contracts.event import Event, Recorded
from contracts.initial_services import ServicesConsentAnswered, ServicesConsentAsked
from contracts.plain_words import day_in_words
from contracts.requests import (
    RecordHearingAsked,
    RecordHearingDecided,
    RecordStatementPlaced,
    RequestAnswered,
)
from contracts.students import (
    AssignmentEnded,
    ContactChanged,
    ContactProposed,
    ContactUnlinked,
    DocumentAdded,
    ProgramParticipationReported,
    ReleaseRevoked,
    ReleaseSigned,
    RequestMade,
    Rights,
    RightsHolderConfirmed,
    RightsHolderEnded,
    StudentAssigned,
    StudentChanged,
    StudentEnrolled,
    StudentEvent,
    StudentRegistered,
    StudentWithdrawn,
)
from contracts.telling import Names, Told, When, listed, plainly
from contracts.telling_discipline import tell_discipline
from contracts.telling_disputes import tell_dispute, tell_request
from contracts.telling_evaluations import tell_evaluation
from contracts.telling_initial_services import tell_initial_services
from contracts.telling_transfers import tell_transfer
from contracts.transfers import (
    ComparableServicesStarted,
    TransferReceived,
    TransferRecordsAnswered,
    TransferRecordsRequested,
    TransferSettled,
)
from contracts.values import Imported
from contracts.vocabulary import RequestVia


def told_as_taken_up(recorded: Recorded[Event], names: Names) -> Told | None:
    """What somebody asked on a notice's page stands in two logs: said once, there, and followed from here on."""
    event = recorded.event
    here = recorded.source == "plan" and recorded.causation is not None
    if not here or not isinstance(event, RequestMade) or event.via is not RequestVia.NOTICE_LINK:
        return None
    who = names.holder(event.holder_id) if event.holder_id else "somebody not known to hold rights"
    due = f", to be answered by {day_in_words(event.due_on)}" if event.due_on else ""
    return Told(f"took up what {who} had asked on the page of a notice ({plainly(event.kind)}){due}")


def tell_student(event: StudentEvent, names: Names) -> Told:
    """One event of a student."""
    match event:
        case StudentRegistered():
            name = f"{event.personal.given_name} {event.personal.family_name}"
            return Told(f"entered the student {name}{_from(event.imported)}")
        case StudentChanged():
            name = f"{event.personal.given_name} {event.personal.family_name}"
            return Told(f"changed the student's details, now {name}{_from(event.imported)}", When.FROM)
        case StudentEnrolled():
            grade = f" in {label('grade', event.grade)}" if event.grade else ""
            return Told(f"enrolled the student at {names.school(event.school_id)}{grade}", When.FROM)
        case StudentWithdrawn():
            return Told(
                f"withdrew the student from {names.school(event.school_id)}", When.UNTIL, event.reason
            )
        case ContactProposed():
            who = f"{event.personal.given_name} {event.personal.family_name}"
            relation = f" ({label('relation', event.personal.relation)})" if event.personal.relation else ""
            return Told(f"named {who}{relation} as a contact of the student{_from(event.imported)}")
        case ContactChanged():
            who = f"{event.personal.given_name} {event.personal.family_name}"
            return Told(f"changed the contact {who}{_from(event.imported)}", When.FROM)
        case ContactUnlinked():
            return Told(
                f"unlinked {names.of('contact', event.contact_id)} from the student{_from(event.imported)}"
            )
        case RightsHolderConfirmed():
            what = f"confirmed {event.personal.name} as holder of rights: {_rights(event.rights)}"
            return Told(f"{what} ({plainly(event.ground)})", When.FROM, reported=event.reported)
        case RightsHolderEnded():
            return Told(
                f"ended the rights of {names.holder(event.holder_id)} ({plainly(event.reason)})", When.UNTIL
            )
        case StudentAssigned():
            role = label("staff_role", event.role)
            until = f" until {day_in_words(event.ends_on)}" if event.ends_on else ""
            return Told(f"assigned {names.staff(event.staff_id)} to the student as {role}{until}", When.FROM)
        case AssignmentEnded():
            return Told("ended an assignment to the student", When.UNTIL)
        case ProgramParticipationReported():
            what = f"recorded that {event.source} reports the student in the program {event.program}"
            ends = f" until {day_in_words(event.ends_on)}" if event.ends_on else ""
            return Told(f"{what} from {day_in_words(event.starts_on)}{ends}")
        case ReleaseSigned():
            records = listed([plainly(record) for record in event.records])
            what = f"recorded the release signed by {names.holder(event.holder_id)} for {event.personal.recipient}"
            return Told(f"{what} ({plainly(event.purpose)}): {records}", reported=event.reported)
        case ReleaseRevoked():
            return Told("recorded that a release was revoked", When.UNTIL)
        case RequestMade():
            who = names.holder(event.holder_id) if event.holder_id else "somebody not known to hold rights"
            what = f"recorded a request of {who} by {plainly(event.via)}: {plainly(event.kind)}"
            return Told(what, said=event.personal.text if event.personal else None, reported=event.reported)
        case RequestAnswered() | RecordHearingAsked() | RecordHearingDecided() | RecordStatementPlaced():
            return tell_request(event, names)
        case DisputeFiled() | DisputeStepTaken() | DisputeClosed() | StayPutExcepted():
            return tell_dispute(event, names)
        case DocumentAdded():
            kind = label("document_kind", event.kind)
            return Told(f"added a document to the record ({kind}): {event.personal.title}")
        case (
            ReferralReceived()
            | ReferralWithdrawn()
            | EvaluationDeclined()
            | EvaluationConsentAsked()
            | EvaluationConsentAnswered()
            | EvaluationExtended()
            | EvaluationCompleted()
            | ReevaluationWaived()
            | EligibilityDetermined()
        ):
            return tell_evaluation(event, names)
        case ServicesConsentAsked() | ServicesConsentAnswered():
            return tell_initial_services(event, names)
        case (
            TransferReceived()
            | ComparableServicesStarted()
            | TransferRecordsRequested()
            | TransferRecordsAnswered()
            | TransferSettled()
        ):
            return tell_transfer(event, names)
        case (
            RemovalRecorded()
            | RemovalEnded()
            | RemovalServicesGiven()
            | RemovalDecided()
            | ManifestationDetermined()
            | ManifestationFollowed()
        ):
            return tell_discipline(event, names)
        case _:
            assert_never(event)


def _from(imported: Imported | None) -> str:
    return f" from {imported.source}" if imported else ""


def _rights(rights: Rights) -> str:
    held = {
        "decision": rights.decision,
        "record": rights.record,
        "notice": rights.notice,
        "contact": rights.contact,
    }
    return listed([name for name, right in held.items() if right is not None]) or "none"
