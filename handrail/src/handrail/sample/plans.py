"""How plans come about: rights are confirmed, a team is invited and meets, a plan is adopted and handed on."""

from datetime import date, timedelta

from handrail.client import Refused
from handrail.plan_items import Json
from handrail.sample.documents import page
from handrail.sample.handed_on import handed_on
from handrail.sample.identified import found_eligible
from handrail.sample.needs import LIMITS, NEEDS
from handrail.sample.notices import OF_ADOPTIONS, notice_words
from handrail.sample.plan_texts import iep_items, section_504_items
from handrail.sample.telling import Life, Scene
from handrail.sample.world import BEGINS, DIRECTOR, MANAGER, READING, REGULAR, Held, World
from handrail.stage import GROUP_504_ROLES, IEP_ROLES, Invited, Stage, rights_holder, staff_member

STUDENT = {"kind": "student"}
INVITED_DAYS = 10
READ_TO = 17
"""The number of the IEP whose notices are read aloud to a parent."""
WRITTEN_TO = 23
"""The number of an IEP whose notices go by letter, although there is an e-mail address: it was not elected."""
SAID = ["purpose", "time", "place", "attendees", "right_to_bring_others"]

TWICE = 8
"""The IEP of whose family's copy there are two entries, one of them struck out."""


def plan_of(scene: Scene, world: World, held: Held) -> Life:
    """From the first talk to the day after the meeting."""
    yield held.meets_on - timedelta(days=7)
    _people_around(scene, world, held)
    scene.by("director").settle("plan")  # From then on the manager sees the student.
    manager = scene.by(held.manager)
    found_eligible(manager, held, world.office)
    version = _draft(manager, held)
    invited = _team(world, held)
    meeting = _scheduled(scene, manager, held, invited)
    _told(manager, held, meeting)
    if held.number % 8 == 3:
        shared(scene, held, "Draft of the plan")
    yield held.meets_on
    _met(manager, held, meeting, invited)
    if held.is_iep:
        _agreed(manager, held)
        if held.number % 7:  # As in life: once the report is promised, and not given.
            _report_given(scene, held)
        if held.number % 8 != 3 and held.number % 10 != 9:
            shared(scene, held, "The plan as it will be adopted")
    body: Json = {"effective_on": held.binds_on.isoformat(), "meeting": meeting}
    if not held.is_iep and held.number % 4:
        body["review_due_on"] = (held.meets_on + timedelta(days=364)).isoformat()
    if held.number % 8 not in (2, 6):  # For those the office has to find words.
        body["notice"] = notice_words(*OF_ADOPTIONS)
    scene.decide(manager, f"{held.path}/adoption", body, version=version)
    held.version = manager.client.last_event or ""
    handed_on(manager, held, held.binds_on, held.meets_on)
    _how_to_write(manager, held)


def _people_around(scene: Scene, world: World, held: Held) -> None:
    """Who holds the rights, confirmed by the director; who works with the student."""
    director, child = scene.by("director"), held.child
    if child.language != "en":  # The roster does not say it.
        at = f"/plan/v1/students/{held.student}"
        scene.once(scene.by(), "PATCH", at, {"home_language": child.language}, of=at)
    held.holder = director.confirm_holder(
        held.student, f"{child.parent_given} {child.family}", since=date(BEGINS, 8, 1), email=child.parent_email,
        language=child.language, confirmed_by=world.office[DIRECTOR], address=child.address,
        contact=held.enrolled.contact,
    )  # fmt: skip
    providers = [READING, *(item["provider_role"] for item in held.services)]
    for role in dict.fromkeys([MANAGER, REGULAR, *(providers if held.is_iep else ["school_nurse"])]):
        held.assignments[role] = director.assign(
            held.student, held.school.staff[role], role, date(BEGINS, 8, 4)
        )


def _draft(manager: Stage, held: Held) -> str:
    """The plan as it will be adopted; returns the draft's version."""
    body = {"student": held.student, "kind": "iep" if held.is_iep else "504", "items": held.items,
            "external_id": f"sis:plan-{held.child.number}"}  # fmt: skip
    answer = manager.client.request("POST", "/plan/v1/plans", json=body)
    held.plan = answer.json()["id"]
    return answer.headers["etag"]


def shared(scene: Scene, held: Held, title: str) -> None:
    """The family gets the text: to read before the meeting, or as the copy that it takes home (34 CFR 300.322(f))."""
    text = page(scene.by(held.manager), held.student, title, "other", scene.day)
    given = {
        "holders": [held.holder],
        "channel": "handed_over",
        "language": held.child.language,
        "document": text,
    }
    scene.by(held.manager).client.post(f"{held.path}/draft-shares", given)


def _report_given(scene: Scene, held: Held) -> None:
    """The family takes home a copy of the evaluation report (34 CFR 300.306(a)(2)); once it is entered twice."""
    office = scene.by("director").client
    given = {
        "student": held.student, "recipient": {"name": f"{held.child.parent_given} {held.child.family}"},
        "holder": held.holder, "ground": "own_record", "purpose": "other",
        "interest": "Their copy of the evaluation report.", "items": ["evaluation_summary"],
        "channel": "handed_over", "disclosed_on": scene.day.isoformat(),
    }  # fmt: skip
    office.post("/audit/v1/disclosures", given | {"external_id": f"sis:report-copy-{held.child.number}"})
    if held.number == TWICE:
        again = office.post("/audit/v1/disclosures", given)["id"]
        office.post(f"/audit/v1/disclosures/{again}/void", {"reason": "Entered twice."})


def write(scene: Scene, world: World, held: Held) -> None:
    """What the plan is going to say."""
    child, start = held.child, held.binds_on
    if not held.is_iep:
        held.items = section_504_items(scene.items, LIMITS[held.number % len(LIMITS)], start)
        return
    need = NEEDS[held.number % len(NEEDS)]
    held.items = iep_items(
        scene.items, scene.chance, need, child.grade_number, start, world.year.last, english=child.language == "en",
        quarterly=reports_quarterly(held),
    )  # fmt: skip
    held.services = [item for item in held.items if item["kind"] == "service"]


def reports_quarterly(held: Held) -> bool:
    """Progress is reported each quarter; of the others once, with the report card."""
    return held.number % 5 == 0 or held.number == 2


def _team(world: World, held: Held) -> list[Invited]:
    """Who is asked to come."""
    people = held.school.staff | world.office
    roles = IEP_ROLES if held.is_iep else GROUP_504_ROLES
    team: list[Invited] = [(rights_holder(held.holder), ["parent"])]
    team += [(staff_member(people[role]), said) for role, said in roles.items()]
    if held.is_iep and held.child.grade_number >= 9:
        team.append((STUDENT, ["student"]))
    return team


def _scheduled(scene: Scene, manager: Stage, held: Held, invited: list[Invited]) -> str:
    purpose = "initial" if held.is_iep else "section_504_decision"
    body: Json = {
        "student": held.student, "purpose": purpose, "starts_at": manager.afternoon(held.meets_on), "plan": held.plan,
        "place": scene.chance.choice(["Conference room", "Room 4", "Library office"]),
        "invitees": [{"person": person, "roles": roles} for person, roles in invited],
        "transition_discussed": (STUDENT, ["student"]) in invited,
    }  # fmt: skip
    made: str = scene.decide(manager, "/plan/v1/meetings", body)["id"]
    return made


def _told(manager: Stage, held: Held, meeting: str) -> None:
    """The parents are told in time; some cannot be reached (34 CFR 300.322)."""
    parent = rights_holder(held.holder)
    parts = [*SAID, "transition_purpose", "student_invited"] if held.child.grade_number >= 9 else SAID
    manager.client.post(
        f"/plan/v1/meetings/{meeting}/invitations",
        {"person": parent, "channel": "letter" if held.number % 3 else "handed_over", "parts": parts,
         "given_on": (held.meets_on - timedelta(days=INVITED_DAYS)).isoformat(),
         "language": held.child.language},
    )  # fmt: skip
    tries: list[tuple[str, str, str]] = []
    if held.number % 10 == 5:
        tries = [("phone", "no_answer", "Rang ten times."), ("phone", "message_left", "Left on the machine."),
                 ("letter", "returned", "Came back: moved, address unknown.")]  # fmt: skip
    elif held.number % 10 == 2:
        tries = [("phone", "will_attend", "Will come after work.")]
    for days, (means, result, words) in enumerate(tries):
        tried_on = held.meets_on - timedelta(days=9 - days)
        manager.client.post(
            f"/plan/v1/meetings/{meeting}/attempts",
            {"person": parent, "means": means, "result": result, "words": words, "tried_on": tried_on.isoformat()},
        )  # fmt: skip


def _met(manager: Stage, held: Held, meeting: str, invited: list[Invited]) -> None:
    """Who came, who was excused, who stayed away."""
    turn = held.number % 10
    unreached = turn == 5
    version = ""
    for person, roles in invited:
        how: Json = {}
        if "parent" in roles and unreached:
            how = {"attendance": "absent"}
        elif "parent" in roles and turn == 3:
            how = {"mode": "phone"}
        elif held.is_iep and turn == 7 and "interprets_evaluation" in roles:
            agreed_on = (held.meets_on - timedelta(days=8)).isoformat()
            excusal = {"form": "written_agreement", "agreed_on": agreed_on, "agreed_by": held.holder}
            how = {"attendance": "excused", "excusal": excusal}
        version = manager.attend(meeting, person, roles, **how)
    if turn == 8:
        advocate = held.items[0]["id"]  # Any id, and always the same.
        version = manager.attend(
            meeting, {"kind": "guest", "guest_id": advocate}, ["other"],
            guest={"guest_id": advocate, "name": "Ruth Sand", "capacity": "advocate"},
        )  # fmt: skip
    more = {} if held.child.language in ("en", "vi") else {"interpreter_language": held.child.language}
    manager.hold(meeting, held.meets_on, version, parent_present=not unreached, **more)


def _agreed(manager: Stage, held: Held) -> None:
    """The parent consents to the first services: at the table, or whoever could not be reached, at the door."""
    more: Json = {"language": held.child.language}
    if held.number % 10 == 5:
        more |= {"method": "written_message", "comment": "I could not come. I want him to have it."}
    elif held.number % 5 == 1:
        title = "Consent to first services, signed"
        more["document"] = page(manager, held.student, title, "consent", held.meets_on)
    manager.consent_to_services(held.family, held.meets_on, plan=held.plan, **more)


def _how_to_write(manager: Stage, held: Held) -> None:
    """How the family wants its notices. A first setting needs no version; asked for one, it was told before."""
    family, child = held.family, held.child
    try:
        if held.is_iep and held.number == READ_TO:
            manager.client.put(
                f"/notify/v1/preferences/{family.holder}",
                {
                    "student": family.student,
                    "language": child.language,
                    "mode": "oral",
                    "channels": ["read_aloud"],
                },
            )
        elif child.parent_email and not (held.is_iep and held.number == WRITTEN_TO):
            manager.elect_email(family, child.language, held.meets_on)
    except Refused as refused:
        if refused.status != 428:
            raise
