"""What database programs are read as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.databases import HANDLERS
from checkrein.detect.shell.model import Invocation, Outcome, ShellText, Snippet
from checkrein.rules import load_rules


@dataclass(frozen=True)
class FakeWorld:
    """A machine with the files that a case needs."""

    files: Mapping[str, str] = field(default_factory=dict)
    home: str = "/home/dev"

    def variable(self, name: str) -> str | None:
        return None

    def read_text(self, path: str) -> str | None:
        return self.files.get(path)

    def is_dir(self, path: str) -> bool:
        return False

    def glob(self, pattern: str) -> tuple[str, ...]:
        return ()

    def script(self, path: str) -> str | None:
        return None

    def git_config(self, cwd: str, key: str) -> str | None:
        return None


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
        ("alembic", "downgrade", "-1"),
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


@given(
    st.sampled_from(sorted(HANDLERS)),
    st.lists(st.text(alphabet="-cefq=\\!.|'\" DROPsql\0\n", max_size=12), max_size=6),
    st.text(max_size=20),
)
def test_never_fails(program: str, args: list[str], stdin: str) -> None:
    assert all(outcome is not None for outcome in run(program, *args, stdin=stdin))
