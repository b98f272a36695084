"""Evaluating again: at least every three years, at most once a year unless agreed (34 CFR 300.303(b))."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.evaluations import EvaluationEvent, ReevaluationWaived
from contracts.fields import ExternalId, HolderId, StaffId
from contracts.problems import Reason
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import ConsentMethod, Law
from plan_service.domain.ages import years_after
from plan_service.domain.evaluation import Evaluations
from plan_service.domain.identity import must_be_known
from plan_service.domain.rights_holder import decides_on, must_be_around
from plan_service.domain.rules import FEDERAL, Rules, UnmetRules, cannot_be_true, done_on, settle
from plan_service.domain.student import Student

TRIENNIAL = 3
"""Years between evaluations, 34 CFR 300.303(b)(2)."""


class WaiverRefused(UnmetRules):
    """Nobody who may has agreed, it was due already, or another comes first."""

    code = "reevaluation-waiver-refused"
    what = "Waiving this reevaluation"


@dataclass(frozen=True, slots=True)
class WaiveReevaluation:
    """A rights holder and the district agree that it is unnecessary."""

    reevaluation_waiver_id: UUID
    holder_id: HolderId
    method: ConsentMethod
    today: date
    agreed_on: date | None = None
    due_on: date | None = None
    """Which one; by default the next that this record knows of."""
    staff_id: StaffId | None = None
    document: DocumentRef | None = None
    rules: Rules = FEDERAL
    external_id: ExternalId | None = None
    reported: Reported | None = None


def waive_reevaluation(student: Student, command: WaiveReevaluation) -> list[EvaluationEvent]:
    """Record the agreement. One that does not count is told as a report and moves no date."""
    student_id = must_be_known(student)
    must_be_around(student, command.holder_id)
    agreed_on = done_on(command.agreed_on, command.reported, command.today, "agreed")
    known = reevaluation_due_on(student.evaluations)
    due_on = command.due_on or known
    if due_on is None:
        raise cannot_be_true(
            "reevaluation-due-unknown", "No evaluation is on record here: say when the reevaluation is due.",
            "/due_on",
        )  # fmt: skip
    latest = known or years_after(agreed_on, TRIENNIAL)
    if due_on > latest:
        raise cannot_be_true(
            "no-reevaluation-due-then", f"The next reevaluation is due on {latest} at the latest: every three years.",
            "/due_on",
        )  # fmt: skip
    unmet = tuple(_unmet(student, command, agreed_on, due_on))
    return [
        ReevaluationWaived(
            effective_on=agreed_on, student_id=student_id, reevaluation_waiver_id=command.reevaluation_waiver_id,
            holder_id=command.holder_id, staff_id=command.staff_id, counts=not unmet, due_on=due_on,
            method=command.method, document=command.document, external_id=command.external_id,
            reported=settle(WaiverRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def reevaluation_due_on(evaluations: Evaluations) -> date | None:
    """Three years after the last evaluation under IDEA; a waiver moves it by three years more (300.303(b)(2))."""
    last = evaluations.last_completed_on(Law.IDEA)
    if last is None:
        return None
    due_on = years_after(last, TRIENNIAL)
    for waived in sorted(evaluations.waived):
        if waived >= due_on:
            due_on = years_after(waived, TRIENNIAL)
    return due_on


def again_within_a_year(evaluations: Evaluations, day: date) -> date | None:
    """When the last evaluation under IDEA was completed, where that is less than a year before ``day`` (300.303(b)(1))."""
    last = evaluations.last_completed_on(Law.IDEA)
    return last if last is not None and last <= day < years_after(last, 1) else None


def _unmet(student: Student, command: WaiveReevaluation, agreed_on: date, due_on: date) -> Iterator[Reason]:
    if not decides_on(student, command.holder_id, agreed_on, command.rules):
        yield Reason(
            "waived-by-nobody-who-decides", f"Whoever agreed held no right to decide on {agreed_on}.",
            "34 CFR 300.303(b)(2)", "Agree with a holder of the right to decide, or confirm this person's rights first.",
            "/holder",
        )  # fmt: skip
    if agreed_on >= due_on:
        yield Reason(
            "waived-after-due", f"The reevaluation was due on {due_on}; an agreement comes before that.",
            "34 CFR 300.303(b)(2)", "Reevaluate the student.", "/agreed_on",
        )  # fmt: skip
    if due_on > (latest := years_after(agreed_on, TRIENNIAL)):
        yield Reason(
            "waived-too-early", f"It is due on {due_on}; what is agreed on {agreed_on} is about one due by {latest}.",
            "34 CFR 300.303(b)(2)", "Agree on it once the one before it has come due.", "/agreed_on",
        )  # fmt: skip
