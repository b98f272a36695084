"""Lanes, ids, streams, codes and refusals: names and numbers that are for ever."""

import json
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from contracts import codes, problems, streams
from contracts.catalogue import RETIRED_PROBLEM_CODES
from contracts.ids import new_event_id, new_id
from contracts.lanes import LANES, lane_of, record_key
from contracts.problems import Problem, Reason, Rejected, VersionConflict
from contracts.vocabulary import PlanKind

STUDENT = UUID("6d6f4ff5-5c7b-4d5c-9f0a-2b0f3f7f5a11")


@pytest.mark.parametrize(
    ("tenant", "subject", "lane"),
    [
        ("sandbox-sample", STUDENT, 55),
        ("harborview", STUDENT, 34),
        ("harborview", UUID(int=0), 18),
    ],
)
def test_a_lane_never_moves(tenant: str, subject: UUID, lane: int) -> None:
    # printf %s TENANT/SUBJECT | sha256sum, the first four digits modulo 60
    assert lane_of(tenant, subject) == lane


def test_lanes_are_shared_out_evenly() -> None:
    counts = [0] * LANES
    for number in range(6000):
        counts[lane_of("harborview", UUID(int=number))] += 1

    assert min(counts) > 50


def test_the_key_of_a_record_is_tenant_and_subject() -> None:
    assert record_key("harborview", STUDENT) == f"harborview/{STUDENT}"


def test_event_ids_are_ordered_by_time_and_others_tell_nothing() -> None:
    ids = [new_event_id() for _ in range(100)]

    assert ids == sorted(ids)
    assert {id_.version for id_ in ids} == {7}
    assert new_id().version == 4


@pytest.mark.parametrize(
    ("day", "year"),
    [(date(2025, 7, 1), "2025-2026"), (date(2026, 6, 30), "2025-2026"), (date(2026, 1, 5), "2025-2026")],
)
def test_a_school_year_turns_in_july(day: date, year: str) -> None:
    assert streams.school_year(day) == year
    assert streams.item(STUDENT, day) == f"item/{STUDENT}/{year}"


def test_streams_are_named_by_what_they_hold() -> None:
    assert streams.plan(STUDENT) == f"plan/{STUDENT}"
    assert streams.access(STUDENT, date(2026, 3, 9)) == f"access/{STUDENT}/2026-03-09"
    assert streams.district() == "district"


def test_every_code_of_an_open_list_is_a_code_with_a_label() -> None:
    for listed in codes.CODE_LISTS.values():
        assert listed.source
        for code, label in listed.labels.items():
            assert code == code.lower().replace(" ", "_")
            assert label.strip() == label != ""


PUBLISHED = Path(__file__).with_name("published_codes.json")


def test_a_published_code_stays_and_a_new_one_comes_with_a_new_version_of_its_list() -> None:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    now = {
        name: {"version": listed.version, "codes": list(listed.labels)}
        for name, listed in codes.CODE_LISTS.items()
    }
    for name, before in published.items():
        gone = set(before["codes"]) - set(now[name]["codes"])
        assert not gone, f"{name}: a code never goes"
        more = set(now[name]["codes"]) - set(before["codes"])
        assert not more or now[name]["version"] != before["version"], f"{name}: raise its version"
    assert now == published, f"a list has grown: write {PUBLISHED.name} anew"


def test_a_code_the_list_does_not_know_is_shown_in_words() -> None:
    assert codes.label("service", "speech_language_therapy") == "speech-language therapy"
    assert codes.label("service", "music_therapy") == "music therapy"
    assert codes.label("no_such_list", "some_code") == "some code"


def test_a_504_plan_is_written_as_the_field_writes_it() -> None:
    assert PlanKind("504") is PlanKind.SECTION_504


def test_a_refusal_has_a_code_of_its_own_and_facts() -> None:
    class NoticeMissing(Rejected):
        code = "notice-missing"

    refused = NoticeMissing(
        "A change to this plan needs a notice.",
        reasons=(Reason("notice-missing", "no notice was given", citation="34 CFR 300.503(a)"),),
        earliest=date(2026, 3, 9),
    )

    assert (refused.code, refused.facts) == ("notice-missing", {"earliest": date(2026, 3, 9)})
    assert str(refused) == "A change to this plan needs a notice."


def test_a_conflict_says_how_to_go_on() -> None:
    conflict = VersionConflict("plan/1", expected=3, actual=5)

    assert conflict.facts == {"expected": 3, "actual": 5}
    assert "Read it again" in conflict.message


def test_codes_of_refusals_are_unique_and_none_is_retired() -> None:
    family = [
        cls
        for cls in vars(problems).values()
        if isinstance(cls, type) and issubclass(cls, Problem) and cls is not Problem
    ]
    found = [cls.code for cls in family]

    assert len(set(found)) == len(found)
    assert RETIRED_PROBLEM_CODES.isdisjoint(found)
