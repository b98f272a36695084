"""What waits at the end of a week, when the story of the sample district is told a second time."""

from datetime import date
from types import SimpleNamespace
from typing import Any

from handrail.sample.waiting import seen_to

TUESDAYS = [date(2025, 9, 2), date(2025, 9, 9), date(2025, 9, 16)]
NOTICE = {"id": "n1", "student": "s1", "status": "to_post", "channel": "letter", "reasons": [],
          "owed_on": "2025-09-08"}  # fmt: skip


class District:
    """One notice waits, and the clock stands where the story was interrupted."""

    def __init__(self, clock: date) -> None:
        self.clock = clock
        self.client = self
        self.waiting: list[dict[str, Any]] = [NOTICE]
        self.posted: list[tuple[date, dict[str, Any]]] = []

    def today(self) -> date:
        return self.clock

    def get(self, path: str, **asked: object) -> dict[str, Any]:
        return {"items": []}

    def every(self, path: str, **asked: object) -> list[dict[str, Any]]:
        return self.waiting

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str) -> dict[str, Any]:
        if body is not None:
            self.waiting = []
            self.posted.append((self.clock, body))
        return {"id": "b1", "letters": [{"notices": ["n1"]}]}


def told_from_the_start(district: District) -> None:
    scene: Any = SimpleNamespace(name="letters", day=date.min, by=lambda who: district)
    world: Any = SimpleNamespace(held=[], ends_of_weeks=TUESDAYS)
    for day in seen_to(scene, world):
        district.clock = max(district.clock, day)
        scene.day = day


def test_told_again_a_letter_of_a_later_week_is_not_posted_in_the_first():
    district = District(clock=TUESDAYS[1])

    told_from_the_start(district)

    assert [on for on, _ in district.posted] == [TUESDAYS[1]]
    assert [body["on"] for _, body in district.posted] == [str(TUESDAYS[1])], (
        "the district's day, not the story's"
    )


def test_told_after_the_story_is_over_nothing_is_posted_any_more():
    district = District(clock=date(2025, 10, 1))

    told_from_the_start(district)

    assert district.posted == []
