"""Imports of rosters: the jobs, what was uploaded for them (sealed, kept until the job has ended), which jobs wait.

A job is no event: what it writes are ordinary events, each with the job's id as correlation.
"""

from runtime.migrations import run_script
from runtime.store_schema import TENANT

revision, down_revision = "0004", "0003"

APART = """
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON {table} TO plan_app USING (tenant = {tenant}) WITH CHECK (tenant = {tenant});
"""


def upgrade() -> None:
    run_script(
        [
            """
            SET LOCAL lock_timeout = '5s';
            CREATE TABLE plan.imports (
                tenant text NOT NULL,
                id uuid NOT NULL,
                version bigint NOT NULL DEFAULT 1,
                status text NOT NULL DEFAULT 'waiting'
                    CHECK (status IN ('waiting', 'running', 'done', 'failed', 'interrupted')),
                asked jsonb NOT NULL,
                actor text NOT NULL,
                attempts smallint NOT NULL DEFAULT 0,
                tally jsonb NOT NULL DEFAULT '{}',
                made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                started_at timestamptz,
                ended_at timestamptz,
                updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                PRIMARY KEY (tenant, id)
            );
            COMMENT ON COLUMN plan.imports.asked IS 'format, name and terms of the import, as it was asked for';
            COMMENT ON COLUMN plan.imports.tally IS 'counts and refusals; no contents of rows';
            CREATE INDEX imports_waiting ON plan.imports (tenant, made_at) WHERE status IN ('waiting', 'running');
            CREATE TABLE plan.import_pieces (
                tenant text NOT NULL,
                import uuid NOT NULL,
                number integer NOT NULL,
                id uuid NOT NULL,
                sealed bytea NOT NULL,
                PRIMARY KEY (tenant, import, number)
            );
            ALTER TABLE plan.import_pieces ALTER COLUMN sealed SET STORAGE EXTERNAL;
            GRANT SELECT, INSERT, UPDATE ON plan.imports TO plan_app;
            GRANT SELECT, INSERT, DELETE ON plan.import_pieces TO plan_app;
            """,
            APART.format(table="plan.imports", tenant=TENANT),
            APART.format(table="plan.import_pieces", tenant=TENANT),
            """
            CREATE POLICY waiting ON plan.imports FOR SELECT TO plan_owner USING (true);
            CREATE VIEW plan.imports_open AS
                SELECT DISTINCT tenant FROM plan.imports WHERE status IN ('waiting', 'running');
            COMMENT ON VIEW plan.imports_open IS 'slugs only: where a worker has something to do';
            GRANT SELECT ON plan.imports_open TO plan_app;
            """,
        ]
    )


def downgrade() -> None:
    run_script(["DROP VIEW plan.imports_open", "DROP TABLE plan.import_pieces", "DROP TABLE plan.imports"])
