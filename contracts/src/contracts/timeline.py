"""Every event as a sentence a person can read: who, in which role, did what, when it counts, and why."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast, get_args
from uuid import UUID

from contracts.audit import AuditEvent
from contracts.codes import label
from contracts.district import BankEvent, DistrictEvent, SchoolEvent, StaffEvent
from contracts.event import Actor, Event, Recorded
from contracts.letter_batches import BatchEvent
from contracts.meetings import MeetingEvent
from contracts.notice_templates import TemplateEvent
from contracts.notify import NoticeEvent, NoticePreferencesSet
from contracts.plain_words import day_in_words
from contracts.plan import PlanEvent
from contracts.progress import ProgressEvent
from contracts.records import RecordsEvent
from contracts.store import StoreEvent
from contracts.students import StudentEvent
from contracts.telling import NameOf, Names, Told, When
from contracts.telling_district import tell_audit, tell_district, tell_store, tell_webhook
from contracts.telling_meetings import tell_meeting
from contracts.telling_notices import tell_batch, tell_notice, tell_template
from contracts.telling_plans import tell_plan
from contracts.telling_progress import tell_progress
from contracts.telling_records import tell_records
from contracts.telling_students import tell_student, told_as_taken_up
from contracts.webhooks import WebhookEvent

NOBODY_IN_PERSON: Final[Mapping[str, str]] = {"operator": "the operator", "system": "Handrail"}
"""By role what acts without being somebody: whoever runs the installation, and the program itself."""


def sentence(recorded: Recorded[Event], names: NameOf | Mapping[str, str]) -> str:
    """The event in one sentence, and a second one with the reason where the event has one.

    ``names`` gives the name of an id, or nothing where it is unknown or not to be shown.
    """
    known = Names(names)
    told = told_as_taken_up(recorded, known) or _told(recorded.event, known)
    who = _who(recorded.actor, known)
    day = day_in_words(recorded.effective_on)
    match told.when:
        case When.ON:
            first = [f"On {day}, {who} {told.what}."]
        case When.FROM:
            first = [f"{_capital(who)} {told.what}, effective {day}."]
        case When.UNTIL:
            first = [f"{_capital(who)} {told.what}.", f"First day without: {day}."]
    return " ".join([*first, *_why(told)])


def ids_in(recorded: Recorded[Event]) -> set[str]:
    """Every id that the event's sentence might name, the actor's included."""
    found = set(_ids(recorded.event.model_dump(mode="json", exclude_none=True)))
    actor = recorded.actor
    return found | {id_ for id_ in (actor.id, actor.client, actor.on_behalf_of) if id_}


def _ids(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for inner in value.values():
                yield from _ids(inner)
        case list():
            for inner in value:
                yield from _ids(inner)
        case str():
            if _is_id(value):
                yield value


def _is_id(text: str) -> bool:
    if len(text) > 64 or " " in text:
        return False
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _told(event: Event, names: Names) -> Told:
    if isinstance(event, get_args(PlanEvent)):
        return tell_plan(cast(PlanEvent, event), names)
    if isinstance(event, get_args(ProgressEvent)):
        return tell_progress(cast(ProgressEvent, event), names)
    if isinstance(event, (*get_args(NoticeEvent), NoticePreferencesSet)):
        return tell_notice(cast(NoticeEvent | NoticePreferencesSet, event), names)
    if isinstance(event, get_args(TemplateEvent)):
        return tell_template(cast(TemplateEvent, event), names)
    if isinstance(event, get_args(BatchEvent)):
        return tell_batch(cast(BatchEvent, event), names)
    if isinstance(event, get_args(WebhookEvent)):
        return tell_webhook(cast(WebhookEvent, event), names)
    if isinstance(event, get_args(StudentEvent)):
        return tell_student(cast(StudentEvent, event), names)
    if isinstance(event, get_args(MeetingEvent)):
        return tell_meeting(cast(MeetingEvent, event), names)
    if isinstance(event, get_args(DistrictEvent | SchoolEvent | StaffEvent | BankEvent)):
        return tell_district(cast(DistrictEvent | SchoolEvent | StaffEvent | BankEvent, event), names)
    if isinstance(event, get_args(AuditEvent)):
        return tell_audit(cast(AuditEvent, event), names)
    if isinstance(event, get_args(RecordsEvent)):
        return tell_records(cast(RecordsEvent, event), names)
    if isinstance(event, get_args(StoreEvent)):
        return tell_store(cast(StoreEvent, event), names)
    return Told(f"recorded {event.type}")


def _who(actor: Actor, names: Names) -> str:
    name = names.of(label("staff_role", actor.role), actor.id)
    role = label("staff_role", actor.role)
    for_whom = f", for {names.of('person', actor.on_behalf_of)}," if actor.on_behalf_of else ""
    return f"{name if name.startswith('the ') else f'{name} ({role})'}{for_whom}"


def _why(told: Told) -> list[str]:
    why = [f"Reason: {_ended(told.why)}"] if told.why else []
    why += [f"In their own words: “{told.said}”"] if told.said else []
    if told.reported:
        reported = told.reported
        why.append(
            f"Reported by {reported.source}, not decided here; it happened on "
            f"{day_in_words(reported.occurred_on)}: {_ended(reported.reason)}"
        )
        why += [f"As a decision it would have been refused: {unmet.code}." for unmet in reported.unmet]
    return why


def _ended(text: str) -> str:
    return text if text.rstrip().endswith((".", "!", "?")) else f"{text}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
