"""Services in one process: they wake each other, and one of them can say how all are."""

import os
from typing import TYPE_CHECKING

from contracts.ids import new_id
from runtime.transport.journal import JournalTransport

if TYPE_CHECKING:
    from runtime.service import Service


class Neighbours:
    """Services in one process wake each other at once instead of waiting for the database's NOTIFY.

    And one of them, the console's, can say what is wrong with any of them.
    """

    def __init__(self) -> None:
        self._name = new_id().hex
        self._transports: list[JournalTransport] = []
        self.services: list[Service] = []
        """Those that run in this process."""

    @property
    def told(self) -> str:
        """What their sequencers' NOTIFY says: none of us need listen to it. A process that was forked is another."""
        return f"{self._name}/{os.getpid()}"

    def join(self, transport: JournalTransport) -> None:
        """This transport wants to know."""
        self._transports.append(transport)

    def leave(self, transport: JournalTransport) -> None:
        """It is being closed."""
        self._transports.remove(transport)

    def sequenced(self, source: str) -> None:
        """``source`` has indexed something."""
        for transport in self._transports:
            transport.wake(source)


IN_THIS_PROCESS = Neighbours()
