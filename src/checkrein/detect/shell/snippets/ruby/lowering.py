"""Lowers Ruby."""

from __future__ import annotations

from typing import ClassVar

from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.lowering import Lowered, const_text
from checkrein.detect.shell.snippets.ruby.table import RUBY
from checkrein.detect.shell.snippets.tree import Node, field, text_of
from checkrein.detect.shell.snippets.treelower import TreeLowering

DIALECT = RUBY
SENDS = frozenset(("send", "__send__", "public_send", "method", "const_get", "public_method", "instance_method"))
KERNEL = ir.Name(ir.GLOBAL + "Kernel")


def lower(source: str) -> Lowered:
    """The program."""
    return RubyLowering().program(source)


class RubyLowering(TreeLowering):
    """One program."""

    language = "ruby"
    skipped = frozenset(("comment", "heredoc_body", "uninterpreted"))
    heredoc_types: ClassVar[tuple[str, ...]] = ("heredoc_beginning",)
    heredoc_text: ClassVar[str] = "heredoc_body"
    table: ClassVar[dict[str, str]] = {
        "identifier": "identifier",
        "constant": "identifier",
        "global_variable": "outer",
        "instance_variable": "outer",
        "class_variable": "outer",
        "self": "this",
        "string": "string",
        "string_content": "text",
        "escape_sequence": "escape",
        "interpolation": "inner",
        "bare_string": "string",
        "bare_symbol": "string",
        "chained_string": "string",
        "simple_symbol": "symbol",
        "delimited_symbol": "string",
        "hash_key_symbol": "text",
        "heredoc_beginning": "heredoc",
        "subshell": "subshell",
        "integer": "number",
        "float": "number",
        "nil": "null",
        "true": "true",
        "false": "false",
        "array": "items",
        "string_array": "items",
        "symbol_array": "items",
        "hash": "hash",
        "splat_argument": "spread",
        "hash_splat_argument": "inner",
        "block_argument": "inner",
        "call": "call",
        "element_reference": "element",
        "scope_resolution": "scoped",
        "binary": "binary",
        "unary": "opaque",
        "conditional": "choice",
        "parenthesized_statements": "inner",
        "assignment": "assign",
        "operator_assignment": "augment",
        "left_assignment_list": "items",
        "right_assignment_list": "items",
        "destructured_left_assignment": "items",
        "rest_assignment": "spread",
        "method": "method",
        "singleton_method": "method",
        "lambda": "closure",
        "block": "closure",
        "do_block": "closure",
        "class": "klass",
        "module": "klass",
        "body_statement": "block",
        "begin": "block",
        "block_body": "block",
        "then": "block",
        "do": "block",
        "if": "branch",
        "unless": "branch",
        "elsif": "branch",
        "else": "block",
        "if_modifier": "modifier",
        "unless_modifier": "modifier",
        "while_modifier": "repeated",
        "until_modifier": "repeated",
        "while": "repeated",
        "until": "repeated",
        "for": "loop",
        "case": "block",
        "when": "maybe",
        "rescue": "maybe",
        "ensure": "block",
        "return": "returned_list",
        "rescue_modifier": "block",
        "in": "inner",
        "argument_list": "items",
        "superclass": "inner",
        "pair": "opaque",
        "exception_variable": "opaque",
    }

    def symbol(self, node: Node) -> ir.Node:
        return ir.Const(const_text(text_of(node).removeprefix(":")))

    def outer(self, node: Node) -> ir.Node:
        """A global, instance or class variable: shared by all methods."""
        name = text_of(node)
        if name in ("$stdin", "$stdout", "$stderr", "$0", "$*"):
            return ir.Name(name)
        return ir.Name(name if name.startswith("@") else f"@{name}")

    def this(self, _: Node) -> ir.Node:
        return ir.Name("self")

    def string(self, node: Node) -> ir.Node:
        parts = self.children(node)
        return parts[0] if len(parts) == 1 else ir.Concat(parts)

    def heredoc(self, node: Node) -> ir.Node:
        body = self._heredocs.get(node.id)
        if body is None:
            return ir.Opaque(())
        parts = tuple(
            ir.Const(const_text(text_of(child))) if child.type == "heredoc_content" else self.node(child)
            for child in body.named_children
            if child.type != "heredoc_end"
        )
        text = ir.Concat(parts)
        return ir.Call(ir.Name(ir.GLOBAL + "`"), (text,)) if "`" in text_of(node) else text

    def subshell(self, node: Node) -> ir.Node:
        return ir.Call(ir.Name(ir.GLOBAL + "`"), (ir.Concat(self.children(node)),))

    def hash(self, node: Node) -> ir.Node:
        pairs: list[tuple[ir.Node | None, ir.Node]] = []
        for child in node.named_children:
            if child.type == "pair":
                pairs.append((self.node(field(child, "key")), self.node(field(child, "value"))))
            else:
                pairs.append((None, self.node(child)))
        return ir.Pairs(tuple(pairs))

    def call(self, node: Node) -> ir.Node:
        receiver, method = field(node, "receiver"), field(node, "method")
        args, named = self._arguments(field(node, "arguments"))
        block = field(node, "block")
        if block is not None:
            args = (*args, self.node(block))
        name = const_text(text_of(method)) if method is not None else "call"
        if name in SENDS and args:
            func: ir.Node = ir.Index(KERNEL if receiver is None else self.node(receiver), args[0])
            return func if "method" in name or name == "const_get" else ir.Call(func, args[1:], named)
        if receiver is None:
            return ir.Call(self.node(method), args, named)
        return ir.Call(ir.Attr(self.node(receiver), name), args, named)

    def _arguments(self, node: Node | None) -> tuple[tuple[ir.Node, ...], tuple[tuple[str, ir.Node], ...]]:
        args: list[ir.Node] = []
        named: list[tuple[str, ir.Node]] = []
        for child in node.named_children if node is not None else ():
            if child.type != "pair":
                args.append(self.node(child))
                continue
            key = field(child, "key")
            name = text_of(key).strip(":\"'") if key is not None else ""
            named.append((name, self.node(field(child, "value"))))
        return tuple(args), tuple(named)

    def element(self, node: Node) -> ir.Node:
        obj = field(node, "object")
        keys = self.body([child for child in node.named_children if child != obj])
        if obj is not None and text_of(obj) in ("Dir", "::Dir"):
            return ir.Call(ir.Attr(self.node(obj), "glob"), keys)
        if len(keys) == 2:
            return ir.Call(ir.Attr(self.node(obj), "slice"), keys)
        return ir.Index(self.node(obj), keys[0] if keys else ir.Const(None))

    def scoped(self, node: Node) -> ir.Node:
        name = field(node, "name")
        scope = field(node, "scope")
        text = text_of(name) if name is not None else ""
        return ir.Name(ir.GLOBAL + text) if scope is None else ir.Attr(self.node(scope), text)

    def binary(self, node: Node) -> ir.Node:
        operator = self.operator(node)
        if operator == "+":
            return ir.Concat(self.body(self.chain(node, "binary", "+")), typed=True)
        if operator in ("||", "&&", "or", "and"):
            return ir.Choice(self.body(self.chain(node, "binary", operator)))
        left, right = self.node(field(node, "left")), self.node(field(node, "right"))
        if operator == "<<":
            return ir.Call(ir.Attr(left, "<<"), (right,))
        if operator in ("%", "*", "/", "-", "^"):
            return ir.Binary(operator, left, right)
        return ir.Opaque((left, right))

    def assign(self, node: Node) -> ir.Node:
        left = field(node, "left")
        return ir.Assign(self._target(left), self.node(field(node, "right")))

    def _target(self, node: Node | None) -> ir.Node:
        if node is not None and node.type == "call":
            name = field(node, "method")
            return ir.Attr(self.node(field(node, "receiver")), text_of(name) if name is not None else "")
        return self.node(node)

    def augment(self, node: Node) -> ir.Node:
        operator = self.operator(node)
        return ir.Assign(
            self._target(field(node, "left")), self.node(field(node, "right")), op="+" if operator in ("+=", "<<=") else "?"
        )

    def method(self, node: Node) -> ir.Node:
        name = field(node, "name")
        return self._function(node, text_of(name) if name is not None else "")

    def closure(self, node: Node) -> ir.Node:
        return self._function(node, "")

    def _function(self, node: Node, name: str) -> ir.Node:
        listed = field(node, "parameters")
        params = tuple(self._param(child) for child in listed.named_children) if listed is not None else ()
        body = field(node, "body")
        statements = (
            self.children(body) if body is not None and body.type in ("block_body", "body_statement") else (self.node(body),)
        )
        if node.type == "lambda" and body is not None:
            inner = field(body, "body")
            statements = self.children(inner)
        if not params:
            params = (ir.Param(ir.Name("_1"), ir.Const(None)),)
            statements = (ir.Assign(ir.Name("it"), ir.Name("_1"), declare=True), *statements)
        return ir.Function(name, params, statements, value_last=True)

    def _param(self, node: Node) -> ir.Param:
        name = field(node, "name")
        value = field(node, "value")
        if node.type == "splat_parameter":
            return ir.Param(ir.Name(text_of(name) if name is not None else "*"), rest=True)
        if name is None:
            return ir.Param(self.node(node))
        return ir.Param(ir.Name(text_of(name)), None if value is None else self.node(value))

    def klass(self, node: Node) -> ir.Node:
        name, base = field(node, "name"), field(node, "superclass")
        return ir.Class(
            text_of(name) if name is not None else "",
            () if base is None else (self.node(base),),
            (self.node(field(node, "body")),),
        )

    def branch(self, node: Node) -> ir.Node:
        parts: list[ir.Node] = []
        current: Node | None = node
        while current is not None and current.type != "else":
            parts += [self.node(field(current, "condition")), ir.Block((self.node(field(current, "consequence")),), maybe=True)]
            current = field(current, "alternative")
        if current is not None:
            parts.append(ir.Block(self.children(current), maybe=True))
        return ir.Block(tuple(parts))

    def modifier(self, node: Node) -> ir.Node:
        return ir.Block((self.node(field(node, "condition")), ir.Block((self.node(field(node, "body")),), maybe=True)))

    def loop(self, node: Node) -> ir.Node:
        return ir.For(self.node(field(node, "pattern")), self.node(field(node, "value")), (self.node(field(node, "body")),))

    def returned_list(self, node: Node) -> ir.Node:
        parts = self.children(node)
        return ir.Return(ir.Index(parts[0], ir.Const(0)) if parts else ir.Const(None))
