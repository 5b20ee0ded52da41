"""``Section``: what one benchmark found, as the page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """What a run was asked for. ``commands``: files of JSON lines (``.gz`` or plain) with a ``command`` each. ``litellm``:
    install LiteLLM's proxy to compare with, where it is not there. ``logs``: folders with session logs (``.jsonl``) below."""

    commands: tuple[Path, ...] = ()
    litellm: bool = False
    logs: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A heading and rows of text. ``caption`` stands above it."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The table with its caption."""
        lines = [self.head, ("---",) + ("---:",) * (len(self.head) - 1), *self.rows]
        return f"{self.caption}\n\n" + "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


@dataclass(frozen=True, slots=True)
class Target:
    """What was aimed at, what was found, and whether that meets it."""

    aim: str
    found: str
    met: bool


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark's part of the page. ``load`` is the load average when it began and when it ended."""

    title: str
    measured: str
    compared: str
    data: str
    not_shown: str
    tables: tuple[Table, ...]
    targets: tuple[Target, ...] = ()
    load: tuple[float, float] = (0.0, 0.0)
    machine: str = ""

    def markdown(self, name: str) -> str:
        """The section; ``name`` is the benchmark's name on the command line."""
        facts = [
            ("Made by", f"`.venv/bin/python -m bench {name}`"),
            ("Measured", self.measured),
            ("Compared with", self.compared),
            ("Data", self.data),
            ("Not shown", self.not_shown),
            (
                "Machine",
                f"{self.machine}; load {self.load[0]:.2f} at the start, {self.load[1]:.2f} at the end (1-minute average)",
            ),
        ]
        blocks = [f"## {self.title}", "\n".join(f"- **{head}:** {text}" for head, text in facts)]
        if self.targets:
            blocks.append("\n".join(f"- {'met' if t.met else '**missed**'}: {t.aim} (found: {t.found})" for t in self.targets))
        return "\n\n".join([*blocks, *(table.markdown() for table in self.tables)])


def milli(value: float) -> str:
    """Milliseconds, to three digits that matter."""
    return f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms" if value >= 10 else f"{value:.2f} ms"


def times(value: float, base: float) -> str:
    """``value`` as a multiple of ``base``."""
    return f"{value / base:.2f}"


def missed(sections: Sequence[Section]) -> list[str]:
    """The targets that were missed, in words."""
    return [f"{s.title}: {t.aim} (found: {t.found})" for s in sections for t in s.targets if not t.met]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
