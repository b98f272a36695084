"""The issuer's secrets, accounts and codes; who sees which student; where the record of access waits.

Sight is a read model, filled from the plan log by the projection ``sight``. Clients' secrets and accounts are in no
event: they cannot be rebuilt and are backed up.
"""

from audit_service.adapters.issuer_tables import issuer_1
from runtime.access import access_1
from runtime.migrations import run_script
from runtime.sight import sight_1

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    run_script([*issuer_1(), *sight_1("audit"), *access_1("audit")])


def downgrade() -> None:
    raise RuntimeError("vendors' secrets cannot be made again; drop the database if it was only a trial")
