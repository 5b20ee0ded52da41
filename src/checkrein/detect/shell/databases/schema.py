"""Schema and migration tools: the subcommands that drop or empty a whole database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checkrein.core.effect import Effect, EffectKind
from checkrein.detect.shell.model import Handler, Invocation, Outcome


@dataclass(frozen=True, slots=True)
class Reset:
    """A subcommand that loses data: its words in order, and the options of which one must be given (none: always)."""

    words: tuple[str, ...]
    options: tuple[str, ...] = ()


def _resets(*commands: str) -> tuple[Reset, ...]:
    """Read ``"db push --force-reset|--accept-data-loss"``: words, then the options that make it destructive."""
    out = []
    for command in commands:
        parts = command.split()
        options = tuple(option for part in parts if part.startswith("-") for option in part.split("|"))
        out.append(Reset(tuple(part for part in parts if not part.startswith("-")), options))
    return tuple(out)


_RAILS = _resets(
    *("db:drop", "db:drop:all", "db:drop:_unsafe", "db:reset", "db:reset:all", "db:purge", "db:purge:all", "db:migrate:reset"),
    *("db:schema:load", "db:structure:load", "db:setup", "db:truncate_all", "db:seed:replant"),
)
_SEQUELIZE = _resets("db:drop", "db:migrate:undo:all")
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
    "supabase": _resets("db reset"),
    "hasura": _resets("migrate delete --all", "metadata clear"),
    "dbmate": _resets("drop"),
    "goose": _resets("reset", "down-to 0"),
    "migrate": _resets("drop"),
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
}


_ENVIRONMENTS = ("RAILS_ENV", "RACK_ENV", "MIX_ENV", "APP_ENV", "NODE_ENV", "DJANGO_ENV")
"""Variables that name the environment: a test database is made to be thrown away."""


def schema_effects(program: str, args: tuple[str, ...]) -> Iterator[Effect]:
    """What a schema tool does with the database it is configured for; nothing for a program that is none."""
    if {"--help", "-h"} & set(args):
        return
    words = tuple(arg for arg in args if not arg.startswith("-"))
    given = {arg for arg in args if arg.startswith("-")} | {arg.partition("=")[0] for arg in args if arg.startswith("-")}
    for reset in RESETS.get(program, ()):
        if _follows(words, reset.words) and (not reset.options or given & set(reset.options)):
            yield Effect(
                EffectKind.DESTRUCTIVE, "the configured database", " ".join((program, *reset.words)), "db.schema-reset"
            )
            return
    if program in ("manage.py", "django-admin") and words[:1] == ("migrate",) and words[-1] == "zero":
        yield Effect(EffectKind.DESTRUCTIVE, words[1], f"{program} migrate zero", "db.schema-reset")


def _follows(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """True where ``wanted`` stands in ``words`` in one piece: global options' values may precede it."""
    return any(words[at : at + len(wanted)] == wanted for at in range(min(len(words), 4)))


def _handle(invocation: Invocation) -> Iterator[Outcome]:
    named = any(invocation.env.get(name, "") in ("test", "testing") for name in _ENVIRONMENTS)
    if not named and not {"--env=test", "--env=testing"} & set(invocation.args):
        yield from schema_effects(invocation.name, invocation.args)


HANDLERS: Mapping[str, Handler] = dict.fromkeys(RESETS, _handle)
