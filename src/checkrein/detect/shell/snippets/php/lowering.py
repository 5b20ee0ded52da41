"""Lowers PHP: a file with tags, or bare code as ``php -r`` takes it."""

from __future__ import annotations

from typing import ClassVar

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.lowering import Lowered, const_text
from checkrein.detect.shell.snippets.php.table import PHP
from checkrein.detect.shell.snippets.tree import Node, field, text_of
from checkrein.detect.shell.snippets.treelower import TreeLowering, unescaped

DIALECT = PHP


def lower(source: str) -> Lowered:
    """The program."""
    return PhpLowering().program(source if "<?" in source else f"<?php {source}\n;")


def _plain_escape(text: str) -> str:
    return text[1:] if text in ("\\\\", "\\'") else text


class PhpLowering(TreeLowering):
    """One program. Variables keep their ``$``, so that they never stand for functions."""

    language = "php"
    skipped = frozenset(
        ("comment", "php_tag", "text", "visibility_modifier", "static_modifier", "named_type", "primitive_type")
    )
    table: ClassVar[dict[str, str]] = {
        "variable_name": "variable",
        "dynamic_variable_name": "dynamic",
        "name": "identifier",
        "qualified_name": "qualified",
        "string": "raw",
        "encapsed_string": "string",
        "string_content": "text",
        "string_value": "text",
        "escape_sequence": "escape",
        "heredoc": "heredoc",
        "nowdoc": "nowdoc",
        "heredoc_body": "string",
        "nowdoc_string": "text",
        "shell_command_expression": "shell",
        "integer": "number",
        "float": "number",
        "null": "null",
        "boolean": "boolean",
        "array_creation_expression": "array",
        "list_literal": "items",
        "variadic_unpacking": "spread",
        "subscript_expression": "subscript",
        "member_access_expression": "member",
        "nullsafe_member_access_expression": "member",
        "scoped_property_access_expression": "static_member",
        "class_constant_access_expression": "constant_access",
        "function_call_expression": "call",
        "member_call_expression": "method_call",
        "nullsafe_member_call_expression": "method_call",
        "scoped_call_expression": "static_call",
        "object_creation_expression": "new",
        "argument": "argument",
        "binary_expression": "binary",
        "conditional_expression": "conditional",
        "parenthesized_expression": "inner",
        "expression_statement": "inner",
        "error_suppression_expression": "inner",
        "assignment_expression": "assign",
        "reference_assignment_expression": "assign",
        "augmented_assignment_expression": "augment",
        "function_definition": "function",
        "method_declaration": "function",
        "anonymous_function": "function",
        "arrow_function": "function",
        "class_declaration": "klass",
        "trait_declaration": "klass",
        "declaration_list": "block",
        "property_declaration": "block",
        "property_element": "property",
        "compound_statement": "block",
        "if_statement": "branch",
        "foreach_statement": "loop",
        "for_statement": "repeated",
        "while_statement": "repeated",
        "do_statement": "block",
        "switch_statement": "block",
        "switch_block": "block",
        "case_statement": "maybe",
        "default_statement": "maybe",
        "try_statement": "block",
        "catch_clause": "maybe",
        "finally_clause": "block",
        "return_statement": "returned",
        "echo_statement": "echo",
        "print_intrinsic": "echo",
        "exit_statement": "echo",
        "include_expression": "include",
        "include_once_expression": "include",
        "require_expression": "include",
        "require_once_expression": "include",
        "sequence_expression": "items",
        "const_declaration": "block",
        "by_ref": "inner",
        "reference_modifier": "opaque",
        "match_block": "maybe",
        "cast_expression": "cast",
    }

    def variable(self, node: Node) -> ir.Node:
        name = text_of(node)
        return ir.Name("this") if name == "$this" else ir.Name(name)

    def dynamic(self, node: Node) -> ir.Node:
        return (
            ir.Opaque(self.children(node))
            if node.named_children and node.named_children[0].type != "name"
            else ir.Name(f"${text_of(node).strip('${}')}")
        )

    def qualified(self, node: Node) -> ir.Node:
        return ir.Name(ir.GLOBAL + text_of(node).lstrip("\\").rsplit("\\", 1)[-1])

    def raw(self, node: Node) -> ir.Node:
        text = text_of(node)
        return ir.Const(unescaped(text[1:-1], _plain_escape))

    def boolean(self, node: Node) -> ir.Node:
        return ir.Const(text_of(node).lower() == "true")

    def string(self, node: Node) -> ir.Node:
        return ir.Concat(self.children(node))

    def heredoc(self, node: Node) -> ir.Node:
        body = field(node, "value")
        return ir.Const("") if body is None else ir.Concat(self.children(body))

    def nowdoc(self, node: Node) -> ir.Node:
        body = field(node, "value")
        return ir.Const("" if body is None else const_text(text_of(body).strip("\n")))

    def shell(self, node: Node) -> ir.Node:
        return ir.Call(ir.Name(ir.GLOBAL + "shell_exec"), (ir.Concat(self.children(node)),))

    def array(self, node: Node) -> ir.Node:
        elements = [child for child in node.named_children if child.type == "array_element_initializer"]
        if any(len(element.named_children) == 2 for element in elements):
            pairs: list[tuple[ir.Node | None, ir.Node]] = []
            for at, element in enumerate(elements):
                parts = self.children(element)
                pairs.append(
                    (parts[0], parts[1]) if len(parts) == 2 else (ir.Const(str(at)), parts[0] if parts else ir.Const(None))
                )
            return ir.Pairs(tuple(pairs))
        return ir.Items(tuple(self.inner(element) for element in elements))

    def subscript(self, node: Node) -> ir.Node:
        parts = self.children(node)
        return ir.Index(parts[0], parts[1]) if len(parts) == 2 else ir.Opaque(parts)

    def member(self, node: Node) -> ir.Node:
        return self._of(field(node, "object"), field(node, "name"))

    def static_member(self, node: Node) -> ir.Node:
        return self._of(field(node, "scope"), field(node, "name"))

    def _of(self, obj: Node | None, name: Node | None) -> ir.Node:
        if name is not None and name.type == "name":
            return ir.Attr(self.node(obj), text_of(name))
        return ir.Index(self.node(obj), self.node(name))

    def constant_access(self, node: Node) -> ir.Node:
        parts = self.children(node)
        return ir.Opaque(parts)

    def call(self, node: Node) -> ir.Node:
        args, named = self._arguments(field(node, "arguments"))
        return ir.Call(self.node(field(node, "function")), args, named)

    def method_call(self, node: Node) -> ir.Node:
        args, named = self._arguments(field(node, "arguments"))
        return ir.Call(self._of(field(node, "object"), field(node, "name")), args, named)

    def static_call(self, node: Node) -> ir.Node:
        args, named = self._arguments(field(node, "arguments"))
        return ir.Call(self._of(field(node, "scope"), field(node, "name")), args, named)

    def new(self, node: Node) -> ir.Node:
        arguments = next((child for child in node.named_children if child.type == "arguments"), None)
        args, named = self._arguments(arguments)
        return ir.Call(self.node(node.named_children[0]) if node.named_children else ir.Const(UNKNOWN), args, named)

    def _arguments(self, node: Node | None) -> tuple[tuple[ir.Node, ...], tuple[tuple[str, ir.Node], ...]]:
        args: list[ir.Node] = []
        named: list[tuple[str, ir.Node]] = []
        for child in node.named_children if node is not None else ():
            name = field(child, "name") if child.type == "argument" else None
            if name is None:
                args.append(self.node(child))
            else:
                named.append((text_of(name), self.node(child.named_children[-1])))
        return tuple(args), tuple(named)

    def argument(self, node: Node) -> ir.Node:
        return self.inner(node)

    def cast(self, node: Node) -> ir.Node:
        return self.node(field(node, "value"))

    def binary(self, node: Node) -> ir.Node:
        operator = self.operator(node)
        if operator in (".", "+"):
            return ir.Concat(self.body(self.chain(node, "binary_expression", operator)), typed=operator == "+")
        if operator in ("||", "&&", "??", "or", "and", "xor"):
            return ir.Choice(self.body(self.chain(node, "binary_expression", operator)))
        left, right = self.node(field(node, "left")), self.node(field(node, "right"))
        return ir.Binary(operator, left, right) if operator in ("-", "*", "/", "%", "^") else ir.Opaque((left, right))

    def conditional(self, node: Node) -> ir.Node:
        condition = self.node(field(node, "condition"))
        body = field(node, "body")
        first = condition if body is None else ir.Block((condition, self.node(body)))
        return ir.Choice((first, self.node(field(node, "alternative"))))

    def assign(self, node: Node) -> ir.Node:
        left = field(node, "left")
        value = self.node(field(node, "right"))
        if left is not None and left.type == "subscript_expression" and len(left.named_children) == 1:  # $list[] = value
            return ir.Call(ir.Attr(self.node(left.named_children[0]), "[]="), (value,))
        return ir.Assign(self.node(left), value)

    def augment(self, node: Node) -> ir.Node:
        return ir.Assign(self.node(field(node, "left")), self.node(field(node, "right")), op=self.operator(node)[0])

    def property(self, node: Node) -> ir.Node:
        name = field(node, "name")
        return ir.Assign(
            ir.Name(text_of(name).removeprefix("$") if name is not None else ""),
            self.node(field(node, "default_value")),
            declare=True,
        )

    def function(self, node: Node) -> ir.Node:
        name, listed, body = field(node, "name"), field(node, "parameters"), field(node, "body")
        params = []
        for child in listed.named_children if listed is not None else ():
            param, value = field(child, "name"), field(child, "default_value")
            if param is not None:
                params.append(
                    ir.Param(
                        self.node(param), None if value is None else self.node(value), rest=child.type == "variadic_parameter"
                    )
                )
        statements = (ir.Return(self.node(body)),) if node.type == "arrow_function" else self.children(body)
        return ir.Function(text_of(name) if name is not None else "", tuple(params), statements)

    def klass(self, node: Node) -> ir.Node:
        name, body = field(node, "name"), field(node, "body")
        return ir.Class(text_of(name) if name is not None else "", (), self.children(body))

    def branch(self, node: Node) -> ir.Node:
        parts: list[ir.Node] = [self.node(field(node, "condition")), ir.Block((self.node(field(node, "body")),), maybe=True)]
        for child in node.children_by_field_name("alternative"):
            condition = field(child, "condition")
            if condition is not None:
                parts.append(self.node(condition))
            parts.append(ir.Block((self.node(field(child, "body")),), maybe=True))
        return ir.Block(tuple(parts))

    def loop(self, node: Node) -> ir.Node:
        body = field(node, "body")
        head = [child for child in node.named_children if child != body and child.type != "comment"]
        target = head[1] if len(head) > 1 else None
        if target is not None and target.type == "pair" and len(target.named_children) == 2:
            target = target.named_children[1]
        return ir.For(self.node(target), self.node(head[0]) if head else ir.Const(UNKNOWN), (self.node(body),))

    def echo(self, node: Node) -> ir.Node:
        return ir.Call(ir.Name(ir.GLOBAL + "print"), self.children(node))

    def include(self, node: Node) -> ir.Node:
        return ir.Call(ir.Name(ir.GLOBAL + "include"), self.children(node))
