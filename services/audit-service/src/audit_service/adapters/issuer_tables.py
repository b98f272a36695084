"""The issuer's tables: clients' secrets, accounts, authorization codes. Hashes only; nothing about students.

A migration may not change once it has run anywhere: a later change is ``issuer_2`` and a migration that calls it.
"""

from runtime.store_schema import TENANT


def issuer_1() -> list[str]:
    """The statements, run as ``audit_owner``."""
    apart = [_apart(table) for table in ("client_secrets", "accounts", "authorization_codes")]
    return [_TABLES, *apart, _HOMES, _RIGHTS]


_TABLES = """
    CREATE TABLE audit.client_secrets (
        tenant text NOT NULL,
        client_id uuid NOT NULL UNIQUE,
        secret text NOT NULL,
        scopes text[] NOT NULL,
        made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, client_id)
    );
    COMMENT ON COLUMN audit.client_secrets.secret IS 'scrypt; a revoked client has no row';
    CREATE TABLE audit.accounts (
        tenant text NOT NULL,
        login text NOT NULL UNIQUE CHECK (login = lower(login)),
        secret text NOT NULL,
        staff uuid NOT NULL,
        name text NOT NULL,
        role text NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, login)
    );
    COMMENT ON TABLE audit.accounts IS 'people who sign in with the built-in issuer; a district brings its own OIDC provider';
    CREATE TABLE audit.authorization_codes (
        tenant text NOT NULL,
        code bytea NOT NULL CHECK (length(code) = 32),
        login text NOT NULL,
        client_id text NOT NULL,
        redirect_uri text NOT NULL,
        challenge text NOT NULL,
        scope text NOT NULL,
        nonce text,
        signed_in_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, code)
    );
    COMMENT ON COLUMN audit.authorization_codes.code IS 'SHA-256; the row goes when the code is used';
"""

# Whoever asks for a token is not of any district yet: two functions tell the one district of a name that was given.
_HOMES = """
    CREATE POLICY home ON audit.client_secrets FOR SELECT TO audit_owner USING (true);
    CREATE POLICY home ON audit.accounts FOR SELECT TO audit_owner USING (true);
    CREATE FUNCTION audit.home_of_client(p_client uuid) RETURNS text
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = audit
        AS 'SELECT tenant FROM audit.client_secrets WHERE client_id = p_client';
    CREATE FUNCTION audit.home_of_login(p_login text) RETURNS text
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = audit
        AS 'SELECT tenant FROM audit.accounts WHERE login = p_login';
    REVOKE ALL ON FUNCTION audit.home_of_client(uuid), audit.home_of_login(text) FROM PUBLIC;
"""

_RIGHTS = """
    GRANT SELECT, INSERT, DELETE ON audit.client_secrets, audit.authorization_codes TO audit_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON audit.accounts TO audit_app;
    GRANT EXECUTE ON FUNCTION audit.home_of_client(uuid), audit.home_of_login(text) TO audit_app;
"""


def _apart(table: str) -> str:
    return f"""
    ALTER TABLE audit.{table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE audit.{table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON audit.{table} TO audit_app USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT});
    """
