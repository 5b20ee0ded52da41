"""Lowers Python's expressions."""

from __future__ import annotations

import ast
from typing import ClassVar

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.lowering import MARK, compared, const_text, deep

MAX_NESTING = 90
OPERATORS = {ast.Div: "/", ast.Mult: "*", ast.Mod: "%", ast.Sub: "-", ast.BitXor: "^", ast.FloorDiv: "//", ast.BitOr: "|"}


class PythonExpressions:
    """Expressions of one program. A subclass has the table from types of nodes to methods."""

    table: ClassVar[dict[type[ast.AST], str]]

    def __init__(self) -> None:
        self._depth = 0

    def node(self, node: ast.AST) -> ir.Node:
        """Any node; one that has no lowering of its own is opaque over its children."""
        if self._depth >= MAX_NESTING:
            return deep()
        self._depth += 1
        try:
            name = self.table.get(type(node))
            lowered: ir.Node = self._opaque(node) if name is None else getattr(self, name)(node)
            return lowered
        finally:
            self._depth -= 1

    def nodes(self, nodes: list[ast.expr]) -> tuple[ir.Node, ...]:
        """Expressions in order."""
        return tuple(self.node(node) for node in nodes)

    def _opaque(self, node: ast.AST) -> ir.Node:
        return ir.Opaque(
            tuple(
                self.node(child)
                for child in ast.iter_child_nodes(node)
                if not isinstance(child, (ast.expr_context, ast.operator))
            )
        )

    def constant(self, node: ast.Constant) -> ir.Node:
        value = node.value
        if isinstance(value, str):
            return ir.Const(const_text(value))
        return ir.Const(value if isinstance(value, (bytes, int, float, bool)) or value is None else UNKNOWN)

    def name(self, node: ast.Name) -> ir.Node:
        return ir.Unreadable("part of the code is not known before it runs") if MARK in node.id else ir.Name(node.id)

    def attribute(self, node: ast.Attribute) -> ir.Node:
        names = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            names.append(UNKNOWN if MARK in inner.attr else inner.attr)
            inner = inner.value
        lowered = self.node(inner)
        if len(names) > 40:
            return ir.Opaque((lowered,))
        for name in reversed(names):
            lowered = ir.Attr(lowered, name)
        return lowered

    def subscript(self, node: ast.Subscript) -> ir.Node:
        obj = self.node(node.value)
        if isinstance(node.slice, ast.Slice):
            part = node.slice
            bounds = [None if bound is None else self.node(bound) for bound in (part.lower, part.upper, part.step)]
            return ir.Slice(obj, *bounds)
        return ir.Index(obj, self.node(node.slice))

    def call(self, node: ast.Call) -> ir.Node:
        named = tuple((item.arg, self.node(item.value)) for item in node.keywords if item.arg)
        spread = tuple(self.node(item.value) for item in node.keywords if not item.arg)
        return ir.Call(self.node(node.func), self.nodes(node.args) + spread, named)

    def starred(self, node: ast.Starred) -> ir.Node:
        return ir.Spread(self.node(node.value))

    def binary(self, node: ast.BinOp) -> ir.Node:
        if isinstance(node.op, ast.Add):
            parts: list[ast.expr] = []
            left: ast.expr = node
            while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
                parts.append(left.right)
                left = left.left
            return ir.Concat(self.nodes([left, *reversed(parts)]), typed=True)
        chain: list[tuple[str, ast.expr]] = []
        left = node
        while isinstance(left, ast.BinOp) and type(left.op) in OPERATORS:
            chain.append((OPERATORS[type(left.op)], left.right))
            left = left.left
        if not chain:
            return self._opaque(node)
        lowered = self.node(left)
        if len(chain) > 40:
            return ir.Opaque((lowered, *(self.node(right) for _, right in chain)))
        for op, right in reversed(chain):
            lowered = ir.Binary(op, lowered, self.node(right))
        return lowered

    def unary(self, node: ast.UnaryOp) -> ir.Node:
        if isinstance(node.op, ast.USub):
            return ir.Binary("-", ir.Const(0), self.node(node.operand))
        return self._opaque(node)

    def joined(self, node: ast.JoinedStr) -> ir.Node:
        return ir.Concat(tuple(self.node(part) for part in node.values))

    def formatted(self, node: ast.FormattedValue) -> ir.Node:
        value = self.node(node.value)
        return value if node.conversion in (-1, 115) and node.format_spec is None else ir.Opaque((value,))

    def choice(self, node: ast.IfExp) -> ir.Node:
        return ir.Choice(
            (ir.Opaque((self.node(node.test),)), self.node(node.body), self.node(node.orelse))[1:]
            if _plain(node.test)
            else (ir.Block((self.node(node.test), self.node(node.body))), self.node(node.orelse))
        )

    def comparison(self, node: ast.Compare) -> ir.Node:
        return compared(self.nodes([node.left, *node.comparators]))

    def boolean(self, node: ast.BoolOp) -> ir.Node:
        return ir.Choice(self.nodes(node.values))

    def items(self, node: ast.List | ast.Tuple | ast.Set) -> ir.Node:
        return ir.Items(self.nodes(node.elts))

    def pairs(self, node: ast.Dict) -> ir.Node:
        return ir.Pairs(
            tuple(
                (None if key is None else self.node(key), self.node(item))
                for key, item in zip(node.keys, node.values, strict=True)
            )
        )

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> ir.Node:
        return ir.Collect(self.node(node.elt), self._rounds(node.generators))

    def dict_comprehension(self, node: ast.DictComp) -> ir.Node:
        return ir.Opaque((ir.Collect(ir.Items((self.node(node.key), self.node(node.value))), self._rounds(node.generators)),))

    def _rounds(self, generators: list[ast.comprehension]) -> tuple[tuple[ir.Node | None, ir.Node], ...]:
        rounds: list[tuple[ir.Node | None, ir.Node]] = []
        for one in generators:
            rounds.append((self.node(one.target), self.node(one.iter)))
            rounds += [(None, self.node(test)) for test in one.ifs]
        return tuple(rounds)

    def walrus(self, node: ast.NamedExpr) -> ir.Node:
        return ir.Assign(self.node(node.target), self.node(node.value), declare=True)

    def passed_on(self, node: ast.Await | ast.Expr) -> ir.Node:
        return self.node(node.value)

    def yielded(self, node: ast.Yield) -> ir.Node:
        return ir.Return(ir.Items(() if node.value is None else (self.node(node.value),), more=node.value is None))

    def yielded_from(self, node: ast.YieldFrom) -> ir.Node:
        return ir.Return(self.node(node.value))


def _plain(test: ast.expr) -> bool:
    return isinstance(test, (ast.Name, ast.Constant))
