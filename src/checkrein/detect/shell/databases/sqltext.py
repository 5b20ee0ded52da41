"""Reading SQL text: what is SQL, its tokens, conditional comments, and whether a condition depends on the row.

sqlglot is heavy and most commands hold no SQL: it is imported when first needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from checkrein.detect.shell.options import listed

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

KINDS_DATABASE = {"DATABASE", "SCHEMA", "KEYSPACE", "CATALOG", "TABLESPACE"}
KINDS_OBJECT = frozenset(
    listed(
        "VIEW INDEX SEQUENCE FUNCTION PROCEDURE TRIGGER TYPE DOMAIN EXTENSION AGGREGATE POLICY RULE EVENT SERVER DICTIONARY "
        "SYNONYM PACKAGE PUBLICATION SUBSCRIPTION"
    )
)
KINDS_USER = {"USER", "ROLE", "LOGIN", "GROUP"}
KIND_FILLERS = frozenset(listed("TEMPORARY TEMP EXTERNAL FOREIGN MATERIALIZED CONCURRENTLY PLUGGABLE UNIQUE ONLINE LIVE"))
MAX_CHARS = 30_000
"""Longer text is judged up to here and reported as unresolved beyond."""


def read_tokens(text: str, dialect: str) -> Sequence[Token] | None:
    """The tokens; text that ends inside a quotation or a comment is closed, as a client that waits for more would see it."""
    from sqlglot import Dialect  # noqa: PLC0415 - heavy, and most commands hold no SQL
    from sqlglot.errors import TokenError  # noqa: PLC0415

    reader = Dialect.get_or_raise(dialect)
    for closing in ("", "'", '"', "`", "*/", "$$"):
        try:
            return list(reader.tokenize(text + closing))
        except TokenError:
            continue
    return None


def open_conditional_comments(text: str) -> str:
    """MySQL runs what stands in ``/*! ... */``: blank the marks, keep the code and every offset."""
    if "/*!" not in text and "/*M!" not in text:
        return text
    out: list[str] = []
    index = 0
    inside = False
    while index < len(text):
        char = text[index]
        if char in "'\"`":
            end = text.find(char, index + 1)
            end = len(text) if end < 0 else end + 1
            out.append(text[index:end])
            index = end
        elif text.startswith(("/*!", "/*M!"), index):
            end = index + text[index:].index("!") + 1
            while end < len(text) and text[end].isdigit():
                end += 1
            out.append(" " * (end - index))
            index, inside = end, True
        elif inside and text.startswith("*/", index):
            out.append("  ")
            index, inside = index + 2, False
        elif text.startswith("/*", index):
            end = text.find("*/", index + 2)
            end = len(text) if end < 0 else end + 2
            out.append(text[index:end])
            index = end
        else:
            out.append(char)
            index += 1
    return "".join(out)


def is_quoted(token: Token) -> bool:
    """True for a string or a quoted name."""
    return token.token_type.name in (
        "STRING",
        "IDENTIFIER",
        "HEREDOC_STRING",
        "RAW_STRING",
        "NATIONAL_STRING",
        "UNICODE_STRING",
    )


def is_literal(token: Token) -> bool:
    """True for a string."""
    return is_quoted(token) and token.token_type.name != "IDENTIFIER"


def body(text: str) -> str:
    """The text inside a dollar quotation; sqlglot hands on what follows a command word as one raw string."""
    stripped = text.strip()
    if stripped.startswith("$") and "$" in stripped[1:]:
        mark = stripped[: stripped.index("$", 1) + 1]
        inner, closing, _ = stripped[len(mark) :].partition(mark)
        if closing:
            return inner
    return text


def depends_on_row(condition: str, dialect: str) -> bool:
    """False where a condition is true for every row: no column in it, or nothing left of it once simplified."""
    from sqlglot import exp, parse_one  # noqa: PLC0415 - heavy, and most commands hold no SQL
    from sqlglot.errors import ErrorLevel, SqlglotError  # noqa: PLC0415
    from sqlglot.optimizer.simplify import simplify  # noqa: PLC0415

    try:
        tree = parse_one(f"SELECT 1 WHERE {condition}", dialect=dialect, error_level=ErrorLevel.IGNORE)
        where = tree.find(exp.Where)
        if where is None:
            return True
        reduced = simplify(where.this, dialect=dialect)
    except (SqlglotError, RecursionError, ValueError):
        return True  # a condition that nobody can read is still a condition
    if isinstance(reduced, exp.EQ | exp.NullSafeEQ) and reduced.left == reduced.right:
        return False
    if isinstance(reduced, exp.Like) and isinstance(reduced.expression, exp.Literal) and set(reduced.expression.name) == {"%"}:
        return False
    return any(True for _ in reduced.find_all(exp.Column, exp.Subquery, exp.Exists, exp.Parameter, exp.Placeholder))


def looks_like_sql(text: str) -> bool:
    """True where a command line is a bare SQL statement (``DROP TABLE users;``) and no shell command."""
    words = text.upper().split(None, 8)
    if len(words) < 2:
        return False
    first, second = words[0], words[1]
    rest = set(words[2:])
    match first:
        case "DROP" | "CREATE" | "ALTER":
            return second in KINDS_DATABASE | KINDS_OBJECT | KINDS_USER | KIND_FILLERS | {"TABLE", "COLUMN", "OWNED", "OR"}
        case "TRUNCATE":
            return second == "TABLE" or (len(words) == 2 and second.rstrip(";").replace("_", "a").replace(".", "a").isalnum())
        case "DELETE" | "INSERT":
            return second in ("FROM", "INTO")
        case "UPDATE":
            return "SET" in rest
        case "SELECT":
            return "FROM" in rest
        case "GRANT" | "REVOKE":
            return bool({"ON", "TO", "FROM"} & rest)
        case "SHOW" | "DESCRIBE" | "EXPLAIN":
            return second.rstrip(";") in {"DATABASES", "TABLES", "SELECT", "ANALYZE", "DELETE", "UPDATE"} or words[-1].endswith(
                ";"
            )
    return False
