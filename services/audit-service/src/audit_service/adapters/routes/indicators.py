"""``GET /audit/v1/indicators/{n}``: what the state asks every year, with the children behind each number."""

import re
from datetime import date
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from audit_service.adapters.routes.answers import CONTENTS_SCOPE, json_answer
from audit_service.application.indicators import AskedFor, IndicatorReport, report
from audit_service.application.service import audit
from audit_service.domain.indicators import INDICATORS, year_of
from contracts.problems import Invalid, NotFound, Reason
from runtime.auth import Principal, allow
from runtime.call import Asked
from runtime.http import Routes

routes = Routes(prefix="/audit/v1", tags=["findings"])
Reader = Annotated[Principal, allow("audit.read")]
EVERY_CONTENTS = [allow(scope) for scope in CONTENTS_SCOPE.values()]
_YEAR = re.compile(r"(20\d\d)(?:-(20\d\d))?")


@routes.get("/indicators/{number}", response_model=IndicatorReport, dependencies=EVERY_CONTENTS)
async def get_indicator(
    number: str, who: Reader, asked: Asked,
    year: Annotated[str, Query(max_length=9, description="The school year, from 1 July on.", examples=["2025-2026"])],
    counted_on: Annotated[date | None, Query(description="The state's day of the count; default 1 December.")] = None,
) -> Response:  # fmt: skip
    """Count for a state report: SPP/APR indicators `11`, `12`, `13`; the counts of IDEA section 618 as `child-count`,
    `settings`, `exits`, `removals`. Of the students the caller may see."""
    indicator = INDICATORS.get(number)
    if indicator is None:
        raise NotFound(f"There is no such indicator here. Known are {', '.join(INDICATORS)}.")
    said = _YEAR.fullmatch(year)
    if said is None or (said[2] and int(said[2]) != int(said[1]) + 1):
        reason = Reason("unreadable", "a school year like 2025-2026", pointer="/year")
        raise Invalid("The school year could not be read.", reasons=(reason,))
    asked_for = year_of(int(said[1]), counted_on)
    if not asked_for.first <= asked_for.count_on <= asked_for.last:
        reason = Reason(
            "out-of-range",
            f"a day of the school year, {asked_for.first} to {asked_for.last}",
            pointer="/counted_on",
        )
        raise Invalid("The day of the count is not in the school year.", reasons=(reason,))
    found = await report(audit(asked).judging, who, AskedFor(number, indicator, asked_for))
    for student in {child.student for line in found.lines for child in line.children}:
        asked.saw(student, "indicator", (student,))
    return json_answer(found.model_dump(mode="json", exclude_none=True))
