"""From draft to replay on the real store: what commits together, what is refused when others were faster."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.event import Actor, Event, Recorded
from contracts.ids import new_id
from contracts.items import End, Replace
from contracts.notify import NoticeGiven
from contracts.plan import AmendmentAdopted, AmendmentPersonalData, ConsentAnswered, WrittenAgreement
from contracts.problems import NotFound, VersionConflict
from contracts.rule_profile import RuleSetNotShipped
from contracts.students import StudentChanged, StudentPersonalData
from contracts.values import Reported
from contracts.vocabulary import (
    Channel,
    ConsentDecision,
    ConsentMethod,
    GivenBasis,
    NoticeKind,
    PlanKind,
)
from plan_service.adapters.consumers.notices import keep_notice_given
from plan_service.application import amendments
from plan_service.application.adopting import Adoption, AnotherPlanInEffect, adopt_draft
from plan_service.application.drafts import Drafts, NewDraft
from plan_service.application.models import STUDENT
from plan_service.application.replay import Moment, past_of
from plan_service.application.situation import decide
from plan_service.domain.adoption import AdoptionRefused
from plan_service.domain.amendment import (
    AdoptAmendment,
    AmendmentRefused,
    ProposeAmendment,
    withdraw_amendment,
)
from plan_service.domain.consent import AnswerAmendment, answer_amendment
from plan_service.testing_plans import MOTHER, SPEECH, TIME, iep_items, plan_504_items, speech
from plan_service.testing_plans_store import CHILD, held_meeting, record, set_profile_from, with_student
from runtime.append_request import Context
from runtime.consumer import Unit
from runtime.testing import Opened, sequence

TEXAS = "federal@2026-1+tx@2025-2"


async def adopted(plan: Opened, drafts: Drafts, today: date) -> UUID:
    """An IEP in effect from today."""
    plan_id = (
        await drafts.open_draft(plan.context(), NewDraft(new_id(), CHILD, PlanKind.IEP, iep_items()))
    ).plan_id
    meeting_id = await held_meeting(plan, today)
    await adopt_draft(drafts, plan.context(), plan_id, Adoption(today, meeting_id), if_match=1)
    return plan_id


async def proposed(plan: Opened, plan_id: UUID, today: date) -> UUID:
    """Twice the speech, no extended time; agreed in writing."""
    amendment_id = new_id()
    await amendments.propose(
        plan.store, plan.context(), plan_id,
        lambda seen: ProposeAmendment(
            amendment_id, WrittenAgreement(agreed_on=today, holder_ids=(MOTHER,)),
            (Replace(item=speech(60)), End(item=TIME)), "earliest", AmendmentPersonalData(reason="more time"), seen.today,
        ),
        if_match=None,
    )  # fmt: skip
    return amendment_id


async def notice_given(plan: Opened, plan_id: UUID, amendment_id: UUID, on: date) -> None:
    """notify-service says so, as the consumer hears it."""
    event = NoticeGiven(
        effective_on=on, notice_id=new_id(), kind=NoticeKind.PRIOR_WRITTEN_NOTICE, holder_id=MOTHER, plan_id=plan_id,
        amendment_id=amendment_id, channel=Channel.EMAIL, basis=GivenBasis.EMAIL_ACCEPTED,
    )  # fmt: skip
    now = (await past_of(plan.store, plan.tenant, plan_id)).entries[0].recorded_at
    recorded: Recorded[Event] = Recorded(
        event, new_id(), "notify", plan.tenant, CHILD, "notice/1", 1, now, Actor(id="x", role="system"), "c", position=1,
        index=0, known_at=now,
    )  # fmt: skip
    async with plan.database.begin(plan.tenant) as rows:
        await keep_notice_given(recorded, Unit(rows, plan.store, recorded, "notices-given"))


@pytest.fixture
def drafts(plan: Opened) -> Drafts:
    return Drafts(plan.store)


async def test_a_plan_from_draft_to_replay(plan: Opened, drafts: Drafts) -> None:
    today = await with_student(plan)
    plan_id = await adopted(plan, drafts, today)
    amendment_id = await proposed(plan, plan_id, today)
    command = AdoptAmendment(amendment_id, today)
    with pytest.raises(AmendmentRefused):
        await amendments.adopt(
            plan.store, plan.context(), plan_id, amendment_id, lambda _seen: command, if_match=None
        )
    await notice_given(plan, plan_id, amendment_id, today)
    await decide(
        plan.store, plan.context(), plan_id,
        lambda seen: answer_amendment(
            seen.plan,
            AnswerAmendment(amendment_id, new_id(), MOTHER, (SPEECH,), ConsentDecision.ACCEPTED,
                            ConsentMethod.PAPER_SIGNATURE, seen.today),
            seen.people,
        ),
    )  # fmt: skip
    done = await amendments.adopt(
        plan.store, plan.context(), plan_id, amendment_id, lambda _seen: command, if_match=None
    )
    (event,) = (recorded.event for recorded in done.events)
    assert isinstance(event, AmendmentAdopted)
    assert (event.effective_on, event.withheld) == (today + timedelta(days=10), (TIME,))
    await sequence(plan)
    past = await past_of(plan.store, plan.tenant, plan_id)
    before, after = (past.document(Moment(day)) for day in (today, event.effective_on))
    assert before.item(SPEECH).item.minutes == 30  # type: ignore[union-attr]
    assert after.item(SPEECH).item.minutes == 60  # type: ignore[union-attr]
    assert after.item(TIME) is not None
    assert after.review_due_on == before.review_due_on


async def test_a_plans_events_keep_the_rules_they_were_decided_under(plan: Opened, drafts: Drafts) -> None:
    today = await with_student(plan, state_profile=TEXAS)
    plan_id = await adopted(plan, drafts, today)
    amendment_id = await proposed(plan, plan_id, today)
    await sequence(plan)
    before = (await past_of(plan.store, plan.tenant, plan_id)).document(Moment(today))

    await set_profile_from(plan, today, "federal@2026-1")
    await decide(
        plan.store, plan.context(), plan_id,
        lambda seen: withdraw_amendment(seen.plan, amendment_id, "another way", seen.today),
    )  # fmt: skip
    await sequence(plan)
    past = await past_of(plan.store, plan.tenant, plan_id)

    assert [entry.rules for entry in past.entries] == [TEXAS, TEXAS, TEXAS, "federal@2026-1"]
    assert past.document(Moment(today), before.basis.plan).to_bytes() == before.to_bytes()


async def test_what_is_reported_of_an_earlier_day_is_kept_under_the_rules_of_that_day(
    plan: Opened, drafts: Drafts
) -> None:
    today = await with_student(plan, state_profile=TEXAS)
    await set_profile_from(plan, today, "federal@2026-1")
    plan_id = await adopted(plan, drafts, today)
    amendment_id = await proposed(plan, plan_id, today)
    earlier = Reported(source="paper file", reason="found later", occurred_on=today - timedelta(days=1))

    done = await decide(
        plan.store, plan.context(), plan_id,
        lambda seen: withdraw_amendment(seen.plan, amendment_id, "another way", seen.today, earlier), reported=earlier,
    )  # fmt: skip
    await sequence(plan)

    (withdrawn,) = done.events
    assert withdrawn.rules == TEXAS
    entries = (await past_of(plan.store, plan.tenant, plan_id)).entries
    assert [entry.rules for entry in entries] == [*["federal@2026-1"] * 3, TEXAS]


async def test_under_rules_that_are_not_shipped_the_past_is_read_and_no_number_is_made_up(
    plan: Opened, drafts: Drafts
) -> None:
    today = await with_student(plan)
    plan_id = await adopted(plan, drafts, today)
    amendment_id = await proposed(plan, plan_id, today)
    await set_profile_from(plan, today, "federal@2019-1")
    await notice_given(plan, plan_id, amendment_id, today)
    command = AdoptAmendment(amendment_id, today)

    with pytest.raises(RuleSetNotShipped):
        await amendments.adopt(
            plan.store, plan.context(), plan_id, amendment_id, lambda _seen: command, if_match=None
        )
    await sequence(plan)
    assert (await past_of(plan.store, plan.tenant, plan_id)).document(Moment(today)).item(SPEECH) is not None


async def test_the_same_question_on_the_same_basis_gives_the_same_bytes(plan: Opened, drafts: Drafts) -> None:
    today = await with_student(plan)
    plan_id = await adopted(plan, drafts, today)
    await sequence(plan)
    first = (await past_of(plan.store, plan.tenant, plan_id)).document(Moment(today))
    assert first.basis.plan is not None
    amendment_id = await proposed(plan, plan_id, today)
    await sequence(plan)
    past = await past_of(plan.store, plan.tenant, plan_id)
    assert past.document(Moment(today), first.basis.plan).to_bytes() == first.to_bytes()
    assert [pending.amendment_id for pending in past.document(Moment(today)).pending] == [amendment_id]


async def test_a_draft_may_be_saved_incomplete_and_says_what_is_missing(plan: Opened, drafts: Drafts) -> None:
    await with_student(plan)
    opened = await drafts.open_draft(plan.context(), NewDraft(new_id(), CHILD, PlanKind.IEP))
    draft = await drafts.read(plan.tenant, opened.plan_id)
    assert {gap["code"] for gap in draft.to_json()["missing"]} >= {"missing-goal", "missing-service"}
    saved = await drafts.save(plan.tenant, opened.plan_id, lambda _items: iep_items(), if_match=1)
    assert (saved.paper.version, saved.missing) == (2, [])


async def test_a_draft_and_the_gate_ask_what_the_students_age_asks(plan: Opened, drafts: Drafts) -> None:
    today = await with_student(plan)
    born = today.replace(day=1, year=today.year - 16)
    personal = StudentPersonalData(given_name="Mira", family_name="Quill", birth_date=born)
    changed = StudentChanged(effective_on=today, student_id=CHILD, personal=personal)
    await record(plan, STUDENT, [CHILD], [changed])
    new = NewDraft(new_id(), CHILD, PlanKind.IEP, iep_items())
    plan_id = (await drafts.open_draft(plan.context(), new)).plan_id
    assert [gap.code for gap in (await drafts.read(plan.tenant, plan_id)).missing] == ["missing-transition"]
    meeting_id = await held_meeting(plan, today)
    with pytest.raises(AdoptionRefused) as refusal:
        await adopt_draft(drafts, plan.context(), plan_id, Adoption(today, meeting_id), if_match=1)
    assert [reason.code for reason in refusal.value.reasons] == ["missing-transition"]


async def test_nobody_overwrites_what_somebody_else_has_saved_meanwhile(plan: Opened, drafts: Drafts) -> None:
    await with_student(plan)
    plan_id = (await drafts.open_draft(plan.context(), NewDraft(new_id(), CHILD, PlanKind.IEP))).plan_id
    results = await asyncio.gather(
        *(drafts.save(plan.tenant, plan_id, lambda _items: iep_items(), if_match=1) for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, VersionConflict) for result in results) == 3


async def test_what_is_adopted_is_the_draft_that_was_read(plan: Opened, drafts: Drafts) -> None:
    today = await with_student(plan)
    plan_id = (
        await drafts.open_draft(plan.context(), NewDraft(new_id(), CHILD, PlanKind.IEP, iep_items()))
    ).plan_id
    meeting_id = await held_meeting(plan, today)
    await drafts.save(plan.tenant, plan_id, lambda items: items, if_match=1)
    with pytest.raises(VersionConflict):
        await adopt_draft(drafts, plan.context(), plan_id, Adoption(today, meeting_id), if_match=1)


async def test_a_refused_adoption_leaves_the_draft_as_it_was(plan: Opened, drafts: Drafts) -> None:
    today = await with_student(plan)
    plan_id = (
        await drafts.open_draft(plan.context(), NewDraft(new_id(), CHILD, PlanKind.IEP, iep_items()))
    ).plan_id
    meeting_id = await held_meeting(plan, today, held=False)
    with pytest.raises(AdoptionRefused):
        await adopt_draft(drafts, plan.context(), plan_id, Adoption(today, meeting_id), if_match=1)
    assert (await drafts.read(plan.tenant, plan_id)).items == iep_items()


async def test_after_adoption_and_after_dropping_nothing_is_kept_of_a_draft(
    plan: Opened, drafts: Drafts
) -> None:
    today = await with_student(plan)
    plan_id = await adopted(plan, drafts, today)
    with pytest.raises(NotFound):
        await drafts.read(plan.tenant, plan_id)
    again = await drafts.open_next(plan.context(), plan_id)
    assert {item.id for item in (await drafts.read(plan.tenant, again.plan_id)).items} == {
        i.id for i in iep_items()
    }
    await drafts.drop(plan.context(), plan_id, if_match=3)
    async with plan.database.lend(plan.tenant) as connection:
        assert (
            await connection.fetchval("SELECT count(*) FROM plan.working_papers WHERE sealed IS NOT NULL")
            == 0
        )


async def test_a_student_has_one_plan_of_a_kind_in_effect(plan: Opened, drafts: Drafts) -> None:
    today = await with_student(plan)
    first = await adopted(plan, drafts, today)
    second = (
        await drafts.open_draft(plan.context(), NewDraft(new_id(), CHILD, PlanKind.IEP, iep_items()))
    ).plan_id
    meeting_id = await held_meeting(plan, today)
    with pytest.raises(AnotherPlanInEffect) as refusal:
        await adopt_draft(drafts, plan.context(), second, Adoption(today, meeting_id), if_match=1)
    assert refusal.value.facts["plan"] == first
    other_kind = NewDraft(new_id(), CHILD, PlanKind.SECTION_504, plan_504_items())
    third = (await drafts.open_draft(plan.context(), other_kind)).plan_id
    assert await adopt_draft(drafts, plan.context(), third, Adoption(today), if_match=1)


async def test_opening_a_draft_from_a_roster_twice_opens_it_once(plan: Opened, drafts: Drafts) -> None:
    await with_student(plan)
    new = NewDraft(new_id(), CHILD, PlanKind.IEP, external_id="edfi:program-1")
    first = await drafts.open_draft_once(plan.context(), new)
    again = await drafts.open_draft_once(
        plan.context(), NewDraft(new_id(), CHILD, PlanKind.IEP, external_id="edfi:program-1")
    )
    assert (again.plan_id, again.appended.events) == (first.plan_id, ())


async def test_a_draft_is_sealed_and_reached_by_its_own_district_only(plan: Opened, drafts: Drafts) -> None:
    await with_student(plan)
    plan_id = (
        await drafts.open_draft(plan.context(), NewDraft(new_id(), CHILD, PlanKind.IEP, iep_items()))
    ).plan_id
    async with plan.database.lend(plan.tenant) as connection:
        sealed: bytes = await connection.fetchval(
            "SELECT sealed FROM plan.working_papers WHERE id = $1", plan_id
        )
        assert b"Arranges few objects" not in sealed
    async with plan.database.lend("another") as connection:
        assert await connection.fetchval("SELECT count(*) FROM plan.working_papers") == 0
    with pytest.raises(NotFound):
        await drafts.read("another", plan_id)


async def test_an_answer_and_the_end_of_the_right_agree_at_commit(plan: Opened, drafts: Drafts) -> None:
    """Whichever commits first, the answer's `counts` is true of the record it stands in."""
    today = await with_student(plan)
    plan_id = await adopted(plan, drafts, today)
    amendment_id = await proposed(plan, plan_id, today)
    turns = 0

    async def overtaken(context: Context) -> ConsentAnswered:
        def decision(seen: Any) -> Any:
            nonlocal turns
            turns += 1
            command = AnswerAmendment(amendment_id, new_id(), MOTHER, (SPEECH,), ConsentDecision.ACCEPTED,
                                      ConsentMethod.PAPER_SIGNATURE, seen.today)  # fmt: skip
            return answer_amendment(seen.plan, command, seen.people)

        real = plan.store.append

        async def append(*args: Any, **named: Any) -> Any:
            plan.store.append = real  # type: ignore[method-assign]
            from contracts.students import RightsHolderEnded
            from contracts.vocabulary import RightsEnd

            ended = RightsHolderEnded(effective_on=today, student_id=CHILD, holder_id=MOTHER,
                                      reason=RightsEnd.COURT_ORDER, confirmed_by="registrar")  # fmt: skip
            await record(plan, STUDENT, [CHILD], [ended])
            return await real(*args, **named)

        plan.store.append = append  # type: ignore[method-assign]
        done = await decide(plan.store, context, plan_id, decision)
        event = done.events[0].event
        assert isinstance(event, ConsentAnswered)
        return event

    event = await overtaken(plan.context())
    assert (turns, event.counts) == (2, False)
