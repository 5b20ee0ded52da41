"""What database programs are read as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.databases import HANDLERS
from checkrein.detect.shell.databases.connection import FOR_TESTS
from checkrein.detect.shell.model import Invocation, Outcome, ShellText, Snippet
from checkrein.rules import load_rules
from empty_world import EmptyWorld


@dataclass(frozen=True)
class FakeWorld(EmptyWorld):
    """A machine with the files that a case needs."""

    files: Mapping[str, str] = field(default_factory=dict)

    def read_text(self, path: str) -> str | None:
        return self.files.get(path)


def run(
    *argv: str, stdin: str | None = None, files: Mapping[str, str] | None = None, env: Mapping[str, str] | None = None
) -> list[Outcome]:
    return list(HANDLERS[argv[0]](Invocation(argv, "/w", FakeWorld(files or {}), stdin=stdin, env=env or {})))


def rules(outcomes: list[Outcome]) -> set[str]:
    return {outcome.rule for outcome in outcomes if isinstance(outcome, Effect) and outcome.rule}


@pytest.mark.parametrize(
    ("argv", "rule"),
    [
        (("psql", "-h", "db", "-c", "DROP TABLE a"), "sql.drop-table"),
        (("psql", "--command=DROP TABLE a", "app"), "sql.drop-table"),
        (("psql", "-Atc", "DROP TABLE a"), "sql.drop-table"),
        (("mysql", "-uroot", "-psecret", "app", "-e", "DROP DATABASE a"), "sql.drop-database"),
        (("mariadb", "--execute", "TRUNCATE a"), "sql.truncate"),
        (("sqlite3", "-header", "a.db", "DELETE FROM a"), "sql.delete-all"),
        (("sqlite3", "a.db", ".load ./x"), "sql.run-program"),
        (("sqlite3", ":memory:", ".load ./x"), "sql.run-program"),
        (("duckdb", "a.db", "-c", "DROP TABLE a"), "sql.drop-table"),
        (("cockroach", "sql", "--url", "u", "-e", "DROP DATABASE a"), "sql.drop-database"),
        (("clickhouse-client", "--query=DROP TABLE a"), "sql.drop-table"),
        (("clickhouse", "client", "-q", "TRUNCATE TABLE a"), "sql.truncate"),
        (("sqlcmd", "-S", "s", "-Q", "DROP DATABASE a"), "sql.drop-database"),
        (("cqlsh", "-e", "DROP KEYSPACE a"), "sql.drop-database"),
        (("bq", "query", "--nouse_legacy_sql", "DROP TABLE a.b"), "sql.drop-table"),
        (("influx", "-execute", "DROP DATABASE a"), "sql.drop-database"),
        (("influx", "bucket", "delete", "-n", "a"), "db.schema-reset"),
        (("mysqlsh", "--sql", "-e", "DROP TABLE a"), "sql.drop-table"),
        (("dolt", "sql", "-q", "DROP TABLE a"), "sql.drop-table"),
        (("sqlite-utils", "query", "a.db", "DROP TABLE a"), "sql.drop-table"),
        (("db2", "drop", "table", "a"), "sql.drop-table"),
        (("db2", "drop table a"), "sql.drop-table"),
        (("mongosh", "app", "--eval", "db.dropDatabase()"), "sql.drop-database"),
        (("mongosh", "--eval", 'db["users"]["drop"]()'), "sql.drop-table"),
        (("mongosh", "--eval", "db.getCollection('a').deleteMany({})"), "sql.delete-all"),
        (("mongosh", "--eval", "db.a.remove({})"), "sql.delete-all"),
        (("mongo", "--eval", "db.runCommand({dropDatabase: 1})"), "sql.drop-database"),
        (("mongosh", "--eval", "db.a.updateMany({}, {$set: {b: 1}})"), "sql.update-all"),
        (("redis-cli", "-h", "h", "-n", "2", "flushall"), "db.redis-flush"),
        (("redis-cli", "FLUSHDB ASYNC"), "db.redis-flush"),
        (("redis-cli", "EVAL", "return redis.call('FLUSHALL')", "0"), "db.redis-flush"),
        (("redis-cli", "DEL", UNKNOWN), "db.redis-delete"),
        (("valkey-cli", "CONFIG", "SET", "dir", "/x"), "db.redis-config"),
        (("redis-cli", "MODULE", "LOAD", "/x.so"), "db.redis-config"),
        (("redis-cli", "REPLICAOF", "10.0.0.1", "6379"), "db.redis-config"),
        (("redis-cli", "SHUTDOWN", "NOSAVE"), "db.stop-server"),
        (("dropdb", "--if-exists", "app"), "sql.drop-database"),
        (("dropuser", "app"), "sql.drop-user"),
        (("mysqladmin", "-u", "root", "--force", "drop", "app"), "sql.drop-database"),
        (("mysqladmin", "shutdown"), "db.stop-server"),
        (("pg_restore", "--clean", "-d", "app", "x.dump"), "db.restore-over"),
        (("mongorestore", "--drop", "dump/"), "db.restore-over"),
        (("prisma", "migrate", "reset", "--force"), "db.schema-reset"),
        (("prisma", "db", "push", "--accept-data-loss"), "db.schema-reset"),
        (("rails", "db:drop", "db:create"), "db.schema-reset"),
        (("rake", "db:migrate:reset"), "db.schema-reset"),
        (("manage.py", "flush", "--noinput"), "db.schema-reset"),
        (("manage.py", "migrate", "app", "zero"), "db.schema-reset"),
        (("alembic", "-c", "a.ini", "downgrade", "base"), "db.schema-reset"),
        (("artisan", "migrate:fresh", "--seed"), "db.schema-reset"),
        (("flyway", "-url=x", "clean"), "db.schema-reset"),
        (("knex", "migrate:rollback", "--all"), "db.schema-reset"),
        (("supabase", "db", "reset", "--linked"), "db.schema-reset"),
        (("mix", "ecto.reset"), "db.schema-reset"),
        (("flask", "db", "downgrade", "base"), "db.schema-reset"),
        (("migrate", "-path", "db", "-database", "x", "down", "-all"), "db.schema-reset"),
        (("migrate", "-path", "db", "-database", "x", "down", "1"), "db.migrate-down"),
        (("alembic", "downgrade", "-1"), "db.migrate-down"),
        (("artisan", "migrate:rollback"), "db.migrate-down"),
        (("liquibase", "rollback-count", "10"), "db.migrate-down"),
        (("mongoimport", "--drop", "-d", "app", "a.json"), "db.restore-over"),
        (("redis-cli", "--cluster", "del-node", "db:6379", "a1"), "db.redis-config"),
        (("redis-cli", "--cluster", "call", "db:6379", "FLUSHALL"), "db.redis-flush"),
        (("redis-cli", "SCRIPT", "FLUSH"), "db.redis-delete"),
        (("mysql", "-e", "RESET MASTER"), "backup.delete"),
        (("mysql", "-e", "PURGE BINARY LOGS TO 'a.1'"), "backup.delete"),
    ],
)
def test_named(argv: tuple[str, ...], rule: str) -> None:
    assert rules(run(*argv)) == {rule}
    assert rule in load_rules()


@pytest.mark.parametrize(
    "argv",
    [
        ("psql", "-c", "SELECT 1"),
        ("psql", "-v", "x=DROP TABLE a", "app"),
        ("psql", "--help"),
        ("mysql", "-u", "root", "app"),
        ("sqlite3", ":memory:", "DROP TABLE a"),
        ("sqlite3", "a.db", ".tables"),
        ("sqlite3", "a.db"),
        ("cockroach", "start", "-e", "DROP TABLE a"),
        ("bq", "ls", "DROP TABLE a"),
        ("mongosh", "--eval", "db.a.find({})"),
        ("dolt", "log", "-q", "DROP TABLE a"),
        ("sqlite-utils", "tables", "a.db"),
        ("db2", "select", "*", "from", "a"),
        ("mongosh", "--eval", "print('db.a.drop()')"),
        ("mongosh", "--eval", "db.a.deleteMany({b: 1})"),
        ("redis-cli", "KEYS", "*"),
        ("redis-cli", "DEL", "a"),
        ("redis-cli", "GET", "FLUSHALL"),
        ("redis-cli", "-a", "FLUSHALL", "PING"),
        ("redis-cli", "REPLICAOF", "NO", "ONE"),
        ("redis-cli", "EVAL", "return 1 -- 'FLUSHALL'", "0"),
        ("createdb", "app") if "createdb" in HANDLERS else ("dropdb", "--help"),
        ("pg_restore", "-d", "app", "x.dump"),
        ("pg_restore", "--clean", "-f", "out.sql", "x.dump"),
        ("mongorestore", "dump/"),
        ("prisma", "migrate", "dev"),
        ("prisma", "db", "push"),
        ("prisma", "migrate", "reset", "--help"),
        ("rails", "db:migrate"),
        ("manage.py", "migrate", "app"),
        ("alembic", "upgrade", "head"),
        ("flask", "db", "upgrade"),
        ("manage.py", "help", "flush"),
        ("supabase", "db", "reset", "--local"),
        ("rails", "db:rollback"),
        ("artisan", "migrate:rollback", "--env=testing"),
        ("redis-cli", "--cluster", "info", "db:6379"),
        ("mysql", "-e", "SHOW MASTER STATUS"),
        ("flyway", "migrate"),
    ],
)
def test_quiet(argv: tuple[str, ...]) -> None:
    assert rules(run(*argv)) == set()


def test_statements_from_standard_input_and_files() -> None:
    assert rules(run("psql", "app", stdin="DROP TABLE a;")) == {"sql.drop-table"}
    assert rules(run("mysql", "app", stdin="TRUNCATE a;")) == {"sql.truncate"}
    assert rules(run("psql", "-f", "x.sql", files={"/w/x.sql": "DROP TABLE a;"})) == {"sql.drop-table"}
    assert rules(run("redis-cli", stdin="FLUSHALL\n")) == {"db.redis-flush"}
    assert rules(run("mongosh", stdin="db.a.drop()")) == {"sql.drop-table"}
    assert rules(run("mongosh", "x.js", files={"/w/x.js": "db.a.drop()"})) == {"sql.drop-table"}


def test_a_file_that_cannot_be_read_is_said_to_be_so() -> None:
    kinds = [outcome.kind for outcome in run("psql", "-f", "x.sql") if isinstance(outcome, Effect)]
    assert kinds == [EffectKind.READ, EffectKind.UNRESOLVED]


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (("psql", "-c", "\\! rm -rf x"), "rm -rf x"),
        (("psql", "-c", "select 1 \\g |rm x"), "rm x"),
        (("psql", "-c", "\\copy a from program 'rm x'"), "rm x"),
        (("psql", "-c", "\\o |rm x"), "rm x"),
        (("mysql", "-e", "\\! rm x"), "rm x"),
        (("mysql", "-e", "system rm x;"), "rm x"),
        (("sqlite3", "a.db", ".shell rm x"), "rm x"),
        (("sqlite3", "a.db", ".import '|rm x' t"), "rm x'"),
        (("sqlite3", "a.db", ".output |rm x"), "rm x"),
        (("sqlcmd", "-Q", "!! rm x"), "rm x"),
    ],
)
def test_shell_code_is_handed_on(argv: tuple[str, ...], text: str) -> None:
    texts = [outcome.text.strip() for outcome in run(*argv) if isinstance(outcome, ShellText)]
    assert [found.strip("' ") for found in texts] == [text.strip("' ")]


def test_a_backslash_in_a_string_is_no_command() -> None:
    assert run("psql", "-c", "select '\\! rm x'") == []


def test_includes_are_followed_and_end() -> None:
    files = {"/w/a.sql": "\\i b.sql", "/w/b.sql": "DROP TABLE a;"}
    assert rules(run("psql", "-f", "a.sql", files=files)) == {"sql.drop-table"}
    endless = run("psql", "-f", "a.sql", files={"/w/a.sql": "\\i a.sql"})
    assert EffectKind.UNRESOLVED in [outcome.kind for outcome in endless if isinstance(outcome, Effect)]
    assert rules(run("mysql", "-e", "source a.sql", files={"/w/a.sql": "TRUNCATE a"})) == {"sql.truncate"}


def test_files_that_clients_write() -> None:
    effects = [outcome for outcome in run("sqlite3", "a.db", ".backup b.db") if isinstance(outcome, Effect)]
    assert [(effect.kind, effect.target) for effect in effects] == [
        (EffectKind.READ, "/w/a.db"),
        (EffectKind.WRITE, "/w/b.db"),
    ]
    assert [outcome.target for outcome in run("psql", "-c", "\\copy a to '/tmp/x'") if isinstance(outcome, Effect)] == [
        "/tmp/x"
    ]


def test_mongo_code_is_also_javascript() -> None:
    assert Snippet("javascript", "require('fs')") in run("mongosh", "--eval", "require('fs')")


def test_a_test_database_may_be_reset() -> None:
    assert run("rails", "db:reset", env={"RAILS_ENV": "test"}) == []
    assert rules(run("rails", "db:reset", env={"RAILS_ENV": "production"})) == {"db.schema-reset"}


LOCAL = {"DATABASE_URL": "postgres://localhost/shop_test"}


@pytest.mark.parametrize(
    ("argv", "env", "stopped"),
    [
        (("prisma", "migrate", "reset"), LOCAL, False),
        (("prisma", "migrate", "reset"), {"DATABASE_URL": "file:./test.db"}, False),
        (("prisma", "migrate", "reset"), {"DATABASE_URL": "postgres://localhost/shop"}, True),
        (("prisma", "migrate", "reset"), {"DATABASE_URL": "postgres://db.example.com/shop_test"}, True),
        (("prisma", "migrate", "reset"), {"DATABASE_URL": "file:./app.db"}, True),
        (("prisma", "migrate", "reset"), {**LOCAL, "DB_URL": "postgres://db.example.com/shop"}, True),
        (("manage.py", "flush", "--settings=config.settings.test"), {}, False),
        (("manage.py", "flush", "--settings", "config.test_settings"), {}, False),
        (("manage.py", "flush"), {"DJANGO_SETTINGS_MODULE": "config.settings.testing"}, False),
        (("manage.py", "flush", "--settings=config.settings.production"), {}, True),
        (("manage.py", "flush", "--settings=latest.contest"), {}, True),
        (("artisan", "migrate:fresh", "--env", "testing"), {}, False),
        (("artisan", "migrate:fresh"), {"APP_ENV": "production"}, True),
    ],
)
def test_what_says_that_a_database_is_for_tests(argv: tuple[str, ...], env: dict[str, str], stopped: bool) -> None:
    assert bool(rules(run(*argv, env=env))) is stopped


@pytest.mark.parametrize(
    ("argv", "marked"),
    [
        (("mongosh", "shop_test", "--eval", "db.dropDatabase()"), True),
        (("mongosh", "mongodb://localhost/shop_test", "--eval", "db.users.drop(); print('done')"), True),
        (("mongosh", "shop", "--eval", "db.dropDatabase()"), False),
        (("mongosh", "--eval", "db.dropDatabase()"), False),
        (("mongosh", "mongodb://db.example.com/shop_test", "--eval", "db.users.drop()"), False),
        (("mongosh", "--host", "db.example.com", "shop_test", "--eval", "db.users.drop()"), False),
        (("mongosh", "shop_test", "--eval", "db.getSiblingDB('shop').dropDatabase()"), False),
        (("mongosh", "shop_test", "--eval", "db = connect('shop'); db.dropDatabase()"), False),
        (("mongosh", "shop_test", "--eval", "use('shop'); db.dropDatabase()"), False),
        (("mongosh", UNKNOWN, "--eval", "db.dropDatabase()"), False),
    ],
)
def test_a_mongodb_database_for_tests(argv: tuple[str, ...], marked: bool) -> None:
    (effect,) = (outcome for outcome in run(*argv) if isinstance(outcome, Effect))
    assert (effect.detail == FOR_TESTS) is marked


def test_code_that_is_more_than_calls_on_the_database_is_read_as_such() -> None:
    for source in ("db.constructor.constructor('x')()", "db[name]()", "process.exit()", "db.a.find({b: require('fs')})"):
        assert Snippet("javascript", source) in run("mongosh", "shop_test", "--eval", source)
    assert Snippet("javascript", "db.a.drop()") not in run("mongosh", "shop_test", "--eval", "db.a.drop()")


@given(
    st.sampled_from(sorted(HANDLERS)),
    st.lists(st.text(alphabet="-cefq=\\!.|'\" DROPsql\0\n", max_size=12), max_size=6),
    st.text(max_size=20),
)
def test_never_fails(program: str, args: list[str], stdin: str) -> None:
    assert all(outcome is not None for outcome in run(program, *args, stdin=stdin))


def test_commands_of_the_mongo_shell_are_no_javascript() -> None:
    assert list(run("mongosh", "--eval", "show dbs")) == []
    assert rules(run("mongosh", stdin="show collections\ndb.a.drop()\nexit")) == {"sql.drop-table"}


def test_a_mongo_script_that_is_not_there() -> None:
    assert [outcome.target for outcome in run("mongosh", "shop", "missing.js")] == ["missing.js"]


@pytest.mark.parametrize(
    "argv",
    [
        ("psql", "-o", "|rm -rf /x"),
        ("psql", "-c", r"\set v `rm -rf /x`"),
        ("mysql", "--pager=rm -rf /x"),
        ("sqlite3", "a.db", ".sh rm -rf /x"),
        ("sqlite3", "a.db", ".sy rm -rf /x"),
        ("sqlite3", "a.db", ".o |rm -rf /x"),
        ("sqlite3", "a.db", ".once '|rm -rf /x'"),
        ("sqlite3", "a.db", "SELECT edit('a', 'rm -rf /x')"),
    ],
)
def test_programs_that_a_client_starts(argv: tuple[str, ...]) -> None:
    assert ShellText("rm -rf /x") in run(*argv)


@pytest.mark.parametrize(
    "argv",
    [
        ("psql", "-o", "out.txt", "-c", "SELECT 1"),
        ("psql", "-c", r"\set v 1"),
        ("sqlite3", "a.db", ".schema"),
        ("sqlite3", "a.db", "SELECT edit FROM t"),
        ("mysql", "-e", "SELECT 'a', 'b'"),
    ],
)
def test_clients_that_start_none(argv: tuple[str, ...]) -> None:
    assert not any(isinstance(outcome, ShellText) for outcome in run(*argv))


@pytest.mark.parametrize(
    ("argv", "rule"),
    [
        (("psql", "-c", "DO $$ BEGIN EXECUTE 'DROP TA'||'BLE x'; END $$"), "sql.drop-table"),
        (("psql", "-c", "SELECT 'drop table x' \\gexec"), "sql.drop-table"),
        (("mysql", "-e", "SET @a=concat('drop data', 'base x'); PREPARE s FROM @a"), "sql.drop-database"),
        (("psql", "-c", "ALTER SYSTEM SET archive_command='x'"), "sql.run-program"),
        (("psql", "-c", "CREATE FUNCTION f() RETURNS int AS 'x' LANGUAGE plpython3u"), "sql.run-program"),
        (("psql", "-c", "COPY t TO '/etc/cron.d/x'"), "sql.server-file"),
        (("pgcli", "-e", "DROP TABLE x"), "sql.drop-table"),
    ],
)
def test_sql_that_is_put_together(argv: tuple[str, ...], rule: str) -> None:
    assert rule in rules(run(*argv))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'DROP TA' || 'BLE x'",
        "CREATE FUNCTION f() RETURNS int AS 'SELECT 1' LANGUAGE sql",
        "ALTER SYSTEM SET work_mem='64MB'",
        "COPY t TO STDOUT",
        "SELECT 1 \\g",
    ],
)
def test_sql_that_stays_text(sql: str) -> None:
    assert rules(run("psql", "-c", sql)) == set()
