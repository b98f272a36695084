"""What a service notes of contents that were lawfully destroyed: whose rows it erased, and which ids answer 410.

Existing rows stay as they are.
"""

from runtime.erasure import erasures_1
from runtime.migrations import run_script

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    run_script(erasures_1("progress"))


def downgrade() -> None:
    raise RuntimeError("it says what was destroyed, and is not removed")
