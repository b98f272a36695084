"""The year's end and the next autumn: students come of age, leave with a packet, move away; plans are reviewed, or not."""

from datetime import date, timedelta

from handrail.plan_items import Json
from handrail.sample.carrying_out import have_weekdays
from handrail.sample.documents import page
from handrail.sample.handed_on import handed_on
from handrail.sample.needs import NEEDS
from handrail.sample.plan_texts import iep_items
from handrail.sample.plans import reports_quarterly, shared
from handrail.sample.telling import Life, Scene
from handrail.sample.world import DIRECTOR, Held, World, monday_after
from handrail.stage import IEP_ROLES, Invited, rights_holder, staff_member

COLLEGE = "Harbor College, Disability Office"


def comes_of_age(scene: Scene, world: World, held: Held) -> Life:
    """At eighteen the rights become the student's own (34 CFR 300.520, 99.5); the parents' notices go on."""
    yield held.child.adult_on
    child, by = held.child, world.office[DIRECTOR]
    held.holder = scene.by("director").confirm_holder(
        held.student, f"{child.given} {child.family}", since=child.adult_on,
        email=f"{child.given}.{child.family}@student.example".lower(), language="en", ground="adult_student",
        confirmed_by=by, address=child.address,
    )  # fmt: skip


def to_college(scene: Scene, world: World, held: Held) -> Life:
    """The plan ends with school; what the student releases goes to the college, and nothing else."""
    on = world.year.last - timedelta(days=3)
    yield on
    manager = scene.by(held.manager)
    signed = page(manager, held.student, "Release, signed", "release", on)
    release = manager.client.post(
        f"/plan/v1/students/{held.student}/releases",
        {"holder": held.holder, "recipient": COLLEGE, "purpose": "college", "records": ["plan", "plan_history"],
         "method": "paper_signature", "signed_on": on.isoformat(), "document": signed,
         "expires_on": (on + timedelta(days=120)).isoformat()},
    )["id"]  # fmt: skip
    yield world.year.last
    _taken_along(scene, held)
    _packet(scene, held, "college", COLLEGE, release)
    _ends(scene, held, "graduated", world.year.last + timedelta(days=1))
    _leaves(scene, held, world.year.last + timedelta(days=1), "Graduated")


def _taken_along(scene: Scene, held: Held) -> None:
    """What worked at school, and the student's own words: it binds no college, and is evidence there."""
    worked = [item["id"] for item in held.items if item["kind"] == "accommodation"]
    scene.by(held.manager).client.post(
        f"{held.path}/exit-summaries",
        {"to_student": True, "channel": "handed_over", "given_on": scene.day.isoformat(), "items": worked,
         "what_worked": "All of them; none was asked for twice.",
         "recommendations": "Tell the disability office in the first week, not before the first examination.",
         "student_statement": "I need the same as here. I can explain it myself now."},
    )  # fmt: skip


def moves_away(scene: Scene, held: Held, on: date) -> Life:
    """In the middle of the year, to another district, which is sent the plan with the parents' consent."""
    yield on
    manager, school = scene.by(held.manager), "Bayside Elementary School"
    release = manager.client.post(
        f"/plan/v1/students/{held.student}/releases",
        {"holder": held.holder, "recipient": school, "purpose": "school", "records": ["whole_record"],
         "method": "electronic_signature"},
    )["id"]  # fmt: skip
    yield on + timedelta(days=7)
    _packet(scene, held, "school", school, release)
    _ends(scene, held, "transferred", scene.day + timedelta(days=1))
    _leaves(scene, held, scene.day + timedelta(days=1), "Moved out of the district")


def _packet(scene: Scene, held: Held, purpose: str, recipient: str, release: str) -> None:
    scene.by("director").client.post(
        "/audit/v1/packets",
        {"student": held.student, "plan": held.plan, "purpose": purpose, "recipient": {"name": recipient},
         "release": release},
    )  # fmt: skip


def _ends(scene: Scene, held: Held, reason: str, first_day_without: date) -> None:
    held.ends_on = first_day_without
    body = {"reason": reason, "effective_on": first_day_without.isoformat()}
    scene.decide(scene.by(held.manager), f"{held.path}/end", body, of=held.path)


def _leaves(scene: Scene, held: Held, first_day_without: date, reason: str) -> None:
    scene.by().client.post(
        f"/plan/v1/students/{held.student}/withdrawal",
        {"on": first_day_without.isoformat(), "reason": reason},
    )


def reviewed(scene: Scene, world: World, held: Held, on: date) -> Life:
    """The annual review: the team meets, the plan's next version is written, adopted and handed on."""
    yield on - timedelta(days=7)
    manager = scene.by(held.manager)
    team: list[Invited] = [(rights_holder(held.holder), ["parent"])]
    team += [(staff_member(held.school.staff[role]), said) for role, said in IEP_ROLES.items()]
    meeting = scene.decide(
        manager, "/plan/v1/meetings",
        {"student": held.student, "purpose": "annual_review", "starts_at": manager.afternoon(on), "plan": held.plan,
         "place": "Conference room", "invitees": [{"person": person, "roles": roles} for person, roles in team]},
    )["id"]  # fmt: skip
    yield on
    version = [manager.attend(meeting, person, roles) for person, roles in team][-1]
    spoken = {} if held.child.language == "en" else {"interpreter_language": held.child.language}
    manager.hold(meeting, on, version, parent_present=True, **spoken)
    outcome = "continued" if held.number % 5 == 4 else "change_decided"
    scene.decide(manager, f"{held.path}/reviews", {"outcome": outcome, "meeting": meeting}, of=held.path)
    if outcome == "continued":
        return
    binds_on = monday_after(on)
    items = _next_items(scene, world, held, binds_on)
    scene.decide(manager, f"{held.path}/draft", {}, of=held.path)
    ended: dict[str, Json | None] = {item["id"]: None for item in held.items}
    draft = f"{held.path}/draft"
    scene.once(manager, "PATCH", draft, {"items": ended | {item["id"]: item for item in items}}, of=draft)
    if held.number != 12:
        shared(scene, held, "The next plan, as it will be adopted")
    scene.decide(
        manager, f"{held.path}/adoption", {"effective_on": binds_on.isoformat(), "meeting": meeting}, of=draft
    )
    held.items, held.services = items, [item for item in items if item["kind"] == "service"]
    handed_on(manager, held, binds_on, on)
    yield binds_on
    have_weekdays(scene, held)


def _next_items(scene: Scene, world: World, held: Held, on: date) -> list[Json]:
    """The placement stays the item that it was; goals and services are written anew."""
    need = NEEDS[held.number % len(NEEDS)]
    written = iep_items(
        scene.items, scene.chance, need, held.child.grade_number + 1, on, world.next_year.last,
        english=held.child.language == "en", quarterly=reports_quarterly(held),
    )  # fmt: skip
    stays = held.item("placement")
    return [stays if item["kind"] == "placement" else item for item in written]


def section_504_reviewed(scene: Scene, held: Held, on: date) -> Life:
    """The group looks at a Section 504 plan and leaves it as it is."""
    yield on
    body = {"outcome": "continued", "held_on": on.isoformat(), "reason": "It works; nothing has changed.",
            "review_due_on": (on + timedelta(days=364)).isoformat()}  # fmt: skip
    scene.decide(scene.by(held.manager), f"{held.path}/reviews", body, of=held.path)
