"""Programs that edit files in place: patch, sed, and editors in batch mode."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checkrein.core.effect import Effect, EffectKind, Flag
from checkrein.detect.shell.exchange.diffs import patched_files
from checkrein.detect.shell.files.sed import sed_actions
from checkrein.detect.shell.model import Handler, Invocation, Outcome, ScriptFile, ShellText, Snippet, absolute
from checkrein.detect.shell.options import listed, parse_options, paths


def patch(invocation: Invocation) -> Iterator[Outcome]:
    """patch: edits files that its input names."""
    options = parse_options(
        invocation.args, values=("-p", "-i", "-d", "-o", "-r", "--input", "--directory", "--output", "--strip")
    )
    if options.has("--dry-run"):
        return
    folder = absolute(options.last("-d", "--directory") or ".", invocation.cwd)
    source = options.last("-i", "--input")
    text = invocation.world.read_text(absolute(source, invocation.cwd)) if source else invocation.stdin
    strip = options.last("-p", "--strip")
    yield from patched_files(text or "", folder, "patch", int(strip) if strip and strip.isdecimal() else None)
    for word in options.words[:1]:
        yield Effect(EffectKind.WRITE, absolute(word, folder), "patch", flags=Flag.IN_PLACE)


def sed(invocation: Invocation) -> Iterator[Outcome]:
    """sed: prints, or with -i edits in place; its scripts can run commands (e) and write files (w)."""
    options = parse_options(
        invocation.args,
        values=("-e", "-f", "-l", "--expression", "--file", "--line-length"),
        optional=("--in-place",),
        flags=("--quiet", "--silent", "--regexp-extended", "--separate", "--null-data"),
    )
    scripts = options.given.get("-e", []) + options.given.get("--expression", [])
    items = list(options.operands)
    if not scripts and not options.has("-f", "--file") and items:
        scripts = [items.pop(0)[1]]
    for path in options.given.get("-f", []) + options.given.get("--file", []):
        yield ScriptFile(path, "sed")
    for script in scripts if not options.has("--sandbox") else ():
        yield Snippet("sed", script)
    in_place = any(
        word.startswith(("-i", "--in-place"))
        or (word.startswith("-") and not word.startswith("--") and "i" in word and set(word[1:]) <= set("nrEsuzi"))
        for word in invocation.args
    )
    for at, word in items:
        path = absolute(word, invocation.cwd)
        glob = Flag.GLOB if at + 1 in invocation.globs else Flag.NONE
        if in_place:
            yield Effect(EffectKind.WRITE, path, "sed -i", flags=Flag.IN_PLACE | glob)
        else:
            yield Effect(EffectKind.READ, path, "sed", flags=Flag.CONTENT_OUT | glob)


def sed_outcomes(script: str, cwd: str) -> Iterator[Outcome]:
    """What the commands of a sed script run, write and read."""
    for action, argument in sed_actions(script):
        if action == "execute":
            yield (
                ShellText(argument)
                if argument
                else Effect(EffectKind.RUN_UNKNOWN, "sed", "sed", detail="it runs the text that it reads")
            )
        elif action == "write" and not argument.startswith("/dev/"):
            yield Effect(EffectKind.WRITE, absolute(argument, cwd), "sed w")
        elif action == "read":
            yield Effect(EffectKind.READ, absolute(argument, cwd), "sed r", flags=Flag.CONTENT_OUT)


EDITOR_VALUES = listed("-c -s -S -u -U -i --cmd -t -T -w --startuptime")
EMACS_CODE = ("--eval", "--execute")
EMACS_FILES = ("-l", "--load", "--script")
EX_LANGUAGE = re.compile(r"(py(?:thon)?[3x]?|rub?y?|per?l?)\s+(.*)", re.DOTALL)
EX_WRITE = re.compile(r"(?:[\d%$.,'<>]*\s*)(?:w(?:rite)?|sav(?:eas)?|up(?:date)?)!?(?:\s+(?:>>\s*)?(?P<path>[^!].*))?$")
EX_CALLS = re.compile(r"(system|systemlist|delete|writefile|rename)\(\s*(?:\[[^]]*\]\s*,\s*)?(['\"])(.*?)\2")


def editor(invocation: Invocation) -> Iterator[Outcome]:
    """vim and ed in batch mode: the commands that they are given."""
    name = invocation.name
    args = ["-e" if word.lower() == "-es" else word for word in invocation.args]
    values = [option for option in EDITOR_VALUES if name not in ("ed", "ex") or option != "-s"]  # there it means silent
    options = parse_options(args, values=values)
    commands = [*options.given.get("-c", []), *options.given.get("--cmd", [])]
    commands += [word[1:] for word in args if word.startswith("+") and len(word) > 1]
    if invocation.stdin is not None and (name in ("ed", "ex") or options.has("-e", "-E")):
        commands += invocation.stdin.splitlines()
    for script in options.given.get("-S", []):
        if (text := invocation.world.script(absolute(script, invocation.cwd))) is not None:
            commands += text.splitlines()
    files = [(path, glob) for path, glob in paths(options, invocation) if not path.rsplit("/", 1)[-1].startswith("+")]
    batch = bool(commands) or invocation.stdin is not None or options.has("-e")
    for command in commands:
        yield from _ex_command(command, invocation.cwd)
    saves = any(re.fullmatch(r"[:%,$\s]*(?:wq?a?|x|update|up)!?", command.strip()) for command in commands)
    for path, glob in files:
        yield Effect(EffectKind.READ, path, name, flags=glob | (Flag.CONTENT_OUT if batch else Flag.NONE))
        if saves:
            yield Effect(EffectKind.WRITE, path, name, flags=glob | Flag.IN_PLACE)


def _ex_command(command: str, cwd: str) -> Iterator[Outcome]:
    """One command of ex, vim or ed: shell code, another language's code, and the files that it writes."""
    text = command.lstrip(": ")
    for call in EX_CALLS.finditer(text):
        if call[1].startswith("system"):
            yield ShellText(call[3])
        else:
            kind = EffectKind.DELETE if call[1] == "delete" else EffectKind.WRITE
            yield Effect(kind, absolute(call[3], cwd), f"vim {call[1]}()")
    if match := EX_LANGUAGE.match(text):
        yield Snippet({"py": "python", "ru": "ruby", "pe": "perl"}[match[1][:2]], match[2])
    elif (match := EX_WRITE.match(text)) and match["path"]:
        yield Effect(EffectKind.WRITE, absolute(match["path"].strip(), cwd), "vim :w")
    elif "!" in text and (code := text.split("!", 1)[1].lstrip("!")).strip():
        yield ShellText(code)


def emacs(invocation: Invocation) -> Iterator[Outcome]:
    """emacs: Lisp that it is given is not looked into."""
    args = [f"-{word}" if re.fullmatch(r"-[a-z]{2,}", word) else word for word in invocation.args]
    options = parse_options(args, values=(*EMACS_CODE, *EMACS_FILES, "-f", "--funcall"))
    loaded = [absolute(path, invocation.cwd) for name in EMACS_FILES for path in options.given.get(name, [])]
    if options.has(*EMACS_CODE) or any(invocation.world.script(path) is not None for path in loaded):
        yield Effect(EffectKind.RUN_UNKNOWN, "emacs", "emacs", detail="Lisp code is not looked into")
    for path, glob in paths(options, invocation):
        yield Effect(EffectKind.READ, path, "emacs", flags=glob)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("patch", "gpatch"), patch),
    **dict.fromkeys(("sed", "gsed"), sed),
    **dict.fromkeys(("vim", "vi", "nvim", "ex", "ed", "view"), editor),
    "emacs": emacs,
}
