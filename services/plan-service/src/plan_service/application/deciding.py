"""Deciding about a student: the staff, the meeting and whatever else a rule looks at are read beside them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.event import Event
from contracts.values import Reported
from plan_service.application.desk import Desk, Seen
from plan_service.application.models import MEETING, STAFF, STUDENT
from plan_service.domain.rules import cannot_be_true
from plan_service.domain.student import Student
from plan_service.domain.team import TeamMeeting, team_of
from runtime.append_request import Appended, Context
from runtime.call import Making
from runtime.stream_model import Model


async def decide_about_student(
    desk: Desk, context: Context, student_id: UUID, making: Making, decision: Callable[[Seen[Student]], Sequence[Event]],
    *, staff: Mapping[str, UUID | None] | None = None, meeting: UUID | None = None,
    beside: Sequence[tuple[Model[Any], str]] = (), reported: Reported | None = None, if_match: int | None = None,
) -> Appended:  # fmt: skip
    """Append what ``decision`` said. ``staff``: who is named, by where in the request; whoever has left may be.

    ``beside``: what else it reads.
    """
    named = {pointer: id for pointer, id in (staff or {}).items() if id is not None}
    wanted = [*beside, *((STAFF, STAFF.stream(id)) for id in dict.fromkeys(named.values()))]
    if meeting is not None:
        wanted.append((MEETING, MEETING.stream(meeting)))

    def decided(seen: Seen[Student]) -> Sequence[Event]:
        for pointer, id in named.items():
            if seen.of(STAFF, id).staff_id is None:
                raise cannot_be_true("unknown-staff", "There is no such staff member here.", pointer)
        return decision(seen)

    return await desk.decide(
        context, STUDENT, (student_id,), student_id, decided, beside=wanted, claims=making.claims,
        answer=making.answer, reported=reported, if_match=if_match,
    )  # fmt: skip


def meeting_of(seen: Seen[Student], meeting: UUID | None) -> TeamMeeting | None:
    """The meeting that is named; refuses another student's."""
    if meeting is None:
        return None
    team = team_of(seen.of(MEETING, meeting))
    if team.student_id is None or team.student_id != seen.state.student_id:
        raise cannot_be_true("unknown-meeting", "This student has no meeting by this id.", "/meeting")
    return team
