"""What happened in plan-service is told: by the consumer, the sender and a real mail server."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from contracts import streams
from contracts.discipline import RemovalDecided, RemovalDecisionPersonalData
from contracts.evaluations import (
    EvaluationConsentAnswered,
    EvaluationConsentAsked,
    EvaluationDeclined,
    EvaluationDeclinedPersonalData,
    ReferralReceived,
)
from contracts.event import EventClass
from contracts.ids import new_id
from contracts.meetings import Invitee, MeetingScheduled, StaffPerson, StudentPerson
from contracts.notice_hindrances import NoticeBlocked, NoticeLapsed, NoticeUnaddressed
from contracts.notify import NoticeOwed, NoticeRendered
from contracts.plan import NoticeWordsPersonalData
from contracts.records import DestructionRefused, DestructionRequested, FamilyTold
from contracts.testing import an_id
from contracts.values import Unmet
from contracts.vocabulary import (
    Channel,
    ConsentDecision,
    ConsentMethod,
    EvaluationKind,
    Law,
    MeetingPurpose,
    MeetingRole,
    NoticeKind,
    NoticeLapse,
    NoticeOccasion,
    NoticePart,
    PlanKind,
    RemovalGround,
)
from notify_service.adapters.consumers import owed as consumer
from notify_service.adapters.outbox import lapse_destroyed
from notify_service.testing_notices import DAY
from runtime.database import driver
from runtime.erasure import Erasure

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def tell(world, event) -> UUID:
    stream = streams.student(world.family.student)
    return (await world.publish(stream, world.family.student, event)).events[-1].id


def referral(world) -> ReferralReceived:
    return ReferralReceived(
        effective_on=DAY, student_id=world.family.student, evaluation_id=new_id(), kind=EvaluationKind.INITIAL,
        laws=(Law.IDEA,), source="teacher",
    )  # fmt: skip


def meeting(world, meeting_id: UUID, place: str | None = "Room 12", hour: int = 20) -> MeetingScheduled:
    people = (
        Invitee(person=StaffPerson(staff_id=new_id()), roles=(MeetingRole.SPECIAL_EDUCATION_TEACHER,)),
        Invitee(person=StudentPerson(), roles=(MeetingRole.STUDENT,)),
    )
    return MeetingScheduled(
        effective_on=DAY, meeting_id=meeting_id, student_id=world.family.student, purpose=MeetingPurpose.ANNUAL_REVIEW,
        transition_discussed=True, starts_at=datetime(2026, 3, 20, hour, tzinfo=UTC), place=place, invitees=people,
    )  # fmt: skip


async def test_a_meeting_is_told_in_the_parent_s_language_with_every_part(world):
    await world.arrange()
    await world.elect_email()
    event = meeting(world, new_id())
    await world.publish(streams.meeting(event.meeting_id), world.family.student, event)

    notice = await world.reaches("given")

    shown = (await world.get(f"/notify/v1/notices/{notice}")).json()
    assert (shown["kind"], shown["meeting"]) == ("meeting_notice", str(event.meeting_id))
    assert shown["text"]["language"] == "es"
    assert set(shown["text"]["invitation_parts"]) == {
        *(
            "purpose",
            "time",
            "place",
            "attendees",
            "right_to_bring_others",
            "transition_purpose",
            "student_invited",
        )
    }
    assert "Mira" not in str(world.mail()["Subject"])


async def test_a_meeting_that_is_set_anew_is_told_anew_and_the_old_letter_lapses(world):
    await world.arrange()
    event = meeting(world, new_id())
    await world.publish(streams.meeting(event.meeting_id), world.family.student, event)
    first = await world.reaches("to_post")

    await world.publish(
        streams.meeting(event.meeting_id), world.family.student, meeting(world, event.meeting_id, hour=21)
    )

    await world.reaches("lapsed", first)
    (second,) = set(await world.notices()) - {first}
    await world.reaches("to_post", second)
    lapsed = [each for each in await world.history(first) if isinstance(each, NoticeLapsed)]
    assert [each.reason for each in lapsed] == [NoticeLapse.MEETING_MOVED]


async def test_a_meeting_without_a_place_waits_and_is_a_task(world):
    await world.arrange()
    event = meeting(world, new_id(), place=None)
    await world.publish(streams.meeting(event.meeting_id), world.family.student, event)
    notice = await world.reaches("blocked")

    tasks = (await world.get("/notify/v1/tasks", student=world.family.student)).json()["items"]

    assert [(each["id"], each["reasons"][0]["code"]) for each in tasks] == [
        (str(notice), "meeting-without-a-place")
    ]


async def test_a_referral_brings_the_booklet(world):
    await world.arrange()
    await world.elect_email()
    await tell(world, referral(world))

    notice = await world.reaches("given")

    shown = (await world.get(f"/notify/v1/notices/{notice}")).json()
    assert (shown["kind"], shown["occasion"]) == ("procedural_safeguards", "referral")
    how_hard = (await world.get(f"/notify/v1/notices/{notice}/readability")).json()
    assert how_hard["measure"] == "fernandez_huerta"
    assert len(how_hard["sentences_to_shorten"]) == how_hard["long_sentences"] > 0


async def test_what_nobody_can_be_told_is_a_task_until_somebody_is_confirmed(world):
    from notify_service.testing_notices import Family

    world.family = Family(holder=new_id())
    student = world.family.student
    await world.publish(streams.district(), new_id(), world.family.profile())
    await world.publish(streams.student(student), student, world.family.registered())
    event_id = await tell(world, referral(world))
    answer = await world.get("/notify/v1/tasks", student=student, after_event=event_id)
    (task,) = answer.json()["items"]
    assert (task["reasons"][0]["code"], task["occasion"]) == ("nobody-holds-the-right", "referral")
    assert isinstance((await world.history(UUID(task["id"])))[0], NoticeUnaddressed)

    await world.publish(streams.student(student), student, world.family.confirmed())

    notice = await world.reaches("to_post")
    owed = (await world.history(notice))[0]
    assert isinstance(owed, NoticeOwed)
    assert owed.kind is NoticeKind.PROCEDURAL_SAFEGUARDS
    assert isinstance((await world.history(UUID(task["id"])))[-1], NoticeLapsed)


async def test_a_disciplinary_change_brings_the_booklet_and_leaves_the_notice_s_words_to_a_person(world):
    await world.arrange()
    await tell(
        world,
        RemovalDecided(
            effective_on=DAY, student_id=world.family.student, removal_decision_id=new_id(),
            ground=RemovalGround.PATTERN, removal_ids=(), school_days=11, change_of_placement=True,
        ),
    )  # fmt: skip
    event = world.written[-1]
    answer = await world.get("/notify/v1/notices", student=world.family.student, after_event=event.id)

    by_kind = {each["kind"]: UUID(each["id"]) for each in answer.json()["items"]}

    await world.reaches("to_post", by_kind["procedural_safeguards"])
    await world.reaches("blocked", by_kind["prior_written_notice"])
    assert {each["due_on"] for each in answer.json()["items"]} == {DAY.isoformat()}


async def test_a_disciplinary_change_under_a_504_plan_is_told_by_the_form_of_section_504(world):
    await world.arrange(kind=PlanKind.SECTION_504)
    said = RemovalDecisionPersonalData(behavior="Hit twice.", total="11 days.")
    await tell(
        world,
        RemovalDecided(
            effective_on=DAY, student_id=world.family.student, removal_decision_id=new_id(), personal=said,
            ground=RemovalGround.PATTERN, removal_ids=(), school_days=11, change_of_placement=True,
        ),
    )  # fmt: skip

    notice = await world.reaches("to_post")
    assert await world.notices() == [notice]
    owed = (await world.history(notice))[0]
    assert isinstance(owed, NoticeOwed)
    assert (owed.kind, owed.occasion) == (NoticeKind.SECTION_504_NOTICE, NoticeOccasion.PLACEMENT_CHANGED)


async def test_a_disciplinary_change_of_who_is_being_evaluated_under_idea_brings_the_booklet_the_same_day(
    world,
):
    """300.530(h), 300.534: a 504 plan alone does not make it Section 504's; a refusal to be evaluated does."""
    await world.arrange(kind=PlanKind.SECTION_504)
    moved = RemovalDecided(
        effective_on=DAY, student_id=world.family.student, removal_decision_id=new_id(),
        ground=RemovalGround.PATTERN, removal_ids=(), school_days=11, change_of_placement=True,
    )  # fmt: skip
    asked = referral(world)
    await tell(world, asked)
    event = await tell(world, moved)
    of_both = await owed_because_of(world, event)

    refused = EvaluationConsentAnswered(
        effective_on=DAY, student_id=world.family.student, evaluation_id=asked.evaluation_id,
        evaluation_consent_id=new_id(), holder_id=world.family.holder, counts=True, received_on=DAY,
        decision=ConsentDecision.REFUSED, method=ConsentMethod.PAPER_SIGNATURE,
    )  # fmt: skip
    await tell(world, refused)
    event = await tell(world, moved.model_copy(update={"removal_decision_id": new_id()}))

    assert of_both == {"prior_written_notice", "procedural_safeguards"}
    assert await owed_because_of(world, event) == {"section_504_notice"}


async def owed_because_of(world, event: UUID) -> set[str]:
    listed = await world.get("/notify/v1/notices", student=world.family.student, after_event=event)
    return {each["kind"] for each in listed.json()["items"] if each["caused_by"] == str(event)}


async def test_a_notice_by_hand_takes_the_place_of_the_one_that_waited_for_words(world):
    await world.arrange()
    declined = EvaluationDeclined(
        effective_on=DAY, student_id=world.family.student, evaluation_id=new_id(),
        personal=EvaluationDeclinedPersonalData(reason="No sign of a disability."),
    )  # fmt: skip
    event_id = await tell(world, declined)
    waiting = await world.reaches("blocked")

    body = {
        "student": str(world.family.student), "holder": str(world.family.holder), "caused_by": str(event_id),
        "action": "The district refuses to evaluate Mira.", "evaluations_used": "Classroom records.",
        "options_considered": "None.", "other_factors": "None.",
    }  # fmt: skip
    made = await world.post("/notify/v1/notices", body)

    assert made.status_code == 201, made.text
    await world.reaches("lapsed", waiting)
    rendered = [
        each for each in await world.history(UUID(made.json()["id"])) if isinstance(each, NoticeRendered)
    ]
    assert len(rendered[0].parts) == 7, "the reason was the decision's own"
    lapsed = (await world.history(waiting))[-1]
    assert isinstance(lapsed, NoticeLapsed)
    assert lapsed.replaced_by == UUID(made.json()["id"])


async def test_the_words_that_were_missing_can_be_said_of_the_notice_itself(world):
    await world.arrange()
    declined = EvaluationDeclined(
        effective_on=DAY, student_id=world.family.student, evaluation_id=new_id(),
        personal=EvaluationDeclinedPersonalData(reason="No sign of a disability."),
    )  # fmt: skip
    await tell(world, declined)
    waiting = await world.reaches("blocked")

    words = {
        "evaluations_used": "Classroom records.",
        "options_considered": "None.",
        "other_factors": "None.",
    }
    answer = await world.post(f"/notify/v1/notices/{waiting}/parts", words)

    assert answer.status_code == 200, answer.text
    await world.reaches("to_post", waiting)
    assert date.fromisoformat(answer.json()["owed_on"]) == DAY


async def test_a_proposal_to_evaluate_is_told_once_however_often_consent_is_asked_for(world):
    await world.arrange()
    evaluation = new_id()
    for _ in range(2):
        last = await tell(
            world,
            EvaluationConsentAsked(
                effective_on=DAY, student_id=world.family.student, evaluation_id=evaluation, consent_request_id=new_id(),
                holder_ids=(world.family.holder,), channel=Channel.LETTER,
            ),
        )  # fmt: skip
    answer = await world.get("/notify/v1/notices", student=world.family.student, after_event=last)

    assert [each["occasion"] for each in answer.json()["items"]] == ["evaluation_proposed"]


async def test_an_adoption_that_brings_the_words_of_its_notice_waits_for_nobody(world):
    await world.arrange()
    words = {
        "explanation": "She needs words for what she sees.", "evaluations_used": "The evaluation of November.",
        "options_considered": "Once a week was too little.", "other_factors": "None.",
    }  # fmt: skip
    family = world.family
    adopted = family.adopted().model_copy(
        update={"effective_on": DAY, "reported": None, "notice": NoticeWordsPersonalData(**words)}
    )
    await world.publish(streams.plan(family.plan), family.student, adopted)

    notice = await world.reaches("to_post")

    rendered = [each for each in await world.history(notice) if isinstance(each, NoticeRendered)]
    assert len(rendered[0].parts) == 7


async def test_what_an_adoption_leaves_unsaid_waits_for_a_person(world):
    await world.arrange()
    family = world.family
    some = NoticeWordsPersonalData(explanation="She needs words for what she sees.")
    adopted = family.adopted().model_copy(update={"effective_on": DAY, "reported": None, "notice": some})
    await world.publish(streams.plan(family.plan), family.student, adopted)

    notice = await world.reaches("blocked")
    waits = (await world.history(notice))[-1]
    assert isinstance(waits, NoticeBlocked)
    assert waits.parts_missing == (NoticePart.BASIS, NoticePart.OPTIONS, NoticePart.OTHER_FACTORS)
    answer = await world.post(
        f"/notify/v1/notices/{notice}/parts",
        {"evaluations_used": "The evaluation.", "options_considered": "None.", "other_factors": "None."},
    )
    assert answer.status_code == 200, answer.text


def refused_untold(student: UUID) -> DestructionRefused:
    return DestructionRefused(
        effective_on=DAY, destruction_id=new_id(), student_id=student, classes=("record",),
        ground="no_longer_needed", unmet=(Unmet(code="family-not-told"),),
    )  # fmt: skip


def asked_told(student: UUID, **told: Any) -> DestructionRequested:
    return DestructionRequested(
        effective_on=DAY, destruction_id=new_id(), student_id=student, classes=("record",), schedule="district-7y",
        ground="no_longer_needed", told=FamilyTold(told_on=DAY, **told),
    )  # fmt: skip


async def of_record(world, event: DestructionRefused | DestructionRequested) -> UUID:
    """Under the district's own subject: it outlives the student's contents."""
    stream = f"destruction/{event.destruction_id}"
    return (await world.append(world.audit, stream, an_id("district"), event)).events[-1].id


async def nobody_yet(world, monkeypatch) -> UUID:
    from notify_service.testing_notices import Family

    monkeypatch.setattr(consumer, "PATIENCE_SECONDS", 1.0)  # Nobody comes.
    world.family = Family(holder=new_id(), student=new_id())
    student = world.family.student
    await world.publish(streams.district(), new_id(), world.family.profile())
    await world.publish(streams.student(student), student, world.family.registered())
    await world.taken_in()
    return student


async def task_of(world, student: UUID, after: UUID) -> UUID:
    answer = await world.get("/notify/v1/tasks", student=student, after_event=after)
    (task,) = answer.json()["items"]
    assert task["reasons"][0]["code"] == "nobody-holds-the-right"
    return UUID(task["id"])


async def test_a_refused_destruction_that_nobody_could_be_told_of_is_told_to_who_is_confirmed_later(
    world, monkeypatch
):
    student = await nobody_yet(world, monkeypatch)
    task = await task_of(world, student, await of_record(world, refused_untold(student)))

    await world.publish(streams.student(student), student, world.family.confirmed())

    notice = await world.reaches("to_post")
    owed = (await world.history(notice))[0]
    assert isinstance(owed, NoticeOwed)
    assert owed.occasion is NoticeOccasion.RECORDS_NO_LONGER_NEEDED
    assert isinstance((await world.history(task))[-1], NoticeLapsed)


async def test_who_was_told_of_the_destruction_otherwise_gets_no_letter_of_an_old_refusal(world, monkeypatch):
    student = await nobody_yet(world, monkeypatch)
    task = await task_of(world, student, await of_record(world, refused_untold(student)))
    asked = await of_record(world, asked_told(student, channel="letter"))
    answer = await world.get("/notify/v1/tasks", student=student, after_event=asked)
    assert answer.json()["items"] == []
    assert isinstance((await world.history(task))[-1], NoticeLapsed)

    await world.publish(streams.student(student), student, world.family.confirmed())
    await world.taken_in()
    assert await world.notices() == []


async def test_once_the_contents_are_destroyed_nobody_is_looked_for_any_more(world, monkeypatch):
    student = await nobody_yet(world, monkeypatch)
    await task_of(world, student, await of_record(world, refused_untold(student)))
    erasure = Erasure(world.tenant, new_id(), student, frozenset(EventClass), DAY)
    async with world.notify.database.begin(world.tenant) as rows:
        await lapse_destroyed(erasure, await driver(rows))

    assert (await world.get("/notify/v1/tasks", student=student)).json()["items"] == []


async def test_a_letter_of_destruction_that_has_not_left_need_not_once_the_family_was_told_otherwise(world):
    await world.arrange()
    await world.taken_in()
    student = world.family.student
    await of_record(world, refused_untold(student))
    notice = await world.reaches("to_post")

    await of_record(world, asked_told(student, notice_id=new_id()))
    await of_record(world, asked_told(student, channel="handed_over"))

    await world.reaches("lapsed", notice)
    (lapsed,) = [each for each in await world.history(notice) if isinstance(each, NoticeLapsed)]
    assert lapsed.reason is NoticeLapse.GIVEN_BY_ANOTHER


async def test_a_destruction_refused_because_nobody_was_told_tells_the_family_once(world):
    await world.arrange()
    await world.taken_in()
    for _ in range(2):
        await of_record(world, refused_untold(world.family.student))

    notice = await world.reaches("to_post")

    assert await world.notices() == [notice], "asked again, it is not told again"
    owed = (await world.history(notice))[0]
    assert (owed.kind, owed.occasion) == (
        NoticeKind.DESTRUCTION_NOTICE,
        NoticeOccasion.RECORDS_NO_LONGER_NEEDED,
    )


async def test_a_refusal_that_comes_before_its_student_waits_for_the_people(world):
    student = world.family.student
    await of_record(world, refused_untold(student))
    await asyncio.sleep(0.5)

    await world.arrange(student=student)

    await world.reaches("to_post")
