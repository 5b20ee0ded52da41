"""Programs that edit files in place: patch, sed, and editors in batch mode."""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.core.effect import Effect, EffectKind, Flag
from checkrein.detect.shell.model import Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import parse_options, paths
from checkrein.detect.shell.sed import sed_actions


def patched_files(text: str, folder: str) -> Iterator[Effect]:
    """The files that a diff changes, by its ``+++`` and ``---`` lines."""
    for line in text.splitlines():
        if line.startswith(("+++ ", "--- ")):
            name = line[4:].split("\t", 1)[0].strip()
            if name and name != "/dev/null":
                path = absolute(name.split("/", 1)[1] if name[:2] in ("a/", "b/") else name, folder)
                yield Effect(EffectKind.WRITE, path, "a patch", flags=Flag.IN_PLACE)


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
    yield from patched_files(text or "", folder)
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
    for script in scripts:
        yield from _sed_script(script, invocation)
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


def _sed_script(script: str, invocation: Invocation) -> Iterator[Outcome]:
    for action, argument in sed_actions(script):
        if action == "execute":
            yield (
                ShellText(argument)
                if argument
                else Effect(EffectKind.RUN_UNKNOWN, "sed", "sed", detail="it runs the text that it reads")
            )
        elif action == "write" and not argument.startswith("/dev/"):
            yield Effect(EffectKind.WRITE, absolute(argument, invocation.cwd), "sed w")
        elif action == "read":
            yield Effect(EffectKind.READ, absolute(argument, invocation.cwd), "sed r", flags=Flag.CONTENT_OUT)


def editor(invocation: Invocation) -> Iterator[Outcome]:
    """vim, ed, emacs in batch mode: commands that they are given."""
    options = parse_options(
        invocation.args, values=("-c", "-s", "-S", "-u", "-U", "-i", "--cmd", "-t", "-T", "-w", "--eval", "-l", "--load")
    )
    commands = (
        options.given.get("-c", [])
        + options.given.get("--cmd", [])
        + [word for word in invocation.args if word.startswith("+") and len(word) > 1]
    )
    for command in commands:
        text = command.lstrip("+: ")
        if text.startswith("!"):
            yield ShellText(text[1:])
        elif "system(" in text:
            yield ShellText(text.split("system(", 1)[1].strip(" ()'\""))
        elif "!" in text:
            yield ShellText(text.split("!", 1)[1])
    if invocation.name == "ed" and invocation.stdin:
        for line in invocation.stdin.splitlines():
            if line.startswith("!"):
                yield ShellText(line[1:])
    batch = commands or invocation.stdin is not None or options.has("-es", "-e")
    for path, glob in paths(options, invocation):
        if not path.rsplit("/", 1)[-1].startswith("+"):
            yield Effect(EffectKind.READ, path, invocation.name, flags=glob | (Flag.CONTENT_OUT if batch else Flag.NONE))


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("patch", "gpatch"), patch),
    **dict.fromkeys(("sed", "gsed"), sed),
    **dict.fromkeys(("vim", "vi", "nvim", "ex", "ed", "emacs", "view"), editor),
}
