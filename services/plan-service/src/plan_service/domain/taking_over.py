"""A plan that another system has kept until now: taken over as that system says it was, and never as decided here.

It binds from its own day and says so; when it became known here is today, and the old system's day of recording stands
beside it (`Imported.source_recorded_on`). What the rules would have refused of it is named on the event.
"""

from dataclasses import dataclass
from datetime import date

from contracts.fields import ExternalId, PlanId, StudentId
from contracts.items import AnyItem
from contracts.plan import PlanEvent
from contracts.values import Imported, Reported
from contracts.vocabulary import PlanEnd, PlanKind
from plan_service.domain.adoption import AdoptPlan, adopt_plan
from plan_service.domain.ages import ages_of
from plan_service.domain.draft import OpenDraft, open_draft
from plan_service.domain.ending import EndPlan, GroundOfEnd, end_plan
from plan_service.domain.plan import Plan, evolve
from plan_service.domain.rules import Rules, cannot_be_true
from plan_service.domain.student import Student


@dataclass(frozen=True, slots=True)
class Ended:
    """That it binds no longer, and from when."""

    reason: PlanEnd
    effective_on: date


@dataclass(frozen=True, slots=True)
class TakeOver:
    """A plan as another system has it."""

    plan_id: PlanId
    student_id: StudentId
    kind: PlanKind
    items: tuple[AnyItem, ...]
    source: str
    """Which system, in words a reader of the history knows."""
    external_id: ExternalId
    effective_on: date
    decided_on: date
    """The day of the meeting or decision, as the other system has it."""
    recorded_on: date | None = None
    """The day on which the other system recorded it."""
    review_due_on: date | None = None
    """504: the day its policy set. An IEP's is a year after it was decided."""
    ended: Ended | None = None

    @property
    def imported(self) -> Imported:
        """From where, and when it was recorded there."""
        return Imported(source=self.source, external_id=self.external_id, source_recorded_on=self.recorded_on)

    def reported(self, occurred_on: date) -> Reported:
        """That the other system says so."""
        reason = f"Taken over from {self.source}, which kept the plan until then."
        return Reported(source=self.source, reason=reason, occurred_on=occurred_on)


def take_over(plan: Plan, command: TakeOver, student: Student, today: date, rules: Rules) -> list[PlanEvent]:
    """Record the plan, and its end where it has ended: reported with its true days, whatever rules it left unmet."""
    _could_be_true(command, today)
    opened = open_draft(
        plan,
        OpenDraft(command.plan_id, command.student_id, command.kind, today, command.external_id, command.imported),
    )  # fmt: skip
    adopted = adopt_plan(
        evolve(plan, opened[0]),
        AdoptPlan(
            effective_on=command.effective_on, items=command.items, today=today, rules=rules,
            review_due_on=command.review_due_on, ages=ages_of(student, rules), imported=command.imported,
            reported=command.reported(command.decided_on),
        ),
    )  # fmt: skip
    if command.ended is None:
        return [*opened, *adopted]
    ended_on = command.ended.effective_on
    ending = EndPlan(command.ended.reason, ended_on, today, reported=command.reported(ended_on))
    standing = evolve(evolve(plan, opened[0]), adopted[0])
    born = student.personal.birth_date if student.personal else None
    ground = GroundOfEnd(evaluations=student.evaluations, rules=rules, birth_date=born)
    return [*opened, *adopted, *end_plan(standing, ending, ground)]


def _could_be_true(command: TakeOver, today: date) -> None:
    if command.effective_on < command.decided_on:
        raise cannot_be_true(
            "effective-before-decided", "It cannot bind before it was decided.", "/effective_on"
        )
    if command.recorded_on is not None and not command.decided_on <= command.recorded_on <= today:
        raise cannot_be_true(
            "recorded-on-another-day",
            "It was recorded after it was decided, and before today.",
            "/recorded_on",
        )
    if command.ended is None:
        return
    if command.ended.effective_on < command.effective_on:
        raise cannot_be_true("ended-before-effective", "It cannot end before it bound.", "/end/effective_on")
    if command.ended.effective_on > today:
        raise cannot_be_true(
            "end-in-the-future", "An end that is still to come is decided here: POST /plans/{id}/end.",
            "/end/effective_on",
        )  # fmt: skip
