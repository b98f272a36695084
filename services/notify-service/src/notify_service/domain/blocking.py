"""A notice that cannot go out is a task for a person, and said in its own history: by codes, never by contents."""

from collections.abc import Sequence
from datetime import date

from contracts.event import Event
from contracts.notice_hindrances import NoticeBlocked, NoticeUnblocked
from contracts.vocabulary import NoticeHindrance, NoticePart
from notify_service.domain.notice import Notice

PART_MISSING = "part-missing:"
LETTERS_NOT_SHOWN = "letters-not-shown"
STAYS_NOTED = frozenset({"language-fallback", LETTERS_NOT_SHOWN})
"""What a person still sees to once the notice has left."""
NO_HINDRANCE = STAYS_NOTED | {"unopened", "asked-for-language", "asked-for-interpreter", "asked-for-paper"}
"""What the office sees to beside, while the notice goes its way."""


def stays_noted(reasons: Sequence[str]) -> list[str]:
    """What of it stays said however the notice goes."""
    return [reason for reason in reasons if reason in STAYS_NOTED]


def blocked(notice: Notice, reasons: Sequence[str], today: date) -> list[Event]:
    """It waits for a person; nothing where that was said already."""
    hinder = [reason for reason in reasons if reason not in NO_HINDRANCE]
    said = tuple(dict.fromkeys(hindrance(reason) for reason in hinder))
    missing = tuple(
        NoticePart(reason.removeprefix(PART_MISSING)) for reason in hinder if reason.startswith(PART_MISSING)
    )
    if not said or (said, missing) == (notice.blocked, notice.parts_missing):
        return []
    return [
        NoticeBlocked(
            effective_on=today, notice_id=notice.about.notice_id, reasons=said, parts_missing=missing
        )
    ]


def unblocked(notice: Notice, today: date, reason: str | None = None) -> list[Event]:
    """It goes its way; nothing where it did not wait."""
    if not notice.blocked:
        return []
    return [NoticeUnblocked(effective_on=today, notice_id=notice.about.notice_id, reason=reason)]


def hindrance(reason: str) -> NoticeHindrance:
    """The published code of a reason of the outbox."""
    if reason.startswith(PART_MISSING):
        return NoticeHindrance.PART_MISSING
    code = reason.replace("-", "_")
    known = {each.value for each in NoticeHindrance}
    if code in known:
        return NoticeHindrance(code)
    return (
        NoticeHindrance.TEXT_NOT_GIVEN
        if code.endswith("_known") or "without" in code
        else NoticeHindrance.OTHER
    )
