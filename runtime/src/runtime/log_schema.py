"""The tables of the log's tree, its keys and its checkpoints, as a migration of each service makes them.

A migration may not change once it has run anywhere: a later change is ``log_tables_2`` and a new migration.
"""

from runtime.store_schema import TENANT

NEWEST_CHECKPOINTS = "newest_checkpoints"
"""The view that audit-service polls where it shares the database; elsewhere it asks by HTTP."""

LOG_HEADS = "log_heads"
"""The view in which audit-service sees, where it shares the database, how many entries it has not been sent yet."""

LOG_TABLES = ("tree_hashes", "log_keys", "checkpoints")
"""Tables of record, beside those of `runtime.store_schema`."""


def log_tables_1(service: str) -> list[str]:
    """Full tiles' hashes, one signing key a log, and what was signed: tables of record, each append-only."""
    s = service
    tables = f"""
    CREATE TABLE {s}.tree_hashes (
        tenant text NOT NULL,
        level smallint NOT NULL CHECK (level BETWEEN 1 AND 7),
        place bigint NOT NULL CHECK (place >= 0),
        hash bytea NOT NULL CHECK (length(hash) = 32),
        PRIMARY KEY (tenant, level, place)
    );
    COMMENT ON TABLE {s}.tree_hashes IS 'the root over each full tile of the level below; level 0 is log.leaf';
    CREATE TABLE {s}.log_keys (
        tenant text PRIMARY KEY,
        public bytea NOT NULL UNIQUE CHECK (length(public) = 32),
        made_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE TABLE {s}.log_secrets (public bytea PRIMARY KEY, master text NOT NULL, wrapped bytea NOT NULL);
    COMMENT ON TABLE {s}.log_secrets IS 'private keys under the keyring''s master key; only the relay reads them';
    CREATE TABLE {s}.checkpoints (
        tenant text NOT NULL,
        size bigint NOT NULL CHECK (size >= 0),
        root bytea NOT NULL CHECK (length(root) = 32),
        signature bytea NOT NULL CHECK (length(signature) = 64),
        signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, size)
    );
    """
    view = f"""
    CREATE VIEW {s}.{NEWEST_CHECKPOINTS} AS
        SELECT k.tenant, k.public, newest.size, newest.root, newest.signature
          FROM {s}.log_keys k CROSS JOIN LATERAL (
               SELECT c.size, c.root, c.signature FROM {s}.checkpoints c WHERE c.tenant = k.tenant
                ORDER BY c.size DESC LIMIT 1) AS newest;
    """
    rights = f"""
    GRANT SELECT ON {s}.tree_hashes, {s}.checkpoints, {s}.log_keys TO {s}_app;
    GRANT SELECT, INSERT ON {s}.tree_hashes, {s}.checkpoints, {s}.log_keys, {s}.log_secrets TO {s}_relay;
    """
    return [tables, *(_kept(s, table) for table in LOG_TABLES), *(_tenants_apart(s, table) for table in LOG_TABLES),
            _kept(s, "log_secrets"), view, rights]  # fmt: skip


def log_heads_1(service: str) -> list[str]:
    """How many entries each district's log has, what is settled and waits for its index included."""
    s = service
    return [
        f"""
    CREATE POLICY view ON {s}.unsequenced FOR SELECT TO {s}_owner USING (true);
    CREATE VIEW {s}.{LOG_HEADS} AS
        SELECT t.tenant, {entries_settled(s, "t.tenant")} AS entries
          FROM {s}.tenants t;
    """
    ]


def entries_settled(s: str, tenant: str) -> str:
    """In SQL: how many entries a district's log has as soon as all that is settled now has its index."""
    return f"""(SELECT coalesce(max(l.index) + 1, 0) FROM {s}.log l WHERE l.tenant = {tenant})
                       + (SELECT count(*) FROM {s}.unsequenced u WHERE u.tenant = {tenant})"""


def _kept(s: str, table: str) -> str:
    return f"""
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {s}.{table}
        FOR EACH ROW EXECUTE FUNCTION {s}.refuse_change();
    CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {s}.{table}
        FOR EACH STATEMENT EXECUTE FUNCTION {s}.refuse_change();
    ALTER TABLE {s}.{table} ENABLE ALWAYS TRIGGER append_only;
    ALTER TABLE {s}.{table} ENABLE ALWAYS TRIGGER append_only_truncate;
    """


def _tenants_apart(s: str, table: str) -> str:
    return f"""
    ALTER TABLE {s}.{table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {s}.{table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON {s}.{table} TO {s}_app USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT});
    CREATE POLICY relay ON {s}.{table} TO {s}_relay USING (true) WITH CHECK (true);
    CREATE POLICY view ON {s}.{table} FOR SELECT TO {s}_owner USING (true);
    """


def checkpoint_grants(service: str, *, journal: bool) -> list[str]:
    """What lets audit-service see the newest checkpoints and heads in the same database; with Kafka it asks by HTTP."""
    if service == "audit":
        return []
    verb, way = ("GRANT", "TO") if journal else ("REVOKE", "FROM")
    return [f"{verb} SELECT ON {service}.{view} {way} audit_app" for view in (NEWEST_CHECKPOINTS, LOG_HEADS)]
