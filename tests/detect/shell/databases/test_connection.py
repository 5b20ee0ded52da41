"""Which databases count as local ones for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from checkrein.core import Effect
from checkrein.detect.shell.databases.connection import FOR_TESTS, is_for_tests, stays


@pytest.mark.parametrize(
    "name", ["test", "app_test", "test_app_2", "app-dev", "APP_TEST", "ci", "app_ci2", "test1", "app_development"]
)
def test_names_that_say_so(name: str) -> None:
    assert is_for_tests(name)


@pytest.mark.parametrize(
    "name", ["", "app", "latest", "testament", "prod", "testdb", "contest", "devices", "customers-dev-prod", "ci-cd-history"]
)
def test_names_that_do_not(name: str) -> None:
    assert not is_for_tests(name)


def marks(effects: Sequence[Effect]) -> set[bool]:
    return {effect.detail == FOR_TESTS for effect in effects if effect.rule.startswith("sql.")}


@pytest.mark.parametrize(
    "command",
    [
        "dropdb app_test",
        "psql app_test -c 'TRUNCATE users'",
        "psql -d app_test -c 'DROP SCHEMA public CASCADE'",
        "psql -d postgres -c 'DROP DATABASE app_test'",
        "psql postgresql://u@127.0.0.1:5432/app_test -c 'DELETE FROM t'",
        "psql -h /run/postgresql -d app_test -c 'DROP TABLE prod.users'",
        "mysql test -e 'DROP TABLE t'",
        "mysql -h ::1 -D app_test -e 'DELETE FROM t'",
    ],
)
def test_local_ones(judge: Any, command: str) -> None:
    assert marks(judge(command).analysis.effects) == {True}


@pytest.mark.parametrize(
    "command",
    [
        "dropdb app",
        "dropdb -h db.example.com app_test",
        "PGHOST=db.example.com dropdb app_test",
        "PGSERVICE=prod psql app_test -c 'DROP TABLE t'",
        "psql -d app_test -c 'DROP DATABASE app'",
        "psql -c 'DROP TABLE t'",
        "psql -d app_test -c '\\c app' -c 'DROP TABLE t'",
        "psql -d app_test -d app -c 'DROP TABLE t'",
        "psql 'dbname=app_test host=db.example.com' -c 'DROP TABLE t'",
        "psql 'postgres://localhost/app_test?host=db.example.com' -c 'DROP TABLE t'",
        "psql 'postgres://[x/app_test' -c 'DROP TABLE t'",
        "psql -d $DB_test -c 'DROP TABLE t'",
        "mysql test -e 'USE app; DROP TABLE t'",
        "mysql test -e '/*!50000 USE app */; DROP TABLE t'",
        "mysql test -e 'DROP TABLE app.t'",
        "mysql --defaults-file=x test -e 'DROP TABLE t'",
        "mysql test -e 'DROP DATABASE app'",
        "psql -d app_test -c 'DROP ROLE admin'",
    ],
)
def test_others(judge: Any, command: str) -> None:
    assert True not in marks(judge(command).analysis.effects)


def test_statements_that_stay_in_their_database() -> None:
    assert stays("DROP TABLE users; SELECT 1.5, 'USE a.b'", "mysql")
    assert stays("DROP TABLE a.b", "postgres")
    assert not stays("DROP TABLE a.b", "mysql")
    assert not stays("use a", "mysql")


@pytest.mark.parametrize(
    "before",
    [
        "dotenv -e prod.env -- ",
        "doppler run -c prd -- ",
        "kubectl port-forward svc/db 5432 & ",
        "ssh -fN -L5432:db:5432 bastion; ",
        "set -a; PGHOST=db; ",
        "set -o allexport; PGSERVICE=db; ",
        ". ./prod.env && ",
        ". ./missing.env && ",
    ],
)
def test_led_elsewhere(judge: Any, before: str) -> None:
    files = {"/home/dev/project/prod.env": "export PGHOST=db\n"}
    assert marks(judge(f"{before}psql -h localhost app_test -c 'truncate users'", files=files).analysis.effects) == {False}


@pytest.mark.parametrize("before", ["nice ", "kubectl get pods; ", "ssh host ls; ", "set -e; X=1; ", ". ./dev.env && "])
def test_not_led_elsewhere(judge: Any, before: str) -> None:
    files = {"/home/dev/project/dev.env": "VIRTUAL_ENV=x\n"}
    assert marks(judge(f"{before}psql app_test -c 'truncate users'", files=files).analysis.effects) == {True}


@pytest.mark.parametrize(
    "command",
    [
        "psql postgresql://localhost:5433,db:5432/app_test -c 'truncate t'",
        "dropdb app_test --maintenance-db=postgresql://db/x",
        "psql -h /cloudsql/p:r:i app_test -c 'truncate t'",
    ],
)
def test_one_of_several_places(judge: Any, command: str) -> None:
    assert marks(judge(command).analysis.effects) == {False}
    assert marks(judge("psql postgresql://localhost,[::1]:5432/app_test -c 'truncate t'").analysis.effects) == {True}
