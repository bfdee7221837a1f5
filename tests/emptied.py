"""A PostgreSQL database that one test after another has: emptied in between, which takes a tenth of a new one."""

import psycopg

from models.db import NEWEST

# what a test may have made or taken away: then the next has a database of its own making
_SHAPE = """
SELECT md5(string_agg(said, ',' ORDER BY said)) FROM (
SELECT c.relkind::text || c.relname || c.relhastriggers || c.relnatts FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger' || t.tgname || t.tgenabled::text || t.tgrelid::regclass FROM pg_trigger t
UNION ALL SELECT 'constraint' || conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'function' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS shape(said)
"""
_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# as a replica no trigger guards what is append-only; few rows are deleted quicker than a table is cut off
_EMPTY = """
DO $$ DECLARE one record; rows bigint; BEGIN
SET LOCAL session_replication_role = replica;
FOR one IN SELECT c.oid::regclass AS name FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version' LOOP
EXECUTE format('SELECT count(*) FROM (SELECT 1 FROM %s LIMIT 500) AS few', one.name) INTO rows;
IF rows >= 500 THEN EXECUTE format('TRUNCATE %s CASCADE', one.name);
ELSIF rows > 0 THEN EXECUTE format('DELETE FROM %s', one.name); END IF;
END LOOP;
FOR one IN SELECT c.oid::regclass AS name, s.seqstart AS start FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace LOOP
PERFORM setval(one.name, one.start, false);
END LOOP;
END $$
"""


def shape_of(url: str) -> str:
    """What a database is made of, as one word: tables, indexes, triggers, constraints, functions."""
    with psycopg.connect(url, autocommit=True) as conn:
        return str(conn.execute(_SHAPE).fetchone())


def empty(url: str, shape: str) -> bool:
    """Empty a database that has kept its shape, whoever is in it; gives whether it has, and may be emptied."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(_OTHERS)
        if str(conn.execute(_SHAPE).fetchone()) != shape:
            return False
        if conn.execute("SELECT version_num FROM alembic_version").fetchall() != [(NEWEST,)]:
            return False
        try:
            conn.execute(_EMPTY)
        except psycopg.errors.InsufficientPrivilege:  # a given server's user who is no superuser
            return False
        return True
