"""Findings about removals, manifestation and stay-put: each rule by its sentence."""

from typing import Any

from audit_service.testing_findings import IEP, MIRA, PLACE, History, day, plan_504
from contracts.discipline import (
    ManifestationDetermined,
    ManifestationFollowed,
    RemovalDecided,
    RemovalEnded,
    RemovalRecorded,
    RemovalServicesGiven,
)
from contracts.disputes import DisputeClosed, DisputeFiled, StayPutExcepted
from contracts.evaluations import GroupMember
from contracts.items import Placement
from contracts.meetings import HolderPerson, StaffPerson
from contracts.plan import AmendmentAdopted
from contracts.testing import an_id
from contracts.vocabulary import PlanKind

TIMES = (("4-20", "4-22"), ("5-4", "5-8"), ("5-18", "5-20"))
OF = {"student_id": MIRA}


def removed(history: History, *times: tuple[str, str]) -> History:
    for first, last in times:
        history.add(first, RemovalRecorded, removal_id=an_id(f"removal {first}"), setting="out_of_school", ends_on=day(last),
                    counts=True, **OF)  # fmt: skip
    return history


def decided(history: History, **more: Any) -> History:
    fields = {
        "ground": "pattern",
        "removal_ids": (an_id("removal 5-18"),),
        "school_days": 11,
        "change_of_placement": True,
    }
    return history.add("5-20", RemovalDecided, removal_decision_id=an_id("decision"), **OF, **(fields | more))


def reviewed(history: History, on: str = "6-2", law: str = "idea", **more: Any) -> History:
    members = (
        GroupMember(person=HolderPerson(holder_id=an_id("mother")), roles=("parent",)),
        GroupMember(person=StaffPerson(staff_id=an_id("principal")), roles=("agency_representative",)),
    )
    fields = {"by_disability": True, "by_failure": False, "members": members} | more
    return history.add(on, ManifestationDetermined, manifestation_id=an_id("m"), removal_decision_id=an_id("decision"), law=law,
                       **OF, **fields)  # fmt: skip


def in_spring() -> History:
    return removed(History().iep("12-9"), *TIMES)


def test_from_the_eleventh_day_of_removal_services_are_given() -> None:
    assert in_spring().find("idea.removal-services", "5-19") == [], "ten days"
    assert in_spring().one("idea.removal-services", "5-20") == (
        "due",
        "Day 11 of removal is today, 2026-05-20: services are owed.",
    )
    assert in_spring().one("idea.removal-services", "7-1") == ("missed", "Day 11, 2026-05-20: none.")
    given = in_spring().add("5-20", RemovalServicesGiven, removal_id=an_id("removal 5-18"), removal_services_id=an_id("s"),
                            ends_on=day("5-20"), services=(), **OF)  # fmt: skip
    assert given.one("idea.removal-services", "7-1")[0] == "met"


def test_a_student_who_is_back_sooner_was_removed_for_fewer_days() -> None:
    back = in_spring().add("5-20", RemovalEnded, removal_id=an_id("removal 5-18"), **OF)
    assert back.find("idea.removal-services", "7-1") == []


def test_removals_of_more_than_ten_days_are_decided_on_with_the_factors() -> None:
    assert in_spring().one("idea.removal-pattern", "5-22") == ("overdue", "11 days, no decision.")
    assert decided(in_spring()).one("idea.removal-pattern", "5-22")[0] == "unproven"
    factors = {"behavior": "Each time something was thrown.", "length": "Three to five days."}
    assert decided(in_spring(), personal=factors).one("idea.removal-pattern", "5-22")[0] == "met"


def test_the_manifestation_review_is_held_within_ten_school_days() -> None:
    assert decided(in_spring()).one("idea.manifestation", "6-1") == ("due", "Review due 2026-06-04.")
    assert decided(in_spring()).one("idea.manifestation", "6-5") == (
        "overdue",
        "Review due 2026-06-04, 1 days late.",
    )
    on_time = reviewed(decided(in_spring()))
    assert next(f for f in on_time.find("idea.manifestation", "7-1") if f.due_on).state.value == "met"
    late = reviewed(decided(in_spring()), "6-8")
    assert next(f for f in late.find("idea.manifestation", "7-1") if f.due_on).state.value == "met_late"


def test_a_manifestation_review_without_the_parent_is_unproven() -> None:
    alone = reviewed(decided(in_spring()), members=())
    assert alone.one("idea.manifestation", "7-1")[0] == "unproven"
    again = next(f for f in reviewed(alone, "6-10").find("idea.manifestation", "7-1") if f.due_on)
    assert (again.state.value, again.done_on) == ("met_late", day("6-10")), "held again with the parent"


def test_a_manifestation_is_followed_by_a_behavior_assessment_and_the_return() -> None:
    history = reviewed(decided(in_spring()))
    assert history.one("idea.manifestation", "7-1") == (
        "due", "Manifestation of 2026-06-02: no behavior assessment or plan, no return yet.",
    )  # fmt: skip
    for step in ("behavior_assessment_started", "returned"):
        history.add(
            "6-3",
            ManifestationFollowed,
            manifestation_id=an_id("m"),
            manifestation_step_id=an_id(step),
            step=step,
            **OF,
        )
    assert {f.state.value for f in history.find("idea.manifestation", "7-1")} == {"met"}


def test_a_section_504_group_reviews_before_day_eleven() -> None:
    def with_504() -> History:
        return removed(History().iep("12-9", *plan_504(day("12-9")), kind=PlanKind.SECTION_504), *TIMES)

    assert with_504().one("s504.manifestation", "5-22") == ("overdue", "Day 11, 2026-05-20, no review.")
    assert reviewed(with_504(), "5-19", "504").one("s504.manifestation", "5-22")[0] == "met"
    assert reviewed(with_504(), "5-28", "504").one("s504.manifestation", "6-1")[0] == "met_late"
    assert (
        reviewed(with_504(), "5-28", "504", current_drug_use=True).one("s504.manifestation", "6-1")[0]
        == "excused"
    )
    assert with_504().find("idea.removal-services", "7-1") == [], "of an IEP only"


def test_the_placement_stays_while_a_complaint_is_open() -> None:
    def moved(*, excepted: bool = False, closed: bool = False) -> tuple[str, str]:
        filed = {"dispute_id": an_id("dispute"), **OF}
        history = (
            History()
            .iep("12-9")
            .add("1-5", DisputeFiled, kind="due_process_complaint", filed_by="family", **filed)
        )
        if closed:
            history.add("2-1", DisputeClosed, outcome="agreed", **filed)
        if excepted:
            history.add(
                "2-1",
                StayPutExcepted,
                stay_put_exception_id=an_id("agreed"),
                ground="agreed",
                counts=True,
                **filed,
            )
        place = Placement(id=PLACE, setting="separate_school", percent_with_peers=0, explanation="Apart.")
        history.add(
            "2-9",
            AmendmentAdopted,
            plan_id=IEP,
            amendment_id=an_id("a"),
            changes=({"op": "replace", "item": place},),
        )
        return history.one("idea.stay-put", "3-1")

    assert moved() == ("missed", "Changed 2026-02-09 while pending.")
    assert moved(excepted=True)[0] == "excused"
    assert moved(closed=True)[0] == "met"
