"""Whatever is recorded of a student who comes with a plan and is removed from class: it folds, and keeps to the rules."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.discipline import (
    ManifestationDetermined,
    RemovalDecided,
    RemovalDecisionPersonalData,
    RemovalEnded,
    RemovalRecorded,
)
from contracts.district import SchoolYear
from contracts.evaluations import GroupMember
from contracts.event import Event
from contracts.meetings import HolderPerson, StaffPerson
from contracts.plan import PlanAdopted, PlanEnded
from contracts.problems import Problem
from contracts.removal_days import most_in_a_row, removed_days
from contracts.testing import Log, an_id
from contracts.timeline import sentence
from contracts.transfers import (
    ComparableServicesStarted,
    ServiceInWords,
    TransferPersonalData,
    TransferSettled,
)
from contracts.values import Reported
from contracts.vocabulary import (
    Channel,
    Law,
    ManifestationStep,
    MeetingRole,
    PlanEnd,
    PlanKind,
    RecordsAnswer,
    RemovalGround,
    RemovalSetting,
    SpecialCircumstance,
    TransferOutcome,
)
from plan_service.application.models import STUDENT as MODEL
from plan_service.domain.coming_from_elsewhere import (
    AnswerRecords,
    ReceiveTransfer,
    RequestRecords,
    SettleTransfer,
    StartComparableServices,
    answer_records,
    receive_transfer,
    request_records,
    settle_transfer,
    start_comparable_services,
)
from plan_service.domain.discipline import Removal
from plan_service.domain.manifestation import (
    DecideRemovals,
    DetermineManifestation,
    FollowManifestation,
    decide_removals,
    determine_manifestation,
    follow_manifestation,
)
from plan_service.domain.plan import Plan
from plan_service.domain.plan import evolve as plan_after
from plan_service.domain.removing import (
    EndRemoval,
    GiveRemovalServices,
    RecordRemoval,
    end_removal,
    give_removal_services,
    record_removal,
)
from plan_service.domain.rights_holder import decides_on
from plan_service.domain.rules import FEDERAL
from plan_service.domain.student import Student, evolve
from plan_service.testing_people import (
    AUNT,
    FATHER,
    MOTHER,
    STUDENT,
    TEACHER,
    all_rights,
    confirmed,
    contact,
    registered,
    reported,
)

BORN = date(2016, 6, 20)
YEAR = SchoolYear(first_on=date(2025, 8, 25), last_on=date(2026, 6, 12), days_off=(date(2026, 2, 16),))
TRANSFERS, REMOVALS, DECISIONS, REVIEWS, ASKED = (
    [an_id(f"{what} {number}") for number in range(count)]
    for what, count in (("transfer", 2), ("removal", 5), ("decision", 2), ("review", 2), ("asked", 2))
)
SPEECH, COUNSELING = (
    ServiceInWords(service="speech_language_therapy", minutes=30),
    ServiceInWords(service="counseling"),
)
FACTORS = RemovalDecisionPersonalData(behavior="Thrown.", length="Days.", total="Eleven.", closeness="Weeks.")
PLANS = {kind: an_id(f"plan {kind}") for kind in PlanKind}
GROUPS: list[tuple[MeetingRole, ...]] = [
    (),
    (MeetingRole.AGENCY_REPRESENTATIVE, MeetingRole.SPECIAL_EDUCATION_TEACHER),
    (
        MeetingRole.KNOWLEDGE_OF_CHILD,
        MeetingRole.KNOWLEDGE_OF_EVALUATION,
        MeetingRole.KNOWLEDGE_OF_PLACEMENT_OPTIONS,
    ),
]
AGO = st.integers(min_value=0, max_value=30) | st.just(0)
SELDOM = st.sampled_from([False, False, False, True])


class AStudent(RuleBasedStateMachine):
    """A student with a mother who decides, and a father who does not."""

    def __init__(self) -> None:
        super().__init__()
        self.today = date(2026, 1, 12)
        self.student = Student()
        self.log = Log(subject="student")
        self.plans = {kind: Plan(plan_id=id_, student_id=STUDENT, kind=kind) for kind, id_ in PLANS.items()}
        self.reports = False
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
        decided = getattr(event, "reported", None) is None
        self.reports |= not decided
        if decided:
            self.check(before, event)

    def do(self, decide: Callable[[], Sequence[Event]]) -> None:
        """What is accepted happens; what is refused leaves everything as it was."""
        try:
            events = decide()
        except Problem:
            return
        for event in events:
            self.take(event)

    def in_a_row(self, student: Student) -> float:
        return float(most_in_a_row(student.discipline.removals.values(), (YEAR,)))

    def reviewed(self) -> bool:
        """Some review has found that the behavior is no manifestation: then more than ten days may follow."""
        found = self.student.discipline.manifestations.values()
        return any(each.excepted or not each.is_manifestation for each in found)

    def check(self, before: Student, event: Event) -> None:
        """What was decided here, and not reported, is as the rules ask."""
        match event:
            case RemovalRecorded():
                removal = self.student.discipline.removals[event.removal_id]
                if event.circumstance is not None:
                    assert len(removed_days([removal], (YEAR,))) <= 45
                elif not self.reviewed() and not self.special():
                    assert self.in_a_row(self.student) <= max(10, self.in_a_row(before))
            case RemovalEnded():
                assert self.in_a_row(self.student) <= self.in_a_row(before)
            case RemovalDecided():
                assert event.change_of_placement or event.ground is not RemovalGround.CONSECUTIVE
                assert (event.due_on is not None) <= event.change_of_placement
            case ManifestationDetermined():
                roles = {role for member in event.members for role in member.roles}
                if event.law is Law.IDEA:
                    assert {MeetingRole.AGENCY_REPRESENTATIVE, MeetingRole.PARENT} < roles
                else:
                    assert roles >= set(GROUPS[2])
                assert event.sources
                decision = before.discipline.decisions[event.removal_decision_id]
                assert event.effective_on >= decision.decided_on
            case ComparableServicesStarted():
                transfer = before.transfers[event.transfer_id]
                assert transfer.settled is None
                assert {each.service for each in event.services} >= {
                    each.service for each in transfer.services
                }
                assert event.effective_on >= self.today
                consulted = any(
                    decides_on(before, who, event.effective_on, FEDERAL) for who in event.holder_ids
                )
                assert consulted or transfer.kind is PlanKind.SECTION_504
            case TransferSettled():
                transfer = before.transfers[event.transfer_id]
                assert transfer.settled is None
                assert event.outcome is not TransferOutcome.FOUND_INELIGIBLE, "nobody has determined that"
                if event.plan_id is not None:
                    assert self.plans[transfer.kind].in_effect_on(event.effective_on)
                if event.outcome is TransferOutcome.PLAN_ADOPTED:
                    assert transfer.same_state or transfer.kind is PlanKind.SECTION_504
            case _:
                pass

    def special(self) -> bool:
        return any(each.circumstance for each in self.student.discipline.removals.values())

    def maybe(self, report: bool, ago: int) -> Reported | None:
        return reported(self.today - timedelta(days=ago)) if report else None

    @initialize(far=st.integers(min_value=0, max_value=5))
    def somewhere_on_its_way(self, far: int) -> None:
        """Chance alone seldom comes to a review, or to a plan of the district's own."""
        first, mother = TRANSFERS[0], [MOTHER]
        steps: list[Callable[[], object]] = [
            lambda: (self.arrive(first, PlanKind.IEP, True, 0, [SPEECH], False), self.serve(first, [SPEECH], mother, 0, False)),
            lambda: self.remove(REMOVALS[0], 11, 0, None, False),
            lambda: self.take_back(REMOVALS[0], 3, False),
            lambda: self.decide(DECISIONS[0], RemovalGround.PATTERN, True, 0, [REMOVALS[0]], True, False),
            lambda: self.review(REVIEWS[0], DECISIONS[0], Law.IDEA, True, GROUPS[1], True, True, False, 0, False),
        ]  # fmt: skip
        for step in steps[:far]:
            step()

    @rule(days=st.integers(min_value=1, max_value=40))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(kind=st.sampled_from(PlanKind), binds=st.booleans(), days=st.integers(min_value=-10, max_value=10))
    def plan(self, kind: PlanKind, binds: bool, days: int) -> None:
        """The district's own plan begins or ends: the student moves in, leaves, is back."""
        on, id_ = self.today + timedelta(days=days), PLANS[kind]
        event: Any = (
            PlanAdopted(effective_on=on, plan_id=id_, kind=kind, items=()) if binds
            else PlanEnded(effective_on=on, plan_id=id_, reason=PlanEnd.TRANSFERRED)
        )  # fmt: skip
        self.plans[kind] = plan_after(self.plans[kind], event)

    @rule(
        id_=st.sampled_from(TRANSFERS), kind=st.sampled_from(PlanKind), same_state=st.booleans(), ago=AGO,
        services=st.lists(st.sampled_from([SPEECH, COUNSELING]), max_size=2), report=SELDOM,
    )  # fmt: skip
    def arrive(
        self, id_: UUID, kind: PlanKind, same_state: bool, ago: int, services: list[ServiceInWords], report: bool
    ) -> None:  # fmt: skip
        if id_ in self.student.transfers:
            return  # Ids are made at the edge and never used twice.
        command = ReceiveTransfer(
            id_, kind, same_state, True, TransferPersonalData(district="Bayside Unified"), self.today, (YEAR,),
            received_on=self.today - timedelta(days=ago), services=tuple(services), reported=self.maybe(report, ago),
        )  # fmt: skip
        self.do(lambda: receive_transfer(self.student, command))

    @rule(
        id_=st.sampled_from(TRANSFERS), services=st.lists(st.sampled_from([SPEECH, COUNSELING]), max_size=2),
        who=st.lists(st.sampled_from([MOTHER, FATHER, AUNT]), max_size=2), days=st.integers(-20, 20), report=SELDOM,
    )  # fmt: skip
    def serve(
        self, id_: UUID, services: list[ServiceInWords], who: list[UUID], days: int, report: bool
    ) -> None:
        command = StartComparableServices(
            id_, an_id(f"served {len(self.log.entries)}"), tuple(services), self.today + timedelta(days=days), self.today,
            FEDERAL, tuple(who), reported=self.maybe(report, 0),
        )  # fmt: skip
        self.do(lambda: start_comparable_services(self.student, command))

    @rule(id_=st.sampled_from(TRANSFERS), asked=st.sampled_from(ASKED), ago=AGO, report=SELDOM)
    def ask_for_records(self, id_: UUID, asked: UUID, ago: int, report: bool) -> None:
        if any(asked in each.requests for each in self.student.transfers.values()):
            return
        command = RequestRecords(id_, asked, "Bayside", Channel.LETTER, self.today, self.today - timedelta(days=ago),
                                 reported=self.maybe(report, ago))  # fmt: skip
        self.do(lambda: request_records(self.student, command))

    @rule(
        id_=st.sampled_from(TRANSFERS), asked=st.sampled_from(ASKED), answer=st.sampled_from(RecordsAnswer), ago=AGO,
        report=SELDOM,
    )  # fmt: skip
    def records_come(self, id_: UUID, asked: UUID, answer: RecordsAnswer, ago: int, report: bool) -> None:
        command = AnswerRecords(id_, asked, answer, self.today, self.today - timedelta(days=ago),
                                reported=self.maybe(report, ago))  # fmt: skip
        self.do(lambda: answer_records(self.student, command))

    @rule(
        id_=st.sampled_from(TRANSFERS), outcome=st.sampled_from(TransferOutcome), named=st.booleans(), ago=AGO,
        report=SELDOM,
    )  # fmt: skip
    def settle(self, id_: UUID, outcome: TransferOutcome, named: bool, ago: int, report: bool) -> None:
        transfer = self.student.transfers.get(id_)
        plan = self.plans[transfer.kind] if transfer and named else None
        command = SettleTransfer(
            id_, outcome, self.today, self.today - timedelta(days=ago), plan.plan_id if plan else None, plan,
            reported=self.maybe(report, ago),
        )  # fmt: skip
        self.do(lambda: settle_transfer(self.student, command))

    @rule(
        id_=st.sampled_from(REMOVALS), days=st.integers(min_value=0, max_value=70) | st.integers(0, 12), ago=AGO,
        circumstance=st.none() | st.none() | st.sampled_from(SpecialCircumstance), report=SELDOM,
    )  # fmt: skip
    def remove(
        self, id_: UUID, days: int, ago: int, circumstance: SpecialCircumstance | None, report: bool
    ) -> None:  # fmt: skip
        if id_ in self.student.discipline.removals:
            return
        first = self.today - timedelta(days=ago)
        command = RecordRemoval(
            removal_id=id_, setting=RemovalSetting.OUT_OF_SCHOOL, starts_on=first, ends_on=first + timedelta(days=days),
            calendar=(YEAR,), protected=frozenset({Law.IDEA}), circumstance=circumstance,
            reported=self.maybe(report, ago),
        )  # fmt: skip
        self.do(lambda: record_removal(self.student, command, self.today))

    @rule(id_=st.sampled_from(REMOVALS), days=st.integers(min_value=0, max_value=30), report=SELDOM)
    def take_back(self, id_: UUID, days: int, report: bool) -> None:
        removal = self.student.discipline.removals.get(id_)
        if removal is not None:
            back_on = removal.starts_on + timedelta(days=days)
            command = EndRemoval(id_, back_on, reported=self.maybe(report, 0))
            self.do(lambda: end_removal(self.student, command, self.today))

    @rule(id_=st.sampled_from(REMOVALS), first=st.integers(0, 10), days=st.integers(0, 10))
    def give_services(self, id_: UUID, first: int, days: int) -> None:
        removal = self.student.discipline.removals.get(
            id_, Removal(id_, STUDENT, RemovalSetting.BUS, BORN, BORN)
        )
        starts_on = removal.starts_on + timedelta(days=first)
        command = GiveRemovalServices(id_, an_id(f"given {len(self.log.entries)}"), (SPEECH,), starts_on,
                                      starts_on + timedelta(days=days))  # fmt: skip
        self.do(lambda: give_removal_services(self.student, command, self.today))

    @rule(
        id_=st.sampled_from(DECISIONS), ground=st.sampled_from(RemovalGround), change=st.booleans(), ago=AGO,
        of=st.lists(st.sampled_from(REMOVALS), min_size=1, max_size=3, unique=True), factors=st.booleans(),
        report=SELDOM,
    )  # fmt: skip
    def decide(
        self, id_: UUID, ground: RemovalGround, change: bool, ago: int, of: list[UUID], factors: bool, report: bool
    ) -> None:  # fmt: skip
        if id_ in self.student.discipline.decisions:
            return
        command = DecideRemovals(
            id_, ground, tuple(of), change, self.today, (YEAR,), self.today - timedelta(days=ago),
            similar_behavior=factors or None, factors=FACTORS if factors else None, reported=self.maybe(report, ago),
        )  # fmt: skip
        self.do(lambda: decide_removals(self.student, command))

    @rule(
        id_=st.sampled_from(REVIEWS), of=st.sampled_from(DECISIONS), law=st.sampled_from(Law), yes=st.booleans(),
        group=st.sampled_from(GROUPS), parent=st.booleans(), sources=st.booleans(), drugs=SELDOM, ago=AGO, report=SELDOM,
    )  # fmt: skip
    def review(
        self, id_: UUID, of: UUID, law: Law, yes: bool, group: tuple[MeetingRole, ...], parent: bool, sources: bool,
        drugs: bool, ago: int, report: bool,
    ) -> None:  # fmt: skip
        if id_ in self.student.discipline.manifestations:
            return
        members = [GroupMember(person=StaffPerson(staff_id=TEACHER), roles=group)] if group else []
        if parent:
            mother = HolderPerson(holder_id=MOTHER)
            members.append(GroupMember(person=mother, roles=(MeetingRole.PARENT,)))
        command = DetermineManifestation(
            id_, of, law, yes, False, self.today, self.today - timedelta(days=ago), drugs, tuple(members),
            sources=("observation",) if sources else (), reported=self.maybe(report, ago),
        )  # fmt: skip
        self.do(lambda: determine_manifestation(self.student, command))

    @rule(id_=st.sampled_from(REVIEWS), step=st.sampled_from(ManifestationStep), ago=AGO)
    def follow(self, id_: UUID, step: ManifestationStep, ago: int) -> None:
        command = FollowManifestation(
            id_, an_id(f"step {len(self.log.entries)}"), step, self.today, self.today - timedelta(days=ago)
        )
        self.do(lambda: follow_manifestation(self.student, command))

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
    def no_dates_contradict_each_other(self) -> None:
        """Also of what was reported: only what cannot be true is refused."""
        for transfer in self.student.transfers.values():
            assert transfer.settled is None or transfer.settled.settled_on >= transfer.received_on
            for request in transfer.requests.values():
                assert request.answered_on is None or request.answered_on >= request.requested_on
        for removal in self.student.discipline.removals.values():
            assert removal.starts_on <= removal.ends_on
            assert removal.back_on is None or removal.starts_on <= removal.back_on <= removal.ends_on
        for review in self.student.discipline.manifestations.values():
            decision = self.student.discipline.decisions[review.removal_decision_id]
            assert review.determined_on >= decision.decided_on


AStudent.TestCase.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnySequenceOfMovesAndRemovals = AStudent.TestCase
