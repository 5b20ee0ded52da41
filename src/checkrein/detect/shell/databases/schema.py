"""Schema and migration tools: the subcommands that drop or empty a whole database."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checkrein.core.effect import Effect, EffectKind
from checkrein.detect.shell.databases.connection import is_local_for_tests
from checkrein.detect.shell.model import Handler, Invocation, Outcome


@dataclass(frozen=True, slots=True)
class Reset:
    """A subcommand that loses data: its words in order.

    One of ``options`` must be given where there are any, and none of ``spares``.
    """

    words: tuple[str, ...]
    options: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()


def _resets(*commands: str) -> tuple[Reset, ...]:
    """Read ``"db push --force-reset|--accept-data-loss !--local"``: words, then the options that count."""
    out = []
    for command in commands:
        parts = command.split()
        options = tuple(option for part in parts if part.startswith("-") for option in part.split("|"))
        spares = tuple(part[1:] for part in parts if part.startswith("!"))
        out.append(Reset(tuple(part for part in parts if part[0] not in "-!"), options, spares))
    return tuple(out)


_RAILS = _resets(
    *("db:drop", "db:drop:all", "db:drop:_unsafe", "db:reset", "db:reset:all", "db:purge", "db:purge:all", "db:migrate:reset"),
    *("db:schema:load", "db:structure:load", "db:setup", "db:truncate_all", "db:seed:replant"),
)
_SEQUELIZE = _resets("db:drop", "db:migrate:undo:all")
_SEQUELIZE_BACK = _resets("db:migrate:undo")
_DOCTRINE = _resets(
    "doctrine:database:drop --force|-f",
    "doctrine:schema:drop --force|-f",
    "d:d:d --force|-f",
    "doctrine:fixtures:load --purge-with-truncate",
)

RESETS: Mapping[str, tuple[Reset, ...]] = {
    "prisma": _resets("migrate reset", "db push --force-reset|--accept-data-loss"),
    "rails": _RAILS,
    "rake": _RAILS,
    "manage.py": _resets("flush", "reset_db", "reset_schema"),
    "django-admin": _resets("flush", "reset_db", "reset_schema"),
    "alembic": _resets("downgrade base"),
    "sequelize": _SEQUELIZE,
    "sequelize-cli": _SEQUELIZE,
    "knex": _resets("migrate:rollback --all"),
    "typeorm": _resets("schema:drop"),
    "typeorm-ts-node-commonjs": _resets("schema:drop"),
    "mikro-orm": _resets("schema:drop --run|-r", "schema:fresh --run|-r", "database:create --run"),
    "drizzle-kit": _resets("drop", "push --force"),
    "flyway": _resets("clean"),
    "liquibase": _resets("drop-all", "dropAll", "rollback-count-all"),
    "artisan": _resets("migrate:fresh", "migrate:reset", "migrate:refresh", "db:wipe", "schema:drop"),
    "mix": _resets("ecto.drop", "ecto.reset"),
    "supabase": _resets("db reset !--local"),
    "hasura": _resets("migrate delete --all", "metadata clear"),
    "dbmate": _resets("drop"),
    "goose": _resets("reset", "down-to 0"),
    "migrate": _resets("drop", "down -all|--all"),
    "diesel": _resets("database reset", "database drop"),
    "sqlx": _resets("database drop", "database reset"),
    "console": _DOCTRINE,
    "doctrine": _DOCTRINE,
    "wp": _resets("db drop", "db reset", "db clean"),
    "drush": _resets("sql:drop", "sql-drop", "site:install"),
    "dotnet-ef": _resets("database drop"),
    "dotnet": _resets("ef database drop"),
    "influx": _resets("bucket delete", "delete"),
    "phinx": _resets("rollback -t=0|--target=0"),
    "flask": _resets("db downgrade base"),
    "atlas": _resets("schema clean"),
    "sea-orm-cli": _resets("migrate fresh", "migrate reset", "migrate refresh"),
    "ace": _resets("db:wipe", "db:truncate", "migration:fresh", "migration:reset", "migration:refresh"),
}
"""What drops or empties the whole database, by program."""

ROLLBACKS: Mapping[str, tuple[Reset, ...]] = {
    "alembic": _resets("downgrade"),
    "flask": _resets("db downgrade"),
    "sequelize": _SEQUELIZE_BACK,
    "sequelize-cli": _SEQUELIZE_BACK,
    "knex": _resets("migrate:rollback", "migrate:down"),
    "typeorm": _resets("migration:revert"),
    "typeorm-ts-node-commonjs": _resets("migration:revert"),
    "mikro-orm": _resets("migration:down"),
    "node-pg-migrate": _resets("down"),
    "artisan": _resets("migrate:rollback"),
    "ace": _resets("migration:rollback"),
    "phinx": _resets("rollback"),
    "liquibase": _resets("rollback", "rollback-count", "rollback-to-date", "rollbackCount"),
    "flyway": _resets("undo"),
    "goose": _resets("down", "down-to", "redo"),
    "dbmate": _resets("down", "rollback"),
    "migrate": _resets("down"),
    "diesel": _resets("migration revert", "migration redo"),
    "sqlx": _resets("migrate revert"),
    "sea-orm-cli": _resets("migrate down"),
    "atlas": _resets("migrate down"),
    "mix": _resets("ecto.rollback"),
}
"""What takes migrations back, by program. (A step back of Rails goes to the development database unless told otherwise.)"""


_ENVIRONMENTS = ("RAILS_ENV", "RACK_ENV", "MIX_ENV", "APP_ENV", "NODE_ENV", "DJANGO_ENV", "--env")
"""Variables and the option that name the environment: a test database is made to be thrown away."""
_SETTINGS = ("DJANGO_SETTINGS_MODULE", "--settings")
_ADDRESS = ("DATABASE_URL", "DB_URL", "TEST_DATABASE_URL", "DATABASE_URI", "POSTGRES_URL")
_TESTS = frozenset(("test", "tests", "testing"))


def schema_effects(program: str, args: tuple[str, ...]) -> Iterator[Effect]:
    """What a schema tool does with the database it is configured for; nothing for a program that is none."""
    words = tuple(arg for arg in args if not arg.startswith("-"))
    if {"--help", "-h"} & set(args) or words[:1] == ("help",):
        return
    given = {arg for arg in args if arg.startswith("-")} | {arg.partition("=")[0] for arg in args if arg.startswith("-")}
    for table, rule in ((RESETS, "db.schema-reset"), (ROLLBACKS, "db.migrate-down")):
        for reset in table.get(program, ()):
            wanted = not reset.options or given & set(reset.options)
            if wanted and not given & set(reset.spares) and _follows(words, reset.words):
                yield Effect(EffectKind.DESTRUCTIVE, "the configured database", " ".join((program, *reset.words)), rule)
                return
    if program in ("manage.py", "django-admin") and words[:1] == ("migrate",) and words[-1] == "zero":
        yield Effect(EffectKind.DESTRUCTIVE, words[1], f"{program} migrate zero", "db.schema-reset")


def _follows(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """True where ``wanted`` stands in ``words`` in one piece: global options' values may precede it."""
    return any(words[at : at + len(wanted)] == wanted for at in range(min(len(words), 4)))


def _handle(invocation: Invocation) -> Iterator[Outcome]:
    if not _is_for_tests(_given(invocation)):
        yield from schema_effects(invocation.name, invocation.args)


def _given(invocation: Invocation) -> Mapping[str, str]:
    """Variables and options by name, each with its value: before the program, as ``NAME=value`` or in the word that follows."""
    args = invocation.args
    joined = (word.partition("=") for word in args if "=" in word)
    apart = {word: value for word, value in itertools.pairwise(args) if word.startswith("--") and "=" not in word}
    return {**invocation.env, **apart, **{name: value for name, _, value in joined}}


def _is_for_tests(given: Mapping[str, str]) -> bool:
    """True where the environment, the settings or the address say that the database is one for tests."""
    if any(given.get(name, "") in _TESTS for name in _ENVIRONMENTS):
        return True
    if any(_TESTS.intersection(re.split(r"[._]", given.get(name, ""))) for name in _SETTINGS):
        return True
    addresses = [given[name] for name in _ADDRESS if given.get(name)]
    return bool(addresses) and all(is_local_for_tests(address) for address in addresses)


HANDLERS: Mapping[str, Handler] = dict.fromkeys((*RESETS, *ROLLBACKS), _handle)
