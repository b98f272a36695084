"""What notices other than of an amendment say: decisions, meetings, the booklet, reports, transfer, destruction, corrections."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from contracts.vocabulary import MeetingMode, NoticeKind, NoticeOccasion
from notify_service.application.passages import Block, Section, own_words
from notify_service.application.wording import Wording
from notify_service.domain.facts import MeetingFacts, NoticeFacts

BOOKLET_SECTIONS = 13
"""34 CFR 300.504(c)(1)-(13)."""


def decision_in_words(facts: NoticeFacts, words: Wording) -> Iterator[Block]:
    """Part 1 of a notice of a decision that is no change of a plan's items."""
    occasion = facts.occasion
    if occasion is None:
        return
    key = occasion.value
    if occasion is NoticeOccasion.ELIGIBILITY_DETERMINED:
        key = "eligible" if facts.eligible else "not_eligible"
    yield Block("paragraph", words(f"occasion.{key}"))
    if facts.asked is not None:
        yield Block("paragraph", words("occasion.asked_for", what=facts.asked))
    if facts.starts_on is not None:
        yield Block("paragraph", words("occasion.starts_on", date=words.day(facts.starts_on)))


def sections_of(facts: NoticeFacts, words: Wording, foreign: str | None) -> Iterator[Section]:
    """The passages of a notice that has not the seven parts."""
    match facts.kind:
        case NoticeKind.MEETING_NOTICE if facts.meeting is not None:
            yield from _meeting(facts.meeting, words)
        case NoticeKind.PROCEDURAL_SAFEGUARDS:
            yield from _booklet(facts, words)
        case NoticeKind.PROGRESS_REPORT if facts.report is not None:
            yield from _report(facts, words, foreign)
        case NoticeKind.RIGHTS_TRANSFER:
            values = {"date": words.day(facts.starts_on or facts.proposed_on), "student": facts.student_name}
            yield _section(words, "rights.to_student", **values)
            yield _section(words, "rights.to_parents")
        case NoticeKind.DESTRUCTION_NOTICE:
            yield _section(words, "destruction.what")
            yield _section(words, "destruction.before")
        case _:
            return


def _section(words: Wording, key: str, **values: str) -> Section:
    return Section(words(key), None, (Block("paragraph", words(f"{key}_text", **values)),))


def _meeting(meeting: MeetingFacts, words: Wording) -> Iterator[Section]:
    purpose = words(f"purposes.{meeting.purpose}")
    yield Section(words("meeting.purpose"), None, (Block("paragraph", purpose),))
    starts_at = meeting.starts_at.astimezone(ZoneInfo(meeting.zone)) if meeting.zone else meeting.starts_at
    at = format_datetime(starts_at, "full", locale=words.locale)
    yield Section(words("meeting.time"), None, (Block("paragraph", at),))
    by = {MeetingMode.PHONE: words("meeting.by_phone"), MeetingMode.VIDEO: words("meeting.by_video")}
    place = ", ".join(filter(None, (by.get(meeting.mode), meeting.place)))
    yield Section(words("meeting.place"), None, (Block("paragraph", place),))
    lines = tuple(
        ", ".join(words(f"roles.{role}") for role in roles) or words("roles.staff")
        for roles in meeting.attendees
    )
    yield Section(words("meeting.attendees"), None, (Block("list", lines=lines),))
    yield _section(words, "meeting.others")
    if meeting.transition:
        yield _section(words, "meeting.transition")
    if meeting.student_invited:
        yield _section(words, "meeting.student")
    yield _section(words, "meeting.cannot_come")


def _booklet(facts: NoticeFacts, words: Wording) -> Iterator[Section]:
    for number in range(1, BOOKLET_SECTIONS + 1):
        text = Block("paragraph", words(f"booklet.t{number}"))
        yield Section(f"{number}. {words(f'booklet.h{number}')}", None, (text,))
    if facts.safeguards_at is not None:
        more = Block("paragraph", words("booklet.more", where=facts.safeguards_at))
        yield Section(words("parts.safeguards"), None, (more,))


def _report(facts: NoticeFacts, words: Wording, foreign: str | None) -> Iterator[Section]:
    report = facts.report
    if report is None:
        return
    period = words("report.period", first=words.day(report.first_on), last=words.day(report.last_on))
    summary = tuple(own_words(report.summary, foreign))
    yield Section(words("page.report_heading"), None, (Block("paragraph", period), *summary))
    for number, goal in enumerate(report.goals, 1):
        blocks = (
            *own_words(goal.statement, foreign), *own_words(goal.in_words, foreign), *own_words(goal.narrative, foreign)
        )  # fmt: skip
        yield Section(f"{words('report.goal')} {number}", None, blocks)
