"""What comes back on a notice: opened with its link and the check, receipt confirmed, objected to.

Opening says nothing about who read. An acknowledgement is never consent, and consent is never given by link alone.
"""

from datetime import date
from uuid import UUID

from contracts.event import Event
from contracts.fields import HolderId, ItemId, LanguageTag
from contracts.notify import (
    NoticeAcknowledged,
    NoticeGiven,
    NoticeObjected,
    NoticeOpened,
    ObjectionPersonalData,
)
from contracts.students import RequestMade, RequestPersonalData
from contracts.vocabulary import Channel, GivenBasis, RequestKind, RequestVia
from notify_service.domain.notice import Notice

BIRTH_DATE = "birth_date"
"""The default check of a notice's page."""


def open_notice(notice: Notice, check: str, language: LanguageTag, today: date) -> list[Event]:
    """Opened: recorded once a day, and given if nothing had shown it before."""
    events: list[Event] = []
    if today not in notice.opened_on:
        events.append(
            NoticeOpened(effective_on=today, notice_id=notice.about.notice_id, check=check, language=language)
        )
    return [*events, *_shown(notice, GivenBasis.OPENED, today)]


def acknowledge(notice: Notice, via: RequestVia, today: date) -> list[Event]:
    """Receipt confirmed, once."""
    if notice.acknowledged_on is not None:
        return []
    about = notice.about
    acknowledged = NoticeAcknowledged(
        effective_on=today, notice_id=about.notice_id, holder_id=about.holder_id, via=via
    )
    return [acknowledged, *_shown(notice, GivenBasis.ACKNOWLEDGED, today)]


def object_to(
    notice: Notice,
    holder_id: HolderId,
    items: tuple[ItemId, ...],
    text: str | None,
    via: RequestVia,
    today: date,
) -> list[Event]:
    """An objection, each one kept in the writer's own words."""
    about = notice.about
    return [
        NoticeObjected(
            effective_on=today, notice_id=about.notice_id, holder_id=holder_id, plan_id=about.plan_id,
            amendment_id=about.amendment_id, items=items,
            personal=ObjectionPersonalData(text=text) if text else None, via=via,
        )
    ]  # fmt: skip


def ask_for(
    notice: Notice, request_id: UUID, kind: RequestKind, text: str | None, via: RequestVia, today: date
) -> list[Event]:
    """A request made on the notice's page: the student's own event, kept in the notice's history as it was made.

    plan-service, whose requests are, follows this service's log.
    """
    about = notice.about
    return [
        RequestMade(
            effective_on=today, student_id=about.student_id, request_id=request_id, kind=kind,
            holder_id=about.holder_id, personal=RequestPersonalData(text=text) if text else None, via=via,
            notice_id=about.notice_id,
        )
    ]  # fmt: skip


def _shown(notice: Notice, basis: GivenBasis, today: date) -> list[Event]:
    if notice.given is not None and notice.given.on <= today:
        return []
    about = notice.about
    channel = next((t.channel for t in reversed(notice.tries) if t.outcome == "sent"), Channel.EMAIL)
    return [
        NoticeGiven(
            effective_on=today, notice_id=about.notice_id, kind=about.kind, holder_id=about.holder_id,
            plan_id=about.plan_id, amendment_id=about.amendment_id, channel=channel, basis=basis,
            occasion=about.occasion, meeting_id=about.meeting_id,
        )
    ]  # fmt: skip
