"""What is still recorded of a district that has ended: the one list, which the append of every service keeps to.

Nothing new is decided or reported about its students, and nothing is sent. But who sees the records goes on being recorded
(34 CFR 300.614), they go out to whom the law lets have them (34 CFR 99.30, 99.31), and they end lawfully (34 CFR 300.624).
"""

from contracts.audit import (
    ClientRevoked,
    DisclosureRecorded,
    DisclosureVoided,
    ExportMade,
    LogInconsistent,
    PacketIssued,
)
from contracts.event import Event
from contracts.notify import NoticeGiven, NoticeOpened, NoticeSent
from contracts.records import (
    ContentsDestroyed,
    DestructionOrdered,
    DestructionRefused,
    DestructionRequested,
    DestructionStopped,
    HoldOpened,
    HoldReleased,
)
from contracts.store import AccessRecorded, ParkedSkipped, TenantClockMoved
from contracts.students import ReleaseRevoked, ReleaseSigned

AFTER_THE_END: frozenset[type[Event]] = frozenset({
    AccessRecorded, NoticeOpened,  # Reading.
    ExportMade, PacketIssued, DisclosureRecorded, DisclosureVoided, ReleaseSigned, ReleaseRevoked,  # Going out.
    HoldOpened, HoldReleased, DestructionRequested, DestructionRefused, DestructionOrdered, DestructionStopped,
    ContentsDestroyed,  # Lawful destruction, or what stands in its way.
    LogInconsistent, ClientRevoked, ParkedSkipped, TenantClockMoved,  # Running the installation.
    NoticeSent, NoticeGiven,  # A mail that was on its way: the server has it, and that is true.
})  # fmt: skip
"""What may follow a `contracts.store.TenantEnded`: anything else is refused."""
