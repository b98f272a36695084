"""Notices in sentences."""

from typing import assert_never

from contracts.codes import label
from contracts.notify import (
    NoticeAcknowledged,
    NoticeAttemptFailed,
    NoticeEvent,
    NoticeGiven,
    NoticeObjected,
    NoticeOpened,
    NoticeOwed,
    NoticePreferencesSet,
    NoticeRendered,
    NoticeSent,
)
from contracts.plain_words import day_in_words
from contracts.telling import Names, Told, When, by, counted, listed, plainly


def tell_notice(event: NoticeEvent | NoticePreferencesSet, names: Names) -> Told:
    """One event of a notice."""
    match event:
        case NoticeOwed():
            kind, holder = plainly(event.kind), names.holder(event.holder_id)
            return Told(f"noted that a {kind} is owed to {holder}, in {label('language', event.language)}")
        case NoticeRendered():
            parts = f" with {counted(len(event.parts), 'part')}" if event.parts else ""
            return Told(f"fixed the notice's text{parts} in {label('language', event.language)}")
        case NoticeSent():
            answer = f", answered by the other side with “{event.answer}”" if event.answer else ""
            what = f"sent the notice to {event.personal.name} {by(event.channel)}{answer}"
            return Told(what, reported=event.reported)
        case NoticeAttemptFailed():
            again = "and will not try this way again" if event.permanent else "and will try again"
            what = f"could not send the notice to {event.personal.name} {by(event.channel)} {again}"
            return Told(what, why=event.answer)
        case NoticeGiven():
            what = f"counted the {plainly(event.kind)} as given to {names.holder(event.holder_id)}"
            return Told(f"{what} {by(event.channel)} ({plainly(event.basis)})", reported=event.reported)
        case NoticeOpened():
            return Told(
                f"recorded that the notice was opened with its link and the check ({plainly(event.check)})"
            )
        case NoticeAcknowledged():
            what = f"recorded that {names.holder(event.holder_id)} confirmed receipt of the notice"
            return Told(what, reported=event.reported)
        case NoticeObjected():
            about = names.items(event.items) if event.items else "what the notice says"
            said = event.personal.text if event.personal else None
            what = f"recorded that {names.holder(event.holder_id)} objects to {about}"
            return Told(what, said=said, reported=event.reported)
        case NoticePreferencesSet():
            elected = event.electronic_notice_elected_on
            electronic = f"; e-mail for notices elected on {day_in_words(elected)}" if elected else ""
            ways = listed([by(channel) for channel in event.channels]) or "by letter"
            how = f"{label('language', event.language)}, {plainly(event.mode)}, {ways}{electronic}"
            what = f"set how {names.holder(event.holder_id)} is given notice: {how}"
            return Told(what, When.FROM, reported=event.reported)
        case _:
            assert_never(event)
