"""What several routes take: a report of what has happened already, who may write, who may report."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from contracts.fields import Name, Narrative
from contracts.values import Reported, Unmet
from runtime.auth import Forbidden, Principal, allow

WRITE, REPORT = "plan.write", "plan.report"

Reads = Annotated[Principal, allow("plan.read")]
Writes = Annotated[Principal, allow(WRITE)]
WritesOrReports = Annotated[Principal, allow(WRITE, REPORT)]
"""Then `may_write_or_report` asks for the one that the body needs."""


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
    """The day on which it happened."""

    def to_value(self) -> Reported:
        """As it stands on the event, before it is said which rules it left unmet."""
        return Reported(source=self.source, reason=self.reason, occurred_on=self.occurred_on)


class ReportedOut(BaseModel):
    """Reported, not decided here."""

    source: str
    reason: str
    occurred_on: date
    unmet: list[Unmet] = []
    """The rules that would have refused it as a decision."""


def reported_value(reported: ReportedIn | None) -> Reported | None:
    """See `ReportedIn.to_value`."""
    return reported.to_value() if reported else None


def may_write_or_report(who: Principal, reported: ReportedIn | None) -> None:
    """Deciding needs the one scope, reporting the other; raises `Forbidden`."""
    needed = WRITE if reported is None else REPORT
    if needed not in who.scopes:
        doing = "Deciding" if reported is None else "Reporting what has happened already"
        raise Forbidden(f"{doing} needs the scope {needed}.", scopes=(needed,))
