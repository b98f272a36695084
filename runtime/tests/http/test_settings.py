"""Settings: what is missing stops the start with its name; what is secret is not shown."""

import base64
from pathlib import Path

import pytest
from pydantic import ValidationError

from runtime.settings import MissingSetting, Settings

KEY = base64.b64encode(bytes(32)).decode()


@pytest.fixture
def secrets_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HANDRAIL_SECRETS_DIR", str(tmp_path))
    for name, value in {"database_app_password": "app@sec/ret\n", "keyring_master_key": KEY}.items():
        (tmp_path / name).write_text(value)
    return tmp_path


def test_secrets_come_from_files_named_without_our_prefix_and_the_environment_goes_before(
    secrets_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDRAIL_DATABASE_URL", "postgresql://db.example:5432/handrail")
    monkeypatch.setenv("HANDRAIL_DATABASE_RELAY_PASSWORD", "relay")

    settings = Settings()

    assert settings.app_url("plan") == "postgresql://plan_app:app%40sec%2Fret@db.example:5432/handrail"
    assert settings.relay_url("plan") == "postgresql://plan_relay:relay@db.example:5432/handrail"
    assert settings.master_key() == bytes(32)
    monkeypatch.setenv("HANDRAIL_DATABASE_APP_PASSWORD", "other")
    assert "plan_app:other@" in Settings().app_url("plan")


def test_a_socket_folder_stays_in_the_address() -> None:
    settings = Settings(database_url="postgresql://:@/handrail?host=/tmp/a b", database_app_password="x")
    assert settings.app_url("audit") == "postgresql://audit_app:x@/handrail?host=%2Ftmp%2Fa+b"


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (Settings(), "database_url"),
        (Settings(database_url="postgresql://db/x"), "database_app_password"),
        (Settings(database_url="postgresql://db/x", database_app_password="  "), "database_app_password"),
    ],
)
def test_what_is_missing_is_named_with_where_to_put_it(settings: Settings, missing: str) -> None:
    with pytest.raises(MissingSetting, match=f"HANDRAIL_{missing.upper()}") as error:
        settings.app_url("plan")
    assert f"the file {missing}" in str(error.value)


@pytest.mark.parametrize("key", ["not base64!", base64.b64encode(bytes(31)).decode()])
def test_a_key_of_another_form_is_named_and_not_shown(key: str) -> None:
    with pytest.raises(MissingSetting, match="HANDRAIL_KEYRING_MASTER_KEY is not base64") as error:
        Settings(keyring_master_key=key).master_key()
    assert key not in str(error.value)


def test_a_start_needs_its_log_host() -> None:
    with pytest.raises(MissingSetting, match="HANDRAIL_LOG_HOST"):
        Settings().addresses("plan")


def test_a_secrets_folder_that_is_not_there_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_SECRETS_DIR", "/nowhere/at/all")
    with pytest.raises(Exception, match="nowhere"):
        Settings()


def test_secrets_are_not_shown_and_settings_do_not_change() -> None:
    settings = Settings(database_app_password="s3cret", operator_client_secret="s3cret")
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in settings.model_dump_json()
    with pytest.raises(ValidationError):
        settings.port = 1
    with pytest.raises(ValidationError) as error:
        Settings(port="s3cret")
    assert "s3cret" not in str(error.value)


def test_the_issuer_is_built_in_unless_another_is_named() -> None:
    assert Settings(public_url="https://records.test/").issuer == "https://records.test/oauth"
    assert Settings(issuer_url="https://id.test").issuer == "https://id.test"
