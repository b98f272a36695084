"""Setting a scene over HTTP: people, a meeting held by the whole team, a plan in force. Used by demo and sample district."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from handrail.client import Handrail, Refused
from handrail.districts import move_clock
from runtime.roles import SERVICES

Json = dict[str, Any]
NOTICE_SECONDS = 30.0
NOT_YET_GIVEN = "prior-written-notice-required"
T = TypeVar("T")
IEP_ROLES = {
    "regular_education_teacher": ["regular_education_teacher"],
    "special_education_teacher": ["special_education_teacher"],
    "principal": ["agency_representative"],
    "school_psychologist": ["interprets_evaluation"],
}
GROUP_504_ROLES = {
    "school_nurse": ["knowledge_of_evaluation"],
    "regular_education_teacher": ["knowledge_of_child"],
    "section_504_coordinator": ["knowledge_of_placement_options"],
}


Invited = tuple[Json, list[str]]
"""Somebody, and the roles in which they are asked to come."""


@dataclass
class School:
    """A school and who works there, by role."""

    id: str
    name: str
    staff: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Family:
    """A student, and the person who holds the rights."""

    student: str
    holder: str


class Stage:
    """One district, reached by its client."""

    def __init__(self, client: Handrail, zone: str = "America/Chicago") -> None:
        self.client = client
        self.zone = ZoneInfo(zone)

    def today(self) -> date:
        """The district's own day (a sandbox has its own)."""
        now = datetime.fromisoformat(self.client.get("/plan/v1/clock")["now"])
        return now.astimezone(self.zone).date()

    def advance_to(self, day: date, hour: int = 8) -> None:
        """Let everything settle, then move the sandbox's clock to the morning of ``day`` in all four services."""
        self.settle()
        move_clock(self.client, to=self.at(day, hour))

    def at(self, day: date, hour: int, minute: int = 0) -> str:
        """An instant in the district's zone."""
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).isoformat()

    def settle(self, *services: str) -> None:
        """Wait until these services, or all four, have taken in the newest write."""
        if self.client.last_event:
            for service in services or SERVICES:
                self.client.get(f"/{service}/v1/tenant", after_event=self.client.last_event)

    def add_school(self, name: str, external_id: str | None = None) -> School:
        """A school."""
        body = {"name": name} | ({"external_id": external_id} if external_id else {})
        return School(self.client.post("/plan/v1/schools", body)["id"], name)

    def add_staff(
        self,
        given: str,
        family: str,
        role: str,
        school: School | None,
        since: date,
        *,
        external_id: str | None = None,
    ) -> str:
        """Somebody who works here; returns their id."""
        held: Json = {"role": role, "starts_on": since.isoformat()}
        if school is not None:
            held["school_id"] = school.id
        body: Json = {
            "given_name": given, "family_name": family, "roles": [held],
            "email": f"{given}.{family}@lakeside.example".lower(),
        } | ({"external_id": external_id} if external_id else {})  # fmt: skip
        made: str = self.client.post("/plan/v1/staff", body)["id"]
        if school is not None:
            school.staff[role] = made
        return made

    def add_student(
        self, given: str, family: str, born: date, *, school: School, grade: str, language: str = "en",
        external_id: str | None = None,
    ) -> str:  # fmt: skip
        """A student at a school; returns their id."""
        body: Json = {
            "given_name": given, "family_name": family, "birth_date": born.isoformat(), "home_language": language,
            "school": school.id, "grade": grade,
        }  # fmt: skip
        if external_id:
            body["external_id"] = external_id
        made: str = self.client.post("/plan/v1/students", body)["id"]
        return made

    def confirm_holder(
        self, student: str, name: str, *, since: date, email: str | None, language: str = "en",
        ground: str = "biological_parent", confirmed_by: str, address: Sequence[str] = (), **more: Any,
    ) -> str:  # fmt: skip
        """A person confirms that somebody holds all four rights; returns the holder's id. ``more``: contact, evidence."""
        held = {"starts_on": since.isoformat()}
        body: Json = {
            "name": name, "ground": ground, "language": language, "confirmed_by": confirmed_by,
            "rights": {"decision": held, "record": held, "notice": held, "contact": held},
        } | {name: said for name, said in more.items() if said is not None}  # fmt: skip
        if email:
            body["email"] = email
        if address:
            street, city, state, postal_code = address
            body["address"] = {"lines": [street], "city": city, "state": state, "postal_code": postal_code}
        made: str = self.client.post(f"/plan/v1/students/{student}/rights-holders", body)["id"]
        return made

    def assign(self, student: str, staff: str, role: str, since: date) -> str:
        """Who works with the student as what; returns the assignment's id."""
        body = {"staff": staff, "role": role, "from": since.isoformat()}
        made: str = self.client.post(f"/plan/v1/students/{student}/assignments", body)["id"]
        return made

    def elect_email(self, family: Family, language: str, on: date) -> None:
        """The holder elects notices by e-mail (34 CFR 300.505)."""
        self.client.put(
            f"/notify/v1/preferences/{family.holder}",
            {
                "student": family.student, "language": language, "channels": ["email", "letter"],
                "electronic_notice_elected_on": on.isoformat(),
            },
        )  # fmt: skip

    def meeting(
        self, family: Family, school: School, purpose: str, on: date, roles: dict[str, list[str]], *,
        plan: str | None = None, parent: bool = True, staff: dict[str, str] | None = None,
    ) -> str:  # fmt: skip
        """A meeting that was scheduled, attended by everybody in ``roles``, and held; returns its id."""
        people = {**school.staff, **(staff or {})}
        members = [(staff_member(people[role]), said) for role, said in roles.items()]
        holder = (rights_holder(family.holder), ["parent"])
        meeting = self.schedule(family.student, purpose, on, [holder, *members], plan=plan)
        came = [holder, *members] if parent else members
        version = [self.attend(meeting, person, said) for person, said in came][-1]
        self.hold(meeting, on, version, parent_present=parent)
        return meeting

    def schedule(
        self, student: str, purpose: str, on: date, invited: Sequence[Invited], *, plan: str | None = None,
        **more: Any,
    ) -> str:  # fmt: skip
        """Set a meeting for the afternoon of ``on``; returns its id."""
        body: Json = {
            "student": student, "purpose": purpose, "starts_at": self.afternoon(on), "place": "Conference room",
            "invitees": [{"person": person, "roles": roles} for person, roles in invited],
        } | ({"plan": plan} if plan else {})  # fmt: skip
        made: str = self.client.post("/plan/v1/meetings", body | more)["id"]
        return made

    def afternoon(self, day: date, *, later: bool = False) -> str:
        """When meetings begin."""
        return self.at(day, 16, 15) if later else self.at(day, 15, 30)

    def attend(
        self, meeting: str, person: Json, roles: list[str], attendance: str = "present", **more: Any
    ) -> str:
        """How somebody took part, or was excused; returns the meeting's version, for `hold`."""
        body = {"person": person, "roles": roles, "attendance": attendance}
        answer = self.client.request("POST", f"/plan/v1/meetings/{meeting}/attendance", json=body | more)
        return answer.headers["etag"]

    def hold(self, meeting: str, on: date, version: str, **more: Any) -> None:
        """The meeting took place, attended as it was when it had this ``version``."""
        body = {"held_on": on.isoformat(), **more}
        self.client.post(f"/plan/v1/meetings/{meeting}/held", body, if_match=version)

    def wait_for_notice(
        self, student: str, amendment: str, until: tuple[str, ...] = ("given", "opened", "acknowledged")
    ) -> Json:
        """The notice of an amendment, as soon as it has come so far; notify-service works by itself."""
        deadline = time.monotonic() + NOTICE_SECONDS
        found: list[Json] = []
        while time.monotonic() < deadline:
            found = [
                notice for notice in self.client.get("/notify/v1/notices", student=student)["items"]
                if notice.get("amendment") == amendment
            ]  # fmt: skip
            if found and all(notice["status"] in until for notice in found):
                return found[0]
            time.sleep(0.1)
        raise TimeoutError(
            f"the notice of {amendment} has not come so far: {[n.get('status') for n in found]}"
        )

    def once_heard(self, do: Callable[[], T]) -> T:
        """Do what needs a given notice: plan-service hears of one a moment after notify-service says so."""
        deadline = time.monotonic() + NOTICE_SECONDS
        while True:
            try:
                return do()
            except Refused as refused:
                if NOT_YET_GIVEN not in str(refused.problem) or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def found_eligible(self, family: Family, determination: Json, on: date, **more: Any) -> str:
        """What a group has found before there was Handrail: reported, with the parent in the group."""
        happened = {
            "source": "paper file",
            "reason": "It was determined before.",
            "occurred_on": on.isoformat(),
        }
        body = {
            "determination": determination, "determined_on": on.isoformat(), "reported": happened,
            "members": [{"person": {"kind": "rights_holder", "holder_id": family.holder}}],
        }  # fmt: skip
        made: str = self.client.post(f"/plan/v1/students/{family.student}/eligibility", body | more)["id"]
        return made

    def consent_to_services(self, family: Family, on: date, *, plan: str, **more: Any) -> str:
        """The holder is asked at the table for consent to the first services, and signs (34 CFR 300.300(b))."""
        at = f"/plan/v1/students/{family.student}"
        asked = {
            "holders": [family.holder],
            "channel": "handed_over",
            "asked_on": on.isoformat(),
            "plan": plan,
        }
        self.client.post(f"{at}/services-consent-requests", asked)
        signed = {"holder": family.holder, "decision": "accepted", "method": "paper_signature",
                  "answered_on": on.isoformat(), "plan": plan}  # fmt: skip
        made: str = self.client.post(f"{at}/services-consents", signed | more)["id"]
        return made

    def adopt(self, plan: str, effective: date, meeting: str) -> Json:
        """Version 1, from ``effective`` on."""
        body = {"effective_on": effective.isoformat(), "meeting": meeting}
        version = self.client.etag(f"/plan/v1/plans/{plan}/draft")
        adopted: Json = self.client.post(f"/plan/v1/plans/{plan}/adoption", body, if_match=version)
        return adopted


def staff_member(id_: str) -> Json:
    """A staff member, as meetings name people."""
    return {"kind": "staff", "staff_id": id_}


def rights_holder(id_: str) -> Json:
    """A rights holder, as meetings name people."""
    return {"kind": "rights_holder", "holder_id": id_}


def new_external_id(source: str) -> str:
    """An id as a vendor's system would give."""
    return f"{source}:{uuid4().hex[:12]}"


def school_days_from(day: date, count: int) -> list[date]:
    """The next ``count`` weekdays from ``day`` on."""
    found: list[date] = []
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day)
        day += timedelta(days=1)
    return found
