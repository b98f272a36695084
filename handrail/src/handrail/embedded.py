"""`handrail run`: everything in one process, PostgreSQL inside, data in a folder."""

import asyncio
import base64
import contextlib
import importlib
import json
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from handrail.client import OPERATOR_ID
from handrail.data_folder import DataFolder, Secrets, write_private
from handrail.one_process import OneProcess
from handrail.served import HOW
from runtime.embedded_postgres import EmbeddedPostgres
from runtime.logging import configure_logging
from runtime.mailbox import Mailbox
from runtime.migrations import migrate_keyring, migrate_service
from runtime.roles import SERVICES

SHUTDOWN_SECONDS = 10
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where a command on this machine reaches what listens on every address."""


def address(host: str, port: int) -> str:
    """The URL of what listens there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@dataclass(frozen=True, slots=True)
class Running:
    """Where a started instance is."""

    url: str
    folder: DataFolder
    first_start: bool


@contextmanager
def databases(folder: DataFolder, kept: Secrets) -> Any:
    """Both clusters running, migrated to this version; stopped cleanly at the end."""
    services, keyring = folder.databases(kept)
    try:
        services.start()  # In this thread, which lives as long as the process: a server ends with the thread
        keyring.start()  # that started it.
        asyncio.run(_migrate(services, keyring, kept))
        yield services, keyring
    finally:
        services.stop()
        keyring.stop()


async def _migrate(services: EmbeddedPostgres, keyring: EmbeddedPostgres, kept: Secrets) -> None:
    for postgres, name in ((services, "handrail"), (keyring, "keyring")):
        if not postgres.psql("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'").strip():
            postgres.psql("postgres", f"CREATE DATABASE {name}")
    for service in SERVICES:
        passwords = kept.roles[service]
        owner = services.url("handrail", f"{service}_owner", passwords.owner)
        await migrate_service(service, services.url("handrail"), owner, passwords, journal=True)
    owner = keyring.url("keyring", "keyring_owner", kept.keyring_owner)
    await migrate_keyring(keyring.url("keyring"), owner, kept.keyring_owner, kept.keyring_app)


def settings_of(
    service: str, folder: DataFolder, kept: Secrets, services: EmbeddedPostgres, keyring: EmbeddedPostgres, url: str,
    **more: Any,
) -> Any:  # fmt: skip
    """A service's own settings class, filled from the data folder instead of the environment."""
    module = importlib.import_module(f"{service}_service.settings")
    return module.Settings(
        database_url=services.url("handrail", "", ""),
        database_app_password=kept.roles[service].app,
        database_relay_password=kept.roles[service].relay,
        keyring_database_url=keyring.url("keyring", "", ""),
        keyring_password=kept.keyring_app,
        keyring_master_key=base64.b64encode(kept.keyring_master_key).decode(),
        keyring_older_master_keys=" ".join(base64.b64encode(key).decode() for key in kept.keyring_older_keys),
        token_signing_key=base64.b64encode(kept.signing_key).decode(),
        session_key=kept.session_key,
        log_host=kept.log_host,
        public_url=url,
        data=folder.path,
        **more,
    )


def operator_credentials(folder: DataFolder, url: str) -> tuple[str, str]:
    """The operator's client id and secret, made at the first start and kept in a file only its owner reads.

    Beside them stands where the instance answers now: the commands find it on whatever port it is.
    """
    made = {"client_id": OPERATOR_ID, "client_secret": secrets.token_urlsafe(32)}
    kept = json.loads(folder.operator_file.read_text()) if folder.operator_file.exists() else made
    if kept.get("url") != url:
        write_private(folder.operator_file, json.dumps(kept | {"url": url}))
    return kept["client_id"], kept["client_secret"]


@asynccontextmanager
async def serving(
    folder: DataFolder,
    kept: Secrets,
    services: EmbeddedPostgres,
    keyring: EmbeddedPostgres,
    host: str,
    port: int,
) -> AsyncIterator[tuple[str, "uvicorn.Server"]]:
    """All four services answering on one port until the block ends."""
    # The protocol is named: asyncio turns off Nagle's algorithm (40 ms an answer) only on sockets that say they are TCP.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    bound = listening.getsockname()[1]
    url = address(host, bound)
    client_id, client_secret = operator_credentials(folder, address(LOOPBACK.get(host, host), bound))
    async with Mailbox.running(folder.path / "mailbox") as mailbox:
        apps = {
            service: importlib.import_module(f"{service}_service.main").create_app(
                settings_of(
                    service, folder, kept, services, keyring, url, operator_client_id=client_id,
                    operator_client_secret=client_secret, smtp_host="127.0.0.1", smtp_port=mailbox.port,
                    smtp_tls="none",
                )
            )
            for service in SERVICES
        }  # fmt: skip
        app = OneProcess(apps, [("/mailbox", mailbox.app)])
        config = uvicorn.Config(app, lifespan="on", timeout_graceful_shutdown=SHUTDOWN_SECONDS, **HOW)
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[assignment, method-assign]  # Signals are ours.
        task = asyncio.ensure_future(server.serve([listening]))
        try:
            while not server.started:
                if task.done():
                    task.result()
                    raise RuntimeError("the services did not start; the lines above say why")
                await asyncio.sleep(0.02)
            yield url, server
        finally:
            server.should_exit = True
            await asyncio.wait_for(task, SHUTDOWN_SECONDS + 10)
            listening.close()


def run(
    path: Path, *, host: str, port: int, ready: Callable[[Running], Any] | None = None,
    say: Callable[[str], None] = print,
) -> None:  # fmt: skip
    """Start, call ``ready`` (in a thread) once it answers, and go on until SIGINT or SIGTERM."""
    folder = DataFolder(path)
    began = time.monotonic()
    with folder.locked():
        first = folder.is_new
        kept = folder.prepare()
        configure_logging(to=(folder.path / "handrail.log").open("a", buffering=1))
        with databases(folder, kept) as (services, keyring):
            uvloop.run(_run(folder, kept, services, keyring, host, port, first, began, ready, say))
    say("Stopped. Everything recorded is kept in " + str(folder.path))


async def _run(
    folder: DataFolder, kept: Secrets, services: EmbeddedPostgres, keyring: EmbeddedPostgres, host: str, port: int,
    first: bool, began: float, ready: Callable[[Running], Any] | None, say: Callable[[str], None],
) -> None:  # fmt: skip
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    async with serving(folder, kept, services, keyring, host, port) as (url, server):
        say(f"Handrail answers at {url} (started in {time.monotonic() - began:.1f} s)")
        working: asyncio.Future[Any] | None = None
        if ready is not None:
            mails_wait_again = _mails_leave_at_once(server)
            working = asyncio.ensure_future(asyncio.to_thread(ready, Running(url, folder, first)))
            working.add_done_callback(lambda done: _tell(done, say))
            working.add_done_callback(lambda _done: mails_wait_again())
        await stop.wait()
        say("\nStopping ...")
        if working is not None and not working.done():
            # A thread cannot be ended from outside: its own work ends with the services, and is done on the next start.
            working.cancel()


def _mails_leave_at_once(server: "uvicorn.Server") -> Callable[[], None]:
    """Until the returned is called: a year is told in seconds, and each of its mails would be waited for."""
    sender = server.config.app.service("notify").state.sender  # type: ignore[union-attr]
    patience, sender.patience = sender.patience, timedelta(0)

    def wait_again() -> None:
        sender.patience = patience

    return wait_again


def _tell(done: "asyncio.Future[Any]", say: Callable[[str], None]) -> None:
    if not done.cancelled() and done.exception() is not None:
        say(f"That did not work: {done.exception()}")
