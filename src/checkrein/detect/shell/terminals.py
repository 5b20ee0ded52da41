"""Programs that own a terminal: multiplexers, recorders and expect. What is typed into them runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ScriptFile, ShellText, absolute
from checkrein.detect.shell.options import Options, first_operand, listed, parse_options

STARTS = listed(
    "new-session new new-window neww split-window splitw respawn-pane respawnp respawn-window respawnw run-shell run if-shell if "
    "popup display-popup pipe-pane pipep"
)
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
        options = parse_options(rest, values=("-t", "-N", "-c"))
        yield ShellText("".join(_typed(word, options) for word in options.words))
    elif command in ("source-file", "source"):
        path = next((absolute(word, invocation.cwd) for word in rest if not word.startswith("-")), "")
        if invocation.world.script(path) is not None:
            yield Effect(EffectKind.RUN_UNKNOWN, path, "tmux", detail="the commands in this file are not looked into")
    elif command in STARTS:
        options = parse_options(rest, values=listed("-t -s -n -c -e -F -x -y -l -p -d -T -w -h"), permute=False)
        if command in ("new-session", "new", "new-window", "neww", "split-window", "splitw"):
            options = parse_options(rest, values=listed("-t -s -n -c -e -F -x -y -l -p"), permute=False)
        elif command in ("run-shell", "run", "if-shell", "if", "pipe-pane", "pipep"):
            options = parse_options(rest, values=("-t", "-d", "-c"), permute=False)
        folder = options.last("-c", "-d")
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
    """script -c CODE FILE."""
    values = listed("-c --command -T -E -I -O -B -m -o --echo --log-in --log-out --log-io --log-timing --logging-format")
    options = parse_options(invocation.args, values=values, permute=False)
    code = options.last("-c", "--command") or parse_options(invocation.args, values=values).last("-c", "--command")
    if code and not (len(options.words) > 1 and options.last("-c", "--command") is None and "-c" not in options.words[1:2]):
        yield ShellText(code)
    elif len(options.words) > 1:
        yield Argv(options.words[1:])


def expect(invocation: Invocation) -> Iterator[Outcome]:
    """expect -c: Tcl that drives a terminal. Its ``spawn`` and ``send`` cannot be judged."""
    if any(word.startswith("-c") for word in invocation.args) or invocation.stdin is not None:
        yield Effect(EffectKind.RUN_UNKNOWN, "expect", "expect", detail="it types into other programs")
    elif invocation.args:
        yield ScriptFile(invocation.args[-1], "")


HANDLERS: dict[str, Handler] = {
    "tmux": tmux,
    "screen": screen,
    "script": scripted_terminal,
    "expect": expect,
}
