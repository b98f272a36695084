"""Note a look apart from what may change any finding, so that one whom a role explains has nobody judged anew.

A read model. Everybody is judged anew: minutes under an agreement count otherwise than before, and what was found of a
student whose plan has ended would wait for nothing.
"""

from audit_service.adapters.tables import finding_queue_2
from runtime.migrations import run_script

revision, down_revision = "0012", "0011"


def upgrade() -> None:
    run_script(finding_queue_2())


def downgrade() -> None:
    # Its owner sees the rows of every district for the time of the change only.
    run_script(
        [
            """
            SET LOCAL lock_timeout = '5s';
            SET LOCAL ROLE audit_app;
            ALTER TABLE audit_read.finding_queue NO FORCE ROW LEVEL SECURITY;
            UPDATE audit_read.finding_queue SET kind = 'student' WHERE kind = 'look';
            ALTER TABLE audit_read.finding_queue FORCE ROW LEVEL SECURITY,
                DROP CONSTRAINT finding_queue_kind_check,
                ADD CONSTRAINT finding_queue_kind_check CHECK (kind IN ('student', 'staff', 'district'));
            RESET ROLE;
            """
        ]
    )
