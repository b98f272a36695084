"""The keyring's own tables and functions, step by step: a step that has run anywhere is never changed.

A hold stands here too, beside the keys it protects: what destroys looks at it in the same transaction. What is left of a
destroyed key is a row without it: which generation it was, by which destruction, on which day.
"""

KEYRING_1 = """
    CREATE TABLE keyring.keys (
        key_id bytea PRIMARY KEY CHECK (length(key_id) = 16),
        tenant text NOT NULL,
        subject uuid NOT NULL,
        class text NOT NULL,
        generation integer NOT NULL CHECK (generation > 0),
        master text NOT NULL,
        wrapped bytea NOT NULL,
        made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        UNIQUE (tenant, subject, class, generation)
    );
    ALTER TABLE keyring.keys ENABLE ROW LEVEL SECURITY;
    ALTER TABLE keyring.keys FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON keyring.keys TO keyring_app
        USING (tenant = current_setting('handrail.tenant', true))
        WITH CHECK (tenant = current_setting('handrail.tenant', true));
    GRANT USAGE ON SCHEMA keyring TO keyring_app;
    GRANT SELECT, INSERT ON keyring.keys TO keyring_app;
    CREATE FUNCTION keyring.current_keys(p_tenant text, p_subject uuid[], p_class text[], p_fresh bytea[],
                                         p_wrapped bytea[], p_master text)
        RETURNS SETOF keyring.keys LANGUAGE plpgsql AS $$
    #variable_conflict use_column
    BEGIN
        PERFORM set_config('handrail.tenant', p_tenant, true);
        INSERT INTO keyring.keys (key_id, tenant, subject, class, generation, master, wrapped)
        SELECT fresh, p_tenant, wanted.subject, wanted.class, 1, p_master, wanted.wrapped
          FROM unnest(p_subject, p_class, p_fresh, p_wrapped) AS wanted (subject, class, fresh, wrapped)
         WHERE NOT EXISTS (SELECT FROM keyring.keys k
                            WHERE k.tenant = p_tenant AND k.subject = wanted.subject AND k.class = wanted.class)
         ORDER BY 3, 4
        ON CONFLICT (tenant, subject, class, generation) DO NOTHING;
        RETURN QUERY
        SELECT DISTINCT ON (k.subject, k.class) k.*
          FROM unnest(p_subject, p_class) AS wanted (subject, class)
          JOIN keyring.keys k ON k.tenant = p_tenant AND k.subject = wanted.subject AND k.class = wanted.class
         ORDER BY k.subject, k.class, k.generation DESC;
    END $$;
    CREATE FUNCTION keyring.keys_by_id(p_tenant text, p_ids bytea[])
        RETURNS SETOF keyring.keys LANGUAGE plpgsql STABLE AS $$
    BEGIN
        PERFORM set_config('handrail.tenant', p_tenant, true);
        RETURN QUERY SELECT * FROM keyring.keys WHERE tenant = p_tenant AND key_id = ANY (p_ids);
    END $$;
"""

KEYRING_2 = """
    ALTER TABLE keyring.keys ADD COLUMN retired_at timestamptz, ADD COLUMN retired_for uuid;
    COMMENT ON COLUMN keyring.keys.retired_at IS 'it opens what it sealed, and seals nothing more: it is to be destroyed';
    CREATE TABLE keyring.holds (
        tenant text NOT NULL,
        hold uuid NOT NULL,
        subject uuid NOT NULL,
        set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, hold)
    );
    CREATE INDEX holds_subject ON keyring.holds (tenant, subject);
    CREATE TABLE keyring.destroyed (
        key_id bytea PRIMARY KEY CHECK (length(key_id) = 16),
        tenant text NOT NULL,
        subject uuid NOT NULL,
        class text NOT NULL,
        generation integer NOT NULL,
        destruction uuid NOT NULL,
        destroyed_on date NOT NULL,
        destroyed_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    COMMENT ON TABLE keyring.destroyed IS 'that a key was, and is lawfully gone; nothing of the key itself';
    COMMENT ON COLUMN keyring.destroyed.destroyed_on IS 'the day in the district, by its own clock';
    CREATE INDEX destroyed_subject ON keyring.destroyed (tenant, subject, class);
    ALTER TABLE keyring.holds ENABLE ROW LEVEL SECURITY;
    ALTER TABLE keyring.holds FORCE ROW LEVEL SECURITY;
    ALTER TABLE keyring.destroyed ENABLE ROW LEVEL SECURITY;
    ALTER TABLE keyring.destroyed FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON keyring.holds TO keyring_app
        USING (tenant = current_setting('handrail.tenant', true))
        WITH CHECK (tenant = current_setting('handrail.tenant', true));
    CREATE POLICY tenant ON keyring.destroyed FOR SELECT TO keyring_app
        USING (tenant = current_setting('handrail.tenant', true));
    CREATE POLICY owner ON keyring.keys TO keyring_owner USING (true) WITH CHECK (true);
    CREATE POLICY owner ON keyring.holds TO keyring_owner USING (true) WITH CHECK (true);
    CREATE POLICY owner ON keyring.destroyed TO keyring_owner USING (true) WITH CHECK (true);
    GRANT SELECT, INSERT, DELETE ON keyring.holds TO keyring_app;
    GRANT SELECT ON keyring.destroyed TO keyring_app;

    CREATE OR REPLACE FUNCTION keyring.current_keys(p_tenant text, p_subject uuid[], p_class text[], p_fresh bytea[],
                                                    p_wrapped bytea[], p_master text)
        RETURNS SETOF keyring.keys LANGUAGE plpgsql AS $$
    #variable_conflict use_column
    BEGIN
        PERFORM set_config('handrail.tenant', p_tenant, true);
        INSERT INTO keyring.keys (key_id, tenant, subject, class, generation, master, wrapped)
        SELECT fresh, p_tenant, wanted.subject, wanted.class,
               1 + greatest(0, (SELECT max(d.generation) FROM keyring.destroyed d WHERE d.tenant = p_tenant
                                   AND d.subject = wanted.subject AND d.class = wanted.class),
                               (SELECT max(k.generation) FROM keyring.keys k WHERE k.tenant = p_tenant
                                   AND k.subject = wanted.subject AND k.class = wanted.class)),
               p_master, wanted.wrapped
          FROM unnest(p_subject, p_class, p_fresh, p_wrapped) AS wanted (subject, class, fresh, wrapped)
         WHERE NOT EXISTS (SELECT FROM keyring.keys k
                               WHERE k.tenant = p_tenant AND k.subject = wanted.subject AND k.class = wanted.class
                              AND k.retired_at IS NULL)
         ORDER BY 3, 4
        ON CONFLICT (tenant, subject, class, generation) DO NOTHING;
        RETURN QUERY
        SELECT DISTINCT ON (k.subject, k.class) k.*
          FROM unnest(p_subject, p_class) AS wanted (subject, class)
          JOIN keyring.keys k ON k.tenant = p_tenant AND k.subject = wanted.subject AND k.class = wanted.class
                              AND k.retired_at IS NULL
         ORDER BY k.subject, k.class, k.generation DESC;
    END $$;

    CREATE FUNCTION keyring.set_hold(p_tenant text, p_hold uuid, p_subject uuid) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM set_config('handrail.tenant', p_tenant, true);
        PERFORM pg_advisory_xact_lock(hashtextextended('keyring/' || p_tenant || '/' || p_subject, 1));
        INSERT INTO keyring.holds (tenant, hold, subject) VALUES (p_tenant, p_hold, p_subject) ON CONFLICT DO NOTHING;
    END $$;
    CREATE FUNCTION keyring.release_hold(p_tenant text, p_hold uuid) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM set_config('handrail.tenant', p_tenant, true);
        DELETE FROM keyring.holds WHERE tenant = p_tenant AND hold = p_hold;
    END $$;
    CREATE FUNCTION keyring.holds_on(p_tenant text, p_subject uuid) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM set_config('handrail.tenant', p_tenant, true);
        RETURN QUERY SELECT hold FROM keyring.holds
                      WHERE tenant = p_tenant AND (p_subject IS NULL OR subject = p_subject) ORDER BY hold;
    END $$;
    CREATE FUNCTION keyring.destroyed_keys(p_tenant text, p_ids bytea[])
        RETURNS TABLE (key_id bytea, destroyed_on date) LANGUAGE plpgsql STABLE AS $$
    BEGIN
        PERFORM set_config('handrail.tenant', p_tenant, true);
        RETURN QUERY SELECT d.key_id, d.destroyed_on FROM keyring.destroyed d
                      WHERE d.tenant = p_tenant AND d.key_id = ANY (p_ids);
    END $$;
    -- Nothing more is sealed under these keys. Says how long ago that was: processes keep a key to seal with for seconds.
    CREATE FUNCTION keyring.retire(p_tenant text, p_destruction uuid, p_subject uuid, p_class text[])
        RETURNS double precision
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = keyring, pg_temp AS $$
    DECLARE
        since double precision;
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('keyring/' || p_tenant || '/' || p_subject, 1));
        UPDATE keys SET retired_at = clock_timestamp(), retired_for = p_destruction
         WHERE tenant = p_tenant AND subject = p_subject AND class = ANY (p_class) AND retired_at IS NULL
           AND NOT EXISTS (SELECT FROM keys done WHERE done.tenant = p_tenant AND done.retired_for = p_destruction)
           AND NOT EXISTS (SELECT FROM destroyed d WHERE d.tenant = p_tenant AND d.destruction = p_destruction);
        SELECT extract(epoch FROM clock_timestamp() - max(retired_at)) INTO since FROM keys
         WHERE tenant = p_tenant AND subject = p_subject AND class = ANY (p_class) AND retired_at IS NOT NULL;
        RETURN since;
    END $$;
    -- The only way a key goes. Holds are looked at under the lock under which they are set. Safe to repeat.
    CREATE FUNCTION keyring.destroy(p_tenant text, p_destruction uuid, p_subject uuid, p_class text[], p_on date)
        RETURNS TABLE (class text, generation integer, destroyed_on date)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = keyring, pg_temp AS $$
    #variable_conflict use_column
    DECLARE
        standing uuid[];
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('keyring/' || p_tenant || '/' || p_subject, 1));
        IF NOT EXISTS (SELECT FROM destroyed d WHERE d.tenant = p_tenant AND d.destruction = p_destruction) THEN
            SELECT array_agg(h.hold ORDER BY h.hold) INTO standing
              FROM holds h WHERE h.tenant = p_tenant AND h.subject = p_subject;
            IF standing IS NOT NULL THEN
                RAISE EXCEPTION 'a legal hold stands' USING ERRCODE = 'HR423', DETAIL = array_to_json(standing)::text;
            END IF;
            WITH gone AS (
                DELETE FROM keys k WHERE k.tenant = p_tenant AND k.subject = p_subject AND k.class = ANY (p_class)
                   AND k.retired_at IS NOT NULL
                RETURNING k.key_id, k.class, k.generation)
            INSERT INTO destroyed (key_id, tenant, subject, class, generation, destruction, destroyed_on)
            SELECT gone.key_id, p_tenant, p_subject, gone.class, gone.generation, p_destruction, p_on FROM gone;
        END IF;
        RETURN QUERY SELECT d.class, max(d.generation), min(d.destroyed_on) FROM destroyed d
                      WHERE d.tenant = p_tenant AND d.destruction = p_destruction GROUP BY d.class ORDER BY d.class;
    END $$;
    -- A keyring that came back from a backup forgets again what was destroyed before: the log says up to which generation.
    CREATE FUNCTION keyring.destroy_again(p_tenant text, p_destruction uuid, p_subject uuid, p_class text[],
                                          p_upto integer[], p_on date)
        RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = keyring, pg_temp AS $$
        WITH gone AS (
            DELETE FROM keys k USING unnest(p_class, p_upto) AS wanted (class, upto)
             WHERE k.tenant = p_tenant AND k.subject = p_subject AND k.class = wanted.class
               AND k.generation <= wanted.upto
            RETURNING k.key_id, k.class, k.generation),
        noted AS (
            INSERT INTO destroyed (key_id, tenant, subject, class, generation, destruction, destroyed_on)
            SELECT gone.key_id, p_tenant, p_subject, gone.class, gone.generation, p_destruction, p_on FROM gone
            ON CONFLICT DO NOTHING)
        SELECT count(*) FROM gone
    $$;
    REVOKE ALL ON FUNCTION keyring.retire(text, uuid, uuid, text[]), keyring.destroy(text, uuid, uuid, text[], date),
        keyring.destroy_again(text, uuid, uuid, text[], integer[], date) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION keyring.retire(text, uuid, uuid, text[]), keyring.destroy(text, uuid, uuid, text[], date),
        keyring.destroy_again(text, uuid, uuid, text[], integer[], date) TO keyring_app;
"""

KEYRING = (KEYRING_1, KEYRING_2)
"""All steps, in order, as ``keyring_owner`` runs them."""

STANDING = """
    SELECT CASE WHEN to_regclass('keyring.holds') IS NOT NULL THEN 2
                WHEN to_regclass('keyring.keys') IS NOT NULL THEN 1 ELSE 0 END"""
"""How many of the steps have run."""
