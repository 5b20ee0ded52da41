"""Which calls only read inside the project, so that policy may spare their permission prompt."""

from __future__ import annotations

from checkrein.core import EffectKind, Flag
from checkrein.detect.shell.interpreter import Analysis

READERS = frozenset(
    {
        *("ls", "cat", "head", "tail", "wc", "grep", "egrep", "fgrep", "rg", "find", "fd", "tree", "stat", "file"),
        *("du", "df", "pwd", "echo", "printf", "sort", "uniq", "cut", "tr", "diff", "cmp", "comm", "basename"),
        *("dirname", "realpath", "readlink", "date", "whoami", "id", "uname", "which", "type", "true", "false", "test"),
        *("[", "seq", "jq", "nl", "column", "paste", "fold", "cd", "hostname", "ps", "md5sum", "sha1sum", "sha256sum"),
        *("cksum", "strings", "od", "xxd", "hexdump", "sed", "command", "less", "more", "tac", "rev"),
    }
)
GIT_READERS = frozenset(
    {
        *("status", "log", "diff", "show", "blame", "shortlog", "describe", "rev-parse", "ls-files", "ls-tree", "grep"),
        *("rev-list", "merge-base"),
    }
)
HARMLESS = frozenset((EffectKind.READ, EffectKind.LIST))


def only_reads(analysis: Analysis, project: str) -> bool:
    """True where every program is one that reads, every effect reads or lists inside ``project``, and nothing was unclear."""
    if analysis.problems or not analysis.programs:
        return False
    for program in analysis.programs:
        name = program[0]
        if name == "git":
            if (
                len(program) < 2
                or program[1] not in GIT_READERS
                or any(word.startswith(("--output", "--ext-diff")) for word in program)
            ):
                return False
        elif name not in READERS:
            return False
    return all(
        effect.kind in HARMLESS
        and not effect.rule
        and not effect.flags & (Flag.REMOTE | Flag.ROOT)
        and _inside(effect.target, project)
        for effect in analysis.effects
    )


def _inside(path: str, project: str) -> bool:
    return path == project or path.startswith(project.rstrip("/") + "/")
