"""Databases for tests, lent to one after another: a copy is four hundred files, emptying one is a tenth of that work.

One is lent again only when nobody is connected any more and its schema is to the last row of the catalog what it was: a test
that altered it keeps it for itself. Its rows go, those of the template come back, sequences begin anew, and it gets a new name.
"""

import asyncio
import io
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg

MOST_USES = 40
"""What was deleted stays in the files."""
LOOKS, PAUSE_SECONDS = 20, 0.005

_SCHEMA = """
    SELECT md5(string_agg(said, E'\\n' ORDER BY said)) FROM (
        SELECT concat_ws(' ', 'class', oid, relfilenode, relnamespace, relname, relowner, relacl, relrowsecurity,
                         relforcerowsecurity, reloptions, relnatts) AS said FROM pg_class WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'function', oid, xmin) FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'trigger', oid, tgrelid, tgenabled) FROM pg_trigger WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'policy', oid, xmin) FROM pg_policy
        UNION ALL SELECT concat_ws(' ', 'constraint', oid, xmin) FROM pg_constraint WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'column', attrelid, attnum, xmin) FROM pg_attribute WHERE attrelid >= 16384
        UNION ALL SELECT concat_ws(' ', 'default', oid, xmin) FROM pg_attrdef
        UNION ALL SELECT concat_ws(' ', 'type', oid, xmin) FROM pg_type WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'schema', oid, nspname, nspacl) FROM pg_namespace
        UNION ALL SELECT concat_ws(' ', 'extension', oid, xmin) FROM pg_extension
        UNION ALL SELECT concat_ws(' ', 'rights', oid, xmin) FROM pg_default_acl
        UNION ALL SELECT concat_ws(' ', 'setting', setrole, setconfig) FROM pg_db_role_setting
          JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()
    ) AS all_of_it"""
_OTHERS = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid())"""
_FILLED = """
    SELECT oid::regclass::text AS name FROM pg_class
     WHERE relkind = 'r' AND oid >= 16384 AND pg_relation_size(oid) > 0 ORDER BY oid"""
_SEQUENCES = """
    SELECT schemaname || '.' || sequencename AS name, coalesce(last_value, start_value) AS value,
           last_value IS NOT NULL AS called FROM pg_sequences"""
_EMPTY = """
    DO $$
    DECLARE
        filled regclass;
        guard name;
    BEGIN
        SET LOCAL session_replication_role = replica;
        FOR filled IN SELECT oid FROM pg_class WHERE relkind = 'r' AND oid >= 16384 AND pg_relation_size(oid) > 0 LOOP
            FOR guard IN SELECT tgname FROM pg_trigger WHERE tgrelid = filled AND tgenabled = 'A' LOOP
                EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', filled, guard);
            END LOOP;
            EXECUTE format('DELETE FROM %s', filled);
            FOR guard IN SELECT tgname FROM pg_trigger WHERE tgrelid = filled AND tgenabled = 'D' LOOP
                EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', filled, guard);
            END LOOP;
        END LOOP;
    END $$"""


@dataclass(frozen=True, slots=True)
class _Template:
    schema: str
    rows: dict[str, bytes]
    """What its tables hold, as COPY writes it."""
    sequences: tuple[tuple[str, int, bool], ...]


class Databases:
    """Those of one cluster. ``copy`` makes one from a template, ``rename`` gives one another name; ``url`` is a superuser's."""

    def __init__(
        self, copy: Callable[[str], str], rename: Callable[[str], str], url: Callable[[str], str]
    ) -> None:
        self._copy = copy
        self._rename = rename
        self._url = url
        self._templates: dict[str, _Template] = {}
        self._free: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self._lent: dict[str, tuple[str, int]] = {}

    async def lend(self, template: str) -> str:
        """One that is as the template is; returns its name."""
        if template not in self._templates:
            self._templates[template] = await self._look_at(template)
        name, uses = "", 0
        if self._free[template]:
            kept, uses = self._free[template].pop()
            try:
                name = self._rename(kept)
            except RuntimeError:  # Somebody is connected to it after all.
                uses = 0
        name = name or self._copy(template)
        self._lent[name] = template, uses + 1
        return name

    async def take_back(self, name: str) -> None:
        """To be lent again, if it can be."""
        template, uses = self._lent.pop(name)
        if uses < MOST_USES and await self._emptied(name, self._templates[template]):
            self._free[template].append((name, uses))

    async def _look_at(self, template: str) -> _Template:
        connection = await asyncpg.connect(self._url(template))
        try:
            rows = {}
            for table in await connection.fetch(_FILLED):
                written = io.BytesIO()
                await connection.copy_from_query(f"SELECT * FROM {table['name']}", output=written)
                rows[table["name"]] = written.getvalue()
            sequences = tuple(tuple(row) for row in await connection.fetch(_SEQUENCES))
            return _Template(await connection.fetchval(_SCHEMA), rows, sequences)
        finally:
            await connection.close()

    async def _emptied(self, name: str, template: _Template) -> bool:
        try:
            connection = await asyncpg.connect(self._url(name))
        except (asyncpg.PostgresError, OSError):
            return False
        try:
            for _ in range(LOOKS):
                if not await connection.fetchval(_OTHERS):
                    break
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return False
            if await connection.fetchval(_SCHEMA) != template.schema:
                return False
            async with connection.transaction():
                await connection.execute(_EMPTY)
                for table, rows in template.rows.items():
                    schema, _, plain = table.rpartition(".")
                    await connection.copy_to_table(
                        plain, schema_name=schema or "public", source=io.BytesIO(rows)
                    )
                for sequence, value, called in template.sequences:
                    await connection.execute(
                        "SELECT setval($1::text::regclass, $2, $3)", sequence, value, called
                    )
            return True
        except (asyncpg.PostgresError, OSError):
            return False
        finally:
            await connection.close()
