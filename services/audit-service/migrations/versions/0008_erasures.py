"""What a service notes of contents that were lawfully destroyed: whose rows it erased, and which ids answer 410.

And names say whose record they are of, so that they go with it: null of rows of before, until the projection ``people``
is rebuilt (`handrail projections rebuild people audit`).
"""

from runtime.erasure import erasures_1
from runtime.migrations import run_script

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    run_script(
        [
            *erasures_1("audit"),
            """
            SET LOCAL ROLE audit_app;
            ALTER TABLE audit_read.people ADD COLUMN subject uuid;
            CREATE INDEX people_subject ON audit_read.people (tenant, subject);
            RESET ROLE;
            """,
        ]
    )


def downgrade() -> None:
    raise RuntimeError("it says what was destroyed, and is not removed")
