"""Lowers Perl. Scalars are called ``$x``, arrays ``[x`` and hashes ``%x``; an array in a list is spread, as Perl does."""

from __future__ import annotations

from typing import ClassVar

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.lowering import Lowered, const_text
from checkrein.detect.shell.snippets.perl_table import PERL
from checkrein.detect.shell.snippets.tree import Node, field, text_of
from checkrein.detect.shell.snippets.treelower import TreeLowering, hoisted, unescaped

DIALECT = PERL
TOPIC = ir.Name("$_")
ON_TOPIC = frozenset(
    ("unlink", "rmdir", "eval", "print", "say", "chomp", "lc", "uc", "ord", "chr", "reverse", "require", "readlink")
)
SPREADS = frozenset(("array", "array_deref_expression", "quoted_word_list"))


def lower(source: str) -> Lowered:
    """The program."""
    return PerlLowering().program(source)


class PerlLowering(TreeLowering):
    """One program."""

    language = "perl"
    skipped = frozenset(("comment", "pod", "heredoc_content", "use_version_statement"))
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

    def __init__(self) -> None:
        super().__init__()
        self._within = 0
        self._heredocs: dict[int, Node] = {}

    def program(self, source: str) -> Lowered:
        self._with_heredocs = "<<" in source
        return super().program(source)

    def body(self, nodes: list[Node]) -> tuple[ir.Node, ...]:  # type: ignore[override]
        if self._with_heredocs and nodes:
            self._with_heredocs = False
            self._match_heredocs(nodes[0].parent or nodes[0])
        return super().body(nodes)

    def _match_heredocs(self, root: Node) -> None:
        begun: list[Node] = []
        texts: list[Node] = []
        stack = [root]
        while stack:
            node = stack.pop()
            if node.type.endswith("heredoc_token"):
                begun.append(node)
            elif node.type == "heredoc_content":
                texts.append(node)
            stack += reversed(node.children)
        self._heredocs = {head.id: text for head, text in zip(begun, texts, strict=False)}

    # -- text

    def text(self, node: Node) -> ir.Node:
        return ir.Const(const_text(text_of(node)))

    def raw(self, node: Node) -> ir.Node:
        content = field(node, "content")
        return ir.Const("" if content is None else const_text(text_of(content)))

    def string(self, node: Node) -> ir.Node:
        content = field(node, "content")
        return ir.Const("") if content is None else self._interpolated(content)

    def command(self, node: Node) -> ir.Node:
        return ir.Call(ir.Name(ir.GLOBAL + "`"), (self.string(node),))

    def heredoc(self, node: Node) -> ir.Node:
        content = self._heredocs.get(node.id)
        if content is None:
            return ir.Opaque(())
        head = text_of(node)
        raw = ir.Const(const_text(text_of(content).rpartition("\n")[0]))
        text = raw if "'" in head else self._interpolated(content)
        return ir.Call(ir.Name(ir.GLOBAL + "`"), (text,)) if "`" in head else text

    def _interpolated(self, content: Node) -> ir.Node:
        """Text with variables in it: the grammar marks the variables, what stands between them is cut out of the source."""
        whole = content.text or b""
        parts: list[ir.Node] = []
        at = content.start_byte
        for child in content.named_children:
            if child.type == "escape_sequence":
                continue
            parts.append(
                ir.Const(
                    unescaped(whole[at - content.start_byte : child.start_byte - content.start_byte].decode("utf-8", "replace"))
                )
            )
            if child.type != "heredoc_end":
                lowered = self.node(child)
                parts.append(
                    ir.Call(ir.Name(ir.GLOBAL + "join"), (ir.Const(" "), lowered)) if child.type in SPREADS else lowered
                )
            at = child.end_byte
        parts.append(
            ir.Const(unescaped(whole[at - content.start_byte :].decode("utf-8", "replace")))
            if at < content.end_byte
            else ir.Const("")
        )
        return parts[0] if len(parts) == 1 else ir.Concat(tuple(parts))

    def words(self, node: Node) -> ir.Node:
        content = field(node, "content")
        listed = text_of(content).split() if content is not None else []
        return ir.Items(tuple(ir.Const(const_text(word)) for word in listed))

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

    def _first(self, node: Node) -> ir.Node:
        return self.node(node.named_children[0]) if node.named_children else ir.Const(UNKNOWN)

    def declaration(self, node: Node) -> ir.Node:
        several = node.children_by_field_name("variables")
        if several:
            return ir.Items(tuple(ir.Spread(self.node(one)) if one.type == "array" else self.node(one) for one in several))
        return self.node(field(node, "variable"))

    def items(self, node: Node) -> ir.Node:
        return ir.Items(self._list(node.named_children))

    def _list(self, nodes: list[Node]) -> tuple[ir.Node, ...]:
        made: list[ir.Node] = []
        for node in nodes:
            if node.type in self.skipped:
                continue
            if node.type in ("list_expression", "parenthesized_expression"):
                made += self._list(node.named_children)
            else:
                lowered = self.node(node)
                made.append(ir.Spread(lowered) if node.type in SPREADS else lowered)
        return tuple(made)

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
            value = (
                value
                if right is not None and right.type not in ("interpolated_string_literal", "string_literal")
                else ir.Items((value,))
            )
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
            return ir.Block((ir.Assign(TOPIC, left, declare=True), right, ir.Const(UNKNOWN)))
        return ir.Binary(operator, left, right) if operator in ("x", "+", "-", "*", "/", "%", "^") else ir.Opaque((left, right))

    def conditional(self, node: Node) -> ir.Node:
        condition = self.node(field(node, "condition"))
        return ir.Choice((ir.Block((condition, self.node(field(node, "consequent")))), self.node(field(node, "alternative"))))

    # -- calls

    def call(self, node: Node) -> ir.Node:
        function = field(node, "function")
        name = const_text(text_of(function)).removeprefix("&") if function is not None else ""
        given = field(node, "arguments")
        nodes = (
            [given]
            if given is not None
            else [child for child in node.named_children if child != function and child.type != "indirect_object"]
        )
        args = self._list(nodes)
        if function is not None and function.named_children and text_of(function).startswith("&"):  # &$f(...), &{"name"}(...)
            return ir.Call(self._function_name(function), args)
        if name == "open":
            return self._open(args)
        if name in ("shift", "pop"):
            held = args[0] if args else ir.Name("[_" if self._within else "[ARGV")
            return ir.Call(ir.Attr(held.value if isinstance(held, ir.Spread) else held, name))
        if name in ("push", "unshift") and args:
            held = args[0].value if isinstance(args[0], ir.Spread) else args[0]
            return ir.Call(ir.Attr(held, name), args[1:])
        indirect = next((child for child in node.named_children if child.type == "indirect_object"), None)
        if indirect is not None:
            return self._indirect(name, indirect, args)
        if name == "print" and given is not None and given.type == "ambiguous_function_call_expression":  # print FH "text"
            handle = field(given, "function")
            return ir.Call(
                ir.Name(ir.GLOBAL + "print-to"),
                (ir.Name(f"*{text_of(handle)}" if handle else ""), *self._list([field(given, "arguments") or given])),
            )
        if not args and name in ON_TOPIC:
            args = (TOPIC,)
        return ir.Call(ir.Name(name), args)

    def _function_name(self, node: Node) -> ir.Node:
        inner = node.named_children[-1]
        while inner.type in ("varname", "code_deref_expression") and inner.named_children:
            inner = inner.named_children[-1]
        if inner.type == "block":
            return self.inner(inner)
        return ir.Name(text_of(inner)) if inner.type == "varname" else self.node(inner)

    def _indirect(self, name: str, indirect: Node, args: tuple[ir.Node, ...]) -> ir.Node:
        """``print $fh LIST``, ``exec { PROGRAM } LIST``."""
        inner = indirect.named_children[0] if indirect.named_children else indirect
        first = (
            ir.Name(f"*{text_of(inner)}")
            if inner.type == "filehandle"
            else self.inner(inner)
            if inner.type == "block"
            else self.node(inner)
        )
        if name in ("system", "exec"):
            return ir.Call(ir.Name(f"{name}-as"), (first, *args))
        if name in ("print", "printf", "say"):
            return ir.Call(ir.Name(ir.GLOBAL + "print-to"), (first, *args))
        return ir.Call(ir.Attr(first, name), args)

    def _open(self, args: tuple[ir.Node, ...]) -> ir.Node:
        if not args:
            return ir.Opaque(())
        handle = args[0]
        target = ir.Name(f"*{handle.name}") if isinstance(handle, ir.Name) and not handle.name.startswith("$") else handle
        return ir.Assign(target, ir.Call(ir.Name(ir.GLOBAL + "open"), args[1:]))

    def bare(self, node: Node) -> ir.Node:
        """A function's name alone: a call without arguments, or ``\\&name``."""
        text = text_of(node)
        if node.named_children:
            return self._function_name(node)
        if text in ("shift", "pop"):
            return ir.Call(ir.Attr(ir.Name("[_" if self._within else "[ARGV"), text))
        return ir.Call(ir.Name(text), (TOPIC,) if text in ON_TOPIC else ())

    def method_call(self, node: Node) -> ir.Node:
        method = field(node, "method")
        arguments = field(node, "arguments")
        args = self._list([arguments]) if arguments is not None else ()
        invocant = self.node(field(node, "invocant"))
        if method is not None and text_of(method).startswith("$"):
            return ir.Call(ir.Index(invocant, self.node(method.named_children[0] if method.named_children else method)), args)
        return ir.Call(ir.Attr(invocant, text_of(method) if method is not None else ""), args)

    def coderef(self, node: Node) -> ir.Node:
        arguments = field(node, "arguments")
        return ir.Call(self._first(node), self._list([arguments]) if arguments is not None else ())

    def evaluate(self, node: Node) -> ir.Node:
        inner = node.named_children[0] if node.named_children else None
        if inner is None:
            return ir.Call(ir.Name(ir.GLOBAL + "eval"), (TOPIC,))
        if inner.type == "block":
            return self.block(inner)
        if inner.type == "filename":
            return ir.Call(ir.Name(ir.GLOBAL + "do"), self.children(inner))
        return ir.Call(ir.Name(ir.GLOBAL + "eval"), (self.node(inner),))

    def require(self, node: Node) -> ir.Node:
        inner = node.named_children[0] if node.named_children else None
        return (
            ir.Block(())
            if inner is None or inner.type in ("bareword", "package")
            else ir.Call(ir.Name(ir.GLOBAL + "do"), (self.node(inner),))
        )

    def use(self, _: Node) -> ir.Node:
        return ir.Block(())

    def substitution(self, node: Node) -> ir.Node:
        """``s/a/b/e`` runs its replacement."""
        modifiers, replacement = (
            field(node, "modifiers"),
            next((child for child in node.named_children if child.type == "replacement"), None),
        )
        if modifiers is None or "e" not in text_of(modifiers) or replacement is None:
            return ir.Opaque(self.children(replacement) if replacement is not None else ())
        code = ir.Call(ir.Name(ir.GLOBAL + "eval"), (ir.Const(const_text(text_of(replacement))),))
        return (
            ir.Block((code, ir.Call(ir.Name(ir.GLOBAL + "eval"), (ir.Const(UNKNOWN),))))
            if text_of(modifiers).count("e") > 1
            else code
        )

    def readline(self, node: Node) -> ir.Node:
        return ir.Call(ir.Name(ir.GLOBAL + "<>"), (ir.Const(text_of(node).strip("<>")),))

    def glob(self, node: Node) -> ir.Node:
        content = field(node, "content")
        return ir.Call(ir.Name(ir.GLOBAL + "glob"), (ir.Const("*") if content is None else self._interpolated(content),))

    def mapped(self, node: Node) -> ir.Node:
        callback, listed = field(node, "callback"), field(node, "list")
        items = ir.Items(self._list([listed])) if listed is not None else ir.Const(UNKNOWN)
        element = self.block(callback) if callback is not None and callback.type == "block" else self.node(callback)
        return ir.Collect(element, ((TOPIC, items),))

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
