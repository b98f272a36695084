"""Say of a letter that waits whether somebody may hold it in hand: what was taken out is not written anew.

Existing rows: not taken out, as far as is known; they are of days on which no letter was joined to another.
"""

from notify_service.adapters.tables import notify_tables_6
from runtime.migrations import run_script

revision, down_revision = "0012", "0011"


def upgrade() -> None:
    run_script(notify_tables_6())


def downgrade() -> None:
    raise RuntimeError("it says which letters people hold in hand, and is not removed")
