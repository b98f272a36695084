"""The evaluation clock's exceptions: 34 CFR 300.301(d) and (e), 300.309(c), and absences where a state counts them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.day_count import Counted, count_from
from contracts.evaluations import EvaluationEvent, EvaluationExtended, EvaluationExtensionPersonalData
from contracts.fields import ExternalId, HolderId, StaffId
from contracts.problems import Reason
from contracts.rule_profile import Due
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import ConsentMethod, ExtensionGround
from plan_service.domain.evaluation import Evaluation
from plan_service.domain.evaluation_consent import must_be_open
from plan_service.domain.identity import must_be_known
from plan_service.domain.rights_holder import decides_on, must_be_around
from plan_service.domain.rules import FEDERAL, Rules, UnmetRules, cannot_be_true, done_on, settle
from plan_service.domain.student import Student

CITATIONS = {
    ExtensionGround.NOT_PRODUCED: "34 CFR 300.301(d)(1)",
    ExtensionGround.MOVED_IN: "34 CFR 300.301(d)(2), (e)",
    ExtensionGround.LEARNING_DISABILITY: "34 CFR 300.309(c)",
}
AGREED = frozenset({ExtensionGround.MOVED_IN, ExtensionGround.LEARNING_DISABILITY})
"""Grounds that rest on an agreement about a day."""
REPEATEDLY = 2
"""Federally no number is named: once is not repeatedly."""


class ExtensionRefused(UnmetRules):
    """The time stays as it is."""

    code = "evaluation-extension-refused"
    what = "Another time for this evaluation"


@dataclass(frozen=True, slots=True)
class ExtendEvaluation:
    """The time for an evaluation gets another end."""

    evaluation_id: UUID
    evaluation_extension_id: UUID
    ground: ExtensionGround
    today: date
    agreed_on: date | None = None
    """When it was agreed, or found; today where nothing is said."""
    due_on: date | None = None
    """The day that was agreed on; of absences it is counted."""
    days: tuple[date, ...] = ()
    holder_id: HolderId | None = None
    staff_id: StaffId | None = None
    method: ConsentMethod | None = None
    words: str | None = None
    previous_agency: str | None = None
    document: DocumentRef | None = None
    rules: Rules = FEDERAL
    external_id: ExternalId | None = None
    reported: Reported | None = None


def extend_evaluation(student: Student, command: ExtendEvaluation) -> list[EvaluationEvent]:
    """Give the time another end, or none. What does not count is told as a report and moves no day."""
    student_id = must_be_known(student)
    evaluation = student.evaluations.evaluation(command.evaluation_id)
    agreed_on = done_on(command.agreed_on, command.reported, command.today, "agreed")
    _could_be_true(student, evaluation, command, agreed_on)
    must_be_open(evaluation, command.reported)
    due = _new_due(evaluation, command)
    unmet = (
        *no_time_runs(evaluation, command),
        *not_repeatedly(command),
        *not_agreed_by_a_rights_holder(student, command, agreed_on),
        *not_agreed_in_writing(command),
        *agreed_after_its_end(evaluation, command, agreed_on),
        *absences_do_not_count(command),
    )
    told = command.words is not None or command.previous_agency is not None
    return [
        EvaluationExtended(
            effective_on=agreed_on, student_id=student_id, evaluation_id=command.evaluation_id,
            evaluation_extension_id=command.evaluation_extension_id, ground=command.ground, counts=not unmet,
            due_on=due.on if due else None, was_due_on=evaluation.due_on,
            due_beyond_calendar=True if due and due.beyond_calendar else None, holder_id=command.holder_id,
            staff_id=command.staff_id, method=command.method, days=command.days, document=command.document,
            personal=EvaluationExtensionPersonalData(words=command.words, previous_agency=command.previous_agency)
            if told else None,
            external_id=command.external_id, reported=settle(ExtensionRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def no_time_runs(evaluation: Evaluation, command: ExtendEvaluation) -> Iterator[Reason]:
    """34 CFR 300.301(c): only what runs has another end; of who moved in it ran elsewhere."""
    if command.ground is not ExtensionGround.MOVED_IN and evaluation.due_on is None:
        yield Reason(
            "no-time-runs", "No time runs for this evaluation.", "34 CFR 300.301(c)",
            "Record the consent from which it runs: POST .../consents.",
        )  # fmt: skip


def not_repeatedly(command: ExtendEvaluation) -> Iterator[Reason]:
    """34 CFR 300.301(d)(1): the parent *repeatedly* fails or refuses to produce the child."""
    if command.ground is ExtensionGround.NOT_PRODUCED and len(set(command.days)) < REPEATEDLY:
        yield Reason(
            "not-repeatedly", "It is not on record that the child was not produced repeatedly.",
            CITATIONS[command.ground], "Name each day on which the child was asked for and not produced.", "/days",
        )  # fmt: skip


def not_agreed_by_a_rights_holder(
    student: Student, command: ExtendEvaluation, agreed_on: date
) -> Iterator[Reason]:
    """34 CFR 300.301(e), 300.309(c): parent and agency agree; the parent is one who decides."""
    if command.ground not in AGREED:
        return
    if command.holder_id is None or not decides_on(student, command.holder_id, agreed_on, command.rules):
        yield Reason(
            "extension-not-by-rights-holder", f"Nobody agreed who held the right to decide on {agreed_on}.",
            CITATIONS[command.ground], "Agree with a holder of the right to decide, and name them.", "/holder",
        )  # fmt: skip


def not_agreed_in_writing(command: ExtendEvaluation) -> Iterator[Reason]:
    """34 CFR 300.309(c): by mutual *written* agreement."""
    written = command.method not in (None, ConsentMethod.ORAL)
    if command.ground is ExtensionGround.LEARNING_DISABILITY and not written:
        yield Reason(
            "extension-not-written", "More time for a specific learning disability is agreed in writing.",
            CITATIONS[command.ground], "Have it signed, and say how.", "/method",
        )  # fmt: skip


def agreed_after_its_end(
    evaluation: Evaluation, command: ExtendEvaluation, agreed_on: date
) -> Iterator[Reason]:
    """34 CFR 300.309(c): a time that has passed is not prolonged."""
    due_on = evaluation.due_on
    if command.ground is ExtensionGround.LEARNING_DISABILITY and due_on is not None and agreed_on > due_on:
        yield Reason(
            "agreed-after-its-end", f"The evaluation was due on {due_on}; an agreement comes before that.",
            CITATIONS[command.ground], "Complete the evaluation; that it is late stands beside it.", "/agreed_on",
        )  # fmt: skip


def absences_do_not_count(command: ExtendEvaluation) -> Iterator[Reason]:
    """A state may let absences prolong it, from a number of them on; federally they do not."""
    if command.ground is not ExtensionGround.ABSENCES:
        return
    least, clock = command.rules.evaluation.pauses.absences_from, command.rules.evaluation
    if least is None:
        yield Reason(
            "absences-do-not-count", "In this state absences do not prolong the time.", clock.cite,
            "Complete the evaluation in its time; a child who is repeatedly not produced is another ground.", "/ground",
        )  # fmt: skip
    elif len(set(command.days)) < least:
        yield Reason(
            "too-few-absences", f"Absences count from {least} school days on.", clock.cite,
            "Name each school day of absence.", "/days",
        )  # fmt: skip


def _new_due(evaluation: Evaluation, command: ExtendEvaluation) -> Counted | None:
    if command.ground is ExtensionGround.ABSENCES and evaluation.due_on is not None:
        more = Due(count=len(set(command.days)), kind="school")
        return count_from(evaluation.due_on, more, command.rules.calendar)
    return Counted(command.due_on) if command.due_on and command.ground in AGREED else None


def _could_be_true(
    student: Student, evaluation: Evaluation, command: ExtendEvaluation, agreed_on: date
) -> None:
    if agreed_on < evaluation.referred_on:
        raise cannot_be_true(
            "before-the-referral", f"The student was referred on {evaluation.referred_on}.", "/agreed_on"
        )
    if command.holder_id is not None:
        must_be_around(student, command.holder_id)
    if (command.ground in AGREED) != (command.due_on is not None):
        raise cannot_be_true("agreed-day", "An agreement names the day, and no other ground does.", "/due_on")
    later = evaluation.due_on is not None and command.ground is ExtensionGround.LEARNING_DISABILITY
    if command.due_on is not None and (
        command.due_on < agreed_on or (later and evaluation.due_on is not None and command.due_on <= evaluation.due_on)
    ):  # fmt: skip
        raise cannot_be_true("no-later-day", f"{command.due_on} gives no more time.", "/due_on")
    for place, day in enumerate(command.days):
        if not evaluation.referred_on <= day <= command.today:
            raise cannot_be_true(
                "on-no-such-day", f"It was between {evaluation.referred_on} and today ({command.today}).",
                f"/days/{place}",
            )  # fmt: skip
