"""Answering what is recorded about a student: decided, appended, and shown as it now stands."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from starlette.responses import Response

from contracts.event import Event
from contracts.values import Reported
from plan_service.application.deciding import decide_about_student
from plan_service.application.desk import Desk, Seen
from plan_service.domain.student import Student
from runtime.append_request import Appended
from runtime.call import Call, Making
from runtime.stream_model import Model


async def respond_about_student(
    asked: Call, kind: str, id: UUID, student_id: UUID, decision: Callable[[Seen[Student]], Sequence[Event]], *,
    staff: Mapping[str, UUID | None] | None = None, meeting: UUID | None = None,
    beside: Sequence[tuple[Model[Any], str]] = (), reported: Reported | None = None, if_match: int | None = None,
    external_id: str | None = None, claimed_as: str | None = None,
) -> Response:  # fmt: skip
    """`Call.respond` with what `decide_about_student` appended."""

    async def do(making: Making) -> Appended:
        return await decide_about_student(
            Desk(asked.store), asked.context, student_id, making, decision, staff=staff, meeting=meeting,
            beside=beside, reported=reported, if_match=if_match,
        )  # fmt: skip

    return await asked.respond(kind, id, do, external_id=external_id, claimed_as=claimed_as)
