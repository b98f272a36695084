"""The port for channels by which a notice leaves by itself: what the sender asks of one, and what it may rely on.

tests/test_channels.py holds every carrier to these promises, on the real other side.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What one try came to."""

    ACCEPTED = "accepted"
    REFUSED_FOR_NOW = "refused_for_now"
    """4xx, or no conversation came about: nothing was delivered, try again."""
    REFUSED = "refused"
    """5xx about this recipient or this mail: trying again cannot help."""
    IN_DOUBT = "in_doubt"
    """The message had begun to go over and no answer came."""
    NOT_OURS = "not_ours"
    """``before`` said no: nothing was handed over."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The outcome, and what the other side said."""

    outcome: Outcome
    answer: str


class Carrier(Protocol):
    """One channel's other side: a mail server, a text message gateway."""

    async def hand_over(
        self, sender: str, to: str, message: bytes, before: Callable[[], Awaitable[bool]]
    ) -> Answered:
        """One try to hand ``message`` over for ``to``. Never raises for what the other side can do to us.

        ``before`` is awaited once, right before the first byte of the message leaves, and never when nothing of it does: it
        makes durable that from here on only the other side's answer tells. Where it says no, nothing leaves.

        - ``ACCEPTED``: the other side said that it has it. Nothing else is.
        - ``REFUSED``: it will never take this message for this recipient; the next channel takes over.
        - ``REFUSED_FOR_NOW``: nothing of it was taken, whatever the trouble; it may be tried again.
        - ``IN_DOUBT``: it had begun to leave, and no answer came. It is not tried again by itself.

        The same message handed over again is the same message: its id is in it. Beside the message and the address the other
        side is told nothing.
        """
        ...
