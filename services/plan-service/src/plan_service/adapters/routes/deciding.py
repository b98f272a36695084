"""Who may decide for a student on a day: parents, from majority the student, or who was appointed (34 CFR 300.520)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from contracts.canonical import canonical
from contracts.rule_profile import RuleSetNotShipped
from plan_service.adapters.routes.forms import Reads
from plan_service.adapters.routes.reading import must_be
from plan_service.application.desk import Desk
from plan_service.application.models import STUDENT
from plan_service.domain.rights_holder import deciding_on, rights_pass_on, told_of_rights_by
from runtime.call import Asked
from runtime.http import Routes
from runtime.openapi import problems

routes = Routes(prefix="/plan/v1", tags=["rights holders"])


class DecidingOut(BaseModel):
    """Who consents and refuses on a day."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    on: date
    holders: list[UUID]
    """Rights holders, or the student's own id. Of two who disagree, the refusal stands."""
    rights_pass_on: date | None = None
    """The day of majority, from which the student decides; absent where no rights pass, or the birth is not known."""
    told_by: date | None = None
    """By when an IEP says that the student was told of it."""
    rules: str
    """The rules by which it is so."""


@routes.get(
    "/students/{student_id}/deciding", response_model=DecidingOut, response_model_exclude_none=True,
    responses=problems(RuleSetNotShipped),
)  # fmt: skip
async def get_deciding(
    asked: Asked, who: Reads, student_id: UUID,
    on: Annotated[date | None, Query(description="The day; today where nothing is said.")] = None,
) -> Response:  # fmt: skip
    """Read who may decide for a student on a day, by what was confirmed, the student's age, and the rules of that day."""
    await must_be(asked, "student", student_id)
    seen = await Desk(asked.store).see(asked.tenant, STUDENT, (student_id,))
    day = on or seen.today
    rules, student = seen.day.rules_on(day), seen.state
    holders = deciding_on(student, day, rules)
    asked.saw(student_id, "rights_holder", holders)
    passes_on, told_by = rights_pass_on(student, rules), told_of_rights_by(student, rules)
    body = {
        "on": day.isoformat(), "holders": [str(holder) for holder in holders], "rules": rules.rule_set,
        **({"rights_pass_on": passes_on.isoformat()} if passes_on else {}),
        **({"told_by": told_by.isoformat()} if told_by else {}),
    }  # fmt: skip
    return Response(canonical(body), 200, {"ETag": f'"{seen.loaded.version}"'}, "application/json")
