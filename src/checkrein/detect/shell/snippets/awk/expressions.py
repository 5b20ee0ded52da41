"""Parses awk's expressions."""

from __future__ import annotations

from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.awk.tokens import Token
from checkrein.detect.shell.snippets.lowering import MARK, const_text, deep
from checkrein.detect.shell.snippets.treelower import number

MAX_NESTING = 40
POWERS = {
    "?": 2,
    "||": 3,
    "&&": 4,
    "in": 5,
    "~": 6,
    "!~": 6,
    "<": 7,
    "<=": 7,
    "==": 7,
    "!=": 7,
    ">": 7,
    ">=": 7,
    "|": 8,
    "|&": 8,
    "+": 10,
    "-": 10,
    "*": 11,
    "/": 11,
    "%": 11,
    "^": 13,
    "**": 13,
}
CONCAT = 9
CHANGED = {"sub": 2, "gsub": 2, "split": 1, "patsplit": 1, "match": 2}
"""Functions that change an argument, and which."""
ASSIGNS = frozenset(("=", "+=", "-=", "*=", "/=", "%=", "^=", "**="))
STARTS = frozenset(("(", "$", "!", "-", "+", "++", "--", "@"))
KEYWORDS = frozenset(("in", "getline"))


def call_of(name: str, *args: ir.Node) -> ir.Node:
    """A call of a function by its name, whatever variables are called."""
    return ir.Call(ir.Name(ir.GLOBAL + name), args)


class AwkExpressions:
    """The tokens of one program, and its expressions."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0
        self.problems: list[str] = []

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _is(self, *values: str) -> bool:
        token = self._token
        return token.kind in ("op", "name", "newline") and token.value in values

    def _take(self, *values: str) -> bool:
        if self._is(*values):
            self._at += 1
            return True
        return False

    def _next(self) -> Token:
        token = self._token
        if token.kind != "end":
            self._at += 1
        return token

    def _skip(self) -> None:
        while self._token.kind == "newline" or self._is(";"):
            self._at += 1

    def _lines(self) -> None:
        while self._token.kind == "newline":
            self._at += 1

    def _odd(self) -> None:
        self.problems.append(f"not valid awk at {self._next().value[:20]!r}")

    def expression(self, power: int = 0, *, printing: bool = False) -> ir.Node:
        """An expression of operators that bind at least as tightly as ``power``. ``printing``: ``>`` and ``|`` end it."""
        if self._depth > MAX_NESTING:
            self._at = len(self._tokens) - 1
            return deep()
        self._depth += 1
        left = self._operand(printing=printing)
        while True:
            following = self._operator(left, power, printing=printing)
            if following is None:
                self._depth -= 1
                return left
            left = following

    def _operator(self, left: ir.Node, power: int, *, printing: bool) -> ir.Node | None:
        token = self._token
        if token.kind == "op" and token.value in ASSIGNS and power <= 1:
            self._next()
            return ir.Assign(left, self.expression(1, printing=printing), op="" if token.value == "=" else token.value[0])
        if printing and token.kind == "op" and token.value in (">", "|", "|&"):
            return None
        strength = POWERS.get(token.value, 0) if token.kind in ("op", "name") else 0
        if strength and strength > power:
            self._next()
            return self._combined(left, token.value, strength, printing=printing)
        if power < CONCAT and self._starts_operand(token):
            parts = [left]
            while self._starts_operand(self._token):
                parts.append(self.expression(CONCAT, printing=printing))
            return ir.Concat(tuple(parts))
        return None

    def _starts_operand(self, token: Token) -> bool:
        if token.kind in ("number", "text", "pattern"):
            return True
        if token.kind == "name":
            return token.value not in KEYWORDS and token.value not in ("else", "while", "if", "print", "printf")
        return token.kind == "op" and token.value in ("(", "$", "!", "++", "--", "@")

    def _combined(self, left: ir.Node, op: str, strength: int, *, printing: bool) -> ir.Node:
        self._lines() if op in ("&&", "||") else None
        if op in ("|", "|&"):
            if not self._take("getline"):
                return ir.Opaque((left, self.expression(strength, printing=printing)))
            return self._filled(call_of("|getline", left))
        if op == "?":
            first = self.expression(1, printing=printing)
            self._take(":")
            return ir.Choice((ir.Block((left, first)), self.expression(1, printing=printing)))
        right = self.expression(strength, printing=printing)
        return ir.Binary(op, left, right) if op in ("+", "-", "*", "/", "%") else ir.Opaque((left, right))

    def _filled(self, value: ir.Node) -> ir.Node:
        """``getline`` sets the variable that follows it, or ``$0``."""
        if self._is("$") or (self._token.kind == "name" and not self._token.called and self._token.value not in KEYWORDS):
            return ir.Assign(self._operand(printing=True), value)
        return ir.Assign(ir.Name("$0"), value)

    def _operand(self, *, printing: bool) -> ir.Node:
        token = self._token
        match token.kind:
            case "number":
                self._next()
                return ir.Const(number(token.value))
            case "text":
                self._next()
                return ir.Const(const_text(token.value))
            case "pattern":
                self._next()
                return ir.Const("")
            case "name":
                return self._named()
            case "op" if token.value in STARTS:
                return self._prefixed(printing=printing)
        return ir.Const("")

    def _named(self) -> ir.Node:
        token = self._next()
        name = token.value
        if MARK in name:
            return ir.Unreadable("part of the code is not known before it runs")
        if name == "getline":
            holder = self._filled(ir.Const(""))
            if self._take("<"):
                target = holder.target if isinstance(holder, ir.Assign) else ir.Name("$0")
                return ir.Assign(target, call_of("getline<", self.expression(CONCAT)))
            return ir.Assign(holder.target, call_of("getline")) if isinstance(holder, ir.Assign) else holder
        if token.called or (self._is("(") and name in ("system", "close", "sprintf")):
            return self._changing(name, self._arguments("(", ")"))
        if self._is("["):
            keys = self._arguments("[", "]")
            return ir.Index(ir.Name(name), keys[0] if len(keys) == 1 else ir.Concat(keys))
        self._take("++", "--")
        return ir.Name(name)

    def _changing(self, name: str, args: tuple[ir.Node, ...]) -> ir.Node:
        """A call; of some functions one argument, or the record, is something else afterwards."""
        called = ir.Call(ir.Name(name), args)
        if name not in CHANGED:
            return called
        at = CHANGED[name]
        target = args[at] if at < len(args) else ir.Name("$0")
        return ir.Block((ir.Assign(target, ir.Opaque(args)), called)) if isinstance(target, (ir.Name, ir.Index)) else called

    def _arguments(self, start: str, end: str) -> tuple[ir.Node, ...]:
        self._take(start)
        made: list[ir.Node] = []
        while not self._take(end) and self._token.kind != "end" and not self._is("}", ";"):
            before = self._at
            made.append(self.expression())
            self._take(",")
            self._lines()
            if self._at == before:
                self._odd()
        return tuple(made)

    def _prefixed(self, *, printing: bool) -> ir.Node:
        op = self._next().value
        if op == "(":
            self._at -= 1
            parts = self._arguments("(", ")")
            return parts[0] if len(parts) == 1 else ir.Items(parts)
        if op == "$":
            inner = self.expression(14)
            self._take("++", "--")
            return ir.Name("$0") if inner == ir.Const(0) else call_of("field", inner)
        if op == "@":  # an indirect call: the variable holds the function's name
            name = self._next().value
            return ir.Call(ir.Concat((ir.Name(name),)), self._arguments("(", ")"))
        return ir.Opaque((self.expression(12, printing=printing),))
