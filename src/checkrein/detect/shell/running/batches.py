"""Programs that run another one many times, on words that come in: xargs and parallel."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ShellText, program_name
from checkrein.detect.shell.options import first_operand, listed, parse_options
from checkrein.detect.shell.running.languages import interpreter_language
from checkrein.detect.shell.running.wrappers import rest_of
from checkrein.detect.shell.syntax.escapes import quote
from checkrein.detect.shell.values import NUL

MAX_BATCH = 200
XARGS_VALUES = listed(
    "-I -J -n -L -P -s -a -d -E -R -S --max-args --max-procs --delimiter --arg-file --max-lines --max-chars --process-slot-var"
)


def xargs(invocation: Invocation) -> Iterator[Outcome]:
    """xargs: the command with the words that come in, as far as they are known."""
    args = list(invocation.args)
    start = first_operand(args, XARGS_VALUES)
    options = parse_options(args[:start], values=XARGS_VALUES)
    words, globs = rest_of(invocation, start)
    if not words:
        return
    replacement = (
        options.last("-I", "-J", "--replace")
        or _attached(args[:start], "-i")
        or ("{}" if options.has("-i", "--replace") else "")
    )
    if _feeds_code(words, replacement):
        detail = "the words that come in are run as code"
        yield Effect(EffectKind.RUN_UNKNOWN, words[0], invocation.name, detail=detail)
    stdin = None if options.has("-a", "--arg-file") else invocation.stdin
    items = _items(stdin, per_line=bool(replacement) or options.has("-d", "-L", "--delimiter", "-0", "--null"))
    if replacement:
        for item in items:
            yield Argv(tuple(word.replace(replacement, item) for word in words), globs=globs)
        return
    yield Argv((*words, *items), globs=globs)


def _attached(args: list[str], option: str) -> str:
    """The text glued to a short option (``-i{}``), "" where there is none."""
    return next((word[2:] for word in args if word.startswith(option) and not word.startswith("--")), "")


def _feeds_code(words: tuple[str, ...], replacement: str) -> bool:
    """True where what comes in becomes code: ``xargs sh -c``, ``xargs -I{} sh -c {}``."""
    options = [at for at, word in enumerate(words) if word.startswith("-") and word.endswith("c") and not word.startswith("--")]
    if not options or interpreter_language(program_name(words[0])) != "shell":
        return False
    code = words[options[0] + 1 :][:1]
    return not code or (bool(replacement) and code[0] == replacement)


def _items(stdin: str | None, *, per_line: bool) -> list[str]:
    """The words that come in: split at blanks with quotes as xargs knows them, or one per line."""
    if stdin is None:
        return [UNKNOWN]
    items = re.split(f"[\n{NUL}]", stdin) if per_line else _xargs_words(stdin)
    items = [item for item in dict.fromkeys(items) if item]
    if len(items) > MAX_BATCH:
        return [*items[:MAX_BATCH], UNKNOWN]
    return items


def _xargs_words(text: str) -> list[str]:
    pattern = r"""(?:\\.|'[^'\n]*'|"[^"\n]*"|[^\s'"\\])+"""
    return [
        re.sub(r"""\\(.)|'([^'\n]*)'|"([^"\n]*)\"""", r"\1\2\3", word, flags=re.DOTALL)
        for word in re.findall(pattern, text, re.DOTALL)
    ]


def parallel(invocation: Invocation) -> Iterator[Outcome]:
    """GNU parallel: a command template, and its arguments behind ``:::`` or on standard input."""
    values = listed(
        "-j -N -n -S -a --jobs --arg-file --colsep -C --joblog --delay --timeout -I -L --tempdir --results --sshlogin "
        "--wd --retries -d"
    )
    args = list(invocation.args)
    start = first_operand(args, values)
    words = args[start:]
    marks = [at for at, word in enumerate(words) if word in (":::", ":::+", "::::")]
    template = words[: marks[0]] if marks else words
    items = (
        [word for word in words[marks[0] :] if not word.startswith(":::")] if marks else _items(invocation.stdin, per_line=True)
    )
    if marks and words[marks[0]] == "::::":
        items = [UNKNOWN]
    remote = Flag.REMOTE if parse_options(args[:start], values=values).has("-S", "--sshlogin") else Flag.NONE
    for item in items[:MAX_BATCH] or ([] if marks else [UNKNOWN]):
        if not template:
            yield ShellText(item, flags=remote)
            continue
        text = " ".join(template)
        word = quote(item)  # parallel quotes what it puts in
        filled = re.sub(r"\{[./%#0-9]*\}", lambda _: word, text)  # noqa: B023 - used at once
        yield ShellText(filled if filled != text else f"{text} {word}", flags=remote)
        # parallel joins its words with blanks and so loses quotes; --quote keeps them: both readings count
        yield Argv(tuple(part.replace("{}", item) for part in template) + (() if "{}" in text else (item,)), remote)


HANDLERS: dict[str, Handler] = {**dict.fromkeys(("xargs", "gxargs"), xargs), "parallel": parallel}
