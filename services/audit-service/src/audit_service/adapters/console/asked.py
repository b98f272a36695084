"""What every page asks and shows: the two times as somebody chose them, the student, the district, who is signed in."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query

from audit_service.adapters.console.elsewhere import Elsewhere
from audit_service.application.evidence import Evidence
from audit_service.application.service import audit
from audit_service.application.students import StudentFound, StudentNoMore, find_students
from audit_service.domain.moment import Moment, day_asked, read_day, read_known
from contracts.event import EventClass
from contracts.problems import NotFound
from runtime.call import Call
from runtime.scopes import ROLE_SCOPES

Text = Annotated[str, Query(max_length=600)]


@dataclass(frozen=True)
class Asked:
    """The two times as somebody chose them, for the form and for the question."""

    effective_on: date
    known_at: datetime | None
    known_text: str
    zone: str
    basis: dict[str, int] | None = None

    @property
    def moment(self) -> Moment:
        """The question."""
        return Moment(self.effective_on, self.known_at, self.basis)

    @property
    def known_is_day(self) -> bool:
        """A date, or nothing: a date control shows it."""
        return len(self.known_text) in (0, len("2026-03-09"))

    def query(self) -> str:
        """As an address says it."""
        known = {"known_at": self.known_text} if self.known_text else {}
        return urlencode({"effective_on": self.effective_on.isoformat(), **known})


async def asked_for(
    evidence: Evidence, tenant: str, effective_on: str, known_at: str, basis: str = ""
) -> Asked:
    zone = (await evidence.district(tenant)).time_zone
    today = (await evidence.now(tenant)).date()
    day, known = effective_on.strip(), known_at.strip()
    return Asked(
        day_asked(read_day(day, today), today), read_known(known, zone), known, zone,
        await evidence.read_basis(tenant, basis.strip()),
    )  # fmt: skip


async def frame(call: Call) -> dict[str, Any]:
    """What every page shows: the district, and who is signed in."""
    evidence = audit(call).evidence
    names = await evidence.names(call.tenant, {call.who.id})
    district = await evidence.district(call.tenant)
    return {
        "who": call.who,
        "who_name": names.get(call.who.id),
        "district": district.name,
        "zone": district.time_zone,
        "alarms": await _alarms(call),
    }


async def _alarms(call: Call) -> list[dict[str, str]]:
    """For who can do something about it: what is wrong with any service, and with any log."""
    if "log.read" not in ROLE_SCOPES.get(call.who.role, frozenset()):
        return []
    here = audit(call).neighbours.services
    found = [(service.name, what, detail) for service in here for what, detail in service.degraded()]
    elsewhere: Elsewhere | None = call.request.app.state.elsewhere
    if elsewhere is not None:
        found += await elsewhere.alarms({service.name for service in here})
    return [{"service": service, "what": what, "detail": detail} for service, what, detail in found]


async def student_of(call: Call, student: UUID) -> StudentFound | StudentNoMore:
    """Whom a page is about; raises `NotFound` for whoever is not there or may not be seen."""
    await call.must_see(student)
    found = await find_students(audit(call).database, call.who, student=student, limit=1)
    if found:
        return found[0]
    gone = await audit(call).evidence.destroyed_on(call.tenant, student)
    if EventClass.IDENTITY not in gone:
        raise NotFound("There is no such student here.")
    return StudentNoMore(id=student)
