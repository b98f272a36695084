"""Operating an installation: one service, migrations, topics, rebuilds, parked events.

From the environment (containers), or from the data folder of a running embedded default.
"""

import asyncio
import importlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn
from rich.progress import Progress as Bar

from contracts.event import Actor
from contracts.ids import new_id
from handrail.client import NotConfigured
from handrail.console import console
from handrail.data_folder import DataFolder
from runtime.current_state import CurrentState
from runtime.logging import configure_logging
from runtime.migrations import migrate_keyring, migrate_service
from runtime.parked import parked_events, retry_parked, skip_parked
from runtime.projection import Progress, check, rebuild
from runtime.roles import SERVICES, RolePasswords
from runtime.service import Service
from runtime.settings import Settings
from runtime.transport.kafka import Broker
from runtime.transport.topics import apply_topics, resize_topic

OPERATOR = Actor(id="operator", role="operator", client="command-line")


def settings_for(service: str, data: Path | None = None) -> Any:
    """The service's settings: from the environment when it names a database, otherwise from the data folder."""
    if os.environ.get("HANDRAIL_DATABASE_URL"):
        return importlib.import_module(f"{service}_service.settings").Settings()
    folder = DataFolder(data or Path("data"))
    if folder.is_new:
        raise NotConfigured(
            f"{folder.path} holds no Handrail: name its folder with --data, or set HANDRAIL_DATABASE_URL."
        )
    from handrail.embedded import settings_of

    kept = folder.prepare()
    services, keyring = folder.databases(kept)
    return settings_of(service, folder, kept, services, keyring, "http://127.0.0.1:8080")


def serve_one(service: str) -> None:
    """Serve until stopped; a missing setting stops the start with its name."""
    settings = settings_for(service)
    configure_logging(settings.log_level)
    app = importlib.import_module(f"{service}_service.main").create_app(settings)
    uvicorn.run(app, host=settings.host, port=settings.port, log_config=None, access_log=False,
                server_header=False, timeout_graceful_shutdown=20)  # fmt: skip


def migrate_one(service: str) -> str:
    """As the administrator and the owner, from the environment."""
    settings = Settings()
    journal = settings.kafka_bootstrap_servers is None
    if service == "keyring":
        owner_password = settings.secret("keyring_owner_password")
        made = asyncio.run(
            migrate_keyring(
                settings.admin_url("keyring_database_url"), settings.keyring_owner_url(), owner_password,
                settings.secret("keyring_password"),
            )
        )  # fmt: skip
    else:
        passwords = RolePasswords(
            owner=settings.secret("database_owner_password"), app=settings.secret("database_app_password"),
            relay=settings.secret("database_relay_password"),
        )  # fmt: skip
        made = asyncio.run(
            migrate_service(
                service,
                settings.admin_url("database_url"),
                settings.owner_url(service),
                passwords,
                journal=journal,
            )
        )
    return f"{service}: migrated" if made else f"{service}: up to date"


def _broker() -> Broker:
    servers = os.environ.get("HANDRAIL_KAFKA_BOOTSTRAP_SERVERS")
    if not servers:
        raise NotConfigured("Set HANDRAIL_KAFKA_BOOTSTRAP_SERVERS: without Kafka there are no topics.")
    return Broker(servers)


def apply_all_topics(partitions: int, replication: int) -> list[str]:
    """Create what is missing; returns what was made."""
    return asyncio.run(apply_topics(_broker(), SERVICES, partitions=partitions, replication=replication))


def resize_one_topic(service: str, partitions: int, replication: int) -> None:
    """Needs the service's relay password, because the refill is told to its publisher in the database."""
    settings = Settings()
    asyncio.run(
        resize_topic(
            _broker(), service, settings.relay_url(service), partitions=partitions, replication=replication
        )
    )


@asynccontextmanager
async def _opened(service: str, data: Path) -> AsyncIterator[Service]:
    made: Service = importlib.import_module(f"{service}_service.main").service_of(settings_for(service, data))
    async with made.opened() as it:
        yield it


def rebuild_one(service: str, name: str, data: Path) -> str:
    """With a progress bar; interrupted, nothing has changed."""

    async def work() -> int:
        async with _opened(service, data) as it:
            with Bar(console=console()) as bar:
                line = bar.add_task(f"rebuilding {name}", total=None)

                def report(progress: Progress) -> None:
                    bar.update(line, completed=progress.done, total=progress.total)

                if name == CurrentState.name:
                    return await CurrentState(it.database, it.store, it.models).rebuild(report)
                for runner in it.runners:
                    if runner.consumer.name == name and runner.consumer.tables:
                        return await rebuild(
                            runner.consumer, it.database, it.store, report, transport=it.transport
                        )
                known = [CurrentState.name, *(r.consumer.name for r in it.runners if r.consumer.tables)]
                raise NotConfigured(f"{service}-service has no projection {name}; it has {', '.join(known)}.")

    return f"{name}: {asyncio.run(work())} events, swapped in"


def check_all(services: Sequence[str], data: Path) -> list[str]:
    """A line for every row that a replay makes otherwise."""

    async def work() -> list[str]:
        found: list[str] = []
        for service in services:
            async with _opened(service, data) as it:
                differences = await CurrentState(it.database, it.store, it.models).check()
                for runner in it.runners:
                    if runner.consumer.tables:
                        differences += await check(
                            runner.consumer, it.database, it.store, transport=it.transport
                        )
                found += [f"{service} {d.table}: {d.where} only: {d.row[:200]}" for d in differences]
        return found

    return asyncio.run(work())


def parked_rows(data: Path, tenant: str | None) -> list[dict[str, Any]]:
    """What waits, in all four services."""

    async def work() -> list[dict[str, Any]]:
        from runtime.projection import tenants

        found: list[dict[str, Any]] = []
        for service in SERVICES:
            async with _opened(service, data) as it:
                for slug in [tenant] if tenant else await tenants(it.database):
                    found += [
                        {"service": service, "tenant": slug, "consumer": p.consumer, "source": p.source,
                         "position": p.position, "subject": str(p.subject), "event": str(p.event_id),
                         "error": p.error, "parked_at": p.parked_at.isoformat()}
                        for p in await parked_events(it.database, slug)
                    ]  # fmt: skip
        return found

    return asyncio.run(work())


def retry_one(data: Path, service: str, consumer: str, tenant: str, subject: str) -> int:
    """How many of the subject's queue worked."""

    async def work() -> int:
        async with _opened(service, data) as it:
            for runner in it.runners:
                if runner.consumer.name == consumer:
                    return await retry_parked(runner.consumer, it.database, it.store, tenant, UUID(subject))
        raise NotConfigured(f"{service}-service has no consumer {consumer}.")

    return asyncio.run(work())


def skip_one(data: Path, service: str, consumer: str, tenant: str, subject: str, reason: str) -> str:
    """The id of the skipped event."""

    async def work() -> UUID:
        async with _opened(service, data) as it:
            return await skip_parked(
                consumer, it.database, it.store, tenant, UUID(subject), reason=reason, actor=OPERATOR,
                correlation=str(new_id()),
            )  # fmt: skip

    return str(asyncio.run(work()))
