"""SQL text -> effects. Statements are read from sqlglot's tokens, so that strings, comments and quoted names are never code.

Tokens rather than trees decide what a statement is: they exist for every dialect, and for statements that sqlglot's grammars
do not cover. Conditions (``WHERE``) are parsed to trees, because ``WHERE 1=1 OR id=3`` has to be seen for what it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.databases.sqltext import (
    KIND_FILLERS,
    KINDS_DATABASE,
    KINDS_OBJECT,
    KINDS_USER,
    MAX_CHARS,
    body,
    depends_on_row,
    is_literal,
    is_quoted,
    open_conditional_comments,
    read_tokens,
)
from checkrein.detect.shell.model import Outcome, ShellText

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token


_NESTING = 4
_NAME_TOKENS = 40  # how far a name or a function's first string is looked for
_PLACEHOLDER = "unknown_value"
# A statement may begin behind these; elsewhere DELETE, DROP ... are privileges, trigger events or column names.
_BEFORE_HEAD = {"(", ")", "ANALYZE", "VERBOSE", "EXPLAIN", "THEN", "ELSE", "LOOP", "BEGIN", "DO", "EXECUTE", ";"}
_DEFINES = {"FUNCTION", "PROCEDURE", "TRIGGER", "RULE", "EVENT", "POLICY"}
_RUNS_TEXT = {"DO", "EXEC", "EXECUTE", "PREPARE", "SP_EXECUTESQL", "BEGIN", "DECLARE", "SET", "IF", "WHILE"}
_CONSTRAINTS = {
    *("CONSTRAINT", "DEFAULT", "INDEX", "KEY", "PRIMARY", "FOREIGN", "CHECK", "IDENTITY", "EXPRESSION", "PERIOD", "PROJECTION"),
    *("", "NOT"),
}
_JOINS = ("||", "+", ",")
_UNTRUSTED = frozenset(("C", "INTERNAL", "PLPERLU", "PLSH", "PLR", "PLTCLU", "PLPYTHONU", "PLPYTHON2U", "PLPYTHON3U"))
"""Languages of PostgreSQL whose functions do what the server may do."""
_SERVER_PROGRAMS = (
    "ARCHIVE_COMMAND",
    "RESTORE_COMMAND",
    "ARCHIVE_CLEANUP_COMMAND",
    "RECOVERY_END_COMMAND",
    "SSL_PASSPHRASE_COMMAND",
)
_PROGRAM_FUNCTIONS = {"XP_CMDSHELL", "SYS_EXEC", "SYS_EVAL", "LOAD_EXTENSION", "SHELL_EXEC", "SP_OACREATE", "DBMS_SCHEDULER"}
_FILE_FUNCTIONS = {
    *("LOAD_FILE", "LO_EXPORT", "LO_IMPORT", "PG_READ_FILE", "PG_READ_BINARY_FILE", "PG_LS_DIR", "PG_FILE_WRITE"),
    *("XP_DIRTREE", "READFILE", "WRITEFILE", "UTL_FILE"),
}


def sql_effects(text: str, dialect: str = "") -> tuple[Effect, ...]:
    """What SQL statements do: ``sql_outcomes`` without the shell code in them. ``dialect`` is sqlglot's name for it."""
    return tuple(outcome for outcome in sql_outcomes(text, dialect) if isinstance(outcome, Effect))


def sql_outcomes(text: str, dialect: str = "") -> tuple[Outcome, ...]:
    """Effects of a text of SQL statements and shell code that it has the server run (``COPY ... FROM PROGRAM``)."""
    context = _Context()
    outcomes = dict.fromkeys(_outcomes(text, dialect, context))
    if context.budget.conditions < 0 or context.budget.findings <= 0:
        outcomes[_unresolved("the SQL text holds more statements that delete or change rows than can be judged")] = None
    return tuple(outcomes)


def literal_outcomes(text: str, dialect: str) -> tuple[Outcome, ...]:
    """What the strings in SQL text would do as statements of their own, where what a query gives is run."""
    tokens = read_tokens(text[:MAX_CHARS], dialect) or ()
    return tuple(outcome for code in _literals(tokens) for outcome in sql_outcomes(code, dialect))


def _literals(tokens: Sequence[Token]) -> Iterator[str]:
    """The texts of the strings, and of those that ``||``, ``+`` or the arguments of ``concat`` put together."""
    run: list[str] = []
    for token in (*tokens, None):
        if token is not None and is_literal(token):
            run.append(body(token.text))
        elif token is None or token.text not in _JOINS:
            yield from run
            if len(run) > 1:
                yield "".join(run)
            run = []


def _outcomes(text: str, dialect: str, context: _Context) -> Iterator[Outcome]:
    if not text.strip(" ;\n\t"):
        return
    if text.strip().startswith(UNKNOWN):
        yield _unresolved("the SQL text is not known beforehand")
    if len(text) > MAX_CHARS:
        yield _unresolved(f"the SQL text is longer than {MAX_CHARS} characters; only its beginning was judged")
        text = text[:MAX_CHARS]
    text = text.replace(UNKNOWN, _PLACEHOLDER)
    if dialect in ("", "mysql"):
        text = open_conditional_comments(text)
    dialect = dialect or ("mysql" if "`" in text else "postgres")
    tokens = read_tokens(text, dialect)
    if tokens is None:
        yield _unresolved("the SQL text cannot be read")
        return
    start = 0
    for index in range(len(tokens) + 1):
        if index == len(tokens) or (tokens[index].text == ";" and not is_quoted(tokens[index])):
            if index > start:
                yield from _Statement(text, dialect, tokens[start:index], context).outcomes()
            start = index + 1


def _unresolved(why: str) -> Effect:
    return Effect(EffectKind.UNRESOLVED, "SQL", "sql", detail=why)


@dataclass(slots=True)
class _Budget:
    """What is left of the work that one text may cause; a text that asks for more is reported as unresolved."""

    conditions: int = 100  # WHERE clauses that are parsed
    findings: int = 200


@dataclass(frozen=True, slots=True)
class _Context:
    """Where a statement stands. ``runs``: its strings are code, because ``EXECUTE`` or its like precedes them."""

    depth: int = 0
    runs: bool = False
    temporary: set[str] = field(default_factory=set)  # names of temporary tables that the text has made so far
    budget: _Budget = field(default_factory=_Budget)


class _Statement:
    """One statement's tokens, and the questions that are asked of them."""

    def __init__(self, text: str, dialect: str, tokens: Sequence[Token], context: _Context) -> None:
        self.text = text
        self.dialect = dialect
        self.tokens = tokens
        self.context = context
        self.words = ["" if is_quoted(token) else token.text.upper() for token in tokens]

    def outcomes(self) -> Iterator[Outcome]:
        """Everything that this statement does."""
        first = self.words[0]
        if first == "CREATE":
            self._remember_temporary()
            for language, name in itertools.pairwise(self.words):
                if language == "LANGUAGE" and name in _UNTRUSTED:
                    yield _effect("sql.run-program", f"LANGUAGE {name.lower()}", name.lower())
            if _DEFINES & set(self.words[1:6]):
                return  # a definition: its body does not run now
        if first in ("EXPLAIN", "DESCRIBE", "DESC") and "ANALYZE" not in self._opening():
            return  # a plan of what would be done
        if first in _RUNS_TEXT or self.context.runs or self.tokens[0].token_type.name == "COMMAND":
            yield from self._text_that_runs(runs=first in _RUNS_TEXT)
        yield from self._parts()

    def _opening(self) -> list[str]:
        """The first words as they stand in the text: sqlglot hands on what follows some command words as one string."""
        text = self.text[self.tokens[0].start : self.tokens[0].start + 200]
        return text.upper().replace("(", " ").replace(",", " ").split(None, 6)

    def _parts(self) -> Iterator[Outcome]:
        for index, word in enumerate(self.words):
            if self.context.budget.findings <= 0:
                return  # said to be unresolved where the text ends
            found: list[Outcome] = []
            if index == 0 or self.words[index - 1] in _BEFORE_HEAD:
                found.extend(self._head(index, word))
            found.extend(self._anywhere(index, word))
            self.context.budget.findings -= len(found)
            yield from found

    def _head(self, index: int, word: str) -> Iterator[Outcome]:
        match word:
            case "DROP":
                yield from self._drop(index)
            case "TRUNCATE" if self._word(index + 1) != "(":
                yield from self._truncate(index)
            case "DELETE":
                yield from self._delete(index)
            case "UPDATE":
                yield from self._update(index)
            case "ALTER":
                yield from self._alter(index)
            case "GRANT":
                yield from self._grant(index)
            case "COPY":
                yield from self._copy(index)
            case "CREATE" if self._word(index + 1) in KINDS_USER and "SUPERUSER" in self.words:
                yield _effect("sql.grant-all", "CREATE ROLE ... SUPERUSER", self._name(index + 2))
            case "RESET" | "PURGE" if self._opening()[1:2] in (["MASTER"], ["BINARY"]):
                yield _effect("backup.delete", f"{word} BINARY LOGS", "the record from which a backup is brought up to date")
            case "SHUTDOWN" if len(self.words) == 1:
                yield _effect("db.stop-server", "SHUTDOWN", "the database server")

    def _anywhere(self, index: int, word: str) -> Iterator[Outcome]:
        if word in _PROGRAM_FUNCTIONS:
            yield _effect("sql.run-program", word.lower(), word.lower())
            following = self.tokens[index + 1 : index + _NAME_TOKENS]
            yield from (
                ShellText(token.text, flags=Flag.REMOTE) for token in following if is_literal(token) and word == "XP_CMDSHELL"
            )
        elif word == "EDIT" and self.dialect == "sqlite" and self._word(index + 1) == "(":
            literals = [token.text for token in self.tokens[index + 2 : index + _NAME_TOKENS] if is_literal(token)]
            yield from (ShellText(code) for code in literals[1:2])
        elif word in _FILE_FUNCTIONS and self._word(index + 1) in ("(", "."):
            yield _effect("sql.server-file", word.lower(), self._literal_behind(index))
        elif word in ("OUTFILE", "DUMPFILE") and self.words[index - 1] == "INTO":
            yield _effect("sql.server-file", f"INTO {word}", self._literal_behind(index))
        elif word == "INFILE":
            yield _effect("sql.server-file", "LOAD DATA INFILE", self._literal_behind(index))

    def _word(self, index: int) -> str:
        return self.words[index] if 0 <= index < len(self.words) else ""

    def _literal_behind(self, index: int) -> str:
        return next(
            (token.text for token in self.tokens[index : index + _NAME_TOKENS] if is_literal(token)), "a file on the server"
        )

    def _skip(self, index: int, *words: str) -> int:
        while self._word(index) in words and self._word(index):
            index += 1
        return index

    def _name(self, index: int) -> str:
        """The (dotted) name at ``index``."""
        index = self._skip(index, "IF", "EXISTS", "NOT", "ONLY", "TABLE", "FROM", "BY", "CONCURRENTLY")
        parts: list[str] = []
        for token in self.tokens[index : index + _NAME_TOKENS]:
            joins = token.text in (".", "#", "`", "*", "[", "]", '"')
            if parts and not joins and parts[-1] not in (".", "#", "`", "[", '"'):
                break
            if token.text in ("(", ",", ")"):
                break
            parts.append(token.text)
        return "".join(part for part in parts if part not in ("`", "[", "]", '"')) or "unknown"

    def _names(self, index: int) -> Iterator[str]:
        """The names in a list that begins at ``index``."""
        yield self._name(index)
        for at in range(index, min(len(self.words), index + 1_000)):
            if self.words[at] == ",":
                yield self._name(at + 1)

    def _is_temporary(self, name: str) -> bool:
        return name.startswith("#") or name.lower() in self.context.temporary or name.lower().startswith(("pg_temp.", "temp."))

    def _remember_temporary(self) -> None:
        if {"TEMP", "TEMPORARY"} & set(self.words[1:4]) and "TABLE" in self.words[:6]:
            self.context.temporary.add(self._name(self.words.index("TABLE") + 1).lower())

    def _drop(self, index: int) -> Iterator[Effect]:
        at = index + 1
        words = set()
        while self._word(at) in KIND_FILLERS:
            words.add(self._word(at))
            at += 1
        kind = self._word(at)
        name = self._name(at + 1)
        if kind in ("TABLE", "OWNED"):
            if not words & {"TEMPORARY", "TEMP"} and not all(self._is_temporary(each) for each in self._names(at + 1)):
                yield _effect("sql.drop-table", f"DROP {kind}", name)
        elif kind in KINDS_DATABASE:
            yield _effect("sql.drop-database", f"DROP {kind}", name)
        elif kind in KINDS_OBJECT:
            yield _effect("sql.drop-object", f"DROP {kind}", name)
        elif kind in KINDS_USER:
            yield _effect("sql.drop-user", f"DROP {kind}", name)

    def _truncate(self, index: int) -> Iterator[Effect]:
        name = self._name(index + 1)
        if len(self.words) > index + 1 and not self._is_temporary(name):
            yield _effect("sql.truncate", "TRUNCATE", name)

    def _delete(self, index: int) -> Iterator[Effect]:
        following = self._word(index + 1)
        named = index + 1 < len(self.tokens) and (following == "FROM" or following not in ("WHEN", "ON", ",", ")", ";", "SET"))
        name = self._name(index + 1)
        if named and not self._is_temporary(name) and not self._is_bounded(index):
            yield _effect("sql.delete-all", "DELETE without WHERE", name)

    def _update(self, index: int) -> Iterator[Effect]:
        if self._word(index + 1) in ("SET", "") and not (index + 1 < len(self.tokens) and is_quoted(self.tokens[index + 1])):
            return  # ON CONFLICT DO UPDATE SET, WHEN MATCHED THEN UPDATE SET
        name = self._name(index + 1)
        if "SET" in self.words[index:] and not self._is_temporary(name) and not self._is_bounded(index):
            yield _effect("sql.update-all", "UPDATE without WHERE", name)

    def _is_bounded(self, index: int) -> bool:
        """True where the DELETE or UPDATE at ``index`` names the rows that it is about."""
        level = 0
        for at in range(index, len(self.words)):
            word = self.words[at]
            level += (word == "(") - (word == ")")
            if level < 0:
                return False
            if level == 0 and word == "WHERE":
                return self._is_condition(at + 1)
            if level == 0 and word == "JOIN":
                return True
        return False

    def _is_condition(self, index: int) -> bool:
        """True where the condition that begins at ``index`` depends on the row."""
        level = 0
        end = index
        while end < len(self.words) and self.words[end] not in ("RETURNING", "LIMIT", "ORDER", "OPTION"):
            level += (self.words[end] == "(") - (self.words[end] == ")")
            if level < 0:
                break
            end += 1
        if end == index:
            return False
        if (
            end == index + 3
            and self.words[index + 1] == "="
            and self._names_column(index)
            and not self._names_column(index + 2)
        ):
            return True  # ``id = 3``
        self.context.budget.conditions -= 1
        if self.context.budget.conditions < 0:
            return True  # said to be unresolved where the text ends
        return depends_on_row(self.text[self.tokens[index].start : self.tokens[end - 1].end + 1], self.dialect)

    def _names_column(self, index: int) -> bool:
        return self.tokens[index].token_type.name in ("VAR", "IDENTIFIER")

    def _alter(self, index: int) -> Iterator[Effect]:
        kind = self._word(index + 1)
        name = self._name(index + 2)
        words = self.words[index:]
        if kind == "SYSTEM" and (setting := self._word(index + 3)) in _SERVER_PROGRAMS:
            yield _effect("sql.run-program", f"ALTER SYSTEM SET {setting.lower()}", setting.lower())
        if kind in KINDS_USER and "SUPERUSER" in words:
            yield _effect("sql.grant-all", "ALTER ROLE ... SUPERUSER", name)
        if kind != "TABLE" or self._is_temporary(name):
            return
        for at in range(index + 3, len(self.words)):
            if self.words[at] in ("DELETE", "UPDATE") and not self._is_bounded(at):  # ClickHouse
                yield _effect("sql.delete-all", f"ALTER TABLE {self.words[at]}", name)
            if self.words[at] != "DROP":
                continue
            what = self._word(at + 1)
            if what not in _CONSTRAINTS or self._quoted_at(at + 1):
                yield _effect("sql.drop-column", f"ALTER TABLE DROP {what or 'COLUMN'}", name)

    def _quoted_at(self, index: int) -> bool:
        return index < len(self.tokens) and self.tokens[index].token_type.name == "IDENTIFIER"

    def _grant(self, index: int) -> Iterator[Effect]:
        words = self.words[index:]
        everything = words[1:2] == ["ALL"]
        everywhere = any(words[at : at + 3] == ["*", ".", "*"] for at in range(len(words)))
        if (everything and everywhere) or "SUPER" in words[1:4]:
            yield _effect("sql.grant-all", "GRANT ALL ON *.*", "every database")

    def _copy(self, index: int) -> Iterator[Outcome]:
        for at in range(index, len(self.words)):
            if self.words[at] == "PROGRAM" and at + 1 < len(self.tokens):
                command = self.tokens[at + 1].text
                yield _effect("sql.run-program", "COPY ... PROGRAM", command)
                yield ShellText(command, flags=Flag.REMOTE)
            elif self.words[at] == "TO" and at + 1 < len(self.tokens) and is_literal(self.tokens[at + 1]):
                yield _effect("sql.server-file", "COPY ... TO", self.tokens[at + 1].text)

    def _text_that_runs(self, *, runs: bool) -> Iterator[Outcome]:
        """``DO $$ ... $$``, ``EXECUTE '...'``: strings that the server runs. sqlglot hands on some statements as one string."""
        if self.context.depth >= _NESTING:
            yield _unresolved("SQL nests too deeply")
            return
        inner = _Context(self.context.depth + 1, runs, self.context.temporary, self.context.budget)
        for code in _literals(self.tokens if self.context.runs else self.tokens[1:]):
            yield from _outcomes(code, self.dialect, inner)


def _effect(rule: str, program: str, target: str) -> Effect:
    return Effect(EffectKind.DESTRUCTIVE, target, program, rule)
