"""The district's own settings: what holds from a day on."""

from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.district import DistrictProfileSet, HelpSource, Office, SchoolYear
from contracts.fields import LanguageTag, Line, Name
from contracts.shipped_profiles import shipped_profiles
from plan_service.adapters.routes.bodies import SetsUp
from plan_service.adapters.routes.forms import Form, Reads
from plan_service.application.desk import Desk
from plan_service.application.models import DISTRICT, DISTRICT_ID
from plan_service.application.shown import DistrictShown
from plan_service.domain.district import first_profile, set_profile
from runtime.append_request import Answer
from runtime.call import Asked, Call
from runtime.http import IfMatch, Routes
from runtime.tenant_routes import TenantIn, TimeZone

routes = Routes(prefix="/plan/v1", tags=["district"])
EXAMPLE: dict[str, Any] = {
    "name": "Harborview Unified School District",
    "time_zone": "America/Chicago",
    "state_profile": "federal@2026-1",
    "languages": ["en", "es"],
    "calendar": [
        {"first_on": "2026-08-24", "last_on": "2027-06-11", "days_off": ["2026-09-07"], "half_days": ["2026-12-18"]}
    ],
    "partial_consent": True,
    "notice_days": 5,
    "mailing_days": 3,
    "office": {"name": "Office of Special Education", "phone": "(555) 010-0100"},
    "help_sources": [{"name": "Harborview Parent Center", "phone": "(555) 010-0111"}],
    "safeguards_at": "https://harborview.example.org/safeguards",
}  # fmt: skip


class DistrictIn(Form):
    """What holds in the district, in full."""

    name: Name
    time_zone: TimeZone
    state_profile: Name
    """The rules the district is under: `federal@2026-1`, or a state's over it, `federal@2026-1+tx@2025-2`."""
    languages: tuple[LanguageTag, ...] = Field(min_length=1, max_length=50)
    """In which the district writes to parents."""
    calendar: tuple[SchoolYear, ...] = Field(default=(), max_length=30)
    """The days on which children attend for instruction. Dates that contradict each other are refused."""
    partial_consent: bool
    """A consent given for some items changes those items and no others."""
    notice_days: Annotated[int, Field(ge=0, le=365)]
    mailing_days: Annotated[int, Field(ge=0, le=60)]
    office: Office | None = None
    help_sources: tuple[HelpSource, ...] = ()
    safeguards_at: Line | None = None
    in_force_from: date | None = None
    """From which day it holds; today where nothing is said."""

    def to_event(self, today: date) -> DistrictProfileSet:
        """As it is recorded."""
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "in_force_from"}
        return DistrictProfileSet(effective_on=self.in_force_from or today, **fields)


@routes.get("/district", response_model=DistrictShown)
async def get_district(asked: Asked, who: Reads) -> Response:
    """Read what holds in the district."""
    await asked.district()
    return await asked.one("district", DISTRICT_ID)


@routes.put("/district", response_model=DistrictShown)
async def put_district(
    asked: Asked, who: SetsUp, if_match: IfMatch, body: Annotated[DistrictIn, Body(examples=[EXAMPLE])]
) -> Response:
    """Set what holds in the district, in full. Earlier days keep the rules they had."""
    appended = await Desk(asked.store).decide(
        asked.context, DISTRICT, (), await asked.district(),
        lambda seen: set_profile(seen.state, body.to_event(seen.today), shipped_profiles()), if_match=if_match,
        answer=Answer(asked.status, "district", DISTRICT_ID),
    )  # fmt: skip
    return await asked.answer(appended, "district", DISTRICT_ID)


async def begin_profile(asked: Call, wanted: TenantIn, now: datetime) -> None:
    """A district that has just been opened begins with the federal floor; one that has a profile keeps it."""
    today = now.astimezone(ZoneInfo(wanted.time_zone)).date()
    profile = first_profile(wanted.name, wanted.time_zone, wanted.state_profile, today, shipped_profiles())
    await Desk(asked.store).decide(
        asked.acting(), DISTRICT, (), await asked.district(),
        lambda seen: [] if seen.state.newest is not None else set_profile(seen.state, profile, shipped_profiles()),
    )  # fmt: skip
