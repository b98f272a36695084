"""What waits for a person at the end of a week: the words that a notice lacks, letters to post. Some stay lying, as in life."""

import time
from collections.abc import Collection

from handrail.client import Refused
from handrail.plan_items import Json
from handrail.sample.notices import OF_ADOPTIONS, delivered, notice_words
from handrail.sample.plans import WRITTEN_TO
from handrail.sample.telling import Life, Scene
from handrail.sample.world import World
from handrail.stage import Stage

PATIENCE_SECONDS = 90.0
"""A slow machine: were the clock moved on sooner, what is under way would be late that is not late in life."""
LACKS_WORDS = "part-missing:"
NOTHING_TO_POST = 409
"""What waited a moment ago may not go any more."""
BY_HAND = {"mode-needs-a-person"}
WORDS: dict[str, tuple[str, str, str]] = {
    "plan_adopted": OF_ADOPTIONS,
    "eligibility_determined": (
        "The group looked at every source, and at what the law asks.",
        "The evaluation report, three lessons observed, the physician's letter.",
        "Deciding later, with one more test: it would say nothing new.",
    ),
    "placement_changed": (
        "The removals of this school year come to more than ten days.",
        "The removals on record, the teachers' accounts.",
        "Waiting for another occurrence: the pattern is plain.",
    ),
}
"""For `notice_words`, by a notice's occasion."""
OTHERWISE = (
    "It was decided from what the school knows of the student.",
    "The record of this school year.",
    "Leaving it as it is: that would not help.",
)


def seen_to(scene: Scene, world: World) -> Life:
    """Each week words are given to what waits for them, and the letters posted together; of a few students all stays lying."""
    lying = {held.student for held in world.held if held.number % 8 == 6 or held.number == WRITTEN_TO}
    by = scene.by("director")
    for day in world.ends_of_weeks:
        yield day
        if scene.day < by.today():  # Told again: seen to then, and what waits by now is of a later week.
            continue
        waiting = _waiting(by, lying)
        without_words = [
            notice for notice in waiting if any(code.startswith(LACKS_WORDS) for code in _codes(notice))
        ]
        for notice in without_words:
            _given_words(by, scene, notice)
        if without_words:
            waiting = _waiting(by, lying)
        for notice in waiting:
            if BY_HAND.intersection(_codes(notice)):
                _read_aloud(by, scene, notice)
        if any(notice["status"] == "to_post" for notice in waiting):
            _posted(by, scene, lying)


def _waiting(by: Stage, lying: Collection[str]) -> list[Json]:
    """Once no notice is in the making or under way any more: notify-service works by itself."""
    until, going = time.monotonic() + PATIENCE_SECONDS, {"status": "owed,sending", "limit": 1}
    while by.client.get("/notify/v1/notices", **going)["items"] and time.monotonic() < until:
        time.sleep(0.1)
    waiting = by.client.every("/notify/v1/notices", status="blocked,to_post")
    return [notice for notice in waiting if notice["student"] not in lying]


def _codes(notice: Json) -> list[str]:
    return [reason["code"] for reason in notice["reasons"]]


def _given_words(by: Stage, scene: Scene, notice: Json) -> None:
    words = notice_words(*WORDS.get(notice.get("occasion", ""), OTHERWISE))
    by.client.post(
        f"/notify/v1/notices/{notice['id']}/parts", words, key=f"{scene.name}-words-{notice['id']}"
    )


def _posted(by: Stage, scene: Scene, lying: set[str]) -> None:
    """Every letter that waits, in one batch, on this very day, as the district's clock has it."""
    try:
        batch = by.client.post("/notify/v1/batches", key=f"{scene.name}-batch-{scene.day}")
    except Refused as refused:
        if refused.status != NOTHING_TO_POST:
            raise
        return
    lies = {
        notice["id"]
        for notice in by.client.every("/notify/v1/notices", status="to_post")
        if notice["student"] in lying
    }
    left_out = [notice for letter in batch["letters"] for notice in letter["notices"] if notice in lies]
    posted = {"on": by.today().isoformat(), "carrier": "USPS, counter", "left_out": left_out}
    by.client.post(
        f"/notify/v1/batches/{batch['id']}/posting", posted, key=f"{scene.name}-posted-{scene.day}"
    )


def _read_aloud(by: Stage, scene: Scene, notice: Json) -> None:
    """That is how the family wants it."""
    by.client.post(
        f"/notify/v1/notices/{notice['id']}/deliveries",
        delivered(notice),
        key=f"{scene.name}-posted-{notice['id']}",
    )
