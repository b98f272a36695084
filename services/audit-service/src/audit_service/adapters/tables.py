"""The tables of audit-service beyond the event store, as its migrations make them.

A migration may not change once it has run anywhere: a later change is ``evidence_2`` and a migration that calls it.
"""

TENANT = "nullif(current_setting('handrail.tenant', true), '')"


def evidence_1() -> list[str]:
    """Copies of all four logs, how far they are without a gap, and the names that make a timeline readable."""
    return [_COPIES, _FRONTIER, _PEOPLE]


def findings_1() -> list[str]:
    """Findings as they stand today, of whom they were judged, and what waits to be judged."""
    return [_FINDINGS]


def finding_queue_2() -> list[str]:
    """A student may also wait because somebody looked: only those whom no role explains have them judged anew."""
    return [_QUEUE_OF_LOOKS]


def staff_looks_1() -> list[str]:
    """Which of the staff looked at which student on which day, by the first event of each service that says so."""
    return [_STAFF_LOOKS]


def _apart(table: str) -> str:
    return f"""
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON {table} TO audit_app USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT});
    """


_COPIES = f"""
    CREATE TABLE audit.copies (
        source text NOT NULL CHECK (source IN ('plan', 'progress', 'notify', 'audit')),
        position bigint NOT NULL CHECK (position > 0),
        tenant text NOT NULL,
        index bigint NOT NULL CHECK (index >= 0),
        subject uuid NOT NULL,
        stream text NOT NULL,
        version bigint NOT NULL,
        type text NOT NULL,
        effective_on date NOT NULL,
        known_at timestamptz NOT NULL,
        event_id uuid NOT NULL,
        entry bytea NOT NULL,
        sealed bytea NOT NULL,
        PRIMARY KEY (source, position),
        UNIQUE (tenant, source, index),
        UNIQUE (tenant, event_id)
    );
    COMMENT ON TABLE audit.copies IS 'every entry of every log as it came, with its sealed contents: what evidence rests on';
    ALTER TABLE audit.copies ALTER COLUMN sealed SET STORAGE EXTERNAL;
    CREATE INDEX copies_subject ON audit.copies (tenant, subject, known_at, source, index);
    CREATE INDEX copies_stream ON audit.copies (tenant, stream, version);
    CREATE INDEX copies_known ON audit.copies (tenant, source, position);
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit.copies
        FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
    CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit.copies
        FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
    ALTER TABLE audit.copies ENABLE ALWAYS TRIGGER append_only;
    ALTER TABLE audit.copies ENABLE ALWAYS TRIGGER append_only_truncate;
    {_apart("audit.copies")}
    GRANT SELECT, INSERT ON audit.copies TO audit_app;
"""

# The frontier runs over all tenants, which the service's own role never sees at once: the function tells positions only.
_FRONTIER = """
    CREATE TABLE audit.frontier (source text PRIMARY KEY, next bigint NOT NULL DEFAULT 1);
    COMMENT ON TABLE audit.frontier IS 'per source the first position that is not yet here: all before it are';
    INSERT INTO audit.frontier (source) VALUES ('plan'), ('progress'), ('notify'), ('audit');
    GRANT SELECT ON audit.frontier TO audit_app;
    CREATE POLICY frontier ON audit.copies FOR SELECT TO audit_owner USING (true);
    CREATE FUNCTION audit.advance_frontier(p_source text, p_most integer) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = audit, pg_temp AS $$
    DECLARE
        first bigint;
        reached bigint;
    BEGIN
        SELECT f.next INTO first FROM frontier f WHERE f.source = p_source FOR UPDATE;
        SELECT max(run.position) INTO reached
          FROM (SELECT c.position, row_number() OVER (ORDER BY c.position) AS place
                  FROM (SELECT position FROM copies WHERE source = p_source AND position >= first
                         ORDER BY position LIMIT p_most) AS c) AS run
         WHERE run.position = first + run.place - 1;
        IF reached IS NULL THEN RETURN first; END IF;
        UPDATE frontier SET next = reached + 1 WHERE source = p_source;
        RETURN reached + 1;
    END $$;
    REVOKE ALL ON FUNCTION audit.advance_frontier(text, integer) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION audit.advance_frontier(text, integer) TO audit_app;
"""

_PEOPLE = f"""
    SET LOCAL ROLE audit_app;
    CREATE TABLE audit_read.people (
        tenant text NOT NULL,
        id text NOT NULL,
        kind text NOT NULL,
        name text NOT NULL,
        PRIMARY KEY (tenant, id)
    );
    CREATE TABLE audit_read.students (
        tenant text NOT NULL,
        student uuid NOT NULL,
        name text NOT NULL,
        sort_name text NOT NULL,
        birth_date date NOT NULL,
        school uuid,
        grade text,
        external_ids text[] NOT NULL DEFAULT '{{}}',
        PRIMARY KEY (tenant, student)
    );
    CREATE TABLE audit_read.student_words (
        tenant text NOT NULL,
        student uuid NOT NULL,
        word text NOT NULL,
        PRIMARY KEY (tenant, student, word)
    );
    CREATE INDEX student_words_word ON audit_read.student_words (tenant, word text_pattern_ops);
    CREATE TABLE audit_read.plans (
        tenant text NOT NULL,
        plan uuid NOT NULL,
        student uuid NOT NULL,
        kind text NOT NULL,
        PRIMARY KEY (tenant, plan)
    );
    CREATE INDEX plans_student ON audit_read.plans (tenant, student);
    CREATE TABLE audit_read.districts (
        tenant text PRIMARY KEY,
        name text NOT NULL,
        time_zone text NOT NULL
    );
    {"".join(_apart(f"audit_read.{name}") for name in ("people", "students", "student_words", "plans", "districts"))}
    RESET ROLE;
"""

_FINDINGS = f"""
    SET LOCAL ROLE audit_app;
    CREATE TABLE audit_read.findings (
        tenant text NOT NULL,
        student uuid NOT NULL,
        rule text NOT NULL,
        about text NOT NULL,
        state text NOT NULL,
        severity text NOT NULL,
        says text NOT NULL,
        trigger_on date NOT NULL,
        due_on date,
        done_on date,
        facts jsonb NOT NULL,
        events uuid[] NOT NULL,
        cure text,
        rules text NOT NULL,
        plan uuid,
        item uuid,
        wakes_on date,
        PRIMARY KEY (tenant, student, rule, about)
    );
    CREATE INDEX findings_due ON audit_read.findings
        (tenant, (coalesce(due_on, 'infinity'::date)), student, rule, about);
    CREATE INDEX findings_rule ON audit_read.findings (tenant, rule, state);
    CREATE TABLE audit_read.finding_students (
        tenant text NOT NULL,
        student uuid NOT NULL,
        judged_on date NOT NULL,
        wakes_on date NOT NULL DEFAULT 'infinity',
        staff uuid[] NOT NULL,
        case_managers uuid[] NOT NULL,
        PRIMARY KEY (tenant, student)
    );
    CREATE INDEX finding_students_wake ON audit_read.finding_students (tenant, wakes_on);
    CREATE INDEX finding_students_staff ON audit_read.finding_students USING gin (staff);
    CREATE TABLE audit_read.finding_queue (
        tenant text NOT NULL,
        subject uuid NOT NULL,
        source text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('student', 'staff', 'district')),
        position bigint NOT NULL,
        PRIMARY KEY (tenant, subject, source)
    );
    {"".join(_apart(f"audit_read.{name}") for name in ("findings", "finding_students", "finding_queue"))}
    RESET ROLE;
"""

_STAFF_LOOKS = f"""
    SET LOCAL ROLE audit_app;
    CREATE TABLE audit_read.staff_looks (
        tenant text NOT NULL,
        student uuid NOT NULL,
        staff uuid NOT NULL,
        role text NOT NULL,
        looked_on date NOT NULL,
        source text NOT NULL,
        event_id uuid NOT NULL,
        PRIMARY KEY (tenant, student, staff, looked_on, source)
    );
    {_apart("audit_read.staff_looks")}
    RESET ROLE;
"""

_QUEUE_OF_LOOKS = """
    SET LOCAL lock_timeout = '5s';
    SET LOCAL ROLE audit_app;
    ALTER TABLE audit_read.finding_queue DROP CONSTRAINT finding_queue_kind_check,
        ADD CONSTRAINT finding_queue_kind_check CHECK (kind IN ('student', 'look', 'staff', 'district'));
    ALTER TABLE audit_read.finding_students NO FORCE ROW LEVEL SECURITY;
    UPDATE audit_read.finding_students SET wakes_on = '-infinity';
    ALTER TABLE audit_read.finding_students FORCE ROW LEVEL SECURITY;
    RESET ROLE;
"""
