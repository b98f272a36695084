"""Each service's database roles and schemas: least rights, made once by the database's administrator.

=================  ====================================================================================================
role               may
=================  ====================================================================================================
``<svc>_owner``    own and migrate; not used while the service runs
``<svc>_app``      what the service does for requests and consumers; row-level security holds it to one tenant at a time
``<svc>_relay``    read events, take unsequenced rows, write the log: the sequencer
=================  ====================================================================================================

``<other>_app`` may read one view, ``<svc>.journal``, where the journal is the transport; the service's migration grants it
or takes it back. ``<svc>_app`` itself may not: the view shows every tenant. Which positions of its own log are whose it
learns by functions, and reads them with that tenant set.
"""

from dataclasses import dataclass

import asyncpg

SERVICES = ("plan", "progress", "notify", "audit")
"""Also the sources that consumers follow: each service's log, and its topic."""


@dataclass(frozen=True, slots=True)
class RolePasswords:
    """One password for each of a service's three roles."""

    owner: str
    app: str
    relay: str


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


async def create_service_roles(admin: asyncpg.Connection, service: str, passwords: RolePasswords) -> None:
    """Create or update the roles and the schemas of ``service``. Safe to repeat; a changed password takes effect."""
    database = await admin.fetchval("SELECT current_database()")
    async with admin.transaction():
        await admin.execute("SELECT pg_advisory_xact_lock(4711)")
        for kind, password in (
            ("owner", passwords.owner),
            ("app", passwords.app),
            ("relay", passwords.relay),
        ):
            await _role(admin, f"{service}_{kind}", password)
        await admin.execute(f"""
            REVOKE ALL ON DATABASE "{database}" FROM PUBLIC;
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
            GRANT CONNECT ON DATABASE "{database}" TO {service}_owner, {service}_app, {service}_relay;
            GRANT {service}_app TO {service}_owner;
            CREATE SCHEMA IF NOT EXISTS {service} AUTHORIZATION {service}_owner;
            CREATE SCHEMA IF NOT EXISTS {service}_read AUTHORIZATION {service}_app;
            CREATE SCHEMA IF NOT EXISTS {service}_next AUTHORIZATION {service}_app;
            ALTER ROLE {service}_app SET search_path = {service}_read, {service};
            ALTER ROLE {service}_relay SET search_path = {service};
            ALTER ROLE {service}_owner SET search_path = {service};
        """)


async def create_keyring_roles(admin: asyncpg.Connection, owner_password: str, app_password: str) -> None:
    """Create or update the roles and the schema of the keyring's own database. Safe to repeat."""
    database = await admin.fetchval("SELECT current_database()")
    async with admin.transaction():
        await admin.execute("SELECT pg_advisory_xact_lock(4711)")
        await _role(admin, "keyring_owner", owner_password)
        await _role(admin, "keyring_app", app_password)
        await admin.execute(f"""
            REVOKE ALL ON DATABASE "{database}" FROM PUBLIC;
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
            GRANT CONNECT ON DATABASE "{database}" TO keyring_owner, keyring_app;
            CREATE SCHEMA IF NOT EXISTS keyring AUTHORIZATION keyring_owner;
            ALTER ROLE keyring_owner SET search_path = keyring;
            ALTER ROLE keyring_app SET search_path = keyring;
        """)


async def _role(admin: asyncpg.Connection, name: str, password: str) -> None:
    exists = await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
    verb = "ALTER" if exists else "CREATE"
    await admin.execute(
        f"{verb} ROLE {name} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE PASSWORD {_literal(password)}"
    )
