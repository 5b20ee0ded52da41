"""Syntax trees: one lazily loaded grammar per language, and the few questions that lowerings ask of a node."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from importlib import import_module

from tree_sitter import Language, Node, Parser, Tree

__all__ = ["Node", "field", "parse", "parser", "text_of"]

GRAMMARS = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "perl": ("tree_sitter_perl", "language"),
}


@cache
def parser(language: str) -> Parser:
    """The parser of a language. Its grammar is imported on first use."""
    module, name = GRAMMARS[language]
    pointer = getattr(import_module(module), name)()
    if isinstance(pointer, int):  # a grammar package of the older kind gives an address where a capsule is wanted
        capsule: Callable[..., object] = ctypes.pythonapi.PyCapsule_New
        ctypes.pythonapi.PyCapsule_New.restype = ctypes.py_object
        ctypes.pythonapi.PyCapsule_New.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
        pointer = capsule(pointer, b"tree_sitter.Language", None)
    return Parser(Language(pointer))


def parse(language: str, source: str) -> Tree:
    """A tree of any source text; what does not parse becomes ERROR nodes in it."""
    return parser(language).parse(source.encode("utf-8", "replace"))


def text_of(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def field(node: Node, name: str) -> Node | None:
    """The child in a field."""
    return node.child_by_field_name(name)
