"""What was given and measured: given, cut short, missed and made up; recorded late, twice, or never."""

import json
from datetime import date, timedelta

from handrail.plan_items import Json
from handrail.sample.carrying_out import weekdays_of
from handrail.sample.telling import Life, Scene
from handrail.sample.world import BEGINS, READING, Held, World
from handrail.stage import School

BATCH = 500
SHEET_LOST = (BEGINS + 1, 11)
"""The week, by ISO, of which one teacher's sheet was lost: nothing was recorded, and stays so."""
SHEET_LATE, SHEET_FOUND = (BEGINS + 1, 3), (BEGINS + 1, 7)
"""The week of which one teacher's sheet lay in a drawer, and the week in which it was found."""
MISSED, CUT_SHORT, MADE_UP = 0.03, 0.04, 0.8


def sessions(scene: Scene, world: World, school: School, *, late: bool, lost: bool) -> Life:
    """A school's sheets, sent by the information system each week; most of what was missed is given within the next."""
    sent_until = world.year.first
    drawer: list[Json] = []
    missed: list[tuple[Json, str]] = []
    for on in world.ends_of_weeks:
        yield on
        days = [day for day in world.school_days if sent_until < day <= on]
        sent_until, week = on, on.isocalendar()[:2]
        lines = [
            line
            for held in world.ieps if held.school is school
            for service in held.services
            for line in _sheet(scene, world, held, service, days)
        ]  # fmt: skip
        lines += [_made_up(scene, line, of, days) for line, of in missed if scene.chance.random() < MADE_UP]
        teachers = [line for line in lines if line["provider"] == school.staff[READING]]
        if (lost and week == SHEET_LOST) or (late and week == SHEET_LATE):
            lines = [line for line in lines if line not in teachers]
            drawer = teachers if late else []
        if week == SHEET_FOUND:
            lines, drawer = lines + drawer, []
        missed = _sent(scene, lines)


def _sheet(scene: Scene, world: World, held: Held, service: Json, days: list[date]) -> list[Json]:
    first, last = date.fromisoformat(service["starts_on"]), date.fromisoformat(service["ends_on"])
    lines = []
    for day in days:
        given_on = _given_on(service, world.weeks[day.isocalendar()[:2]])
        if day in given_on and first <= day <= last and held.in_force_on(day):
            # The minutes of a week are promised whole, however few days it has.
            minutes = -(-service["minutes"] // len(given_on))
            lines.append(_session(scene, held, service, day, minutes))
    return lines


def _given_on(service: Json, week: list[date]) -> list[date]:
    """The service's weekdays; for one without school another day of the week."""
    usual = [day for day in week if day.isoweekday() in weekdays_of(service)]
    spare = [day for day in week if day not in usual]
    return usual + spare[: max(0, service["sessions_per"] - len(usual))]


def _session(scene: Scene, held: Held, service: Json, day: date, minutes: int) -> Json:
    line: Json = {
        "plan": held.plan, "item": service["id"], "on": day.isoformat(), "minutes": minutes, "status": "delivered",
        "provider": held.school.staff[service["provider_role"]],
        "external_id": f"sis:session-{held.child.number}-{service['service']}-{day}",
    }  # fmt: skip
    chance = scene.chance.random()
    if service["provider_role"] not in held.assignments:
        return line | {"status": "missed", "reason": "provider_absent"}
    if chance < MISSED:
        reason = scene.chance.choice(["student_absent", "provider_absent", "school_activity", "testing"])
        return line | {"status": "missed", "reason": reason}
    if chance < CUT_SHORT:
        return line | {"status": "partial", "minutes": max(5, minutes // 2), "planned_minutes": minutes,
                       "reason": scene.chance.choice(["schedule_conflict", "student_declined"])}  # fmt: skip
    return line | ({"group_size": scene.chance.randint(2, 4)} if service["group"] == "small_group" else {})


def _made_up(scene: Scene, line: Json, of: str, days: list[date]) -> Json:
    """A session missed, given after school in one of the days that follow."""
    day = scene.chance.choice(days)
    kept = {name: line[name] for name in ("plan", "item", "minutes", "provider")}
    return kept | {
        "on": day.isoformat(),
        "status": "delivered",
        "makes_up": of,
        "external_id": f"{line['external_id']}-again",
    }


def _sent(scene: Scene, lines: list[Json]) -> list[tuple[Json, str]]:
    """Send the lines; returns the missed ones with the ids they were given."""
    missed: list[tuple[Json, str]] = []
    for start in range(0, len(lines), BATCH):
        part = lines[start : start + BATCH]
        answer = scene.by().client.request(
            "POST", "/progress/v1/sessions", content="\n".join(json.dumps(line) for line in part).encode(),
            headers={"content-type": "application/x-ndjson"},
        )  # fmt: skip
        told = [json.loads(line) for line in answer.text.splitlines()]
        missed += [
            (line, one["id"]) for line, one in zip(part, told, strict=True)
            if line["status"] == "missed" and "id" in one
        ]  # fmt: skip
    return missed


def results(scene: Scene, world: World, held: Held) -> Life:
    """A goal's results, in the middle of each month; some reach it, some fall behind."""
    goal = held.item("goal")
    pace = (0.6, 0.9, 1.5)[held.number % 3]
    for n, days in enumerate(world.months()):
        middle = len(days) // 2
        yield days[middle]
        if not held.in_force_on(days[middle]) or days[0] > world.year.last or scene.chance.random() < 0.1:
            continue
        item = _step(held, goal, days[-1])
        _measure(scene, held, item, days[middle], _value(scene, goal, item, pace * (n + 1) / 9))
        if held.number == 4 and n == 3:
            _mistaken(scene, held, item, days[middle - 1])


def _step(held: Held, goal: Json, day: date) -> Json:
    """The objective that is worked on; without objectives the goal itself."""
    steps = [item for item in held.items if item["kind"] == "objective" and item["due_on"] >= day.isoformat()]
    return min(steps, key=lambda item: item["order"], default=goal)


def _value(scene: Scene, goal: Json, item: Json, share: float) -> int:
    baseline, target = int(goal["baseline"]), int(goal["target"])
    value = round(baseline + (target - baseline) * min(1.0, share))
    if share >= 1 or scene.chance.random() < 0.3:
        return value
    return max(0, value + scene.chance.randint(-2, 2))


def _measure(scene: Scene, held: Held, item: Json, day: date, value: int) -> str:
    manager = scene.by(held.manager)
    made: str = manager.client.post(
        "/progress/v1/measurements",
        {"plan": held.plan, "item": item["id"], "measured_on": day.isoformat(), "value": str(value), "unit": item["unit"],
         "by": held.school.staff[READING], "external_id": f"sis:result-{held.child.number}-{day}"},
    )["id"]  # fmt: skip
    return made


def _mistaken(scene: Scene, held: Held, item: Json, day: date) -> None:
    """A figure too many, struck through, and what was meant."""
    manager = scene.by(held.manager)
    wrong = _measure(scene, held, item, day, 420)
    manager.client.post(f"/progress/v1/measurements/{wrong}/void", {"reason": "A digit too many: it was 42."})
    _measure(scene, held, item, day - timedelta(days=1), 42)


def twice(scene: Scene, held: Held, day: date) -> Life:
    """A session entered twice, by hand and by the system; and one given before the plan that promises it began."""
    yield day
    service, by = held.services[0], scene.by(held.manager)
    kept = {"plan": held.plan, "item": service["id"], "minutes": 30, "status": "delivered",
            "provider": held.school.staff[service["provider_role"]]}  # fmt: skip
    again = by.client.post("/progress/v1/sessions", kept | {"on": held.binds_on.isoformat()})["id"]
    by.client.post(
        f"/progress/v1/sessions/{again}/void", {"reason": "Entered twice: by hand, and by the system."}
    )
    before = (held.binds_on - timedelta(days=3)).isoformat()
    happened = {"source": "therapist's notes", "reason": "Begun some days early.", "occurred_on": before}
    by.client.post("/progress/v1/sessions", kept | {"on": before, "reported": happened})
