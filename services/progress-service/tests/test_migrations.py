"""The service's own migrations make what it runs on."""

import asyncpg

from runtime.migrations import current, migrate_service, newest
from runtime.testing import PASSWORDS, Cluster


async def test_an_empty_database_is_migrated_to_the_newest_version_and_again_changes_nothing(
    cluster: Cluster,
) -> None:
    cluster.postgres.psql("postgres", "CREATE DATABASE progress_migrated")
    admin, owner = (
        cluster.postgres.url("progress_migrated"),
        cluster.url("progress_migrated", "progress_owner"),
    )

    first = await migrate_service("progress", admin, owner, PASSWORDS, journal=True)
    again = await migrate_service("progress", admin, owner, PASSWORDS, journal=True)

    assert (first, again) == (True, False)
    connection = await asyncpg.connect(owner)
    assert await current("progress", connection) == newest("progress")
    unguarded = await connection.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'"
        " WHERE n.nspname = 'progress_read' AND c.relkind = 'r' AND NOT c.relforcerowsecurity"
    )
    await connection.close()
    assert [row["relname"] for row in unguarded] == []
