"""The streams of this service as the store keeps them: how they fold, and how a read shows them."""

from collections.abc import Iterable
from typing import Any

from contracts.event import Event, Json
from contracts.notify import NoticeAttemptFailed, NoticeSent
from notify_service.domain import notice as notices
from notify_service.domain import preferences as holders
from notify_service.domain.notice import Notice, Text, Try
from notify_service.domain.preferences import Preference, Preferences
from runtime.stream_model import Model, Resource


def _notice_resources(notice: Notice, event: Event) -> Iterable[Resource]:
    if notice.owed is None:
        return
    of = notice.owed
    yield Resource("notice", of.notice_id, notice_document(notice), student=of.student_id)
    if isinstance(event, NoticeSent | NoticeAttemptFailed):
        tried = {**_try(notice.tries[-1]), "notice": str(of.notice_id), "student": str(of.student_id)}
        yield Resource("delivery", event.delivery_id, tried, student=of.student_id)


def notice_document(notice: Notice) -> Json:
    """What the notice's own history says. Where the work on it stands is added by the read."""
    about = notice.about
    document: dict[str, Any] = {
        "student": str(about.student_id),
        "kind": about.kind.value,
        "holder": str(about.holder_id),
        "plan": _text(about.plan_id),
        "amendment": _text(about.amendment_id),
        "caused_by": str(about.caused_by),
        "owed_on": about.owed_on.isoformat(),
        "language": about.language,
        "occasion": about.occasion.value if about.occasion else None,
        "due_on": _text(about.due_on),
        "meeting": _text(about.meeting_id),
        "deliveries": [_try(entry) for entry in notice.tries],
        "opened_on": [day.isoformat() for day in notice.opened_on],
        "acknowledged_on": _text(notice.acknowledged_on),
        "objections": [
            {
                "on": each.on.isoformat(),
                "holder": str(each.holder_id),
                "items": [str(item) for item in each.items],
            }
            for each in notice.objections
        ],
        "requests": [{"on": each.on.isoformat(), "kind": each.kind.value} for each in notice.requests],
    }
    if notice.text is not None:
        document["text"] = {
            "document": notice.text.document.model_dump(mode="json"),
            "template": notice.text.template,
            "language": notice.text.language,
            "parts": [part.value for part in notice.text.parts],
            "fixed_on": notice.text.fixed_on.isoformat(),
            **_more_of(notice.text),
        }
    if notice.given is not None:
        given = notice.given
        document["given"] = {
            "on": given.on.isoformat(),
            "channel": given.channel.value,
            "basis": given.basis.value,
        }
    return {name: value for name, value in document.items() if value is not None}


def _more_of(text: Text) -> Json:
    told: dict[str, Any] = {
        "invitation_parts": [part.value for part in text.invitation_parts] or None,
        "translation": text.translation.value if text.translation else None,
        "reviewed_by": text.reviewed_by,
        "fallback_from": text.fallback_from,
        "readability": text.readability.model_dump(mode="json", exclude_none=True)
        if text.readability
        else None,
        "together_with": [str(notice) for notice in text.together_with] or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _try(entry: Try) -> Json:
    told = {
        "id": str(entry.delivery_id), "channel": entry.channel.value, "on": entry.on.isoformat(),
        "outcome": entry.outcome, "to": entry.to, "answer": entry.answer, "message_id": entry.message_id,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _preferences_resources(preferences: Preferences, event: Event) -> Iterable[Resource]:
    """One resource a holder: what is in force for each student, newest last."""
    holder = getattr(event, "holder_id", None)
    if holder is not None:
        students = {str(student): [preference_document(each) for each in set_]
                    for student, set_ in preferences.by_student.items()}  # fmt: skip
        student = next(iter(preferences.by_student)) if len(preferences.by_student) == 1 else None
        yield Resource("preferences", holder, {"students": students}, student=student)


def preference_document(preference: Preference) -> Json:
    """One setting as a read shows it."""
    document: dict[str, Any] = {
        "from": preference.from_on.isoformat(),
        "language": preference.language,
        "mode": preference.mode.value,
        "channels": [channel.value for channel in preference.channels],
        "electronic_notice_elected_on": _text(preference.elected_on),
        "email": preference.email,
        "phone": preference.phone,
        "address": preference.address.model_dump(mode="json", exclude_none=True)
        if preference.address
        else None,
    }
    return {name: value for name, value in document.items() if value is not None}


NOTICE = Model("notice", "4", Notice(), notices.evolve, _notice_resources)
PREFERENCES = Model("preferences", "1", Preferences(), holders.evolve, _preferences_resources)
