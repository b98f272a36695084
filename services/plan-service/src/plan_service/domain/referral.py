"""A student is referred for an evaluation, under IDEA, Section 504 or both (34 CFR 300.301(b), 300.303, 104.35)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.evaluations import EvaluationEvent, ReferralPersonalData, ReferralReceived
from contracts.fields import ExternalId, HolderId, StaffId
from contracts.problems import Reason
from contracts.values import Reported
from contracts.vocabulary import EvaluationKind, Law
from plan_service.domain.ages import years_after
from plan_service.domain.identity import must_be_known
from plan_service.domain.reevaluation import again_within_a_year, reevaluation_due_on
from plan_service.domain.rights_holder import decides_on, must_be_around
from plan_service.domain.rules import FEDERAL, Rules, UnmetRules, done_on, settle
from plan_service.domain.student import Student


class ReferralRefused(UnmetRules):
    """The student may not be evaluated again yet."""

    code = "referral-refused"
    what = "This reevaluation"


@dataclass(frozen=True, slots=True)
class ReceiveReferral:
    """Somebody asks that the student be evaluated."""

    evaluation_id: UUID
    kind: EvaluationKind
    laws: tuple[Law, ...]
    source: str
    today: date
    referred_on: date | None = None
    holder_id: HolderId | None = None
    staff_id: StaffId | None = None
    name: str | None = None
    words: str | None = None
    agreed_by: HolderId | None = None
    """Who agreed to evaluate again within a year."""
    rules: Rules = FEDERAL
    external_id: ExternalId | None = None
    reported: Reported | None = None


def receive_referral(student: Student, command: ReceiveReferral) -> list[EvaluationEvent]:
    """Record the referral, by whoever made it. With it the evaluation begins to be followed."""
    student_id = must_be_known(student)
    referred_on = done_on(command.referred_on, command.reported, command.today, "referred")
    if command.holder_id is not None:
        must_be_around(student, command.holder_id)
    if command.agreed_by is not None:
        must_be_around(student, command.agreed_by, "/agreed_by")
    again = command.kind is EvaluationKind.REEVALUATION and Law.IDEA in command.laws
    unmet = tuple(_unmet(student, command, referred_on)) if again else ()
    told = command.name is not None or command.words is not None
    return [
        ReferralReceived(
            effective_on=referred_on, student_id=student_id, evaluation_id=command.evaluation_id, kind=command.kind,
            laws=command.laws, source=command.source, holder_id=command.holder_id, staff_id=command.staff_id,
            personal=ReferralPersonalData(name=command.name, words=command.words) if told else None,
            agreed_by=command.agreed_by, due_on=reevaluation_due_on(student.evaluations) if again else None,
            external_id=command.external_id, reported=settle(ReferralRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def _unmet(student: Student, command: ReceiveReferral, referred_on: date) -> Iterator[Reason]:
    agreed_by = command.agreed_by
    last = again_within_a_year(student.evaluations, referred_on)
    if last is None or (agreed_by is not None and decides_on(student, agreed_by, referred_on, command.rules)):
        return
    yield Reason(
        "reevaluation-within-a-year", f"The last evaluation was completed on {last}, less than a year before.",
        "34 CFR 300.303(b)(1)",
        f"Agree with a holder of the right to decide and name them, or wait until {years_after(last, 1)}.",
        "/agreed_by",
    )  # fmt: skip
