"""The district opens: its profile, schools, staff, demo accounts, vendors' clients and students; and how they change."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from handrail.client import Handrail, Refused
from handrail.districts import open_district
from handrail.plan_items import Json
from handrail.sample import roster_files
from handrail.sample.people import SCHOOLS, Colleague, children, colleagues
from handrail.sample.telling import Life, Scene, Telling
from handrail.sample.world import (
    ACCOUNTS_OF_MANAGERS,
    BEGINS,
    SEED,
    SPEECH,
    TENANT,
    ZONE,
    Enrolled,
    World,
)
from handrail.stage import School, Stage

NAME = "Lakeside Unified (sample)"
STUDENTS = 300
IMPORT_SECONDS = 60.0
LOGINS = {"officer": "compliance_officer", "director": "special_education_director", "manager": "case_manager",
          "teacher": "special_education_teacher"}  # fmt: skip
"""The demo accounts: the office's people see the district, the others the students assigned to them."""
SIS_SCOPES = ["roster.write", "plan.read", "plan.write", "progress.read", "progress.write"]


def open_the_district(client: Handrail) -> None:
    """With a calendar, five days of notice, and a clock that begins in August."""
    begins = datetime(BEGINS, 8, 4, 8, tzinfo=ZoneInfo(ZONE)).isoformat()
    open_district(client, TENANT, name=NAME, time_zone=ZONE, profile="federal@2026-1", clock_from=begins)
    answer = client.request("GET", "/plan/v1/district")
    if not answer.json().get("calendar"):
        client.put("/plan/v1/district", profile(World(), notice_days=5), if_match=answer.headers["etag"])


def profile(world: World, *, notice_days: int) -> Json:
    """What holds in the district."""
    return {
        "name": NAME, "time_zone": ZONE, "state_profile": "federal@2026-1", "languages": ["en", "es"],
        "calendar": [world.year.body(), world.next_year.body()], "partial_consent": True, "notice_days": notice_days,
        "mailing_days": 3,
        "office": {"name": "Office of Special Education", "phone": "(555) 010-0100",
                   "address": {"lines": ["1 Harbor Street"], "city": "Lakeside", "state": "TX", "postal_code": "75000"}},
        "help_sources": [{"name": "Lakeside Parent Center", "phone": "(555) 010-0111"}],
        "safeguards_at": "the school office, or https://lakeside.example/safeguards",
    }  # fmt: skip


def people(telling: Telling, world: World, password: str) -> None:
    """Schools and who works there; those of them who can sign in."""
    sis = telling.scene("people").by()
    world.schools = [
        sis.add_school(name, f"oneroster:{roster_files.school(n)}") for n, name in enumerate(SCHOOLS)
    ]

    def hire(colleague: Colleague) -> None:
        by = telling.scene(f"staff-{colleague.key}").by()
        school = world.schools[colleague.school] if colleague.school is not None else None
        made = by.add_staff(
            colleague.given, colleague.family, colleague.role, school, date(BEGINS - 2, 8, 1),
            external_id=f"sis:staff-{colleague.key}",
        )  # fmt: skip
        if school is None:
            world.office[colleague.role] = made
        login = _login(colleague)
        if login:
            account = {"staff": made, "name": f"{colleague.given} {colleague.family}", "role": colleague.role,
                       "password": password}  # fmt: skip
            by.client.put(f"/audit/v1/accounts/{login}", account)
            by.settle()  # Signed in, they see what is theirs.

    telling.at_once(hire, colleagues(SEED))


def _login(colleague: Colleague) -> str | None:
    if colleague.role == "case_manager" and colleague.school is not None:
        return ACCOUNTS_OF_MANAGERS[colleague.school]
    return next(
        (login for login, role in LOGINS.items() if role == colleague.role and not colleague.school), None
    )


def students(scene: Scene, world: World, since: date, enrolled: Callable[[int, int], None]) -> None:
    """Everybody on the roster that the information system hands over, with the contact it names first."""
    found = {one.number: one for one in children(SEED, STUDENTS, BEGINS)}
    content = roster_files.packed(list(found.values()), since)
    job = imported(
        scene.by(), "oneroster", content, lambda share: enrolled(round(share * STUDENTS), STUDENTS)
    )
    sis = scene.by().client
    known = {
        key: one["id"]
        for one in sis.every("/plan/v1/students", after_event=job["after_event"])
        for key in one["external_ids"]
    }
    contacts = {one.get("external_id"): one["id"] for one in sis.every("/plan/v1/contacts")}
    world.roster = [
        Enrolled(
            one,
            known[f"oneroster:{roster_files.student(one)}"],
            contacts[f"oneroster:{roster_files.parent(one)}"],
        )
        for one in found.values()
    ]


def imported(
    by: Stage, kind: str, content: bytes, share: Callable[[float], None] = lambda _done: None
) -> Json:
    """Send a set and wait until it is brought in; returns the job."""
    answer = by.client.request(
        "POST", "/plan/v1/imports", content=content, headers={"content-type": "application/zip"},
        params={"format": kind, "name": "roster"},
    )  # fmt: skip
    job: Json = answer.json()
    until = time.monotonic() + IMPORT_SECONDS
    while job["status"] in {"waiting", "running"} and time.monotonic() < until:
        time.sleep(0.1)
        done, job = job["done"], by.client.get(f"/plan/v1/imports/{job['id']}")
        if job["done"] > done:
            until = time.monotonic() + IMPORT_SECONDS
        share(job["done"] / job["total"] if job["total"] else 0.0)
    if job["status"] != "done" or job["refused"]:
        raise Refused(409, {"detail": f"The roster was not taken: {job['status']}, {job['refusals'][:3]}"})
    return job


def vendors(scene: Scene, on: date) -> Life:
    """The student information system is replaced by another in winter: the old one's client is revoked."""
    yield on
    clients = scene.by().client
    old = clients.post("/audit/v1/clients", {"name": "Northwind SIS", "scopes": SIS_SCOPES})
    clients.post("/audit/v1/clients", {"name": "Reading lab", "scopes": ["plan.read", "progress.write"]})
    yield on + timedelta(days=154)
    clients.post("/audit/v1/clients", {"name": "Southwind SIS", "scopes": [*SIS_SCOPES, "plan.report"]})
    clients.request("DELETE", f"/audit/v1/clients/{old['id']}")


def an_endpoint(scene: Scene, on: date) -> Life:
    """A vendor wants to be told of notices. Its endpoint is at a name that leads nowhere: each attempt says so."""
    yield on
    vendor, hooks = scene.by().client, "/notify/v1/webhooks"
    told = {
        "event_types": ["notice", "webhook"],
        "about": "Southwind SIS",
        "mail_to": "integrations@southwind.example",
    }
    old, new = (
        vendor.post(hooks, told | {"url": f"https://{host}.southwind.example/handrail"})["id"]
        for host in ("old", "hooks")
    )
    vendor.request("DELETE", f"{hooks}/{old}")
    # Told again, it is another secret: one is shown once.
    vendor.post(f"{hooks}/{new}/secret", {"overlap_hours": 24}, key=uuid4().hex)
    vendor.post(f"{hooks}/{new}/disabling")
    yield on + timedelta(days=7)
    vendor.post(f"{hooks}/{new}/enabling")
    vendor.post(f"{hooks}/{new}/replay", {"source": "notify"})


def another_profile(scene: Scene, world: World, on: date) -> Life:
    """From the next school year on the district gives a week of notice."""
    yield on
    office = scene.by().client
    answer = office.request("GET", "/plan/v1/district")
    if answer.json().get("notice_days") != 7:
        office.put("/plan/v1/district", profile(world, notice_days=7), if_match=answer.headers["etag"])


def bank_of_goals(scene: Scene, on: date) -> Life:
    """The office offers texts to begin with; one is put better in winter, one is given up."""
    yield on
    office = scene.by().client
    reading = {
        "kind": "goal", "title": "Reading aloud, words a minute", "areas": ["reading"],
        "text": "{student} will read a text of the grade aloud, {words} words a minute.", "external_id": "office:bank-1",
    }  # fmt: skip
    extended = {"kind": "accommodation", "title": "Extended time", "text": "{times} the time on {which} tests.",
                "external_id": "office:bank-2"}  # fmt: skip
    kept, old = (office.post("/plan/v1/bank", body)["id"] for body in (reading, extended))
    yield on + timedelta(days=120)
    better = reading | {
        "text": "{student} will read a text of {level} aloud, {words} words a minute, three times in a row."
    }
    scene.once(scene.by(), "PUT", f"/plan/v1/bank/{kept}", better, of=f"/plan/v1/bank/{kept}")
    office.post(f"/plan/v1/bank/{old}/end", {"on": scene.day.isoformat()})


def own_wording(scene: Scene, on: date) -> Life:
    """The office greets families in its own way; a translator has looked at it."""
    yield on
    office = scene.by().client
    wording = {"kind": "correction_notice", "language": "es", "name": "Saludo de Harborview",
               "texts": {"letter.dear": "Estimada familia de {name}:"}}  # fmt: skip
    made = office.post("/notify/v1/templates", wording)["id"]
    office.post(f"/notify/v1/templates/{made}/review", {"reviewed_by": "Marta Solis, certified translator"})
    office.post(f"/notify/v1/templates/{made}/activation", {"from": scene.day.isoformat()})


def school_renamed(scene: Scene, school: School, on: date) -> Life:
    """By the board's decision."""
    yield on
    at = f"/plan/v1/schools/{school.id}"
    scene.once(
        scene.by(),
        "PUT",
        at,
        {"name": "Rosa Vega Middle School", "external_ids": ["oneroster:school-1"]},
        of=at,
    )


def teacher_marries(scene: Scene, school: School, on: date) -> Life:
    """A teacher takes another name, and a licence has been renewed."""
    yield on
    role = "regular_education_teacher"
    staff = school.staff[role]
    body = {
        "given_name": "Mara", "family_name": "Lund-Osei", "external_ids": [f"sis:staff-{role}-1"],
        "roles": [{"role": role, "school_id": school.id, "starts_on": date(BEGINS - 2, 8, 1).isoformat()}],
        "credentials": [{"code": "teaching_licence", "issued_by": "State board", "starts_on": "2025-09-01"}],
    }  # fmt: skip
    scene.once(scene.by(), "PUT", f"/plan/v1/staff/{staff}", body, of=f"/plan/v1/staff/{staff}")


def therapist_leaves(scene: Scene, world: World, school: School, on: date) -> Life:
    """Gone from one day to the next; the services have nobody for two weeks, as in life."""
    yield on
    sis, old = scene.by(), school.staff[SPEECH]
    served = [held for held in world.ieps if held.school is school and SPEECH in held.assignments]
    sis.client.post(f"/plan/v1/staff/{old}/end", {"on": on.isoformat()})
    for held in served:
        at = f"/plan/v1/students/{held.student}/assignments/{held.assignments[SPEECH]}"
        sis.client.post(f"{at}/end", {"on": on.isoformat()})
        del held.assignments[SPEECH]
    yield on + timedelta(days=14)
    new = sis.add_staff("Siri", "Calder", SPEECH, school, scene.day, external_id=f"sis:staff-{SPEECH}-new")
    for held in served:
        held.assignments[SPEECH] = sis.assign(held.student, new, SPEECH, scene.day)
        for item in held.services:
            if item["provider_role"] == SPEECH:
                at = f"{held.path}/items/{item['id']}/holders"
                sis.client.post(f"{at}/{old}/end", {"on": on.isoformat()})
                sis.client.post(at, {"staff": new, "from": scene.day.isoformat()})
