"""One session of a service, as everything that is said of minutes given and missed is made of."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import msgspec

from contracts.fields import ItemId, PlanId, StaffId, StudentId
from contracts.progress import ServiceDelivered, SessionMissed
from contracts.values import Reported


class SessionOutcome(StrEnum):
    """How a session went."""

    DELIVERED = "delivered"
    PARTIAL = "partial"
    """It took place, for fewer minutes than planned."""
    MISSED = "missed"
    """It was owed and did not take place."""


class Session(msgspec.Struct, frozen=True, omit_defaults=True):
    """One session of a service. A struct: a district has a million, and each is made in a fifth of a dataclass's time.

    Written, it has no key for what it lacks.
    """

    id: UUID
    student: StudentId
    plan: PlanId
    item: ItemId
    on: date
    minutes: int
    """Given; of a missed session: owed."""
    status: SessionOutcome
    planned_minutes: int | None = None
    reason: str | None = None
    provider: StaffId | None = None
    group_size: int | None = None
    makes_up: UUID | None = None
    external_id: str | None = None
    reported: Reported | None = None
    voided: str | None = None
    """Why the record was wrong: it stays, struck through, and counts no more."""
    starts_at: str | None = None
    group: str | None = None
    provider_role: str | None = None
    credential: str | None = None
    location: str | None = None
    setting: str | None = None
    agreement: UUID | None = None
    """The agreement on make-up or compensatory minutes under which it was given."""
    note: str | None = None
    late_because: str | None = None

    @property
    def counts(self) -> bool:
        """It has not been struck through."""
        return self.voided is None

    @property
    def missed_minutes(self) -> int:
        """Minutes that were to be given in this session and were not.

        None of a make-up, or of a session under an agreement: what is lacking of those is still missed where it was
        missed first, or still to be given under the agreement.
        """
        if self.makes_up is not None or self.agreement is not None:
            return 0
        if self.status is SessionOutcome.MISSED:
            return self.minutes
        return max(0, (self.planned_minutes or self.minutes) - self.minutes)


_OUTCOMES = {each.value: each for each in SessionOutcome}


def session_of(event: ServiceDelivered | SessionMissed) -> Session:
    """The session that an event tells of."""
    personal = event.personal
    note, late_because = (personal.note, personal.late_because) if personal else (None, None)
    if isinstance(event, SessionMissed):
        return Session(
            event.session_id, event.student_id, event.plan_id, event.item_id, event.effective_on, event.minutes,
            SessionOutcome.MISSED, reason=event.reason, provider=event.provider, external_id=event.external_id,
            reported=event.reported, starts_at=event.starts_at, note=note, late_because=late_because,
        )  # fmt: skip
    return Session(
        event.session_id, event.student_id, event.plan_id, event.item_id, event.effective_on, event.minutes,
        _OUTCOMES[event.status.value], planned_minutes=event.planned_minutes, reason=event.reason,
        provider=event.provider, group_size=event.group_size, makes_up=event.makes_up, external_id=event.external_id,
        reported=event.reported, starts_at=event.starts_at, group=event.group, provider_role=event.provider_role,
        credential=event.credential, location=event.location, setting=event.setting, agreement=event.agreement_id,
        note=note, late_because=late_because,
    )  # fmt: skip
