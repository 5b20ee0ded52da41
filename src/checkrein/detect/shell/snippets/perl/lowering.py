"""Lowers Perl. Scalars are called ``$x``, arrays ``[x`` and hashes ``%x``; an array in a list is spread, as Perl does."""

from __future__ import annotations

from typing import ClassVar

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.lowering import Lowered
from checkrein.detect.shell.snippets.perl.calls import TOPIC, PerlCalls, changes
from checkrein.detect.shell.snippets.perl.strings import SPREADS
from checkrein.detect.shell.snippets.perl.table import PERL
from checkrein.detect.shell.snippets.tree import Node, field, text_of
from checkrein.detect.shell.snippets.treelower import hoisted

DIALECT = PERL


def lower(source: str) -> Lowered:
    """The program."""
    lowered = PerlLowering().program(source)
    if "(?{" in source or "(??{" in source:
        return Lowered(lowered.program, (*lowered.problems, "a pattern holds code"))
    return lowered


class PerlLowering(PerlCalls):
    """One program."""

    language = "perl"
    table: ClassVar[dict[str, str]] = {
        "scalar": "scalar",
        "array": "array",
        "hash": "hash",
        "string_literal": "raw",
        "interpolated_string_literal": "string",
        "command_string": "command",
        "heredoc_token": "heredoc",
        "command_heredoc_token": "heredoc",
        "number": "number",
        "autoquoted_bareword": "text",
        "bareword": "identifier",
        "package": "identifier",
        "quoted_word_list": "words",
        "array_element_expression": "array_element",
        "hash_element_expression": "hash_element",
        "anonymous_array_expression": "items",
        "anonymous_hash_expression": "pairs",
        "list_expression": "items",
        "parenthesized_expression": "parenthesized",
        "variable_declaration": "declaration",
        "localization_expression": "inner",
        "assignment_expression": "assign",
        "binary_expression": "binary",
        "lowprec_logical_expression": "binary",
        "conditional_expression": "conditional",
        "function_call_expression": "call",
        "ambiguous_function_call_expression": "call",
        "func1op_call_expression": "call",
        "func0op_call_expression": "call",
        "function": "bare",
        "method_call_expression": "method_call",
        "coderef_call_expression": "coderef",
        "refgen_expression": "inner",
        "array_deref_expression": "inner",
        "scalar_deref_expression": "inner",
        "hash_deref_expression": "inner",
        "eval_expression": "evaluate",
        "do_expression": "inner",
        "require_expression": "require",
        "substitution_regexp": "substitution",
        "transliteration_expression": "substitution",
        "readline_expression": "readline",
        "fileglob_expression": "glob",
        "map_grep_expression": "mapped",
        "sort_expression": "block",
        "anonymous_subroutine_expression": "subroutine",
        "subroutine_declaration_statement": "subroutine",
        "block": "block",
        "expression_statement": "inner",
        "for_statement": "loop",
        "postfix_for_expression": "loop",
        "cstyle_for_statement": "repeated",
        "loop_statement": "repeated",
        "postfix_loop_expression": "repeated",
        "conditional_statement": "branch",
        "postfix_conditional_expression": "postfix",
        "elsif": "maybe",
        "else": "maybe",
        "return_expression": "returned",
        "phaser_statement": "block",
        "use_statement": "use",
        "string_content": "text",
    }

    # -- variables

    def scalar(self, node: Node) -> ir.Node:
        return self._variable(node, "$")

    def array(self, node: Node) -> ir.Node:
        return self._variable(node, "[")

    def hash(self, node: Node) -> ir.Node:
        return self._variable(node, "%")

    def _variable(self, node: Node, sigil: str) -> ir.Node:
        named = node.named_children[0] if node.named_children else None
        if named is None:
            return ir.Name(sigil + text_of(node)[1:])
        if named.type == "varname" and not named.named_children:
            return ir.Name(sigil + text_of(named))
        inner = named.named_children[-1] if named.type == "varname" else named
        if inner.type == "block":
            return self.inner(inner)
        return self.node(inner)

    def array_element(self, node: Node) -> ir.Node:
        held = field(node, "array")
        index = self.node(field(node, "index"))
        return ir.Index(self._container(held, "["), index) if held is not None else ir.Index(self._first(node), index)

    def hash_element(self, node: Node) -> ir.Node:
        held = field(node, "hash")
        key = self.node(field(node, "key"))
        return ir.Index(self._container(held, "%"), key) if held is not None else ir.Index(self._first(node), key)

    def _container(self, node: Node, sigil: str) -> ir.Node:
        return self._variable(node, sigil)

    def declaration(self, node: Node) -> ir.Node:
        several = node.children_by_field_name("variables")
        if several:
            return ir.Items(tuple(ir.Spread(self.node(one)) if one.type == "array" else self.node(one) for one in several))
        return self.node(field(node, "variable"))

    def items(self, node: Node) -> ir.Node:
        return ir.Items(self._list(node.named_children))

    def pairs(self, node: Node) -> ir.Node:
        listed = self._list(node.named_children)
        return ir.Pairs(tuple(zip(listed[::2], listed[1::2], strict=False)))

    def parenthesized(self, node: Node) -> ir.Node:
        parts = self._list(node.named_children)
        return parts[0] if len(parts) == 1 and not isinstance(parts[0], ir.Spread) else ir.Items(parts)

    def assign(self, node: Node) -> ir.Node:
        left, right = field(node, "left"), field(node, "right")
        value = self.node(right)
        target = self.node(left)
        declare = left is not None and left.type == "variable_declaration"
        operator = self.operator(node)
        if operator != "=":
            return ir.Assign(target, value, op=operator[0])
        if isinstance(target, ir.Name) and target.name.startswith("%") and isinstance(value, ir.Items):
            value = ir.Pairs(tuple(zip(value.items[::2], value.items[1::2], strict=False)))
        elif isinstance(target, ir.Name) and target.name.startswith("[") and not isinstance(value, ir.Items):
            several = isinstance(value, (ir.Call, ir.Collect)) or (isinstance(value, ir.Name) and value.name.startswith("["))
            value = value if several else ir.Items((value,))
        elif (
            isinstance(target, ir.Items)
            and not isinstance(value, ir.Items)
            and not (right is not None and right.type in SPREADS)
        ):
            value = (
                ir.Items((value,))
                if right is not None and right.type in ("scalar", "parenthesized_expression", "string_literal")
                else value
            )
        return ir.Assign(target, value, declare=declare)

    # -- operators

    def binary(self, node: Node) -> ir.Node:
        operator = self.operator(node)
        if operator == ".":
            return ir.Concat(self.body(self.chain(node, node.type, operator)))
        if operator in ("||", "&&", "//", "or", "and", "xor"):
            return (
                ir.Block(
                    self.body(self.chain(node, node.type, operator))[:1]
                    + tuple(ir.Block((part,), maybe=True) for part in self.body(self.chain(node, node.type, operator))[1:])
                )
                if node.type.startswith("low")
                else ir.Choice(self.body(self.chain(node, node.type, operator)))
            )
        left, right = self.node(field(node, "left")), self.node(field(node, "right"))
        if operator == "=~":
            target = left.target if isinstance(left, ir.Assign) else left
            changed = (ir.Assign(target, ir.Const(UNKNOWN)),) if changes(field(node, "right")) else ()
            return ir.Block((ir.Assign(TOPIC, left, declare=True), right, *changed, ir.Const(UNKNOWN)))
        return ir.Binary(operator, left, right) if operator in ("x", "+", "-", "*", "/", "%", "^") else ir.Opaque((left, right))

    def conditional(self, node: Node) -> ir.Node:
        condition = self.node(field(node, "condition"))
        return ir.Choice((ir.Block((condition, self.node(field(node, "consequent")))), self.node(field(node, "alternative"))))

    # -- statements

    def subroutine(self, node: Node) -> ir.Node:
        name, body = field(node, "name"), field(node, "body")
        self._within += 1
        statements = hoisted(self.children(body))
        self._within -= 1
        return ir.Function(text_of(name) if name is not None else "", (), statements, value_last=True, arguments="[_")

    def loop(self, node: Node) -> ir.Node:
        variable, listed, block = field(node, "variable"), field(node, "list"), field(node, "block")
        target = TOPIC if variable is None else self.node(variable)
        body = block if block is not None else node.named_children[0]
        return ir.For(target, ir.Items(self._list([listed] if listed is not None else [])), (self.node(body),), declare=True)

    def branch(self, node: Node) -> ir.Node:
        parts: list[ir.Node] = []
        current: Node | None = node
        while current is not None:
            condition, block = field(current, "condition"), field(current, "block")
            parts += [self.node(condition)] if condition is not None else []
            parts.append(ir.Block(self.children(block), maybe=True))
            current = next((child for child in current.named_children if child.type in ("elsif", "else")), None)
        return ir.Block(tuple(parts))

    def postfix(self, node: Node) -> ir.Node:
        condition = field(node, "condition")
        body = [child for child in node.named_children if child != condition]
        return ir.Block((self.node(condition), ir.Block(self.body(body), maybe=True)))
