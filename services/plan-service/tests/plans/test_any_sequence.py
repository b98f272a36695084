"""Whatever is asked of a plan, in whatever order: what is accepted folds, and never says what the rules forbid."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.event import Json
from contracts.individual import COMPARED_KINDS, promised, section_of
from contracts.initial_services import ServicesConsentAnswered
from contracts.items import Add, AnyChange, AnyItem, End, Placement, Replace
from contracts.plan import (
    AgreementSought,
    AmendmentAdopted,
    AmendmentWithdrawn,
    ExitSummaryGiven,
    ExitSummaryPersonalData,
    PlanAdopted,
    PlanCorrected,
    PlanEnded,
    PlanEvent,
    PlanReopened,
    Revocation,
)
from contracts.plan_diff import describe, diff
from contracts.plan_document import history_of, in_force, versions
from contracts.plan_history import fold
from contracts.problems import Problem
from contracts.testing import Log, an_id
from contracts.values import Reported
from contracts.vocabulary import (
    Channel,
    ConsentDecision,
    ConsentMethod,
    PlanEnd,
    PlanKind,
    ReopeningGround,
    ReviewOutcome,
    VoidGround,
)
from plan_service.application.item_texts import held_on, item_texts
from plan_service.application.plan_model import PLAN as MODEL
from plan_service.domain.adoption import adopt_plan
from plan_service.domain.amendment import (
    RecordAgreement,
    adopt_amendment,
    propose_amendment,
    record_agreement,
    withdraw_amendment,
)
from plan_service.domain.carrying_out import AssignHolder, assign_holder, end_holder
from plan_service.domain.consent import answer_amendment
from plan_service.domain.correction import (
    ChangeInRecord,
    RequestCorrection,
    approve_correction,
    check_correction,
)
from plan_service.domain.draft import OpenDraft, drop_draft, open_draft
from plan_service.domain.ending import EndPlan, GroundOfEnd, end_plan
from plan_service.domain.exit_summary import GiveExitSummary, give_exit_summary
from plan_service.domain.initial_services import FirstServices
from plan_service.domain.notices import NoticeGiven
from plan_service.domain.plan import AmendmentStatus, Plan, evolve
from plan_service.domain.reopening import EndInRecord, RequestReopening, approve_reopening
from plan_service.domain.review import HoldReview, hold_review
from plan_service.domain.rules import Rules
from plan_service.domain.services_consent_state import ServicesConsents, services_consents_after
from plan_service.domain.stay_put import ENDS_THAT_WAIT, StayPut
from plan_service.domain.voiding import RequestVoid, approve_void
from plan_service.testing_plans import (
    AUNT,
    FATHER,
    GOAL,
    MOTHER,
    PLACEMENT,
    PLAN,
    SPEECH,
    STUDENT,
    TIME,
    adopt,
    adoption,
    agreement,
    answer,
    extended_time,
    goal,
    ground,
    holder,
    iep_items,
    item,
    meeting,
    people,
    proposal,
    reported,
    speech,
)

NEW, ANOTHER = an_id("a new item"), an_id("another goal")
NEVER_WITHOUT = frozenset({"present_levels", "goal", "service", "placement", "progress_schedule"})
MOVED = item("placement", PLACEMENT, setting="separate_class", percent_with_peers="20", explanation="Tried.")
ITEMS: list[AnyItem] = [
    speech(60), speech(15), speech(location=None), goal(target="40"), extended_time(where=["class"]), MOVED,
    extended_time().model_copy(update={"id": NEW}),
]  # fmt: skip
CHANGES: list[AnyChange] = [
    *(Replace(item=item) for item in ITEMS), *(Add(item=item) for item in ITEMS), End(item=SPEECH), End(item=TIME),
    End(item=NEW), End(item=GOAL), End(item=PLACEMENT), Add(item=goal().model_copy(update={"id": ANOTHER})),
]  # fmt: skip
AMENDMENTS = [an_id(f"amendment {number}") for number in range(4)]
DAYS = st.integers(min_value=-20, max_value=20) | st.just(0)
SELDOM = st.sampled_from([False, False, True])


class APlan(RuleBasedStateMachine):
    """A plan to which anything is done."""

    def __init__(self) -> None:
        super().__init__()
        self.today = date(2026, 2, 24)
        self.plan = Plan()
        self.log = Log(subject="student")
        self.texts: dict[UUID, tuple[int, Json]] = {}
        self.corrected_unclearly = False
        self.notices: dict[UUID, list[NoticeGiven]] = {}
        self.rules = Rules(notice_days=5, partial_consent=True)
        self.people = people(holder(MOTHER), holder(FATHER, decides=False))
        self.consents = ServicesConsents()
        self.filed_on: date | None = None
        """Since when a due process complaint is open."""

    def do(self, decide: Callable[[], Sequence[PlanEvent]]) -> Sequence[PlanEvent]:
        """What is accepted happens; what is refused leaves everything as it was. About a void plan nothing is asked."""
        if self.plan.void:
            return ()
        try:
            events = decide()
        except Problem:
            return ()
        for event in events:
            before = self.plan
            self.plan = evolve(self.plan, event)
            self.log.append(event, on=self.today, stream=f"plan/{PLAN}")
            for shown in item_texts(self.plan, event):
                self.texts[shown.id] = (len(self.log.entries), shown.document)
            self.corrected_unclearly |= isinstance(event, PlanCorrected) and self.unclear(event)
            if isinstance(event, AmendmentAdopted):
                self.check_amendment(before, event)
            if isinstance(event, AmendmentAdopted | AmendmentWithdrawn) and event.reported is None:
                self.check_nothing_taken_away(event)
            if isinstance(event, PlanAdopted | PlanReopened) and event.reported is None:
                self.check_beginning(before, event)
            if isinstance(event, PlanEnded) and event.reported is None:
                assert self.filed_on is None or event.reason not in ENDS_THAT_WAIT
        return events

    def unclear(self, event: PlanCorrected) -> bool:
        """No row says which of two changes of one day was corrected; and here some correct what changed nothing."""
        line = fold(self.log.entries).items.get(event.item.id, ())
        that_day = [change.recorded.id for change in line if change.effective_on == event.effective_on]
        return that_day != [event.corrects.event_id]

    def check_amendment(self, before: Plan, event: AmendmentAdopted) -> None:
        assert self.plan.review_due_on == before.review_due_on
        assert set(event.withheld) | {change.item_id for change in event.changes} == set(
            before.amendments[event.amendment_id].items
        )
        if event.reported is None:
            given = [
                notice.given_on for notice in self.notices[event.amendment_id] if notice.holder_id == MOTHER
            ]
            assert event.effective_on >= min(given) + timedelta(days=self.rules.notice_days)
            assert event.effective_on >= self.today
            assert before.in_effect_on(event.effective_on)
            assert not isinstance(before.amendments[event.amendment_id].basis, AgreementSought)

    def check_nothing_taken_away(self, event: PlanEvent) -> None:
        """By the record: of what every IEP says, a decision leaves all that was there, on every day."""
        entries = self.log.entries
        for offset in (0, 10, 60):
            day = max(event.effective_on, self.today) + timedelta(days=offset)
            before, after = in_force(history_of(entries[:-1]), day), in_force(history_of(entries), day)
            if before is not None and after is not None and after.status == "in_force":
                was = {entry.item.kind for entry in before.items} & NEVER_WITHOUT
                assert was <= {entry.item.kind for entry in after.items}

    def check_beginning(self, before: Plan, event: PlanAdopted | PlanReopened) -> None:
        """Nothing binds for the first time, or again after a revocation, without consent to its services."""
        if isinstance(event, PlanReopened) and event.ground is ReopeningGround.MISTAKE:
            return
        if not before.ever_adopted or before.revoked_on is not None:
            assert self.consents.consented_by(event.effective_on, after=before.revoked_on)
            assert self.consents.refused_on(event.effective_on, self.people.decides_on) is None
        stays = self.stay_put()
        if isinstance(event, PlanAdopted) and stays is not None and stays.version is not None:
            assert tuple(each for each in event.items if isinstance(each, Placement)) == stays.placements

    def stay_put(self) -> StayPut | None:
        """As `application.situation` finds it."""
        if self.filed_on is None or not self.plan.ever_adopted:
            return None
        document = in_force(history_of(self.log.entries), self.filed_on)
        if document is None or document.status != "in_force":
            return StayPut(self.filed_on)
        placed = tuple(each.item for each in document.items if each.item.kind == "placement")
        return StayPut(self.filed_on, document.version, placed)

    def first_services(self) -> FirstServices:
        """As `application.first_services` finds it."""
        return FirstServices(self.consents, self.people, self.plan.ever_adopted, self.plan.revoked_on)

    def maybe_reported(self, report: bool, days: int) -> Reported | None:
        return reported(self.today + timedelta(days=days)) if report else None

    @initialize(
        far=st.integers(min_value=0, max_value=7) | st.just(7),
        partial=st.booleans(),
        then=st.sampled_from(CHANGES),
    )
    def somewhere_on_its_way(self, far: int, partial: bool, then: AnyChange) -> None:
        """Histories that have come some way already: chance alone seldom adopts anything."""
        self.rules = Rules(notice_days=5, partial_consent=partial)
        first = AMENDMENTS[0]
        steps: list[Callable[[], object]] = [
            self.begin,
            lambda: self.answer_services(MOTHER, ConsentDecision.ACCEPTED, 0),
            lambda: self.adopt([], 0, False, True),
            lambda: self.propose(first, [Replace(item=speech(60)), End(item=TIME)], 10, False),
            lambda: (self.give_notice(first, MOTHER), self.give_notice(first, FATHER), self.answer(
                first, MOTHER, [SPEECH], ConsentDecision.ACCEPTED, ConsentMethod.PAPER_SIGNATURE, False, 0)),
            lambda: self.adopt_amendment(first, None, False),
            lambda: self.amend(AMENDMENTS[1], [then], 5),
        ]  # fmt: skip
        for step in steps[:far]:
            step()

    @rule(days=st.integers(min_value=1, max_value=40))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule()
    def begin(self) -> None:
        self.do(lambda: open_draft(self.plan, OpenDraft(PLAN, STUDENT, PlanKind.IEP, self.today)))

    @rule(
        by=st.sampled_from([MOTHER, MOTHER, FATHER]), decision=st.sampled_from(ConsentDecision),
        ago=st.integers(min_value=0, max_value=10),
    )  # fmt: skip
    def answer_services(self, by: UUID, decision: ConsentDecision, ago: int) -> None:
        """An answer about the first services, perhaps recorded late: it counts of who decided on that day."""
        on = self.today - timedelta(days=ago)
        event = ServicesConsentAnswered(
            effective_on=on, student_id=STUDENT, services_consent_id=an_id(f"{by} {on}"), holder_id=by,
            counts=self.people.decides_on(by, on), decision=decision, method=ConsentMethod.PAPER_SIGNATURE,
        )  # fmt: skip
        self.consents = services_consents_after(self.consents, event)

    @rule(open_=st.booleans())
    def complain(self, open_: bool) -> None:
        self.filed_on = (self.filed_on or self.today) if open_ else None

    @rule()
    def drop(self) -> None:
        self.do(lambda: drop_draft(self.plan, self.today))

    @rule(
        others=st.lists(st.sampled_from(ITEMS), max_size=3),
        days=DAYS,
        report=SELDOM,
        complete=SELDOM.map(lambda no: not no),
    )
    def adopt(self, others: list[AnyItem], days: int, report: bool, complete: bool) -> None:
        items = iep_items(*others) if complete else tuple(others)
        day = self.today + timedelta(days=days)
        self.do(lambda: adopt_plan(self.plan, adopt(
            effective_on=day, items=items, today=self.today, meeting=meeting(self.today - timedelta(days=1)),
            stay_put=self.stay_put(), first_services=self.first_services(),
            reported=self.maybe_reported(report, min(days, 1)))))  # fmt: skip

    @rule(
        id_=st.sampled_from(AMENDMENTS), changes=st.lists(st.sampled_from(CHANGES), max_size=3), days=DAYS,
        report=SELDOM, sought=SELDOM,
    )  # fmt: skip
    def propose(
        self, id_: UUID, changes: list[AnyChange], days: int, report: bool, sought: bool = False
    ) -> None:
        if id_ in self.plan.amendments:
            return  # Ids are made at the edge and never used twice.
        self.do(lambda: propose_amendment(self.plan, proposal(
            amendment_id=id_, changes=tuple(changes), today=self.today,
            basis=AgreementSought() if sought else agreement(self.today),
            requested=self.today + timedelta(days=days), reported=self.maybe_reported(report, days)),
            self.people))  # fmt: skip

    @rule(
        id_=st.sampled_from(AMENDMENTS), by=st.sampled_from([MOTHER, FATHER, AUNT]), days=DAYS, report=SELDOM
    )
    def agree(self, id_: UUID, by: UUID, days: int, report: bool) -> None:
        self.do(lambda: record_agreement(self.plan, RecordAgreement(
            id_, self.today + timedelta(days=days), (by,), self.today,
            reported=self.maybe_reported(report, days)), self.people))  # fmt: skip

    @rule(id_=st.sampled_from(AMENDMENTS), to=st.sampled_from([MOTHER, FATHER]))
    def give_notice(self, id_: UUID, to: UUID) -> None:
        if id_ in self.plan.amendments:
            given = NoticeGiven(an_id(f"{id_} {to}"), to, self.today, an_id(f"given {id_} {to}"))
            self.notices.setdefault(id_, []).append(given)

    @rule(
        id_=st.sampled_from(AMENDMENTS), by=st.sampled_from([MOTHER, FATHER, AUNT]),
        items=st.lists(st.sampled_from([SPEECH, TIME, NEW]), min_size=1, max_size=3, unique=True),
        decision=st.sampled_from(ConsentDecision), method=st.sampled_from(ConsentMethod), report=SELDOM, days=DAYS,
    )  # fmt: skip
    def answer(
        self, id_: UUID, by: UUID, items: list[UUID], decision: ConsentDecision, method: ConsentMethod, report: bool,
        days: int,
    ) -> None:  # fmt: skip
        self.do(lambda: answer_amendment(self.plan, answer(
            amendment_id=id_, holder_id=by, items=tuple(items), decision=decision, method=method, today=self.today,
            reported=self.maybe_reported(report, days)), self.people))  # fmt: skip

    @rule(id_=st.sampled_from(AMENDMENTS), days=st.none() | st.none() | DAYS, report=SELDOM)
    def adopt_amendment(self, id_: UUID, days: int | None, report: bool) -> None:
        day: Any = "earliest" if days is None else self.today + timedelta(days=days)
        self.do(lambda: adopt_amendment(self.plan, adoption(
            amendment_id=id_, effective_on=day, today=self.today, reported=self.maybe_reported(report, days or 0)),
            ground(*self.notices.get(id_, ()), rules=self.rules, people=self.people)))  # fmt: skip

    @rule(
        id_=st.sampled_from(AMENDMENTS[1:]), changes=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=3),
        days=DAYS,
    )  # fmt: skip
    def amend(self, id_: UUID, changes: list[AnyChange], days: int) -> None:
        """All of it at once: chance alone seldom brings an amendment to its end."""
        self.propose(id_, changes, days, False)
        self.give_notice(id_, MOTHER)
        self.give_notice(id_, FATHER)
        items = [change.item_id for change in changes]
        self.answer(id_, MOTHER, items, ConsentDecision.ACCEPTED, ConsentMethod.PAPER_SIGNATURE, False, 0)
        self.adopt_amendment(id_, max(days, self.rules.notice_days), False)

    @rule(id_=st.sampled_from(AMENDMENTS), report=SELDOM, days=DAYS)
    def withdraw(self, id_: UUID, report: bool, days: int) -> None:
        self.do(
            lambda: withdraw_amendment(
                self.plan, id_, "no longer wanted", self.today, self.maybe_reported(report, days)
            )
        )

    @rule(item=st.sampled_from(ITEMS), place=st.integers(min_value=0, max_value=30), same=st.booleans())
    def correct(self, item: AnyItem, place: int, same: bool) -> None:
        if not self.log.entries:
            return
        entry = self.log.entries[place % len(self.log.entries)]
        command = RequestCorrection(
            an_id(f"correction {len(self.log.entries)}"), entry.id, item, "a", "b", "one"
        )
        line = [
            change for change in self.plan.lines.get(item.id, ()) if change.starts_on == entry.effective_on
        ]
        corrected = ChangeInRecord(entry.id, item.id, entry.effective_on, line[0].kind) if line else None
        self.do(lambda: approve_correction(
            self.plan, command, check_correction(command, corrected, self.today), "one" if same else "two"))  # fmt: skip

    @rule(
        days=DAYS, report=SELDOM,
        reason=st.sampled_from([PlanEnd.TRANSFERRED, PlanEnd.CONSENT_REVOKED, PlanEnd.GRADUATED, PlanEnd.OTHER]),
    )  # fmt: skip
    def end(self, days: int, report: bool, reason: PlanEnd) -> None:
        day = self.today + timedelta(days=days)
        notice = NoticeGiven(an_id("of the end"), MOTHER, self.today, an_id("given of the end"))
        father = NoticeGiven(an_id("of the end"), FATHER, self.today, an_id("given to the father"))
        revocation = Revocation(holder_id=MOTHER, revoked_on=self.today, method=ConsentMethod.WRITTEN_MESSAGE)
        command = EndPlan(
            reason, day, self.today, revocation=revocation if reason is PlanEnd.CONSENT_REVOKED else None,
            notice_ids=(notice.notice_id,), reported=self.maybe_reported(report, days),
        )  # fmt: skip
        ground = GroundOfEnd(
            self.people, notices=(notice, father), rules=self.rules, stay_put=self.stay_put()
        )
        self.do(lambda: end_plan(self.plan, command, ground))

    @rule(days=DAYS, mistake=st.booleans(), report=SELDOM)
    def reopen(self, days: int, mistake: bool, report: bool) -> None:
        last = max(fold(self.log.entries).bindings, key=lambda binding: binding.key, default=None)
        event = last.recorded.event if last else None
        end = (
            EndInRecord(last.recorded.id, event.effective_on, event.reason)
            if last and isinstance(event, PlanEnded)
            else None
        )
        day = None if mistake else self.today + timedelta(days=days)
        ground = ReopeningGround.MISTAKE if mistake else ReopeningGround.STUDENT_RETURNED
        command = RequestReopening(
            an_id("reopening"), ground, "a", "one", day, reported=self.maybe_reported(report, days)
        )
        self.do(lambda: approve_reopening(self.plan, command, end, "two", self.today, self.stay_put()))

    @rule(chance=st.integers(min_value=0, max_value=9))
    def void(self, chance: int) -> None:
        if chance == 0 and not self.plan.void:
            command = RequestVoid(an_id("void"), VoidGround.WRONG_STUDENT, "a", "one", holder_ids=(MOTHER, FATHER),
                                  staff_ids=(an_id("staff"),))  # fmt: skip
            self.do(lambda: approve_void(self.plan, command, self.people, None, "two", self.today))

    @rule(
        to_student=st.booleans(),
        says=st.booleans(),
        ago=st.integers(min_value=-2, max_value=20),
        report=SELDOM,
    )
    def summarize(self, to_student: bool, says: bool, ago: int, report: bool) -> None:
        """A Summary of Performance, before the plan's end or after it."""
        parts = {"academic_achievement": "a", "functional_performance": "b", "recommendations": "c"}
        command = GiveExitSummary(
            an_id(f"summary {len(self.log.entries)}"), to_student, Channel.HANDED_OVER, self.today,
            given_on=self.today - timedelta(days=ago), holder_ids=(MOTHER,), items=(SPEECH,),
            says=ExitSummaryPersonalData(**(parts if says else {"what_worked": "d"})),
            reported=self.maybe_reported(report, -ago),
        )  # fmt: skip
        for event in self.do(lambda: give_exit_summary(self.plan, command, self.people)):
            assert isinstance(event, ExitSummaryGiven)
            assert self.plan.ever_adopted
            assert event.effective_on <= self.today
            if event.reported is None:
                assert event.to_student
                assert says

    @rule()
    def review(self) -> None:
        held = meeting(self.today)
        self.do(
            lambda: hold_review(
                self.plan, HoldReview(ReviewOutcome.CONTINUED, self.today, Rules(), meeting=held)
            )
        )

    @rule(item_id=st.sampled_from([SPEECH, TIME, NEW]), days=DAYS)
    def hold(self, item_id: UUID, days: int) -> None:
        start = self.today + timedelta(days=days)
        self.do(lambda: assign_holder(self.plan, AssignHolder(item_id, an_id("staff"), start)))

    @rule(item_id=st.sampled_from([SPEECH, TIME, NEW]), days=DAYS)
    def end_holding(self, item_id: UUID, days: int) -> None:
        self.do(lambda: end_holder(self.plan, item_id, an_id("staff"), self.today + timedelta(days=days)))

    @invariant()
    def what_was_accepted_can_be_read_and_told(self) -> None:
        history = history_of(self.log.entries)
        days = [self.today + timedelta(days=offset) for offset in (-60, 0, 60)]
        documents = [in_force(history, day) for day in days]
        for before, after in pairwise(documents):
            assert all(describe(each) for each in diff(before, after))
        assert len(versions(history)) == self.plan.versions

    @invariant()
    def decisions_see_what_the_record_says(self) -> None:
        history = history_of(self.log.entries)
        for offset in (-30, 0, 10, 60):
            day = self.today + timedelta(days=offset)
            document = in_force(history, day)
            binds = document is not None and document.status == "in_force"
            assert self.plan.in_effect_on(day) == binds
            if document is not None and binds:
                said = {entry.item.id for entry in document.items}
                assert said == {item_id for item_id in self.plan.lines if self.plan.item_on(item_id, day)}

    @invariant()
    def what_is_compared_with_other_plans_is_what_the_record_says(self) -> None:
        history = history_of(self.log.entries)
        for offset in (-30, 0, 10, 60):
            day = self.today + timedelta(days=offset)
            document = in_force(history, day)
            if document is not None and document.status == "in_force" and not self.corrected_unclearly:
                said = [entry.item for entry in document.items if entry.item.kind in COMPARED_KINDS]
                kept = sorted(held_on(self.texts.values(), day))
                assert kept == sorted((str(section_of(item)), promised(item)) for item in said)

    @invariant()
    def a_kept_state_is_the_state(self) -> None:
        assert MODEL.parse(MODEL.dump(self.plan)) == self.plan
        for entry in self.log.entries[-1:]:
            assert list(MODEL.resources(self.plan, entry.event))

    @invariant()
    def what_is_withdrawn_leaves_no_change(self) -> None:
        gone = {id_ for id_, each in self.plan.amendments.items() if each.status is AmendmentStatus.WITHDRAWN}
        assert not any(change.amendment_id in gone for line in self.plan.lines.values() for change in line)


APlan.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnySequenceOfAcceptedCommandsFolds = APlan.TestCase
