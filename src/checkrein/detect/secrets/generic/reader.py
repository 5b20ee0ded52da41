"""Reads what is assigned to a name, whatever language or format the text is: the operator after the name, then the literal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from checkrein.detect.secrets.generic.literals import Form, Literal, bare, numbers, quoted


class Operator(Enum):
    """What stands between name and value; ENVIRONMENT is ``NAME=`` as in the environment's files and commands."""

    COMPARE = "compare"
    ASSIGN = "assign"
    ENVIRONMENT = "environment"
    COLON = "colon"
    CALL = "call"
    COMMA = "comma"
    MARKUP = "markup"
    TABLE = "table"
    WORD = "word"
    SPACE = "space"


@dataclass(frozen=True, slots=True)
class Value:
    """What is assigned, and how. ``scheme`` is the word before a credential in an ``Authorization`` header, in lower case."""

    literal: Literal
    operator: Operator
    scheme: str = ""


_CLOSERS = re.compile(r"(?:\\{0,3}[\"'`]|&quot;|&#3[49];|%22|\*\*|[\])}]|\[\d{0,5}\])*")
_OPERATOR = re.compile(
    r"""[ \t]*(?:
      (?P<compare>[=!]==?(?![=>]))
    | (?P<assign>(?::{1,3}|[?+.|~&]{1,2})?=>?|<-|%3[dD])
    | (?P<colon>:(?!//)|%3[aA]|->)
    | (?P<call>\()
    | (?P<comma>,)
    | (?P<markup>>)
    | (?P<table>(?<=[ \t])\|(?=[ \t]))
    | (?P<word>(?<=[ \t])(?:is|was|by|BY|=|ist|lautet|est|es)(?:[ \t]*:)?(?=[ \t])
        | (?<=[ \t])for[ \t][\w.@-]{1,40}[ \t]?(?:[:=]|is\b))
    | (?P<space>(?<=[ \t]))
    )""",
    re.VERBOSE,
)
_TYPE_AFTER_COLON = re.compile(r"[ \t]*&?[A-Za-z_][\w.:<>\[\]|?* ,]{0,48}?[ \t]*=(?=[ \t]*[^\s=>])")
_TYPE_BEFORE_EQUALS = re.compile(r"[ \t]*[A-Za-z_*\[][\w.\[\]*]{0,30}[ \t]*:?=(?![=>])")
_ATTRIBUTE = re.compile(r"[ \t]*[\"']?[ \t]*(?:(?:value|content|default|data|val)[ \t]*[=:]|-String(?=[ \t]))", re.IGNORECASE)
_ENTRY = re.compile(r"[\"']?[ \t]*[,{]?[ \t]*(?:\r?\n[ \t]*)?[\"']?(?:value|default)[\"']?[ \t]*[:=]", re.IGNORECASE)
_BREAK = re.compile(r"(?:\*\*)?[ \t]*(?:\r?\n[ \t]*)?(?:\((?=[ \t]*[\"'`])[ \t]*)?")
_BLOCK = re.compile(r"[|>][-+]?\d?[ \t]*\r?\n[ \t]*")
_CALL = re.compile(r"(?:new[ \t]+)?(?P<callee>[A-Za-z_$][\w$]*(?:(?:\.|::|->)[A-Za-z_$][\w$]*)*)!?[ \t]*[(\[][ \t]*")
_NAME_ARGUMENT = re.compile(r"\\?[\"'][\w.\-:/ ]{1,60}\\?[\"'][ \t]*(?P<next>[,)\]]+)[ \t]*")
_VARIABLE = re.compile(r"[A-Za-z_$][\w$.]{0,80}[ \t]+")
_FALLBACK = re.compile(r"[ \t]*(?:or|\|\||\?\?|\?:|else)[ \t]*")
_DEFAULT = re.compile(r":?[-=]")
_SHELL_DEFAULT = re.compile(r"\$\{\w{1,60}:?[-=]")
_SCHEME = re.compile(
    r"(basic|bearer|token|ntlm|negotiate|apikey|api-key|bot|oauth|sso-key|splunk|genie-?key)(?:[ \t]+|%20|\+)", re.IGNORECASE
)
_TAKES_WORDS = re.compile(r"\b(?:env|arg|setenv|set|export|define|machine)[ \t]|\blogin[ \t]+\S+[ \t]+$", re.IGNORECASE)
_GETTERS = frozenset(
    [
        "get",
        "getenv",
        "env",
        "environ",
        "getproperty",
        "getordefault",
        "getstring",
        "config",
        "option",
        "default",
        "setdefault",
        "pop",
        "fetch",
        "lookup",
        "value",
        "argument",
        "add_argument",
    ]
)
_LINE = 200
_CONSTANT = re.compile(r"0[xX][0-9a-fA-F]{1,16}[uUlL]*")  # as C's headers define them by the hundred
_COLUMN = ("\t", "  ")  # what sets the columns of a list apart
_LINE_ENDS = ("", "\r", "\n")
_USER_BEFORE = re.compile(r"(?:user|username|login|id|name|account)[ \t]?[/&][ \t]?$", re.IGNORECASE)


def value_after(text: str, start: int, end: int) -> Value | None:
    """What is assigned to the name ``text[start:end]``, or nothing where that is no literal."""
    if text.endswith("${", 0, start) and (default := _DEFAULT.match(text, end)):
        literal = bare(text, default.end(), closed_by="}")
        return Value(literal, Operator.ASSIGN) if literal else None
    if entry := _ENTRY.match(text, end):
        return _value(text, entry.end(), Operator.ASSIGN)
    closed = _CLOSERS.match(text, end)
    at = closed.end() if closed else end
    found = _OPERATOR.match(text, at)
    if found is None or found.lastgroup is None:
        return None
    operator = Operator(found.lastgroup)
    if operator is Operator.SPACE:
        return _after_space(text, start, end, found.end())
    if operator is Operator.COMMA and not _is_argument(text, start, end):
        return None
    if operator is Operator.COLON and _is_part_of_path(text, start) and " " not in text[start:end]:
        return None
    at = found.end()
    if found[0] == "=" and text[start:end].isupper() and at == end + 1:
        operator = Operator.ENVIRONMENT
    if operator is Operator.COLON and (typed := _TYPE_AFTER_COLON.match(text, at)):
        at = typed.end()
    in_query = found[0].lstrip().startswith("%") or text[start - 1 : start] in ("?", "&")
    value = _value(text, at, operator, query=in_query)
    return _without_user(value) if value and _USER_BEFORE.search(text, max(0, start - 12), start) else value


def _without_user(value: Value) -> Value:
    """The password in ``user/password: me/x``."""
    user = re.split(r"[/:]", value.literal.content, maxsplit=1)[0]
    if user == value.literal.content:
        return value
    literal, skipped = value.literal, len(user) + 1
    return Value(Literal(literal.start + skipped, literal.end, literal.form, literal.content[skipped:]), value.operator)


def _is_argument(text: str, start: int, end: int) -> bool:
    """Whether the name is a string that begins a call or a tuple (``("password", "x")``), or one of curl's options."""
    if text.startswith("CURLOPT_", start):
        return True
    before = text[max(0, start - 8) : start].rstrip("\"'`\\ ")
    return end < len(text) and text[end] in "\"'`\\" and before.endswith(("(", "[", "{"))


def _is_part_of_path(text: str, start: int) -> bool:
    """Whether the name follows a colon itself (``arn:aws:secretsmanager:eu-west-1:1234:secret:name``), or begins a URL."""
    return text.endswith("//", 0, start) or (start > 1 and text[start - 1] == ":" and text[start - 2].isalnum())


def _after_space(text: str, start: int, end: int, at: int) -> Value | None:
    """``--password X``, ``ENV PASSWORD X``, ``PASSWORD 'x'``, ``token string = "x"``, ``name="Password" value="x"``, lists."""
    attribute = _ATTRIBUTE.match(text, at) or _TYPE_BEFORE_EQUALS.match(text, at)
    if attribute:
        return _value(text, attribute.end(), Operator.ASSIGN)
    value = _value(text, at, Operator.SPACE)
    if value is None or value.literal.form is not Form.BARE:
        return value
    line = text[max(text.rfind("\n", 0, start) + 1, start - _LINE) : start]
    if value.literal.content.startswith("pass:") or _CONSTANT.fullmatch(value.literal.content):
        return None  # openssl's, with a name of its own; a number
    if text[start] == "-" or line.endswith(("-", "/")) or _TAKES_WORDS.search(line):
        return value
    if text[start:end].lower() == "bearer" or text.endswith(_COLUMN, start, at):
        return value
    alone = not line.strip() and text[value.literal.end : value.literal.end + 1] in _LINE_ENDS
    return value if alone else None


def _value(text: str, at: int, operator: Operator, *, query: bool = False) -> Value | None:
    for skipped in (_BREAK, _BLOCK):
        found = skipped.match(text, at)
        at = found.end() if found else at
    literal = numbers(text, at) or quoted(text, at)
    scheme = ""
    if literal is None:
        if default := _SHELL_DEFAULT.match(text, at):
            literal = bare(text, default.end(), closed_by="}")
        elif call := _CALL.match(text, at):
            literal = _argument(text, call)
        elif later := _fallback(text, at):
            literal = later
        elif operator not in (Operator.CALL, Operator.COMMA, Operator.COMPARE):
            named = _SCHEME.match(text, at)
            scheme, at = (named[1].lower(), named.end()) if named else ("", at)
            literal = quoted(text, at) or bare(text, at, query=query)
    elif literal.form is Form.QUOTED and (named := _SCHEME.match(literal.content)):
        scheme = named[1].lower()
        literal = Literal(literal.start + named.end(), literal.end, literal.form, literal.content[named.end() :])
    return Value(literal, operator, scheme) if literal else None


def _argument(text: str, call: re.Match[str]) -> Literal | None:
    """The literal in ``wrap("x")``, or the default in ``getenv("NAME", "x")`` and ``env["NAME"] or "x"``."""
    callee = re.split(r"\.|::|->", call["callee"])[-1].lower()
    getter = callee in _GETTERS or "env" in callee
    named = _NAME_ARGUMENT.match(text, call.end())
    if not getter:
        return quoted(text, call.end())
    if named is None:
        return None
    if "," in named["next"]:
        return quoted(text, named.end())
    later = _FALLBACK.match(text, named.end())
    return quoted(text, later.end()) if later else None


def _fallback(text: str, at: int) -> Literal | None:
    """The literal in ``variable or "x"``."""
    name = _VARIABLE.match(text, at)
    later = _FALLBACK.match(text, name.end()) if name else None
    return quoted(text, later.end()) if later else None
