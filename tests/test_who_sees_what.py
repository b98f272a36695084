"""Who is not to see a student learns nothing of them on any route: not a name, not an id, not that they exist.

Every operation of the four OpenAPI documents is asked with real ids of the demo's students, by a teacher to whom nobody
is assigned, by a director of another school, by a teacher of another student, and by a vendor of another district.
Each answer has to be the one that made-up ids get. That the ids are real is shown by somebody who is assigned.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from running import Instance, one_process

from handrail.client import Handrail
from handrail.openapi import document
from runtime.roles import SERVICES
from runtime.scopes import CLIENT_SCOPES, ROLE_SCOPES

pytestmark = pytest.mark.slow
TENANT = "sandbox-demo"
PASSWORD = "a password of eight words or so"
Json = dict[str, Any]

OF_A_STUDENT = frozenset(
    {
        "student", "contact", "holder", "assignment", "document", "release", "request", "meeting", "invitation",
        "attempt", "attendance", "plan", "amendment", "consent", "statement", "correction", "item", "session",
        "measurement", "notice", "packet", "disclosure", "enrolment", "review", "informed", "delivery",
        "evaluation", "consent_request", "evaluation_consent", "eligibility", "reevaluation_waiver",
        "evaluation_extension", "dispute", "services_consent_request", "services_consent",
        "exit_summary", "reopening", "void", "draft_share", "comment",
        "transfer", "comparable_services", "records_request", "removal", "removal_services", "removal_decision",
        "manifestation", "manifestation_step", "hold", "destruction", "event", "export",
        "schedule", "make_up_offer", "make_up_agreement", "acknowledgement", "accommodation_use", "report",
    }
)  # fmt: skip
"""What belongs to one student, as it is called in paths (with ``_id``) and in bodies."""
OF_THE_DISTRICT = frozenset(
    {"school", "staff", "import", "client", "bank_entry", "template", "batch", "webhook"}
)
NOT_AN_ID = {"list_name": "codes are the same everywhere", "number": "a version's number behind the plan's id, or an indicator's",
             "login": "a user name", "rule": "the rules are the same everywhere", "service_name": "one of the four",
             "tile": "a place in the district's whole log", "language": "the wordings are the same everywhere"}  # fmt: skip
NOT_ASKED: dict[str, str] = {}
"""Operations left out of the walk, as ``METHOD /path``, each with its reason."""
OTHER_NAMES = {"case_manager": "staff", "provider": "staff", "by": "staff", "confirmed_by": "staff", "makes_up": "session",
               "offer": "make_up_offer", "agreement": "make_up_agreement"}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One operation of a document, and what of a student it names."""

    method: str
    path: str
    scopes: frozenset[str]
    query: frozenset[str]
    needed_query: frozenset[str]
    wants_version: bool
    body: Any
    """An example of a body; ``None`` where it takes none."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def in_path(self) -> list[str]:
        """The names in the path, outermost first."""
        return [name.removesuffix("_id") for name in re.findall(r"{(\w+)}", self.path)]

    @property
    def in_body(self) -> set[str]:
        """The names of ids in the body."""
        return {_thing(name) for name in self.body} if isinstance(self.body, dict) else set()

    @property
    def about_a_student(self) -> bool:
        """Whether the path, the body or a query that is always needed names something of one student."""
        return bool(OF_A_STUDENT & {*self.in_path, *self.in_body, *self.needed_query})


def _thing(name: str) -> str:
    name = name.removesuffix("_id")
    return OTHER_NAMES.get(name, name)


@cache
def operations() -> tuple[Operation, ...]:
    """All of the four documents."""
    return tuple(_operations())


def _operations() -> Iterator[Operation]:
    for service in SERVICES:
        found = document(service)
        for path, methods in found["paths"].items():
            for method, operation in methods.items():
                parameters = operation.get("parameters", [])
                query = [each for each in parameters if each["in"] == "query"]
                yield Operation(
                    method.upper(),
                    path,
                    frozenset(scope for one in operation.get("security", []) for scope in one["oauth2"]),
                    frozenset(each["name"] for each in query),
                    frozenset(each["name"] for each in query if each.get("required")),
                    any(each["name"] == "If-Match" for each in parameters),
                    _example(operation, found),
                )


def _example(operation: Json, root: Json) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    for each in content.get("examples", {}).values():
        return each["value"]
    schema = content["schema"]
    for each in (schema, root["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})):
        if each.get("examples"):
            return each["examples"][0]
    return {}


@dataclass
class Somebody:
    """A caller with a token."""

    http: httpx.Client
    scopes: frozenset[str]

    def ask(self, operation: Operation, ids: Json, *, version: str | None) -> httpx.Response:
        """Send the operation with these ids wherever it names one."""
        headers = {"idempotency-key": str(uuid4())}
        if version is not None and operation.wants_version:
            headers["if-match"] = version
        address = operation.path
        for name in re.findall(r"{(\w+)}", operation.path):
            address = address.replace("{" + name + "}", ids[name.removesuffix("_id")])
        given = {"student", *operation.needed_query}
        query = {name: ids[name] for name in given if name in operation.query}
        if operation.path.endswith(
            "/report-draft"
        ):  # Of one of two questions; the other is a date of the plan's.
            query |= {"from": ids["from"], "until": ids["to"]}
        body = None if operation.body is None else _with_ids(operation.body, ids)
        return self.http.request(operation.method, address, params=query, json=body, headers=headers)


def _with_ids(value: Any, ids: Json) -> Any:
    if isinstance(value, list):
        return [_with_ids(each, ids) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: ids[_thing(name)]
        if isinstance(inner, str) and _thing(name) in ids
        else str(uuid4())[:8].join(("walk:", ""))
        if name == "external_id"
        else _with_ids(inner, ids)
        for name, inner in value.items()
    }


@dataclass
class District:
    """The demo's district, as somebody knows it who sees everything."""

    instance: Instance
    operator: Handrail
    things: Json
    """An id of every kind, all of one student."""
    other: Json
    """Another student, with a plan and a meeting."""
    secrets: set[str] = field(default_factory=set)
    """What must not get out: names of students and families, and the ids of all that is theirs."""

    def person(self, role: str, school: str | None) -> tuple[str, Somebody]:
        """Somebody who works here, signed in on the page as people are; their staff id, and they."""
        held = {"role": role, "starts_on": "2020-01-01"} | ({"school_id": school} if school else {})
        name = {"given_name": "Una", "family_name": f"Ware-{secrets.token_hex(3)}"}
        staff: str = self.operator.post("/plan/v1/staff", name | {"roles": [held]})["id"]
        account = {"staff": staff, "name": "Una Ware", "role": role, "password": PASSWORD}
        self.operator.put(f"/audit/v1/accounts/{name['family_name'].lower()}", account)
        self.settle()
        token = signed_in(self.instance, name["family_name"].lower(), PASSWORD)
        return staff, Somebody(self._http(token["access_token"]), frozenset(token["scope"].split()))

    def vendor(self, tenant: str) -> Somebody:
        """A vendor's client of another district, with every scope that a vendor may have."""
        added = self.operator.for_tenant(tenant)
        added.put("/plan/v1/tenant", {"name": "Hillside", "time_zone": "America/Chicago"})
        subject = added.get("/plan/v1/tenant")["subject"]
        for service in SERVICES[1:]:
            body = {"name": "Hillside", "time_zone": "America/Chicago", "subject": subject}
            added.put(f"/{service}/v1/tenant", body)
        made = added.post("/audit/v1/clients", {"name": "Hillside SIS", "scopes": sorted(CLIENT_SCOPES)})
        client = Handrail(self.instance.url, made["client_id"], made["client_secret"])
        return Somebody(self._http(client.token()), CLIENT_SCOPES)

    def assign(self, staff: str, student: str) -> None:
        """Somebody works with a student from now on."""
        body = {"staff": staff, "role": "case_manager", "from": "2020-01-01"}
        self.operator.post(f"/plan/v1/students/{student}/assignments", body)
        self.settle()

    def settle(self) -> None:
        """Every service has taken in the newest write."""
        for service in SERVICES:
            self.operator.get(f"/{service}/v1/tenant", after_event=self.operator.last_event)

    def leaked(self, answer: httpx.Response) -> set[str]:
        """What an answer says that was not asked with."""
        sent = f"{answer.request.url} {answer.request.content.decode()}"
        said = f"{answer.headers} {answer.text}"
        return {
            secret
            for secret in self.secrets
            if secret in said and secret not in sent and re.search(rf"\b{re.escape(secret)}\b", said)
        }

    def _http(self, token: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.instance.url, headers={"authorization": f"Bearer {token}"}, timeout=60
        )


def signed_in(instance: Instance, login: str, password: str) -> Json:
    """The tokens of somebody who has filled in the sign-in page (PKCE)."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    client = {"client_id": "console", "redirect_uri": f"{instance.url}/signed-in"}
    form = {
        "response_type": "code", "code_challenge": challenge, "code_challenge_method": "S256", "state": "s",
        "nonce": "n", "scope": " ".join(["openid", *sorted(set().union(*ROLE_SCOPES.values()))]),
        "login": login, "password": password,
    } | client  # fmt: skip
    answer = httpx.post(f"{instance.url}/oauth/authorize", data=form)
    assert answer.status_code == 303, answer.text
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    given = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier} | client
    answer = httpx.post(f"{instance.url}/oauth/token", data=given)
    assert answer.status_code == 200, answer.text
    token: Json = answer.json()
    return token


def made_up(ids: Json, *keep: str) -> Json:
    """The same, with ids that nothing has."""
    of_somebody = OF_A_STUDENT | OF_THE_DISTRICT
    return {name: str(uuid4()) if name in of_somebody - set(keep) else id for name, id in ids.items()}


def told(answer: httpx.Response) -> tuple[int, str]:
    """An answer without what is different each time."""
    if answer.is_success:
        return answer.status_code, ""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", answer.text)
    problem = httpx.Response(200, text=text).json()
    return answer.status_code, str({name: problem.get(name) for name in ("code", "detail", "errors")})


@pytest.fixture(scope="module")
def district() -> Iterator[District]:
    """The demo has been played, and one of its students has one of everything."""
    with one_process() as instance:
        done = instance.handrail("demo", "--json", timeout=400)
        assert done.returncode == 0, done.stdout + done.stderr
        yield furnished(instance)


def furnished(instance: Instance) -> District:
    """What the demo leaves, and what it does not make made for the student of its first chapters."""
    operator = instance.client(TENANT)
    students = {each["given_name"]: each["id"] for each in operator.get("/plan/v1/students")["items"]}
    student, other = students["Mira"], students["June"]

    def first(path: str, **narrowed: str) -> str:
        found: str = operator.get(path, **narrowed)["items"][0]["id"]
        return found

    of = f"/plan/v1/students/{student}"
    meeting = first("/plan/v1/meetings", student=student)
    plan = first("/plan/v1/plans", student=student)
    holder = first(f"{of}/rights-holders")
    parent = {"kind": "rights_holder", "holder_id": holder}
    met_on = operator.get(f"/plan/v1/meetings/{meeting}")["starts_at"][:10]
    upload = httpx.post(
        f"{instance.url}{of}/documents", data={"title": "A letter"},
        files={"file": ("a.txt", b"Dear school, we agree.", "text/plain")},
        headers={"authorization": f"Bearer {operator.token()}", "idempotency-key": str(uuid4())},
    ).json()  # fmt: skip
    release = operator.post(
        f"{of}/releases",
        {"holder": holder, "recipient": "Harbor School", "purpose": "school", "records": ["plan"],
         "signed_on": operator.get("/plan/v1/clock")["now"][:10], "method": "paper_signature"},
    )["id"]  # fmt: skip
    things = {
        "student": student, "holder": holder, "meeting": meeting, "plan": plan, "document": upload["id"],
        "release": release, "assignment": first(f"{of}/assignments"),
        "contact": operator.post(f"{of}/contacts", {"given_name": "Elena", "family_name": "Quill"})["id"],
        "request": operator.post(f"{of}/requests", {"kind": "records", "via": "letter", "holder": holder})["id"],
        "dispute": operator.post(f"{of}/disputes", {"kind": "mediation", "filed_by": "family", "holder": holder})["id"],
        "invitation": operator.post(
            f"/plan/v1/meetings/{meeting}/invitations", {"person": parent, "channel": "letter", "given_on": met_on}
        )["id"],
        "attempt": operator.post(
            f"/plan/v1/meetings/{meeting}/attempts",
            {"person": parent, "means": "phone", "result": "no_answer", "tried_on": met_on},
        )["id"],
        "attendance": first(f"/plan/v1/meetings/{meeting}/attendance"),
        "services_consent_request": first(f"{of}/services-consent-requests"),
        "services_consent": first(f"{of}/services-consents"),
        "amendment": first(f"/plan/v1/plans/{plan}/amendments"), "consent": first(f"/plan/v1/plans/{plan}/consents"),
        "statement": operator.post(
            f"/plan/v1/plans/{plan}/statements", {"holder": holder, "text": "We agree.", "via": "letter"}
        )["id"],
        "session": first("/progress/v1/sessions", student=student),
        "measurement": first("/progress/v1/measurements", student=student),
        "enrolment": first(f"{of}/enrolments"),
    }  # fmt: skip
    notices = operator.get("/notify/v1/notices", student=student)["items"]
    things |= _evaluated(operator, of, holder, met_on)
    things |= _transferred(operator, of, met_on)
    things |= _removed(operator, of, met_on, holder)
    things["notice"] = next(notice["id"] for notice in notices if notice["deliveries"])
    things["delivery"] = first(f"/notify/v1/notices/{things['notice']}/deliveries")
    items = [held["item"] for held in operator.get(f"/plan/v1/plans/{plan}")["items"]]
    things["item"] = next(item["id"] for item in items if item["kind"] == "objective")
    things |= _delivered(operator, plan, items, met_on)
    district = District(instance, operator, things, {})
    staff, _ = district.person("other", first("/plan/v1/schools"))
    service = next(item for item in items if item["kind"] == "service")
    _carried_out(operator, things, staff, service, met_on)
    mine = {name: first(f"/plan/v1/{name}s", student=other) for name in ("plan", "meeting")}
    district.settle()
    packet = {"student": student, "plan": plan, "purpose": "school", "release": release,
              "recipient": {"name": "Harbor School"}}  # fmt: skip
    things["packet"] = operator.post("/audit/v1/packets", packet)["id"]
    things["disclosure"] = first("/audit/v1/disclosures", student=student)
    things |= _held(district)
    things["event"] = _adopted(operator, plan)
    things["export"] = operator.post("/audit/v1/exports", {"student": student, "purpose": "A hearing."})["id"]
    things |= {
        "school": first("/plan/v1/schools"), "staff": staff, "list_name": "meeting_purpose", "number": "1",
        "rule": "idea.iep-30", "year": "2025-2026", "service_name": "plan", "tile": "entries/000.p/1",
        "login": "nobody", "language": "es", "format": "edfi", "from": met_on, "to": operator.get("/plan/v1/clock")["now"][:10],
    }  # fmt: skip
    things["client"] = operator.post("/audit/v1/clients", {"name": "Lakeside SIS", "scopes": ["plan.read"]})[
        "id"
    ]
    goal = {"kind": "goal", "title": "Reading", "text": "{student} will read aloud."}
    wording = {
        "kind": "prior_written_notice",
        "language": "en",
        "name": "Ours",
        "texts": {"letter.dear": "Dear {name}:"},
    }
    things["template"] = operator.post("/notify/v1/templates", wording)["id"]
    # Told of nothing: its address is nobody's.
    endpoint = {"url": "https://93.184.216.34/hooks", "event_types": ["none.such"]}
    things["webhook"] = operator.post("/notify/v1/webhooks", endpoint)["id"]
    # None is made: it would take every letter that waits, of whoever.
    things["batch"] = str(uuid4())
    things["bank_entry"] = operator.post("/plan/v1/bank", goal)["id"]
    things["import"] = operator.request(
        "POST", "/plan/v1/imports", params={"format": "edfi"}, content=b"PK", headers={"content-type": "application/zip"}
    ).json()["id"]  # fmt: skip
    district.other = things | mine | {"student": other}
    district.secrets = set(_secrets(operator, students)) | {things[name] for name in OF_A_STUDENT}
    return district


def _held(district: District) -> Json:
    """A legal hold, and a destruction that it kept from being."""
    _, officer = district.person("compliance_officer", None)
    student = district.things["student"]
    hold = {"student": student, "ground": "audit", "reason": "The state looks at this year's files."}
    asked = {"student": student, "classes": ["record"], "ground": "no_longer_needed"}
    made = officer.http.post("/audit/v1/holds", json=hold)
    refused = officer.http.post("/audit/v1/destructions", json=asked)
    assert (made.status_code, refused.status_code) == (201, 409), made.text + refused.text
    return {"hold": made.json()["id"], "destruction": refused.json()["facts"]["destruction"]}


def _evaluated(operator: Handrail, of: str, holder: str, on: str) -> Json:
    """The student was referred, evaluated with consent, and found eligible; a reevaluation was waived."""
    happened = {"reported": {"source": "paper file", "reason": "It was before Handrail.", "occurred_on": on}}
    referral = {"kind": "initial", "laws": ["idea"], "source": "parent", "holder": holder} | happened
    evaluation = operator.post(f"{of}/evaluations", referral)["id"]
    at = f"{of}/evaluations/{evaluation}"
    asked = operator.post(f"{at}/consent-requests", {"holders": [holder], "channel": "letter"} | happened)[
        "id"
    ]
    signed = {"holder": holder, "decision": "accepted", "method": "paper_signature"} | happened
    consent = operator.post(f"{at}/consents", signed)["id"]
    more = {"ground": "moved_in", "due_on": on, "holder": holder} | happened
    extension = operator.post(f"{at}/extensions", more)["id"]
    operator.post(f"{at}/completion", {"assessments": [{"area": "motor", "on": on}]} | happened)
    found = {"law": "idea", "eligible": True, "categories": ["autism"], "needs_special_education": True}
    group = [{"person": {"kind": "rights_holder", "holder_id": holder}}]
    eligible = {"determination": found, "evaluation": evaluation, "members": group} | happened
    waiver = {"holder": holder, "method": "paper_signature"} | happened
    return {
        "evaluation": evaluation, "consent_request": asked, "evaluation_consent": consent,
        "evaluation_extension": extension,
        "eligibility": operator.post(f"{of}/eligibility", eligible)["id"],
        "reevaluation_waiver": operator.post(f"{of}/reevaluation-waivers", waiver)["id"],
    }  # fmt: skip


def _transferred(operator: Handrail, of: str, on: str) -> Json:
    """The student came with a plan, got something comparable, and the former school was asked for the records."""
    happened = {"reported": {"source": "paper file", "reason": "It was before Handrail.", "occurred_on": on}}
    came = {"kind": "iep", "same_state": True, "same_year": True, "district": "Bayside", "says": "Reading."}
    transfer = operator.post(f"{of}/transfers", came | happened)["id"]
    at = f"{of}/transfers/{transfer}"
    services = {"services": [{"service": "counseling"}], "starts_on": on} | happened
    asked = {"recipient": "Bayside", "channel": "email"} | happened
    return {
        "transfer": transfer, "comparable_services": operator.post(f"{at}/comparable-services", services)["id"],
        "records_request": operator.post(f"{at}/records-requests", asked)["id"],
    }  # fmt: skip


def _removed(operator: Handrail, of: str, on: str, holder: str) -> Json:
    """The student was removed, it was decided about and reviewed, and something followed."""
    happened = {"reported": {"source": "paper file", "reason": "It was before Handrail.", "occurred_on": on}}
    days = {"from": on, "until": on} | happened
    removal = operator.post(f"{of}/removals", {"setting": "sent_home"} | days)["id"]
    services = operator.post(
        f"{of}/removals/{removal}/services", {"services": [{"service": "counseling"}]} | days
    )
    decided = {"ground": "pattern", "removals": [removal], "change_of_placement": True} | happened
    decision = operator.post(f"{of}/removal-decisions", decided)["id"]
    group = [{"person": {"kind": "rights_holder", "holder_id": holder}}]
    found = {
        "decision": decision,
        "law": "idea",
        "by_disability": True,
        "by_failure": False,
        "members": group,
    }
    review = operator.post(f"{of}/manifestations", found | happened)["id"]
    step = operator.post(f"{of}/manifestations/{review}/steps", {"step": "returned"} | happened)["id"]
    return {
        "removal": removal, "removal_services": services["id"], "removal_decision": decision, "manifestation": review,
        "manifestation_step": step,
    }  # fmt: skip


def _delivered(operator: Handrail, plan: str, items: list[Json], on: str) -> Json:
    """A schedule, an offer and an agreement on make-up, an accommodation known and used, a progress report."""
    today = operator.get("/plan/v1/clock")["now"][:10]

    def first(kind: str) -> Json:
        return {"plan": plan, "item": next(item["id"] for item in items if item["kind"] == kind)}

    happened = {"source": "paper file", "reason": "Kept on paper.", "occurred_on": today}

    def made(what: str, body: Json) -> str:
        id_: str = operator.post(f"/progress/v1/{what}", body)["id"]
        return id_

    agreed = {"on": today, "minutes": 30, "kind": "compensatory"}
    return {
        "schedule": made("schedules", first("service") | {"weekdays": [2], "from": today}),
        "make_up_offer": made("make-up-offers", first("service") | agreed),
        "make_up_agreement": made("make-up-agreements", first("service") | agreed | {"ground": "agreement"}),
        "acknowledgement": made(
            "acknowledgements",
            first("accommodation") | {"staff": str(uuid4()), "on": today, "how": "in person"},
        ),
        "accommodation_use": made(
            "accommodation-uses",
            first("accommodation") | {"on": today, "outcome": "provided", "reported": happened},
        ),
        "report": made("reports", {"plan": plan, "from": on, "until": today}),
    }


def _carried_out(operator: Handrail, things: Json, staff: str, service: Json, on: str) -> None:
    """The plan is in use: somebody holds an item and was told so, a review, a correction and a next draft wait."""
    plan = f"/plan/v1/plans/{things['plan']}"

    def decide(path: str, body: Json) -> str:
        made: str = operator.post(path, body, if_match=operator.etag(plan))["id"]
        return made

    operator.post(f"{plan}/items/{things['item']}/holders", {"staff": staff, "from": on})
    operator.post(
        f"{plan}/informed", {"staff": staff, "items": [things["item"]], "on": on, "how": "in person"}
    )
    things["informed"] = operator.get(f"{plan}/informed")["items"][0]["id"]
    happened = {"source": "paper file", "reason": "Held before Handrail.", "occurred_on": on}
    review = {"outcome": "continued", "meeting": things["meeting"], "reported": happened}
    decide(f"{plan}/reviews", review)
    things["review"] = operator.get(f"{plan}/reviews")["items"][0]["id"]
    correction = {"event": _adopted(operator, things["plan"]), "item": service | {"location": "Room 14"},
                  "what_was_wrong": "The room.", "evidence": "Minutes."}  # fmt: skip
    things["correction"] = decide(f"{plan}/corrections", correction)
    summary = {"channel": "handed_over", "to_student": True, "academic_achievement": "Reads.",
               "functional_performance": "Plans.", "recommendations": "Time."}  # fmt: skip
    things["exit_summary"] = operator.post(f"{plan}/exit-summaries", summary)["id"]
    decide(
        f"{plan}/end", {"reason": "transferred", "effective_on": operator.get("/plan/v1/clock")["now"][:10]}
    )
    things["reopening"] = decide(f"{plan}/reopenings", {"ground": "mistake", "reason": "It was another's."})
    told = [
        each["id"] for each in operator.get(f"/plan/v1/students/{things['student']}/rights-holders")["items"]
    ]
    void = {
        "ground": "wrong_student",
        "reason": "It was another's.",
        "told_holders": told,
        "told_staff": [staff],
    }
    things["void"] = decide(f"{plan}/void", void | {"reported": happened})
    decide(f"{plan}/draft", {})
    given = {
        "holders": [things["holder"]],
        "channel": "handed_over",
        "language": "en",
        "document": things["document"],
    }
    things["draft_share"] = operator.post(f"{plan}/draft-shares", given)["id"]
    things["comment"] = operator.post(f"{plan}/draft/comments", {"text": "Is this within reach?"})["id"]


def _adopted(operator: Handrail, plan: str) -> str:
    entries = operator.get(f"/plan/v1/plans/{plan}/history")["entries"]
    event: str = next(entry["event_id"] for entry in entries if entry["type"] == "plan.adopted")
    return event


def _secrets(operator: Handrail, students: dict[str, str]) -> Iterator[str]:
    """Names and ids of the demo's students and of all that is listed of them."""
    for student in students.values():
        yield student
        for each in operator.get("/plan/v1/students", student=student)["items"]:
            yield from (each["given_name"], each["family_name"])
        for path in ("plan/v1/plans", "plan/v1/meetings", "plan/v1/rights-holders", "plan/v1/assignments",
                     "progress/v1/sessions", "progress/v1/measurements", "notify/v1/notices"):  # fmt: skip
            for each in operator.get(f"/{path}", student=student)["items"]:
                yield each["id"]
                yield from filter(None, (each.get("name"), each.get("email")))
    for plan in operator.get("/plan/v1/plans")["items"]:
        shown = operator.get(f"/plan/v1/plans/{plan['id']}")
        yield from (held["item"]["id"] for held in shown["items"])


def walk(
    who: Somebody, ids: Json, chosen: Callable[[Operation], bool] = lambda operation: True
) -> Iterator[tuple[Operation, str | None, httpx.Response]]:
    """Ask every operation: what wants a version both without one and with a wrong one, lists whole and of the student."""
    for operation in sorted(operations(), key=lambda each: each.method != "GET"):
        if str(operation) not in NOT_ASKED and chosen(operation):
            for version in (None, '"999"') if operation.wants_version else (None,):
                yield operation, version, who.ask(operation, ids, version=version)
            if "student" in operation.query - operation.needed_query:
                whole = replace(operation, query=operation.query - {"student"})
                yield whole, None, who.ask(whole, ids, version=None)


def found_out(
    district: District,
    who: Somebody,
    about: Callable[[Operation], bool] = lambda operation: operation.about_a_student,
    refused: frozenset[int] = frozenset({404}),
    chosen: Callable[[Operation], bool] = lambda operation: True,
) -> list[str]:
    """Every way in which an answer tells more than that of made-up ids."""
    wrong = []
    for operation, version, answer in walk(who, district.things, chosen):
        if leaked := district.leaked(answer):
            wrong.append(f"{operation}: {answer.status_code} tells {sorted(leaked)}")
        if not about(operation):
            if "student" in operation.query and answer.is_success and answer.json()["items"]:
                wrong.append(f"{operation}: lists something of the student")
            continue
        other = who.ask(operation, made_up(district.things), version=version)
        refusals = {403} if who.scopes.isdisjoint(operation.scopes) else refused
        if answer.status_code not in refusals:
            wrong.append(f"{operation} ({version}): {told(answer)}")
        if told(answer) != told(other):
            wrong.append(f"{operation} ({version}): {told(answer)}, made up {told(other)}")
    return wrong


def test_every_operation_is_walked_and_it_is_known_whose_each_id_is() -> None:
    everything = operations()
    assert sum(operation.about_a_student for operation in everything) > 80
    named = {name for operation in everything for name in operation.in_path}
    assert named <= OF_A_STUDENT | OF_THE_DISTRICT | NOT_AN_ID.keys()
    assert NOT_ASKED.keys() <= {str(operation) for operation in everything}, "no longer needed"
    in_bodies = {str(each) for each in everything if not each.in_path and each.about_a_student}
    assert in_bodies >= {
        "POST /plan/v1/meetings", "POST /plan/v1/plans", "POST /progress/v1/sessions",
        "POST /progress/v1/measurements", "POST /notify/v1/notices", "POST /audit/v1/packets",
        "POST /audit/v1/disclosures",
    }  # fmt: skip


def test_a_teacher_to_whom_nobody_is_assigned_finds_nothing(district: District) -> None:
    _, teacher = district.person("case_manager", district.things["school"])
    assert found_out(district, teacher) == []


def test_a_director_of_another_school_finds_nothing(district: District) -> None:
    other = district.operator.post("/plan/v1/schools", {"name": "Hillside Elementary"})["id"]
    _, director = district.person("special_education_director", other)
    assert director.scopes >= {"roster.write", "packet.write"}
    assert "admin" not in director.scopes, "the role is held in one school only"
    assert found_out(district, director) == []


def test_a_teacher_of_another_student_does_not_get_at_it_by_that_students_paths(district: District) -> None:
    staff, teacher = district.person("case_manager", district.things["school"])
    district.assign(staff, district.other["student"])
    outer = ("student", "plan", "meeting")
    wrong = []
    for operation, version, answer in walk(
        teacher,
        district.other,
        lambda each: each.about_a_student and (each.in_path or ["student"])[0] in outer,
    ):
        other = teacher.ask(operation, made_up(district.other, *outer, "staff"), version=version)
        if answer.status_code != 403 and len(operation.in_path) > 1 and told(answer) != told(other):
            wrong.append(f"{operation} ({version}): {told(answer)}, made up {told(other)}")
        if leaked := {
            secret for secret in district.leaked(answer) if secret in ("Mira", "Quill", "Elena Quill")
        }:
            wrong.append(f"{operation}: {answer.status_code} tells {leaked}")
    assert wrong == []


def test_a_vendor_of_another_district_finds_nothing(district: District) -> None:
    vendor = district.vendor("sandbox-hillside")

    def about(operation: Operation) -> bool:
        if operation.path.endswith(
            "/staff/{staff_id}/week"
        ):  # progress-service knows no staff: nobody's week is empty.
            return False
        return operation.about_a_student or bool(OF_THE_DISTRICT.intersection(operation.in_path))

    # Nothing of a district is looked for in another one, so that a form or a version may be asked for first.
    assert found_out(district, vendor, about, frozenset({404, 422, 428})) == []


def test_who_is_assigned_does_find_it_by_the_same_requests(district: District) -> None:
    """Otherwise the others might have found nothing because nothing was there."""
    staff, teacher = district.person("case_manager", district.things["school"])
    district.assign(staff, district.things["student"])
    wrong = []
    for operation, version, answer in walk(teacher, district.things, lambda each: each.about_a_student):
        allowed = not teacher.scopes.isdisjoint(operation.scopes)
        read = operation.method == "GET"
        if allowed and not (answer.is_success if read else answer.status_code not in (403, 404)):
            wrong.append(f"{operation} ({version}): {answer.status_code} {answer.text[:300]}")
    assert wrong == []
    told_of = "".join(found_out(district, teacher, chosen=lambda operation: operation.method == "GET"))
    assert all(said in told_of for said in ("'Mira'", "lists something", "made up"))
