"""Letters that are printed and posted together: stream ``batch/{id}`` of notify-service; its subject is the tenant's own.

Who a letter goes to and where stands on its notice, never here.
"""

from datetime import date
from typing import TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.event import Event, Value, event
from contracts.fields import Line, NoticeId, Sha256Hex


class BatchedLetter(Value):
    """One envelope: the notices in it, and the digest of its printed bytes."""

    notice_ids: tuple[NoticeId, ...]
    """Several where one letter gives several notices."""
    digest: Sha256Hex
    """SHA-256 of the letter's bytes, as the manifest lists it."""
    pages: int = Field(ge=1)


@event("batch.made")
class LetterBatchMade(Event):
    """Letters were put together to be printed and posted; none of them is in another batch."""

    batch_id: UUID
    letters: tuple[BatchedLetter, ...]


@event("batch.posted")
class LetterBatchPosted(Event):
    """The batch was handed to the carrier on ``effective_on``: its letters' mailing days run from there."""

    batch_id: UUID
    carrier: Line | None = None
    """Whom it was handed to, and under which number."""
    left_out: tuple[NoticeId, ...] = ()
    """Those that were not posted after all: spoilt, or not to be sent any more."""
    posted_on: date
    """The day on the carrier's receipt."""


BatchEvent: TypeAlias = LetterBatchMade | LetterBatchPosted
