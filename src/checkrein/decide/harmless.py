"""Which calls only read inside the project, so that policy may spare their permission prompt."""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections.abc import Mapping

from checkrein.core import Effect, EffectKind, Flag
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
GIT_PROGRAMS = ("--output", "--ext-diff", "--open-files-in-pager", "--textconv")
PLAIN_VARIABLES = ("LC_", "LANG", "TZ", "NO_COLOR", "COLUMNS", "CLICOLOR")
"""Variables that change how a program prints, and not what it runs."""
MAX_MATCHES = 1000

CHANGING: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "date": ("s", ("--set",)),
    "egrep": ("R", ("--dereference-recursive",)),
    "fd": ("xXL", ("--exec", "--exec-batch", "--follow")),
    "fgrep": ("R", ("--dereference-recursive",)),
    "file": ("C", ("--compile",)),
    "find": ("L", ("-fprint", "-fls", "-ok", "-delete", "-follow")),
    "grep": ("R", ("--dereference-recursive",)),
    "hostname": ("bF", ("--boot", "--file")),
    "less": ("oO", ("--log-file", "--LOG-FILE")),
    "rg": ("L", ("--pre", "--follow", "--hostname-bin")),
    "sed": ("i", ("--in-place",)),
    "sort": ("oT", ("--output", "--compress-program", "--temporary-directory")),
    "tree": ("oRl", ("--output",)),
    "xxd": ("r", ("-revert",)),
}
"""By program: the letters and the long names of options that make it write, run something, or follow links elsewhere."""
OPERANDS = {"hostname": 0, "uniq": 1, "xxd": 1}
"""How many operands a program may have before it takes one as the file, or the name, to set."""
REVEALING = {
    "jq": re.compile(r".*env.*|-[a-zA-Z]*[fL].*|--from-file.*", re.IGNORECASE | re.DOTALL),
    "ps": re.compile(r"(?!-).*e.*|-\w*E\w*", re.DOTALL),
}
"""By program: words with which it prints variables of the environment, or may."""
INSTALLED = frozenset(("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/opt/homebrew/bin"))
"""Folders in which programs are what their names say."""
HARMLESS = frozenset((EffectKind.READ, EffectKind.LIST))


def only_reads(analysis: Analysis, project: str) -> bool:
    """True where every program is one that reads, every effect reads or lists inside ``project``, and nothing was unclear."""
    if analysis.problems or not analysis.programs:
        return False
    if not all(name.startswith(PLAIN_VARIABLES) for environment in analysis.environments for name in environment):
        return False
    if any(place.rpartition("/")[0] not in INSTALLED for place in analysis.places):
        return False  # a file of that name may do anything
    real = os.path.realpath(project)
    return all(_reads(program) for program in analysis.programs) and all(
        effect.kind in HARMLESS
        and effect.known
        and not effect.rule
        and not effect.flags & (Flag.REMOTE | Flag.ROOT)
        and _inside(effect.target, project)
        and _stays(effect, real)
        for effect in analysis.effects
    )


def _reads(program: tuple[str, ...]) -> bool:
    name, words = program[0], program[1:]
    if name == "git":
        return (
            bool(words)
            and words[0] in GIT_READERS
            and not any(_is_option(word, "", GIT_PROGRAMS) for word in words[1:])
            and (words[0] != "grep" or not any(_is_option(word, "O", ()) for word in words[1:]))
        )
    if name not in READERS or any(_is_option(word, *CHANGING.get(name, ("", ()))) for word in words):
        return False
    if name in REVEALING and any(REVEALING[name].fullmatch(word) for word in words):
        return False
    operands = [word for word in words if not word.startswith("-") and not word.isdecimal()]
    if name == "date" and any(not word.startswith("+") for word in words if not word.startswith("-")):
        return False
    return not (name == "less" and any(word.startswith("+") for word in words)) and len(operands) <= OPERANDS.get(
        name, len(operands)
    )


def _is_option(word: str, letters: str, names: tuple[str, ...]) -> bool:
    """True for one of the options, with what follows it, among other letters, or shortened."""
    if not word.startswith("-") or word == "--":
        return False
    written = word.split("=", 1)[0]
    if any(written.startswith(name) or (len(written) > 2 and name.startswith(written)) for name in names):
        return True
    return not word.startswith("--") and any(letter in word for letter in letters)


def _stays(effect: Effect, project: str) -> bool:
    """True where what is read lies in the project by its real path, too."""
    if not effect.flags & Flag.GLOB:
        return _inside(os.path.realpath(effect.target), project)
    matches = list(itertools.islice(glob.iglob(effect.target, include_hidden=True), MAX_MATCHES + 1))  # noqa: PTH207 - as bash
    return len(matches) <= MAX_MATCHES and all(_inside(os.path.realpath(match), project) for match in matches)


def _inside(path: str, project: str) -> bool:
    return path == project or path.startswith(project.rstrip("/") + "/")
