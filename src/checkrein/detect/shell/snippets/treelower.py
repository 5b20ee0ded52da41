"""The common part of lowerings that start from a tree-sitter tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.lowering import MARK, Lowered, const_text, deep
from checkrein.detect.shell.snippets.tree import Node, field, parse, text_of

MAX_NESTING = 90
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "s": " ", "\n": ""}


class TreeLowering:
    """One program's way from a tree to the common nodes. A subclass has a table from node types to its methods."""

    language: ClassVar[str]
    skipped: ClassVar[frozenset[str]] = frozenset(("comment",))
    heredoc_types: ClassVar[tuple[str, ...]] = ()
    heredoc_text: ClassVar[str] = ""
    table: ClassVar[dict[str, str]]

    def __init__(self) -> None:
        self._depth = 0
        self._heredocs: dict[int, Node] = {}
        self.problems: list[str] = []

    def program(self, source: str) -> Lowered:
        """The program of a source text. Broken places are walked like all others, and named."""
        root = parse(self.language, source).root_node
        if root.has_error:
            self.problems.append(f"not valid {self.language}: some of it was read on a guess")
        if self.heredoc_types and "<<" in source:
            self._heredocs = self._matched_heredocs(root)
        return Lowered(hoisted(self.body(root.named_children)), tuple(self.problems))

    def _matched_heredocs(self, root: Node) -> dict[int, Node]:
        """The text of each here-document by the id of what begins it: both stand in the same order in the document."""
        begun: list[Node] = []
        texts: list[Node] = []
        stack = [root]
        while stack:
            node = stack.pop()
            if node.type in self.heredoc_types:
                begun.append(node)
            elif node.type == self.heredoc_text:
                texts.append(node)
            stack += reversed(node.children)
        return {head.id: text for head, text in zip(begun, texts, strict=False)}

    def body(self, nodes: Iterable[Node]) -> tuple[ir.Node, ...]:
        """Statements or expressions in order."""
        return tuple(self.node(node) for node in nodes if node.type not in self.skipped)

    def children(self, node: Node | None) -> tuple[ir.Node, ...]:
        """The lowered named children of a node."""
        return () if node is None else self.body(node.named_children)

    def node(self, node: Node | None) -> ir.Node:
        """Any node; one without a lowering of its own is opaque over its children."""
        if node is None:
            return ir.Const(None)
        if self._depth >= MAX_NESTING:
            return deep()
        self._depth += 1
        try:
            name = self.table.get(node.type)
            if name is None:
                return ir.Opaque(self.children(node))
            lowered: ir.Node = getattr(self, name)(node)
            return lowered
        finally:
            self._depth -= 1

    # -- what most languages share

    def inner(self, node: Node) -> ir.Node:
        """A wrapper around one thing; its last child is its value."""
        parts = self.children(node)
        return parts[0] if len(parts) == 1 else ir.Block(parts)

    def block(self, node: Node) -> ir.Node:
        """Statements."""
        return ir.Block(hoisted(self.children(node)))

    def maybe(self, node: Node) -> ir.Node:
        """Statements that may not run."""
        return ir.Block(self.children(node), maybe=True)

    def repeated(self, node: Node) -> ir.Node:
        """A loop without a variable."""
        return ir.Block(self.children(node), maybe=True, loop=True)

    def identifier(self, node: Node) -> ir.Node:
        """A plain name."""
        text = text_of(node)
        return ir.Unreadable("part of the code is not known before it runs") if MARK in text else ir.Name(text)

    def text(self, node: Node) -> ir.Node:
        """Literal text."""
        return ir.Const(const_text(text_of(node)))

    def escape(self, node: Node) -> ir.Node:
        """One escape sequence."""
        return ir.Const(unescape(text_of(node)))

    def opaque(self, node: Node) -> ir.Node:
        """Something without a value that matters."""
        return ir.Opaque(self.children(node))

    def number(self, node: Node) -> ir.Node:
        """A number."""
        return ir.Const(number(text_of(node)))

    def null(self, _: Node) -> ir.Node:
        """Nothing."""
        return ir.Const(None)

    def true(self, _: Node) -> ir.Node:
        """True."""
        return ir.Const(value=True)

    def false(self, _: Node) -> ir.Node:
        """False."""
        return ir.Const(value=False)

    def spread(self, node: Node) -> ir.Node:
        """``*items``."""
        return ir.Spread(self.inner(node))

    def items(self, node: Node) -> ir.Node:
        """A list."""
        return ir.Items(self.children(node))

    def choice(self, node: Node) -> ir.Node:
        """A conditional expression."""
        condition = self.node(field(node, "condition"))
        return ir.Choice((ir.Block((condition, self.node(field(node, "consequence")))), self.node(field(node, "alternative"))))

    def returned(self, node: Node) -> ir.Node:
        """``return``."""
        parts = self.children(node)
        return ir.Return(parts[0] if len(parts) == 1 else ir.Items(parts) if parts else ir.Const(None))

    def chain(self, node: Node, kind: str, operator: str) -> list[Node]:
        """The operands of a left-deep chain of one operator, in order."""
        operands: list[Node] = []
        left: Node | None = node
        while left is not None and left.type == kind and self.operator(left) == operator:
            right = field(left, "right")
            if right is not None:
                operands.append(right)
            left = field(left, "left")
        if left is not None:
            operands.append(left)
        return operands[::-1]

    def operator(self, node: Node) -> str:
        """The operator of a binary or assigning node."""
        found = field(node, "operator")
        return text_of(found) if found is not None else ""


def hoisted(nodes: tuple[ir.Node, ...]) -> tuple[ir.Node, ...]:
    """Statements with the declarations of functions and classes before the rest: they may be called before they stand."""
    first = tuple(node for node in nodes if isinstance(node, (ir.Function, ir.Class)) and node.name)
    return first + tuple(node for node in nodes if node not in first) if first else nodes


def number(text: str) -> int | float | str:
    """A numeric literal; unknown text for one of another form."""
    text = text.replace("_", "").rstrip("n").lower()
    try:
        return int(text, 8) if len(text) > 1 and text.startswith("0") and text.isdecimal() else int(text, 0)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return UNKNOWN


def unescape(text: str) -> str:
    r"""One escape sequence (``\n``, ``\x41``, ``\u{41}``, ``\101``) as the character that it stands for."""
    rest = text[1:]
    if not rest:
        return text
    digits = rest[1:].strip("{}")
    try:
        if rest[0] in "xuU" and digits:
            return "".join(chr(int(code, 16)) for code in digits.split())
        if rest[0].isdecimal():
            return chr(int(rest, 8))
    except (ValueError, OverflowError):
        return UNKNOWN
    return ESCAPES.get(rest[0], rest)


def unescaped(text: str, known: Callable[[str], str] = unescape) -> str:
    """Text with escape sequences, for grammars that do not mark them."""
    if "\\" not in text:
        return const_text(text)
    made: list[str] = []
    at = 0
    while at < len(text):
        if text[at] != "\\":
            end = text.find("\\", at)
            end = len(text) if end < 0 else end
            made.append(text[at:end])
            at = end
            continue
        end = at + 2
        head = text[at + 1 : at + 2]
        if head in ("x", "u") and text[end : end + 1] == "{":
            close = text.find("}", end)
            end = close + 1 if 0 < close < end + 12 else end
        elif head in ("x", "u", "U"):
            most = {"x": 2, "u": 4, "U": 8}[head]
            while end < len(text) and end - at - 2 < most and text[end] in "0123456789abcdefABCDEF":
                end += 1
        elif head in "01234567" and head:
            while end < len(text) and end - at < 4 and text[end] in "01234567":
                end += 1
        made.append(known(text[at:end]))
        at = end
    return const_text("".join(made))
