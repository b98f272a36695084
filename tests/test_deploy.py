"""What can be known of docker-compose.yml, the image and the gateway without a Docker engine.

That the file loads was tried with compose-go, the loader inside `docker compose`; that the gateway's paths go where
they should, with Caddy itself (deploy/README.md says how). This keeps the promises that a loader does not check.
"""

import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from notify_service.settings import Settings
from runtime.settings import Settings as RuntimeSettings

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()

OURS = {name for name, service in SERVICES.items() if "build" in service}
JOBS = {name for name, service in SERVICES.items() if service.get("restart") == "no"}
ISSUERS = ("token_signing_key", "session_key", "operator_client_secret")
"""audit-service's alone: it is the issuer."""
SENSITIVE = re.compile(r"PASSWORD|SECRET|TOKEN|KEY(?!RING)", re.IGNORECASE)


def each_service(argument: str = "name", names: set[str] | None = None):
    return pytest.mark.parametrize(argument, sorted(SERVICES if names is None else names))


def secrets_of(name: str) -> dict[str, str]:
    """What the service finds in /run/secrets, and which of the host's files that is."""
    given = SERVICES[name].get("secrets", [])
    return {s: s for s in given if isinstance(s, str)} | {
        s["target"]: s["source"] for s in given if isinstance(s, dict)
    }


def test_the_whole_system_is_there():
    assert {"gateway", "postgres", "keyring-postgres", "kafka", "mailpit", "topics"} <= set(SERVICES)
    assert {f"{part}-service" for part in ("plan", "progress", "notify", "audit")} <= OURS - JOBS
    assert {f"migrate-{part}" for part in ("plan", "progress", "notify", "audit", "keyring")} <= JOBS
    assert SERVICES["kafka"]["image"] == "apache/kafka:4.3.1"
    assert SERVICES["postgres"]["image"] == SERVICES["keyring-postgres"]["image"] == "postgres:18"


@each_service()
def test_every_service_says_how_it_is(name: str):
    service = SERVICES[name]
    if name in JOBS:
        assert "healthcheck" not in service
    elif name in OURS:
        assert re.search(r"^HEALTHCHECK .*\n +CMD ", DOCKERFILE, re.MULTILINE)
        assert "healthcheck" not in service, "one place: the image's own check"
    else:
        assert service["healthcheck"]["test"][0] == "CMD"
        assert service["restart"] == "unless-stopped"


@each_service()
def test_every_image_is_pinned(name: str):
    image = SERVICES[name]["image"]
    if name in OURS:
        assert SERVICES[name]["build"] == "."
        return
    assert re.fullmatch(r"[a-z/]+:v?\d[\w.-]*", image), image


def literal_secrets(compose: dict[str, Any]) -> list[str]:
    """Settings that hold a secret in the file itself, by name or inside an address."""
    found = []
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            names_a_file = key.endswith(("_FILE", "_DIR"))
            if (SENSITIVE.search(key) and not names_a_file) or re.search(
                r"://[^/@\s]*:[^/@\s]+@", str(value)
            ):
                found.append(f"{name}: {key}")
    return found


def test_no_secret_is_in_the_file():
    assert literal_secrets(COMPOSE) == []
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("POSTGRES_PASSWORD", "postgres"),
        ("HANDRAIL_MASTER_KEY", "abc"),
        ("HANDRAIL_DATABASE_URL", "postgresql://plan_app:hunter2@postgres/handrail"),
    ],
)
def test_a_secret_in_the_file_would_be_found(key: str, value: str):
    assert literal_secrets({"services": {"one": {"environment": {key: value}}}}) == [f"one: {key}"]


def test_every_secret_is_made_by_the_script_and_kept_when_it_runs_again(tmp_path: Path):
    shutil.copy(ROOT / "deploy" / "make-secrets", tmp_path)

    def make() -> dict[str, str]:
        subprocess.run([tmp_path / "make-secrets"], check=True, capture_output=True)
        return {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}

    made = make()

    assert {f"deploy/secrets/{name}" for name in made} == {s["file"] for s in COMPOSE["secrets"].values()}
    assert all(name == Path(s["file"]).name for name, s in COMPOSE["secrets"].items())
    assert len(set(made.values())) == len(made)
    assert all(len(secret) >= 40 and "\n" not in secret for secret in made.values())
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert make() == made


def test_git_ignores_the_secrets():
    ignored = subprocess.run(
        ["git", "check-ignore", "-q", "deploy/secrets/keyring_master_key"], cwd=ROOT, check=False
    )
    assert ignored.returncode == 0


def test_secrets_are_declared_used_and_given_only_where_needed():
    used = {source for name in SERVICES for source in secrets_of(name).values()}
    assert used == set(COMPOSE["secrets"])

    for name in OURS - JOBS:
        assert not [s for s in secrets_of(name).values() if "admin" in s or "owner" in s], (
            "only jobs alter tables"
        )
        part = name.removesuffix("-service")
        assert secrets_of(name) == {
            "database_app_password": f"{part}_app_password",
            "database_relay_password": f"{part}_relay_password",
            "keyring_password": "keyring_app_password",
            "keyring_master_key": "keyring_master_key",
        } | (dict(zip(ISSUERS, ISSUERS, strict=True)) if part == "audit" else {})


@each_service()
def test_what_is_mounted_is_there(name: str):
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (ROOT / source).exists(), source
            assert volume.endswith(":ro")
        else:
            assert source in COMPOSE["volumes"], source


@each_service()
def test_what_must_come_first_is_waited_for(name: str):
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if other in JOBS else "service_healthy"
        assert wait["condition"] == expected, other


@each_service(names=OURS)
def test_ours_run_without_rights_they_do_not_need(name: str):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_databases_and_broker_cannot_be_reached_from_outside():
    assert COMPOSE["networks"]["data"]["internal"] is True
    for name in ("postgres", "keyring-postgres", "kafka"):
        assert SERVICES[name]["networks"] == ["data"]
        assert "ports" not in SERVICES[name]
    for name, service in SERVICES.items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


def test_kafka_makes_no_topic_by_itself():
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_the_gateway_knows_only_services_that_exist():
    upstreams = re.findall(r"reverse_proxy (\S+):8000", (ROOT / "deploy" / "Caddyfile").read_text())

    assert set(upstreams) == OURS - JOBS


def test_the_image_runs_as_nobody_in_particular():
    stages = re.split(r"(?m)^FROM ", DOCKERFILE)
    assert len(stages) == 3
    assert re.findall(r"(?m)^USER (\S+)", stages[-1]) == ["10001:10001"]
    assert not re.search(r"(?i)password|secret|master_key", DOCKERFILE)


def test_what_the_image_copies_is_there_and_not_ignored():
    let_in = set(re.findall(r"(?m)^!(\S+)", (ROOT / ".dockerignore").read_text()))
    for arguments in re.findall(r"(?m)^COPY (?!--from)(.*)$", DOCKERFILE):
        for source in arguments.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source in let_in, source


def test_every_setting_of_notices_is_told_where_operators_look():
    told = (ROOT / "deploy" / "README.md").read_text()
    own = set(Settings.model_fields) - set(RuntimeSettings.model_fields)

    untold = [
        name
        for name in own
        if f"HANDRAIL_{name.upper()}" not in told and f"`_{name.split('_', 1)[-1].upper()}`" not in told
    ]

    assert sorted(untold) == ["send_lease_seconds", "smtp_timeout_seconds"], (
        "these are nobody's to set in daily work"
    )


def test_what_comes_back_is_taken_at_a_domain_of_its_own():
    overlay = yaml.safe_load((ROOT / "deploy" / "compose.returns.yml").read_text())["services"][
        "notify-service"
    ]
    settings = overlay["environment"]

    assert overlay["ports"] == [f"25:{settings['HANDRAIL_RETURNS_PORT']}"]
    assert settings["HANDRAIL_RETURNS_DOMAIN"].startswith("${HANDRAIL_RETURNS_DOMAIN:?"), (
        "no domain is made up"
    )
    assert "HANDRAIL_RETURNS_PORT" not in SERVICES["notify-service"]["environment"], (
        "not without a mail exchanger"
    )
