"""`handrail backup`: both databases, each into a file of its own; readable copies in none.

What lies in ``<svc>_read`` and ``<svc>_next`` can be made anew and is left out. The keyring goes into a folder of its
own, and its backups older than HANDRAIL_KEYRING_BACKUP_DAYS are removed: what was lawfully destroyed is final when the last
one from before is gone. Back up to a place where nothing else keeps copies of that folder for longer.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from handrail.client import NotConfigured
from handrail.data_folder import DataFolder
from runtime.roles import SERVICES
from runtime.settings import Settings

STAMP = "%Y%m%dT%H%M%SZ"
KEYRING = "keyring-"


class BackupFailed(RuntimeError):
    """pg_dump said no; the message is its own."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What was written, and which of the keyring's old backups were removed."""

    services: Path
    keyring: Path
    keyring_expires_at: datetime
    removed: tuple[Path, ...]

    def said(self) -> Mapping[str, object]:
        """For a program."""
        return {
            "services": str(self.services), "keyring": str(self.keyring),
            "keyring_expires_at": self.keyring_expires_at.isoformat(), "removed": [str(path) for path in self.removed],
        }  # fmt: skip


def back_up(data: Path, to: Path, keyring_to: Path | None = None, now: datetime | None = None) -> BackedUp:
    """Write both backups; files of mode 0600, each whole or not there at all."""
    at = now or datetime.now(UTC)
    services_url, keyring_url, days = _where(data)
    keyring_folder = keyring_to or to / "keyring"
    left_out = [
        f"--exclude-table-data={service}_{kind}.*" for service in SERVICES for kind in ("read", "next")
    ]
    services = _dump(services_url, to / f"handrail-{at:{STAMP}}.dump", left_out)
    keyring = _dump(keyring_url, keyring_folder / f"{KEYRING}{at:{STAMP}}.dump", [])
    lifetime = timedelta(days=days)
    return BackedUp(services, keyring, at + lifetime, expire(keyring_folder, at - lifetime))


def expire(folder: Path, before: datetime) -> tuple[Path, ...]:
    """Remove the keyring's backups that were made before then; returns which."""
    old = []
    for file in sorted(folder.glob(f"{KEYRING}*.dump")):
        try:
            made = datetime.strptime(file.stem.removeprefix(KEYRING), STAMP).replace(tzinfo=UTC)
        except ValueError:
            continue
        if made < before:
            file.unlink()
            old.append(file)
    return tuple(old)


def _where(data: Path) -> tuple[str, str, int]:
    """Both databases as their administrator, and how long the keyring's backups live."""
    settings = Settings()
    if os.environ.get("HANDRAIL_DATABASE_URL"):
        urls = settings.admin_url("database_url"), settings.admin_url("keyring_database_url")
        return *urls, settings.keyring_backup_days
    folder = DataFolder(data)
    if folder.is_new:
        raise NotConfigured(
            f"{folder.path} holds no Handrail: name its folder with --data, or set HANDRAIL_DATABASE_URL."
        )
    services, keyring = folder.databases(folder.prepare())
    return services.url("handrail"), keyring.url("keyring"), settings.keyring_backup_days


def _dump(url: str, file: Path, options: list[str]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    at = make_url(url)
    host = at.query.get("host") or at.host or ""
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)
    command = [
        _pg_dump(), "--format=custom", f"--file={fresh}", f"--host={host}", f"--port={at.port or 5432}",
        f"--username={at.username}", f"--dbname={at.database}", *options,
    ]  # fmt: skip
    environment = {**os.environ, "PGPASSWORD": at.password or ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fresh.unlink(missing_ok=True)
        raise BackupFailed(f"pg_dump failed: {done.stderr.strip()[-1000:]}")
    fresh.replace(file)
    return file


def _pg_dump() -> str:
    """The wheel's, which is of the embedded server's version; where it is not installed, the one on the path."""
    try:
        from runtime.embedded_postgres import BINARIES

        return str(BINARIES / "pg_dump")
    except ModuleNotFoundError as error:
        found = shutil.which("pg_dump")
        if found is None:
            raise NotConfigured("pg_dump is not there: install PostgreSQL's client programs.") from error
        return found
