"""A district ends, by the command line, on a running installation: nothing new, nothing sent, nothing lost."""

import json
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import jonas_feld
import pytest
from running import Instance, one_process
from worked import EARLIER, District

from handrail.client import Handrail, Refused
from runtime.roles import SERVICES

pytestmark = pytest.mark.slow
SLUG = "sandbox-jonas"
ENDED = date(2026, 8, 20)
GOES_ON = {
    "/plan/v1": {
        "/students/{student_id}/releases", "/students/{student_id}/releases/{release_id}/revocation",
        "/students/{student_id}/rights-holders", "/students/{student_id}/rights-holders/{holder_id}/end",
        "/students/{student_id}/contacts/{contact_id}", "/students/{student_id}/assignments/{assignment_id}/end",
        "/staff", "/staff/{staff_id}", "/staff/{staff_id}/end",
        "/students/{student_id}/requests/{request_id}/answer", "/students/{student_id}/disputes/{dispute_id}/outcome",
    },
    "/progress/v1": set(),
    "/notify/v1": set(),
    "/audit/v1": {
        "/exports", "/packets", "/holds", "/holds/{hold_id}/release", "/destructions",
        "/destructions/{destruction_id}/approval", "/disclosures", "/disclosures/{disclosure_id}/void",
        "/clients/{client_id}", "/accounts/{login}",
    },
}  # fmt: skip
"""What still writes; and of each service the end itself, and the clock of a sandbox."""
EVERYWHERE = {"/tenant/end", "/clock"}


def test_a_district_ends_and_nothing_is_lost() -> None:
    with one_process() as instance:
        at, told = jonas_feld.tell(instance)
        _officers(at, told)
        hillside = instance.handrail("tenants", "add", "hillside", "--json")
        assert hillside.returncode == 0, hillside.stderr
        _mailed = httpx.get(f"{instance.url}/mailbox/mails").text

        _ended_by_the_command_line(instance, at)
        _every_write_is_refused(instance, at)
        _clients_are_refused(instance, at)
        _everything_is_read(at, told)
        _it_goes_out(at, told)
        _others_go_on(instance)
        findings = at.client.get("/audit/v1/findings", limit=500)
        assert findings["on"] == ENDED.isoformat()

        at.to(date(2031, 2, 1))
        later = at.client.get("/audit/v1/findings", limit=500)
        assert (later["on"], later["items"]) == (findings["on"], findings["items"]), (
            "no deadline that passes is judged"
        )
        _destroyed(at, told)
        _every_log_stands(instance, at)
        assert httpx.get(f"{instance.url}/mailbox/mails").text == _mailed, "nothing was sent"


def _officers(at: District, told: dict[str, Any]) -> None:
    nora = at.add_staff("Nora", "Vale", "compliance_officer", None, EARLIER)
    for name, login, staff, role in (
        ("clara", "clara-wren", at.director, "special_education_director"), ("nora", "nora-vale", nora, "compliance_officer"),
    ):  # fmt: skip
        account = {"staff": staff, "name": login, "role": role, "password": jonas_feld.PASSWORD}
        at.client.put(f"/audit/v1/accounts/{login}", account)
        told[name] = at.client.signed_in(login, jonas_feld.PASSWORD)
    at.settle()


def _ended_by_the_command_line(instance: Instance, at: District) -> None:
    declined = instance.handrail("tenants", "end", SLUG, "--reason", "The contract ended.")
    assert declined.returncode == 1
    assert "cannot be taken back" in declined.stderr
    assert "ended_on" not in at.client.get("/plan/v1/tenant")
    assert instance.handrail("tenants", "end", SLUG, "--yes").returncode == 2, "a reason is given"

    # A call that broke off after the first two services is finished by the next.
    for service in ("plan", "progress"):
        at.client.post(f"/{service}/v1/tenant/end", {"reason": "The contract ended."})
    assert "(ended" not in instance.handrail("tenants", "list").stdout
    for _ in range(2):
        done = instance.handrail("tenants", "end", SLUG, "--reason", "The contract ended.", "--yes", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["ended_on"] == ENDED.isoformat()
    listed = instance.handrail("tenants", "list").stdout
    assert f"{SLUG}  Lakeside Schools  (ended on {ENDED})" in listed
    assert "hillside  hillside\n" in listed
    for service in SERVICES:
        assert at.client.get(f"/{service}/v1/tenant")["ended_on"] == ENDED.isoformat()
    again = instance.handrail("tenants", "add", SLUG, "--sandbox")
    assert again.returncode == 1
    assert "ended here on 2026-08-20" in again.stderr
    assert "another slug" in again.stderr


def _every_write_is_refused(instance: Instance, at: District) -> None:
    """Each route of each service that writes, with a token that may use it, before its body is looked at."""
    checked = 0
    for prefix, goes_on in GOES_ON.items():
        document = httpx.get(f"{instance.url}{prefix}/openapi.json", timeout=60).json()
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if method == "get" or "security" not in operation:
                    continue
                own = path.removeprefix(prefix)
                code = _code_of(at.client, method, path, operation)
                if own in goes_on | EVERYWHERE and not (own == "/clients" and method == "post"):
                    assert code != "tenant-ended", (method, path)
                else:
                    assert code == "tenant-ended", (method, path, code)
                    checked += 1
    assert checked > 100


def _code_of(client: Handrail, method: str, path: str, operation: dict[str, Any]) -> str | None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", str(uuid4()))
    contents = operation.get("requestBody", {}).get("content", {"application/json": {}})
    kind = next(iter(contents))
    headers = {"content-type": kind if "multipart" not in kind else "multipart/form-data; boundary=x"}
    try:
        client.request(
            method.upper(), path, content=b"{}", headers=headers, if_match='"1"', params=_needed(operation)
        )
    except Refused as refused:
        code: str | None = refused.problem.get("code")
        return code
    return None


def _needed(operation: dict[str, Any]) -> dict[str, str] | None:
    asked = {
        p["name"]: "edfi" for p in operation.get("parameters", ()) if p["in"] == "query" and p.get("required")
    }
    return asked or None


def _clients_are_refused(instance: Instance, at: District) -> None:
    with pytest.raises(Refused) as old_token:
        at.second.get("/plan/v1/students")
    assert "ended here on 2026-08-20" in str(old_token.value)
    at.second._tokens.clear()
    with pytest.raises(Refused) as new_token:
        at.second.token()
    assert "ended here on 2026-08-20" in str(new_token.value)
    added = instance.handrail("clients", "add", "Another", "--tenant", SLUG, "--scopes", "plan.read")
    assert added.returncode == 1
    assert "ended here" in added.stderr


def _everything_is_read(at: District, told: dict[str, Any]) -> None:
    for reader in (at.client, told["clara"]):
        assert reader.get(told["at"])["given_name"] == "Jonas"
        assert reader.get(told["path"], effective_on="2026-03-01")["items"]
        assert list(reader.every(f"/audit/v1/students/{told['student']}/timeline"))
    looked = told["clara"].get("/audit/v1/access-record", student=told["student"])
    assert looked["items"]


def _it_goes_out(at: District, told: dict[str, Any]) -> None:
    hold = told["clara"].post(
        "/audit/v1/holds", {"student": told["student"], "ground": "litigation", "matter": "Feld v. Lakeside",
                            "reason": "A claim is expected.", "review_on": "2031-06-30"},
    )  # fmt: skip
    told["clara"].post(f"/audit/v1/holds/{hold['id']}/release", {"reason": "It was settled."})
    assert told["clara"].post(
        "/audit/v1/exports", {"student": told["student"], "purpose": "The district asked for it."}
    )["id"]
    packet = {"student": told["student"], "plan": told["plan"], "purpose": "college", "release": told["release"],
              "recipient": {"name": jonas_feld.COLLEGE}}  # fmt: skip
    assert at.client.post("/audit/v1/packets", packet)["id"]


def _others_go_on(instance: Instance) -> None:
    other = instance.client("hillside")
    assert other.post("/plan/v1/schools", {"name": "Hillside School"})["id"]
    listed = json.loads(instance.handrail("tenants", "list", "--json").stdout)
    assert {row["tenant"]: row.get("ended_on") for row in listed} == {
        SLUG: ENDED.isoformat(),
        "hillside": None,
    }
    assert instance.handrail("clients", "list").returncode == 0, "hillside is the only one that goes on"


def _destroyed(at: District, told: dict[str, Any]) -> None:
    asked = jonas_feld._ask(told)
    told["destruction"] = f"/audit/v1/destructions/{asked['id']}"
    told["clara"].post(f"{told['destruction']}/approval")
    shown = _until(
        lambda: told["clara"].get(told["destruction"]), lambda shown: shown["status"] == "destroyed"
    )
    assert shown["status"] == "destroyed"
    jonas_feld._erased(at, told)


def _until(ask: Any, good: Any) -> Any:
    import time

    deadline = time.monotonic() + 60
    while not good(found := ask()) and time.monotonic() < deadline:
        time.sleep(0.3)
    return found


def _every_log_stands(instance: Instance, at: District) -> None:
    verified = instance.handrail("log", "verify", timeout=300)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    until = _until(
        lambda: at.client.get("/audit/v1/verification")["logs"],
        lambda logs: all(log.get("cosigned", {}).get("size") == log["size"] for log in logs),
    )
    assert {log["service"] for log in until} == set(SERVICES)
    checked = instance.handrail("projections", "check", timeout=400)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for name, service in (("current-state", "audit"), ("findings", "audit")):
        rebuilt = instance.handrail("projections", "rebuild", name, service, timeout=400)
        assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert instance.handrail("parked", "list", "--tenant", SLUG).stdout.strip() == "nothing is parked"
