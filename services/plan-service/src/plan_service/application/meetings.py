"""Deciding about a meeting: its student, and everybody a command names, are read beside it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.event import Event
from contracts.meetings import AnyPerson, StaffPerson
from contracts.values import Reported
from plan_service.application.desk import Desk, Seen
from plan_service.application.models import MEETING, STAFF, STUDENT
from plan_service.domain.identity import must_be_known
from plan_service.domain.meeting import Known, Meeting
from plan_service.domain.student import Student
from runtime.append_request import Answer, Appended, Claim, Context
from runtime.stream_model import Model


@dataclass(frozen=True, slots=True)
class Around:
    """What a decision about a meeting sees."""

    seen: Seen[Meeting]
    student: Student
    known: Known

    @property
    def meeting(self) -> Meeting:
        """The meeting."""
        return self.seen.state


async def decide_about_meeting(
    desk: Desk, context: Context, meeting_id: UUID, student_id: UUID, people: Iterable[AnyPerson],
    decision: Callable[[Around], Sequence[Event]], *, if_match: int | None = None, claims: Sequence[Claim] = (),
    answer: Answer | None = None, reported: Reported | None = None,
) -> Appended:  # fmt: skip
    """Append what ``decision`` said; it rests on the student's rights holders as they were seen."""
    named = sorted({person.staff_id for person in people if isinstance(person, StaffPerson)})
    student = STUDENT.stream(student_id)
    beside: list[tuple[Model[Any], str]] = [(STUDENT, student)]
    beside += [(STAFF, STAFF.stream(staff_id)) for staff_id in named]

    def decided(seen: Seen[Meeting]) -> Sequence[Event]:
        around = seen.beside[student].state
        must_be_known(around)
        return decision(Around(seen, around, _known(seen, around, named)))

    return await desk.decide(
        context, MEETING, (meeting_id,), student_id, decided, beside=beside, resting_on=(student,),
        if_match=if_match, claims=claims, answer=answer, reported=reported,
    )  # fmt: skip


def _known(seen: Seen[Meeting], student: Student, named: Sequence[UUID]) -> Known:
    own = (student.student_id,) if student.student_id else ()
    return Known(
        staff=frozenset(id for id in named if seen.of(STAFF, id).staff_id is not None),
        holders=frozenset((*student.holders, *student.contacts, *own)),
    )
