"""When a record may go out: the rules of 34 CFR 99.30 and 99.5, each alone."""

from datetime import date
from decimal import Decimal

import pytest

from audit_service.domain.disclosure import (
    Disclosure,
    RecordRights,
    ReleaseRequired,
    record_rights,
    release_for,
)
from audit_service.domain.goals_shown import goals_to_send
from audit_service.domain.packet_scope import (
    NothingToSend,
    of_kinds,
    plan_to_send,
    scope_of,
    withheld_because,
)
from audit_service.testing_facts import (
    FATHER,
    GOAL,
    JONAS,
    JONAS_AS_HOLDER,
    PLAN,
    SNACKS,
    adopted,
    amended,
    confirmed,
    draft_opened,
    goal_added,
    registered,
    release,
    rights_transferred,
    sorted_objects,
)
from contracts.items import Replace
from contracts.plan import AmendmentAdopted, PlanAdopted, PlanEnded
from contracts.plan_document import history_of
from contracts.students import ReleaseRevoked, RightsHolderEnded
from contracts.testing import Log, an_id
from contracts.vocabulary import ConsentMethod, PlanEnd, RecordKind, ReleasePurpose, RightsEnd, RightsGround

COLLEGE = "North College, Disability Office"
MAY_20 = date(2026, 5, 20)


def given(*events) -> RecordRights:
    log = Log()
    for event in (registered(), confirmed(), *events):
        log.append(event, stream=f"student/{JONAS}")
    return record_rights(log.entries)


def to_college(on: date = MAY_20, release: str | None = "release", recipient: str = COLLEGE,
               purpose: ReleasePurpose = ReleasePurpose.COLLEGE) -> Disclosure:  # fmt: skip
    return Disclosure(JONAS, an_id(release) if release else None, purpose, recipient, on)


def refused(disclosure: Disclosure, rights: RecordRights) -> list[str]:
    with pytest.raises(ReleaseRequired) as refusal:
        release_for(disclosure, rights)
    assert all(reason.citation for reason in refusal.value.reasons)
    return [reason.code for reason in refusal.value.reasons]


def test_a_release_signed_by_the_adult_student_lets_the_plan_go_to_the_college_it_names():
    rights = given(*rights_transferred(), release())

    assert release_for(to_college(), rights).release_id == an_id("release")


def test_nothing_goes_out_without_a_release():
    assert refused(to_college(release=None), given()) == ["no-release"]


def test_a_release_of_another_students_record_does_not_serve():
    assert refused(to_college(release="unknown"), given()) == ["release-unknown"]


def test_a_father_who_no_longer_holds_the_record_rights_cannot_release_the_record():
    rights = given(*rights_transferred(), release(holder=FATHER, on=date(2026, 3, 20)))

    assert refused(to_college(on=date(2026, 3, 25)), rights) == ["signer-held-no-record-rights"]


def test_a_release_signed_before_the_rights_passed_does_not_outlive_them():
    rights = given(release(holder=FATHER, on=date(2026, 1, 10)), *rights_transferred())

    assert release_for(to_college(on=date(2026, 2, 1)), rights).holder_id == FATHER
    assert refused(to_college(), rights) == ["signer-no-longer-holds"]


def test_from_eighteen_on_the_student_signs_even_where_nobody_recorded_the_transfer():
    rights = given(release(holder=FATHER, on=date(2026, 3, 20)))

    assert refused(to_college(), rights) == ["student-signs-from-eighteen"]


def test_the_student_of_eighteen_signs_by_their_own_id_though_nobody_confirmed_it():
    rights = given(release(holder=JONAS, on=date(2026, 3, 20)))

    assert release_for(to_college(), rights).holder_id == JONAS
    early = given(release(holder=JONAS, on=date(2026, 3, 2)))
    assert refused(to_college(), early) == ["signer-held-no-record-rights"]


def test_on_the_day_before_the_birthday_a_parent_still_signs():
    rights = given(release(holder=FATHER, on=date(2026, 3, 1)))

    assert release_for(to_college(on=date(2026, 3, 2)), rights)
    assert refused(to_college(on=date(2026, 3, 3)), rights) == ["student-signs-from-eighteen"]


def test_a_representative_appointed_for_an_adult_student_may_sign():
    rights = given(
        confirmed(
            an_id("representative"), "Ada Ruiz", RightsGround.APPOINTED_REPRESENTATIVE, date(2026, 3, 3)
        ),
        release(holder=an_id("representative")),
    )

    assert release_for(to_college(), rights)


def test_somebody_whose_rights_have_ended_cannot_release_the_record():
    ended = RightsHolderEnded(effective_on=date(2026, 4, 1), student_id=JONAS, holder_id=JONAS_AS_HOLDER,
                              reason=RightsEnd.COURT_ORDER, confirmed_by="x")  # fmt: skip

    assert refused(to_college(), given(*rights_transferred(), ended, release())) == [
        "signer-held-no-record-rights"
    ]


@pytest.mark.parametrize(
    ("fields", "asked", "why"),
    [
        ({"purpose": ReleasePurpose.SCHOOL}, {}, "purpose-not-covered"),
        ({}, {"recipient": "South College"}, "recipient-not-covered"),
        ({"method": ConsentMethod.ORAL}, {}, "release-not-signed"),
        ({"method": ConsentMethod.WRITTEN_MESSAGE}, {}, "release-not-signed"),
        ({"expires_on": date(2026, 5, 19)}, {}, "release-expired"),
        ({}, {"on": date(2026, 4, 12)}, "release-not-yet-signed"),
    ],
)
def test_a_release_serves_only_for_what_it_says(fields, asked, why):
    rights = given(*rights_transferred(), release(**fields))

    assert refused(to_college(**asked), rights) == [why]


def test_a_release_serves_on_its_last_day():
    assert release_for(to_college(), given(*rights_transferred(), release(expires_on=MAY_20)))


def test_a_revoked_release_serves_no_longer():
    revoked = ReleaseRevoked(effective_on=MAY_20, student_id=JONAS, release_id=an_id("release"))
    rights = given(*rights_transferred(), release(), revoked)

    assert refused(to_college(), rights) == ["release-revoked"]
    assert release_for(to_college(on=date(2026, 5, 19)), rights)


def test_every_reason_is_named_at_once():
    rights = given(release(holder=an_id("nobody"), purpose=ReleasePurpose.SCHOOL))

    assert refused(to_college(recipient="South College"), rights) == [
        "signer-held-no-record-rights", "purpose-not-covered", "recipient-not-covered",
    ]  # fmt: skip


def test_how_the_recipients_name_is_spaced_and_cased_does_not_matter():
    rights = given(*rights_transferred(), release())

    assert release_for(to_college(recipient="north college  disability office"), rights)


# --- What is in it ---


def plan(*events):
    log = Log()
    for event in (draft_opened(), adopted(), *events):
        log.append(event, stream=f"plan/{PLAN}")
    return log, history_of(log.entries)


def test_a_plan_that_ended_goes_out_as_it_was_on_its_last_day():
    ended = PlanEnded(effective_on=date(2026, 6, 12), plan_id=PLAN, reason=PlanEnd.GRADUATED)
    _, history = plan(ended)

    document = plan_to_send(history, date(2026, 8, 20))

    assert document.effective_on == date(2026, 6, 11)
    assert len(document.items) == 4


def test_a_plan_that_never_was_in_force_is_not_sent():
    log = Log()
    log.append(draft_opened(), stream=f"plan/{PLAN}")

    with pytest.raises(NothingToSend):
        plan_to_send(history_of(log.entries), MAY_20)


def test_what_the_release_does_not_name_stays_out_and_is_said():
    _, history = plan()

    scope = scope_of(plan_to_send(history, MAY_20), release(), {})

    assert scope.sends == (RecordKind.PLAN, RecordKind.ACCOMMODATIONS)
    assert {left.what for left in scope.left_out} == {
        RecordKind.EVALUATION_SUMMARY, RecordKind.PLAN_HISTORY, RecordKind.PROGRESS, RecordKind.SERVICE_RECORD,
        RecordKind.NOTICES,
    }  # fmt: skip
    assert all(left.reason for left in scope.left_out)


def test_a_release_of_the_accommodations_sends_no_other_item():
    _, history = plan()

    scope = scope_of(plan_to_send(history, MAY_20), release(records=(RecordKind.ACCOMMODATIONS,)), {})

    assert {entry.item.kind for entry in scope.document.items} == {"accommodation"}


def test_a_release_that_names_nothing_of_the_plan_sends_nothing():
    _, history = plan()
    with pytest.raises(NothingToSend):
        scope_of(plan_to_send(history, MAY_20), release(records=(RecordKind.NOTICES,)), {})
    with pytest.raises(NothingToSend):
        leave_out = {RecordKind.PLAN: "not wanted", RecordKind.ACCOMMODATIONS: "not wanted"}
        scope_of(plan_to_send(history, MAY_20), release(), leave_out)


def test_an_event_that_says_more_than_the_plan_as_sent_is_withheld():
    """The adoption still holds the text that the amendment replaced: that is history, which was not released."""
    log, history = plan(amended())
    document = plan_to_send(history, MAY_20)

    narrow = scope_of(document, release(), {})
    wide = scope_of(document, release(records=(RecordKind.WHOLE_RECORD,)), {})

    reasons = [withheld_because(entry.type, entry.stream, entry, narrow) for entry in log.entries]
    assert reasons == ["outside_release", "outside_release", None]
    assert [withheld_because(entry.type, entry.stream, entry, wide) for entry in log.entries] == [None] * 3
    assert narrow.document.item(SNACKS).item.what.startswith("May keep")


NOTICE = {"explanation": "The team agreed.", "options_considered": "None."}
REASON = {"individual_reason": "Nobody else in the school has this need."}


@pytest.mark.parametrize(
    ("words", "records", "why"),
    [
        ({"notice": NOTICE}, (RecordKind.PLAN,), "outside_release"),
        ({"notice": NOTICE}, (RecordKind.PLAN, RecordKind.NOTICES), None),
        ({"personal": REASON}, (RecordKind.PLAN, RecordKind.NOTICES), "outside_release"),
        ({"notice": NOTICE, "personal": REASON}, (RecordKind.PLAN, RecordKind.PLAN_HISTORY), None),
    ],
)
def test_an_adoption_with_words_beyond_the_plan_goes_out_only_where_they_are_released(words, records, why):
    log = Log()
    log.append(draft_opened(), stream=f"plan/{PLAN}")
    log.append(PlanAdopted.model_validate(dict(adopted()) | words), stream=f"plan/{PLAN}")
    scope = scope_of(plan_to_send(history_of(log.entries), MAY_20), release(records=records), {})

    entry = log.entries[-1]
    assert withheld_because(entry.type, entry.stream, entry, scope) == why
    assert len(scope.document.items) == 4, "the plan itself is sent"


def test_people_around_the_student_are_never_in_a_packet():
    _, history = plan()
    scope = scope_of(plan_to_send(history, MAY_20), release(records=(RecordKind.WHOLE_RECORD,)), {})
    log = Log()
    log.append(confirmed(), stream=f"student/{JONAS}")

    (entry,) = log.entries
    assert withheld_because(entry.type, entry.stream, entry, scope) == "other_person"


def plan_with_a_goal(*more) -> Log:
    """In force from 23 September; its goal, of 20 October, asked for less from 1 December on; three results."""
    log = Log()
    less = goal_added().changes[0].item.model_copy(update={"target": Decimal(50)})
    lowered = AmendmentAdopted(effective_on=date(2025, 12, 1), plan_id=PLAN, amendment_id=an_id("less"),
                               changes=(Replace(item=less),))  # fmt: skip
    for event in (draft_opened(), adopted(), goal_added(), lowered, *more):
        log.append(event, stream=f"plan/{PLAN}")
    for day, value in ((date(2025, 11, 14), 5), (date(2025, 12, 19), 12), (date(2026, 1, 12), 21)):
        log.append(sorted_objects(day, value), stream=f"item/{GOAL}/2025-2026")
    return log


def goals_sent(log: Log, *records: RecordKind):
    history = history_of(entry for entry in log.entries if entry.stream == f"plan/{PLAN}")
    scope = scope_of(plan_to_send(history, MAY_20), release(records=records), {})
    return goals_to_send(history, of_kinds(log.entries, scope), scope)


def test_a_goals_text_goes_out_with_the_plan_only_whatever_progress_is_released():
    assert goals_sent(plan_with_a_goal(), RecordKind.ACCOMMODATIONS, RecordKind.PROGRESS) == ()


def test_a_goals_picture_goes_out_with_the_progress_only():
    assert goals_sent(plan_with_a_goal(), RecordKind.PLAN) == ()


def test_when_a_goal_changed_goes_out_with_the_plans_history_only():
    (narrow,) = goals_sent(plan_with_a_goal(), RecordKind.PLAN, RecordKind.PROGRESS)
    (whole,) = goals_sent(plan_with_a_goal(), RecordKind.WHOLE_RECORD)

    assert len(narrow.points) == len(whole.points) == 3
    assert narrow.phases == ()
    assert whole.phases == ((date(2025, 12, 1), "goal changed"),)


def test_the_goals_of_a_plan_that_ended_go_out_as_they_stood_on_its_last_day():
    ended = PlanEnded(effective_on=date(2026, 1, 10), plan_id=PLAN, reason=PlanEnd.GRADUATED)

    (goal,) = goals_sent(plan_with_a_goal(ended), RecordKind.PLAN, RecordKind.PROGRESS)

    assert goal.on == date(2026, 1, 9)
    assert [str(point.value) for point in goal.points] == ["5", "12"]
