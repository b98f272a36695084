"""Which topic carries which events: owner, producers, consumers, key, retention (eventlog.md 7)."""

from dataclasses import dataclass

from contracts.event import registered_events
from contracts.lanes import LANES
from contracts.vocabulary import ServiceName

EVERY_SERVICE = ("tenant", "access", "parked")
"""First words of the names of events that the runtime of every service emits."""

PARTITIONS = 12
MAX_MESSAGE_BYTES = 1_048_576


def topic_name(service: str, prefix: str = "handrail") -> str:
    """The topic that carries a service's log: ``handrail.plan.v1``; notify-service's is ``handrail.notice.v1``."""
    return f"{prefix}.{'notice' if service == ServiceName.NOTIFY else service}.v1"


@dataclass(frozen=True, slots=True)
class Topic:
    """One service's topic."""

    service: ServiceName
    emits: tuple[str, ...]
    """First words of the names of its own events."""
    consumers: tuple[str, ...]
    about: str

    @property
    def name(self) -> str:
        """``handrail.plan.v1``."""
        return topic_name(self.service)

    @property
    def owner(self) -> str:
        """The service that owns and alone writes it."""
        return f"{self.service}-service"

    def events(self) -> list[str]:
        """The names of all events it carries."""
        first_words = (*self.emits, *EVERY_SERVICE)
        return sorted(name for name in registered_events() if name.split(".")[0] in first_words)


TOPICS = (
    Topic(
        ServiceName.PLAN,
        ("plan",),
        ("progress-service", "notify-service", "audit-service"),
        "Students and who holds their educational rights, meetings, plans with amendments and consents.",
    ),
    Topic(
        ServiceName.PROGRESS,
        ("progress",),
        ("notify-service", "audit-service"),
        "Schedules, sessions delivered, missed and made up; results of goals and objectives; progress reports.",
    ),
    Topic(
        ServiceName.NOTIFY,
        ("notice", "template", "batch", "webhook"),
        ("plan-service", "notify-service", "audit-service"),
        "Notices: what was owed, sent, given, opened, answered; wordings and batches of letters; vendors' endpoints.",
    ),
    Topic(
        ServiceName.AUDIT,
        ("disclosure", "packet", "export", "client", "hold", "destruction", "log"),
        ("plan-service", "progress-service", "notify-service", "audit-service"),
        "Disclosures, transfer packets, exports of evidence, vendors' clients, legal holds, destruction of contents, logs"
        " that are not what they were.",
    ),
)

KEY = "tenant/subject"
RETENTION = "unlimited"
LANES_NOTE = f"partition = lane mod partitions, lane = first two bytes of SHA-256(key) mod {LANES}"

RETIRED_EVENTS: frozenset[str] = frozenset()
"""Names that were once used and never may be again; their class stays for reading and their example for ever."""

RETIRED_PROBLEM_CODES: frozenset[str] = frozenset()
"""Codes of refusals that were once answered and never may mean anything else."""

RETIRED_PROJECTIONS: frozenset[str] = frozenset()
"""Names of projections whose checkpoints may still lie in some database."""
