"""Which fields of which items each saved version of a draft changed: no text, only ids and names of fields.

So that who saves second is told what the other changed, and what both did. Gone with the draft.
"""

from runtime.migrations import run_script
from runtime.store_schema import TENANT

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    run_script(
        [
            f"""
            CREATE TABLE plan.draft_changes (
                tenant text NOT NULL,
                paper uuid NOT NULL,
                version bigint NOT NULL,
                touched jsonb NOT NULL,
                PRIMARY KEY (tenant, paper, version)
            );
            GRANT SELECT, INSERT, DELETE ON plan.draft_changes TO plan_app;
            ALTER TABLE plan.draft_changes ENABLE ROW LEVEL SECURITY;
            ALTER TABLE plan.draft_changes FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant ON plan.draft_changes TO plan_app
                USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT});
            """
        ]
    )


def downgrade() -> None:
    run_script(["DROP TABLE plan.draft_changes"])
