"""gdb and lldb: commands of their own that reach a shell or a Python, and the program that they start."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ShellText, Snippet, absolute
from checkrein.detect.shell.options import listed

COMMANDS = frozenset(listed("-ex -iex -eval-command -init-eval-command -ix -o -O -k -one-line -one-line-before-file"))
SCRIPTS = frozenset(listed("-x -command -ix -init-command -s -source -S -source-before-file"))
VALUES = frozenset(listed("-cd -d -directory -c -core -p -pid -symbols -exec -tty -D -f -file -n -arch"))
REACHES_SHELL = re.compile(r"\s*(?:!|(?:shell|make|platform\s+shell|pipe|\|)\b)\s*(.*)", re.DOTALL)
REACHES_PYTHON = re.compile(r"\s*(?:python-interactive|python|pi|py|script)\s+(.*)", re.DOTALL)
CALLS_SYSTEM = re.compile(r"\b(?:system|popen|execl?p?)\s*\(\s*\"((?:\\.|[^\"\\])*)\"")


def debugger(invocation: Invocation) -> Iterator[Outcome]:
    """gdb, lldb: their commands, their scripts where nobody vouches for them, and the program behind ``--args`` or ``--``."""
    words = invocation.args
    lines = (invocation.stdin or "").split("\n")
    at = 0
    while at < len(words):
        option, equals, value = words[at].partition("=")
        name = option.replace("--", "-", 1)
        at += 1
        if name in ("-args", "-"):
            yield Argv(words[at:])
            break
        if name in COMMANDS | SCRIPTS | VALUES and not equals:
            value = next(iter(words[at : at + 1]), "")
            at += 1
        if name in COMMANDS:
            lines.append(value)
        elif name in SCRIPTS:
            lines += (invocation.world.script(absolute(value, invocation.cwd)) or "").split("\n")
    for line in lines:
        yield from _command(line)


def _command(line: str) -> Iterator[Outcome]:
    """What one command of the debugger's own leads to."""
    if match := REACHES_SHELL.match(line):
        yield ShellText(match[1].rpartition("|")[2] if line.lstrip().startswith(("pipe", "|")) else match[1])
    elif match := REACHES_PYTHON.match(line):
        yield Snippet("python", match[1])
    yield from (ShellText(match[1]) for match in CALLS_SYSTEM.finditer(line))


HANDLERS: dict[str, Handler] = dict.fromkeys(("gdb", "lldb", "gdb-multiarch", "rust-gdb", "rust-lldb"), debugger)
