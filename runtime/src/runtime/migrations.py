"""Migrations: Alembic for each service, run as ``<svc>_owner``; and all that has to stand before they can run.

A service's ``migrations/env.py`` is one line that calls `run_environment`.
"""

import asyncio
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command, context, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

from runtime.database import must_be_new_enough
from runtime.keyring_schema import KEYRING, STANDING
from runtime.log_schema import checkpoint_grants
from runtime.roles import SERVICES, RolePasswords, create_keyring_roles, create_service_roles
from runtime.store_schema import journal_grants


def migrations_of(service: str) -> Path:
    """The folder of a service's migrations, beside its ``src``."""
    spec = find_spec(f"{service}_service")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{service}-service is not installed: run `make setup`")
    return Path(spec.origin).parents[2] / "migrations"


def _config(service: str, owner_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_of(service)))
    config.attributes["service"] = service
    config.attributes["owner_url"] = owner_url
    return config


def run_environment(service: str) -> None:
    """What every ``migrations/env.py`` does: apply the scripts in one transaction each, as the owner."""
    owner_url = (
        context.config.attributes.get("owner_url") or context.get_x_argument(as_dictionary=True)["url"]
    )
    asyncio.run(_run(service, owner_url))


async def _run(service: str, owner_url: str) -> None:
    engine = create_async_engine(make_url(owner_url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_apply, service)
            await connection.commit()
    finally:
        await engine.dispose()


def _apply(connection: Connection, service: str) -> None:
    connection.execute(text(f"SET search_path = {service}"))
    context.configure(connection=connection, version_table_schema=service, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def run_script(statements: list[str]) -> None:
    """Run statements of several commands each, as a migration may hold them (the driver prepares one at a time)."""
    op.execute("SELECT 1")  # Opens the transaction, which what follows joins.
    adapted = op.get_bind().connection.dbapi_connection
    if adapted is None:
        raise RuntimeError("a migration needs an open connection")
    for statement in statements:
        await_only(adapted.driver_connection.execute(statement))


def upgrade(service: str, owner_url: str) -> None:
    """Bring a service's schemas to the newest version. Safe to repeat; call it from a thread without an event loop."""
    command.upgrade(_config(service, owner_url), "head")


@cache
def newest(service: str) -> str:
    """The revision that this code expects."""
    head = ScriptDirectory.from_config(_config(service, "")).get_current_head()
    if head is None:
        raise RuntimeError(f"{service}-service has no migrations")
    return head


async def current(service: str, connection: Any) -> str | None:
    """The revision the database is at; ``None`` before the first migration."""
    if not await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", f"{service}.alembic_version"):
        return None
    found: str | None = await connection.fetchval(f"SELECT version_num FROM {service}.alembic_version")
    return found


async def migrate_service(
    service: str, admin_url: str, owner_url: str, passwords: RolePasswords, *, journal: bool
) -> bool:
    """Roles, schemas, migrations and the journal's grants of one service. Returns whether anything was migrated."""
    admin = await asyncpg.connect(admin_url)
    try:
        must_be_new_enough(admin)
        for each in SERVICES:  # The grants name the other services' roles, which may come later.
            await admin.execute(f"""
                DO $$ BEGIN CREATE ROLE {each}_app LOGIN NOSUPERUSER NOBYPASSRLS;
                EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$""")
        await create_service_roles(admin, service, passwords)
    finally:
        await admin.close()
    owner = await asyncpg.connect(owner_url)
    try:
        behind = await current(service, owner) != newest(service)
    finally:
        await owner.close()
    if behind:
        await asyncio.to_thread(upgrade, service, owner_url)
    owner = await asyncpg.connect(owner_url)
    try:
        for statement in journal_grants(service, journal=journal) + checkpoint_grants(
            service, journal=journal
        ):
            await owner.execute(statement)
        # So that the service can tell whether it is at the version it was written for.
        await owner.execute(f"GRANT SELECT ON {service}.alembic_version TO {service}_app")
    finally:
        await owner.close()
    return behind


async def migrate_keyring(admin_url: str, owner_url: str, owner_password: str, app_password: str) -> bool:
    """Roles, schema and tables of the keyring's own database. Returns whether anything was made."""
    admin = await asyncpg.connect(admin_url)
    try:
        await create_keyring_roles(admin, owner_password, app_password)
    finally:
        await admin.close()
    owner = await asyncpg.connect(owner_url)
    try:
        standing: int = await owner.fetchval(STANDING)
        for step in KEYRING[standing:]:
            async with owner.transaction():
                await owner.execute(step)
        return standing < len(KEYRING)
    finally:
        await owner.close()
