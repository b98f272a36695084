"""Notices in sentences."""

from typing import assert_never

from contracts.codes import label
from contracts.letter_batches import BatchEvent, LetterBatchMade, LetterBatchPosted
from contracts.notice_hindrances import (
    NoticeBlocked,
    NoticeLapsed,
    NoticeReturned,
    NoticeUnaddressed,
    NoticeUnblocked,
)
from contracts.notice_templates import (
    NoticeTemplateActivated,
    NoticeTemplateRetired,
    NoticeTemplateReviewed,
    NoticeTemplateUploaded,
    TemplateEvent,
)
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
            because = f" ({plainly(event.occasion)})" if event.occasion else ""
            due = f", by {day_in_words(event.due_on)}" if event.due_on else ""
            in_language = label("language", event.language)
            return Told(f"noted that a {kind} is owed to {holder}{due}, in {in_language}{because}")
        case NoticeUnaddressed() | NoticeBlocked() | NoticeUnblocked() | NoticeLapsed() | NoticeReturned():
            return _hindered(event, names)
        case NoticeRendered():
            return _rendered(event)
        case NoticeSent():
            return _sent(event)
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


def _rendered(event: NoticeRendered) -> Told:
    parts = f" with {counted(len(event.parts), 'part')}" if event.parts else ""
    instead = f", as there is none in {label('language', event.fallback_from)}" if event.fallback_from else ""
    with_others = (
        f", in one letter with {counted(len(event.together_with), 'other notice')}"
        if event.together_with
        else ""
    )
    what = f"fixed the notice's text{parts} in {label('language', event.language)}{instead}{with_others}"
    return Told(what)


def _sent(event: NoticeSent) -> Told:
    answer = f", answered by the other side with “{event.answer}”" if event.answer else ""
    told = ""
    if event.told:
        understood = "understood" if event.told.understood else "not understood"
        by_whom = f", interpreted by {event.personal.interpreter}" if event.personal.interpreter else ""
        told = f", in {label('language', event.told.language)} ({plainly(event.told.mode)}{by_whom}; {understood})"
    what = f"sent the notice to {event.personal.name} {by(event.channel)}{told}{answer}"
    return Told(what, reported=event.reported)


def _hindered(
    event: NoticeUnaddressed | NoticeBlocked | NoticeUnblocked | NoticeLapsed | NoticeReturned, names: Names
) -> Told:
    match event:
        case NoticeUnaddressed():
            due = f", by {day_in_words(event.due_on)}" if event.due_on else ""
            kind, occasion = plainly(event.kind), plainly(event.occasion)
            return Told(
                f"noted that a {kind} is owed{due} ({occasion}), and that nobody is known who holds the right to it"
            )
        case NoticeBlocked():
            lacks = f" (without content: {listed([plainly(part) for part in event.parts_missing])})"
            reasons = listed([plainly(reason) for reason in event.reasons])
            return Told(
                f"could not send the notice, and left it to a person: {reasons}{lacks if event.parts_missing else ''}"
            )
        case NoticeUnblocked():
            return Told("let the notice go its way", why=event.reason)
        case NoticeLapsed():
            other = " by another notice" if event.replaced_by else ""
            return Told(f"noted that the notice need not be given any more{other} ({plainly(event.reason)})")
        case NoticeReturned():
            undone = "; it counts as given no more" if event.undoes_given else ""
            status = f" with the status {event.status}" if event.status else ""
            what = f"recorded that the notice to {names.holder(event.holder_id)} came back {by(event.channel)}{status}{undone}"
            return Told(what, why=event.answer, reported=event.reported)
        case _:
            assert_never(event)


def tell_template(event: TemplateEvent, names: Names) -> Told:
    """One event of a district's own wording."""
    match event:
        case NoticeTemplateUploaded():
            what = f"uploaded the wording “{event.name}” of a {plainly(event.kind)} in {label('language', event.language)}"
            by_whom = f", reviewed by {event.reviewed_by}" if event.reviewed_by else ""
            return Told(f"{what} ({plainly(event.translation)}{by_whom})")
        case NoticeTemplateReviewed():
            return Told(
                f"recorded that {event.reviewed_by} reviewed {names.of('wording', event.template_id)}"
            )
        case NoticeTemplateActivated():
            return Told(f"activated {names.of('wording', event.template_id)}", When.FROM)
        case NoticeTemplateRetired():
            return Told(f"retired {names.of('wording', event.template_id)}", When.UNTIL)
        case _:
            assert_never(event)


def tell_batch(event: BatchEvent, names: Names) -> Told:
    """One event of a batch of letters."""
    match event:
        case LetterBatchMade():
            return Told(f"put {counted(len(event.letters), 'letter')} together to be printed and posted")
        case LetterBatchPosted():
            carrier = f" with {event.carrier}" if event.carrier else ""
            left = f"; {counted(len(event.left_out), 'notice')} left out" if event.left_out else ""
            batch = names.of("batch of letters", event.batch_id)
            return Told(f"posted {batch}{carrier} on {day_in_words(event.posted_on)}{left}")
        case _:
            assert_never(event)
