"""Operating an installation: one service, migrations, topics.

From the environment (containers), or from the data folder of a running embedded default.
"""

import asyncio
import importlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn

from handrail.client import NotConfigured
from handrail.data_folder import DataFolder
from handrail.served import HOW
from runtime.logging import configure_logging
from runtime.migrations import migrate_keyring, migrate_service
from runtime.roles import SERVICES, RolePasswords
from runtime.service import Service
from runtime.settings import Settings
from runtime.transport.kafka import Broker
from runtime.transport.topics import apply_topics, resize_topic


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
    uvicorn.run(app, host=settings.host, port=settings.port, timeout_graceful_shutdown=20, **HOW)


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
    return Broker(servers, os.environ.get("HANDRAIL_KAFKA_PREFIX", "handrail"))


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
async def opened(service: str, data: Path) -> AsyncIterator[Service]:
    """A service's store and consumers, beside the process that serves it; nothing of it runs here."""
    settings = settings_for(service, data)
    configure_logging("warning")  # What went well the command says itself.
    made: Service = importlib.import_module(f"{service}_service.service").service_of(settings)
    async with made.opened() as it:
        yield it
