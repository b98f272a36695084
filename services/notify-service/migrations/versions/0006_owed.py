"""What is owed follows from more than amendments: its kind, occasion and last day; and who is owed while nobody is known.

Rows that were there before have no kind: they are about amendments or were made by hand. ``notify_read.occasions`` is a
read model: it is filled from now on, and for what was before by rebuilding ``known``.
"""

from notify_service.adapters.tables import notify_tables_2
from runtime.migrations import run_script

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    run_script(notify_tables_2())


def downgrade() -> None:
    run_script(
        [
            "DROP TABLE notify_read.occasions",
            "DROP TABLE notify.unaddressed",
            "ALTER TABLE notify.outbox DROP COLUMN kind, DROP COLUMN occasion, DROP COLUMN plan, DROP COLUMN meeting,"
            " DROP COLUMN due_on, DROP COLUMN source_event, DROP COLUMN leader",
        ]
    )
