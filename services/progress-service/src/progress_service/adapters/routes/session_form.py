"""A session as it is sent and as it is answered."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import Field

from contracts.fields import Code, ExternalId, Line, Narrative, TimeOfDay
from contracts.sessions import SessionOutcome
from progress_service.adapters.routes.forms import Form, RecordOut, ReportedIn
from progress_service.domain.session import MINUTES_OF_A_DAY, RecordSession

PLAN = "5b0f4a52-3a0e-4c0e-9a53-0d6d3f7f1a01"
SPEECH = "8d5c2f7e-4d7d-4f0e-8f43-6f4f3f3f9b02"
PROVIDER = "2f6f9d1e-7a3b-4e8e-9d33-5f2d1c0b3c03"
DELIVERED: dict[str, Any] = {
    "plan": PLAN,
    "item": SPEECH,
    "on": "2026-10-06",
    "minutes": 30,
    "status": "delivered",
    "provider": PROVIDER,
    "group_size": 1,
    "external_id": "northwind:session-1001",
}
MISSED: dict[str, Any] = {
    "plan": PLAN,
    "item": SPEECH,
    "on": "2026-10-13",
    "minutes": 30,
    "status": "missed",
    "reason": "provider_absent",
    "external_id": "northwind:session-1002",
}


class SessionIn(Form):
    """One session of a service."""

    plan: UUID
    item: UUID
    """The service in the plan."""
    on: date
    """The day, in the district's zone."""
    minutes: int = Field(ge=1, le=MINUTES_OF_A_DAY)
    """Given; of a missed session: owed."""
    status: SessionOutcome
    planned_minutes: int | None = Field(default=None, ge=1, le=MINUTES_OF_A_DAY)
    """Planned for this session: of a partial one the difference was missed."""
    reason: Code | None = None
    """Why it was missed or cut short: a code of `GET /progress/v1/codes/missed_reason`."""
    provider: UUID | None = None
    """Who gave it: a staff member. Needed when it took place."""
    group_size: int | None = Field(default=None, ge=1, le=1000)
    """How many students took part."""
    makes_up: UUID | None = None
    """The session of the same item whose missed minutes this one makes up."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same session again answers 200 with the first."""
    reported: ReportedIn | None = None
    starts_at: TimeOfDay | None = None
    """When it began, in the district's zone: overlaps are pointed out."""
    group: Code | None = None
    """Alone, in a small group, with the class: a code of the list `group`. What the plan does not promise is pointed out."""
    provider_role: Code | None = None
    """As whom the provider gave it: a code of the list `staff_role`."""
    credential: Code | None = None
    """The licence under which it was given: a code of the list `credential`."""
    location: Line | None = None
    """Where it was, e.g. `Room 12`."""
    setting: Code | None = None
    """Among whom: a code of the list `service_setting`."""
    agreement: UUID | None = None
    """The agreement on make-up or compensatory minutes under which it was given."""
    note: Narrative | None = None
    """What the provider writes of it."""
    late_because: Narrative | None = None
    """Why it is recorded long after its day."""

    def to_command(self, session_id: UUID) -> RecordSession:
        """What the domain decides about."""
        return RecordSession(
            session_id=session_id,
            plan_id=self.plan,
            item_id=self.item,
            on=self.on,
            minutes=self.minutes,
            status=self.status,
            planned_minutes=self.planned_minutes,
            reason=self.reason,
            provider=self.provider,
            group_size=self.group_size,
            makes_up=self.makes_up,
            external_id=self.external_id,
            reported=self.reported.to_value() if self.reported else None,
            starts_at=self.starts_at,
            group=self.group,
            provider_role=self.provider_role,
            credential=self.credential,
            location=self.location,
            setting=self.setting,
            agreement=self.agreement,
            note=self.note,
            late_because=self.late_because,
        )


class SessionOut(RecordOut):
    """A recorded session."""

    on: date
    minutes: int
    status: SessionOutcome
    planned_minutes: int | None = None
    reason: str | None = None
    provider: UUID | None = None
    group_size: int | None = None
    makes_up: UUID | None = None
    starts_at: str | None = None
    group: str | None = None
    provider_role: str | None = None
    credential: str | None = None
    location: str | None = None
    setting: str | None = None
    agreement: UUID | None = None
    note: str | None = None
    late_because: str | None = None


def session_schema() -> dict[str, Any]:
    """The form's JSON Schema in one piece, for a route that reads two media types itself."""
    schema = SessionIn.model_json_schema()
    parts = schema.pop("$defs", {})
    inlined: dict[str, Any] = _inlined(schema, parts)
    return inlined


def _inlined(value: Any, parts: dict[str, Any]) -> Any:
    match value:
        case {"$ref": str(name), **beside}:
            return _inlined(parts[name.removeprefix("#/$defs/")] | beside, parts)
        case dict():
            return {key: _inlined(inner, parts) for key, inner in value.items()}
        case list():
            return [_inlined(inner, parts) for inner in value]
    return value
