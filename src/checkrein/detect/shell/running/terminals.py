"""Programs that own a terminal: multiplexers, recorders and expect. What is typed into them runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import Options, first_operand, listed, parse_options

STARTS = listed(
    "new-session new new-window neww split-window splitw respawn-pane respawnp respawn-window respawnw run-shell run if-shell "
    "if popup display-popup pipe-pane pipep"
)
NEW_VALUES = listed("-t -s -n -c -e -F -x -y -l -p")
START_VALUES = {
    **dict.fromkeys(("run-shell", "run"), ("-t", "-d", "-c")),
    **dict.fromkeys(("if-shell", "if", "pipe-pane", "pipep"), ("-t",)),
    **dict.fromkeys(("popup", "display-popup"), listed("-b -c -d -e -h -s -S -t -T -w -x -y")),
}
KEYS = {"Enter": "\n", "C-m": "\n", "C-j": "\n", "KPEnter": "\n", "Space": " ", "Tab": "\t"}
CONTROL = re.compile(r"(?:C|M|S)-.+|Escape|BSpace|Up|Down|Left|Right|Home|End|PageUp|PageDown|F\d+")


def tmux(invocation: Invocation) -> Iterator[Outcome]:
    """tmux: commands for new windows, or keys typed into one; ``;`` stands between its own commands."""
    args = list(invocation.args)
    at = first_operand(args, ("-L", "-S", "-f", "-c"))
    words: list[str] = []
    for word in (*args[at:], ";"):
        if not word.endswith(";") or word.endswith("\\;"):
            words.append(word)
            continue
        words += [word[:-1]] if word != ";" else []
        yield from _tmux_command(words, invocation)
        words = []


def _tmux_command(words: list[str], invocation: Invocation) -> Iterator[Outcome]:
    command, rest = (words[0], words[1:]) if words else ("", [])
    if command in ("send-keys", "send"):
        options = parse_options(rest, values=("-t", "-N", "-c"), permute=False)
        yield ShellText("".join(_typed(word, options) for word in options.words))
    elif command in ("source-file", "source"):
        path = next((absolute(word, invocation.cwd) for word in rest if not word.startswith("-")), "")
        if invocation.world.script(path) is not None:
            yield Effect(EffectKind.RUN_UNKNOWN, path, "tmux", detail="the commands in this file are not looked into")
    elif command in STARTS:
        options = parse_options(rest, values=START_VALUES.get(command, NEW_VALUES), permute=False)
        folder = options.last("-c") or (options.last("-d") if command in START_VALUES else None)
        cwd = absolute(folder, invocation.cwd) if folder else ""
        if command in ("if-shell", "if"):
            yield from (ShellText(word, cwd=cwd) for word in options.words[:1])
            for nested in options.words[1:]:
                yield from _tmux_command(nested.split(), invocation)
        elif len(options.words) == 1:
            yield ShellText(options.words[0], cwd=cwd)
        elif options.words:
            yield Argv(options.words, cwd=cwd)


def _typed(word: str, options: Options) -> str:
    """What a word of ``send-keys`` types."""
    if options.has("-l"):
        return word
    if options.has("-H"):
        return chr(int(word, 16)) if re.fullmatch(r"[0-9a-fA-F]{1,2}", word) else UNKNOWN
    return KEYS.get(word, "" if CONTROL.fullmatch(word) else word)


def screen(invocation: Invocation) -> Iterator[Outcome]:
    """screen: a command for a new window, or text stuffed into one."""
    args = list(invocation.args)
    if "-X" in args:
        text = " ".join(args[args.index("-X") + 2 :])
        yield ShellText(text.replace("^M", "\n").replace("\\n", "\n").replace("\\015", "\n"))
        return
    at = first_operand(args, listed("-S -t -c -e -h -p -s -T -r -x"))
    if args[at:]:
        yield Argv(tuple(args[at:]))


def scripted_terminal(invocation: Invocation) -> Iterator[Outcome]:
    """``script -c CODE FILE`` (options may follow the file), and ``script FILE COMMAND ...`` as BSD has it."""
    values = listed("-c --command -T -E -I -O -B -m -o --echo --log-in --log-out --log-io --log-timing --logging-format")
    options = parse_options(invocation.args, values=values, permute=False)
    words = options.words[1:]
    if words and words[0].startswith("-"):
        options = parse_options(words, values=values)
    code = options.last("-c", "--command")
    if code is not None:
        yield ShellText(code)
    elif words:
        yield Argv(words)


def expect(invocation: Invocation) -> Iterator[Outcome]:
    """expect -c: Tcl that drives a terminal. Its ``spawn`` and ``send`` cannot be judged."""
    if any(word.startswith("-c") for word in invocation.args) or invocation.stdin is not None:
        yield Effect(EffectKind.RUN_UNKNOWN, "expect", "expect", detail="it types into other programs")
    elif invocation.args:
        path = absolute(invocation.args[-1], invocation.cwd)
        if invocation.world.script(path) is not None:
            yield Effect(EffectKind.RUN_UNKNOWN, path, "expect", detail="it types into other programs")


HANDLERS: dict[str, Handler] = {
    "tmux": tmux,
    "screen": screen,
    "script": scripted_terminal,
    "expect": expect,
}
