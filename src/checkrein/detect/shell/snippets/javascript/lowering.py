"""Lowers JavaScript, and TypeScript as far as its types leave the tree readable."""

from __future__ import annotations

from typing import ClassVar

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.javascript.table import JAVASCRIPT
from checkrein.detect.shell.snippets.lowering import Lowered, compared, const_text
from checkrein.detect.shell.snippets.tree import Node, field, text_of
from checkrein.detect.shell.snippets.treelower import TreeLowering

DIALECT = JAVASCRIPT
COMPARISONS = frozenset(("in", "instanceof", "==", "===", "!=", "!==", "<", "<=", ">", ">="))


def lower(source: str) -> Lowered:
    """The program. The value of its last statement is shown, as ``node -p`` does."""
    lowered = JavaScriptLowering().program(source)
    if not lowered.program:
        return lowered
    *first, last = lowered.program
    shown = (
        last
        if isinstance(last, (ir.Assign, ir.Block, ir.Function, ir.Class, ir.For))
        else ir.Call(ir.Name("console.log"), (last,))
    )
    return Lowered((*first, shown), lowered.problems)


class JavaScriptLowering(TreeLowering):
    """One program."""

    language = "javascript"
    table: ClassVar[dict[str, str]] = {
        "identifier": "identifier",
        "property_identifier": "text",
        "shorthand_property_identifier": "identifier",
        "this": "this",
        "super": "this",
        "string": "string",
        "template_string": "template",
        "string_fragment": "text",
        "escape_sequence": "escape",
        "template_substitution": "inner",
        "number": "number",
        "null": "null",
        "undefined": "null",
        "true": "true",
        "false": "false",
        "array": "items",
        "object": "object",
        "pair": "inner",
        "spread_element": "spread",
        "member_expression": "member",
        "subscript_expression": "subscript",
        "call_expression": "call",
        "new_expression": "new",
        "binary_expression": "binary",
        "ternary_expression": "choice",
        "await_expression": "inner",
        "parenthesized_expression": "inner",
        "sequence_expression": "inner",
        "expression_statement": "inner",
        "import": "imported_name",
        "arrow_function": "function",
        "function_expression": "function",
        "function_declaration": "function",
        "generator_function": "function",
        "generator_function_declaration": "function",
        "method_definition": "function",
        "class_declaration": "klass",
        "class": "klass",
        "class_body": "block",
        "field_definition": "member_field",
        "lexical_declaration": "block",
        "variable_declaration": "block",
        "variable_declarator": "declarator",
        "assignment_expression": "assign",
        "augmented_assignment_expression": "augment",
        "object_pattern": "object_pattern",
        "array_pattern": "items",
        "rest_pattern": "spread",
        "assignment_pattern": "default",
        "statement_block": "block",
        "if_statement": "branch",
        "else_clause": "inner",
        "for_in_statement": "loop",
        "for_statement": "repeated",
        "while_statement": "repeated",
        "do_statement": "block",
        "try_statement": "attempt",
        "switch_statement": "block",
        "switch_body": "block",
        "switch_case": "maybe",
        "switch_default": "maybe",
        "return_statement": "returned",
        "labeled_statement": "labeled",
        "import_statement": "imports",
        "export_statement": "block",
        "shorthand_property_identifier_pattern": "identifier",
        "yield_expression": "returned",
        "regex": "regex",
        "with_statement": "within",
    }

    def this(self, _: Node) -> ir.Node:
        return ir.Name("this")

    def regex(self, _: Node) -> ir.Node:
        return ir.Const(UNKNOWN)

    def within(self, node: Node) -> ir.Node:
        return ir.Block((ir.Unreadable("names in a `with` statement may stand for anything"), *self.children(node)))

    def imported_name(self, _: Node) -> ir.Node:
        return ir.Name("import")

    def string(self, node: Node) -> ir.Node:
        parts = self.children(node)
        return parts[0] if len(parts) == 1 else ir.Concat(parts)

    def template(self, node: Node) -> ir.Node:
        return ir.Concat(self.children(node))

    def object(self, node: Node) -> ir.Node:
        pairs: list[tuple[ir.Node | None, ir.Node]] = []
        for child in node.named_children:
            match child.type:
                case "pair":
                    pairs.append((self._key(field(child, "key")), self.node(field(child, "value"))))
                case "shorthand_property_identifier":
                    pairs.append((ir.Const(text_of(child)), self.identifier(child)))
                case "method_definition":
                    pairs.append((self._key(field(child, "name")), self._function(child, "")))
                case "spread_element":
                    pairs.append((None, self.inner(child)))
                case _:
                    pairs.append((ir.Const(UNKNOWN), self.node(child)))
        return ir.Pairs(tuple(pairs))

    def _key(self, node: Node | None) -> ir.Node:
        if node is not None and node.type == "computed_property_name":
            return self.inner(node)
        return self.node(node)

    def object_pattern(self, node: Node) -> ir.Node:
        pairs: list[tuple[ir.Node | None, ir.Node]] = []
        for child in node.named_children:
            match child.type:
                case "pair_pattern":
                    pairs.append((self._key(field(child, "key")), self.node(field(child, "value"))))
                case "shorthand_property_identifier_pattern":
                    pairs.append((ir.Const(text_of(child)), self.identifier(child)))
                case "object_assignment_pattern":
                    name = field(child, "left")
                    value = ir.Choice((self.node(name), self.node(field(child, "right"))))
                    pairs.append((ir.Const(text_of(name) if name is not None else UNKNOWN), value))
                case "rest_pattern":
                    pairs.append((None, self.inner(child)))
                case _:
                    pairs.append((None, self.node(child)))
        return ir.Pairs(tuple(pairs))

    def default(self, node: Node) -> ir.Node:
        return ir.Choice((self.node(field(node, "left")), self.node(field(node, "right"))))

    def member(self, node: Node) -> ir.Node:
        name = field(node, "property")
        return ir.Attr(self.node(field(node, "object")), const_text(text_of(name)) if name is not None else UNKNOWN)

    def subscript(self, node: Node) -> ir.Node:
        return ir.Index(self.node(field(node, "object")), self.node(field(node, "index")))

    def call(self, node: Node) -> ir.Node:
        arguments = field(node, "arguments")
        if arguments is not None and arguments.type == "template_string":
            return ir.Call(self.node(field(node, "function")), (self.template(arguments),))
        return ir.Call(self.node(field(node, "function")), self.children(arguments))

    def new(self, node: Node) -> ir.Node:
        return ir.Call(self.node(field(node, "constructor")), self.children(field(node, "arguments")))

    def binary(self, node: Node) -> ir.Node:
        operator = self.operator(node)
        if operator == "+":
            return ir.Concat(self.body(self.chain(node, "binary_expression", "+")), typed=True)
        if operator in ("||", "&&", "??"):
            return ir.Choice(self.body(self.chain(node, "binary_expression", operator)))
        if operator in ("*", "-", "%", "^", "/"):
            return ir.Binary(operator, self.node(field(node, "left")), self.node(field(node, "right")))
        return compared(self.children(node)) if operator in COMPARISONS else ir.Opaque(self.children(node))

    def function(self, node: Node) -> ir.Node:
        name = field(node, "name")
        return self._function(node, text_of(name) if name is not None and node.type != "function_expression" else "")

    def _function(self, node: Node, name: str) -> ir.Node:
        single = field(node, "parameter")
        listed = field(node, "parameters")
        params = [single] if single is not None else listed.named_children if listed is not None else []
        body = field(node, "body")
        statements = (
            self.children(body) if body is not None and body.type == "statement_block" else (ir.Return(self.node(body)),)
        )
        made = tuple(self._param(param) for param in params if param.type != "comment")
        return ir.Function(name, made, statements, arguments="arguments" if node.type != "arrow_function" else "")

    def _param(self, node: Node) -> ir.Param:
        if node.type == "rest_pattern":
            return ir.Param(self.inner(node), rest=True)
        if node.type == "assignment_pattern":
            return ir.Param(self.node(field(node, "left")), self.node(field(node, "right")))
        return ir.Param(self.node(node))

    def klass(self, node: Node) -> ir.Node:
        name, body = field(node, "name"), field(node, "body")
        bases = tuple(self.inner(child) for child in node.named_children if child.type == "class_heritage")
        return ir.Class(text_of(name) if name is not None else "", bases, self.children(body))

    def member_field(self, node: Node) -> ir.Node:
        name = field(node, "property")
        return ir.Assign(ir.Name(text_of(name) if name is not None else UNKNOWN), self.node(field(node, "value")), declare=True)

    def declarator(self, node: Node) -> ir.Node:
        value = field(node, "value")
        return ir.Assign(self.node(field(node, "name")), self.node(value), declare=True)

    def assign(self, node: Node) -> ir.Node:
        return ir.Assign(self.node(field(node, "left")), self.node(field(node, "right")))

    def augment(self, node: Node) -> ir.Node:
        return ir.Assign(self.node(field(node, "left")), self.node(field(node, "right")), op=self.operator(node)[0])

    def branch(self, node: Node) -> ir.Node:
        parts: list[ir.Node] = []
        current: Node | None = node
        while current is not None and current.type == "if_statement":
            parts += [self.node(field(current, "condition")), ir.Block((self.node(field(current, "consequence")),), maybe=True)]
            alternative = field(current, "alternative")
            current = alternative.named_children[0] if alternative is not None and alternative.named_children else None
            if current is not None and current.type != "if_statement":
                parts.append(ir.Block((self.node(current),), maybe=True))
        return ir.Block(tuple(parts))

    def loop(self, node: Node) -> ir.Node:
        body = (self.node(field(node, "body")),)
        if text_of(of_in) == "in" if (of_in := field(node, "operator")) is not None else False:
            keys = ir.Call(ir.Name("Object.keys"), (self.node(field(node, "right")),))
            return ir.For(self.node(field(node, "left")), keys, body, declare=True)
        return ir.For(self.node(field(node, "left")), self.node(field(node, "right")), body, declare=True)

    def attempt(self, node: Node) -> ir.Node:
        handler, last = field(node, "handler"), field(node, "finalizer")
        caught = self.children(field(handler, "body")) if handler is not None else ()
        return ir.Block((self.node(field(node, "body")), ir.Block(caught, maybe=True), ir.Block(self.children(last))))

    def labeled(self, node: Node) -> ir.Node:
        return self.node(field(node, "body"))

    def imports(self, node: Node) -> ir.Node:
        source = field(node, "source")
        module = ir.Call(ir.Name("require"), (self.node(source),))
        made: list[ir.Node] = [] if any(child.type == "import_clause" for child in node.named_children) else [module]
        for clause in (child for child in node.named_children if child.type == "import_clause"):
            for child in clause.named_children:
                if child.type == "named_imports":
                    made += [self._specifier(one, module) for one in child.named_children if one.type == "import_specifier"]
                else:
                    name = child if child.type == "identifier" else child.named_children[0]
                    made.append(ir.Assign(self.identifier(name), module, declare=True))
        return ir.Block(tuple(made))

    def _specifier(self, node: Node, module: ir.Node) -> ir.Node:
        name = field(node, "name")
        alias = field(node, "alias") or name
        value = module if name is None or text_of(name) == "default" else ir.Attr(module, text_of(name))
        return ir.Assign(self.node(alias), value, declare=True)
