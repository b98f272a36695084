"""What the sample district's plans say, without a server: lawful, of every kind, and always the same from the seed."""

import zipfile
from datetime import date
from io import BytesIO

import pytest

from contracts.items import ITEM_CLASSES, parse_item
from contracts.vocabulary import PlanKind
from handrail.plan_items import Items
from handrail.sample import roster_files
from handrail.sample.calendar import school_year
from handrail.sample.needs import LIMITS, NEEDS
from handrail.sample.people import children
from handrail.sample.plan_texts import iep_items, section_504_items
from handrail.sample.roster import STUDENTS
from handrail.sample.telling import Scene
from handrail.sample.world import BEGINS, SEED, ZONE
from plan_service.adapters.rosters.oneroster import read_oneroster
from plan_service.adapters.rosters.records import Refusal, RosterStudent
from plan_service.domain.completeness import missing

START, ENDS = date(2025, 9, 9), date(2026, 6, 12)
GRADES = range(13)


def scene() -> Scene:
    return Scene("a test", {}, SEED, ZONE)


def every_iep() -> list[list[dict[str, object]]]:
    told = scene()
    return [
        iep_items(told.items, told.chance, need, grade, START, ENDS, english=grade % 2 == 0)
        for need in NEEDS
        for grade in GRADES
    ]


def test_every_iep_is_complete():
    for items in every_iep():
        assert missing(PlanKind.IEP, [parse_item(item) for item in items]) == []


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.activity)
def test_every_section_504_plan_is_complete(limit):
    items = section_504_items(Items(scene().chance), limit, START)

    assert missing(PlanKind.SECTION_504, [parse_item(item) for item in items]) == []


def test_together_they_have_items_of_every_kind():
    told = scene()
    plans = [*every_iep(), *(section_504_items(told.items, limit, START) for limit in LIMITS)]

    assert {item["kind"] for items in plans for item in items} == set(ITEM_CLASSES)


def test_no_two_areas_of_need_read_the_same():
    said = [
        item["statement"] for items in every_iep()[:: len(GRADES)] for item in items if item["kind"] == "goal"
    ]

    assert len(said) == len(set(said)) == len(NEEDS)


def test_the_same_seed_says_the_same_and_gives_the_same_ids():
    assert every_iep() == every_iep()
    assert children(SEED, STUDENTS, BEGINS) == children(SEED, STUDENTS, BEGINS)


def test_the_roster_is_one_that_is_taken_whole_and_the_same_bytes_each_time(tmp_path):
    roster = children(SEED, STUDENTS, BEGINS)
    content = roster_files.packed(roster, school_year(BEGINS).first)
    file = tmp_path / "roster.zip"
    file.write_bytes(content)

    read = list(read_oneroster(file, today=date(2025, 8, 4)))

    assert [entry for entry in read if isinstance(entry, Refusal)] == []
    assert sum(isinstance(getattr(entry, "record", entry), RosterStudent) for entry in read) == STUDENTS
    assert content == roster_files.packed(roster, school_year(BEGINS).first)
    assert zipfile.ZipFile(BytesIO(content)).testzip() is None
