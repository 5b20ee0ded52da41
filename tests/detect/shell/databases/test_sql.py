"""What SQL text is read as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.effect import UNKNOWN, EffectKind, Flag
from checkrein.detect.shell.databases.sql import sql_effects, sql_outcomes
from checkrein.detect.shell.databases.sqltext import MAX_CHARS, looks_like_sql, open_conditional_comments
from checkrein.detect.shell.model import ShellText
from checkrein.rules import load_rules


def rules(text: str, dialect: str = "postgres") -> set[str]:
    return {effect.rule for effect in sql_effects(text, dialect) if effect.rule}


@pytest.mark.parametrize(
    ("text", "dialect", "rule"),
    [
        ("DROP DATABASE a", "postgres", "sql.drop-database"),
        ("drop schema if exists a cascade", "postgres", "sql.drop-database"),
        ("DROP KEYSPACE a", "", "sql.drop-database"),
        ("DROP TABLE a, b", "mysql", "sql.drop-table"),
        ("DROP FOREIGN TABLE a", "postgres", "sql.drop-table"),
        ("DROP OWNED BY a", "postgres", "sql.drop-table"),
        ("DROP MATERIALIZED VIEW a", "postgres", "sql.drop-object"),
        ("DROP INDEX CONCURRENTLY a", "postgres", "sql.drop-object"),
        ("DROP USER a", "mysql", "sql.drop-user"),
        ("ALTER TABLE a DROP COLUMN b", "postgres", "sql.drop-column"),
        ("ALTER TABLE a ADD c int, DROP `b`", "mysql", "sql.drop-column"),
        ("TRUNCATE a", "postgres", "sql.truncate"),
        ("truncate table a restart identity", "", "sql.truncate"),
        ("DELETE FROM a", "postgres", "sql.delete-all"),
        ('DELETE FROM "A"."B";', "postgres", "sql.delete-all"),
        ("DELETE FROM `a`", "", "sql.delete-all"),
        ("DELETE FROM a WHERE 1=1", "postgres", "sql.delete-all"),
        ("DELETE FROM a WHERE 1=1 OR id=3", "postgres", "sql.delete-all"),
        ("DELETE FROM a WHERE id = id", "postgres", "sql.delete-all"),
        ("DELETE FROM a WHERE 'x' LIKE '%'", "postgres", "sql.delete-all"),
        ("DELETE FROM a WHERE name LIKE '%'", "sqlite", "sql.delete-all"),
        ("DELETE FROM a RETURNING id", "postgres", "sql.delete-all"),
        ("DELETE a", "tsql", "sql.delete-all"),
        ("WITH d AS (DELETE FROM a RETURNING *) SELECT * FROM d WHERE id=1", "postgres", "sql.delete-all"),
        ("EXPLAIN ANALYZE DELETE FROM a", "postgres", "sql.delete-all"),
        ("EXPLAIN (ANALYZE, BUFFERS) DELETE FROM a", "postgres", "sql.delete-all"),
        ("BEGIN; DELETE FROM a; ROLLBACK", "postgres", "sql.delete-all"),
        ("ALTER TABLE a DELETE WHERE 1=1", "clickhouse", "sql.delete-all"),
        ("UPDATE a SET b=1", "postgres", "sql.update-all"),
        ("UPDATE a SET b=1 WHERE true", "mysql", "sql.update-all"),
        ("GRANT ALL PRIVILEGES ON *.* TO 'a'@'%'", "mysql", "sql.grant-all"),
        ("ALTER ROLE a SUPERUSER", "postgres", "sql.grant-all"),
        ("COPY a FROM PROGRAM 'id'", "postgres", "sql.run-program"),
        ("EXEC xp_cmdshell 'dir'", "tsql", "sql.run-program"),
        ("SELECT load_extension('x')", "sqlite", "sql.run-program"),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", "mysql", "sql.server-file"),
        ("SELECT LOAD_FILE('/etc/x')", "mysql", "sql.server-file"),
        ("SELECT lo_export(1, '/tmp/x')", "postgres", "sql.server-file"),
        ("DO $$ BEGIN DROP TABLE a; END $$", "postgres", "sql.drop-table"),
        ("DO $$ BEGIN EXECUTE 'DROP TABLE a'; END $$", "postgres", "sql.drop-table"),
        ("PREPARE s FROM 'DROP TABLE a'", "mysql", "sql.drop-table"),
        ("EXEC('DROP TABLE a')", "tsql", "sql.drop-table"),
        ("SELECT 1; /*!50000 DROP TABLE a */", "mysql", "sql.drop-table"),
        ("CREATE TEMP TABLE a(b int); DROP TABLE a, c", "postgres", "sql.drop-table"),
        ("SELECT 1;\n-- note\nDROP TABLE a", "postgres", "sql.drop-table"),
    ],
)
def test_named(text: str, dialect: str, rule: str) -> None:
    assert rule in rules(text, dialect)
    assert rule in load_rules()


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("SELECT * FROM users", "postgres"),
        ("SELECT 'DROP TABLE a'", "postgres"),
        ("SELECT 1 -- DROP TABLE a", "postgres"),
        ("SELECT 1 /* DROP TABLE a; */", "postgres"),
        ("INSERT INTO a VALUES ('; DROP TABLE b; --')", "postgres"),
        ("INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET b=1", "postgres"),
        ("MERGE INTO a USING b ON a.id=b.id WHEN MATCHED THEN DELETE", "postgres"),
        ("CREATE TABLE a (b int REFERENCES c ON DELETE CASCADE)", "postgres"),
        ("CREATE FUNCTION f() RETURNS void AS $$ DELETE FROM a $$ LANGUAGE sql", "postgres"),
        ("SELECT * FROM a FOR UPDATE", "postgres"),
        ("SELECT truncate(1.2, 1)", "mysql"),
        ("DELETE FROM a WHERE id = 1", "postgres"),
        ("DELETE FROM a WHERE active = false", ""),
        ("DELETE FROM a WHERE TRUE AND id = 1", "postgres"),
        ("DELETE FROM a WHERE id IN (SELECT id FROM b)", "postgres"),
        ("DELETE x FROM x JOIN y ON x.id = y.id", "mysql"),
        ("UPDATE a SET b=1 WHERE id=1", "postgres"),
        ("ALTER TABLE a DROP CONSTRAINT b", "postgres"),
        ("ALTER TABLE a ALTER COLUMN b DROP NOT NULL", "postgres"),
        ("GRANT ALL ON app.* TO 'a'@'h'", "mysql"),
        ("GRANT SELECT ON *.* TO 'a'@'h'", "mysql"),
        ("GRANT DELETE ON a TO b", "postgres"),
        ("EXPLAIN DELETE FROM a", "postgres"),
        ("SHOW TABLES", "mysql"),
        ("CREATE TEMP TABLE a(b int); DELETE FROM a; DROP TABLE a", "postgres"),
        ("DROP TABLE #a", "tsql"),
        ("DROP TEMPORARY TABLE a", "mysql"),
        ("CALL log('DROP TABLE a')", "postgres"),
        ("", "postgres"),
        (" ; ; ", "postgres"),
    ],
)
def test_quiet(text: str, dialect: str) -> None:
    assert sql_outcomes(text, dialect) == ()


def test_program_is_handed_on() -> None:
    assert ShellText("rm -rf /x", flags=Flag.REMOTE) in sql_outcomes("COPY a TO PROGRAM 'rm -rf /x'", "postgres")


def test_unfinished_quotation_is_closed() -> None:
    assert rules("DROP TABLE a; SELECT 'x") == {"sql.drop-table"}


def test_unknown_text_is_said_to_be_unknown() -> None:
    assert [effect.kind for effect in sql_effects(UNKNOWN)] == [EffectKind.UNRESOLVED]
    assert rules(f"DROP TABLE {UNKNOWN}") == {"sql.drop-table"}
    assert rules(f"DELETE FROM a WHERE id = {UNKNOWN}") == set()


def test_long_text_is_judged_and_said_to_be_long() -> None:
    text = "DROP TABLE a;" + "INSERT INTO b VALUES (1);" * (MAX_CHARS // 20)
    effects = sql_effects(text, "postgres")
    assert {effect.kind for effect in effects} == {EffectKind.UNRESOLVED, EffectKind.DESTRUCTIVE}


def test_more_work_than_one_text_may_cause_is_said_to_be_so() -> None:
    many = ";".join(f"DELETE FROM a WHERE b > {number} AND c < 3" for number in range(150))
    assert [effect.kind for effect in sql_effects(many, "postgres")] == [EffectKind.UNRESOLVED]
    assert sql_effects(";".join(f"DELETE FROM a WHERE b = {number}" for number in range(150)), "postgres") == ()
    nested = sql_effects("(DELETE FROM a " * 4_000, "postgres")
    assert {effect.kind for effect in nested} == {EffectKind.UNRESOLVED, EffectKind.DESTRUCTIVE}


def test_conditional_comments_keep_offsets_and_strings() -> None:
    text = "a '/*! x */' /*!40101 SET b */ /* c */"
    opened = open_conditional_comments(text)
    assert len(opened) == len(text)
    assert opened == "a '/*! x */'          SET b    /* c */"


@pytest.mark.parametrize(
    "text",
    [
        "DROP TABLE users;",
        "drop database a",
        "truncate table orders",
        "TRUNCATE users;",
        "DELETE FROM `a`;",
        "GRANT ALL ON *.* TO 'a'@'b';",
        "SELECT * FROM a",
    ],
)
def test_bare_sql(text: str) -> None:
    assert looks_like_sql(text)


@pytest.mark.parametrize(
    "text", ["truncate -s 0 a.log", "select x in a b", "drop", "delete x", "ls", "", "truncate --size=0 a", "update"]
)
def test_shell_commands_are_not_sql(text: str) -> None:
    assert not looks_like_sql(text)


@given(
    st.text(alphabet="DROPTABLEdeltfrom ;'\"`$-/*!()#,\\\n\0=1a", max_size=60),
    st.sampled_from(["", "mysql", "postgres", "tsql", "sqlite"]),
)
def test_never_fails(text: str, dialect: str) -> None:
    assert isinstance(sql_outcomes(text, dialect), tuple)
