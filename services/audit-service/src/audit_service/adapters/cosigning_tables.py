"""What the cosigner keeps: its own tree over the copies, its key, which key each log has, what it has cosigned."""

TENANT = "nullif(current_setting('handrail.tenant', true), '')"


def cosigning_1() -> list[str]:
    """Tables of record, but for ``log_standing``, which only says what was found last."""
    return [_TABLES, *(_kept(table) for table in ("copied_hashes", "known_logs", "cosigned")),
            *(_apart(table) for table in ("copied_hashes", "known_logs", "cosigned", "log_standing")), _RIGHTS]  # fmt: skip


_TABLES = """
    CREATE TABLE audit.copied_hashes (
        tenant text NOT NULL,
        source text NOT NULL,
        level smallint NOT NULL CHECK (level BETWEEN 1 AND 7),
        place bigint NOT NULL CHECK (place >= 0),
        hash bytea NOT NULL CHECK (length(hash) = 32),
        PRIMARY KEY (tenant, source, level, place)
    );
    COMMENT ON TABLE audit.copied_hashes IS 'audit-service''s own tree over its copies: the root over each full tile';
    CREATE TABLE audit.cosigner (
        single boolean PRIMARY KEY DEFAULT true CHECK (single),
        public bytea NOT NULL CHECK (length(public) = 32),
        master text NOT NULL,
        wrapped bytea NOT NULL,
        made_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    COMMENT ON COLUMN audit.cosigner.wrapped IS 'the private key under the keyring''s master key';
    CREATE TABLE audit.known_logs (
        tenant text NOT NULL,
        source text NOT NULL,
        public bytea NOT NULL CHECK (length(public) = 32),
        first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, source)
    );
    COMMENT ON TABLE audit.known_logs IS 'the key each log had when it was first seen; another one later is an alarm';
    CREATE TABLE audit.cosigned (
        tenant text NOT NULL,
        source text NOT NULL,
        size bigint NOT NULL CHECK (size >= 0),
        root bytea NOT NULL CHECK (length(root) = 32),
        log_signature bytea NOT NULL CHECK (length(log_signature) = 64),
        cosignature bytea NOT NULL CHECK (length(cosignature) = 72),
        cosigned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, source, size)
    );
    COMMENT ON COLUMN audit.cosigned.cosignature IS 'eight bytes of Unix seconds, then the signature (C2SP)';
    CREATE TABLE audit.log_standing (
        tenant text NOT NULL,
        source text NOT NULL,
        fault text,
        since timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, source)
    );
    COMMENT ON TABLE audit.log_standing IS 'what is wrong with a log now; null: nothing any more. The event stays on record';
"""


def _kept(table: str) -> str:
    return f"""
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit.{table}
        FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
    CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit.{table}
        FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
    ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER append_only;
    ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER append_only_truncate;
    """


def _apart(table: str) -> str:
    return f"""
    ALTER TABLE audit.{table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE audit.{table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON audit.{table} TO audit_app USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT});
    """


_RIGHTS = """
    GRANT SELECT, INSERT ON audit.copied_hashes, audit.known_logs, audit.cosigned, audit.cosigner TO audit_app;
    GRANT SELECT, INSERT, UPDATE ON audit.log_standing TO audit_app;
"""
