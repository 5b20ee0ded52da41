"""Lowers awk with a parser of its own: there is no maintained grammar of it to rely on."""

from __future__ import annotations

from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.awk.expressions import CONCAT, MAX_NESTING, AwkExpressions, call_of
from checkrein.detect.shell.snippets.awk.table import AWK
from checkrein.detect.shell.snippets.awk.tokens import tokens
from checkrein.detect.shell.snippets.lowering import Lowered, deep
from checkrein.detect.shell.snippets.treelower import hoisted

DIALECT = AWK


def lower(source: str) -> Lowered:
    """The program."""
    parser = AwkParser(tokens(source))
    program = hoisted(parser.program())
    return Lowered(program, tuple(dict.fromkeys(parser.problems)))


class AwkParser(AwkExpressions):
    """Recursive descent over a token list. What it cannot place it skips by one token, and says so."""

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
        content = call_of("sprintf", *args) if formatted else ir.Concat(tuple(args))
        if len(args) == 1 and isinstance(args[0], ir.Items):
            content = call_of("sprintf", *args[0].items) if formatted else ir.Concat(args[0].items)
        for op in (">", ">>", "|", "|&"):
            if self._take(op):
                return call_of(f"print{op}", self.expression(CONCAT), content)
        return call_of("print", content)
