"""The event store's tables, roles' rights and functions, as each service's first migration makes them.

A migration may not change once it has run anywhere, so each step here is a numbered function for ever: a later change
to the store is ``event_store_2`` and a new migration in every service that calls it.
"""

from runtime.roles import SERVICES

TENANT = "nullif(current_setting('handrail.tenant', true), '')"

STATES_STORED = "toast_tuple_target = 8160"
"""Nearly every state fits its page: written at each append, it is only compressed and moved out when it does not."""

APPEND_ONLY = ("events", "log")
"""Tables of record: rows are added, never changed, never removed."""


def event_store_1(service: str) -> list[str]:
    """The statements (run as ``<svc>_owner``) that make the store of ``service``."""
    s = service
    statements = [
        _record_tables(s),
        _working_tables(s),
        _read_tables(s),
        _time(s),
        _look(s),
        _append(s),
        _journal(s),
        _clock(s),
        _whole_store(s),
    ]
    statements += [_append_only(s, table) for table in APPEND_ONLY]
    statements += [_apart(s, f"{s}.{table}") for table in ("tenants", *APPEND_ONLY, "unsequenced", "kept_answers",
                                                           "claims", "parked", "access",
                                                           "documents", "document_pieces")]  # fmt: skip
    statements += [_rights(s)]
    return statements


def event_store_2(service: str) -> list[str]:
    """What a decision is made on comes in one round trip. (New stores have it from the start: a function has no past.)"""
    return [_look(service)]


def event_store_3(service: str) -> list[str]:
    """A stream may be named as only seen: it must be as it was, and nobody waits for it."""
    return [_append(service)]


def event_store_4(service: str) -> list[str]:
    """A tenant may end, once: from then on the append takes no more than what goes on. None has ended before."""
    return [_end(service), _append(service)]


def journal_grants(service: str, *, journal: bool) -> list[str]:
    """What lets the other services follow ``service`` in the same database; with Kafka they get no grant at all."""
    readers = ", ".join(f"{other}_app" for other in SERVICES if other != service)
    if journal:
        return [
            f"GRANT USAGE ON SCHEMA {service} TO {readers}",
            f"GRANT SELECT ON {service}.journal TO {readers}",
        ]
    return [
        f"REVOKE ALL ON {service}.journal FROM {readers}",
        f"REVOKE ALL ON SCHEMA {service} FROM {readers}",
    ]


def _record_tables(s: str) -> str:
    return f"""
    CREATE TABLE {s}.tenants (
        tenant text PRIMARY KEY CHECK (tenant ~ '^[a-z][a-z0-9-]{{1,62}}$'),
        subject uuid NOT NULL,
        sandbox boolean NOT NULL CHECK (sandbox = starts_with(tenant, 'sandbox-')),
        clock_ahead interval NOT NULL DEFAULT '0' CHECK (sandbox OR clock_ahead = '0'),
        opened_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE TABLE {s}.events (
        tenant text NOT NULL,
        stream text NOT NULL,
        version bigint NOT NULL CHECK (version > 0),
        id uuid NOT NULL UNIQUE,
        subject uuid NOT NULL,
        type text NOT NULL,
        schema smallint NOT NULL,
        class text NOT NULL CHECK (class IN ('identity', 'record', 'proof')),
        effective_on date NOT NULL,
        recorded_at timestamptz NOT NULL,
        actor text NOT NULL,
        correlation text NOT NULL,
        causation uuid,
        rules text,
        digest bytea NOT NULL CHECK (length(digest) = 32),
        sealed bytea NOT NULL,
        PRIMARY KEY (tenant, stream, version)
    );
    ALTER TABLE {s}.events ALTER COLUMN sealed SET STORAGE EXTERNAL;
    CREATE TABLE {s}.log (
        position bigint PRIMARY KEY CHECK (position > 0),
        tenant text NOT NULL,
        index bigint NOT NULL CHECK (index >= 0),
        event_id uuid NOT NULL UNIQUE,
        known_at timestamptz NOT NULL,
        subject uuid NOT NULL,
        nth bigint NOT NULL CHECK (nth > 0),
        lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 59),
        entry bytea NOT NULL,
        leaf bytea NOT NULL CHECK (length(leaf) = 32),
        UNIQUE (tenant, index),
        UNIQUE (tenant, subject, nth)
    );
    CREATE INDEX log_lane ON {s}.log (lane, position);
    """


def _working_tables(s: str) -> str:
    return f"""
    CREATE TABLE {s}.unsequenced (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tenant text NOT NULL,
        event_id uuid NOT NULL
    );
    CREATE TABLE {s}.relay (single boolean PRIMARY KEY DEFAULT true CHECK (single), published bigint NOT NULL, log_host text);
    INSERT INTO {s}.relay (published) VALUES (0);
    CREATE TABLE {s}.kept_answers (
        tenant text NOT NULL,
        client text NOT NULL,
        method text NOT NULL,
        path text NOT NULL,
        key text NOT NULL,
        body_sha256 bytea NOT NULL,
        status smallint NOT NULL,
        answer jsonb NOT NULL,
        kept_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, client, method, path, key)
    );
    CREATE TABLE {s}.claims (
        tenant text NOT NULL,
        kind text NOT NULL,
        value bytea NOT NULL CHECK (length(value) = 32),
        owner uuid NOT NULL,
        digest bytea,
        PRIMARY KEY (tenant, kind, value)
    );
    COMMENT ON TABLE {s}.claims IS 'uniqueness across streams; values are SHA-256, so that no SIS number stands here';
    CREATE INDEX kept_answers_age ON {s}.kept_answers (kept_at);
    CREATE TABLE {s}.positions (
        consumer text NOT NULL,
        source text NOT NULL,
        lane smallint NOT NULL,
        next bigint NOT NULL,
        PRIMARY KEY (consumer, source, lane)
    );
    CREATE TABLE {s}.lane_leases (
        consumer text NOT NULL,
        lane smallint NOT NULL,
        owner uuid,
        fence bigint NOT NULL DEFAULT 0,
        until timestamptz NOT NULL DEFAULT '-infinity',
        PRIMARY KEY (consumer, lane)
    );
    CREATE TABLE {s}.consumer_members (
        consumer text NOT NULL,
        member uuid NOT NULL,
        seen_at timestamptz NOT NULL,
        PRIMARY KEY (consumer, member)
    );
    CREATE TABLE {s}.parked (
        consumer text NOT NULL,
        source text NOT NULL,
        position bigint NOT NULL,
        tenant text NOT NULL,
        subject uuid NOT NULL,
        lane smallint NOT NULL,
        index bigint NOT NULL,
        entry bytea NOT NULL,
        sealed bytea NOT NULL,
        error text,
        parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (consumer, source, position)
    );
    COMMENT ON COLUMN {s}.parked.error IS 'set on the event that failed; null on those that queue behind it';
    CREATE INDEX parked_subject ON {s}.parked (consumer, tenant, subject, position);
    CREATE TABLE {s}.seen_events (
        event_id uuid NOT NULL,
        consumer text NOT NULL,
        source text NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (event_id, consumer)
    );
    COMMENT ON TABLE {s}.seen_events IS 'what ?after_event= waits for; pruned after an hour';
    CREATE INDEX seen_events_age ON {s}.seen_events (at);
    CREATE TABLE {s}.documents (
        tenant text NOT NULL,
        id uuid NOT NULL,
        subject uuid NOT NULL,
        media_type text NOT NULL,
        bytes bigint NOT NULL,
        pieces integer NOT NULL,
        kept_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, id)
    );
    CREATE TABLE {s}.document_pieces (
        tenant text NOT NULL,
        document uuid NOT NULL,
        number integer NOT NULL,
        sealed bytea NOT NULL,
        PRIMARY KEY (tenant, document, number)
    );
    ALTER TABLE {s}.document_pieces ALTER COLUMN sealed SET STORAGE EXTERNAL;
    CREATE TABLE {s}.access (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tenant text NOT NULL,
        subject uuid NOT NULL,
        at timestamptz NOT NULL,
        seen jsonb NOT NULL
    );
    """


def _read_tables(s: str) -> str:
    """What can be rebuilt from events: left out of every backup."""
    return f"""
    SET LOCAL ROLE {s}_app;
    CREATE TABLE {s}_read.states (
        tenant text NOT NULL,
        stream text NOT NULL,
        version bigint NOT NULL,
        shape text NOT NULL,
        state bytea NOT NULL,
        PRIMARY KEY (tenant, stream)
    ) WITH ({STATES_STORED});
    CREATE TABLE {s}_read.resources (
        tenant text NOT NULL,
        kind text NOT NULL,
        id uuid NOT NULL,
        student uuid,
        external_id text,
        stream text NOT NULL,
        version bigint NOT NULL,
        updated_at timestamptz NOT NULL,
        document json NOT NULL,
        PRIMARY KEY (tenant, kind, id)
    );
    CREATE INDEX resources_student ON {s}_read.resources (tenant, student, kind, id);
    CREATE INDEX resources_external_id ON {s}_read.resources (tenant, kind, external_id) WHERE external_id IS NOT NULL;
    CREATE INDEX resources_updated ON {s}_read.resources (tenant, kind, updated_at);
    CREATE TABLE {s}_read.positions (
        consumer text NOT NULL,
        source text NOT NULL,
        lane smallint NOT NULL,
        next bigint NOT NULL,
        PRIMARY KEY (consumer, source, lane)
    );
    {_apart(s, f"{s}_read.states")}
    {_apart(s, f"{s}_read.resources")}
    RESET ROLE;
    """


def _append_only(s: str, table: str) -> str:
    return f"""
    CREATE OR REPLACE FUNCTION {s}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the record is append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'HR001';
    END $$;
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {s}.{table}
        FOR EACH ROW EXECUTE FUNCTION {s}.refuse_change();
    CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {s}.{table}
        FOR EACH STATEMENT EXECUTE FUNCTION {s}.refuse_change();
    ALTER TABLE {s}.{table} ENABLE ALWAYS TRIGGER append_only;
    ALTER TABLE {s}.{table} ENABLE ALWAYS TRIGGER append_only_truncate;
    """


def _apart(s: str, table: str) -> str:
    """Tenants apart: without the tenant set on the connection the service's role sees and writes nothing."""
    return f"""
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON {table} TO {s}_app USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT});
    """


def _time(s: str) -> str:
    """The one source of time: the clock, and for a sandbox the clock moved ahead."""
    return f"""
    CREATE FUNCTION {s}.now_for(p_tenant text) RETURNS timestamptz LANGUAGE sql VOLATILE STRICT AS $$
        SELECT clock_timestamp() + clock_ahead FROM {s}.tenants WHERE tenant = p_tenant
    $$;
    """


def _clock(s: str) -> str:
    return f"""
    CREATE FUNCTION {s}.guard_tenant() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND OLD.sandbox AND NEW.clock_ahead >= OLD.clock_ahead
           AND (NEW.tenant, NEW.subject, NEW.sandbox, NEW.opened_at) = (OLD.tenant, OLD.subject, OLD.sandbox, OLD.opened_at)
        THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'only the clock of a sandbox tenant moves, and only forward' USING ERRCODE = 'HR001';
    END $$;
    CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON {s}.tenants FOR EACH ROW EXECUTE FUNCTION {s}.guard_tenant();
    CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON {s}.tenants
        FOR EACH STATEMENT EXECUTE FUNCTION {s}.guard_tenant();
    ALTER TABLE {s}.tenants ENABLE ALWAYS TRIGGER guard;
    ALTER TABLE {s}.tenants ENABLE ALWAYS TRIGGER guard_truncate;
    """


def the_end(s: str, tenant: str) -> str:
    """The key of the lock that each append holds with the others, and the end of a tenant alone."""
    return f"hashtextextended('{s}/' || {tenant}, 9)"


def _end(s: str) -> str:
    return f"""
    SET LOCAL lock_timeout = '5s';
    ALTER TABLE {s}.tenants ADD COLUMN ended_on date;
    COMMENT ON COLUMN {s}.tenants.ended_on IS 'the day, in its own zone, of the event tenant.ended; null: it goes on';
    GRANT UPDATE (ended_on) ON {s}.tenants TO {s}_app;
    CREATE OR REPLACE FUNCTION {s}.guard_tenant() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE'
           AND (NEW.tenant, NEW.subject, NEW.sandbox, NEW.opened_at) = (OLD.tenant, OLD.subject, OLD.sandbox, OLD.opened_at)
           AND (OLD.sandbox AND NEW.clock_ahead >= OLD.clock_ahead AND NEW.ended_on IS NOT DISTINCT FROM OLD.ended_on
                OR OLD.ended_on IS NULL AND NEW.clock_ahead = OLD.clock_ahead)
        THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'only the clock of a sandbox tenant moves, and only forward; and a tenant ends once'
            USING ERRCODE = 'HR001';
    END $$;
    """


def _look(s: str) -> str:
    """Streams as a decision sees them: kept state, newest version, the tenant's time; for one tenant, while it runs.

    ``p_known`` are the versions whose states the caller has in memory: those are not sent again.
    """
    return f"""
    CREATE OR REPLACE FUNCTION {s}.look(p_tenant text, p_streams text[], p_known bigint[])
        RETURNS TABLE (stream text, head bigint, version bigint, shape text, state bytea, now timestamptz)
        LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$ -- Planned once: planning cost more than looking.
    #variable_conflict use_column
    DECLARE
        this_moment timestamptz;
    BEGIN
        PERFORM set_config('handrail.tenant', p_tenant, true);
        this_moment := {s}.now_for(p_tenant);
        RETURN QUERY
        SELECT wanted.stream,
               (SELECT e.version FROM {s}.events e WHERE e.tenant = p_tenant AND e.stream = wanted.stream
                 ORDER BY e.version DESC LIMIT 1),
               s.version, s.shape, CASE WHEN s.version > wanted.known THEN s.state END, this_moment
          FROM unnest(p_streams, p_known) AS wanted (stream, known)
          LEFT JOIN states s ON s.tenant = p_tenant AND s.stream = wanted.stream;
    END $$;
    """


def _append(s: str) -> str:
    """Events, kept answer, current state, resources, claims and the sequencer's row in one transaction, in one call.

    The tenant is the connection's own, never an argument. ``p_streams`` and ``p_heads`` name every stream the decision
    rests on with the version it saw, ``p_counts`` how many events follow on each; each is locked for the moment between
    the check and the commit, in one order, so that sequence numbers follow versions. A count of -1 says that the stream
    was only seen: its version is checked, and it is not locked, so that a district need not wait for its own settings.
    Refusals are errors, so that nothing of the call remains: HR412 a stream has moved on, HR409 a claim is taken, HR425
    the same request is running, HR410 the tenant has ended and not all of the events go on after it (an append that was
    begun before holds the end back, so that nothing else comes behind it in the log). ``kept`` in the answer means that
    the request was answered before and nothing written.

    Events and resources come as JSON texts (bytes in base64): one argument of two kilobytes costs the driver a fraction
    of eleven arrays, and the driver's process is what a service has least of.
    """
    return f"""
    CREATE OR REPLACE FUNCTION {s}.append(
        p_streams text[], p_heads bigint[], p_counts bigint[], p_events text,
        p_actor text, p_correlation text, p_causation uuid, p_rules text,
        s_stream text[], s_version bigint[], s_shape text[], s_state bytea[], p_resources text,
        c_kind text[], c_value bytea[], c_owner uuid[], c_digest bytea[], x_kind text[], x_value bytea[],
        k_client text, k_method text, k_path text, k_key text, k_body bytea, k_status smallint, k_answer jsonb,
        OUT kept boolean, OUT at timestamptz, OUT kept_body bytea, OUT kept_status smallint, OUT kept_answer jsonb
    ) LANGUAGE plpgsql AS $$
    DECLARE
        t text := {TENANT};
        ahead interval;
        is_sandbox boolean;
        ended date;
        clash record;
        announced bigint := 0;
        one bigint;
        written bigint;
    BEGIN
        kept := false;
        IF t IS NULL THEN
            RAISE EXCEPTION 'no tenant is set on this connection' USING ERRCODE = 'HR403';
        END IF;
        IF NOT pg_try_advisory_xact_lock_shared({the_end(s, "t")}) THEN
            PERFORM pg_advisory_xact_lock_shared({the_end(s, "t")});
        END IF;
        SELECT sandbox, clock_ahead, ended_on INTO is_sandbox, ahead, ended FROM {s}.tenants WHERE tenant = t;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'this tenant is not open here' USING ERRCODE = 'HR404';
        END IF;
        IF k_key IS NOT NULL THEN
            IF NOT pg_try_advisory_xact_lock(
                hashtextextended(concat_ws(chr(31), '{s}', t, k_client, k_method, k_path, k_key), 7)) THEN
                RAISE EXCEPTION 'the same request is still running' USING ERRCODE = 'HR425';
            END IF;
            SELECT true, body_sha256, status, answer INTO kept, kept_body, kept_status, kept_answer
              FROM {s}.kept_answers
             WHERE tenant = t AND client = k_client AND method = k_method AND path = k_path AND key = k_key;
            IF FOUND THEN RETURN; END IF;
            kept := false;
        END IF;
        IF ended IS NOT NULL AND EXISTS (
            SELECT FROM json_to_recordset(p_events::json) AS e (goes_on boolean) WHERE goes_on IS NOT TRUE) THEN
            RAISE EXCEPTION 'this tenant has ended' USING ERRCODE = 'HR410', DETAIL = ended::text;
        END IF;
        IF is_sandbox THEN -- A move of the clock holds this row until all before it has its index.
            SELECT clock_ahead INTO ahead FROM {s}.tenants WHERE tenant = t FOR SHARE;
        END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('{s}/' || t || '/' || named.stream, 1))
           FROM (SELECT stream FROM unnest(p_streams, p_counts) AS given (stream, events) WHERE events >= 0
                 ORDER BY stream) AS named;
        SELECT given.stream, given.head, coalesce(actual.version, 0) AS version INTO clash
          FROM unnest(p_streams, p_heads) AS given (stream, head)
          LEFT JOIN LATERAL (SELECT e.version FROM {s}.events e WHERE e.tenant = t AND e.stream = given.stream
                              ORDER BY e.version DESC LIMIT 1) AS actual ON true
         WHERE given.head <> coalesce(actual.version, 0) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'stream has moved on' USING ERRCODE = 'HR412',
                DETAIL = json_build_object('stream', clash.stream, 'expected', clash.head, 'actual', clash.version)::text;
        END IF;
        IF c_kind IS NOT NULL OR x_kind IS NOT NULL THEN
            DELETE FROM {s}.claims AS held USING unnest(x_kind, x_value) AS gone (kind, value)
             WHERE held.tenant = t AND held.kind = gone.kind AND held.value = gone.value;
            FOR clash IN
                WITH made AS (
                    INSERT INTO {s}.claims (tenant, kind, value, owner, digest)
                    SELECT t, kind, value, owner, digest FROM unnest(c_kind, c_value, c_owner, c_digest)
                        AS given (kind, value, owner, digest)
                    ON CONFLICT DO NOTHING RETURNING kind, value)
                SELECT kind, value FROM unnest(c_kind, c_value) AS given (kind, value)
                EXCEPT SELECT kind, value FROM made
            LOOP
                RAISE EXCEPTION 'claimed already' USING ERRCODE = 'HR409',
                    DETAIL = json_build_object('kind', clash.kind, 'value', encode(clash.value, 'hex'))::text;
            END LOOP;
        END IF;
        at := clock_timestamp() + ahead;
        -- An event outside its stream's announced versions is not written and missed in the count below; two of one
        -- version break the primary key. So as many as were announced means: each stream goes on without a gap.
        WITH given AS MATERIALIZED (
            SELECT e.* FROM ROWS FROM (json_to_recordset(p_events::json) AS (
                       id uuid, stream text, version bigint, subject uuid, type text, schema smallint, class text,
                       effective_on date, digest text, sealed text)) WITH ORDINALITY
                AS e (id, stream, version, subject, type, schema, class, effective_on, digest, sealed, place)
              JOIN unnest(p_streams, p_heads, p_counts) AS named (stream, head, events)
                ON named.stream = e.stream AND e.version > named.head AND e.version <= named.head + named.events),
        recorded AS (
            INSERT INTO {s}.events (tenant, stream, version, id, subject, type, schema, class, effective_on, recorded_at,
                                    actor, correlation, causation, rules, digest, sealed)
            SELECT t, stream, version, id, subject, type, schema, class, effective_on, at, p_actor, p_correlation,
                   p_causation, p_rules, decode(digest, 'base64'), decode(sealed, 'base64')
              FROM given)
        INSERT INTO {s}.unsequenced (tenant, event_id) SELECT t, id FROM given ORDER BY place;
        GET DIAGNOSTICS written = ROW_COUNT;
        FOREACH one IN ARRAY p_counts LOOP
            announced := announced + greatest(one, 0);
        END LOOP;
        IF written <> announced OR json_array_length(p_events::json) <> announced THEN
            RAISE EXCEPTION 'an event names a stream that was not named, or versions do not follow without a gap'
                USING ERRCODE = 'HR500';
        END IF;
        IF s_stream IS NOT NULL THEN
            INSERT INTO states (tenant, stream, version, shape, state)
            SELECT t, stream, version, shape, state FROM unnest(s_stream, s_version, s_shape, s_state)
                AS given (stream, version, shape, state)
            ON CONFLICT (tenant, stream) DO UPDATE
               SET version = excluded.version, shape = excluded.shape, state = excluded.state;
        END IF;
        IF p_resources IS NOT NULL THEN
            INSERT INTO resources (tenant, kind, id, student, external_id, stream, version, updated_at, document)
            SELECT t, kind, id, student, external_id, stream, version, at, document
              FROM json_to_recordset(p_resources::json) AS given (
                   kind text, id uuid, student uuid, external_id text, stream text, version bigint, document json)
            ON CONFLICT (tenant, kind, id) DO UPDATE
               SET student = excluded.student, external_id = excluded.external_id, stream = excluded.stream,
                   version = excluded.version, updated_at = excluded.updated_at, document = excluded.document;
        END IF;
        IF k_key IS NOT NULL THEN
            INSERT INTO {s}.kept_answers (tenant, client, method, path, key, body_sha256, status, answer)
            VALUES (t, k_client, k_method, k_path, k_key, k_body, k_status, k_answer);
        END IF;
    END $$;
    """


def _journal(s: str) -> str:
    """The journal transport's whole surface: what Kafka would carry, read from the owner's store."""
    return f"""
    CREATE POLICY journal ON {s}.events FOR SELECT TO {s}_owner USING (true);
    CREATE POLICY journal ON {s}.log FOR SELECT TO {s}_owner USING (true);
    CREATE VIEW {s}.journal AS
        SELECT log.position, log.tenant, log.index, log.subject, log.lane, log.entry, events.sealed
          FROM {s}.log JOIN {s}.events ON events.id = log.event_id;
    """


def _whole_store(s: str) -> str:
    """What the service must know of all its tenants before it can set one: slugs and positions, never a row's contents."""
    defined = f"LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {s}, pg_temp"
    return f"""
    CREATE POLICY journal ON {s}.tenants FOR SELECT TO {s}_owner USING (true);
    CREATE FUNCTION {s}.open_tenants() RETURNS SETOF text {defined} AS $$
        SELECT tenant FROM {s}.tenants ORDER BY tenant
    $$;
    CREATE FUNCTION {s}.newest_position() RETURNS bigint {defined} AS $$
        SELECT coalesce(max(position), 0) FROM {s}.log
    $$;
    CREATE FUNCTION {s}.log_places(p_lanes smallint[], p_starts bigint[], p_most integer)
        RETURNS TABLE ("position" bigint, tenant text) {defined} AS $$
        SELECT place.position, place.tenant FROM unnest(p_lanes, p_starts) AS wanted (lane, start)
         CROSS JOIN LATERAL (
            SELECT log.position, log.tenant FROM {s}.log
             WHERE log.lane = wanted.lane AND log.position >= wanted.start
             ORDER BY log.lane, log.position LIMIT p_most) AS place
    $$;
    CREATE FUNCTION {s}.log_places_after(p_after bigint, p_most integer)
        RETURNS TABLE ("position" bigint, tenant text) {defined} AS $$
        SELECT log.position, log.tenant FROM {s}.log WHERE log.position > p_after ORDER BY log.position LIMIT p_most
    $$;
    REVOKE ALL ON FUNCTION {s}.open_tenants(), {s}.newest_position(), {s}.log_places(smallint[], bigint[], integer),
        {s}.log_places_after(bigint, integer) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION {s}.open_tenants(), {s}.newest_position(), {s}.log_places(smallint[], bigint[], integer),
        {s}.log_places_after(bigint, integer) TO {s}_app;
    """


def _rights(s: str) -> str:
    return f"""
    GRANT USAGE ON SCHEMA {s} TO {s}_app, {s}_relay;
    GRANT SELECT, INSERT ON {s}.events TO {s}_app;
    GRANT SELECT ON {s}.log TO {s}_app;
    GRANT SELECT, INSERT ON {s}.tenants TO {s}_app;
    GRANT UPDATE (clock_ahead) ON {s}.tenants TO {s}_app;
    GRANT SELECT, INSERT ON {s}.unsequenced TO {s}_app;
    GRANT SELECT, INSERT, DELETE ON {s}.kept_answers, {s}.claims TO {s}_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON {s}.positions, {s}.lane_leases, {s}.consumer_members, {s}.parked,
        {s}.seen_events TO {s}_app;
    GRANT SELECT, INSERT ON {s}.documents, {s}.document_pieces TO {s}_app;
    GRANT SELECT, INSERT, DELETE ON {s}.access TO {s}_app;
    GRANT SELECT ON {s}.relay TO {s}_app;

    GRANT SELECT ON {s}.events, {s}.tenants TO {s}_relay;
    GRANT SELECT, DELETE ON {s}.unsequenced TO {s}_relay;
    GRANT SELECT, INSERT ON {s}.log TO {s}_relay;
    GRANT SELECT, UPDATE ON {s}.relay TO {s}_relay;
    CREATE POLICY relay ON {s}.events FOR SELECT TO {s}_relay USING (true);
    CREATE POLICY relay ON {s}.tenants FOR SELECT TO {s}_relay USING (true);
    CREATE POLICY relay ON {s}.unsequenced TO {s}_relay USING (true);
    CREATE POLICY relay ON {s}.log TO {s}_relay USING (true);
    """
