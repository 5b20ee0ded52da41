"""Clients of databases that do not speak SQL: MongoDB (JavaScript) and Redis (commands, Lua)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.databases.connection import FOR_TESTS, is_local_for_tests
from checkrein.detect.shell.model import Handler, Invocation, Outcome, Snippet, absolute
from checkrein.detect.shell.options import Options, parse_options

_MONGO_VALUES = (
    *(
        "--eval",
        "-f",
        "--file",
        "-u",
        "--username",
        "-p",
        "--password",
        "--host",
        "--port",
        "--authenticationDatabase",
        "--tlsCAFile",
    ),
    *("--authenticationMechanism", "--tlsCertificateKeyFile", "--apiVersion"),
)
_MONGO_CALLS = {
    "dropDatabase": "sql.drop-database",
    "drop": "sql.drop-table",
    "dropCollection": "sql.drop-table",
    "dropUser": "sql.drop-user",
    "dropAllUsers": "sql.drop-user",
    "dropRole": "sql.drop-user",
    "dropAllRoles": "sql.drop-user",
    "dropIndexes": "sql.drop-object",
    "dropIndex": "sql.drop-object",
    "shutdownServer": "db.stop-server",
}
_ASKING = frozenset(
    {
        *("program", "expression_statement", "call_expression", "member_expression", "arguments", "identifier", "object"),
        *("property_identifier", "pair", "array", "string", "string_fragment", "number", "true", "false", "null", "comment"),
    }
)
"""Kinds of syntax of which a plain question or order to the database is made."""
_LEAVING = frozenset(
    ("constructor", "getSiblingDB", "getMongo", "adminCommand", "copyDatabase", "eval", "__proto__", "runCommand")
)
"""Methods that reach another database, or code."""
_DATA = frozenset(("sql.drop-database", "sql.drop-table", "sql.drop-object", "sql.delete-all", "sql.update-all"))
_MONGO_ALL = {"deleteMany": "sql.delete-all", "remove": "sql.delete-all", "updateMany": "sql.update-all"}
_HELPER = re.compile(r"\s*(?:show\s+[\w.]+|it|exit|quit|cls|help)\s*;?\s*$")
_MONGO_COMMANDS = {
    "dropDatabase": "sql.drop-database",
    "drop": "sql.drop-table",
    "shutdown": "db.stop-server",
    "dropUser": "sql.drop-user",
}


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_javascript.language()))


def mongo_effects(source: str, program: str) -> Iterator[Effect]:
    """What JavaScript for a MongoDB shell does to the data."""
    stack = [_parser().parse(source.encode("utf-8", "replace")).root_node]
    while stack:
        node = stack.pop()
        stack.extend(reversed(node.named_children))
        if node.type == "call_expression":
            yield from _call(node, program)


def _call(node: Node, program: str) -> Iterator[Effect]:
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if function is None or arguments is None or function.type not in ("member_expression", "subscript_expression"):
        return
    name = _property(function)
    what = _text(function.child_by_field_name("object"))
    given = [child for child in arguments.named_children if child.type != "comment"]
    rule = _MONGO_CALLS.get(name, "")
    if name in _MONGO_ALL and (not given or (given[0].type == "object" and not given[0].named_children)):
        rule = _MONGO_ALL[name]
    if name in ("runCommand", "adminCommand") and given:
        rule = next((_MONGO_COMMANDS[key] for key in _keys(given[0]) if key in _MONGO_COMMANDS), "")
    if rule:
        yield Effect(EffectKind.DESTRUCTIVE, what, f"{program} {name}", rule)


def _property(function: Node) -> str:
    """The method's name, also where it is written as ``db.users["drop"]``."""
    field = "property" if function.type == "member_expression" else "index"
    return _text(function.child_by_field_name(field)).strip("'\"`")


def _keys(node: Node) -> Iterator[str]:
    if node.type == "string":
        yield _text(node).strip("'\"`")
    for pair in node.named_children:
        if pair.type == "pair":
            yield _text(pair.child_by_field_name("key")).strip("'\"")


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _without_helpers(source: str) -> str:
    """A script without the shell's own commands, which are no JavaScript and change nothing: ``show dbs``, ``exit``."""
    return "\n".join(line for line in source.split("\n") if not _HELPER.match(line))


def _mongo(invocation: Invocation) -> Iterator[Outcome]:
    options = parse_options(invocation.args, values=_MONGO_VALUES)
    if options.has("--help", "--version"):
        return
    sources = list(options.given.get("--eval", ()))
    files = [*options.given.get("-f", ()), *options.given.get("--file", ())]
    files += [word for word in options.words if word.endswith((".js", ".mongodb"))]
    if invocation.stdin is not None:
        sources.append(invocation.stdin)
    for name in files:
        path = absolute(name, invocation.cwd)
        text = invocation.world.read_text(path)
        if text is None:
            yield Effect(EffectKind.UNRESOLVED, name, invocation.name, detail="the script cannot be read beforehand")
        else:
            sources.append(text)
    sources = [_without_helpers(source) for source in sources]
    plain = all(_only_asks(source) for source in sources)
    for source in sources:
        effects = mongo_effects(source.replace(UNKNOWN, "unknownValue"), invocation.name)
        if not plain:
            yield from effects
            yield Snippet("javascript", source)
        elif _for_tests(options):
            yield from (replace(effect, detail=FOR_TESTS) if effect.rule in _DATA else effect for effect in effects)
        else:
            yield from effects


def _for_tests(options: Options) -> bool:
    """True where the shell is told a database for tests on this machine, and no other host."""
    given = options.words[0] if options.words else ""
    address = given if "://" in given else f"mongodb://{'/'.join(options.given.get('--host', ('',))[-1:])}/{given}"
    return given.isprintable() and is_local_for_tests(address)


def _only_asks(source: str) -> bool:
    """True for calls on ``db`` alone: no other database is opened by them, and no code of another kind runs."""
    if UNKNOWN in source:
        return False
    stack = [_parser().parse(source.encode("utf-8", "replace")).root_node]
    while stack:
        node = stack.pop()
        if node.has_error and node.type == "ERROR":
            return False
        if node.type not in _ASKING or (node.type == "identifier" and _text(node) not in ("db", "print", "printjson")):
            return False
        if node.type == "property_identifier" and _text(node) in _LEAVING:
            return False
        stack.extend(node.named_children)
    return True


_REDIS_VALUES = (
    *(
        "-h",
        "-p",
        "-t",
        "-s",
        "-a",
        "--user",
        "--pass",
        "-u",
        "-r",
        "-i",
        "-n",
        "-d",
        "-D",
        "-X",
        "--cacert",
        "--cacertdir",
        "--cert",
    ),
    *("--key", "--sni", "--rdb", "--pattern", "--eval", "--functions-rdb", "--pipe-timeout", "--tls-ciphers"),
)
_REDIS_CONFIG = {
    "DIR",
    "DBFILENAME",
    "APPENDONLY",
    "SAVE",
    "SLAVEOF",
    "REPLICAOF",
    "REQUIREPASS",
    "PROTECTED-MODE",
    "ENABLE-MODULE-COMMAND",
}


def _redis(invocation: Invocation) -> Iterator[Outcome]:
    options = parse_options(invocation.args, values=_REDIS_VALUES, permute=False)
    if options.has("--help", "--version"):
        return
    if options.has("--cluster"):
        yield from _redis_cluster(options.words)
        return
    script = options.last("--eval")
    if script is not None:
        text = invocation.world.read_text(absolute(script, invocation.cwd))
        if text is None:
            yield Effect(EffectKind.UNRESOLVED, script, invocation.name, detail="the Lua script cannot be read beforehand")
        else:
            yield from _lua(text)
        return
    # ``redis-cli "FLUSHALL"`` and ``redis-cli FLUSHALL`` are the same to the client.
    words = options.words[0].split() + list(options.words[1:]) if options.words else []
    yield from redis_command(words)
    for line in (invocation.stdin or "").splitlines() if not words or options.has("-x") else ():
        yield from redis_command(_split(line))


def _redis_cluster(words: Sequence[str]) -> Iterator[Outcome]:
    """``redis-cli --cluster del-node HOST ID``, and ``call``, which sends a command to every node."""
    if words[:1] == ("call",):
        yield from redis_command(words[2:])
    elif words[:1] and words[0] in ("del-node", "fix", "import", "reshard", "rebalance"):
        yield Effect(EffectKind.DESTRUCTIVE, "the cluster", f"redis --cluster {words[0]}", "db.redis-config")


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def redis_command(words: Sequence[str]) -> Iterator[Outcome]:
    """What one Redis command does."""
    if not words:
        return
    name = words[0].upper()
    second = words[1].upper() if len(words) > 1 else ""
    program = f"redis {name} {second}".strip()
    match name:
        case "FLUSHALL" | "FLUSHDB":
            yield Effect(EffectKind.DESTRUCTIVE, "every key", f"redis {name}", "db.redis-flush")
        case "DEL" | "UNLINK" if any(UNKNOWN in word or "*" in word for word in words[1:]):
            yield Effect(EffectKind.DESTRUCTIVE, "keys", f"redis {name}", "db.redis-delete")
        case "CONFIG" if second == "SET" and len(words) > 2 and words[2].upper() in _REDIS_CONFIG:
            yield Effect(EffectKind.DESTRUCTIVE, words[2], program, "db.redis-config")
        case "MODULE" if second in ("LOAD", "LOADEX", "UNLOAD"):
            yield Effect(EffectKind.DESTRUCTIVE, words[-1], program, "db.redis-config")
        case "SLAVEOF" | "REPLICAOF" if second != "NO":
            yield Effect(EffectKind.DESTRUCTIVE, "every key", program, "db.redis-config")
        case "CLUSTER" if second in ("RESET", "FORGET", "FLUSHSLOTS", "DELSLOTS"):
            yield Effect(EffectKind.DESTRUCTIVE, "the cluster", program, "db.redis-config")
        case "DEBUG" if second in ("SEGFAULT", "RELOAD", "RESTART", "CRASH-AND-RECOVER", "PANIC", "FLUSHALL", "LOADAOF"):
            yield Effect(EffectKind.DESTRUCTIVE, "the server", program, "db.stop-server")
        case "SCRIPT" | "FUNCTION" if second in ("FLUSH", "KILL"):
            yield Effect(EffectKind.DESTRUCTIVE, "the stored scripts", program, "db.redis-delete")
        case "SHUTDOWN" if second != "ABORT":
            yield Effect(EffectKind.DESTRUCTIVE, "the server", program, "db.stop-server")
        case "EVAL" | "EVAL_RO" if len(words) > 1:
            yield from _lua(words[1])


def _lua(source: str) -> Iterator[Outcome]:
    """What a script's ``redis.call("COMMAND", ...)`` do, judged by their literal first argument."""
    commands = {text.upper() for text in _lua_strings(source)}
    for name in sorted(commands & {"FLUSHALL", "FLUSHDB"}):
        yield from redis_command([name])
    if commands & {"DEL", "UNLINK"} and commands & {"KEYS", "SCAN"}:
        yield from redis_command(["DEL", "*"])


def _lua_strings(source: str) -> Iterator[str]:
    index = 0
    while index < len(source):
        char = source[index]
        if source.startswith("--", index):
            end = source.find("\n", index)
            index = len(source) if end < 0 else end
        elif char in "'\"":
            end = source.find(char, index + 1)
            end = len(source) if end < 0 else end
            yield source[index + 1 : end]
            index = end + 1
        else:
            index += 1


HANDLERS: Mapping[str, Handler] = {
    "mongosh": _mongo,
    "mongo": _mongo,
    "redis-cli": _redis,
    "valkey-cli": _redis,
    "keydb-cli": _redis,
}
