"""The main job as a stranger does it: started by the command line, played by the demo, on both transports."""

import json
import os
import shutil
import signal
import tempfile
import time
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from running import Instance, four_processes, new_folder, one_process, start_one, stop

from handrail.client import Handrail
from runtime.roles import SERVICES
from runtime.testing import free_port

pytestmark = pytest.mark.slow


class MailServer:
    """A real SMTP server that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content))
        return "250 kept"


def played(instance: Instance) -> dict[str, Any]:
    """What the demo was told; it insists on every promise itself."""
    done = instance.handrail("demo", "--json", timeout=400)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    all_clocks_are_one(instance.client("sandbox-demo"))
    return told


def all_clocks_are_one(client: Handrail) -> None:
    """The demo has moved the sandbox's clock: it is as far ahead in every service, to the microsecond."""
    ahead = {service: client.get(f"/{service}/v1/clock")["clock_ahead"] for service in SERVICES}
    assert len(set(ahead.values())) == 1, ahead
    assert ahead["plan"] > 0


def every_log_is_cosigned(client: Handrail) -> None:
    """Where the services share no database audit-service reads each one's checkpoints by HTTP, and cosigns them."""
    until = time.monotonic() + 30
    while True:
        logs = client.get("/audit/v1/verification")["logs"]
        behind = [log["service"] for log in logs if log["size"] and "cosigned" not in log]
        if not behind:
            break
        assert time.monotonic() < until, (behind, client.get("/audit/health/ready"))
        time.sleep(0.5)
    assert [log["service"] for log in logs if log["size"]] == list(SERVICES)
    assert not [
        each
        for each in client.get("/audit/health/ready").get("degraded", [])
        if "checkpoints" in each["what"]
    ]


def no_row_differs(instance: Instance) -> None:
    """P12: what the services keep to read from is what a replay of their logs makes."""
    checked = instance.handrail("projections", "check", timeout=300)
    assert checked.returncode == 0, checked.stdout[-3000:] + checked.stderr[-3000:]


def test_one_process_on_the_journal_twice_over_then_killed_and_started_again() -> None:
    folder = new_folder()
    instance = start_one(folder / "data", free_port())
    try:
        told = played(instance)
        assert told["speech minutes the day before"] == 30
        assert told["speech minutes on the day"] == 60
        played(instance)
        client = instance.client("sandbox-demo")
        before = client.get(f"/plan/v1/plans/{told['plan']}", effective_on="2030-01-01")

        os.kill(instance.processes[0].pid, signal.SIGKILL)
        instance.processes[0].wait()
        began = time.monotonic()
        instance = start_one(folder / "data", int(instance.url.rpartition(":")[2]))
        assert time.monotonic() - began < 60
        client = instance.client("sandbox-demo")
        assert client.get(f"/plan/v1/plans/{told['plan']}", effective_on="2030-01-01") == before
        no_row_differs(instance)
    finally:
        stop(instance)
        shutil.rmtree(folder, ignore_errors=True)
    assert instance.processes[0].returncode == 0


@pytest.mark.kafka
def test_four_processes_on_kafka(kafka: Any) -> None:
    server = MailServer()
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        with four_processes(kafka.bootstrap_servers, controller.port) as instance:
            told = played(instance)
            assert told["versions"] == 2
            every_log_is_cosigned(instance.client("sandbox-demo"))
            no_row_differs(instance)
    finally:
        controller.stop()
    assert len(server.mails) >= 1
    for mail in server.mails:
        assert "Quill" not in mail["subject"]


def takes_over_plans(instance: Instance, tenant: str) -> None:
    """Of a legacy system, from a file: one that can be, and one of a student nobody knows."""
    student = instance.client(tenant).get("/plan/v1/students")["items"][0]
    plan = {"external_id": "oldiep:1", "student": student["external_ids"][0], "kind": "504", "source": "County IEP system",
            "effective_on": "2025-09-02"}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plans.ndjson"
        unknown = plan | {"external_id": "oldiep:2", "student": "sis:none"}
        file.write_text(json.dumps(plan) + "\n\n" + json.dumps(unknown))
        for made in (1, 0):
            done = instance.handrail("import", "plans", str(file), "--tenant", tenant, "--json")
            assert done.returncode == 1, done.stderr
            told = json.loads(done.stdout.strip().splitlines()[-1])
            assert (told["created"], told["unchanged"], told["refused"]) == (made, 1 - made, 1)
            assert told["refusals"][0]["line"] == 3
    found = instance.client(tenant).get("/plan/v1/plans", external_id="oldiep:1")["items"]
    assert [plan["student"] for plan in found] == [student["id"]]


def test_a_new_user_opens_a_district_registers_a_vendor_and_imports_a_roster() -> None:
    with one_process() as instance:
        added = instance.handrail(
            "clients", "add", "My SIS", "--tenant", "lakeside", "--scopes", "plan.read", "--json"
        )
        assert added.returncode == 0, added.stderr
        assert set(json.loads(added.stdout)) == {"client_id", "client_secret"}
        data = os.path.join(os.path.dirname(__file__), "..", "..", "shared", "data")
        for kind, folder in (("edfi", "edfi-grand-bend"), ("oneroster", "oneroster12-grand-bend")):
            for expected in ("created", "unchanged"):
                done = instance.handrail("import", kind, f"{data}/{folder}", "--tenant", f"grand-bend-{kind}", "--json",
                                         timeout=300)  # fmt: skip
                assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
                job = json.loads(done.stdout.strip().splitlines()[-1])
                assert job["status"] == "done"
                assert job["refused"] == 0
                assert job[expected] >= 480
            assert job["created"] == 0
            assert job["changed"] == 0
        takes_over_plans(instance, "grand-bend-oneroster")
        wrong = instance.handrail("import", "edfi", "/nowhere")
        assert wrong.returncode == 2
        assert instance.client("lakeside").get("/plan/v1/tenant")["name"] == "Lakeside"
        for service in SERVICES:
            assert instance.client("lakeside").get(f"/{service}/v1/tenant")["sandbox"] is False
