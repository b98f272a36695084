"""A notice that waits for a person: what that person may decide."""

from contracts.event import Event
from contracts.problems import Rejected
from notify_service.domain.delivery import Mailed, mail_failed
from notify_service.domain.notice import Notice

DECIDABLE = frozenset({"proposal-was-reported", "mail-in-doubt", "step-failed"})
"""What a person may decide here. Whatever else a notice waits for is mended where it is wrong."""


class NothingToDecide(Rejected):
    """The notice does not wait for this decision."""

    code = "nothing-to-decide"


def dispatch(notice: Notice, state: str, reasons: tuple[str, ...], doubtful: Mailed | None) -> list[Event]:
    """Send it now. Of a mail in doubt it says first that the doubted try came to nothing, and how that is known."""
    if state not in ("blocked", "in_doubt") or not DECIDABLE.intersection(reasons):
        raise NothingToDecide(
            "This notice does not wait for somebody to let it go. See its reasons: what blocks it is mended where it is "
            "wrong, and then it goes by itself."
        )
    if state == "in_doubt" and doubtful is not None:
        return mail_failed(notice, doubtful, permanent=False)
    return []
