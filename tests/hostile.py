"""Hostile SQL, a world that it must not reach, and how that world is looked at."""

GOOD = "CREATE TABLE tags (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);"
# The world: all of it belongs to the judge's own role, the worst case there is.
WORLD = """
CREATE SCHEMA live; CREATE SEQUENCE live.numbers START 7; CREATE TABLE live.people (id int PRIMARY KEY, name text);
INSERT INTO live.people VALUES (1, 'Ada'), (2, 'Grace'); SELECT nextval('live.numbers'); CREATE TYPE live.mood AS ENUM ('good');
CREATE TABLE public.tags (id int PRIMARY KEY, kept text DEFAULT 'x'); INSERT INTO public.tags VALUES (1, 'kept');
CREATE SEQUENCE public.numbers; SELECT nextval('public.numbers'); CREATE TABLE public.a (b int);
CREATE TABLE public.people (id int);
CREATE VIEW live.names AS SELECT name FROM live.people; CREATE DOMAIN live.short AS text CHECK (length(VALUE) < 9);
"""
OWNED = """
DO $$ DECLARE one text; BEGIN
FOR one IN SELECT format('ALTER TABLE %s OWNER TO {role}', c.oid::regclass) FROM pg_class c
    WHERE relnamespace IN ('live'::regnamespace, 'public'::regnamespace) AND relkind IN ('r', 'S', 'v')
    LOOP EXECUTE one; END LOOP;
END $$; ALTER SCHEMA live OWNER TO {role}; GRANT ALL ON SCHEMA public TO {role}; ALTER TYPE live.mood OWNER TO {role};
"""
# What outlives a transaction, as columns by catalog.
OUTSIDE = {
    "live.people": "id, name",
    "public.tags": "id, kept",
    "live.numbers": "last_value, is_called",
    "public.numbers": "last_value, is_called",
    "pg_class": "oid, relname, relnamespace, relowner, relkind, relnatts, relchecks, relhasrules, relhastriggers, relacl",
    "pg_attribute": "attrelid, attname, atttypid, attnotnull, attisdropped, atthasdef, attacl",
    "pg_type": "oid, typname, typnamespace, typowner, typacl",
    "pg_proc": "oid, proname, proacl",
    "pg_namespace": "oid, nspname, nspowner, nspacl",
    "pg_constraint": "oid, conname, contype",
    "pg_authid": "oid, rolname, rolsuper, rolcreatedb, rolcreaterole, rolpassword",
    "pg_database": "oid, datname, datdba, datacl",
    "pg_auth_members": "roleid, member",
    "pg_db_role_setting": "setdatabase, setrole, setconfig",
    "pg_default_acl": "oid, defaclacl",
    "pg_description": "objoid, description",
    "pg_language": "oid, lanname, lanacl",
    "pg_rewrite": "oid, rulename, ev_action",
    "pg_largeobject_metadata": "oid",
    "pg_file_settings": "name, setting",
    "pg_prepared_xacts": "gid",
    "(SELECT * FROM pg_locks WHERE locktype = 'advisory')": "locktype, mode",
    "(SELECT f FROM pg_ls_dir('.') f WHERE f !~ '^(pg_|base|global|log|PG_|postmaster|current)')": "f",
    **{
        f"pg_{name}": "oid"
        for name in "enum extension trigger event_trigger cast operator tablespace publication policy".split()
    },
    **{f"pg_{name}": "oid" for name in "foreign_server statistic_ext collation conversion index aggregate".split()},
}
for _odd, _key in (("pg_index", "indexrelid"), ("pg_aggregate", "aggfnoid")):
    OUTSIDE[_odd] = _key
LOOK = " UNION ALL ".join(
    f"SELECT $q${place}$q$, (SELECT md5(string_agg(t, '|' ORDER BY t)) FROM"
    f" (SELECT concat_ws(',', {columns}) FROM {place} o) x (t))"
    for place, columns in OUTSIDE.items()
)
SESSION = """
SELECT name || '=' || setting FROM pg_settings WHERE name NOT IN ('transaction_timeout')
UNION ALL SELECT 'user ' || current_user || session_user UNION ALL SELECT 'statement ' || name FROM pg_prepared_statements
UNION ALL SELECT 'cursor ' || name FROM pg_cursors UNION ALL SELECT 'channel ' || c FROM pg_listening_channels() c
UNION ALL SELECT 'temporary ' || pg_my_temp_schema() ORDER BY 1
"""
FILE = "{file}"  # a path that must not come to be
# Refused or not valid, each of them.
NEVER = [
    GOOD + "COMMIT; DROP TABLE public.a; BEGIN;",
    GOOD + "END; DELETE FROM live.people; START TRANSACTION;",
    GOOD + "ROLLBACK; DELETE FROM live.people;",
    GOOD + "PREPARE TRANSACTION 'x';",
    GOOD + "SAVEPOINT a; ROLLBACK TO a; RELEASE a; ABORT;",
    "CREATE TABLE a (b text DEFAULT $$x$$); COMMIT; DROP TABLE public.a; --$$);",
    "CREATE TABLE a (b text DEFAULT 'unterminated); COMMIT; DROP TABLE public.a;",
    "CREATE TABLE a (b int) /* unterminated; COMMIT; DROP TABLE public.a;",
    "CREATE TABLE a (b text DEFAULT $x$ unterminated); COMMIT; DROP TABLE public.a;",
    'CREATE TABLE "unterminated (b int); COMMIT; DROP TABLE public.a;',
    "/* /* nested */ CREATE TABLE a (b int); */ COMMIT; DROP TABLE public.a;",
    GOOD + f"COPY live.people TO '{FILE}';",
    GOOD + f"COPY live.people TO PROGRAM 'touch {FILE}';",
    GOOD + f"COPY tags FROM PROGRAM 'touch {FILE}; echo';",
    GOOD + "COPY tags (name) FROM '/etc/passwd';",
    GOOD + f"COPY (SELECT * FROM live.people) TO '{FILE}';",
    GOOD + "DO $$ BEGIN DELETE FROM live.people; END $$;",
    GOOD + "CALL live.something();",
    GOOD + "SELECT pg_sleep(100);",
    GOOD + "SELECT * FROM live.people;",
    GOOD + "TABLE live.people;",
    GOOD + "VALUES (pg_sleep(100));",
    GOOD + "WITH x AS (DELETE FROM live.people RETURNING *) SELECT * FROM x;",
    "CREATE TABLE stolen AS SELECT * FROM live.people;",
    "SELECT * INTO stolen FROM live.people;",
    "CREATE TABLE stolen AS TABLE live.people;",
    "CREATE MATERIALIZED VIEW stolen AS SELECT * FROM live.people;",
    GOOD + "ALTER SYSTEM SET fsync = on;",
    GOOD + "SET ROLE postgres;",
    GOOD + "SET SESSION AUTHORIZATION postgres;",
    GOOD + "LOAD '/tmp/evil.so';",
    GOOD + "PREPARE p AS SELECT 1;",
    GOOD + "EXECUTE ghost_catalog('live');",
    GOOD + "DEALLOCATE ALL;",
    GOOD + "DECLARE c CURSOR WITH HOLD FOR SELECT 1;",
    GOOD + "ALTER SCHEMA live RENAME TO dead;",
    GOOD + "ALTER ROLE ghost_judge RENAME TO x;",
    GOOD + "ALTER DATABASE postgres RENAME TO x;",
    "CREATE TABLE a (b text DEFAULT pg_read_file('/etc/passwd'));",
    "CREATE TABLE a (b oid DEFAULT lo_import('/etc/passwd'));",
    "CREATE TABLE a (b oid DEFAULT pg_catalog.lo_import('/etc/passwd'));",
    "CREATE TABLE a (b text DEFAULT \"pg_read_file\"('/etc/passwd'));",
    "CREATE TABLE a (b text DEFAULT U&\"pg_read\\005ffile\"('/etc/passwd'));",
    "CREATE TABLE a (b text DEFAULT set_config('search_path', 'live', false));",
    "CREATE TABLE a (b text DEFAULT pg_advisory_lock(1)::text);",
    "CREATE TABLE a (b text DEFAULT pg_notify('a', 'b')::text);",
    "CREATE TABLE a (b int DEFAULT (SELECT count(*) FROM live.people));",
    "CREATE TABLE a (b int CHECK (EXISTS (SELECT 1 FROM live.people)));",
    "CREATE TABLE a (b xml DEFAULT query_to_xml('SELECT * FROM live.people', true, true, ''));",
    "CREATE TABLE a (b int CHECK (live.evil(b)));",
    "CREATE TABLE a (b int CHECK (b OPERATOR(live.=) 1));",
    "CREATE TABLE p (x int) PARTITION BY RANGE (x);"
    "CREATE TABLE q PARTITION OF p FOR VALUES FROM (nextval('live.numbers')::int) TO (90);",
    "CREATE TABLE p (x int) PARTITION BY RANGE (x);"
    "CREATE TABLE q PARTITION OF p FOR VALUES FROM (pg_sleep(60)::text::int) TO (9);",
    "CREATE TABLE p (x int) PARTITION BY RANGE (x);"
    "CREATE TABLE q PARTITION OF p FOR VALUES FROM (setval('live.numbers', 99)::int) TO (900);",
    "CREATE TABLE a (b int); ALTER TABLE a ADD COLUMN c int DEFAULT length(pg_read_file('/etc/passwd'));",
    "CREATE TABLE a (b int); ALTER TABLE a ADD COLUMN c bigint DEFAULT setval('live.numbers', 99);",
    "CREATE TABLE a (b int); ALTER TABLE a ALTER b TYPE int USING (SELECT count(*) FROM live.people);",
    "CREATE TABLE a (b int GENERATED ALWAYS AS (length(pg_read_file('/etc/passwd'))) STORED);",
    "CREATE TABLE a (b int); CREATE INDEX ON a ((pg_sleep(60)));",
    "CREATE TABLE a (b int); CREATE INDEX ON a (b) WHERE pg_sleep(60) IS NULL;",
    "CREATE DOMAIN d AS int CHECK (pg_sleep(60) IS NULL); CREATE TABLE a (b d);",
    "CREATE TABLE a (b text DEFAULT repeat('x', 1000000000));",
    "CREATE TABLE pg_catalog.pg_class (a int);",
    "ALTER TABLE pg_catalog.pg_authid ADD COLUMN x int;",
    'ALTER TABLE U&"live".people ADD COLUMN x int;',
    "ALTER TABLE live/**/.people ADD COLUMN x int;",
    "ALTER TABLE live.people DROP COLUMN name;",
    "ALTER TABLE people DROP COLUMN id;",
    "ALTER TABLE postgres.live.people ADD COLUMN x int;",
    "ALTER SEQUENCE live.numbers RESTART;",
    "ALTER TYPE live.mood ADD VALUE 'bad';",
    "ALTER TABLE live.people RENAME TO gone;",
    "ALTER TABLE public.tags RENAME COLUMN kept TO lost;",
    "CREATE INDEX ON live.people (name);",
    "CREATE TABLE child () INHERITS (live.people);",
    "CREATE TABLE copy (LIKE live.people INCLUDING ALL);",
    "CREATE TABLE a (b int REFERENCES live.people (id));",
    "CREATE TABLE a (b live.mood);",
    "CREATE TABLE a (b live.people);",
    "CREATE TABLE part PARTITION OF live.people DEFAULT;",
    "CREATE SEQUENCE s OWNED BY live.people.id; CREATE TABLE a (b int);",
]
# Skipped, created in the throw-away schema or not valid: whatever the verdict, nothing outside may change.
ANYHOW = [
    GOOD + "SELECT 'DROP TABLE public.a' \\gexec",
    GOOD + "DELETE FROM live.people;",
    GOOD + "UPDATE live.people SET name = 'x';",
    GOOD + "MERGE INTO live.people p USING tags t ON p.id = t.id WHEN MATCHED THEN DELETE;",
    GOOD + "TRUNCATE live.people;",
    GOOD + "LOCK TABLE live.people;",
    GOOD + "DISCARD ALL;",
    GOOD + "LISTEN a;",
    GOOD + "NOTIFY a, 'b';",
    GOOD + "VACUUM FULL live.people;",
    GOOD + "REINDEX TABLE live.people;",
    GOOD + "CLUSTER live.people;",
    GOOD + "CHECKPOINT;",
    GOOD + "REASSIGN OWNED BY ghost_judge TO postgres;",
    GOOD + "DROP OWNED BY ghost_judge;",
    GOOD + "IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c;",
    GOOD + "SECURITY LABEL ON TABLE tags IS 'x';",
    GOOD + "ALTER TABLE tags SET SCHEMA live;",
    GOOD + "ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE pg_global;",
    "CREATE TABLE a (b text DEFAULT current_setting('data_directory'));",
    "COMMIT; CREATE TABLE public.b (c int);",
    "CREATE TABLE a (b text DEFAULT ''); COMMIT; --');",
    "CREATE TABLE a (b text DEFAULT E'\\'); COMMIT; DROP TABLE public.a; --');",
    GOOD + "COMMIT AND CHAIN;",
    f"CREATE FUNCTION evil() RETURNS int LANGUAGE sql AS 'DELETE FROM live.people; SELECT 1'; {GOOD}",
    f"CREATE FUNCTION evil() RETURNS int LANGUAGE c AS '{FILE}', 'x'; {GOOD}",
    f"CREATE PROCEDURE evil() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$; {GOOD}",
    f"CREATE FUNCTION evil() RETURNS int BEGIN ATOMIC DELETE FROM live.people; SELECT 1; END; {GOOD}",
    "CREATE FUNCTION evil() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE a (b int DEFAULT evil());",
    f"{GOOD} CREATE TRIGGER t AFTER INSERT ON tags EXECUTE FUNCTION evil(); INSERT INTO tags VALUES (1);",
    f"{GOOD} CREATE RULE r AS ON INSERT TO tags DO ALSO DELETE FROM live.people; INSERT INTO tags VALUES (1);",
    f"{GOOD} CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION evil();",
    f"{GOOD} CREATE EXTENSION vector; CREATE EXTENSION plpgsql;",
    f"{GOOD} CREATE CAST (int AS text) WITH INOUT AS IMPLICIT;",
    f"{GOOD} CREATE OPERATOR = (FUNCTION = evil, LEFTARG = int, RIGHTARG = int);",
    f"{GOOD} CREATE AGGREGATE a (int) (SFUNC = int4pl, STYPE = int);",
    f"{GOOD} CREATE LANGUAGE evil; CREATE SERVER s FOREIGN DATA WRAPPER f; CREATE FOREIGN TABLE f (a int) SERVER s;",
    f"{GOOD} CREATE ROLE evil SUPERUSER LOGIN; GRANT postgres TO ghost_judge; ALTER ROLE ghost_judge SUPERUSER;",
    f"{GOOD} ALTER ROLE ghost_judge SET search_path = live; ALTER DATABASE postgres SET search_path = live;",
    f"{GOOD} CREATE DATABASE evil; DROP DATABASE template1; DROP ROLE ghost_judge; DROP SCHEMA live CASCADE;",
    f"{GOOD} DROP TABLE live.people; DROP TABLE public.a; DROP TYPE live.mood; DROP SEQUENCE live.numbers;",
    f"{GOOD} SET search_path = live; SET statement_timeout = 0; RESET ALL; RESET ROLE; SET LOCAL search_path = public;",
    f"{GOOD} SELECT set_config('search_path', 'live', false); SELECT pg_catalog.set_config('role', 'postgres', false);",
    f"{GOOD} SELECT setval('live.numbers', 99); SELECT pg_catalog.setval('public.numbers', 1, false);",
    f"{GOOD} GRANT ALL ON live.people TO PUBLIC; REVOKE ALL ON live.people FROM ghost_judge;",
    f"{GOOD} ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC; ALTER TABLE live.people OWNER TO postgres;",
    f"{GOOD} COMMENT ON TABLE live.people IS 'mine'; CREATE STATISTICS s ON id, name FROM live.people;",
    f"{GOOD} CREATE VIEW live.v AS SELECT 1; CREATE OR REPLACE VIEW live.names AS SELECT 'x'::text AS name;",
    f"{GOOD} INSERT INTO live.people VALUES (3, 'x'); INSERT INTO tags (name) SELECT name FROM live.people;",
    f"{GOOD} CREATE SCHEMA evil; CREATE SCHEMA AUTHORIZATION postgres CREATE TABLE t (a int); CREATE TABLE evil.t (a int);",
    f"\\! touch {FILE}\n{GOOD}\n\\copy tags to '{FILE}'\n\\o {FILE}\n\\i /etc/passwd\n\\connect postgres postgres\n",
    f"{GOOD}\nCOPY tags FROM stdin;\n\\.\n\\! touch {FILE}\nDROP TABLE live.people;\n",
    "CREATE TEMP TABLE t (a int); CREATE TABLE pg_temp.u (a int);",
    "CREATE TABLE live.people (id bigint, mine int); CREATE TABLE public.tags (id int); CREATE INDEX ON live.people (mine);",
    "CREATE TABLE people (id bigint); ALTER TABLE live.people ADD COLUMN x int; ALTER TABLE public.people DROP COLUMN id;",
    "CREATE TABLE pg_class (oid int, relname text); CREATE TABLE pg_depend (a int); CREATE TABLE pg_namespace (a int);",
    "CREATE DOMAIN text AS int; CREATE TYPE regnamespace AS ENUM ('a'); CREATE TABLE pg_attribute (a text);",
    "CREATE TABLE a (b int DEFAULT nextval('live.numbers'), c int DEFAULT nextval('public.numbers'::regclass));",
    "CREATE TABLE a (b int); ALTER TABLE a ADD COLUMN c int DEFAULT nextval('live.numbers');",
    "CREATE TABLE a (b int); CREATE INDEX CONCURRENTLY ON a (b); DROP INDEX CONCURRENTLY live.people_pkey;",
    f"BEGIN; {GOOD} COMMIT;",
    f"SET standard_conforming_strings = off; CREATE TABLE a (b text DEFAULT '\\'); DROP TABLE public.a; --');{GOOD}",
    "CREATE TYPE r AS RANGE (subtype = float8, subtype_diff = float8mi); CREATE TYPE live.r2 AS RANGE (subtype = int4);",
    "CREATE TABLE a (b int) TABLESPACE pg_global; CREATE TABLE c (d int) WITH (fillfactor = 10) USING heap;",
    f"CREATE TABLE a (b xml DEFAULT '<!DOCTYPE a [<!ENTITY x SYSTEM \"file://{FILE}\">]><a>&x;</a>'::xml);",
    "CREATE UNLOGGED TABLE a (b regclass DEFAULT 'live.people'::regclass);",
]

HOSTILE = [part.strip() for text in NEVER + ANYHOW for part in text.replace(GOOD, "").split(";") if part.strip()]
CRUMBS = [
    "'",
    '"',
    "$$",
    "$a$",
    "/*",
    "*/",
    "--",
    "\n",
    ";",
    ");",
    "(",
    ")",
    "\\",
    "\\gexec\n",
    "\\!",
    "E'\\'",
    'U&"',
    "\x00",
    "\ufeff",
]
CRUMBS += [
    "\ud800",
    "\u2028",
    "ı",
    "K",
    "\U0001f600",
    "live.",
    "public.",
    "pg_catalog.",
    "::regclass",
    "COMMIT",
    "BEGIN",
    "RESET ROLE",
]
