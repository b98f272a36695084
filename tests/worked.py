"""What both worked histories of law.md stand on: a sandbox district with its school, its days and its own clock."""

import json
import time
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from running import Instance

from handrail.client import Handrail
from handrail.districts import open_district
from handrail.sample.calendar import Year
from handrail.stage import Family, School, Stage, staff_member

Json = dict[str, Any]
ZONE = "America/Chicago"
EARLIER = date(2020, 8, 1)
"""Since when everybody is here."""
DAYS_OFF = [
    *(date(2025, month, day) for month, day in ((9, 1), (10, 13), (11, 11), (11, 27), (11, 28))),
    *(date(2025, 12, 22) + timedelta(days=n) for n in range(12)), date(2026, 1, 19),
    *(date(2026, 2, 16) + timedelta(days=n) for n in range(5)),
    *(date(2026, 3, 30) + timedelta(days=n) for n in range(5)), date(2026, 5, 25),
]  # fmt: skip
YEAR = Year(date(2025, 8, 25), date(2026, 6, 12), tuple(DAYS_OFF))
"""The school year of law.md, section 8."""
YEARS = (Year(date(2024, 8, 26), date(2025, 6, 13), ()), YEAR, Year(date(2026, 8, 24), date(2027, 6, 11), ()))
SEVEN_PARTS = {
    "evaluations_used": "Records of the class, and what the evaluation found.",
    "options_considered": "To leave things as they are: it was not enough.", "other_factors": "None.",
}  # fmt: skip


class District(Stage):
    """A district of one school that lives through one history: everything by HTTP, on its day."""

    def __init__(self, instance: Instance, slug: str, begins: date, roles: Iterable[str]) -> None:
        client = instance.client(slug)
        super().__init__(client, ZONE)
        open_district(
            client, slug, name="Lakeside Schools", time_zone=ZONE, profile="federal@2026-1",
            clock_from=self.at(begins, 8),
        )  # fmt: skip
        self._profile()
        self.school: School = self.add_school("Lakeside School")
        for n, role in enumerate(roles):
            self.add_staff(f"Iris{n}", f"Calder{n}", role, self.school, EARLIER)
        self.director = self.add_staff("Clara", "Wren", "special_education_director", None, EARLIER)
        made = client.post(
            "/audit/v1/clients", {"name": "Second person", "scopes": ["plan.read", "plan.write"]}
        )
        self.settle()
        self.second = Handrail(
            instance.url, made["client_id"], made["client_secret"], tenant=slug, services=instance.services
        )
        """Somebody else, who approves what one person asked for."""

    def _profile(self) -> None:
        wanted = {
            "name": "Lakeside Schools", "time_zone": ZONE, "state_profile": "federal@2026-1",
            "languages": ["en", "es"], "calendar": [year.body() for year in YEARS], "partial_consent": True,
            "notice_days": 5, "mailing_days": 3, "safeguards_at": "the school office",
            "office": {"name": "Office of Special Education", "phone": "(555) 010-0100"},
            "help_sources": [{"name": "Lakeside Parent Center", "phone": "(555) 010-0111"}],
        }  # fmt: skip
        etag = self.client.etag("/plan/v1/district")
        self.client.put("/plan/v1/district", wanted, if_match=etag)

    def to(self, day: date) -> str:
        """It is ``day`` now; returns it as requests say it."""
        if day > self.today():
            self.advance_to(day)
        return day.isoformat()

    def staff(self, role: str) -> str:
        """Who works here as what."""
        return self.school.staff[role]

    def member(self, role: str, *brings: str) -> Json:
        """Somebody of a group, and what they bring."""
        return {"person": staff_member(self.staff(role)), "roles": list(brings)}

    def decide(self, path: str, body: Json, of: str | None = None) -> Any:
        """A decision about something as it stands."""
        return self.client.post(path, body, if_match=self.client.etag(of or path.rpartition("/")[0]))

    def notice(self, family: Family, action: str, why: str, **about: Any) -> Json:
        """A prior written notice by hand; waits until it counts as given."""
        body = {"student": family.student, "holder": family.holder, "action": action, "explanation": why}
        made = self.client.post("/notify/v1/notices", body | SEVEN_PARTS | about)
        return self.given(made["id"])

    def owed(self, family: Family, kind: str) -> str:
        """The newest notice of this kind, as soon as it is owed and has come as far as it comes by itself."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            items = self.client.get("/notify/v1/notices", student=family.student)["items"]
            found = [
                each
                for each in items
                if each["kind"] == kind and each["status"] not in {"owed", "sending", "lapsed"}
            ]
            if found:
                return str(max(found, key=lambda each: each["owed_on"])["id"])
            time.sleep(0.1)
        raise TimeoutError(f"no {kind} is owed")

    def given(self, notice: str) -> Json:
        """The notice, once it counts as given."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            shown: Json = self.client.get(f"/notify/v1/notices/{notice}")
            if "given" in shown:
                return shown
            time.sleep(0.1)
        raise TimeoutError(f"the notice {notice} is not given: {shown['status']} {shown['reasons']}")

    def sessions(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Many sessions in one request."""
        body = "\n".join(json.dumps(line) for line in lines)
        if not body:
            return
        answer = self.client.request(
            "POST", "/progress/v1/sessions", content=body.encode(), headers={"content-type": "application/x-ndjson"}
        )  # fmt: skip
        results = [json.loads(line) for line in answer.text.splitlines() if line]
        assert all(each["status"] in (200, 201) for each in results), results

    def in_force(self, plan: str, on: date, known: date | None = None) -> dict[str, Json]:
        """What the plan says on a day, as known at the end of another: its items by id, as plan-service tells it.

        audit-service, asked the same, says the same.
        """
        asked = {"effective_on": on.isoformat(), "known_at": known.isoformat() if known else None}
        told = self.client.get(f"/plan/v1/plans/{plan}", **asked)
        evidence = self.client.get(f"/audit/v1/plans/{plan}", **asked, after_event=self.client.last_event)
        assert evidence["items"] == told["items"]
        return {each["item"]["id"]: each for each in told["items"]}


def findings(at: District, student: str, rule: str, on: date, known: date | None = None) -> list[Json]:
    """What is found of a student under a rule on a day, as known at the end of another (the same, unless said)."""
    asked = {"student": student, "rule": rule, "on": on.isoformat(), "known_at": (known or on).isoformat()}
    items: list[Json] = at.client.get("/audit/v1/findings", **asked)["items"]
    return items


def school_days(first: date, last: date) -> list[date]:
    """The days of the year of law.md on which children attend."""
    return [day for day in YEAR.school_days() if first <= day <= last]
