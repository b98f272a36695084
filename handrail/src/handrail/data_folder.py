"""The data folder of the embedded default: two PostgreSQL clusters, one file of secrets, one lock.

Everything that must stay secret lies in files of mode 0600 in a folder of mode 0711 (PostgreSQL's own user passes
through it to its clusters, which are 0700).
"""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime.embedded_postgres import EmbeddedPostgres
from runtime.roles import SERVICES, RolePasswords

WORDS = 24


class DataFolderInUse(RuntimeError):
    """Another Handrail runs on this folder."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made at the first start, never shown."""

    superuser: str
    roles: dict[str, RolePasswords]
    keyring_owner: str
    keyring_app: str
    keyring_master_key: bytes
    log_host: str
    """Chosen once: the first part of every log's origin."""
    signing_key: bytes
    """The issuer's Ed25519 seed."""
    session_key: str
    keyring_older_keys: tuple[bytes, ...] = ()
    """Master keys from before, under which some of the keyring's rows may still be wrapped."""


class DataFolder:
    """Where the embedded default keeps everything."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()

    @property
    def operator_file(self) -> Path:
        """The operator's credentials, for the command line."""
        return self.path / "operator.json"

    @property
    def is_new(self) -> bool:
        """Nothing was ever started here."""
        return not (self.path / "secrets.json").exists()

    def prepare(self) -> Secrets:
        """Make the folder and its secrets, or read them. A half-written file of secrets cannot come about."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o711)
        file = self.path / "secrets.json"
        if not file.exists():
            write_private(file, json.dumps(_fresh(), indent=1))
        kept = json.loads(file.read_text())
        return Secrets(
            superuser=kept["superuser"],
            roles={service: RolePasswords(**kept["roles"][service]) for service in SERVICES},
            keyring_owner=kept["keyring_owner"], keyring_app=kept["keyring_app"],
            keyring_master_key=base64.b64decode(kept["keyring_master_key"]), log_host=kept["log_host"],
            signing_key=base64.b64decode(kept["signing_key"]), session_key=kept["session_key"],
            keyring_older_keys=tuple(map(base64.b64decode, kept.get("keyring_older_keys", []))),
        )  # fmt: skip

    def databases(self, kept: Secrets) -> tuple[EmbeddedPostgres, EmbeddedPostgres]:
        """The services' cluster and the keyring's own."""
        return (
            EmbeddedPostgres(self.path / "postgres", superuser_password=kept.superuser),
            EmbeddedPostgres(self.path / "keyring", superuser_password=kept.superuser,
                             options={"shared_buffers": "16MB", "max_connections": "60"}),
        )  # fmt: skip

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one Handrail at a time; the lock goes with the process, however it ends."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DataFolderInUse(
                    f"Handrail is running on {self.path} already; stop it first, or give another folder with --data."
                ) from error
            yield


def _fresh() -> dict[str, object]:
    def word() -> str:
        return secrets.token_urlsafe(WORDS)

    return {
        "superuser": word(),
        "roles": {service: {"owner": word(), "app": word(), "relay": word()} for service in SERVICES},
        "keyring_owner": word(),
        "keyring_app": word(),
        "keyring_master_key": base64.b64encode(os.urandom(32)).decode(),
        "log_host": f"{secrets.token_hex(6)}.handrail.invalid",
        "signing_key": base64.b64encode(os.urandom(32)).decode(),
        "session_key": word(),
    }


def write_private(file: Path, text: str) -> None:
    """Write a file of mode 0600, whole or not at all."""
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
