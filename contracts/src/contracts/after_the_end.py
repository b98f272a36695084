"""What is still recorded of a district that has ended: the one list, which the append of every service keeps to.

Nothing new is decided or reported about its students, and nothing is sent. But who sees the records goes on being recorded
(34 CFR 300.614), they go out to whom the law lets have them (34 CFR 99.30, 99.31), and they end lawfully (34 CFR 300.624).
So for as long as they can be read, it can change who may read them (34 CFR 99.4, 99.5, 99.31(a)(1)).
"""

from contracts.audit import (
    ClientRevoked,
    DisclosureRecorded,
    DisclosureVoided,
    ExportMade,
    LogInconsistent,
    PacketIssued,
)
from contracts.disputes import DisputeClosed
from contracts.district import StaffAdded, StaffChanged, StaffEnded
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
from contracts.requests import RequestAnswered
from contracts.store import AccessRecorded, ParkedSkipped, TenantClockMoved
from contracts.students import (
    AssignmentEnded,
    ContactChanged,
    ReleaseRevoked,
    ReleaseSigned,
    RightsHolderConfirmed,
    RightsHolderEnded,
)

AFTER_THE_END: frozenset[type[Event]] = frozenset({
    AccessRecorded, NoticeOpened,  # Reading.
    ExportMade, PacketIssued, DisclosureRecorded, DisclosureVoided, ReleaseSigned, ReleaseRevoked,  # Going out.
    RightsHolderConfirmed, RightsHolderEnded,  # An order ends a parent's sight; at 18 the record is the student's own.
    ContactChanged,  # An order that forbids contact hides the plan and who looked from that person's page.
    StaffAdded, StaffChanged, StaffEnded, AssignmentEnded,  # Who leaves sees no more; who follows answers for the records.
    RequestAnswered, DisputeClosed,  # Open ones keep a record from being destroyed: what became of them is true.
    HoldOpened, HoldReleased, DestructionRequested, DestructionRefused, DestructionOrdered, DestructionStopped,
    ContentsDestroyed,  # Lawful destruction, or what stands in its way.
    LogInconsistent, ClientRevoked, ParkedSkipped, TenantClockMoved,  # Running the installation.
    NoticeSent, NoticeGiven,  # A mail that was on its way: the server has it, and that is true.
})  # fmt: skip
"""What may follow a `contracts.store.TenantEnded`: anything else is refused."""
