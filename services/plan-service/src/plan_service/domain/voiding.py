"""A plan that never bound: made for the wrong student, or twice (law.md 6). It stays in the record, struck through.

Asked for by one person and approved by another; until then a working paper. Whoever relied on it is told before that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ExternalId, HolderId, NoticeId, PersonRef, PlanId, StaffId
from contracts.plan import PlanEvent, PlanVoided, ReasonPersonalData
from contracts.problems import NotFound, Reason, Rejected
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import VoidGround
from plan_service.domain.people import People
from plan_service.domain.plan import Plan
from plan_service.domain.rules import UnmetRules, cannot_be_true, day_of, not_in_the_future, settle
from plan_service.domain.second_person import must_be_another

PRACTICE = "practice: a record people relied on is not taken back in silence"


class PlanIsVoid(Rejected):
    """Nothing is decided about a plan that never bound."""

    code = "plan-void"

    def __init__(self) -> None:
        super().__init__("This plan is void: it never bound, and nothing is decided about it any more.")


class VoidRefused(UnmetRules):
    """Somebody who relied on the plan does not know of it yet."""

    code = "void-refused"
    what = "Voiding this plan"


@dataclass(frozen=True, slots=True)
class RequestVoid:
    """Ask that it be stated that the plan never bound."""

    void_id: UUID
    ground: VoidGround
    reason: str
    requested_by: PersonRef
    duplicate_of: PlanId | None = None
    holder_ids: tuple[HolderId, ...] = ()
    """The rights holders who were told."""
    staff_ids: tuple[StaffId, ...] = ()
    notice_ids: tuple[NoticeId, ...] = ()
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def check_void(
    plan: Plan, command: RequestVoid, people: People, stands: Plan | None, today: date
) -> PlanVoided:
    """What would be recorded, approved by nobody yet. ``stands``: the plan that this one doubles."""
    if plan.plan_id is None:
        raise NotFound("There is no plan by that id.")
    if plan.void:
        raise PlanIsVoid
    not_in_the_future(command.reported, today)
    people.must_know(command.holder_ids, "/told_holders/{place}")
    _doubles(plan, command, stands)
    unmet = tuple(untold(plan, command, people, today))
    return PlanVoided(
        effective_on=day_of(command.reported, today), plan_id=plan.plan_id, void_id=command.void_id,
        ground=command.ground, duplicate_of=command.duplicate_of, personal=ReasonPersonalData(reason=command.reason),
        requested_by=command.requested_by, approved_by=command.requested_by, holder_ids=command.holder_ids,
        staff_ids=command.staff_ids, notice_ids=command.notice_ids, document=command.document,
        external_id=command.external_id, reported=settle(VoidRefused, unmet, command.reported),
    )  # fmt: skip


def approve_void(
    plan: Plan, command: RequestVoid, people: People, stands: Plan | None, approved_by: PersonRef, today: date
) -> list[PlanEvent]:
    """State that it never bound: the second person stands for it."""
    must_be_another(approved_by, command.requested_by)
    wanted = check_void(plan, command, people, stands, today)
    return [wanted.model_copy(update={"approved_by": approved_by})]


def untold(plan: Plan, command: RequestVoid, people: People, today: date) -> Iterator[Reason]:
    """Law.md 6: whoever relied on it is told, the family and the staff who carry it out; on a draft nobody relies."""
    if not plan.ever_adopted:
        return
    family = set(people.told_on(today)) - set(command.holder_ids)
    if family:
        yield Reason(
            "void-untold", f"{len(family)} rights holders have not been told that this plan never bound.", PRACTICE,
            "Tell them, and name them.", "/told_holders",
        )  # fmt: skip
    carrying = {
        period.staff_id
        for periods in plan.holders.values()
        for period in periods
        if period.ends_on is None or period.ends_on >= today
    }
    if carrying - set(command.staff_ids):
        yield Reason(
            "void-untold", f"{len(carrying - set(command.staff_ids))} staff members still carry this plan out.", PRACTICE,
            "Tell them, and name them.", "/told_staff",
        )  # fmt: skip


def _doubles(plan: Plan, command: RequestVoid, stands: Plan | None) -> None:
    if (command.ground is VoidGround.DUPLICATE) != (command.duplicate_of is not None):
        raise cannot_be_true(
            "duplicate-of-what", "A duplicate names the plan that stands; nothing else does.", "/duplicate_of"
        )
    if command.duplicate_of is not None and (
        stands is None
        or stands.void
        or command.duplicate_of == plan.plan_id
        or (stands.student_id, stands.kind) != (plan.student_id, plan.kind)
    ):
        raise cannot_be_true(
            "no-such-duplicate", "The plan that stands is another one of this student and kind, and not void.",
            "/duplicate_of",
        )  # fmt: skip
