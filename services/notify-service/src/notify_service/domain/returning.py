"""A sending comes back: the mail bounced after it was accepted, the letter was undeliverable (RFC 3464, RFC 3463)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.event import Event
from contracts.notice_hindrances import NoticeReturned
from contracts.problems import Rejected
from contracts.values import Reported
from contracts.vocabulary import GivenBasis
from notify_service.domain.notice import Notice

RESTS_ON_THE_SENDING = (GivenBasis.EMAIL_ACCEPTED, GivenBasis.MAILING_DAYS_PASSED)
"""What was handed over, opened or acknowledged was given, whatever comes back later."""


class NothingSentThatWay(Rejected):
    """The notice has no such sending that could have come back."""

    code = "nothing-sent-that-way"


@dataclass(frozen=True, slots=True)
class CameBack:
    """What the other side said about one sending."""

    delivery_id: UUID
    answer: str
    on: date
    status: str | None = None
    reported: Reported | None = None


def come_back(notice: Notice, back: CameBack) -> list[Event]:
    """Recorded once; given no more, where nothing else shows that it arrived."""
    sending = notice.delivery(back.delivery_id)
    if sending is None or sending.outcome not in ("sent", "returned"):
        raise NothingSentThatWay("This notice has no such sending: nothing of it can have come back.")
    if sending.outcome == "returned":
        return []
    given = notice.given
    undoes = (
        given is not None
        and given.basis in RESTS_ON_THE_SENDING
        and given.delivery_id in (None, back.delivery_id)
        and not notice.opened_on
        and notice.acknowledged_on is None
    )
    about = notice.about
    return [
        NoticeReturned(
            effective_on=back.on, notice_id=about.notice_id, kind=about.kind, holder_id=about.holder_id,
            plan_id=about.plan_id, amendment_id=about.amendment_id, delivery_id=back.delivery_id,
            channel=sending.channel, status=back.status, answer=back.answer, permanent=True, undoes_given=undoes,
            reported=back.reported,
        )
    ]  # fmt: skip
