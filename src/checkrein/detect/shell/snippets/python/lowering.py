"""Lowers Python. What does not parse as Python 3 is salvaged statement by statement with an error-tolerant parser."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from typing import ClassVar

from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.lowering import Lowered
from checkrein.detect.shell.snippets.python.expressions import PythonExpressions
from checkrein.detect.shell.snippets.python.table import PYTHON
from checkrein.detect.shell.snippets.tree import Node, parse, text_of

COOKIE = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
PLAIN_CODINGS = frozenset(("utf-8", "utf8", "ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1", "cp1252", "utf-8-sig"))
DIALECT = PYTHON


def lower(source: str) -> Lowered:
    """The program, with what could not be read."""
    problems = [
        f"the source declares the encoding {found[1]}"
        for line in source[:1000].splitlines()[:2]
        if (found := COOKIE.match(line)) and found[1].lower().replace("_", "-") not in PLAIN_CODINGS
    ]
    try:
        tree = _parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        problems.append(f"not valid Python: {str(error)[:120]}")
        return Lowered(_salvaged(source, problems), tuple(problems))
    lowering = PythonLowering()
    return Lowered(lowering.body(tree.body), tuple(problems))


def _parse(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _salvaged(source: str, problems: list[str]) -> tuple[ir.Node, ...]:
    """Every largest piece of a broken program that parses by itself. The work is bounded by a multiple of the source's size."""
    found: list[ir.Node] = []
    budget = 8 * len(source) + 1000
    stack = [parse("python", source).root_node]
    while stack:
        node = stack.pop()
        if not node.is_named or node.type in ("comment", "string_content"):
            continue
        if node.type not in ("module", "ERROR", "block"):
            text = text_of(node)
            budget -= len(text)
            if budget < 0:
                problems.append("too much of the code does not parse to be followed")
                break
            piece = _piece(node, text)
            if piece is not None:
                found += PythonLowering().body(piece)
                continue
        stack += reversed(node.children)
    return tuple(found)


def _piece(node: Node, text: str) -> list[ast.stmt] | None:
    if node.type == "exec_statement":  # Python 2
        text = f"exec({text.removeprefix('exec').strip().partition(' in ')[0]})"
    elif node.type == "print_statement":
        text = f"print({text.removeprefix('print').strip().removeprefix('>>')})"
    elif node.type in ("identifier", "integer", "string"):
        return []
    indent = " " * node.start_point[1]
    try:
        return _parse(textwrap.dedent(indent + text) if "\n" in text else text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class PythonLowering(PythonExpressions):
    """One program's way from ``ast`` to the common nodes."""

    table: ClassVar[dict[type[ast.AST], str]] = {
        ast.Constant: "constant",
        ast.Name: "name",
        ast.Attribute: "attribute",
        ast.Subscript: "subscript",
        ast.Call: "call",
        ast.Starred: "starred",
        ast.BinOp: "binary",
        ast.UnaryOp: "unary",
        ast.JoinedStr: "joined",
        ast.FormattedValue: "formatted",
        ast.IfExp: "choice",
        ast.BoolOp: "boolean",
        ast.Compare: "comparison",
        ast.List: "items",
        ast.Tuple: "items",
        ast.Set: "items",
        ast.Dict: "pairs",
        ast.ListComp: "comprehension",
        ast.SetComp: "comprehension",
        ast.GeneratorExp: "comprehension",
        ast.DictComp: "dict_comprehension",
        ast.NamedExpr: "walrus",
        ast.Await: "passed_on",
        ast.Expr: "passed_on",
        ast.Yield: "yielded",
        ast.YieldFrom: "yielded_from",
        ast.FunctionDef: "function",
        ast.AsyncFunctionDef: "function",
        ast.Lambda: "function",
        ast.ClassDef: "klass",
        ast.Assign: "assign",
        ast.AnnAssign: "annotated",
        ast.AugAssign: "augmented",
        ast.If: "branch",
        ast.For: "loop",
        ast.AsyncFor: "loop",
        ast.While: "repeat",
        ast.Try: "attempt",
        ast.TryStar: "attempt",
        ast.With: "within",
        ast.AsyncWith: "within",
        ast.Return: "returned",
        ast.Import: "imported",
        ast.ImportFrom: "imported_from",
        ast.Global: "outer",
        ast.Nonlocal: "outer",
        ast.Match: "matched",
        ast.Delete: "deleted",
    }

    def __init__(self) -> None:
        super().__init__()
        self._globals: list[set[str]] = [set()]

    def body(self, statements: list[ast.stmt]) -> tuple[ir.Node, ...]:
        """Statements in order."""
        return tuple(self.node(statement) for statement in statements)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> ir.Node:
        self._globals.append(set())
        arguments = node.args
        params = [*arguments.posonlyargs, *arguments.args]
        lacking = len(params) - len(arguments.defaults)
        made = [
            ir.Param(ir.Name(param.arg), self.node(arguments.defaults[at - lacking]) if at >= lacking else None)
            for at, param in enumerate(params)
        ]
        if arguments.vararg:
            made.append(ir.Param(ir.Name(arguments.vararg.arg), rest=True))
        for param, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            made.append(ir.Param(ir.Name(param.arg), None if default is None else self.node(default)))
        if isinstance(node, ast.Lambda):
            lowered: ir.Node = ir.Function("", tuple(made), (ir.Return(self.node(node.body)),))
        else:
            lowered = ir.Function(node.name, tuple(made), self.body(node.body))
            given = [param.annotation for param in (*params, *arguments.kwonlyargs)] + [node.returns]
            annotations = tuple(
                self.node(one) for one in given if one is not None and not isinstance(one, (ast.Name, ast.Constant))
            )
            lowered = ir.Opaque((*annotations, lowered)) if annotations else lowered
            for decorator in reversed(node.decorator_list):
                lowered = ir.Opaque((lowered, ir.Call(self.node(decorator), (ir.Name(node.name),))))
        self._globals.pop()
        return lowered

    def klass(self, node: ast.ClassDef) -> ir.Node:
        bases = self.nodes(node.bases) + tuple(self.node(item.value) for item in node.keywords)
        return ir.Class(node.name, bases + self.nodes(node.decorator_list), self.body(node.body))

    def assign(self, node: ast.Assign) -> ir.Node:
        value = self.node(node.value)
        assigned = [
            self._to(target, value if not at else self._again(node.targets[0])) for at, target in enumerate(node.targets)
        ]
        return assigned[0] if len(assigned) == 1 else ir.Block(tuple(assigned))

    def _again(self, target: ast.expr) -> ir.Node:
        return self.node(target)

    def _to(self, target: ast.expr, value: ir.Node, op: str = "") -> ir.Node:
        declare = not (isinstance(target, ast.Name) and target.id in self._globals[-1])
        return ir.Assign(self.node(target), value, declare=declare, op=op)

    def annotated(self, node: ast.AnnAssign) -> ir.Node:
        declared = self.node(node.annotation)
        return declared if node.value is None else ir.Block((declared, self._to(node.target, self.node(node.value))))

    def augmented(self, node: ast.AugAssign) -> ir.Node:
        return self._to(node.target, self.node(node.value), "+" if isinstance(node.op, ast.Add) else "?")

    def branch(self, node: ast.If) -> ir.Node:
        parts: list[ir.Node] = []
        current: ast.If | None = node
        while current is not None:
            parts += [self.node(current.test), ir.Block(self.body(current.body), maybe=True)]
            following = current.orelse
            current = following[0] if len(following) == 1 and isinstance(following[0], ast.If) else None
            if current is None and following:
                parts.append(ir.Block(self.body(following), maybe=True))
        return ir.Block(tuple(parts))

    def loop(self, node: ast.For | ast.AsyncFor) -> ir.Node:
        lowered = ir.For(self.node(node.target), self.node(node.iter), self.body(node.body), declare=True)
        return ir.Block((lowered, ir.Block(self.body(node.orelse), maybe=True))) if node.orelse else lowered

    def repeat(self, node: ast.While) -> ir.Node:
        body = (self.node(node.test), *self.body(node.body), *self.body(node.orelse))
        return ir.Block(body, maybe=True, loop=True)

    def attempt(self, node: ast.Try) -> ir.Node:
        handlers = tuple(ir.Block(self.body(handler.body), maybe=True) for handler in node.handlers)
        return ir.Block((*self.body(node.body), *handlers, *self.body(node.orelse), *self.body(node.finalbody)))

    def within(self, node: ast.With | ast.AsyncWith) -> ir.Node:
        opened = [
            self.node(item.context_expr)
            if item.optional_vars is None
            else self._to(item.optional_vars, self.node(item.context_expr))
            for item in node.items
        ]
        return ir.Block((*opened, *self.body(node.body)))

    def returned(self, node: ast.Return) -> ir.Node:
        return ir.Return(ir.Const(None) if node.value is None else self.node(node.value))

    def imported(self, node: ast.Import) -> ir.Node:
        made: list[ir.Node] = []
        for alias in node.names:
            loaded = ir.Call(ir.Name("importlib.import_module"), (ir.Const(alias.name),))
            made.append(
                ir.Assign(ir.Name(alias.asname), loaded, declare=True)
                if alias.asname
                else ir.Block(
                    (
                        loaded,
                        ir.Assign(ir.Name(alias.name.split(".", 1)[0]), _symbol(alias.name.split(".", 1)[0]), declare=True),
                    )
                )
            )
        return ir.Block(tuple(made))

    def imported_from(self, node: ast.ImportFrom) -> ir.Node:
        module = node.module or ""
        made: list[ir.Node] = [ir.Call(ir.Name("importlib.import_module"), (ir.Const(module),))] if module else []
        for alias in node.names:
            if alias.name == "*":
                made += [
                    ir.Assign(ir.Name(name), _symbol(f"{module}.{name}"), declare=True) for name in MEMBERS.get(module, ())
                ]
            else:
                made.append(ir.Assign(ir.Name(alias.asname or alias.name), _symbol(f"{module}.{alias.name}"), declare=True))
        return ir.Block(tuple(made))

    def outer(self, node: ast.Global | ast.Nonlocal) -> ir.Node:
        self._globals[-1].update(node.names)
        return ir.Block(())

    def matched(self, node: ast.Match) -> ir.Node:
        cases = tuple(ir.Block(self.body(case.body), maybe=True) for case in node.cases)
        guards = tuple(self.node(case.guard) for case in node.cases if case.guard is not None)
        return ir.Block((self.node(node.subject), *guards, *cases))

    def deleted(self, node: ast.Delete) -> ir.Node:
        return ir.Opaque(self.nodes([target for target in node.targets if not isinstance(target, ast.Name)]))


def _symbol(name: str) -> ir.Node:
    """A global by its dotted name, whatever variables are called."""
    head, *rest = name.split(".")
    node: ir.Node = ir.Name(ir.GLOBAL + head)
    for part in rest:
        node = ir.Attr(node, part)
    return node


MEMBERS: dict[str, tuple[str, ...]] = {}
for _key in (*PYTHON.sinks, *PYTHON.pure, *PYTHON.special, *PYTHON.constants):
    _module, _, _member = _key.rpartition(".")
    MEMBERS[_module] = (*MEMBERS.get(_module, ()), _member)
