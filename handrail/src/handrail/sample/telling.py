"""Telling many lives whose days go by together, in a district that has one clock.

A life is a function that does what was done and yields the day on which it goes on. All that happens on one day is told
at once, by several threads: that is several times as fast, because the services take in together what comes together.
Each life has its own chance and its own keys, so that it does the same whatever is told beside it; told again after an
interruption, it is answered as before for what was done, and goes on from there.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any, Concatenate, ParamSpec, TypeVar

from handrail.client import Handrail, Refused
from handrail.districts import move_clock
from handrail.plan_items import Items, Json
from handrail.stage import Stage
from runtime.roles import SERVICES

AT_ONCE = 24
HOUR = 16
"""The hour of every day at which its story is told: what was to be done that day has been done."""
TOO_LATE = frozenset({"effective-in-the-past", "meeting-in-the-past", "no-draft"})
"""Why a decision can only be reported now; where it was reported before, nothing is left to decide about."""
GONE = frozenset({404, 409})

Life = Iterator[date]
P = ParamSpec("P")
T = TypeVar("T")


class Scene:
    """What one life has of its own: connections, chance, ids, and the day it is."""

    def __init__(self, name: str, actors: dict[str, Handrail], seed: int, zone: str) -> None:
        self.name = name
        self.chance = Random(f"{seed} {name}")
        self.items = Items(self.chance)
        self.day = date.min
        self._actors = actors
        self._seed = seed
        self._zone = zone
        self._stages: dict[str, Stage] = {}

    def by(self, who: str = "operator") -> Stage:
        """What follows is done by a demo account, or by the operator."""
        if who not in self._stages:
            client = self._actors[who].telling(f"sample-{self._seed}-{self.name}")
            self._stages[who] = Stage(client, self._zone)
        return self._stages[who]

    def decide(
        self, by: Stage, path: str, body: Json, *, of: str | None = None, version: str | None = None
    ) -> Any:
        """A decision about ``of`` as it stands, or about a ``version``; told days too late, it is reported with its true day."""
        version = _version(by, of) if of else version
        try:
            return by.client.post(path, body, if_match=version)
        except Refused as refused:
            if not TOO_LATE.intersection(_codes(refused)):
                raise
            happened = {"source": "sample", "reason": "The making of the sample district was interrupted.",
                        "occurred_on": self.day.isoformat()}  # fmt: skip
            key = f"sample-{self._seed}-{self.name}-reported-{self.day}"
            return by.client.post(path, body | {"reported": happened}, if_match=version, key=key)

    def once(self, by: Stage, method: str, path: str, body: Json | None, *, of: str) -> None:
        """A request that carries no key. What cannot be done a second time, and was told before, is done."""
        try:
            by.client.request(method, path, json=body, if_match=by.client.etag(of))
        except Refused as refused:
            if not by.client.replayed or refused.status not in GONE:
                raise

    @property
    def news(self) -> list[str]:
        """The last event of each connection."""
        return [stage.client.last_event for stage in self._stages.values() if stage.client.last_event]


def _codes(refused: Refused) -> set[str]:
    return {str(said.get("code")) for said in (refused.problem, *refused.problem.get("errors", []))}


def _version(by: Stage, of: str) -> str:
    """What the request is about, as it stands; of what is no more (an adopted draft) none is needed, told again."""
    try:
        return by.client.etag(of)
    except Refused as refused:
        if not by.client.replayed or refused.status not in GONE:
            raise
        return '"0"'


@dataclass
class _Going:
    life: Life
    scene: Scene
    of: str
    day: date
    last: bool


@dataclass
class Telling:
    """The lives that are being told, and the day they have come to."""

    stage: Stage
    actors: dict[str, Handrail]
    seed: int
    zone: str
    today: date
    days: Sequence[date]
    """On which the story is told: what is to be done on another day is done on the next of these."""
    passed: Callable[[int, int], None]
    """How many days have passed, of how many."""
    _going: list[_Going] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._first = self.today

    def scene(self, name: str) -> Scene:
        """A scene by itself."""
        return Scene(name, self.actors, self.seed, self.zone)

    def begin(
        self, name: str, of: str, life: Callable[Concatenate[Scene, P], Life], *told: P.args, **more: P.kwargs
    ) -> None:
        """Tell a life too. ``of``: whose it is; what is of the same is told one after the other."""
        self._begin(of, life(scene := self.scene(name), *told, **more), scene, last=False)

    def at_the_end_of_the_day(
        self, name: str, life: Callable[Concatenate[Scene, P], Life], *told: P.args, **more: P.kwargs
    ) -> None:
        """Tell a life too that looks at what others have done that day: it goes on when they have, and notices are owed."""
        self._begin(name, life(scene := self.scene(name), *told, **more), scene, last=True)

    def _begin(self, of: str, life: Life, scene: Scene, *, last: bool) -> None:
        day = next(life, None)
        if day is not None:
            self._going.append(_Going(life, scene, of, self._told_on(day), last))

    def tell(self) -> None:
        """Until all are told."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            while self._going:
                day = max(self.today, min(going.day for going in self._going))
                self.to(day)
                self._told_together(threads, [going for going in self._going if not going.last])
                self.stage.settle("notify")
                self._told_together(threads, [going for going in self._going if going.last])
                # Before the clock goes on, every service has taken in the newest of it; who needs more than that waits.
                list(threads.map(self.stage.settle, SERVICES))

    def _told_together(self, threads: ThreadPoolExecutor, lives: list[_Going]) -> None:
        due: dict[str, list[_Going]] = defaultdict(list)
        for going in lives:
            if going.day <= self.today:
                due[going.of].append(going)
        for over in threads.map(self._go_on, due.values()):
            self._going = [going for going in self._going if going not in over]
        news = [event for together in due.values() for going in together for event in going.scene.news]
        self.stage.client.last_event = max(news, default=self.stage.client.last_event)

    def at_once(self, do: Callable[[T], None], each: Iterable[T]) -> None:
        """The same for each, several at a time."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(do, each))

    def to(self, day: date) -> None:
        """Move on to ``day``; a moment that is past already (a making taken up again) is passed over."""
        if day > self.today:
            self.today = day
            try:
                move_clock(self.stage.client, to=self.stage.at(day, HOUR))
            except Refused as refused:
                if refused.status != 409:
                    raise
            of = (self.days[-1] - self._first).days
            self.passed(min((day - self._first).days, of), of)

    def _go_on(self, together: list[_Going]) -> list[_Going]:
        over = []
        for going in together:
            going.scene.day = self.today
            day = next(going.life, None)
            if day is None:
                over.append(going)
            else:
                going.day = self._told_on(day)
        return over

    def _told_on(self, day: date) -> date:
        place = bisect_left(self.days, day)
        return self.days[place] if place < len(self.days) else day
