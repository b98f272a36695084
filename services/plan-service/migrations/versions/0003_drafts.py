"""Working papers: drafts of plans, and corrections that wait for the second person; and the notices given, to read.

A working paper is no event: one sealed row with a version of its own, saved as often as somebody types, gone when it is
given up. It is backed up and not rebuilt. The row of a paper that is done stays without its contents, so that its
versions never begin again and an old ETag never fits a new paper.

``notices_given`` is a read model of notify-service's events, filled by the consumer ``notices-given``.
"""

from runtime.migrations import run_script
from runtime.store_schema import TENANT

revision, down_revision = "0003", "0002"

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
            CREATE TABLE plan.working_papers (
                tenant text NOT NULL,
                id uuid NOT NULL,
                kind text NOT NULL CHECK (kind IN ('draft', 'correction')),
                plan uuid NOT NULL,
                subject uuid NOT NULL,
                version bigint NOT NULL CHECK (version > 0),
                updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                sealed bytea,
                PRIMARY KEY (tenant, id)
            );
            COMMENT ON COLUMN plan.working_papers.sealed IS 'null: adopted, approved or dropped; nothing is kept of it';
            CREATE INDEX working_papers_plan ON plan.working_papers (tenant, plan, kind);
            GRANT SELECT, INSERT, UPDATE, DELETE ON plan.working_papers TO plan_app;
            """,
            APART.format(table="plan.working_papers", tenant=TENANT),
            """
            SET LOCAL ROLE plan_app;
            CREATE TABLE plan_read.notices_given (
                tenant text NOT NULL,
                event_id uuid NOT NULL,
                position bigint NOT NULL,
                notice uuid NOT NULL,
                plan uuid NOT NULL,
                amendment uuid,
                holder uuid NOT NULL,
                kind text NOT NULL,
                given_on date NOT NULL,
                PRIMARY KEY (tenant, event_id)
            );
            CREATE INDEX notices_given_plan ON plan_read.notices_given (tenant, plan, amendment);
            """
            + APART.format(table="plan_read.notices_given", tenant=TENANT)
            + "RESET ROLE;",
        ]
    )


def downgrade() -> None:
    run_script(["DROP TABLE plan.working_papers", "DROP TABLE plan_read.notices_given"])
