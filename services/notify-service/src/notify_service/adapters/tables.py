"""This service's tables beside its store: the outbox and its links, and what it knows of people, plans and the district.

Made by a migration and by tests from the same statements; a later change is a further numbered function. ``notify_read``
is rebuilt from plan-service's events and left out of every backup; the outbox and the links are kept: they say what has
been handed to a mail server, which no event can say in time.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
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

OUTBOX = Table(
    "outbox", _all,
    Column("tenant", Text, primary_key=True), Column("notice", Uuid, primary_key=True), Column("student", Uuid),
    Column("holder", Uuid), Column("amendment", Uuid), Column("state", Text), Column("reasons", ARRAY(Text)),
    Column("channel", Text), Column("delivery", Uuid), Column("facts", Uuid), Column("attempts", SmallInteger),
    Column("due_at", _instant), Column("counts_on", Date), Column("correlation", Text), Column("caused_by", Uuid),
    Column("owner", Uuid), Column("lease_until", _instant), Column("fence", BigInteger), Column("changed_at", _instant),
    Column("kind", Text), Column("occasion", Text), Column("plan", Uuid), Column("meeting", Uuid), Column("due_on", Date),
    Column("source_event", Uuid), Column("leader", Uuid), Column("batch", Uuid), Column("taken_out", Boolean),
)  # fmt: skip
UNADDRESSED = Table(
    "unaddressed", _all,
    Column("tenant", Text, primary_key=True), Column("notice", Uuid, primary_key=True), Column("student", Uuid),
    Column("kind", Text), Column("occasion", Text), Column("source_event", Uuid), Column("due_on", Date),
    Column("since", Date), Column("open", Boolean),
)  # fmt: skip
LINKS = Table(
    "links", _all,
    Column("tenant", Text, primary_key=True), Column("link", Uuid, primary_key=True), Column("notice", Uuid),
    Column("made_at", _instant), Column("expires_at", _instant), Column("wrong_checks", SmallInteger),
    Column("replaced", Boolean),
)  # fmt: skip
STUDENTS = Table(
    "students", _all,
    Column("tenant", Text, primary_key=True), Column("student", Uuid, primary_key=True), Column("contents", LargeBinary),
)  # fmt: skip
CONTACTS = Table(
    "contacts", _all,
    Column("tenant", Text, primary_key=True), Column("student", Uuid, primary_key=True),
    Column("contact", Uuid, primary_key=True), Column("restricted", Boolean),
)  # fmt: skip
HOLDERS = Table(
    "holders", _all,
    Column("tenant", Text, primary_key=True), Column("student", Uuid, primary_key=True),
    Column("holder", Uuid, primary_key=True), Column("contact", Uuid), Column("contents", LargeBinary),
    Column("confirmed_on", Date), Column("ended_on", Date),
)  # fmt: skip
PROFILES = Table(
    "profiles", _all,
    Column("tenant", Text, primary_key=True), Column("effective_on", Date, primary_key=True),
    Column("version", BigInteger), Column("contents", LargeBinary),
)  # fmt: skip
MEETINGS = Table(
    "meetings", _all,
    Column("tenant", Text, primary_key=True), Column("meeting", Uuid, primary_key=True), Column("student", Uuid),
    Column("held_on", Date),
)  # fmt: skip
PLAN_ENTRIES = Table(
    "plan_entries", _all,
    Column("tenant", Text, primary_key=True), Column("plan", Uuid, primary_key=True),
    Column("version", BigInteger, primary_key=True), Column("student", Uuid), Column("event_id", Uuid),
    Column("position", BigInteger), Column("index", BigInteger), Column("type", Text), Column("schema", SmallInteger),
    Column("effective_on", Date), Column("recorded_at", _instant), Column("known_at", _instant), Column("actor", Text),
    Column("correlation", Text), Column("causation", Uuid), Column("rules", Text), Column("contents", LargeBinary),
)  # fmt: skip

TEMPLATES = Table(
    "templates", _all,
    Column("tenant", Text, primary_key=True), Column("template", Uuid, primary_key=True), Column("kind", Text),
    Column("language", Text), Column("state", Text), Column("active_from", Date), Column("retired_on", Date),
    Column("activated_at", _instant),
)  # fmt: skip
BOOKLET_YEARS = Table(
    "booklet_years", _all, Column("tenant", Text, primary_key=True), Column("begins_on", Date, primary_key=True),
)  # fmt: skip
OCCASIONS = Table(
    "occasions", _all,
    Column("tenant", Text, primary_key=True), Column("event_id", Uuid, primary_key=True), Column("student", Uuid),
    Column("matter", Uuid), Column("type", Text), Column("schema", SmallInteger), Column("effective_on", Date),
    Column("source", Text), Column("position", BigInteger), Column("contents", LargeBinary),
)  # fmt: skip

LOOKS = Table(
    "looks", _all,
    Column("tenant", Text, primary_key=True), Column("event_id", Uuid, primary_key=True), Column("student", Uuid),
    Column("type", Text), Column("schema", SmallInteger), Column("effective_on", Date), Column("known_at", _instant),
    Column("contents", LargeBinary), Column("source", Text),
)  # fmt: skip
NAMED = Table(
    "named", _all,
    Column("tenant", Text, primary_key=True), Column("party", Text, primary_key=True), Column("name", Text),
)  # fmt: skip

KNOWN = ("students", "contacts", "holders", "profiles", "meetings", "plan_entries")
"""What the projection ``known`` filled from the first on: a migration reads it."""
KNOWN_NOW = (*KNOWN, "occasions")
"""What it fills today."""


def notify_tables_1() -> list[str]:
    """Run as ``notify_owner``."""
    return [_OUTBOX, _LINKS, _CLAIM, _KNOWN]


def notify_tables_2() -> list[str]:
    """What is owed beside amendments: run as ``notify_owner``."""
    return [_OUTBOX_2, _UNADDRESSED, _OCCASIONS]


def notify_tables_3() -> list[str]:
    """What comes back, and letters in batches: run as ``notify_owner``."""
    return [_RETURNS]


def notify_tables_4() -> list[str]:
    """Which of a district's own wordings is in use: run as ``notify_owner``."""
    return [_TEMPLATES]


def notify_tables_5() -> list[str]:
    """The yearly booklets: run as ``notify_owner``."""
    return [_BOOKLET_YEARS]


def notify_tables_6() -> list[str]:
    """Several changes of one day in one letter: run as ``notify_owner``."""
    return [_TOGETHER]


def notify_tables_7() -> list[str]:
    """Who looked at a student's record: run as ``notify_owner``."""
    return [_LOOKS]


def notify_tables_8() -> list[str]:
    """Of which log a look is: run as ``notify_owner``."""
    return [_LOOKS_2]


def notify_tables_9() -> list[str]:
    """Of a district that has ended nothing is due: run as ``notify_owner``."""
    return [_CLAIM_DUE.format(create="CREATE OR REPLACE", of_whom="t.ended_on IS NULL AND ")]


def _apart(table: str) -> str:
    return f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON {table} TO notify_app USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT});
    """


_OUTBOX = f"""
    CREATE TABLE notify.outbox (
        tenant text NOT NULL,
        notice uuid NOT NULL,
        student uuid NOT NULL,
        holder uuid NOT NULL,
        amendment uuid,
        state text NOT NULL DEFAULT 'to_prepare' CHECK (state IN (
            'to_prepare', 'blocked', 'to_send', 'handing_over', 'in_doubt', 'to_post', 'posted', 'given', 'lapsed')),
        reasons text[] NOT NULL DEFAULT '{{}}',
        channel text,
        delivery uuid,
        facts uuid,
        attempts smallint NOT NULL DEFAULT 0,
        due_at timestamptz,
        counts_on date,
        correlation text NOT NULL,
        caused_by uuid NOT NULL,
        owner uuid,
        lease_until timestamptz,
        fence bigint NOT NULL DEFAULT 0,
        changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, notice)
    );
    COMMENT ON COLUMN notify.outbox.due_at IS 'in the tenant''s own time; null: waits for a person or an event';
    COMMENT ON COLUMN notify.outbox.reasons IS 'codes only, no contents';
    COMMENT ON COLUMN notify.outbox.facts IS 'the document in the vault from which text, page and letter are made';
    CREATE INDEX outbox_due ON notify.outbox (due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX outbox_student ON notify.outbox (tenant, student);
    CREATE INDEX outbox_state ON notify.outbox (tenant, state) WHERE state NOT IN ('given', 'lapsed');
    GRANT SELECT, INSERT, UPDATE ON notify.outbox TO notify_app;
    {_apart("notify.outbox")}
"""

_LINKS = f"""
    CREATE TABLE notify.links (
        tenant text NOT NULL,
        link uuid NOT NULL,
        notice uuid NOT NULL,
        made_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        wrong_checks smallint NOT NULL DEFAULT 0,
        replaced boolean NOT NULL DEFAULT false,
        PRIMARY KEY (tenant, link)
    );
    COMMENT ON TABLE notify.links IS 'single-purpose links to one notice; the token itself is nowhere kept';
    CREATE INDEX links_notice ON notify.links (tenant, notice);
    GRANT SELECT, INSERT, UPDATE ON notify.links TO notify_app;
    {_apart("notify.links")}
"""

_CLAIM_DUE = """
    {create} FUNCTION notify.claim_due(
        p_owner uuid, p_lease_seconds double precision, p_most integer, p_at_work uuid[])
        RETURNS TABLE (tenant text, notice uuid, fence bigint)
        LANGUAGE sql SECURITY DEFINER SET search_path = notify AS $$
        UPDATE notify.outbox AS o
           SET owner = p_owner, lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds),
               fence = o.fence + 1
          FROM (SELECT due.tenant, due.notice FROM notify.outbox AS due JOIN notify.tenants AS t USING (tenant)
                 WHERE {of_whom}due.due_at <= clock_timestamp() + t.clock_ahead
                   AND (due.lease_until IS NULL OR due.lease_until < clock_timestamp())
                   AND due.notice <> ALL (p_at_work)
                 ORDER BY due.due_at LIMIT p_most FOR UPDATE OF due SKIP LOCKED) AS mine
         WHERE o.tenant = mine.tenant AND o.notice = mine.notice
        RETURNING o.tenant, o.notice, o.fence
    $$;
"""

_CLAIM = f"""
    CREATE POLICY claims ON notify.outbox TO notify_owner USING (true) WITH CHECK (true);
    CREATE POLICY claims ON notify.tenants FOR SELECT TO notify_owner USING (true);
    {_CLAIM_DUE.format(create="CREATE", of_whom="")}
    COMMENT ON FUNCTION notify.claim_due IS
        'leases what is due, over all tenants, and tells no more than ids: a sender works in one tenant at a time';
    REVOKE ALL ON FUNCTION notify.claim_due FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION notify.claim_due TO notify_app;
"""

_KNOWN = f"""
    SET LOCAL ROLE notify_app;
    CREATE TABLE notify_read.students (
        tenant text NOT NULL, student uuid NOT NULL, contents bytea NOT NULL, PRIMARY KEY (tenant, student));
    CREATE TABLE notify_read.contacts (
        tenant text NOT NULL, student uuid NOT NULL, contact uuid NOT NULL, restricted boolean NOT NULL,
        PRIMARY KEY (tenant, student, contact));
    CREATE TABLE notify_read.holders (
        tenant text NOT NULL, student uuid NOT NULL, holder uuid NOT NULL, contact uuid, contents bytea NOT NULL,
        confirmed_on date NOT NULL, ended_on date, PRIMARY KEY (tenant, student, holder));
    CREATE INDEX holders_holder ON notify_read.holders (tenant, holder);
    CREATE TABLE notify_read.profiles (
        tenant text NOT NULL, effective_on date NOT NULL, version bigint NOT NULL, contents bytea NOT NULL,
        PRIMARY KEY (tenant, effective_on));
    CREATE TABLE notify_read.meetings (
        tenant text NOT NULL, meeting uuid NOT NULL, student uuid NOT NULL, held_on date NOT NULL,
        PRIMARY KEY (tenant, meeting));
    CREATE TABLE notify_read.plan_entries (
        tenant text NOT NULL, plan uuid NOT NULL, version bigint NOT NULL, student uuid NOT NULL, event_id uuid NOT NULL,
        position bigint NOT NULL, index bigint NOT NULL, type text NOT NULL, schema smallint NOT NULL,
        effective_on date NOT NULL, recorded_at timestamptz NOT NULL, known_at timestamptz NOT NULL, actor text NOT NULL,
        correlation text NOT NULL, causation uuid, rules text, contents bytea NOT NULL,
        PRIMARY KEY (tenant, plan, version));
    CREATE INDEX plan_entries_student ON notify_read.plan_entries (tenant, student);
    {"".join(_apart(f"notify_read.{table}") for table in KNOWN)}
    RESET ROLE;
"""

_OUTBOX_2 = """
    ALTER TABLE notify.outbox
        ADD COLUMN kind text, ADD COLUMN occasion text, ADD COLUMN plan uuid, ADD COLUMN meeting uuid,
        ADD COLUMN due_on date, ADD COLUMN source_event uuid, ADD COLUMN leader uuid;
    COMMENT ON COLUMN notify.outbox.source_event IS 'what notice is owed of; null: made before occasions were named';
    COMMENT ON COLUMN notify.outbox.leader IS 'the notice whose letter gives this one too';
    CREATE INDEX outbox_source_event ON notify.outbox (tenant, source_event) WHERE source_event IS NOT NULL;
    CREATE INDEX outbox_meeting ON notify.outbox (tenant, meeting) WHERE meeting IS NOT NULL;
    CREATE INDEX outbox_leader ON notify.outbox (tenant, leader) WHERE leader IS NOT NULL;
"""

_RETURNS = """
    ALTER TABLE notify.outbox ADD COLUMN batch uuid;
    COMMENT ON COLUMN notify.outbox.batch IS 'the batch of letters it was printed with';
    CREATE INDEX outbox_batch ON notify.outbox (tenant, batch) WHERE batch IS NOT NULL;
    CREATE FUNCTION notify.tenant_of_notice(p_notice uuid) RETURNS text
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = notify AS $$
        SELECT tenant FROM notify.outbox WHERE notice = p_notice
    $$;
    COMMENT ON FUNCTION notify.tenant_of_notice IS
        'of a sealed return address, which has no room for the tenant: tells no more than whose notice it is';
    CREATE INDEX outbox_notice ON notify.outbox (notice);
    REVOKE ALL ON FUNCTION notify.tenant_of_notice FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION notify.tenant_of_notice TO notify_app;
"""

_LOOKS = f"""
    SET LOCAL ROLE notify_app;
    CREATE TABLE notify_read.looks (
        tenant text NOT NULL, event_id uuid NOT NULL, student uuid NOT NULL, type text NOT NULL, schema smallint NOT NULL,
        effective_on date NOT NULL, known_at timestamptz NOT NULL, contents bytea NOT NULL,
        PRIMARY KEY (tenant, event_id));
    CREATE INDEX looks_student ON notify_read.looks (tenant, student, known_at);
    CREATE TABLE notify_read.named (
        tenant text NOT NULL, party text NOT NULL, name text NOT NULL, PRIMARY KEY (tenant, party));
    COMMENT ON TABLE notify_read.named IS 'staff and programs, by the ids that stand in the record of access';
    {_apart("notify_read.looks")}
    {_apart("notify_read.named")}
    RESET ROLE;
"""

_LOOKS_2 = """
    SET LOCAL ROLE notify_app;
    ALTER TABLE notify_read.looks ADD COLUMN source text NOT NULL DEFAULT '';
    RESET ROLE;
"""

_TOGETHER = """
    ALTER TABLE notify.outbox ADD COLUMN taken_out boolean NOT NULL DEFAULT false;
    COMMENT ON COLUMN notify.outbox.taken_out IS 'somebody may hold this letter in hand: it is not written anew';
"""

_TEMPLATES = f"""
    CREATE TABLE notify.templates (
        tenant text NOT NULL, template uuid NOT NULL, kind text NOT NULL, language text NOT NULL, state text,
        active_from date NOT NULL, retired_on date, activated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant, template));
    COMMENT ON TABLE notify.templates IS 'wordings of a district that were activated; what each says stands in its stream';
    GRANT SELECT, INSERT, UPDATE ON notify.templates TO notify_app;
    {_apart("notify.templates")}
"""

_BOOKLET_YEARS = f"""
    CREATE TABLE notify.booklet_years (
        tenant text NOT NULL, begins_on date NOT NULL, PRIMARY KEY (tenant, begins_on));
    COMMENT ON TABLE notify.booklet_years IS 'school years whose safeguards booklets have been made owed';
    GRANT SELECT, INSERT ON notify.booklet_years TO notify_app;
    {_apart("notify.booklet_years")}
"""

_UNADDRESSED = f"""
    CREATE TABLE notify.unaddressed (
        tenant text NOT NULL,
        notice uuid NOT NULL,
        student uuid NOT NULL,
        kind text NOT NULL,
        occasion text NOT NULL,
        source_event uuid NOT NULL,
        due_on date,
        since date NOT NULL,
        open boolean NOT NULL DEFAULT true,
        PRIMARY KEY (tenant, notice)
    );
    COMMENT ON TABLE notify.unaddressed IS 'notices that are owed while nobody is known who holds the right to them';
    CREATE INDEX unaddressed_student ON notify.unaddressed (tenant, student) WHERE open;
    GRANT SELECT, INSERT, UPDATE ON notify.unaddressed TO notify_app;
    {_apart("notify.unaddressed")}
"""

_OCCASIONS = f"""
    SET LOCAL ROLE notify_app;
    CREATE TABLE notify_read.occasions (
        tenant text NOT NULL, event_id uuid NOT NULL, student uuid NOT NULL, matter uuid, type text NOT NULL,
        schema smallint NOT NULL, effective_on date NOT NULL, source text NOT NULL, position bigint NOT NULL,
        contents bytea NOT NULL, PRIMARY KEY (tenant, event_id));
    COMMENT ON COLUMN notify_read.occasions.matter IS 'the evaluation, dispute, request or meeting it belongs to';
    CREATE INDEX occasions_matter ON notify_read.occasions (tenant, matter) WHERE matter IS NOT NULL;
    CREATE INDEX occasions_student ON notify_read.occasions (tenant, student, type);
    {_apart("notify_read.occasions")}
    RESET ROLE;
"""
