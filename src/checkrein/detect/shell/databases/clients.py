"""Clients that send SQL: how each is called, and where it takes its statements from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.databases.connection import connection, marked, stays
from checkrein.detect.shell.databases.sql import sql_outcomes
from checkrein.detect.shell.databases.statements import Client, Style, file_statements, split_command, statements
from checkrein.detect.shell.model import Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import Options, listed, parse_options

_HOST = ("-h", "--host", "-p", "--port", "-u", "--user", "--password", "-d", "--database")
_PSQL = Client(
    "postgres",
    Style.PSQL,
    text=("-c", "--command"),
    files=("-f", "--file"),
    database=("-d", "--dbname"),
    values=(
        *("-d", "--dbname", "-h", "--host", "-p", "--port", "-U", "--username", "-v", "--set", "--variable", "-o", "--output"),
        *("-L", "--log-file", "-F", "--field-separator", "-R", "--record-separator", "-P", "--pset", "-T", "--table-attr"),
    ),
    outputs=("-o", "--output", "-L", "--log-file"),
)
_MYSQL = Client(
    "mysql",
    Style.MYSQL,
    text=("-e", "--execute", "--init-command", "--init-command-add"),
    database=("-D", "--database"),
    values=listed(
        "-u --user -h --host -P --port -D --database -S --socket --protocol --default-character-set --defaults-file "
        "--defaults-extra-file --login-path --ssl-ca --ssl-cert --ssl-key --delimiter --prompt --tee --pager "
        "--max-allowed-packet --plugin-dir"
    ),
    outputs=("--tee",),
    pagers=("--pager",),
)
_SQLITE = Client(
    "sqlite",
    Style.SQLITE,
    text=("-cmd", "--cmd"),
    files=("-init", "--init"),
    values=listed("-separator --separator -nullvalue --nullvalue -newline --newline -vfs --vfs -mmap -maxsize"),
    operands=1,
    single_dash_long=True,
)
_DUCKDB = Client(
    "duckdb",
    Style.SQLITE,
    text=("-c", "--c", "-s", "--s", "-cmd", "--cmd"),
    files=("-f", "--f", "-init", "--init"),
    values=("-separator", "-nullvalue", "-newline"),
    operands=1,
    single_dash_long=True,
)
_CLICKHOUSE = Client(
    "clickhouse",
    text=("-q", "--query"),
    files=("--queries-file",),
    values=(*_HOST, "--format", "-f", "--config-file", "-C", "--send_logs_level", "--max_threads", "--path"),
)
_ROACH = Client(
    "postgres",
    Style.PSQL,
    text=("-e", "--execute"),
    files=("-f", "--file"),
    values=("--url", "-d", "--database", "--host", "-u", "--user", "-p", "--port", "--certs-dir", "--format", "--set"),
    subcommands=("sql",),
)
_SQLCMD = Client(
    "tsql",
    Style.SQLCMD,
    text=("-Q", "-q"),
    files=("-i",),
    values=("-S", "-U", "-P", "-d", "-o", "-v", "-h", "-w", "-s", "-t", "-l", "-H", "-a", "-c", "-m", "-V", "-y", "-Y"),
)
_E_AND_F = Client("", text=("-e", "--execute", "-q", "--query"), files=("-f", "--file"), values=_HOST)

CLIENTS: Mapping[str, Client] = {
    "psql": _PSQL,
    "pgcli": replace(_PSQL, text=(*_PSQL.text, "-e", "--execute")),
    "usql": _PSQL,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "mycli": _MYSQL,
    "sqlite3": _SQLITE,
    "sqlite": _SQLITE,
    "duckdb": _DUCKDB,
    "cockroach": _ROACH,
    "clickhouse-client": _CLICKHOUSE,
    "clickhouse-local": _CLICKHOUSE,
    "clickhouse": Client(
        "clickhouse", text=_CLICKHOUSE.text, files=_CLICKHOUSE.files, values=_CLICKHOUSE.values, subcommands=("client", "local")
    ),
    "sqlcmd": _SQLCMD,
    "osql": _SQLCMD,
    "cqlsh": Client("", text=("-e", "--execute"), files=("-f", "--file"), values=("-u", "-p", "-k", "--keyspace", "--cqlshrc")),
    "snowsql": Client(
        "snowflake", text=("-q", "--query"), files=("-f", "--filename"), values=("-a", "-u", "-d", "-s", "-w", "-r", "-c")
    ),
    "trino": _E_AND_F,
    "presto": _E_AND_F,
    "hive": _E_AND_F,
    "beeline": Client("hive", text=("-e",), files=("-f", "-i"), values=("-u", "-n", "-p", "-d")),
    "spark-sql": Client("spark", text=("-e",), files=("-f", "-i"), values=("--master", "--conf", "--packages", "--jars")),
    "impala-shell": Client("", text=("-q", "--query"), files=("-f", "--query_file"), values=("-i", "-d", "-u")),
    "bq": Client("bigquery", operands=0, subcommands=("query",), values=("--project_id", "--location")),
    "sqlplus": Client("oracle"),
    "mysqlsh": replace(_MYSQL, files=("-f", "--file")),
    "ysqlsh": _PSQL,
    "vsql": _PSQL,
    "litecli": replace(_SQLITE, text=("-e", "--execute"), operands=None, single_dash_long=False),
    "sqlite-utils": Client("sqlite", operands=1, values=("--load-extension", "--fmt", "-p", "--param", "--attach")),
    "dolt": Client("mysql", text=("-q", "--query"), files=("-f", "--file"), subcommands=("sql",)),
    "isql": Client("", values=("-l", "-n", "-m", "-s", "-d")),
    "influx": Client("", text=("-execute", "--execute"), values=("-database", "-host", "-port"), single_dash_long=True),
    "libsql": Client("sqlite", Style.SQLITE, operands=1),
    "turso": Client("sqlite", operands=2, subcommands=("db",)),
}


def _handle(client: Client, invocation: Invocation) -> Iterator[Outcome]:
    """Every statement that a client is given, wherever it comes from."""
    args = invocation.args
    if client.subcommands:
        at = next((index for index, word in enumerate(args) if word in client.subcommands), None)
        if at is None:
            return
        args = args[at + 1 :]
    options = parse_options(
        args, values=(*client.text, *client.files, *client.values), single_dash_long=client.single_dash_long
    )
    if options.has("--help", "-?", "--version"):
        return
    yield from _shown_by(client, options, invocation)
    outcomes = _given(client, options, invocation)
    if client.style is Style.SQLITE and _in_memory(options):
        yield from (outcome for outcome in outcomes if not _is_of_data(outcome))
    elif client.style is Style.SQLITE:
        path = absolute(options.words[0].removeprefix("file:").partition("?")[0], invocation.cwd)
        yield Effect(EffectKind.READ, path, invocation.name, flags=Flag.CONTENT_OUT)
        yield from (_of_file(outcome, path) for outcome in outcomes)
    elif client.database and _stays(client, options, invocation):
        named = [word for name in client.database for word in options.given.get(name, ())] or list(options.words[:1])
        yield from marked(outcomes, connection(invocation, options, tuple(named)), client.dialect)
    else:
        yield from outcomes


def _shown_by(client: Client, options: Options, invocation: Invocation) -> Iterator[Outcome]:
    """Where a client puts what it shows: programs that it starts, files that it writes."""
    yield from (ShellText(code) for name in client.pagers for code in options.given.get(name, ()))
    for place in (place for name in client.outputs for place in options.given.get(name, ())):
        if place.startswith("|"):
            yield ShellText(place[1:])
        elif place != "-":
            yield Effect(EffectKind.WRITE, absolute(place, invocation.cwd), invocation.name)


def _of_file(outcome: Outcome, path: str) -> Outcome:
    """What happens to the content of a database file names that file in ``detail``."""
    return replace(outcome, detail=path) if isinstance(outcome, Effect) and _is_of_data(outcome) else outcome


def _stays(client: Client, options: Options, invocation: Invocation) -> bool:
    """True where everything that the client is given is SQL that stays in the database it connects to."""
    texts = [text for name in client.text for text in options.given.get(name, ())]
    names = [name for option in client.files for name in options.given.get(option, ())]
    texts += [invocation.world.read_text(absolute(name, invocation.cwd)) or "\\" for name in names if UNKNOWN not in name]
    texts.append(invocation.stdin or "")
    commands = any(split_command(line, client.style)[1] for text in texts for line in text.splitlines())
    return not commands and all(stays(text, client.dialect) for text in texts)


def _in_memory(options: Options) -> bool:
    return (options.words[:1] or ("",))[0] in ("", ":memory:", "''")


def _is_of_data(outcome: Outcome) -> bool:
    """True for what happens to a database's content: nothing is lost where that lives in memory only."""
    return isinstance(outcome, Effect) and outcome.rule.startswith(("sql.drop", "sql.delete", "sql.update", "sql.truncate"))


def _given(client: Client, options: Options, invocation: Invocation) -> Iterator[Outcome]:
    texts = [text for name in client.text for text in options.given.get(name, ())]
    if client.operands is not None:
        texts += options.words[client.operands :]
    for text in texts:
        yield from statements(text, client, invocation, 0)
    names = [name for option in client.files for name in options.given.get(option, ())]
    for name in names:
        yield from file_statements(name, client, invocation, 0)
    if invocation.stdin is not None and not texts:
        yield from statements(invocation.stdin, client, invocation, 0)


def _db2(invocation: Invocation) -> Iterator[Outcome]:
    """db2: all its words are one statement."""
    options = parse_options(invocation.args, values=("-f", "-l", "-r", "-z"))
    yield from sql_outcomes(" ".join(options.words), "")
    for name in options.given.get("-f", ()):
        yield from file_statements(name, Client(""), invocation, 0)
    if invocation.stdin is not None:
        yield from sql_outcomes(invocation.stdin, "")


HANDLERS: Mapping[str, Handler] = {
    **{name: partial(_handle, client) for name, client in CLIENTS.items()},
    "db2": _db2,
}
