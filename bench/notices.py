"""From an amendment that is accepted to its notice on record, in milliseconds, on the journal.

Ours: Handrail as a user starts it by `handrail run`; `bench.notices_kafka` has four processes on Apache Kafka. The clock
runs from the answer 201 to the proposal until notify-service lists the notice. It is asked again and again: what lies
between two questions, and what the questions cost, counts against us.
Floor: one row committed, heard of by the same transport, and another row committed.

Until the mail server has accepted its mail: p50 and p99, idle, and behind a backlog of notices that are all due at that moment,
twenty to a family (``HANDRAIL_BENCH_BACKLOG`` says how many; 10,000 for the long look). A mail waits for nothing here; in
operation it waits for further changes of the day as long as the district says (HANDRAIL_MAIL_PATIENCE_SECONDS).
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, ExitStack, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle, islice
from typing import Any
from uuid import UUID, uuid4

from bench import hops
from bench.ground import TENANT, Ground
from bench.measure import Row
from bench.processes import peak_of
from contracts.vocabulary import NoticeKind
from handrail import demo
from handrail.client import Handrail, Refused
from handrail.districts import open_district
from handrail.stage import Family, School, Stage
from notify_service.adapters.consumers.owing import notice_id_for
from tests.running import Instance, one_process

MOST_MILLISECONDS = 250
SANDBOX = f"sandbox-{TENANT}"
LOOK_SECONDS = 0.002
GIVE_UP_SECONDS = 30
WARM = 3
CLIENTS = 4
NOTICES_A_FAMILY = 20
GIVEN = ("given", "opened", "acknowledged")


async def bench(ground: Ground) -> list[Row]:
    """On the journal, all four services in one process."""
    return await measured(ground, "journal, one process", _one_process, hops.by_journal(ground))


def _one_process(stack: ExitStack) -> Instance:
    return stack.enter_context(one_process())


async def measured(
    ground: Ground, transport: str, start: Callable[[ExitStack], Instance], bare: AbstractAsyncContextManager[hops.Hop]
) -> list[Row]:  # fmt: skip
    """One amendment and one bare hop in turn, on what ``start`` starts; then one behind a backlog."""
    os.environ["HANDRAIL_MAIL_PATIENCE_SECONDS"] = "0"
    backlog = int(os.environ.get("HANDRAIL_BENCH_BACKLOG") or (20 if ground.quick else 500))
    amendments = 12 if ground.quick else 60
    recorded: list[float] = []
    mailed: list[float] = []
    floor: list[float] = []
    loop = asyncio.get_running_loop()
    # One thread for all of it: PostgreSQL ends with the thread that started it.
    with ThreadPoolExecutor(1) as thread, ExitStack() as stack:
        stack.callback(lambda: thread.submit(running.close).result())
        running = ExitStack()
        instance = await loop.run_in_executor(thread, start, running)
        scene = await loop.run_in_executor(thread, _scene, instance)
        async with bare as hop:
            for number in range(WARM + amendments):
                ours = await loop.run_in_executor(thread, scene.amended)
                seconds = await hop()
                if number >= WARM:
                    recorded.append(1000 * ours[0])
                    mailed.append(1000 * ours[1])
                    floor.append(1000 * seconds)
        behind, drained = await loop.run_in_executor(thread, scene.behind, backlog)
        peak = sum(peak_of(process.pid) for process in instance.processes)
    return [
        Row("notices", f"accepted to recorded, {transport}", "ms", recorded, "commit, transport, commit", floor,
            most=MOST_MILLISECONDS, facts={"slowest": round(max(recorded)), "peak MiB": peak}),
        Row("notices", f"accepted to mail accepted, {transport}, idle", "ms", mailed, "commit, transport, commit", floor,
            facts={"p99": round(_p99(mailed))}),
        Row("notices", f"accepted to mail accepted, {transport}, behind {backlog}", "ms", [1000 * behind],
            facts={"all of them, notices/s": round(backlog / drained, 1)}),
    ]  # fmt: skip


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, round(0.99 * len(values)))]


@dataclass
class Scene:
    """A plan in force, whose student's mother is told of every amendment by e-mail, in a school with other families."""

    stage: Stage
    school: School
    director: str
    family: Family
    plan: str
    item: dict[str, Any]
    today: date

    @property
    def client(self) -> Handrail:
        """Who asks and answers."""
        return self.stage.client

    def amended(self, at_most: float = GIVE_UP_SECONDS) -> tuple[float, float]:
        """Propose an amendment; seconds until its notice is recorded, and until the mail server has it."""
        at = f"/plan/v1/plans/{self.plan}"
        proposed = self.client.request(
            "POST", f"{at}/amendments", json=self._proposal(), if_match=self.client.etag(at)
        )
        notice = notice_id_for(
            UUID(proposed.headers["handrail-event"]),
            UUID(self.family.holder),
            NoticeKind.PRIOR_WRITTEN_NOTICE,
        )
        began = time.perf_counter()
        recorded = 0.0
        while time.perf_counter() - began < at_most:
            with suppress(Refused):
                status = self.client.get(f"/notify/v1/notices/{notice}")["status"]
                now = time.perf_counter() - began
                recorded = recorded or now
                if status in GIVEN:
                    return recorded, now
            time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"{notice} was not given within {at_most} s")

    def behind(self, backlog: int) -> tuple[float, float]:
        """Proposed while so many notices become due at once: seconds until its mail is accepted, and until all are.

        The second is counted from where the first notice may go.
        """
        others = self._how_many("blocked")
        with ThreadPoolExecutor(CLIENTS) as many:
            families = list(many.map(self._moved_here, range(max(1, backlog // NOTICES_A_FAMILY))))
            self.stage.settle()
            for family in families:
                self._prefers(family, {"mode": "sign_language"})  # Now each waits for a person ...
            for number, _ in enumerate(many.map(self._told, islice(cycle(families), backlog)), 1):
                if number % 1000 == 0:
                    print(f"{number} of {backlog} notices are owed", file=sys.stderr)
            while self._how_many("owed"):
                time.sleep(0.1)
            began = time.perf_counter()
            list(many.map(lambda family: self._prefers(family, {}), families))  # ... and now all may go.
        _, seconds = self.amended(at_most=GIVE_UP_SECONDS + backlog)
        while self._how_many("owed,sending,blocked") > others:
            time.sleep(0.1)
        return seconds, time.perf_counter() - began

    def _moved_here(self, number: int) -> Family:
        born = date(self.today.year - 9, 3, 1)
        student = self.stage.add_student(f"Child{number}", "Other", born, school=self.school, grade="grade_3")
        holder = self.stage.confirm_holder(
            student,
            f"Parent{number} Other",
            since=self.today,
            email=f"p{number}@family.example",
            confirmed_by=self.director,
        )
        return Family(student, holder)

    def _told(self, family: Family) -> None:
        body = {"kind": "prior_written_notice", "student": family.student, "holder": family.holder,
                "action": "The district proposes it.", "explanation": "It helps.", "evaluations_used": "The log.",
                "options_considered": "None.", "other_factors": "None.", "caused_by": str(uuid4())}  # fmt: skip
        self.client.post("/notify/v1/notices", body)

    def _prefers(self, family: Family, mode: dict[str, str]) -> None:
        at = f"/notify/v1/preferences/{family.holder}"
        elected = {"channels": ["email", "letter"], "electronic_notice_elected_on": self.today.isoformat()}
        set_ = {"student": family.student, "language": "es", **(mode or elected)}
        self.client.put(at, set_, if_match=self.client.etag(at) if not mode else None)

    def _how_many(self, status: str) -> int:
        """A page's worth of them at most."""
        return len(self.client.get("/notify/v1/notices", status=status, limit=100)["items"])

    def _proposal(self) -> dict[str, Any]:
        return {
            "basis": {"kind": "written_agreement", "agreed_on": self.today.isoformat(), "holder_ids": [self.family.holder]},
            "changes": [{"op": "replace", "item": self.item | {"minutes": 60}}],
            "effective_on": "earliest", "reason": "She is understood by few people outside her family.",
            "evaluations_used": "Speech sample of last week.", "options_considered": "Going on as before.",
            "other_factors": "None.",
        }  # fmt: skip


def _scene(instance: Instance) -> Scene:
    """As the demo sets it, in a district of the benchmark's own."""
    client = instance.client(SANDBOX)
    open_district(client, SANDBOX, name="Lakeside", time_zone="America/Chicago", profile="federal@2026-1")
    story = demo.Story(Stage(client), quiet=True)
    today = demo._next_school_day(story.stage.today() + timedelta(days=1))
    story.stage.advance_to(today)
    demo._profile(story, today)
    school, director, _ = demo._people(story, today)
    family = demo._iep_student(story, school, director, today)
    plan, items = demo._adopted(story, family, school, today)
    speech = next(item for item in items if item.get("service") == "speech_language_therapy")
    story.stage.settle()
    return Scene(story.stage, school, director, family, plan, speech, today)
