"""The shape of the project: which part may import which, and what no file may hold."""

from __future__ import annotations

import ast
import math
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "checkrein"

ORDER = (
    {"core"},
    {"background", "locations", "rules", "sqlitefiles"},
    {"detect", "policy", "vault", "ledger", "observe", "undo", "report"},
    {"controls"},
    {"decide"},
    {"enforce", "scan", "audit", "sweep", "anonymise"},
    {"setup"},
    {"service", "web"},
    {"prove"},
    {"docs"},
    {"cli"},
)
"""From the bottom up: a part may import from its own and from lower levels, never from higher ones."""

SIDEWAYS = {("vault", "detect"), ("ledger", "detect"), ("ledger", "policy"), ("observe", "detect"), ("undo", "observe")}
"""Within one level: who may import whom."""

LEVEL = {part: level for level, parts in enumerate(ORDER) for part in parts}
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The modules of ours that a file imports, with their lines: at the top, inside functions, for types."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            module = node.module or ""
            yield from ((node.lineno, f"checkrein.{alias.name}") for alias in node.names if module == "checkrein")
            if module != "checkrein":
                yield node.lineno, module


def part_of(module: str) -> str:
    """``detect`` for ``checkrein.detect.shell``; "" for what is not ours, and for the package's own names."""
    words = module.split(".")
    return words[1] if words[0] == "checkrein" and len(words) > 1 and words[1] != "__version__" else ""


def wrong_imports(part: str, source: str) -> list[str]:
    """Each import in ``source``, a module of ``part``, that points up or sideways."""
    wrong = []
    for line, module in imports(ast.parse(source)):
        target = part_of(module)
        if not target or target == part:
            continue
        if LEVEL[target] > LEVEL[part] or (LEVEL[target] == LEVEL[part] and (part, target) not in SIDEWAYS):
            wrong.append(f"line {line}: {part} imports {module}")
    return wrong


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if part == "__init__":
        return
    assert part in LEVEL, f"{part} is new: give it a level in ORDER"
    assert wrong_imports(part, path.read_text("utf-8")) == []


def test_a_wrong_import_is_seen() -> None:
    assert wrong_imports("core", "def f():\n    from checkrein.cli import main\n") == ["line 2: core imports checkrein.cli"]
    assert wrong_imports("policy", "from checkrein import detect") == ["line 1: policy imports checkrein.detect"]
    assert wrong_imports("cli", "from checkrein.core import Event\nimport checkrein.service.manage\n") == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), f"{path.name} has no docstring"


def project_files() -> list[Path]:
    """The files of the project: what git knows, and what it does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


UNFINISHED = ("TO" + "DO", "FIX" + "ME", "X" * 3 + ":")
MACHINE = ("/work/" + "main", "/work/" + "shared", "/farm" + "/", "/root/" + ".pyenv")
MARKS = (
    *("AKIA", "ASIA", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk-ant-", "sk_live_", "rk_live_"),
    *("AIza", "SG.", "npm_", "pypi-", "dop_v1_", "hvs.", "-----BEGIN "),
)
KEY_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./+=")


def secret_shapes(text: str) -> Iterator[str]:
    """What a secret scanner would stop at: a known mark with at least 16 random-looking characters behind it."""
    for mark in MARKS:
        at = text.find(mark)
        while at >= 0:
            tail = text[at + len(mark) : at + len(mark) + 40]
            length = next((index for index, letter in enumerate(tail) if letter not in KEY_LETTERS), len(tail))
            if mark.startswith("-----"):
                if tail.startswith(("RSA PRIV", "PRIVATE", "OPENSSH", "EC PRIV")) and "\n" in text[at : at + 60]:
                    yield mark
            elif length >= 16 and entropy(tail[:length]) > 3.0 and any(letter.isdigit() for letter in tail[:length]):
                yield text[at : at + 12]
            at = text.find(mark, at + 1)


def entropy(text: str) -> float:
    """Bits per character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


@pytest.mark.parametrize("words", [UNFINISHED, MACHINE], ids=["unfinished", "machine"])
def test_no_file_holds(words: tuple[str, ...]) -> None:
    found = [f"{path.relative_to(ROOT)}: {word}" for path in project_files() for word in words if word in text_of(path)]
    assert found == []


def test_no_file_holds_the_shape_of_a_secret() -> None:
    found = [f"{path.relative_to(ROOT)}: {shape}" for path in project_files() for shape in secret_shapes(text_of(path))]
    assert found == []


def test_a_secret_is_seen() -> None:
    assert list(secret_shapes("key = " + "AK" + "IAQ3EGUZJW7XK2M9PB")) == ["AK" + "IAQ3EGUZJW"]
    assert list(secret_shapes("the prefix AKIA is " + "AK" + "IA" + "A" * 20)) == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_names_hashes_and_no_place(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    assert not [line for line in lines if "://" in line or line.startswith(("-", "/")) or " @ " in line]
    pinned = [index for index, line in enumerate(lines) if "==" in line]
    assert pinned
    assert all("--hash=sha256:" in lines[index + 1] for index in pinned)
