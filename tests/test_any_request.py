"""Whatever a POST carries, the answer is one that the OpenAPI document names: never a 5xx, never another shape.

Schemathesis makes the requests from the committed documents. Half of them speak of things that exist, those of a district
in which the demo has just been played: so they reach the rules, and are not all refused for an unknown id.
`make fuzz` makes a hundred times as many.
"""

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import uuid4
from zlib import crc32

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from running import Instance, one_process
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from handrail.openapi import document
from runtime.roles import SERVICES

pytestmark = pytest.mark.slow
EXAMPLES = int(os.environ.get("HANDRAIL_FUZZ_EXAMPLES", "10"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
TENANT = "sandbox-demo"
LISTS = {
    "student": "/plan/v1/students", "plan": "/plan/v1/plans", "meeting": "/plan/v1/meetings", "staff": "/plan/v1/staff",
    "school": "/plan/v1/schools", "notice": "/notify/v1/notices", "session": "/progress/v1/sessions",
    "measurement": "/progress/v1/measurements",
}  # fmt: skip
OF_A_STUDENT = {
    "holder": "rights-holders",
    "contact": "contacts",
    "release": "releases",
    "request": "requests",
    "dispute": "disputes",
    "evaluation": "evaluations",
    "eligibility": "eligibility",
    "services_consent": "services-consents",
    "transfer": "transfers",
    "removal": "removals",
}
OTHER_NAMES = {"provider": "staff", "by": "staff", "confirmed_by": "staff", "holder_id": "holder", "staff_id": "staff",
               "student_id": "student", "plan_id": "plan", "meeting_id": "meeting"}  # fmt: skip


class Known:
    """Ids of things that exist, by what they are, and a token for everything."""

    def __init__(self, instance: Instance) -> None:
        client = instance.client(TENANT)
        self.url = instance.url
        self.token = client.token
        self.http = httpx.Client(base_url=instance.url)
        self.session = requests.Session()
        self.answers: defaultdict[str, set[int]] = defaultdict(set)
        self.ids = {
            name: [thing["id"] for thing in client.get(path)["items"]] for name, path in LISTS.items()
        }
        for name, part in OF_A_STUDENT.items():
            found = [
                client.get(f"/plan/v1/students/{student}/{part}")["items"] for student in self.ids["student"]
            ]
            self.ids[name] = [thing["id"] for things in found for thing in things]
        plans = [client.get(f"/plan/v1/plans/{plan}") for plan in self.ids["plan"]]
        self.ids["item"] = [entry["item"]["id"] for plan in plans for entry in plan.get("items", [])]
        amendments = [client.get(f"/plan/v1/plans/{plan}/amendments")["items"] for plan in self.ids["plan"]]
        self.ids["amendment"] = [amendment["id"] for found in amendments for amendment in found]

    def put_into(self, value: Any, chance: int) -> Any:
        """The same value, with ids of things that exist where an id is asked for."""
        if isinstance(value, list):
            return [self.put_into(each, chance) for each in value]
        if not isinstance(value, dict):
            return value
        return {name: self.one(name, inner, chance) for name, inner in value.items()}

    def one(self, name: str, value: Any, chance: int) -> Any:
        """An id that exists for a field or parameter of this name; what is not an id is looked into."""
        ids = self.ids.get(OTHER_NAMES.get(name, name.removesuffix("_id")))
        if isinstance(value, str) and ids:
            return ids[chance % len(ids)]
        return self.put_into(value, chance)


@pytest.fixture(scope="module")
def known() -> Iterator[Known]:
    """An installation in which the demo was played."""
    with one_process() as instance:
        done = instance.handrail("demo", "--json", timeout=400)
        assert done.returncode == 0, done.stdout + done.stderr
        yield Known(instance)


@schemathesis.serializer("application/x-ndjson")
def _lines(_context: object, value: object) -> bytes:
    """A body of lines goes as it was made up; schemathesis has no way of its own."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def sent(case: Case, known: Known) -> None:
    """Send one request and hold the answer against the document."""
    chance = crc32(repr((case.path_parameters, case.body)).encode())
    if chance % 2:
        case.path_parameters = known.put_into(case.path_parameters or {}, chance // 2)
        case.body = known.put_into(case.body, chance // 2)
    headers = {"authorization": f"Bearer {known.token()}", "idempotency-key": str(uuid4())}
    if "If-Match" in (case.headers or {}):
        headers["if-match"] = version_of(case, known)
    answer = case.call_and_validate(base_url=known.url, session=known.session, headers=headers, checks=CHECKS)
    known.answers[f"{case.method} {case.path}"].add(answer.status_code)


def version_of(case: Case, known: Known) -> str:
    """The version that stands now, where there is one to read."""
    path = case.formatted_path
    for end in ("/adoption", "/withdrawal", "/approval"):
        path = path.removesuffix(end)
    for address in (f"{path}/draft", path, path.rpartition("/")[0]):
        answer = known.http.get(address, headers={"authorization": f"Bearer {known.token()}"})
        if answer.is_success and "etag" in answer.headers:
            return str(answer.headers["etag"])
    return '"1"'


# Nothing is shrunk: the failing request is shown as it was sent, as a curl command.
UNHURRIED = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=EXAMPLES == 10,
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip


# Every boundary of every field, one by one, is for the long run: thousands of requests.
CONFIG = {"phases": {"coverage": {"enabled": EXAMPLES > 10}}}


def routes(service: str) -> list[str]:
    """The paths that take a POST."""
    return [path for path, methods in document(service)["paths"].items() if "post" in methods]


def asking(schema: Any, path: str) -> Any:
    """The test of one route."""

    @schema.include(method="POST", path=path).parametrize()
    @UNHURRIED
    def ask(case: Case, known: Known) -> None:
        sent(case, known)

    return ask


for _service in SERVICES:
    _schema = schemathesis.openapi.from_dict(document(_service), config=schemathesis.Config.from_dict(CONFIG))
    for _path in routes(_service):
        # Each has a name of its own: of tests that are called the same xdist runs the first, and no other.
        globals()[f"test_post{re.sub(r'[^a-z0-9]+', '_', _path)}"] = asking(_schema, _path)


def test_every_route_was_asked_and_most_requests_reached_its_rules(known: Known) -> None:
    """Requests that are all turned away at the door would show nothing."""
    assert known.answers.keys() == {f"POST {path}" for service in SERVICES for path in routes(service)}
    reached = [path for path, statuses in known.answers.items() if statuses & {200, 201, 204, 409}]
    assert len(reached) > len(known.answers) // 2, sorted(set(known.answers) - set(reached))
