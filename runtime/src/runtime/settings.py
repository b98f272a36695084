"""Settings: read once where the process starts, frozen, passed down as values.

``HANDRAIL_<NAME>`` in the environment, or a file ``<name>`` in the folder ``HANDRAIL_SECRETS_DIR``. Each process needs
only its own: a service its ``app`` and ``relay`` passwords, a migration the ``owner``'s. What is needed and missing stops
the start with its name.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy.engine import make_url

from runtime.service import Addresses
from runtime.store_address import StoreAddress
from runtime.transport.kafka import Broker

MASTER_KEY_BYTES = 32


class MissingSetting(RuntimeError):
    """A setting this process cannot start without; the message names it and where to put it."""

    def __init__(self, name: str, why: str = "is missing") -> None:
        super().__init__(
            f"HANDRAIL_{name.upper()} {why}: set it in the environment, "
            f"or put it into the file {name} in the folder HANDRAIL_SECRETS_DIR"
        )
        self.name = name


class Settings(BaseSettings):
    """What every service and job may be told. A service with more of its own inherits from this."""

    model_config = SettingsConfigDict(
        env_prefix="HANDRAIL_",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    database_url: str = ""
    """Host and database, without a role: ``postgresql://db.example:5432/handrail``."""
    database_app_password: SecretStr | None = None
    database_relay_password: SecretStr | None = None
    database_owner_password: SecretStr | None = None
    admin_database_password: SecretStr | None = None

    keyring_database_url: str = ""
    """The keyring's own database, likewise without a role."""
    keyring_password: SecretStr | None = None
    keyring_owner_password: SecretStr | None = None
    keyring_master_key: SecretStr | None = None
    """Base64 of 32 random bytes."""
    keyring_older_master_keys: SecretStr | None = None
    """Those from before, with blanks between: for rows until `handrail keyring rewrap` is done, for logs' keys for ever."""
    keyring_backup_days: int = Field(default=14, ge=1, le=365)

    kafka_bootstrap_servers: str | None = None
    """Without it consumers follow the journal."""
    kafka_prefix: str = "handrail"
    """The first part of topics' and groups' names."""

    public_url: str = "http://127.0.0.1:8080"
    """Where people and vendors reach this installation: stands in links, in ``Location`` and in tokens."""
    issuer_url: str | None = None
    """The OIDC provider whose tokens count. Not set: the built-in issuer at ``<public_url>/oauth``."""
    jwks_url: str | None = None
    """Where the issuer's keys are, as seen from this process. Not set: found through the issuer's discovery page."""
    audience: str = "handrail"
    """What a token must be made out for."""
    token_algorithms: str = "Ed25519 EdDSA ES256 PS256 RS256"
    """Signature algorithms that count; a key serves only those of its own kind."""
    claim_tenant: str = "tenant"
    claim_role: str = "role"
    claim_staff: str = "sub"
    """Claims in which another provider puts the district, the role and the staff member's id."""
    token_signing_key: SecretStr | None = None
    """Base64 of an Ed25519 seed (32 bytes): the built-in issuer's, audit-service's alone."""

    operator_client_id: str = "operator"
    operator_client_secret: SecretStr | None = None
    """The operator's client, which may ask for a token for any district; audit-service's alone."""
    session_key: SecretStr | None = None
    """Signs the sign-in pages' cookies; audit-service's and the console's."""

    log_host: str | None = None
    """The first part of every log's origin; chosen and stored at the first start unless set."""
    logs_url: str | None = None
    """With Kafka: where audit-service reads the services' checkpoints, e.g. ``http://{service}-service:8000``, or one for each:
    ``plan=http://10.0.0.4:8000 progress=http://10.0.0.5:8000 ...``. Not set: ``public_url``, where a gateway serves all four."""
    data: Path = Path("var")
    """The folder of the embedded default."""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    log_level: str = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the code says, then the environment, then files of the secrets folder (named without our prefix)."""
        folder = os.environ.get("HANDRAIL_SECRETS_DIR")
        if not folder:
            return init_settings, env_settings
        files = NestedSecretsSettingsSource(
            file_secret_settings, secrets_dir=folder, secrets_dir_missing="error", secrets_prefix=""
        )
        return init_settings, env_settings, files

    def secret(self, name: str) -> str:
        """The secret by its field's name; raises `MissingSetting`."""
        value: Any = getattr(self, name)
        if not isinstance(value, SecretStr) or not value.get_secret_value().strip():
            raise MissingSetting(name)
        return value.get_secret_value().strip()

    def app_url(self, service: str) -> str:
        """As ``<svc>_app``: requests and consumers."""
        return self._as("database_url", f"{service}_app", "database_app_password")

    def relay_url(self, service: str) -> str:
        """As ``<svc>_relay``: the sequencer."""
        return self._as("database_url", f"{service}_relay", "database_relay_password")

    def owner_url(self, service: str) -> str:
        """As ``<svc>_owner``: migrations."""
        return self._as("database_url", f"{service}_owner", "database_owner_password")

    def admin_url(self, url: str = "database_url") -> str:
        """As the database's (or keyring database's) administrator: roles and schemas."""
        return self._as(url, "postgres", "admin_database_password")

    def keyring_owner_url(self) -> str:
        """As ``keyring_owner``: its migration."""
        return self._as("keyring_database_url", "keyring_owner", "keyring_owner_password")

    def keyring_url(self) -> str:
        """As ``keyring_app``."""
        return self._as("keyring_database_url", "keyring_app", "keyring_password")

    def master_key(self) -> bytes:
        """The key that wraps every key; raises `MissingSetting` for none or one of another length."""
        return self._bytes("keyring_master_key", MASTER_KEY_BYTES)

    def older_master_keys(self) -> tuple[bytes, ...]:
        """Master keys that rows may still be wrapped under; raises `MissingSetting` for one that is none."""
        given = self.keyring_older_master_keys
        return tuple(
            _decoded("keyring_older_master_keys", text, MASTER_KEY_BYTES)
            for text in (given.get_secret_value().split() if given else ())
        )

    def signing_seed(self) -> bytes:
        """The built-in issuer's key; raises `MissingSetting`."""
        return self._bytes("token_signing_key", 32)

    @property
    def issuer(self) -> str:
        """Whose tokens count."""
        return self.issuer_url or self.public_url.rstrip("/") + "/oauth"

    def logs_address(self, service: str) -> str:
        """Where a service's log is read."""
        given = self.logs_url or self.public_url
        each = dict(part.split("=", 1) for part in given.split() if "=" in part.partition("://")[0])
        return each.get(service, self.public_url) if each else given.format(service=service)

    def addresses(self, service: str) -> Addresses:
        """What `runtime.service.Service` runs on; raises `MissingSetting`."""
        if self.log_host is None:
            raise MissingSetting("log_host")
        return Addresses(
            store=StoreAddress(
                service,
                self.app_url(service),
                self.keyring_url(),
                self.master_key(),
                self.older_master_keys(),
            ),
            relay_url=self.relay_url(service),
            log_host=self.log_host,
            kafka=Broker(self.kafka_bootstrap_servers, self.kafka_prefix)
            if self.kafka_bootstrap_servers
            else None,
        )

    def _as(self, url: str, role: str, password: str) -> str:
        base: str = getattr(self, url)
        if not base:
            raise MissingSetting(url)
        return (
            make_url(base)
            .set(username=role, password=self.secret(password))
            .render_as_string(hide_password=False)
        )

    def _bytes(self, name: str, length: int) -> bytes:
        return _decoded(name, self.secret(name), length)


def _decoded(name: str, text: str, length: int) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise MissingSetting(name, "is not base64") from error
    if len(value) != length:
        raise MissingSetting(name, f"is not base64 of {length} bytes")
    return value
