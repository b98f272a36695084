"""Which students there are, so that a question about nobody is not answered as one about somebody without a plan.

Read model only. Filled by rebuilding ``plans``; until then a student is known by the first plan or session.
"""

from progress_service.adapters.tables import read_tables_2
from runtime.migrations import run_script

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    run_script(read_tables_2())


def downgrade() -> None:
    run_script(["DROP TABLE progress_read.students"])
