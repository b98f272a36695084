"""To whom notice is owed, and whom it may reach: four dated rights apart, orders and restrictions above all.

A contact a roster names holds no right and is owed nothing until a person confirms authority (34 CFR 300.30). Whoever
holds the right to notice but may not be contacted is owed it all the same: then a person sees to it, never silence.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from contracts.fields import HolderId, LanguageTag, StudentId
from contracts.students import Held, HolderPersonalData, Rights


@dataclass(frozen=True, slots=True)
class Recipient:
    """A rights holder of one student, as confirmed, with what limits contact."""

    student_id: StudentId
    holder_id: HolderId
    personal: HolderPersonalData
    rights: Rights
    language: LanguageTag
    ended_on: date | None = None
    """The first day without any right."""
    restricted: bool = False
    """The contact this person is carries limits on contact that somebody must review."""


def is_owed_notice(recipient: Recipient, day: date) -> bool:
    """Whether this person must be given notice of what is proposed on ``day``."""
    return _holds(recipient, recipient.rights.notice, day)


def owed_to(recipients: Iterable[Recipient], day: date) -> tuple[Recipient, ...]:
    """Everybody who must be given notice of what is proposed on ``day``; two parents each get their own."""
    return tuple(recipient for recipient in recipients if is_owed_notice(recipient, day))


def what_blocks(recipient: Recipient | None, day: date) -> tuple[str, ...]:
    """Why nothing may be sent to this person on ``day`` without a person's decision."""
    if recipient is None:
        return ("holder-not-known",)
    if not is_owed_notice(recipient, day):
        return ("notice-right-ended",)
    if recipient.restricted:
        return ("contact-restricted",)
    if not _holds(recipient, recipient.rights.contact, day):
        return ("contact-right-not-held",)
    return ()


def may_inspect(recipient: Recipient | None, day: date) -> bool:
    """Whether this person may be shown the record on ``day``: the right to notice is not the right to inspect (300.613)."""
    return (
        recipient is not None and not recipient.restricted and _holds(recipient, recipient.rights.record, day)
    )


def _holds(recipient: Recipient, right: Held | None, day: date) -> bool:
    if (
        right is None
        or day < right.starts_on
        or (recipient.ended_on is not None and day >= recipient.ended_on)
    ):
        return False
    return right.ends_on is None or day <= right.ends_on
