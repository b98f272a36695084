"""The outbox with its send lease, the links of the parent's page, and what this service knows of plan-service's facts.

The outbox and the links are working tables: kept, never rebuilt, backed up. What is known of students, rights holders,
contacts, meetings, plans and the district is a read model, filled by the projections ``known`` and ``sight``.
"""

from notify_service.adapters.tables import KNOWN, notify_tables_1
from runtime.access import access_1
from runtime.migrations import run_script
from runtime.sight import TABLES as SIGHT_TABLES
from runtime.sight import sight_1

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    run_script([*notify_tables_1(), *sight_1("notify"), *access_1("notify")])


def downgrade() -> None:
    run_script(
        [
            *(f"DROP TABLE notify_read.{table}" for table in (*KNOWN, *SIGHT_TABLES)),
            "DROP VIEW notify.access_waiting",
            "DROP POLICY waiting ON notify.access",
            "DROP FUNCTION notify.claim_due",
            "DROP POLICY claims ON notify.tenants",
            "DROP TABLE notify.links",
            "DROP TABLE notify.outbox",
        ]
    )
