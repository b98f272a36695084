"""Whatever is asked about a student, in whatever order: what is accepted folds, and never says what the rules forbid."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.discipline import RemovalRecorded
from contracts.district import SchoolYear
from contracts.evaluations import EligibilityDetermined, EvaluationCompleted, EvaluationConsentAnswered
from contracts.event import Event
from contracts.initial_services import ServicesConsentAnswered
from contracts.problems import Problem
from contracts.removal_days import most_in_a_row
from contracts.requests import RequestAnswered
from contracts.testing import Log, an_id
from contracts.timeline import sentence
from contracts.values import Reported
from contracts.vocabulary import (
    Channel,
    ConsentDecision,
    ConsentMethod,
    DisputeKind,
    DisputeOutcome,
    DisputeParty,
    EvaluationKind,
    Law,
    RemovalSetting,
    RequestKind,
    RequestOutcome,
    RequestVia,
)
from plan_service.application.models import STUDENT as MODEL
from plan_service.domain.dispute import CloseDispute, FileDispute, close_dispute, file_dispute
from plan_service.domain.eligibility import determine_eligibility
from plan_service.domain.evaluation_completed import complete_evaluation
from plan_service.domain.evaluation_consent import (
    AnswerEvaluation,
    AskConsent,
    answer_evaluation,
    ask_consent,
)
from plan_service.domain.initial_services import (
    AnswerServices,
    AskServicesConsent,
    answer_services,
    ask_services_consent,
)
from plan_service.domain.referral import (
    ReceiveReferral,
    WithdrawReferral,
    receive_referral,
    withdraw_referral,
)
from plan_service.domain.removing import RecordRemoval, record_removal
from plan_service.domain.request import MakeRequest, make_request
from plan_service.domain.request_answer import AnswerRequest, answer_request
from plan_service.domain.rights_holder import decides_on
from plan_service.domain.rules import FEDERAL
from plan_service.domain.student import Student, evolve
from plan_service.testing_evaluations import assessment, complete, determine, idea, section_504
from plan_service.testing_people import (
    AUNT,
    FATHER,
    MOTHER,
    STUDENT,
    all_rights,
    confirmed,
    contact,
    registered,
    reported,
)

BORN = date(2008, 3, 3)
WHO = [MOTHER, MOTHER, FATHER, AUNT, STUDENT]
EVALUATIONS = [an_id(f"evaluation {number}") for number in range(2)]
REQUESTS = [an_id(f"request {number}") for number in range(2)]
DISPUTES = [an_id(f"dispute {number}") for number in range(2)]
YEAR = SchoolYear(first_on=date(2025, 8, 25), last_on=date(2026, 6, 12), days_off=(date(2026, 2, 16),))
AGO = st.integers(min_value=0, max_value=30) | st.just(0)
SELDOM = st.sampled_from([False, False, True])


class AStudent(RuleBasedStateMachine):
    """A student about whom anything is done; eighteen in the middle of it."""

    def __init__(self) -> None:
        super().__init__()
        self.today = date(2026, 1, 12)
        self.student = Student()
        self.log = Log(subject="student")
        born = all_rights(BORN)
        for event in (
            registered(BORN), contact(), confirmed(MOTHER, rights=born),
            confirmed(FATHER, rights=born.model_copy(update={"decision": None})),
        ):  # fmt: skip
            self.take(event)

    def take(self, event: Event) -> None:
        before = self.student
        self.student = evolve(before, event)  # type: ignore[arg-type]
        self.log.append(event, on=self.today, stream=f"student/{STUDENT}")
        if getattr(event, "reported", None) is None:
            self.check(before, event)

    def do(self, decide: Callable[[], Sequence[Event]]) -> None:
        """What is accepted happens; what is refused leaves everything as it was."""
        try:
            events = decide()
        except Problem:
            return
        for event in events:
            self.take(event)

    def check(self, before: Student, event: Event) -> None:
        """What was decided here, and not reported, is as the rules ask."""
        match event:
            case EvaluationConsentAnswered() | ServicesConsentAnswered():
                assert event.counts
                assert decides_on(before, event.holder_id, event.effective_on, FEDERAL)
                written = event.method is not ConsentMethod.ORAL
                assert written or event.decision is ConsentDecision.REFUSED
            case EvaluationCompleted():
                evaluation = before.evaluations.evaluation(event.evaluation_id)
                tested = [each for each in event.assessments if not each.existing]
                initial = evaluation.kind is EvaluationKind.INITIAL
                if tested and initial and event.without_consent is None:
                    assert evaluation.consent is not None
                    assert evaluation.refusal is None
            case EligibilityDetermined():
                assert event.evaluation_id is not None
                evaluation = before.evaluations.evaluation(event.evaluation_id)
                assert evaluation.completed_by(event.effective_on)
                assert event.determination.law in evaluation.laws
            case RequestAnswered():
                assert before.requests[event.request_id].answer is None
            case RemovalRecorded():
                assert most_in_a_row(self.student.discipline.removals.values(), (YEAR,)) <= 10
            case _:
                pass

    def maybe(self, report: bool, ago: int) -> Reported | None:
        return reported(self.today - timedelta(days=ago)) if report else None

    @initialize(far=st.integers(min_value=0, max_value=4))
    def somewhere_on_its_way(self, far: int) -> None:
        """Chance alone seldom comes to an eligible student."""
        first = EVALUATIONS[0]
        steps: list[Callable[[], object]] = [
            lambda: self.refer(first, [Law.IDEA], 0, False),
            lambda: self.answer(
                first, MOTHER, ConsentDecision.ACCEPTED, ConsentMethod.PAPER_SIGNATURE, 0, False
            ),
            lambda: self.complete(first, False, 0, False),
            lambda: self.determine(first, True, True, 0, False),
        ]
        for step in steps[:far]:
            step()

    @rule(days=st.integers(min_value=1, max_value=40))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(
        id_=st.sampled_from(EVALUATIONS), laws=st.lists(st.sampled_from(Law), min_size=1, max_size=2, unique=True),
        ago=AGO, report=SELDOM,
    )  # fmt: skip
    def refer(self, id_: UUID, laws: list[Law], ago: int, report: bool) -> None:
        if id_ in self.student.evaluations.evaluations:
            return  # Ids are made at the edge and never used twice.
        command = ReceiveReferral(
            evaluation_id=id_, kind=EvaluationKind.INITIAL, laws=tuple(laws), source="parent", holder_id=MOTHER,
            today=self.today, reported=self.maybe(report, ago),
        )  # fmt: skip
        self.do(lambda: receive_referral(self.student, command))

    @rule(id_=st.sampled_from(EVALUATIONS), who=st.sampled_from(WHO), report=SELDOM, ago=AGO)
    def ask(self, id_: UUID, who: UUID, report: bool, ago: int) -> None:
        command = AskConsent(
            id_, an_id(f"asked {len(self.log.entries)}"), (who,), Channel.LETTER, today=self.today,
            reported=self.maybe(report, ago),
        )  # fmt: skip
        self.do(lambda: ask_consent(self.student, command))

    @rule(
        id_=st.sampled_from(EVALUATIONS), who=st.sampled_from(WHO), decision=st.sampled_from(ConsentDecision),
        method=st.sampled_from(ConsentMethod), ago=AGO, report=SELDOM,
    )  # fmt: skip
    def answer(
        self, id_: UUID, who: UUID, decision: ConsentDecision, method: ConsentMethod, ago: int, report: bool
    ) -> None:  # fmt: skip
        command = AnswerEvaluation(
            id_, an_id(f"answer {len(self.log.entries)}"), who, decision, method, today=self.today,
            answered_on=self.today - timedelta(days=ago), reported=self.maybe(report, ago),
        )  # fmt: skip
        self.do(lambda: answer_evaluation(self.student, command))

    @rule(id_=st.sampled_from(EVALUATIONS), existing=SELDOM, ago=AGO, report=SELDOM)
    def complete(self, id_: UUID, existing: bool, ago: int, report: bool) -> None:
        on = self.today - timedelta(days=ago)
        command = complete(
            assessment(on, existing=existing), today=self.today, completed_on=on, reported=self.maybe(report, ago)
        )  # fmt: skip
        self.do(lambda: complete_evaluation(self.student, _of(command, id_)))

    @rule(
        id_=st.sampled_from(EVALUATIONS), idea_=st.booleans(), eligible=st.booleans(), ago=AGO, report=SELDOM
    )
    def determine(self, id_: UUID, idea_: bool, eligible: bool, ago: int, report: bool) -> None:
        found = (
            idea("specific_learning_disability", eligible=eligible, needs=eligible)
            if idea_
            else section_504(eligible=eligible)
        )
        command = determine(
            found, today=self.today, determined_on=self.today - timedelta(days=ago), evaluation_id=id_,
            reported=self.maybe(report, ago),
        )  # fmt: skip
        self.do(lambda: determine_eligibility(self.student, command))

    @rule(id_=st.sampled_from(EVALUATIONS), who=st.sampled_from(WHO), report=SELDOM, ago=AGO)
    def take_back(self, id_: UUID, who: UUID, report: bool, ago: int) -> None:
        command = WithdrawReferral(id_, today=self.today, holder_id=who, reported=self.maybe(report, ago))
        self.do(lambda: withdraw_referral(self.student, command))

    @rule(who=st.sampled_from(WHO), report=SELDOM, ago=AGO)
    def ask_for_services(self, who: UUID, report: bool, ago: int) -> None:
        command = AskServicesConsent(
            an_id(f"services asked {len(self.log.entries)}"), (who,), Channel.LETTER, self.today,
            reported=self.maybe(report, ago),
        )  # fmt: skip
        self.do(lambda: ask_services_consent(self.student, command))

    @rule(
        who=st.sampled_from(WHO), decision=st.sampled_from(ConsentDecision), method=st.sampled_from(ConsentMethod),
        ago=AGO, report=SELDOM, served=SELDOM,
    )  # fmt: skip
    def answer_services(
        self, who: UUID, decision: ConsentDecision, method: ConsentMethod, ago: int, report: bool, served: bool
    ) -> None:  # fmt: skip
        command = AnswerServices(
            an_id(f"services {len(self.log.entries)}"), who, decision, method, self.today,
            answered_on=self.today - timedelta(days=ago), served=served, reported=self.maybe(report, ago),
        )  # fmt: skip
        self.do(lambda: answer_services(self.student, command))

    @rule(id_=st.sampled_from(REQUESTS), kind=st.sampled_from(RequestKind), who=st.sampled_from(WHO), ago=AGO)
    def request(self, id_: UUID, kind: RequestKind, who: UUID, ago: int) -> None:
        if id_ in self.student.requests:
            return
        command = MakeRequest(
            id_, kind, RequestVia.LETTER, self.today, self.today - timedelta(days=ago), holder_id=who
        )
        self.do(lambda: make_request(self.student, command))

    @rule(id_=st.sampled_from(REQUESTS), outcome=st.sampled_from(RequestOutcome), report=SELDOM, ago=AGO)
    def answer_request(self, id_: UUID, outcome: RequestOutcome, report: bool, ago: int) -> None:
        command = AnswerRequest(
            request_id=id_, outcome=outcome, today=self.today, hearing_right_told=ago % 2 == 0,
            reported=self.maybe(report, ago),
        )  # fmt: skip
        self.do(lambda: answer_request(self.student, command))

    @rule(
        id_=st.sampled_from(DISPUTES),
        kind=st.sampled_from(DisputeKind),
        by=st.sampled_from(DisputeParty),
        ago=AGO,
    )
    def file(self, id_: UUID, kind: DisputeKind, by: DisputeParty, ago: int) -> None:
        if id_ in self.student.disputes:
            return
        filed_on = self.today - timedelta(days=ago)
        self.do(
            lambda: file_dispute(
                self.student, FileDispute(id_, kind, by, today=self.today, filed_on=filed_on)
            )
        )

    @rule(id_=st.sampled_from(DISPUTES), outcome=st.sampled_from(DisputeOutcome), ago=AGO)
    def close(self, id_: UUID, outcome: DisputeOutcome, ago: int) -> None:
        closed_on = self.today - timedelta(days=ago)
        self.do(
            lambda: close_dispute(
                self.student, CloseDispute(id_, outcome, today=self.today, closed_on=closed_on)
            )
        )

    @rule(days=st.integers(min_value=0, max_value=20), ago=AGO, report=SELDOM)
    def remove(self, days: int, ago: int, report: bool) -> None:
        first = self.today - timedelta(days=ago)
        command = RecordRemoval(
            removal_id=an_id(f"removal {len(self.log.entries)}"), starts_on=first, ends_on=first + timedelta(days=days),
            calendar=(YEAR,), protected=frozenset({Law.IDEA}), setting=RemovalSetting.OUT_OF_SCHOOL,
            reported=self.maybe(report, ago),
        )  # fmt: skip
        if any(report_of(each) for each in self.log.entries):
            return  # What was reported may be longer than the rules allow; what follows it is another question.
        self.do(lambda: record_removal(self.student, command, self.today))

    @invariant()
    def folding_again_gives_the_same(self) -> None:
        events: list[Any] = [entry.event for entry in self.log.entries]
        assert reduce(evolve, events, Student()) == self.student

    @invariant()
    def a_kept_state_is_the_state_and_everything_is_shown_and_told(self) -> None:
        assert MODEL.parse(MODEL.dump(self.student)) == self.student
        for entry in self.log.entries[-1:]:
            assert list(MODEL.resources(self.student, entry.event))
            assert sentence(entry, {}).endswith((".", "”"))

    @invariant()
    def an_evaluation_stands_in_one_way(self) -> None:
        for evaluation in self.student.evaluations.evaluations.values():
            assert not (evaluation.refusal and evaluation.consent)
            assert evaluation.status
            assert evaluation.due_on is None or evaluation.due_on >= evaluation.referred_on

    @invariant()
    def nobody_has_consented_and_refused_the_first_services(self) -> None:
        standing = self.student.services_consents.standing_on(self.today)
        assert len({each.holder_id for each in standing}) == len(standing)
        assert AUNT not in {each.holder_id for each in standing}


def _of(command: Any, evaluation: UUID) -> Any:
    return replace(command, evaluation_id=evaluation)


def report_of(entry: Any) -> bool:
    """A removal that was reported."""
    return isinstance(entry.event, RemovalRecorded) and entry.event.reported is not None


AStudent.TestCase.settings = settings(
    max_examples=150, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnySequenceAboutAStudentFolds = AStudent.TestCase
