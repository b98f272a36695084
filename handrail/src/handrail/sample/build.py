"""Building `sandbox-sample`: a district with a year behind it, some things late or broken as in life.

Every request carries a key made from its place in the story, and every body is made from the seed: interrupted, the same
call goes through all of it again, is answered as before for what was done, and goes on from there.
"""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from handrail.client import Handrail, Refused
from handrail.districts import open_district
from handrail.plan_items import Items, Json
from handrail.sample.calendar import school_year
from handrail.sample.people import SCHOOLS, Child, children, colleagues
from handrail.stage import GROUP_504_ROLES, IEP_ROLES, Family, School, Stage

TENANT = "sandbox-sample"
ZONE = "America/Chicago"
SEED = 20250801
STUDENTS = 300
IEPS = 30
PLANS_504 = 10
BEGINS = 2025
BATCH = 500
LOGINS = {"officer": "compliance_officer", "director": "special_education_director", "manager": "case_manager",
          "teacher": "regular_education_teacher"}  # fmt: skip
"""The demo accounts: the office's people see the district, the others the students assigned to them."""
SPEECH, READING = "speech_language_pathologist", "special_education_teacher"

Report = Callable[[str, int, int], None]
"""What is being made, how much of it is done, of how much."""


@dataclass
class Held:
    """A plan of the sample district, as its story goes on."""

    child: Child
    family: Family
    school: School
    plan: str
    items: list[Json]
    adopted_on: date
    services: list[Json] = field(default_factory=list)
    missed: list[tuple[str, str]] = field(default_factory=list)


class Sample:
    """The story, told once."""

    def __init__(self, client: Handrail, password: str, report: Report) -> None:
        self.client = client.for_tenant(TENANT)
        counter = itertools.count(1)
        self.client.keys = lambda: f"sample-{SEED}-{next(counter):06d}"
        self.stage = Stage(self.client, ZONE)
        self.chance = Random(SEED)
        self.items = Items(self.chance)
        self.password = password
        self.report = report
        self.year = school_year(BEGINS)
        self.schools: list[School] = []
        self.office: dict[str, str] = {}
        self.held: list[Held] = []
        self.now = date(BEGINS, 8, 4)

    def build(self) -> None:
        """All of it; repeatable."""
        self._district()
        self._people()
        roster = self._students()
        self._plans(roster)
        self._school_year()
        self._next_year()

    def _to(self, day: date, hour: int = 8) -> None:
        """Move on to ``day``; a moment that is past already (a resumed build) is passed over."""
        if day > self.now:
            self.now = day
            try:
                self.stage.advance_to(day, hour)
            except Refused as refused:
                if refused.status != 409:
                    raise

    def _district(self) -> None:
        begins = datetime(BEGINS, 8, 4, 8, tzinfo=ZoneInfo(ZONE)).isoformat()
        open_district(self.client, TENANT, name="Lakeside Unified (sample)", time_zone=ZONE,
                      profile="federal@2026-1", clock_from=begins)  # fmt: skip
        answer = self.client.request("GET", "/plan/v1/district")
        if answer.json().get("calendar"):
            return
        body = {
            "name": "Lakeside Unified (sample)", "time_zone": ZONE, "state_profile": "federal@2026-1",
            "languages": ["en", "es"], "calendar": [school_year(BEGINS).body(), school_year(BEGINS + 1).body()],
            "partial_consent": True, "notice_days": 5, "mailing_days": 3,
            "office": {"name": "Office of Special Education", "phone": "(555) 010-0100",
                       "address": {"lines": ["1 Harbor Street"], "city": "Lakeside", "state": "TX",
                                   "postal_code": "75000"}},
            "help_sources": [{"name": "Lakeside Parent Center", "phone": "(555) 010-0111"}],
            "safeguards_at": "the school office, or https://lakeside.example/safeguards",
        }  # fmt: skip
        self.client.put("/plan/v1/district", body, if_match=answer.headers["etag"])

    def _people(self) -> None:
        self.schools = [self.stage.add_school(name, f"sis:school-{n}") for n, name in enumerate(SCHOOLS)]
        for colleague in colleagues(SEED):
            school = self.schools[colleague.school] if colleague.school is not None else None
            made = self.stage.add_staff(
                colleague.given, colleague.family, colleague.role, school, date(BEGINS - 2, 8, 1),
                external_id=f"sis:staff-{colleague.key}",
            )  # fmt: skip
            if school is None:
                self.office[colleague.role] = made
            login = next((login for login, role in LOGINS.items() if role == colleague.role), None)
            if login and colleague.school in (None, 0):
                self.client.put(
                    f"/audit/v1/accounts/{login}",
                    {"staff": made, "name": f"{colleague.given} {colleague.family}", "role": colleague.role,
                     "password": self.password},
                )  # fmt: skip

    def _students(self) -> list[tuple[Child, str]]:
        roster: list[tuple[Child, str]] = []
        for child in children(SEED, STUDENTS, BEGINS):
            student = self.stage.add_student(
                child.given, child.family, child.birth_date, school=self.schools[child.school], grade=child.grade,
                language=child.language, external_id=child.external_id,
            )  # fmt: skip
            contact: Json = {
                "given_name": child.parent_given, "family_name": child.family, "relation": "parent",
                "external_id": f"sis:parent-{child.number}",
            }  # fmt: skip
            if child.parent_email:
                contact["emails"] = [child.parent_email]
            self.client.post(f"/plan/v1/students/{student}/contacts", contact)
            roster.append((child, student))
            self.report("students", len(roster), STUDENTS)
        return roster

    def _plans(self, roster: list[tuple[Child, str]]) -> None:
        chosen = self.chance.sample(roster, IEPS + PLANS_504)
        days = [d for d in self.year.school_days() if d <= date(BEGINS, 10, 10)][::3]
        for n, (child, student) in enumerate(chosen):
            on = days[n * len(days) // len(chosen)]
            self._to(on)
            self.held.append(self._plan(child, student, on, is_iep=n % 4 != 3))
            self.report("plans", n + 1, len(chosen))

    def _holder(self, child: Child, student: str) -> Family:
        director = self.office["special_education_director"]
        adult = child.birth_date <= date(BEGINS - 18, 8, 1)
        holder = self.stage.confirm_holder(
            student, f"{child.given if adult else child.parent_given} {child.family}", since=date(BEGINS, 8, 1),
            email=child.parent_email, language="es" if child.language == "es" else "en",
            ground="adult_student" if adult else "biological_parent", confirmed_by=director, address=child.address,
        )  # fmt: skip
        return Family(student, holder)

    def _plan(self, child: Child, student: str, on: date, *, is_iep: bool) -> Held:
        school = self.schools[child.school]
        family = self._holder(child, student)
        for role in ("case_manager", READING, "regular_education_teacher"):
            self.stage.assign(student, school.staff[role], role, on)
        services: list[Json] = []
        if is_iep:
            ends = self.year.last
            minutes = self.chance.choice([90, 120, 150, 225])
            services = [self.items.service("reading_instruction", minutes, 3, READING, on, ends)]
            if self.chance.random() < 0.6:
                services.append(
                    self.items.service(
                        "speech_language_therapy", self.chance.choice([30, 60]), 1, SPEECH, on, ends
                    )
                )
            baseline = self.chance.randrange(20, 60)
            reading = None if self.chance.random() < 0.3 else (baseline, baseline + 40)
            items = self.items.iep_items(
                on, levels="Reads and sorts below grade level.", services=services, reading=reading
            )
            purpose, roles, more = "initial", IEP_ROLES, None
        else:
            activity = self.chance.choice(["endocrine_function", "concentrating"])
            items = self.items.section_504_items(on, activity)
            purpose, roles, more = "section_504_decision", GROUP_504_ROLES, self.office
        plan = self.client.post(
            "/plan/v1/plans",
            {"student": student, "kind": "iep" if is_iep else "504", "items": items,
             "external_id": f"sis:plan-{child.number}"},
        )["id"]  # fmt: skip
        meeting = self.stage.meeting(family, school, purpose, on, roles, plan=plan, staff=more)
        self.stage.adopt(plan, on, meeting)
        if is_iep and child.parent_email:
            self.stage.settle()
            self.stage.elect_email(family, "es" if child.language == "es" else "en", on)
        return Held(child, family, school, plan, items, on, services)

    def _school_year(self) -> None:
        """Month by month: sessions and results at its end, an amendment or two in it."""
        ieps = [held for held in self.held if held.services]
        months = [(BEGINS, m) for m in (10, 11, 12)] + [(BEGINS + 1, m) for m in (1, 2, 3, 4, 5, 6)]
        for n, (year, month) in enumerate(months):
            first = date(year, month, 1)
            last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            days = [d for d in self.year.school_days() if first <= d <= last]
            if 0 < n < 8:
                self._to(days[2])
                self._amend(ieps[n * 3], days[2], n)
            self._to(min(days[-1], self.year.last), hour=18)
            self._sessions(ieps, days, n)
            self._results(ieps, days, n)
            self.report("months of school", n + 1, len(months))
        self._exits()

    def _sessions(self, ieps: list[Held], days: list[date], month: int) -> None:
        lines: list[Json] = []
        for held in ieps:
            for place, service in enumerate(held.services):
                for day in days[place :: 5 if place else 2]:
                    if day >= held.adopted_on:
                        lines.append(self._session(held, service, day, len(lines), month))
        # One provider's sheet of one month was lost: nothing was recorded, and stays so.
        lines = [line for n, line in enumerate(lines) if not (month == 5 and n % 17 == 0)]
        for start in range(0, len(lines), BATCH):
            body = "\n".join(json.dumps(line) for line in lines[start : start + BATCH]).encode()
            self.client.request(
                "POST",
                "/progress/v1/sessions",
                content=body,
                headers={"content-type": "application/x-ndjson"},
            )

    def _session(self, held: Held, service: Json, day: date, number: int, month: int) -> Json:
        minutes = service["minutes"] // service["sessions_per"]
        line: Json = {
            "plan": held.plan, "item": service["id"], "on": day.isoformat(), "minutes": minutes, "status": "delivered",
            "provider": held.school.staff[service["provider_role"]], "external_id": f"sis:session-{month}-{number}",
        }  # fmt: skip
        chance = self.chance.random()
        if chance < 0.06:
            reason = self.chance.choice(["student_absent", "provider_absent", "school_activity"])
            line |= {"status": "missed", "reason": reason}
        elif chance < 0.08:
            line |= {"status": "partial", "minutes": max(5, minutes // 2), "planned_minutes": minutes,
                     "reason": "schedule_conflict"}  # fmt: skip
        return line

    def _results(self, ieps: list[Held], days: list[date], month: int) -> None:
        for held in ieps:
            goal = next(item for item in held.items if item["kind"] == "goal")
            day = days[len(days) // 2]
            if day < held.adopted_on or self.chance.random() < 0.1:
                continue
            baseline, target = int(goal["baseline"]), int(goal["target"])
            pace = 0.6 + 0.5 * (held.child.number % 3)
            value = round(
                baseline + (target - baseline) * min(1.0, pace * (month + 1) / 9)
            ) + self.chance.randrange(-2, 3)
            self.client.post(
                "/progress/v1/measurements",
                {"plan": held.plan, "item": goal["id"], "measured_on": day.isoformat(), "value": str(max(0, value)),
                 "unit": goal["unit"], "by": held.school.staff[READING],
                 "external_id": f"sis:result-{month}-{held.child.number}"},
            )  # fmt: skip

    def _amend(self, held: Held, on: date, n: int) -> None:
        """Proposed, noticed, answered; then adopted, adopted in part, withdrawn, or reported as it had happened."""
        service = held.services[0]
        longer = service | {"minutes": service["minutes"] + 30}
        time = next(item for item in held.items if item["kind"] == "accommodation")
        plan = f"/plan/v1/plans/{held.plan}"
        proposed = self.client.post(
            f"{plan}/amendments",
            {"basis": {"kind": "written_agreement", "agreed_on": on.isoformat(), "holder_ids": [held.family.holder]},
             "changes": [{"op": "replace", "item": longer}, {"op": "end", "item": time["id"]}],
             "effective_on": "earliest", "reason": "Results have stayed below the aim line for six weeks.",
             "evaluations_used": "Six weekly probes; the teacher's notes.",
             "options_considered": "Going on unchanged: no reason to expect another result.", "other_factors": "None.",
             "external_id": f"sis:amendment-{n}"},
            if_match=self.client.etag(plan),
        )["id"]  # fmt: skip
        if n == 4:
            self.client.post(f"{plan}/amendments/{proposed}/withdrawal", {"reason": "The family asked to wait."},
                             if_match=self.client.etag(plan))  # fmt: skip
            return
        if n == 6:
            self._reported(held, plan, proposed, on)
            return
        notice = self.stage.wait_for_notice(
            held.family.student,
            proposed,
            until=("given", "opened", "acknowledged", "to_post", "blocked", "posted"),
        )
        if notice["status"] == "to_post":
            self.client.post(
                f"/notify/v1/notices/{notice['id']}/deliveries",
                {"channel": "handed_over", "on": on.isoformat()},
            )
        for item, decision in ((longer["id"], "accepted"), (time["id"], "refused" if n % 2 else "accepted")):
            self.client.post(
                f"{plan}/amendments/{proposed}/consents",
                {
                    "holder": held.family.holder,
                    "items": [item],
                    "decision": decision,
                    "method": "paper_signature",
                },
            )
        self.stage.settle()
        self._to(on + timedelta(days=7))
        self.client.post(f"{plan}/amendments/{proposed}/adoption", {"effective_on": "earliest"},
                         if_match=self.client.etag(plan))  # fmt: skip
        held.services[0] = longer

    def _reported(self, held: Held, plan: str, amendment: str, on: date) -> None:
        """It was done the same day, before any notice could count: recorded as it happened."""
        happened = {
            "source": "school office",
            "reason": "The change was made at once.",
            "occurred_on": on.isoformat(),
        }
        self.client.post(
            f"{plan}/amendments/{amendment}/adoption", {"effective_on": on.isoformat(), "reported": happened},
            if_match=self.client.etag(plan),
        )  # fmt: skip

    def _exits(self) -> None:
        """The year ends: a statement, and one 504 student leaves for good."""
        first = self.held[0]
        self.client.post(
            f"/plan/v1/plans/{first.plan}/statements",
            {
                "holder": first.family.holder,
                "text": "We asked twice for the reading teacher by name.",
                "via": "letter",
            },
        )
        leaving = next(held for held in self.held if not held.services)
        plan = f"/plan/v1/plans/{leaving.plan}"
        self.client.post(
            f"{plan}/end", {"reason": "left_school", "effective_on": (self.year.last + timedelta(days=1)).isoformat()},
            if_match=self.client.etag(plan),
        )  # fmt: skip

    def _next_year(self) -> None:
        """The clock goes on to this very day; annual reviews of the new year are late, as they may be in life."""
        self.stage.settle()
        today = datetime.now(ZoneInfo(ZONE)).date()
        self._to(today - timedelta(days=1), hour=20)


def build(client: Handrail, password: str, report: Report = lambda _what, _done, _of: None) -> None:
    """Make the sample district, or complete one whose making was interrupted; ``password``: of its demo accounts."""
    Sample(client, password, report).build()
