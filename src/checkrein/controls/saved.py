"""What a command line saves before it throws something away: ``git stash -u && git reset --hard HEAD~1`` loses nothing."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from checkrein.controls.context import Context
from checkrein.detect.shell.git.options import Parsed, parse, spec
from checkrein.detect.shell.syntax import parser
from checkrein.detect.shell.syntax.nodes import AndOr, Command, Simple

OPTIONS = {
    "stash": spec("-u,--include-untracked -a,--all -k,--keep-index -q,--quiet -m,--message="),
    "add": spec("-A,--all -u,--update -v,--verbose"),
    "commit": spec("-a,--all -m,--message= -q,--quiet -n,--no-verify -s,--signoff"),
}
"""The git commands that save, and those of their options that leave it at that."""


class Saved(IntEnum):
    """How much of the work tree is in git's hands; each level includes those before it."""

    NOTHING = 0
    TRACKED = 1  # every change of what git tracks
    UNTRACKED = 2  # new files as well
    IGNORED = 3  # and those that git is told to leave alone


def saved_by(programs: Iterable[tuple[str, ...]]) -> Saved:
    """What these commands save, one after the other, where each of them succeeds."""
    staged = saved = Saved.NOTHING
    for program in programs:
        options = _understood(program)
        if options is None:
            continue
        match program[1]:
            case "stash":
                saved = max(saved, _stashed(options))
            case "add":
                staged = max(staged, _staged(options))
            case "commit":
                saved = max(saved, staged, Saved.TRACKED if options.has("--all") else Saved.NOTHING)
    return saved


def saves(program: tuple[str, ...]) -> bool:
    """True for a git command that hands changes to git and does nothing else, and that no path limits."""
    return _understood(program) is not None


def _stashed(options: Parsed) -> Saved:
    if options.has("--all"):
        return Saved.IGNORED
    return Saved.UNTRACKED if options.has("--include-untracked") else Saved.TRACKED


def _staged(options: Parsed) -> Saved:
    return Saved.UNTRACKED if options.has("--all") else Saved.TRACKED if options.has("--update") else Saved.NOTHING


def _understood(program: tuple[str, ...]) -> Parsed | None:
    """The options of such a command, None for any other, with a path or with an option that is not declared here."""
    declared = OPTIONS.get(program[1]) if len(program) > 1 else None
    if declared is None:
        return None
    words = program[3:] if program[1:3] == ("stash", "push") else program[2:]
    options = parse(words, declared)
    known = {name for name, _ in declared.values()}
    return None if options.operands or options.help or not known.issuperset(options.given) else options


def all_have_succeeded(context: Context) -> bool:
    """True where the event is one line of simple commands that are all joined by ``&&``."""
    text = context.event.input.get("command")
    if context.event.tool != "Bash" or not isinstance(text, str):
        return False
    script = parser.parse(text)
    return not script.problems and len(script.commands) == 1 and _chain(script.commands[0]) == len(context.programs)


def _chain(command: Command) -> int:
    """How many simple commands are joined by ``&&`` here; 0 where there is anything else."""
    match command:
        case Simple():
            return 1
        case AndOr(left, "&&", right):
            first, second = _chain(left), _chain(right)
            return first + second if first and second else 0
    return 0
