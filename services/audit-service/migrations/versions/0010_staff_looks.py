"""Which of the staff looked at which student on which day, so that unusual access is among the findings.

A read model: filled from the logs at the next start, and made anew by `handrail projections rebuild staff-looks audit`.
"""

from audit_service.adapters.tables import staff_looks_1
from runtime.migrations import run_script

revision, down_revision = "0010", "0009"


def upgrade() -> None:
    run_script(staff_looks_1())


def downgrade() -> None:
    run_script(["DROP TABLE audit_read.staff_looks"])
