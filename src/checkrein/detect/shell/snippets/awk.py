"""Lowers awk with a parser of its own: there is no maintained grammar of it to rely on."""

from __future__ import annotations

from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.awk_table import AWK
from checkrein.detect.shell.snippets.awk_tokens import Token, tokens
from checkrein.detect.shell.snippets.lowering import MARK, Lowered, const_text, deep
from checkrein.detect.shell.snippets.treelower import hoisted, number

DIALECT = AWK
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
ASSIGNS = frozenset(("=", "+=", "-=", "*=", "/=", "%=", "^=", "**="))
STARTS = frozenset(("(", "$", "!", "-", "+", "++", "--", "@"))
KEYWORDS = frozenset(("in", "getline"))


def lower(source: str) -> Lowered:
    """The program."""
    parser = AwkParser(tokens(source))
    program = hoisted(parser.program())
    return Lowered(program, tuple(dict.fromkeys(parser.problems)))


def _global(name: str, *args: ir.Node) -> ir.Node:
    return ir.Call(ir.Name(ir.GLOBAL + name), args)


class AwkParser:
    """Recursive descent over a token list. What it cannot place it skips by one token, and says so."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0
        self.problems: list[str] = []

    # -- tokens

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

    # -- program

    def program(self) -> tuple[ir.Node, ...]:
        """Rules and functions."""
        made: list[ir.Node] = []
        while True:
            self._skip()
            if self._token.kind == "end":
                return tuple(made)
            before = self._at
            made.append(self._item())
            if self._at == before:
                self._odd()

    def _item(self) -> ir.Node:
        if self._token.kind == "name" and self._token.value in ("function", "func"):
            return self._function()
        once = self._take("BEGIN", "END", "BEGINFILE", "ENDFILE")
        parts: list[ir.Node] = []
        while not once and not self._is("{", ";") and self._token.kind not in ("newline", "end"):
            before = self._at
            parts.append(self.expression())
            self._take(",")
            if self._at == before:
                self._odd()
        if self._is("{"):
            body = self._block()
            return ir.Block((body,)) if once else ir.Block((*parts, ir.Block((body,), maybe=True, loop=True)))
        return ir.Block(tuple(parts))

    def _function(self) -> ir.Node:
        self._next()
        name = self._next().value
        params: list[ir.Param] = []
        self._take("(")
        while self._token.kind == "name":
            params.append(ir.Param(ir.Name(self._next().value), ir.Const("")))
            self._take(",")
            self._lines()
        self._take(")")
        self._lines()
        return ir.Function(name, tuple(params), (self._block(),) if self._is("{") else ())

    def _block(self) -> ir.Node:
        self._next()
        made: list[ir.Node] = []
        if self._depth > MAX_NESTING:
            return deep()
        self._depth += 1
        while True:
            self._skip()
            if self._token.kind == "end" or self._take("}"):
                break
            before = self._at
            made.append(self._statement())
            if self._at == before:
                self._odd()
        self._depth -= 1
        return ir.Block(tuple(made))

    # -- statements

    def _statement(self) -> ir.Node:
        self._lines()
        if self._depth > MAX_NESTING:
            self._at = len(self._tokens) - 1
            return deep()
        self._depth += 1
        try:
            if self._is("{"):
                return self._block()
            if self._token.kind == "name":
                match self._token.value:
                    case "if" | "while" | "switch":
                        return self._conditional()
                    case "for":
                        return self._for()
                    case "do":
                        return self._do()
                    case "print" | "printf":
                        return self._print()
                    case "return" | "exit" | "delete" | "case" | "default" | "next" | "nextfile" | "break" | "continue":
                        return self._leave()
            return self.expression()
        finally:
            self._depth -= 1

    def _conditional(self) -> ir.Node:
        loop = self._next().value == "while"
        test = self._parenthesized()
        self._lines()
        body = ir.Block((self._statement(),), maybe=True, loop=loop) if not self._is(";") else ir.Block(())
        at = self._at
        self._skip()
        if not loop and self._take("else"):
            self._lines()
            return ir.Block((test, body, ir.Block((self._statement(),), maybe=True)))
        self._at = at
        return ir.Block((test, body))

    def _parenthesized(self) -> ir.Node:
        parts: list[ir.Node] = []
        self._take("(")
        while not self._take(")") and self._token.kind != "end" and not self._is("{", "}"):
            before = self._at
            parts.append(self.expression())
            self._take(",", ";")
            self._lines()
            if self._at == before:
                self._odd()
        return ir.Block(tuple(parts))

    def _for(self) -> ir.Node:
        self._next()
        head = self._parenthesized()
        self._lines()
        return ir.Block((head, ir.Block((self._statement(),), maybe=True, loop=True)))

    def _do(self) -> ir.Node:
        self._next()
        self._lines()
        body = self._statement()
        self._skip()
        return ir.Block((body, self._parenthesized())) if self._take("while") else body

    def _leave(self) -> ir.Node:
        word = self._next().value
        if self._is(";", "}", ":") or self._token.kind in ("newline", "end"):
            self._take(":")
            return ir.Block(())
        value = self.expression()
        self._take(":")
        return ir.Return(value) if word == "return" else ir.Opaque((value,))

    def _print(self) -> ir.Node:
        formatted = self._next().value == "printf"
        args: list[ir.Node] = []
        while not self._is(";", "}", ">", ">>", "|", "|&") and self._token.kind not in ("newline", "end"):
            before = self._at
            args.append(self.expression(printing=True))
            self._take(",")
            if self._at == before:
                self._odd()
        content = _global("sprintf", *args) if formatted else ir.Concat(tuple(args))
        if len(args) == 1 and isinstance(args[0], ir.Items):
            content = _global("sprintf", *args[0].items) if formatted else ir.Concat(args[0].items)
        for op in (">", ">>", "|", "|&"):
            if self._take(op):
                return _global(f"print{op}", self.expression(CONCAT), content)
        return _global("print", content)

    # -- expressions

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
            return self._filled(_global("|getline", left))
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
                return ir.Assign(target, _global("getline<", self.expression(CONCAT)))
            return ir.Assign(holder.target, _global("getline")) if isinstance(holder, ir.Assign) else holder
        if token.called or (self._is("(") and name in ("system", "close", "sprintf")):
            return ir.Call(ir.Name(name), self._arguments("(", ")"))
        if self._is("["):
            keys = self._arguments("[", "]")
            return ir.Index(ir.Name(name), keys[0] if len(keys) == 1 else ir.Concat(keys))
        self._take("++", "--")
        return ir.Name(name)

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
            return ir.Name("$0") if inner == ir.Const(0) else _global("field", inner)
        if op == "@":  # an indirect call: the variable holds the function's name
            name = self._next().value
            return ir.Call(ir.Concat((ir.Name(name),)), self._arguments("(", ")"))
        return ir.Opaque((self.expression(12, printing=printing),))
