"""The working tables of webhooks: endpoints with their secrets, what happened, what is to be delivered, each attempt.

No read models: they are kept and backed up. None of them has anything of a student but the random id.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

from runtime.store_schema import TENANT

_all = MetaData()
_instant = TIMESTAMP(timezone=True)

ENDPOINTS = Table(
    "webhook_endpoints", _all,
    Column("tenant", Text, primary_key=True), Column("webhook", Uuid, primary_key=True), Column("url", Text),
    Column("event_types", ARRAY(Text)), Column("active", Boolean), Column("secret", LargeBinary),
    Column("earlier_secret", LargeBinary), Column("earlier_until", _instant),
)  # fmt: skip
HAPPENED = Table(
    "webhook_happened", _all,
    Column("tenant", Text, primary_key=True), Column("source", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True), Column("event_id", Uuid), Column("type", Text),
    Column("subject", Uuid), Column("effective_on", Date), Column("known_at", _instant),
)  # fmt: skip
DELIVERIES = Table(
    "webhook_deliveries", _all,
    Column("tenant", Text, primary_key=True), Column("webhook", Uuid, primary_key=True),
    Column("event_id", Uuid, primary_key=True), Column("source", Text), Column("position", BigInteger),
    Column("state", Text), Column("tries", SmallInteger), Column("due_at", _instant), Column("lease_until", _instant),
)  # fmt: skip
ATTEMPTS = Table(
    "webhook_attempts", _all,
    Column("tenant", Text, primary_key=True), Column("id", Uuid, primary_key=True), Column("webhook", Uuid),
    Column("event_id", Uuid), Column("at", _instant), Column("status", SmallInteger), Column("answer", Text),
    Column("ms", Integer),
)  # fmt: skip


def _apart(table: str) -> str:
    return f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON {table} TO notify_app USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT});
        GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO notify_app;
    """


def webhook_tables_1() -> list[str]:
    """Run as ``notify_owner``."""
    return [_TABLES, *(_apart(f"notify.{table}") for table in NAMES), _CLAIM]


def webhook_tables_2() -> list[str]:
    """Run as ``notify_owner``."""
    return [_INDEXES_IN_TURN, _CLAIM_IN_TURN.format(of_whom="")]


def webhook_tables_3() -> list[str]:
    """Of a district that has ended nobody is told anything: run as ``notify_owner``."""
    return [_CLAIM_IN_TURN.format(of_whom=_GOING_ON)]


NAMES = ("webhook_endpoints", "webhook_happened", "webhook_deliveries", "webhook_attempts")

_TABLES = """
    CREATE TABLE notify.webhook_endpoints (
        tenant text NOT NULL, webhook uuid NOT NULL, url text NOT NULL, event_types text[] NOT NULL,
        active boolean NOT NULL DEFAULT true, secret bytea NOT NULL, earlier_secret bytea, earlier_until timestamptz,
        PRIMARY KEY (tenant, webhook));
    COMMENT ON COLUMN notify.webhook_endpoints.secret IS 'sealed by a key derived from the keyring''s master key';
    CREATE TABLE notify.webhook_happened (
        tenant text NOT NULL, source text NOT NULL, position bigint NOT NULL, event_id uuid NOT NULL, type text NOT NULL,
        subject uuid NOT NULL, effective_on date NOT NULL, known_at timestamptz NOT NULL,
        PRIMARY KEY (tenant, source, position));
    COMMENT ON TABLE notify.webhook_happened IS 'what was told to endpoints, for a replay; only of districts that have any';
    CREATE TABLE notify.webhook_deliveries (
        tenant text NOT NULL, webhook uuid NOT NULL, event_id uuid NOT NULL, source text NOT NULL, position bigint NOT NULL,
        state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'delivered', 'given_up')),
        tries smallint NOT NULL DEFAULT 0, due_at timestamptz NOT NULL DEFAULT clock_timestamp(), lease_until timestamptz,
        PRIMARY KEY (tenant, webhook, event_id));
    CREATE INDEX webhook_due ON notify.webhook_deliveries (due_at) WHERE state = 'due';
    CREATE TABLE notify.webhook_attempts (
        tenant text NOT NULL, id uuid NOT NULL, webhook uuid NOT NULL, event_id uuid NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(), status smallint, answer text NOT NULL, ms integer NOT NULL,
        PRIMARY KEY (tenant, id));
    CREATE INDEX webhook_attempts_of ON notify.webhook_attempts (tenant, webhook, id);
"""

_CLAIM_DUE = """
    CREATE FUNCTION notify.claim_webhooks(p_lease_seconds double precision, p_most integer)
        RETURNS TABLE (tenant text, webhook uuid, event_id uuid)
        LANGUAGE sql SECURITY DEFINER SET search_path = notify AS $$
        UPDATE notify.webhook_deliveries AS d
           SET lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds)
          FROM (SELECT due.tenant, due.webhook, due.event_id FROM notify.webhook_deliveries AS due
                  JOIN notify.webhook_endpoints AS e USING (tenant, webhook)
                 WHERE due.state = 'due' AND e.active AND due.due_at <= clock_timestamp()
                   AND (due.lease_until IS NULL OR due.lease_until < clock_timestamp())
                 ORDER BY due.due_at, due.position LIMIT p_most FOR UPDATE OF due SKIP LOCKED) AS mine
         WHERE d.tenant = mine.tenant AND d.webhook = mine.webhook AND d.event_id = mine.event_id
        RETURNING d.tenant, d.webhook, d.event_id
    $$;
"""

_CLAIM = f"""
    CREATE POLICY claims ON notify.webhook_deliveries TO notify_owner USING (true) WITH CHECK (true);
    CREATE POLICY claims ON notify.webhook_endpoints FOR SELECT TO notify_owner USING (true);
    {_CLAIM_DUE}
    COMMENT ON FUNCTION notify.claim_webhooks IS
        'leases what is due, over all tenants, and tells no more than ids: a sender works in one tenant at a time';
    REVOKE ALL ON FUNCTION notify.claim_webhooks FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION notify.claim_webhooks TO notify_app;
"""

_GOING_ON = "EXISTS (SELECT FROM notify.tenants AS t WHERE t.tenant = e.tenant AND t.ended_on IS NULL) AND "

_INDEXES_IN_TURN = """
    SET LOCAL lock_timeout = '5s';
    CREATE INDEX webhook_due_of ON notify.webhook_deliveries (tenant, webhook, due_at, position) WHERE state = 'due';
    CREATE INDEX webhook_under_way ON notify.webhook_deliveries (tenant, webhook) WHERE lease_until IS NOT NULL;
    DROP INDEX notify.webhook_due;
"""

_CLAIM_IN_TURN = """
    CREATE OR REPLACE FUNCTION notify.claim_webhooks(p_lease_seconds double precision, p_most integer)
        RETURNS TABLE (tenant text, webhook uuid, event_id uuid)
        LANGUAGE sql SECURITY DEFINER SET search_path = notify AS $$
        UPDATE notify.webhook_deliveries AS d
           SET lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds)
          FROM (SELECT due.tenant, due.webhook, due.event_id
                  FROM (SELECT e.tenant, e.webhook, its.event_id
                          FROM notify.webhook_endpoints AS e
                         CROSS JOIN LATERAL (
                               SELECT first.event_id, first.due_at, under_way.those
                                      + row_number() OVER (ORDER BY first.due_at, first.position) AS place
                                 FROM (SELECT count(*) AS those FROM notify.webhook_deliveries AS l
                                        WHERE l.tenant = e.tenant AND l.webhook = e.webhook
                                          AND l.lease_until IS NOT NULL AND l.lease_until >= clock_timestamp()) AS under_way,
                                      (SELECT f.event_id, f.due_at, f.position FROM notify.webhook_deliveries AS f
                                        WHERE f.tenant = e.tenant AND f.webhook = e.webhook AND f.state = 'due'
                                          AND f.due_at <= clock_timestamp()
                                          AND (f.lease_until IS NULL OR f.lease_until < clock_timestamp())
                                        ORDER BY f.due_at, f.position LIMIT p_most) AS first) AS its
                         WHERE {of_whom}e.active AND its.place <= 4
                         ORDER BY its.place, its.due_at LIMIT p_most) AS turn
                  JOIN notify.webhook_deliveries AS due USING (tenant, webhook, event_id)
                 WHERE due.state = 'due' AND due.due_at <= clock_timestamp()
                   AND (due.lease_until IS NULL OR due.lease_until < clock_timestamp())
                   FOR UPDATE OF due SKIP LOCKED) AS mine
         WHERE d.tenant = mine.tenant AND d.webhook = mine.webhook AND d.event_id = mine.event_id
        RETURNING d.tenant, d.webhook, d.event_id
    $$;
    COMMENT ON FUNCTION notify.claim_webhooks IS
        'leases what is due, the endpoints in turn and of each four at once: one that never answers keeps no other waiting';
"""
