"""The Summary of Performance at the end of school (34 CFR 300.305(e)(3)), and the handover of a Section 504 plan.

Once a plan has ended it binds no college; both kinds are evidence there. What a student can take along is this.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ExternalId, HolderId, ItemId, LanguageTag
from contracts.plan import ExitSummaryGiven, ExitSummaryPersonalData, PlanEvent
from contracts.problems import Reason
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Channel, PlanKind
from plan_service.domain.amendment import NeverAdopted
from plan_service.domain.people import People
from plan_service.domain.plan import Plan
from plan_service.domain.rules import UnmetRules, cannot_be_true, done_on, settle

CITATION = "34 CFR 300.305(e)(3)"
PARTS = {
    "academic_achievement": "the student's academic achievement",
    "functional_performance": "the student's functional performance",
    "recommendations": "how the student is to be helped towards the goals after school",
}
"""What a Summary of Performance says."""


class SummaryRefused(UnmetRules):
    """It is not yet a Summary of Performance, or nobody has been given it."""

    code = "exit-summary-refused"
    what = "Recording this summary"


@dataclass(frozen=True, slots=True)
class GiveExitSummary:
    """A student who leaves was given a summary."""

    exit_summary_id: UUID
    to_student: bool
    channel: Channel
    today: date
    given_on: date | None = None
    holder_ids: tuple[HolderId, ...] = ()
    language: LanguageTag | None = None
    items: tuple[ItemId, ...] = ()
    says: ExitSummaryPersonalData | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def give_exit_summary(plan: Plan, command: GiveExitSummary, people: People) -> list[PlanEvent]:
    """Record what the student was given, by whichever way; also before the plan has ended."""
    if not plan.ever_adopted or plan.plan_id is None:
        raise NeverAdopted
    given_on = done_on(command.given_on, command.reported, command.today, "given")
    people.must_know(command.holder_ids, "/holders/{place}")
    if command.says is None and command.document is None:
        raise cannot_be_true("says-nothing", "Say what the summary says, or name the document.", "/document")
    if not command.to_student and not command.holder_ids:
        raise cannot_be_true(
            "given-to-nobody", "Say who was given it: the student, or rights holders.", "/to_student"
        )
    for place, item_id in enumerate(command.items):
        if plan.kind_of(item_id) is None:
            raise cannot_be_true("unknown-item", "The plan has no item by this id.", f"/items/{place}")
    unmet = tuple(_unmet(command)) if plan.kind is PlanKind.IEP else ()
    return [
        ExitSummaryGiven(
            effective_on=given_on, plan_id=plan.plan_id, exit_summary_id=command.exit_summary_id,
            to_student=command.to_student, holder_ids=command.holder_ids, channel=command.channel,
            language=command.language, items=command.items, personal=command.says, document=command.document,
            external_id=command.external_id, reported=settle(SummaryRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def lacks_a_part(command: GiveExitSummary) -> Iterator[Reason]:
    """34 CFR 300.305(e)(3): achievement, performance and recommendations; the document may say them instead."""
    if command.document is not None:
        return
    for part, what in PARTS.items():
        if getattr(command.says, part) is None:
            yield Reason("summary-lacks-a-part", f"It does not say {what}.", CITATION,
                         "Say it, or name the document that does.", f"/{part}")  # fmt: skip


def not_given_to_the_student(command: GiveExitSummary) -> Iterator[Reason]:
    """34 CFR 300.305(e)(3): the child is provided with the summary."""
    if not command.to_student:
        yield Reason("summary-not-given-to-the-student", "The student is the one who is to have it.", CITATION,
                     "Give it to the student.", "/to_student")  # fmt: skip


def _unmet(command: GiveExitSummary) -> Iterator[Reason]:
    yield from lacks_a_part(command)
    yield from not_given_to_the_student(command)
