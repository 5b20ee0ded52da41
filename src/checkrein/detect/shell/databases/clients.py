"""Clients that send SQL: where each takes its statements from, and its own commands between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import partial

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import Options, parse_options
from checkrein.detect.shell.sql import sql_outcomes

_INCLUDES = 8  # how deep \i, .read and source are followed


class Style(StrEnum):
    """Whose commands stand between the statements."""

    PLAIN = auto()
    PSQL = auto()  # \! \i \copy \o \g
    MYSQL = auto()  # \! system source tee pager
    SQLITE = auto()  # .shell .read .import .output
    SQLCMD = auto()  # :!! :r


@dataclass(frozen=True, slots=True)
class Client:
    """How one client is called. Options are written ``-c``; ``operands`` is the index of the first operand that holds SQL."""

    dialect: str
    style: Style = Style.PLAIN
    text: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    operands: int | None = None
    subcommands: tuple[str, ...] = ()
    single_dash_long: bool = False


_HOST = ("-h", "--host", "-p", "--port", "-u", "--user", "--password", "-d", "--database")
_PSQL = Client(
    "postgres",
    Style.PSQL,
    text=("-c", "--command"),
    files=("-f", "--file"),
    values=(
        *("-d", "--dbname", "-h", "--host", "-p", "--port", "-U", "--username", "-v", "--set", "--variable", "-o", "--output"),
        *("-L", "--log-file", "-F", "--field-separator", "-R", "--record-separator", "-P", "--pset", "-T", "--table-attr"),
    ),
)
_MYSQL = Client(
    "mysql",
    Style.MYSQL,
    text=("-e", "--execute", "--init-command", "--init-command-add"),
    values=(
        *(
            "-u",
            "--user",
            "-h",
            "--host",
            "-P",
            "--port",
            "-D",
            "--database",
            "-S",
            "--socket",
            "--protocol",
            "--default-character-set",
        ),
        *(
            "--defaults-file",
            "--defaults-extra-file",
            "--login-path",
            "--ssl-ca",
            "--ssl-cert",
            "--ssl-key",
            "--delimiter",
            "--prompt",
        ),
        *("--tee", "--pager", "--max-allowed-packet", "--plugin-dir"),
    ),
)
_SQLITE = Client(
    "sqlite",
    Style.SQLITE,
    text=("-cmd", "--cmd"),
    files=("-init", "--init"),
    values=(
        "-separator",
        "--separator",
        "-nullvalue",
        "--nullvalue",
        "-newline",
        "--newline",
        "-vfs",
        "--vfs",
        "-mmap",
        "-maxsize",
    ),
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
    "pgcli": _PSQL,
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
    if client.style is Style.SQLITE and _in_memory(options):
        yield from (outcome for outcome in _given(client, options, invocation) if not _is_of_data(outcome))
        return
    if client.style is Style.SQLITE:
        name = options.words[0].removeprefix("file:").partition("?")[0]
        yield Effect(EffectKind.READ, absolute(name, invocation.cwd), invocation.name, flags=Flag.CONTENT_OUT)
    yield from _given(client, options, invocation)


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
        yield from _file(name, client, invocation, 0)
    if invocation.stdin is not None and not texts:
        yield from statements(invocation.stdin, client, invocation, 0)


def _file(name: str, client: Client, invocation: Invocation, depth: int) -> Iterator[Outcome]:
    if name in ("-", "/dev/stdin"):
        text = invocation.stdin
    else:
        path = absolute(name, invocation.cwd)
        text = None if UNKNOWN in name else invocation.world.read_text(path)
        yield Effect(EffectKind.READ, path, invocation.name)
    if text is None or depth >= _INCLUDES:
        yield Effect(EffectKind.UNRESOLVED, name, invocation.name, detail="the SQL file cannot be read beforehand")
    else:
        yield from statements(text, client, invocation, depth + 1)


def statements(text: str, client: Client, invocation: Invocation, depth: int) -> Iterator[Outcome]:
    """SQL with a client's own commands in it: each command by itself, the SQL between them as one text."""
    if client.style is Style.PLAIN:
        yield from sql_outcomes(text, client.dialect)
        return
    sql: list[str] = []
    for line in text.splitlines():
        before, command = _split(line, client.style)
        sql.append(before)
        if command:
            yield from _own_command(command, client, invocation, depth)
    yield from sql_outcomes("\n".join(sql), client.dialect)


def _split(line: str, style: Style) -> tuple[str, str]:
    """A line's SQL and the client's command that ends it. A backslash inside a quotation begins no command."""
    stripped = line.strip()
    match style:
        case Style.SQLITE:
            return ("", stripped) if stripped.startswith(".") else (line, "")
        case Style.SQLCMD:
            return ("", stripped) if stripped.startswith((":", "!!")) else (line, "")
        case Style.MYSQL if stripped.split(" ", 1)[0].lower() in ("system", "source", "tee", "pager", "delimiter"):
            return "", stripped
    quote = ""
    for index, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif char == "\\":
            return line[:index], line[index:].strip()
        elif line.startswith("--", index):
            break
    return line, ""


_SHELL = {"\\!", "system", ".shell", ".system", "!!", ":!!", "pager", "\\P"}
_READS = {"\\i", "\\ir", "\\include", "\\include_relative", "source", "\\.", ".read", ":r"}
_WRITES = {
    "\\o",
    "\\out",
    "\\w",
    "\\g",
    "\\gx",
    "\\s",
    "tee",
    "\\T",
    ".output",
    ".once",
    ".backup",
    ".save",
    ".log",
    ":out",
    ":error",
}


def _own_command(command: str, client: Client, invocation: Invocation, depth: int) -> Iterator[Outcome]:
    name, _, rest = command.partition(" ")
    if command.startswith(("\\!", "!!")):
        name, rest = command[:2], command[2:]
    elif command.startswith(":!!"):
        name, rest = ":!!", command[3:]
    rest = rest.strip().removesuffix(";").strip()
    words = rest.replace("'", " ").replace('"', " ").split()
    if name in _SHELL:
        yield ShellText(rest)
    elif rest.startswith("|") and name in _READS | _WRITES | {".import"}:
        yield ShellText(rest[1:])
    elif name in _READS and words:
        yield from _file(words[-1], client, invocation, depth)
    elif name in _WRITES and words:
        yield Effect(EffectKind.WRITE, absolute(words[-1], invocation.cwd), f"{invocation.name} {name}")
    elif name == ".import" and words:
        yield from _import(words, rest, invocation)
    elif name == ".load":
        yield Effect(EffectKind.DESTRUCTIVE, rest, f"{invocation.name} .load", "sql.run-program")
    elif name == ".restore":
        yield Effect(EffectKind.DESTRUCTIVE, "the database", f"{invocation.name} .restore", "db.restore-over")
    elif name == "\\copy":
        yield from _copy(rest, invocation)


def _import(words: Sequence[str], rest: str, invocation: Invocation) -> Iterator[Outcome]:
    if "|" in rest:
        yield ShellText(rest.partition("|")[2].rpartition(" ")[0].rstrip("\"' "))
        return
    names = [word for word in words if not word.startswith("-")]
    yield Effect(EffectKind.READ, absolute(names[0], invocation.cwd), f"{invocation.name} .import")


def _copy(rest: str, invocation: Invocation) -> Iterator[Outcome]:
    """psql's ``\\copy`` runs on this machine: its program and its file are ours."""
    for outcome in sql_outcomes(f"COPY {rest}", "postgres"):
        if isinstance(outcome, ShellText):
            yield ShellText(outcome.text)
            return
    words = rest.replace("'", " ").split()
    upper = [word.upper() for word in words]
    for direction, kind in (("TO", EffectKind.WRITE), ("FROM", EffectKind.READ)):
        if direction in upper[:-1] and words[upper.index(direction) + 1].upper() not in (
            "STDIN",
            "STDOUT",
            "PSTDIN",
            "PSTDOUT",
        ):
            yield Effect(kind, absolute(words[upper.index(direction) + 1], invocation.cwd), f"{invocation.name} \\copy")


HANDLERS: Mapping[str, Handler] = {name: partial(_handle, client) for name, client in CLIENTS.items()}
