"""A district's figures, by school and by provider."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict

from progress_service.adapters.routes.asking import FirstOn, KnownAt, LastOn
from progress_service.adapters.routes.delivery import Out, figures_of
from progress_service.adapters.routes.sessions import Reads
from progress_service.application.knowledge import asked_text, read_days, read_knowledge, zone_of
from progress_service.application.known_plans import today_of
from progress_service.application.roll_up_of import roll_up_of
from progress_service.domain.roll_up import LEAST, Group, to_leave_the_school
from runtime.call import Asked
from runtime.http import Routes

routes = Routes(prefix="/progress/v1", tags=["balance and outlook"])


class GroupOut(Out):
    """The figures of one school or provider, each as in a student's own ledger. Of a group that is left out there are none."""

    of: UUID | None = None
    """Absent: students of no known school, sessions without a provider."""
    left_out: bool = False
    """Fewer than ten students, or so few others that it would give those away: no figure is told, not even a nought."""
    students: int | None = None
    owed: str | None = None
    """With at most two places; absent of a provider, and where a plan's text or the district's calendar does not say it."""
    owed_exact: str | None = None
    delivered: int | None = None
    made_up: int | None = None
    missed: dict[str, int] | None = None
    """By reason: codes of `missed_reason`."""
    missed_minutes: int | None = None
    unrecorded: str | None = None
    excused: int | None = None
    remaining: dict[str, int] | None = None
    """Missed, owed and not made up, by reason."""
    under_agreement: int | None = None
    """Given under an agreement, beyond the missed sessions it names."""
    balance: str | None = None
    balance_exact: str | None = None
    offered: int | None = None
    """Minutes offered beside the plans of which nobody has answered by the last day."""
    agreed: int | None = None
    """Minutes agreed or decided beside the plans by the last day."""
    agreed_given: int | None = None
    """Of them given by then."""
    agreed_remaining: int | None = None
    """Of them still to be given."""

    @classmethod
    def of_group(cls, group: Group) -> "GroupOut":
        """As it is answered."""
        if group.left_out:
            return cls(of=group.of, left_out=True)
        return cls(
            of=group.of, students=group.students, offered=group.beside.offered, agreed=group.beside.agreed,
            agreed_given=group.beside.given, agreed_remaining=group.beside.remaining,
            **figures_of(group.figures).model_dump(),
        )  # fmt: skip


class RollUpOut(BaseModel):
    """A district's minutes by school and by provider."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    first_on: date
    last_on: date
    asked_known_at: str | None = None
    least_students: int | None = None
    """Groups of fewer are left out; absent: nothing is left out."""
    schools: list[GroupOut]
    providers: list[GroupOut]
    """A provider owes nothing by themselves: theirs say what was given and missed."""


@routes.get("/roll-up", response_model=RollUpOut, response_model_exclude_none=True)
async def get_roll_up(
    asked: Asked,
    who: Reads,
    first_on: FirstOn = None,
    last_on: LastOn = None,
    known_at: KnownAt = None,
    to_leave: Annotated[
        bool,
        Query(
            description="Leave out groups of fewer than ten students, as for a report that leaves the school."
        ),
    ] = False,
) -> Response:
    """Sum up the minutes of all students you see, by school and by provider.

    Minutes are as the record knew them at `known_at`; students stand with the school they are now known to be at.
    What goes to a client leaves the school: groups of fewer than ten students are always left out for it. That holds for one
    answer: two of overlapping days, or of two `known_at`, can be taken from each other. Publish one of each period.
    """
    async with asked.store.database.read(asked.tenant) as rows:
        days = read_days(first_on, last_on, await today_of(rows))
        knowledge = read_knowledge(known_at, None, await zone_of(rows))
    found = await roll_up_of(asked.store, asked.tenant, who, days.first_on, days.last_on, knowledge)
    leaves = to_leave or not who.is_person
    schools, providers = found.schools, found.providers
    if leaves:
        schools, providers = to_leave_the_school(schools), to_leave_the_school(providers)
    answer = RollUpOut(
        first_on=days.first_on, last_on=days.last_on, asked_known_at=asked_text(knowledge),
        least_students=LEAST if leaves else None,
        schools=[GroupOut.of_group(group) for group in schools],
        providers=[GroupOut.of_group(group) for group in providers],
    )  # fmt: skip
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")
