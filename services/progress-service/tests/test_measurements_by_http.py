"""Measurements and the progress of goals by HTTP: the goal of 20, 40, 60 objects."""

from datetime import date
from typing import Any

import pytest
import pytest_asyncio
from defusedxml import ElementTree

from contracts.ids import new_id
from progress_service.testing_promises import (
    GOAL,
    PLAN,
    SPEECH,
    STEPS,
    STUDENT,
    adopted,
    amended,
    goal,
    item,
    opened,
    steps,
)
from runtime.testing_http import no_row_differs

pytestmark = pytest.mark.asyncio(loop_scope="module")
URL = "/progress/v1/measurements"
RESULT: dict[str, Any] = {
    "plan": str(PLAN), "item": str(STEPS[0]), "measured_on": "2025-12-19", "value": "21", "unit": "objects",
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module")
async def same_by_a_replay(world):
    """P12 after the test."""
    yield
    await no_row_differs(world.app)


@pytest_asyncio.fixture(loop_scope="module")
async def lakeside(world):
    await world.publish(f"plan/{PLAN}", STUDENT, opened(), adopted())
    await world.arrived()
    return world


async def measure(world: Any, step: int, day: str, value: str) -> dict[str, Any]:
    body = RESULT | {"item": str(STEPS[step]), "measured_on": day, "value": value}
    answer = await world.post(URL, body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def progress(world: Any, item: object = GOAL, **asked: Any) -> dict[str, Any]:
    answer = await world.get(f"/progress/v1/items/{item}/progress", **asked)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_result_that_reaches_its_target_is_recorded_and_masters_the_objective(lakeside) -> None:
    below = await measure(lakeside, 0, "2025-12-12", "14")
    reached = await measure(lakeside, 0, "2025-12-19", "21")

    assert "masters" not in below
    assert reached["masters"] is True
    assert (await lakeside.get(f"{URL}/{reached['id']}")).json() == reached
    assert (await progress(lakeside, STEPS[0]))["mastered_by"] == reached["id"]
    listed = (await lakeside.get(URL, item=STEPS[0])).json()["items"]
    assert {each["id"] for each in listed} == {below["id"], reached["id"]}


async def test_a_number_is_taken_as_it_is_written(lakeside) -> None:
    answer = await lakeside.post(URL, RESULT | {"value": 12.5})

    assert answer.json()["value"] == "12.5"


async def test_what_shows_a_result_is_named_with_it(lakeside) -> None:
    sample = str(new_id())
    made = await lakeside.post(URL, RESULT | {"documents": [sample]})
    none = await lakeside.post(URL, RESULT | {"documents": []})

    assert (made.status_code, none.status_code) == (201, 422)
    assert made.json()["documents"] == [sample]
    assert (await lakeside.get(f"{URL}/{made.json()['id']}")).json() == made.json()


@pytest.mark.usefixtures("same_by_a_replay")
async def test_a_result_in_another_unit_is_refused_and_can_be_reported(lakeside) -> None:
    percent = RESULT | {"unit": "percent"}
    report = {"source": "paper", "reason": "on paper", "occurred_on": "2025-12-19"}

    refused = await lakeside.post(URL, percent)
    reported = await lakeside.post(URL, percent | {"reported": report})

    assert (refused.status_code, refused.json()["code"]) == (409, "measurement-not-expected")
    assert refused.json()["errors"][0]["code"] == "other-unit"
    assert reported.status_code == 201
    assert len((await progress(lakeside, STEPS[0]))["left_out"]) == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"value": "many"}, 422, "invalid"),
        ({"value": "1" * 13}, 422, "invalid"),
        ({"unit": ""}, 422, "invalid"),
        ({"measured_on": "2999-01-01"}, 422, "cannot-be-true"),
        ({"measured_on": "9999-12-31"}, 422, "cannot-be-true"),
        ({"measured_on": "0001-01-01"}, 409, "measurement-not-expected"),
        ({"item": str(SPEECH)}, 422, "cannot-be-true"),
        ({"plan": str(new_id())}, 404, "not-found"),
        ({"measured_on": "2025-12-01"}, 409, "measurement-not-expected"),
    ],
)
async def test_what_cannot_be_measured_is_refused(lakeside, change, status, code) -> None:
    answer = await lakeside.post(URL, RESULT | change)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_the_same_external_id_answers_with_the_first(lakeside) -> None:
    body = RESULT | {"external_id": "northwind:r1"}
    first = await lakeside.post(URL, body)

    assert (await lakeside.post(URL, body)).json() == first.json()
    assert (await lakeside.post(URL, body | {"value": "3"})).json()["code"] == "external-id-taken"


@pytest.mark.usefixtures("same_by_a_replay")
async def test_a_voided_result_masters_nothing_and_another_takes_its_place(lakeside) -> None:
    wrong = await measure(lakeside, 0, "2025-12-12", "25")
    await measure(lakeside, 0, "2025-12-19", "22")

    voided = await lakeside.post(f"{URL}/{wrong['id']}/void", {"reason": "Another student's."})

    assert voided.status_code == 200, voided.text
    assert voided.json()["voided"] == {"reason": "Another student's."}
    told = await progress(lakeside, STEPS[0])
    assert [point["value"] for point in told["points"]] == ["22"]
    assert told["mastered_by"] == told["points"][0]["measurement"]


async def test_nothing_is_mastered_by_a_run_of_which_a_result_was_voided(lakeside) -> None:
    twice = item(
        "objective", STEPS[0], goal=str(GOAL), target="20", unit="objects", results_needed=2, due_on="2025-12-31"
    )  # fmt: skip
    await lakeside.publish(f"plan/{PLAN}", STUDENT, amended(twice, on=date(2025, 12, 10)))
    await lakeside.arrived()
    first = await measure(lakeside, 0, "2025-12-12", "25")
    second = await measure(lakeside, 0, "2025-12-19", "22")
    assert "mastered_by" in await progress(lakeside, STEPS[0])
    assert (await masters(lakeside, second)) == [True, True]

    await lakeside.post(f"{URL}/{first['id']}/void", {"reason": "Another student's."})

    told = await progress(lakeside, STEPS[0])
    assert "mastered_by" not in told
    assert [step["status"] for step in told["steps"]] == ["behind"]
    assert (await masters(lakeside, second)) == [None, None]


async def masters(world: Any, result: dict[str, Any]) -> list[bool | None]:
    """What the measurement itself and its place in the list say of it."""
    alone = (await world.get(f"{URL}/{result['id']}")).json()
    listed = (await world.get(URL, item=result["item"])).json()["items"]
    return [alone.get("masters"), *(each.get("masters") for each in listed if each["id"] == result["id"])]


@pytest.mark.usefixtures("same_by_a_replay")
async def test_the_goal_of_20_40_60_objects_stands_after_each_date_as_it_was(lakeside) -> None:
    await measure(lakeside, 0, "2025-12-19", "21")
    await measure(lakeside, 1, "2026-03-12", "38")
    await measure(lakeside, 2, "2026-06-12", "71")

    told = await progress(lakeside, on="2026-06-15")

    assert [step["status"] for step in told["steps"]] == ["on_track", "behind", "ahead"]
    assert [step["target"] for step in told["steps"]] == ["20", "40", "60"]
    assert (told["status"], told["picture"]["enough_points"]) == ("ahead", True)
    assert "By 15 March 2026: 40 objects asked for, 38 measured on 12 March 2026: behind." in told["in_words"]
    at_new_year = await progress(lakeside, on="2025-12-31")
    assert [step["status"] for step in at_new_year["steps"]] == ["on_track", "upcoming", "upcoming"]
    assert at_new_year["picture"] == {
        "enough_points": False, "points": 1, "points_needed": 3,
        "says": "No picture yet: 3 results are needed, there is 1.",
    }  # fmt: skip


async def test_the_goal_of_20_40_60_objects_is_drawn_with_its_trend_and_said_in_words(lakeside) -> None:
    few = await lakeside.get(f"/progress/v1/items/{GOAL}/progress.svg", on="2025-12-31")
    assert (few.status_code, few.headers["content-type"]) == (200, "image/svg+xml")
    assert "#b35900" not in few.text, "there is no trend without results"
    await measure(lakeside, 0, "2025-12-19", "21")
    await measure(lakeside, 1, "2026-03-12", "38")
    await measure(lakeside, 2, "2026-06-12", "71")

    drawn = await lakeside.get(f"/progress/v1/items/{GOAL}/progress.svg", on="2026-06-15")
    again = await lakeside.get(f"/progress/v1/items/{GOAL}/progress.svg", on="2026-06-15")

    root = ElementTree.fromstring(drawn.content)
    told = await progress(lakeside, on="2026-06-15")
    assert root.get("aria-label") == told["in_words"]
    assert "#b35900" in drawn.text
    assert drawn.content == again.content
    # Theil-Sen through (0, 21), (83, 38), (175, 71): slopes 17/83, 2/7, 33/92, so 2/7 a day; heights 21, 14.29, 21, so 21;
    # 178 days on: 21 + 178 * 2/7.
    assert told["forecast"] == "71.86"


async def test_progress_reads_the_plan_as_it_was_known_and_in_force(lakeside) -> None:
    await measure(lakeside, 0, "2025-12-19", "21")
    before = await progress(lakeside, on="2026-06-15")
    lower = [each.model_copy(update={"target": each.target / 2}) for each in steps()]
    await lakeside.publish(f"plan/{PLAN}", STUDENT, amended(goal(target="30"), *lower, on=date(2026, 1, 12)))
    await lakeside.arrived()

    after = await progress(lakeside, on="2026-06-15")
    again = await progress(lakeside, on="2026-06-15", basis=before["basis_text"])

    assert [step["target"] for step in after["steps"]] == ["10", "20", "30"]
    assert again == before


async def test_progress_of_a_service_or_of_nothing_is_refused(lakeside) -> None:
    of_service = await lakeside.get(f"/progress/v1/items/{SPEECH}/progress")
    of_nothing = await lakeside.get(f"/progress/v1/items/{new_id()}/progress")
    unknown_then = await lakeside.get(f"/progress/v1/items/{GOAL}/progress", known_at="2020-01-01")

    assert (of_service.status_code, of_nothing.status_code, unknown_then.status_code) == (422, 404, 404)
