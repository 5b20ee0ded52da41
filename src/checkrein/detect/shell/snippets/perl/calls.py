"""Lowers Perl's calls: functions, methods, file handles, and operators that run code."""

from __future__ import annotations

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.lowering import const_text
from checkrein.detect.shell.snippets.perl.strings import PerlStrings
from checkrein.detect.shell.snippets.tree import Node, field, text_of

TOPIC = ir.Name("$_")
ON_TOPIC = frozenset(
    ("unlink", "rmdir", "eval", "print", "say", "chomp", "lc", "uc", "ord", "chr", "reverse", "require", "readlink")
)


class PerlCalls(PerlStrings):
    """Calls of one program."""

    def __init__(self) -> None:
        super().__init__()
        self._within = 0

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

    def use(self, node: Node) -> ir.Node:
        if text_of(node).removeprefix("use").lstrip().startswith("Inline"):
            return ir.Unreadable("code of another language stands in the program")
        return ir.Block(())

    def substitution(self, node: Node) -> ir.Node:
        """``s///`` and ``tr///``: the text is another afterwards. ``s/a/b/e`` runs its replacement."""
        replacement = next((child for child in node.named_children if child.type == "replacement"), None)
        modifiers = _modifiers(node)
        made: tuple[ir.Node, ...] = (ir.Assign(TOPIC, ir.Const(UNKNOWN)),) if changes(node) else ()
        if replacement is None or node.type != "substitution_regexp" or "e" not in modifiers:
            return ir.Block((ir.Opaque(self.children(replacement)), *made))
        made += (ir.Call(ir.Name(ir.GLOBAL + "eval"), (ir.Const(const_text(text_of(replacement))),)),)
        if modifiers.count("e") > 1:
            made += (ir.Call(ir.Name(ir.GLOBAL + "eval"), (ir.Const(UNKNOWN),)),)
        return ir.Block(made)

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

    def _first(self, node: Node) -> ir.Node:
        return self.node(node.named_children[0]) if node.named_children else ir.Const(UNKNOWN)


def _modifiers(node: Node) -> str:
    found = field(node, "modifiers")
    return "" if found is None else text_of(found)


def changes(node: Node | None) -> bool:
    """True for ``s///`` and ``tr///``, which change what they are applied to, unless they return the result."""
    return (
        node is not None and node.type in ("substitution_regexp", "transliteration_expression") and "r" not in _modifiers(node)
    )
