"""What a test that was passed, or failed, says of a file: ``[ -f x ] || cp y x`` replaces nothing."""

from __future__ import annotations

from checkrein.detect.shell.syntax.nodes import Command, Inverted, Script, Simple, Test, Word

EXISTS = frozenset(("-e", "-a", "-f"))


def missing_where(command: Command | Script, *, passed: bool) -> Word | None:
    """The path that does not exist where ``command``, a test for a file, was passed (or not); None where it says nothing."""
    if isinstance(command, Script):
        return missing_where(command.commands[0], passed=passed) if len(command.commands) == 1 else None
    if isinstance(command, Inverted):
        return missing_where(command.command, passed=not passed)
    if isinstance(command, Test):
        return _missing(command.words, passed=passed)
    if not isinstance(command, Simple) or not command.words or command.assignments:
        return None
    words = command.words
    if words[0].literal == "[" and words[-1].literal == "]":
        return _missing(words[1:-1], passed=passed)
    return _missing(words[1:], passed=passed) if words[0].literal == "test" else None


def _missing(words: tuple[Word, ...], *, passed: bool) -> Word | None:
    if words and words[0].literal == "!":
        return _missing(words[1:], passed=not passed)
    return words[1] if len(words) == 2 and words[0].literal in EXISTS and not passed else None
