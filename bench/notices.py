"""From an amendment that is accepted to its notice on record, in milliseconds, on the journal.

Ours: Handrail as a user starts it by `handrail run`; `bench.notices_kafka` has four processes on Apache Kafka. The clock
runs from the answer 201 to the proposal until notify-service lists the notice. It is asked again and again: what lies
between two questions, and what the questions cost, counts against us.
Floor: one row committed, heard of by the same transport, and another row committed.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bench import hops
from bench.ground import TENANT, Ground
from bench.measure import Row
from bench.processes import peak_of
from handrail import demo
from handrail.client import Handrail
from handrail.districts import open_district
from handrail.stage import Stage
from tests.running import Instance, one_process

MOST_MILLISECONDS = 250
SANDBOX = f"sandbox-{TENANT}"
LOOK_SECONDS = 0.002
GIVE_UP_SECONDS = 30
WARM = 3
GIVEN = ("given", "opened", "acknowledged")


async def bench(ground: Ground) -> list[Row]:
    """On the journal, all four services in one process."""
    return [await measured(ground, "journal, one process", _one_process, hops.by_journal(ground))]


def _one_process(stack: ExitStack) -> Instance:
    return stack.enter_context(one_process())


async def measured(
    ground: Ground, transport: str, start: Callable[[ExitStack], Instance], bare: AbstractAsyncContextManager[hops.Hop]
) -> Row:  # fmt: skip
    """One amendment and one bare hop in turn, on what ``start`` starts."""
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
        peak = sum(peak_of(process.pid) for process in instance.processes)
    return Row(
        "notices", f"accepted to recorded, {transport}", "ms", recorded, "commit, transport, commit", floor,
        most=MOST_MILLISECONDS,
        facts={"slowest": round(max(recorded)), "until mailed": round(statistics.median(mailed)), "peak MiB": peak},
    )  # fmt: skip


@dataclass
class Scene:
    """A plan in force, whose student's mother is told of every amendment by e-mail."""

    client: Handrail
    student: str
    holder: str
    plan: str
    item: dict[str, Any]
    agreed_on: str

    def amended(self) -> tuple[float, float]:
        """Propose an amendment; seconds until its notice is recorded, and until the mail server has it."""
        at = f"/plan/v1/plans/{self.plan}"
        proposed = self.client.post(f"{at}/amendments", self._proposal(), if_match=self.client.etag(at))["id"]
        began = time.perf_counter()
        recorded = 0.0
        while time.perf_counter() - began < GIVE_UP_SECONDS:
            notices = self.client.get("/notify/v1/notices", student=self.student, limit=100)["items"]
            found = next((notice for notice in notices if notice.get("amendment") == proposed), None)
            now = time.perf_counter() - began
            recorded = recorded or (now if found else 0.0)
            if found and found["status"] in GIVEN:
                return recorded, now
            time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"the notice of {proposed} was not given within {GIVE_UP_SECONDS} s")

    def _proposal(self) -> dict[str, Any]:
        return {
            "basis": {"kind": "written_agreement", "agreed_on": self.agreed_on, "holder_ids": [self.holder]},
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
    return Scene(client, family.student, family.holder, plan, speech, today.isoformat())
