"""Programs that make, drop and restore whole databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checkrein.core.effect import Effect, EffectKind
from checkrein.detect.shell.databases.connection import connection, marked
from checkrein.detect.shell.model import Handler, Invocation, Outcome
from checkrein.detect.shell.options import Options, parse_options

_POSTGRES = ("-h", "--host", "-p", "--port", "-U", "--username", "--maintenance-db", "-d", "--dbname")
_RESTORE = (*_POSTGRES, "-f", "--file", "-j", "--jobs", "-L", "--use-list", "-n", "--schema", "-t", "--table", "-F", "--format")
_ADMIN = (
    "-u",
    "--user",
    "-h",
    "--host",
    "-P",
    "--port",
    "-S",
    "--socket",
    "--defaults-file",
    "--defaults-extra-file",
    "-i",
    "-c",
    "-w",
)
_MONGO = (
    "-d",
    "--db",
    "-c",
    "--collection",
    "-h",
    "--host",
    "--port",
    "-u",
    "--username",
    "-p",
    "--password",
    "--uri",
    "--nsInclude",
)


def _effect(rule: str, program: str, target: str) -> Effect:
    return Effect(EffectKind.DESTRUCTIVE, target, program, rule)


def _asks_help(options: Options) -> bool:
    return options.has("--help", "--version", "-?")


def _drop(rule: str, invocation: Invocation) -> Iterator[Outcome]:
    options = parse_options(invocation.args, values=_POSTGRES)
    if not _asks_help(options):
        effects = (_effect(rule, invocation.name, name) for name in options.words[:1])
        yield from marked(effects, connection(invocation, options, options.words[:1]), "postgres")


def _dropdb(invocation: Invocation) -> Iterator[Outcome]:
    return _drop("sql.drop-database", invocation)


def _dropuser(invocation: Invocation) -> Iterator[Outcome]:
    return _drop("sql.drop-user", invocation)


def _drop_cluster(invocation: Invocation) -> Iterator[Outcome]:
    options = parse_options(invocation.args)
    if not _asks_help(options):
        yield _effect("sql.drop-database", invocation.name, " ".join(options.words) or "the cluster")


def _mysqladmin(invocation: Invocation) -> Iterator[Outcome]:
    options = parse_options(invocation.args, values=_ADMIN)
    words = options.words
    for index, word in enumerate(words):
        if word == "drop" and index + 1 < len(words):
            yield _effect("sql.drop-database", "mysqladmin drop", words[index + 1])
        elif word == "shutdown":
            yield _effect("db.stop-server", "mysqladmin shutdown", "the database server")


def _pg_restore(invocation: Invocation) -> Iterator[Outcome]:
    options = parse_options(invocation.args, values=_RESTORE, flags=("--clean", "--create"))
    target = options.last("-d", "--dbname")
    # Without a database pg_restore only prints the statements.
    if options.has("-c", "--clean") and target is not None:
        yield _effect("db.restore-over", "pg_restore --clean", target)


def _mongorestore(invocation: Invocation) -> Iterator[Outcome]:
    options = parse_options(invocation.args, values=_MONGO, flags=("--drop", "--dryRun"))
    if options.has("--drop") and not options.has("--dryRun"):
        yield _effect("db.restore-over", f"{invocation.name} --drop", options.last("--db", "-d") or "the database")


def _mysqlimport(invocation: Invocation) -> Iterator[Outcome]:
    options = parse_options(invocation.args, values=_ADMIN, flags=("--delete",))
    if options.has("--delete", "-d", "-D"):
        yield _effect("db.restore-over", "mysqlimport --delete", next(iter(options.words), "the database"))


HANDLERS: Mapping[str, Handler] = {
    "dropdb": _dropdb,
    "dropuser": _dropuser,
    "pg_dropcluster": _drop_cluster,
    "mysqladmin": _mysqladmin,
    "mariadb-admin": _mysqladmin,
    "pg_restore": _pg_restore,
    "mongorestore": _mongorestore,
    "mongoimport": _mongorestore,
    "mysqlimport": _mysqlimport,
}
