"""Handrail as a user starts it: processes of their own, over HTTP; one process on the journal, or four on Kafka."""

import asyncio
import base64
import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from handrail.client import Handrail
from runtime.embedded_postgres import EmbeddedPostgres
from runtime.migrations import migrate_keyring, migrate_service
from runtime.roles import SERVICES, RolePasswords
from runtime.testing import free_port
from runtime.transport.kafka import Broker
from runtime.transport.topics import apply_topics

HANDRAIL = [str(Path(sys.executable).parent / "handrail")]
START_SECONDS = 180


@dataclass
class Instance:
    """A running installation and how to reach it."""

    url: str
    data: Path
    processes: list["subprocess.Popen[bytes]"]
    services: dict[str, str] = field(default_factory=dict)
    credentials: tuple[str, str] = ("", "")
    settings: dict[str, str] = field(default_factory=dict)
    """What the services were started with, where that is not the data folder."""

    @property
    def environment(self) -> dict[str, str]:
        """For the command line against this instance."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith("HANDRAIL_")}
        if not self.settings:  # The embedded default says the rest in its folder.
            return outside | {"HANDRAIL_DATA": str(self.data)}
        own = {f"HANDRAIL_{name.upper()}_URL": url for name, url in self.services.items()}
        client_id, secret = self.credentials
        own |= {"HANDRAIL_CLIENT_ID": client_id, "HANDRAIL_CLIENT_SECRET": secret}
        return outside | self.settings | own | {"HANDRAIL_URL": self.url, "HANDRAIL_DATA": str(self.data)}

    def client(self, tenant: str | None = None) -> Handrail:
        """As the operator."""
        return Handrail(self.url, *self.credentials, tenant=tenant, services=self.services)

    def handrail(self, *arguments: str, timeout: float = 180) -> "subprocess.CompletedProcess[str]":
        """Run the command line against this instance."""
        return subprocess.run(
            [*HANDRAIL, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


def new_folder() -> Path:
    """A short path that PostgreSQL's own user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="hr-"))
    folder.chmod(0o711)
    return folder


@contextmanager
def one_process(data: Path | None = None, port: int | None = None) -> Iterator[Instance]:
    """`handrail run --empty` on a folder (a new one unless given); stopped at the end as ctrl-C does."""
    folder = data or new_folder()
    instance = start_one(folder / "data", port or free_port())
    try:
        yield instance
    finally:
        stop(instance)
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)


def start_one(data: Path, port: int) -> Instance:
    """Start and wait until it answers."""
    url = f"http://127.0.0.1:{port}"
    log = (data.parent / "handrail.log").open("ab")
    process = subprocess.Popen(
        [*HANDRAIL, "run", "--empty", "--data", str(data), "--port", str(port)], stdout=log, stderr=log
    )
    instance = Instance(url, data, [process])
    wait_until_ready(
        instance, [url + f"/{name}/health/ready" for name in SERVICES], data.parent / "handrail.log"
    )
    kept = json.loads((data / "operator.json").read_text())
    instance.credentials = (kept["client_id"], kept["client_secret"])
    return instance


def stop(instance: Instance) -> None:
    """SIGINT, as ctrl-C; killed after a while."""
    for process in instance.processes:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    for process in instance.processes:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(instance: Instance, addresses: list[str], log: Path) -> None:
    """Every address answers 200."""
    deadline = time.monotonic() + START_SECONDS
    for address in addresses:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(address, timeout=5).status_code == 200:
                    break
            if any(p.poll() is not None for p in instance.processes) or time.monotonic() > deadline:
                raise AssertionError(f"{address} does not answer:\n{log.read_text()[-4000:]}")
            time.sleep(0.1)


@contextmanager
def four_processes(kafka: str, mail_port: int) -> Iterator[Instance]:
    """`handrail serve ...` four times on Kafka, with a PostgreSQL for the services and one for the keyring."""
    folder = new_folder()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        password = secrets.token_hex(12)
        passwords = RolePasswords(password, password, password)
        databases = [
            EmbeddedPostgres(folder / name, superuser_password=password) for name in ("postgres", "keyring")
        ]
        for database in databases:
            database.start()
            stack.callback(database.stop)
        main, keyring = databases
        main.psql("postgres", "CREATE DATABASE handrail")
        keyring.psql("postgres", "CREATE DATABASE keyring")
        prefix = f"e2e{secrets.token_hex(4)}"
        asyncio.run(_prepare(main, keyring, password, passwords, Broker(kafka, prefix)))
        ports = {name: free_port() for name in SERVICES}
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        settings = {
            "HANDRAIL_DATABASE_URL": main.url("handrail", "", ""),
            "HANDRAIL_DATABASE_APP_PASSWORD": password,
            "HANDRAIL_DATABASE_RELAY_PASSWORD": password,
            "HANDRAIL_KEYRING_DATABASE_URL": keyring.url("keyring", "", ""),
            "HANDRAIL_KEYRING_PASSWORD": password,
            "HANDRAIL_KEYRING_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "HANDRAIL_TOKEN_SIGNING_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "HANDRAIL_SESSION_KEY": secrets.token_hex(16),
            "HANDRAIL_KAFKA_BOOTSTRAP_SERVERS": kafka,
            "HANDRAIL_KAFKA_PREFIX": prefix,
            "HANDRAIL_LOG_HOST": "e2e.handrail.invalid",
            "HANDRAIL_PUBLIC_URL": urls["audit"],
            "HANDRAIL_LOGS_URL": " ".join(f"{name}={url}" for name, url in urls.items()),
            "HANDRAIL_OPERATOR_CLIENT_ID": "operator",
            "HANDRAIL_OPERATOR_CLIENT_SECRET": password,
            "HANDRAIL_SMTP_HOST": "127.0.0.1",
            "HANDRAIL_SMTP_PORT": str(mail_port),
            "HANDRAIL_SMTP_TLS": "none",
        }
        processes = []
        for name, port in ports.items():
            log = (folder / f"{name}.log").open("ab")
            processes.append(
                subprocess.Popen(
                    [*HANDRAIL, "serve", name],
                    env=os.environ | settings | {"HANDRAIL_PORT": str(port)},
                    stdout=log,
                    stderr=log,
                )
            )
        instance = Instance(urls["audit"], folder / "data", processes, urls, ("operator", password), settings)
        stack.callback(stop, instance)
        for name in SERVICES:
            wait_until_ready(instance, [f"{urls[name]}/{name}/health/ready"], folder / f"{name}.log")
        yield instance


async def _prepare(
    main: EmbeddedPostgres, keyring: EmbeddedPostgres, password: str, passwords: RolePasswords, broker: Broker
) -> None:
    for service in SERVICES:
        owner = main.url("handrail", f"{service}_owner", password)
        await migrate_service(service, main.url("handrail"), owner, passwords, journal=False)
    await migrate_keyring(
        keyring.url("keyring"), keyring.url("keyring", "keyring_owner", password), password, password
    )
    await apply_topics(broker, SERVICES, partitions=3)
