"""The generated documentation: made from the rules, the kinds of sensitive data, the controls, the command line and the last
recorded run of ``prove``.

``pages`` returns every generated text; ``python -m checkrein.docs`` writes them, ``--check`` names those that are stale.
"""

from __future__ import annotations

from pathlib import Path

from checkrein.core import UsageError
from checkrein.docs import commands, controls, kinds, remains, rules, threats
from checkrein.docs.markdown import replace_marked
from checkrein.docs.record import load_record

FOLDERS = {"docs/rules": rules.pages, "docs/kinds": kinds.pages}
"""Folders that hold nothing but generated pages, and what makes them."""

GUIDE = "docs/redaction.md"
RECORD = "docs/prove.json"
"""The summary of the last recorded run. It is data, not made here: ``python -m checkrein.docs --record FILE`` writes it."""


def project_root() -> Path:
    """The checkout that this package runs from. UsageError where it is installed without one."""
    root = Path(__file__).resolve().parents[3]
    if not (root / "pyproject.toml").is_file():
        raise UsageError(
            "the pages are made in a checkout of the project, and this is none", fix="run it in a clone: make docs"
        )
    return root


def pages(root: Path) -> dict[str, str]:
    """Every generated file as it has to be, by its path below ``root``; of some only a part is made, and the rest stays."""
    record = load_record(root / RECORD)
    made = {
        "docs/commands.md": commands.page(commands.program()),
        "docs/controls.md": controls.page(),
        "docs/threats.md": threats.page(record),
        "README.md": _with(root, "README.md", "threats", threats.table(record)),
        GUIDE: _with(root, GUIDE, "remains", remains.text()),
    }
    return made | {f"{folder}/{name}": text for folder, source in FOLDERS.items() for name, text in source().items()}


def _with(root: Path, name: str, mark: str, content: str) -> str:
    """The text of a file with its marked part made anew."""
    return replace_marked((root / name).read_text("utf-8"), mark, content, name)


def stale(root: Path) -> list[str]:
    """The files that are not as ``pages`` has them, and the pages of families that are no more."""
    made = pages(root)
    return [path for path, text in made.items() if _text(root / path) != text] + left_over(root, made)


def write(root: Path) -> list[str]:
    """Write what is stale, remove what is left over, and return the paths of both."""
    made = pages(root)
    changed = [path for path, text in made.items() if _text(root / path) != text]
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(made[path], "utf-8")
    gone = left_over(root, made)
    for path in gone:
        (root / path).unlink()
    return changed + gone


def left_over(root: Path, made: dict[str, str]) -> list[str]:
    """Files in the generated folders that no family makes."""
    found = sorted(path.relative_to(root).as_posix() for folder in FOLDERS for path in (root / folder).glob("*.md"))
    return [path for path in found if path not in made]


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None
