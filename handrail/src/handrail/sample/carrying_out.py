"""How plans are carried out: schedules, who knows their duties, what is used, minutes made up, progress reports."""

from datetime import date, timedelta

from handrail.plan_items import Json
from handrail.sample.telling import Life, Scene
from handrail.sample.world import READING, REGULAR, Held, World

WEEK = timedelta(days=7)
API = "/progress/v1"


WEEKDAYS = {1: [2], 2: [1, 3], 3: [1, 3, 5], 4: [1, 2, 4, 5]}


def weekdays_of(service: Json) -> list[int]:
    """On which weekdays a service is given: as often as the plan promises sessions a week."""
    return WEEKDAYS.get(service["sessions_per"], [1, 2, 3, 4, 5])


def scheduled(scene: Scene, world: World, held: Held) -> Life:
    """From the second week of a plan on its services have their weekdays; one provider's is taken over by another."""
    yield held.meets_on + WEEK
    made = have_weekdays(scene, held)
    if held.number == 2:
        yield world.office_day(scene.day.year + 1, 2)
        schedule, body = made[0]
        by = scene.by(held.manager).client
        by.post(f"{API}/schedules/{schedule}/end", {"on": scene.day.isoformat()})
        taken_over = {"staff": held.school.staff[READING], "from": scene.day.isoformat(), "starts_at": "09:30",
                      "external_id": f"sis:schedule-{schedule}-again"}  # fmt: skip
        by.post(f"{API}/schedules", body | taken_over)


def have_weekdays(scene: Scene, held: Held) -> list[tuple[str, Json]]:
    """From today on each of a plan's services has its weekdays and its provider; the schedules' ids, and what they say."""
    by, made = scene.by(held.manager).client, []
    for service in held.services:
        body: Json = {
            "plan": held.plan, "item": service["id"], "staff": held.school.staff[service["provider_role"]],
            "weekdays": weekdays_of(service), "from": scene.day.isoformat(), "external_id": f"sis:schedule-{service['id']}",
        }  # fmt: skip
        made.append((by.post(f"{API}/schedules", body)["id"], body))
    return made


def made_up(scene: Scene, held: Held, day: date, answer: str) -> Life:
    """Minutes offered in place of those not given: agreed to and given, declined, or offered to the wrong family."""
    yield day
    by, service = scene.by(held.manager).client, held.services[0]
    about: Json = {"plan": held.plan, "item": service["id"]}
    offered = about | {
        "on": scene.day.isoformat(),
        "minutes": 90,
        "terms": "Three sessions after school, with the late bus.",
    }
    offer = by.post(f"{API}/make-up-offers", offered)["id"]
    yield day + WEEK
    today = scene.day.isoformat()
    if answer == "declined":
        by.post(
            f"{API}/make-up-offers/{offer}/decline",
            {"on": today, "holder": held.holder, "terms": "He is too tired by then."},
        )
        return
    if answer == "wrong":
        by.post(f"{API}/make-up-offers/{offer}/void", {"reason": "Meant for another family."})
        return
    agreed = offered | {
        "on": today,
        "ground": "agreement",
        "offer": offer,
        "holder": held.holder,
        "by_on": str(day + 12 * WEEK),
    }
    agreement = by.post(f"{API}/make-up-agreements", agreed)["id"]
    yield day + 2 * WEEK
    given = {"on": scene.day.isoformat(), "minutes": 30, "status": "delivered", "agreement": agreement,
             "provider": held.school.staff[service["provider_role"]], "note": "Read two pages aloud."}  # fmt: skip
    by.post(f"{API}/sessions", about | given)


def accommodated(scene: Scene, held: Held, days: list[date]) -> Life:
    """The class teacher says that they know their duties; use of an accommodation is logged, once by mistake."""
    yield held.meets_on + WEEK
    about: Json = {"plan": held.plan, "item": held.item("accommodation")["id"]}
    teacher = held.school.staff[REGULAR]
    known = {"staff": teacher, "on": scene.day.isoformat(), "how": "read it in the information system"}
    scene.by().client.post(f"{API}/acknowledgements", about | known)
    for n, day in enumerate(day for day in days if day > held.meets_on + WEEK):
        yield day
        outcome = ("provided", "provided", "declined", "not_provided")[n % 4]
        by = scene.by(held.manager).client
        used = {"on": scene.day.isoformat(), "outcome": outcome, "by": teacher, "place": "test"}
        use = by.post(f"{API}/accommodation-uses", about | used)["id"]
        if n == 1:
            by.post(f"{API}/accommodation-uses/{use}/void", {"reason": "It was another student's test."})


def reported(scene: Scene, held: Held, late: timedelta = timedelta()) -> Life:
    """Progress reports on the plan's own dates, or with a report card; one is late, and issued twice: its scale was wrong."""
    yield held.meets_on + WEEK
    dates = held.item("progress_schedule")["report_dates"]
    for n, due_on in enumerate(dates):
        yield date.fromisoformat(due_on) + late
        if not held.in_force_on(scene.day):
            return
        by, goal = scene.by(held.manager).client, held.item("goal")
        body = {"plan": held.plan, "due_on": due_on, "summary": "Works steadily, and asks when something is unclear.",
                "narratives": {goal["id"]: "Reads on her own now for ten minutes."}}  # fmt: skip
        if len(dates) == 1:
            on = scene.day.isoformat()
            body["on"] = on
            body["reported"] = {
                "source": "report cards",
                "reason": "It went home with the report card.",
                "occurred_on": on,
            }
        report = by.post(f"{API}/reports", body)["id"]
        if n == 0 and late:
            by.post(f"{API}/reports/{report}/void", {"reason": "The wrong scale was used."})
            by.post(f"{API}/reports", body | {"summary": "Works steadily."})
