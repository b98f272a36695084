"""The read tables of this service beside its own current state: what is known of plans and of the district's calendar.

Made by a migration and by tests from the same statements; a later change is a further numbered function.
"""

from runtime.store_schema import TENANT

TABLES_1 = ("plan_entries", "plan_items", "district_profiles")
TABLES = (*TABLES_1, "students")
"""What the projection ``plans`` fills."""


def read_tables_1() -> list[str]:
    """Run as ``progress_owner``. Rebuilt from plan-service's events, so they may be dropped; left out of every backup."""
    return [
        f"""
        SET LOCAL ROLE progress_app;
        CREATE TABLE progress_read.plan_entries (
            tenant text NOT NULL,
            plan_id uuid NOT NULL,
            index bigint NOT NULL,
            student uuid NOT NULL,
            event_id uuid NOT NULL,
            position bigint NOT NULL,
            stream text NOT NULL,
            version bigint NOT NULL,
            type text NOT NULL,
            schema smallint NOT NULL,
            effective_on date NOT NULL,
            recorded_at timestamptz NOT NULL,
            known_at timestamptz NOT NULL,
            actor text NOT NULL,
            correlation text NOT NULL,
            causation uuid,
            rules text,
            contents bytea NOT NULL,
            PRIMARY KEY (tenant, plan_id, index)
        );
        CREATE INDEX plan_entries_student ON progress_read.plan_entries (tenant, student);
        CREATE TABLE progress_read.plan_items (
            tenant text NOT NULL,
            item_id uuid NOT NULL,
            plan_id uuid NOT NULL,
            PRIMARY KEY (tenant, item_id, plan_id)
        );
        CREATE TABLE progress_read.district_profiles (
            tenant text NOT NULL,
            index bigint NOT NULL,
            event_id uuid NOT NULL,
            effective_on date NOT NULL,
            known_at timestamptz NOT NULL,
            schema smallint NOT NULL,
            contents bytea NOT NULL,
            PRIMARY KEY (tenant, index)
        );
        {"".join(_apart(f"progress_read.{table}") for table in TABLES_1)}
        RESET ROLE;
        """
    ]


def read_tables_2() -> list[str]:
    """Which students there are: of one without a plan nothing is owed, of nobody there is nothing to ask."""
    return [
        f"""
        SET LOCAL ROLE progress_app;
        CREATE TABLE progress_read.students (
            tenant text NOT NULL,
            student uuid NOT NULL,
            PRIMARY KEY (tenant, student)
        );
        {_apart("progress_read.students")}
        RESET ROLE;
        """
    ]


def read_tables_3() -> list[str]:
    """What a student is called, as it stands in a progress report."""
    return [
        """
        ALTER TABLE progress_read.students
            ADD COLUMN given_name text, ADD COLUMN family_name text, ADD COLUMN index bigint;
        """
    ]


def _apart(table: str) -> str:
    return f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON {table} TO progress_app USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT});
    """
