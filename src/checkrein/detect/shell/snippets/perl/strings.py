"""Lowers Perl's text and lists: quotes, interpolation, here-documents, and arrays spread in a list."""

from __future__ import annotations

from typing import ClassVar

from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.lowering import const_text
from checkrein.detect.shell.snippets.tree import Node, field, text_of
from checkrein.detect.shell.snippets.treelower import TreeLowering, unescaped

SPREADS = frozenset(("array", "array_deref_expression", "quoted_word_list"))


class PerlStrings(TreeLowering):
    """Text and lists of one program."""

    skipped = frozenset(("comment", "pod", "heredoc_content", "use_version_statement"))
    heredoc_types: ClassVar[tuple[str, ...]] = ("heredoc_token", "command_heredoc_token")
    heredoc_text: ClassVar[str] = "heredoc_content"

    def raw(self, node: Node) -> ir.Node:
        content = field(node, "content")
        return _blank(node) if content is None else ir.Const(const_text(text_of(content)))

    def string(self, node: Node) -> ir.Node:
        content = field(node, "content")
        return _blank(node) if content is None else self._interpolated(content)

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


def _blank(node: Node) -> ir.Node:
    """Text of blanks only, of which the grammar gives no content: what stands between its delimiters."""
    return ir.Const(text_of(node).removeprefix("qq").removeprefix("q").lstrip()[1:-1])
