"""What several routes take and answer: a report of what has happened already, the reason of a void, who may report."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from contracts.fields import Name, Narrative
from contracts.values import Reported, Unmet
from runtime.auth import Forbidden, Principal

REPORT = "plan.report"


class Form(BaseModel):
    """A request body: fields it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ReportedIn(Form):
    """It has happened already and is recorded as it was. Needs the scope ``plan.report``."""

    source: Name
    """Who or what reports it: a system, a paper file, an office."""
    reason: Narrative
    """Why it is reported and not decided here."""
    occurred_on: date
    """The day on which it happened: the day of the session or measurement."""

    def to_value(self) -> Reported:
        """As it stands on the event."""
        return Reported(source=self.source, reason=self.reason, occurred_on=self.occurred_on)


class VoidIn(Form):
    """Why a record was wrong. It stays, struck through, and counts no more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Entered for another student."}]})

    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class VoidedOut(BaseModel):
    """The record was wrong: it stays, struck through, and counts no more."""

    reason: str


class ReportedOut(BaseModel):
    """Reported, not decided here."""

    source: str
    reason: str
    occurred_on: date
    unmet: list[Unmet] = []
    """The rules that would have refused it."""


class RecordOut(BaseModel):
    """What every record of this service has."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    student: UUID
    plan: UUID
    item: UUID
    external_id: str | None = None
    reported: ReportedOut | None = None
    voided: VoidedOut | None = None
    version: int
    """Of everything recorded of this item in this school year: the ETag."""
    updated_at: str


def may_report(who: Principal, reported: ReportedIn | None) -> None:
    """Raise `Forbidden` where somebody reports without the scope for it."""
    if reported is not None and REPORT not in who.scopes:
        raise Forbidden(f"Reporting what has happened already needs the scope {REPORT}.", scopes=(REPORT,))
