"""P5: after a lawful destruction no live table, log, file or backup yields the contents, and every proof still stands.

Planted words are looked for as text and as the hexadecimal of their bytes: in everything that the databases hold, in every
file of the data folder, and in what comes back from a backup of before, with the keyring as it is once its own backups have
run out.
"""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from running import Instance

from handrail.backup import expire
from handrail.data_folder import DataFolder
from handrail.operation import opened
from runtime.embedded_postgres import BINARIES, EmbeddedPostgres
from runtime.erasing import settle
from runtime.event_store import EventStore
from runtime.roles import SERVICES
from runtime.sealing import key_id_of, open_sealed

WORDS = (
    "Jonas",
    "Karl Feld",
    "karl.feld@family.example",
    "jonas.feld@student.example",
    "glucose changes quickly",
)
AFTER_14_DAYS = timedelta(days=15)


@dataclass(frozen=True)
class Traces:
    """Of a student's record in an installation of one folder: where its words stood, and what a backup kept of it."""

    instance: Instance
    tenant: str
    student: str
    databases: tuple[EmbeddedPostgres, EmbeddedPostgres]
    services: Path
    keyring: Path
    """The two halves of the backup."""
    entries: dict[str, str]
    """As they stood in the logs."""

    @classmethod
    def taken(cls, instance: Instance, tenant: str, student: str) -> "Traces":
        """Before the destruction: everything is there to be found."""
        backups = instance.data.parent / "backups"
        made = instance.handrail("backup", "--to", str(backups), "--json")
        assert made.returncode == 0, made.stderr
        told = json.loads(made.stdout)
        databases = _databases(instance)
        services, keyring = Path(told["services"]), Path(told["keyring"])
        it = cls(instance, tenant, student, databases, services, keyring, _entries(databases[0]))
        assert _found(databases), "the words are there to be found"
        assert _files_with_words(instance.data), "the words are there to be found"
        assert not _found_in_text(_restored_text(databases[0], services)), "a backup has no readable copy"
        assert it.events_that_open() > 20
        return it

    def must_be_gone(self) -> None:
        """After it, once every service has settled: no word is found, and every entry is what it was."""
        # What was mailed is the family's.
        httpx.delete(f"{self.instance.url}/mailbox/mails").raise_for_status()
        asyncio.run(_settled(self.instance))
        for database, name in zip(self.databases, ("handrail", "keyring"), strict=True):
            database.psql(name, "CHECKPOINT; SELECT pg_switch_wal(); CHECKPOINT; CHECKPOINT")

        assert _found(self.databases) == []
        assert _files_with_words(self.instance.data) == []
        after = _entries(self.databases[0])
        assert {place: after[place] for place in self.entries} == self.entries, "no entry or leaf has changed"
        assert self.events_that_open() == 0
        assert expire(self.keyring.parent, datetime.now(UTC) - AFTER_14_DAYS) == ()
        assert expire(self.keyring.parent, datetime.now(UTC) + AFTER_14_DAYS) == (self.keyring,)

    def must_stay_gone(self) -> None:
        """Also when everything kept to read from is made anew."""
        checked = self.instance.handrail("projections", "check", timeout=400)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        for service in SERVICES:
            rebuilt = self.instance.handrail("projections", "rebuild", "current-state", service, timeout=400)
            assert rebuilt.returncode == 0, rebuilt.stderr
        assert not _found(self.databases)
        parked = self.instance.handrail("parked", "list", "--tenant", self.tenant)
        assert parked.stdout.strip() == "nothing is parked"

    def events_that_open(self) -> int:
        """How many of the student's events of the backup open under the keyring as it is now."""
        with _restored(self.databases[0], self.services) as name:
            rows = [
                line.split(" ")
                for service in SERVICES
                for line in self.databases[0].psql(
                    name, f"SELECT id || ' ' || encode(sealed, 'hex') FROM {service}.events WHERE subject = '{self.student}'"
                ).splitlines()
            ]  # fmt: skip

        async def count() -> int:
            async with opened("plan", self.instance.data) as it:
                store: EventStore = it.store
                sealed: dict[str, Any] = {id_: bytes.fromhex(text) for id_, text in rows}
                keys = await store.keyring.by_id(self.tenant, {key_id_of(each) for each in sealed.values()})
                return sum(
                    1 for id_, each in sealed.items()
                    if key_id_of(each) in keys and open_sealed(keys[key_id_of(each)], UUID(id_), each)
                )  # fmt: skip

        return asyncio.run(count())


async def _settled(instance: Instance) -> None:
    """What every service does ten minutes later."""
    for service in SERVICES:
        async with opened(service, instance.data) as it:
            assert await settle(it, after=0.0) <= 1


def _databases(instance: Instance) -> tuple[EmbeddedPostgres, EmbeddedPostgres]:
    folder = DataFolder(instance.data)
    return folder.databases(folder.prepare())


def _found(databases: tuple[EmbeddedPostgres, EmbeddedPostgres]) -> list[str]:
    texts = [
        _run(database, "pg_dump", "--data-only", "--dbname", name)
        for database, name in zip(databases, ("handrail", "keyring"), strict=True)
    ]
    return _found_in_text("".join(texts))


def _found_in_text(text: str) -> list[str]:
    """Each word with the table in whose rows it stands."""
    table, found = "", []
    wanted = [(word, word.encode().hex()) for word in WORDS]
    for line in text.splitlines():
        if line.startswith("COPY "):
            table = line.split()[1]
        found += [f"{table}: {word}" for word, hexed in wanted if word in line or hexed in line]
    return sorted(set(found))


def _files_with_words(folder: Path) -> list[str]:
    wanted = [word.encode() for word in WORDS]
    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        found += [f"{file.relative_to(folder)}: {word.decode()}" for word in wanted if word in content]
    return found


def _entries(services: EmbeddedPostgres) -> dict[str, str]:
    """Every entry with its leaf, by where it stands."""
    rows = services.psql(
        "handrail",
        ";".join(
            f"SELECT '{s}/' || position || ' ' || encode(entry, 'hex') || ' ' || encode(leaf, 'hex') FROM {s}.log"
            for s in SERVICES
        ),
    )
    return dict(line.split(" ", 1) for line in rows.splitlines())


def _run(database: EmbeddedPostgres, program: str, *arguments: str) -> str:
    command = [str(BINARIES / program), "-h", str(database.socket_folder), "-U", "postgres", *arguments]
    environment = {"PGPASSWORD": database.superuser_password, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@contextmanager
def _restored(services: EmbeddedPostgres, backup: Path) -> Iterator[str]:
    """A database as it comes back from the backup."""
    services.psql("postgres", "CREATE DATABASE restored")
    try:
        _run(services, "pg_restore", "--dbname", "restored", str(backup))
        yield "restored"
    finally:
        services.psql("postgres", "DROP DATABASE restored WITH (FORCE)")


def _restored_text(services: EmbeddedPostgres, backup: Path) -> str:
    with _restored(services, backup) as name:
        return _run(services, "pg_dump", "--data-only", "--dbname", name)
