"""Wrong usage is one clear line and exit code 2; nothing is asked of any service before that."""

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from handrail.embedded import LOOPBACK, address
from handrail.main import app


@pytest.fixture
def handrail(monkeypatch, tmp_path):
    """The command line on an empty data folder, with nothing in the environment and nobody answering."""
    for name in (
        "HANDRAIL_CLIENT_ID",
        "HANDRAIL_CLIENT_SECRET",
        "HANDRAIL_DATABASE_URL",
        "HANDRAIL_KAFKA_BOOTSTRAP_SERVERS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HANDRAIL_DATA", str(tmp_path))
    monkeypatch.setenv("HANDRAIL_URL", "http://127.0.0.1:9")  # The discard port: nobody listens there.

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    return run


def an_operator(folder: Path) -> None:
    (folder / "operator.json").write_text(json.dumps({"client_id": "operator", "client_secret": "of a test"}))


SUBJECT = "5b8c9d04-4a1f-4a44-82b7-d9a41f6a7d1e"


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "grades"),
        ("migrate", "grades"),
        ("topics", "resize", "grades", "3"),
        ("projections", "rebuild", "sight", "grades"),
        ("projections", "check", "grades"),
        ("parked", "retry", SUBJECT, "--service", "grades"),
        ("parked", "skip", SUBJECT, "--service", "grades", "--reason", "known to be wrong"),
    ],
    ids=" ".join,
)
def test_a_service_there_is_not_is_named_with_those_there_are(handrail, arguments):
    done = handrail(*arguments)

    assert done.exit_code == 2
    assert done.stderr.startswith("There is no such service; choose plan, progress, notify, audit")
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [("lakeside", "--sandbox"), ("sandbox-lakeside",)])
def test_a_sandbox_is_known_by_its_slug(handrail, arguments):
    done = handrail("tenants", "add", *arguments)

    assert done.exit_code == 2
    assert done.stderr == "A sandbox's slug starts with `sandbox-`, and only a sandbox's does.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("tenants", "list"),
        ("tenants", "add", "lakeside"),
        ("tenants", "end", "lakeside", "--reason", "The contract ended.", "--yes"),
        ("clock", "advance", "--tenant", "sandbox-demo"),
        ("clients", "add", "My SIS", "--scopes", "plan.read", "--tenant", "lakeside"),
        ("clients", "list"),
        ("demo",),
    ],
    ids=" ".join,
)
def test_without_credentials_it_says_where_they_are_looked_for(handrail, tmp_path, arguments):
    done = handrail(*arguments)

    assert done.exit_code == 2
    assert done.stderr.startswith(
        f"{tmp_path / 'operator.json'} is not there: start Handrail with `make run`"
    )


def test_when_nobody_answers_it_says_where_it_asked(handrail, tmp_path):
    an_operator(tmp_path)

    done = handrail("tenants", "list")

    assert done.exit_code == 2
    assert (
        done.stderr
        == "Nothing answers at http://127.0.0.1:9: start it with `make run`, or set HANDRAIL_URL.\n"
    )


def test_it_asks_where_the_instance_of_the_data_folder_answers(handrail, tmp_path, monkeypatch):
    monkeypatch.delenv("HANDRAIL_URL")
    operator = {"client_id": "operator", "client_secret": "of a test", "url": "http://127.0.0.1:7"}
    (tmp_path / "operator.json").write_text(json.dumps(operator))

    assert handrail("tenants", "list").stderr.startswith("Nothing answers at http://127.0.0.1:7: ")


def test_doctor_says_of_each_service_that_nobody_answers_and_what_to_do(handrail, tmp_path):
    an_operator(tmp_path)

    done = handrail("doctor", "--json")

    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert [each["what"] for each in found] == [
        f"{name}-service" for name in ("plan", "progress", "notify", "audit")
    ]
    assert {(each["good"], each["detail"]) for each in found} == {(False, "does not answer")}
    assert all("make run" in each["cure"] for each in found)


def test_doctor_names_secrets_that_others_may_read(handrail, tmp_path):
    an_operator(tmp_path)
    (tmp_path / "secrets.json").write_text("{}")
    (tmp_path / "secrets.json").chmod(0o644)
    (tmp_path / "operator.json").chmod(0o600)

    said = handrail("doctor").stdout

    assert "LOOK  secrets: others may read secrets.json\n" in said
    assert f"chmod 600 {tmp_path}/secrets.json" in said
    assert "good  disk: " in said


@pytest.mark.parametrize(
    "arguments", [("projections", "check"), ("projections", "rebuild", "sight"), ("parked", "list"), ("parked", "show", SUBJECT)],
    ids=" ".join,
)  # fmt: skip
def test_operating_needs_a_folder_that_holds_an_installation(handrail, tmp_path, arguments):
    done = handrail(*arguments)

    assert done.exit_code == 2
    assert done.stderr.startswith(f"{tmp_path} holds no Handrail: name its folder with --data")


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_missing_setting_is_named(handrail, monkeypatch, command):
    monkeypatch.setenv("HANDRAIL_DATABASE_URL", "postgresql://nowhere/handrail")

    done = handrail(command, "plan")

    assert done.exit_code == 2
    assert done.stderr.startswith("HANDRAIL_")
    assert " is missing: set it in the environment" in done.stderr


def test_topics_need_a_broker(handrail):
    done = handrail("topics", "apply")

    assert done.exit_code == 2
    assert done.stderr == "Set HANDRAIL_KAFKA_BOOTSTRAP_SERVERS: without Kafka there are no topics.\n"


def test_a_roster_is_of_a_kind_we_read(handrail, tmp_path):
    done = handrail("import", "skyward", str(tmp_path))

    assert done.exit_code == 2
    assert done.stderr == "The first word says what it is: edfi, oneroster or plans.\n"


def test_a_roster_that_is_not_there_is_named(handrail):
    done = handrail("import", "edfi", "/nowhere/at/all")

    assert done.exit_code == 2
    assert done.stderr == "/nowhere/at/all is not there.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("clients", "add", "My SIS", "--tenant", "lakeside"),
        ("clock", "advance", "--days", "0"),
        ("parked", "retry", "no-id"),
        ("parked", "skip", SUBJECT),
        ("tenants", "close", "lakeside"),
        ("tenants", "end", "lakeside"),
    ],
    ids=" ".join,
)
def test_what_is_missing_or_unknown_is_wrong_usage(handrail, arguments):
    assert handrail(*arguments).exit_code == 2


@pytest.mark.parametrize(
    "arguments", [(), ("tenants",), ("clients",), ("clock",), ("topics",), ("projections",), ("parked",)]
)
def test_a_group_alone_shows_what_is_in_it(handrail, arguments):
    assert "Usage: " in handrail(*arguments).output


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("::1", "http://[::1]:80"), ("::", "http://[::1]:80"),
     ("0.0.0.0", "http://127.0.0.1:80"), ("handrail.example", "http://handrail.example:80")],
)  # fmt: skip
def test_a_command_reaches_what_listens_on_any_host(host, url):
    assert address(LOOPBACK.get(host, host), 80) == url
    assert httpx.URL(url).port in (None, 80)
