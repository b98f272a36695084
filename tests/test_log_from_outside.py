"""The logs as an operator and a stranger meet them: by the command line and HTTP, on an installation as a user starts it."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from running import Instance, one_process

from handrail.data_folder import DataFolder
from runtime.roles import SERVICES

pytestmark = pytest.mark.slow
TENANT = "lakeside"


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with one_process() as it:
        assert it.handrail("tenants", "add", TENANT).returncode == 0
        yield it


@pytest.fixture(scope="module")
def http(instance: Instance) -> Iterator[httpx.Client]:
    """As the operator, with a token for the district."""
    asked = {"grant_type": "client_credentials", "tenant": TENANT}
    token = httpx.post(f"{instance.url}/oauth/token", data=asked, auth=instance.credentials).json()[
        "access_token"
    ]
    with httpx.Client(base_url=instance.url, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def read(http: httpx.Client, path: str) -> bytes:
    """What was only just recorded is cosigned a moment later."""
    for _ in range(100):
        answer = http.get(path)
        if answer.status_code != 503:
            break
        time.sleep(0.2)
    assert answer.status_code == 200, answer.text
    return answer.content


def test_every_log_of_a_running_installation_holds_together(instance: Instance, http: httpx.Client) -> None:
    for service in SERVICES:
        read(http, f"/audit/log/cosigned/{service}/checkpoint")

    done = instance.handrail("log", "verify", "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    reports = json.loads(done.stdout)
    assert [(report["service"], report["good"]) for report in reports] == [
        (service, True) for service in SERVICES
    ]
    assert all(report["size"] > 0 and report["cosigned"] > 0 for report in reports)
    looked = instance.handrail("doctor")
    assert looked.returncode == 0, looked.stdout + looked.stderr
    assert "entries of 1 district, no alarm" in looked.stdout
    told = instance.handrail("log", "verify", "plan")
    assert "hold together" in told.stdout
    assert instance.handrail("log", "verify", "nonsense").returncode == 2
    assert instance.handrail("log", "verify", "--tenant", "nowhere").returncode == 2


def test_a_stranger_checks_a_proof_with_the_files_alone(
    instance: Instance, http: httpx.Client, tmp_path: Path
) -> None:
    event = http.get("/audit/v1/events", params={"source": "plan"}).json()["items"][0]["entry"]["id"]
    files = {
        "event.tlog-proof": read(http, f"/audit/v1/proofs/{event}"),
        "entry.json": read(http, f"/audit/v1/proofs/{event}/entry"),
        "checkpoint": read(http, "/plan/log/checkpoint"),
        "keys.txt": read(http, "/plan/log/vkey") + read(http, "/audit/log/cosigner-vkey"),
        "other.txt": read(http, "/notify/log/vkey"),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    def verify(*arguments: str) -> tuple[int, str]:
        named = [str(tmp_path / each) if (tmp_path / each).exists() else each for each in arguments]
        done = instance.handrail("verify", *named)
        return done.returncode, done.stdout + done.stderr

    code, said = verify("event.tlog-proof", "--entry", "entry.json", "--keys", "keys.txt")
    assert (code, "GENUINE" in said, "cosigned it on" in said) == (0, True, True), said
    assert verify("checkpoint", "--keys", "keys.txt")[0] == 0
    code, said = verify("event.tlog-proof", "--keys", "keys.txt")
    assert (code, "give it with --entry" in said) == (1, True)
    code, said = verify("event.tlog-proof", "--entry", "entry.json", "--keys", "other.txt")
    assert (code, "none of the keys given is that of the log" in said) == (1, True)
    assert verify("event.tlog-proof", "--entry", "entry.json")[0] == 1
    assert verify("event.tlog-proof", "--key", "nonsense")[0] == 2
    assert verify("no-such-file")[0] == 2
    (tmp_path / "entry.json").write_bytes(files["entry.json"].replace(b'"v":1', b'"v":2'))
    code, said = verify("event.tlog-proof", "--entry", "entry.json", "--keys", "keys.txt")
    assert (code, "was altered" in said) == (1, True), said


def test_what_somebody_did_in_the_database_is_named(instance: Instance) -> None:
    folder = DataFolder(instance.data)
    postgres, _ = folder.databases(folder.prepare())

    async def attack() -> None:
        admin = await asyncpg.connect(postgres.url("handrail"))
        await admin.execute("ALTER TABLE plan.events DISABLE TRIGGER ALL")
        await admin.execute(
            "UPDATE plan.events SET effective_on = effective_on - 30 WHERE version = 1 AND stream = 'tenant'"
        )
        await admin.close()

    asyncio.run(attack())

    done = instance.handrail("log", "verify", "plan")

    assert done.returncode == 1
    assert (
        "plan lakeside: BAD. First: entry 0: the stored event is not what was logged (effective_on)"
        in done.stdout
    )
