"""What is owed of what: each rule by its sentence."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts.discipline import RemovalDecided
from contracts.disputes import DisputeFiled
from contracts.district import SchoolYear
from contracts.evaluations import (
    EligibilityDetermined,
    EvaluationConsentAsked,
    EvaluationDeclined,
    EvaluationDeclinedPersonalData,
    IdeaDetermination,
    ReferralReceived,
    Section504Determination,
)
from contracts.event import Event
from contracts.meetings import MeetingScheduled
from contracts.plan import PlanAdopted, PlanEnded
from contracts.records import DestructionRefused
from contracts.requests import RequestAnswered
from contracts.rule_profile import Due
from contracts.students import HolderPersonalData, Rights, RightsHolderConfirmed
from contracts.testing import an_id
from contracts.values import Reported, Unmet
from contracts.vocabulary import (
    Channel,
    DisputeKind,
    DisputeParty,
    EvaluationKind,
    Law,
    MeetingPurpose,
    NoticeKind,
    NoticeOccasion,
    PlanEnd,
    PlanKind,
    RemovalGround,
    RequestKind,
    RequestOutcome,
    RightsGround,
)
from notify_service.domain.owing import Known, Times, booklet_of_year, owed_of
from notify_service.domain.together import leaves_at

DAY = date(2026, 3, 2)
STUDENT = an_id("student")
PWN, BOOKLET = NoticeKind.PRIOR_WRITTEN_NOTICE, NoticeKind.PROCEDURAL_SAFEGUARDS
REPORTED = Reported(source="Paper", reason="Before Handrail.", occurred_on=DAY)


def kinds(event: Event, known: Known | None = None) -> list[tuple[NoticeKind, NoticeOccasion]]:
    return [(each.kind, each.occasion) for each in owed_of(event, DAY, known or Known())]


def referral(**fields: object) -> ReferralReceived:
    told: dict[str, object] = {
        "effective_on": DAY, "student_id": STUDENT, "evaluation_id": an_id("evaluation"),
        "kind": EvaluationKind.INITIAL, "laws": (Law.IDEA,), "source": "teacher",
    }  # fmt: skip
    return ReferralReceived.model_validate(told | fields)


def complaint(kind: DisputeKind, by: DisputeParty = DisputeParty.FAMILY) -> DisputeFiled:
    return DisputeFiled(
        effective_on=DAY, student_id=STUDENT, dispute_id=an_id("dispute"), kind=kind, filed_by=by
    )


def ended(reason: PlanEnd, **fields: object) -> PlanEnded:
    told: dict[str, object] = {"effective_on": DAY, "plan_id": an_id("plan"), "reason": reason}
    return PlanEnded.model_validate(told | fields)


def removal(*, change: bool) -> RemovalDecided:
    return RemovalDecided(
        effective_on=DAY, student_id=STUDENT, removal_decision_id=an_id("removal"), ground=RemovalGround.PATTERN,
        removal_ids=(), school_days=11, change_of_placement=change,
    )  # fmt: skip


def test_the_booklet_is_owed_upon_an_initial_referral():
    assert kinds(referral()) == [(BOOKLET, NoticeOccasion.REFERRAL)]


def test_a_school_s_own_referral_for_a_reevaluation_owes_no_booklet_a_parent_s_does():
    assert kinds(referral(kind=EvaluationKind.REEVALUATION)) == []
    by_parent = referral(kind=EvaluationKind.REEVALUATION, holder_id=an_id("mother"), source="parent")
    assert kinds(by_parent) == [(BOOKLET, NoticeOccasion.REFERRAL)]


def test_a_referral_under_section_504_alone_owes_no_booklet_of_idea():
    assert kinds(referral(laws=(Law.SECTION_504,))) == []


def test_a_proposal_and_a_refusal_to_evaluate_owe_prior_written_notice():
    asked = EvaluationConsentAsked(
        effective_on=DAY, student_id=STUDENT, evaluation_id=an_id("evaluation"), consent_request_id=an_id("asked"),
        holder_ids=(an_id("mother"),), channel=Channel.LETTER,
    )  # fmt: skip
    declined = EvaluationDeclined(
        effective_on=DAY, student_id=STUDENT, evaluation_id=an_id("evaluation"),
        personal=EvaluationDeclinedPersonalData(reason="No sign of a disability."), notice_id=an_id("notice"),
    )  # fmt: skip

    assert kinds(asked) == [(PWN, NoticeOccasion.EVALUATION_PROPOSED)]
    assert kinds(asked, Known(laws=(Law.SECTION_504,))) == [
        (NoticeKind.SECTION_504_NOTICE, NoticeOccasion.EVALUATION_PROPOSED)
    ]
    (refused,) = owed_of(declined, DAY, Known())
    assert (refused.occasion, refused.said_by) == (NoticeOccasion.EVALUATION_REFUSED, (an_id("notice"),))


@pytest.mark.parametrize("eligible", [True, False])
def test_what_was_found_is_told_under_the_law_under_which_it_was_found(eligible):
    idea = IdeaDetermination(eligible=eligible, needs_special_education=eligible)
    s504 = Section504Determination(eligible=eligible)
    found = [
        EligibilityDetermined.model_validate(
            {
                "effective_on": DAY,
                "student_id": STUDENT,
                "eligibility_id": an_id("found"),
                "determination": each,
            }
        )
        for each in (idea, s504)
    ]

    assert kinds(found[0]) == [(PWN, NoticeOccasion.ELIGIBILITY_DETERMINED)]
    assert kinds(found[1]) == [(NoticeKind.SECTION_504_NOTICE, NoticeOccasion.ELIGIBILITY_DETERMINED)]


@pytest.mark.parametrize(
    ("kind", "by", "owed"),
    [
        (DisputeKind.STATE_COMPLAINT, DisputeParty.OTHER, [(BOOKLET, NoticeOccasion.STATE_COMPLAINT)]),
        (
            DisputeKind.DUE_PROCESS_COMPLAINT,
            DisputeParty.FAMILY,
            [(BOOKLET, NoticeOccasion.DUE_PROCESS_COMPLAINT)],
        ),
        (DisputeKind.DUE_PROCESS_COMPLAINT, DisputeParty.DISTRICT, []),
        (DisputeKind.MEDIATION, DisputeParty.FAMILY, []),
    ],
)
def test_the_booklet_is_owed_upon_the_first_complaint_of_its_kind_in_a_school_year(kind, by, owed):
    assert kinds(complaint(kind, by)) == owed
    assert kinds(complaint(kind, by), Known(first_of_year=False)) == []


def test_a_disciplinary_change_of_placement_owes_notice_and_booklet_on_the_day_of_the_decision():
    assert kinds(removal(change=False)) == []
    both = owed_of(removal(change=True), DAY, Known())
    assert [(each.kind, each.due_on) for each in both] == [(PWN, DAY), (BOOKLET, DAY)]


def test_a_disciplinary_change_of_who_has_a_504_plan_alone_owes_the_notice_of_section_504():
    assert kinds(removal(change=True), Known(laws=(Law.SECTION_504,))) == [
        (NoticeKind.SECTION_504_NOTICE, NoticeOccasion.PLACEMENT_CHANGED)
    ]


def test_a_revocation_is_told_before_the_services_stop():
    (told,) = owed_of(ended(PlanEnd.CONSENT_REVOKED), DAY, Known(Times(notice_days=10)))
    assert (told.occasion, told.due_on) == (NoticeOccasion.CONSENT_REVOKED, date(2026, 2, 20))
    assert kinds(ended(PlanEnd.TRANSFERRED)) == []


def test_the_end_of_a_504_plan_is_told_by_its_own_form():
    (told,) = owed_of(ended(PlanEnd.NO_LONGER_ELIGIBLE), DAY, Known(plan_kind=PlanKind.SECTION_504))
    assert told.kind is NoticeKind.SECTION_504_NOTICE


def test_a_first_plan_is_told_and_one_reported_from_before_is_not():
    plan = {"effective_on": DAY, "plan_id": an_id("plan"), "kind": PlanKind.IEP, "items": ()}
    assert kinds(PlanAdopted.model_validate(plan)) == [(PWN, NoticeOccasion.PLAN_ADOPTED)]
    assert kinds(PlanAdopted.model_validate(plan | {"reported": REPORTED})) == []


def test_parents_are_told_of_a_meeting_by_the_state_s_number_of_days_before():
    meeting = MeetingScheduled(
        effective_on=DAY, meeting_id=an_id("meeting"), student_id=STUDENT, purpose=MeetingPurpose.ANNUAL_REVIEW,
        starts_at=datetime(2026, 3, 20, 15, tzinfo=UTC),
    )  # fmt: skip
    (federal,) = owed_of(meeting, DAY, Known())
    (state,) = owed_of(meeting, DAY, Known(Times(meeting=Due(count=-10, kind="calendar"))))

    assert (federal.kind, federal.due_on) == (NoticeKind.MEETING_NOTICE, None)
    assert state.due_on == date(2026, 3, 10)


def test_the_transfer_of_rights_is_told_when_the_student_holds_them():
    confirmed = {
        "effective_on": DAY, "student_id": STUDENT, "holder_id": an_id("holder"), "rights": Rights(), "language": "en",
        "personal": HolderPersonalData(name="Jonas Feld"), "confirmed_by": "a-person",
    }  # fmt: skip
    adult = RightsHolderConfirmed.model_validate(confirmed | {"ground": RightsGround.ADULT_STUDENT})
    mother = RightsHolderConfirmed.model_validate(confirmed | {"ground": RightsGround.BIOLOGICAL_PARENT})

    assert kinds(adult) == [(NoticeKind.RIGHTS_TRANSFER, NoticeOccasion.RIGHTS_TRANSFERRED)]
    assert kinds(mother) == []


def test_a_refused_independent_evaluation_owes_notice_a_granted_one_does_not():
    answer = {"effective_on": DAY, "student_id": STUDENT, "request_id": an_id("request")}
    refused = RequestAnswered.model_validate(answer | {"outcome": RequestOutcome.REFUSED})
    granted = RequestAnswered.model_validate(answer | {"outcome": RequestOutcome.GRANTED})
    asked = Known(request=RequestKind.INDEPENDENT_EVALUATION)

    assert kinds(refused, asked) == [(PWN, NoticeOccasion.REQUEST_REFUSED)]
    assert kinds(granted, asked) == []
    assert kinds(refused, Known(request=RequestKind.RECORDS)) == []


def test_the_last_day_counts_school_days_where_the_state_does():
    year = SchoolYear(first_on=date(2025, 8, 25), last_on=date(2026, 6, 12))
    times = Times(notice_days=0, state=Due(count=-5, kind="school"), calendar=(year,))
    assert times.last_day_before(date(2026, 3, 9)) == date(2026, 3, 2)


def test_the_booklet_is_owed_once_a_school_year():
    begins, today = date(2026, 8, 24), date(2026, 9, 1)
    assert booklet_of_year(begins, [date(2026, 5, 20)], today) is not None
    assert booklet_of_year(begins, [date(2026, 8, 30)], today) is None
    assert booklet_of_year(begins, [], date(2026, 8, 1)) is None


@pytest.mark.parametrize(
    ("hour", "patience", "leaves"),
    [
        (9, timedelta(minutes=15), (24, 9, 15)),
        (23, timedelta(hours=2), (24, 23, 55)),
        (9, timedelta(0), (24, 9, 0)),
    ],
)
def test_waiting_for_further_changes_never_costs_a_day_of_notice(hour, patience, leaves):
    now = datetime(2026, 2, 24, hour, 0, tzinfo=ZoneInfo("America/Chicago"))

    at = leaves_at(now, patience)

    assert (at.day, at.hour, at.minute) == leaves


@pytest.mark.parametrize(
    ("unmet", "owed"),
    [
        (("family-not-told",), 1),
        (("family-not-told", "legal-hold"), 0),
        (("still-needed", "family-not-told"), 0),
    ],
)
def test_a_family_is_told_that_records_are_no_longer_needed_once_nothing_else_keeps_them(unmet, owed):
    refused = DestructionRefused(
        effective_on=date(2034, 7, 1), destruction_id=an_id("destruction"), student_id=an_id("student"),
        classes=("record",), ground="no_longer_needed", unmet=tuple(Unmet(code=code) for code in unmet),
    )  # fmt: skip

    kinds = [each.kind for each in owed_of(refused, date(2034, 7, 1), Known())]

    assert kinds == [NoticeKind.DESTRUCTION_NOTICE] * owed
