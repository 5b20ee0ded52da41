"""Build and test runners: what they run stands in files, which are judged where nobody vouches for them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import filter as fnmatch_filter
from fnmatch import fnmatchcase

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ScriptFile, ShellText, World, absolute
from checkrein.detect.shell.options import Options, first_operand, listed, parse_options
from checkrein.detect.shell.running.environment import SHELL_CALL, reading_of

MAKE_VALUES = listed("-f -C -j -I -o -W -l -O -E --file --makefile --directory --jobs --eval --load-average")
MAX_INCLUDES = 20
LIFECYCLE = ("preinstall", "install", "postinstall", "prepare", "prepublish")


ASSIGNMENT = re.compile(r"(?:export\s+|override\s+)*([A-Za-z_.][\w.]*)\s*(\+|:{1,3}|\?|!)?=\s*(.*)")
DEFINITION = re.compile(r"define\s+([\w.]+)\s*=?\n(.*?)\nendef", re.DOTALL)
SHELL_PROGRAMS = ("sh", "bash", "dash", "zsh", "ksh", "ash")


def make(invocation: Invocation) -> Iterator[Outcome]:
    """make: the recipes of its makefile, where a tool wrote it; text from ``--eval`` and standard input."""
    options = parse_options(invocation.args, values=MAKE_VALUES, optional=("--jobs",))
    if options.has("-v", "--version", "--help"):
        return
    only = (
        RUNS_ALWAYS
        if options.has("-n", "--dry-run", "--just-print", "--recon", "-q", "--question", "-t", "--touch")
        else ANY_LINE
    )
    folder = absolute(options.last("-C", "--directory") or ".", invocation.cwd)
    variables = dict(word.split("=", 1) for word in options.words if "=" in word)
    for given in (*options.given.get("--eval", []), *options.given.get("-E", [])):
        yield from recipes(given, folder, variables, only)
        yield from recipes(given.replace("; ", "\n"), folder, variables, only)
    named = options.given.get("-f", []) + options.given.get("--file", []) + options.given.get("--makefile", [])
    for name in (*(named or ["GNUmakefile", "makefile", "Makefile"]), *invocation.env.get("MAKEFILES", "").split()):
        from_stdin = name in ("-", "/dev/stdin")
        text = invocation.stdin if from_stdin else invocation.world.script(absolute(name, folder))
        for part in _included(text or "", folder, invocation.world):
            yield from recipes(part, folder, variables, only)
    for name, value in variables.items():
        if (reading := reading_of(name)) is not None and name != "MAKEFLAGS":
            yield from reading(value, invocation)


def _included(text: str, folder: str, world: World) -> Iterator[str]:
    """A makefile and those that it includes, as far as nobody vouches for them."""
    pending, seen = [text], {""}
    while pending and len(seen) < MAX_INCLUDES:
        part = pending.pop()
        yield part
        for line in part.split("\n"):
            if line.startswith(("include ", "-include ", "sinclude ")):
                values = {match[1]: match[3] for each in part.split("\n") if (match := ASSIGNMENT.match(each))}
                words = _filled(line, values).split()[1:]
                paths = [path for word in words for path in _matching(absolute(word, folder), world)]
                pending += [world.script(path) or "" for path in paths if path not in seen]
                seen.update(paths)


def _matching(pattern: str, world: World) -> Iterable[str]:
    """The path, or the files that match it as a pattern, those that this session wrote among them."""
    if not set("*?[") & set(pattern):
        return (pattern,)
    now = (path for path in world.written(pattern.rpartition("/")[0]) if fnmatchcase(path, pattern))
    return dict.fromkeys((*world.glob(pattern), *now))


ANY_LINE = re.compile("")
RUNS_ALWAYS = re.compile(r"[@\- ]*\+|.*\$[({]MAKE[)}]")
"""Lines of recipes that make runs also where it only shows what it would do."""


def recipes(text: str, folder: str, variables: Mapping[str, str], only: re.Pattern[str] = ANY_LINE) -> Iterator[Outcome]:
    """Recipe lines and ``$(shell ...)`` calls. Every target counts: which are reached depends on the disk.

    ``folder`` is where they run, ``variables`` were given on the command line and win over those of the text. Of the recipes,
    lines that match ``only`` run.
    """
    if text.strip(f"{UNKNOWN} \n") == "" and text.strip():
        yield Effect(EffectKind.RUN_UNKNOWN, "a makefile", "make", detail="the makefile is not known before it runs")
        return
    values = dict(variables)
    text = text.replace("\\\n", " ")
    values |= {match[1]: match[2].replace("\n", "; ") for match in DEFINITION.finditer(text) if match[1] not in variables}
    prefix = "\t"
    lines: list[str] = []
    together: list[str] = []
    for line in (*DEFINITION.sub("", text).split("\n"), ""):
        if match := ASSIGNMENT.match(line):
            filled = _filled(match[3], values)
            if match[2] == "!":
                yield ShellText(filled, cwd=folder)
            if match[1] == ".RECIPEPREFIX":
                prefix = match[3][:1] or "\t"
            values.setdefault(match[1], filled)
        for call in SHELL_CALL.finditer(line):
            yield ShellText(_filled(call[1], values), cwd=folder)
        recipe = line[len(prefix) :] if line.startswith(prefix) else _inline_recipe(line)
        if recipe and not only.match(recipe):
            continue
        if recipe:
            lines.append(_filled(recipe.lstrip("@-+ "), values))
            together.append(lines[-1])
        elif line.strip() or line == "":
            yield from _at_once(together, text, folder)
            together = []
    shell = values.get("SHELL", "sh")
    for code in lines:
        if shell.rsplit("/", 1)[-1] in SHELL_PROGRAMS:
            yield ShellText(code, cwd=folder)
        else:
            yield ShellText(f"{shell} {values.get('.SHELLFLAGS', '-c')} {shlex.quote(code)}", cwd=folder)


def _at_once(lines: list[str], text: str, folder: str) -> Iterator[Outcome]:
    """The lines of one recipe where one shell runs them all."""
    if len(lines) > 1 and ".ONESHELL" in text:
        yield ShellText("\n".join(lines), cwd=folder)


def _inline_recipe(line: str) -> str:
    """``target: prerequisites ; recipe``."""
    head, semicolon, recipe = line.partition(";")
    return recipe.strip() if semicolon and ":" in head and "=" not in head.split(":", 1)[0] else ""


def _filled(text: str, values: Mapping[str, str]) -> str:
    for _ in range(4):
        replaced = re.sub(r"\$(?:[({]([A-Za-z_][\w.]*)[)}]|([A-Za-z]))", lambda match: _value(match, values), text)
        if replaced == text:
            break
        text = replaced
    return text.replace("$$", "$")


def _value(match: re.Match[str], values: Mapping[str, str]) -> str:
    """The value of ``$(NAME)`` or ``$N``; an unknown one is left to the shell, which does not know it either."""
    before = match.string[: match.start()]
    if (len(before) - len(before.rstrip("$"))) % 2:
        return match[0]  # $$X is the shell's own variable
    name = match[1] or match[2]
    return values.get(name, "${" + name + "}")


def node_package(invocation: Invocation) -> Iterator[Outcome]:
    """npm, pnpm, yarn, bun: scripts of package.json, where a tool wrote it; ``exec`` and ``dlx`` run programs."""
    values = listed("-w --workspace --prefix -C --dir --cwd -c --call -F --filter --registry -p --package")
    options = parse_options(invocation.args, values=values, permute=False)
    folder = absolute(options.last("--prefix", "-C", "--dir", "--cwd") or ".", invocation.cwd)
    words = options.words or (("install",) if invocation.name == "yarn" else ("",))
    command, rest = words[0], words[1:]
    files = list(_package_files(folder, parse_options(invocation.args, values=values), invocation))
    if command == "exec" and invocation.name != "npm" and rest:  # runs what is installed
        yield ShellText(rest[0]) if len(rest) == 1 else Argv(rest[1:] if rest[0] == "--" else rest)
        return
    if command in ("exec", "x", "dlx", "create", "init") and rest:
        runner = Invocation(("npx", *rest), invocation.cwd, invocation.world, stdin=invocation.stdin, env=invocation.env)
        yield from package_runner(runner)
        return
    if command in ("run", "run-script", "rum", "urn") and rest:
        names = [rest[0]]
    elif command in ("test", "t", "tst", "start", "stop", "restart"):
        names = [{"t": "test", "tst": "test"}.get(command, command)]
    elif command in ("install-test", "it", "install-ci-test", "cit"):
        names = [*LIFECYCLE, "test"]
    elif command in ("install", "i", "ci", "add", "rebuild", "publish", "pack", "version"):
        names = [*LIFECYCLE, f"pre{command}", f"post{command}", "prepublishOnly", "prepack", "postpack"]
    elif invocation.name in OWN_COMMANDS:
        yield from _script_or_program(words, files, invocation)
        return
    else:
        return
    for path in files:
        yield from package_scripts(path, names, invocation)


ALL_PACKAGES = listed("-w --workspace -ws --workspaces -r --recursive -F --filter -A --all")


def _package_files(folder: str, options: Options, invocation: Invocation) -> Iterator[str]:
    """The package.json of a folder; where the call is for packages below it, those that this session wrote there."""
    yield absolute("package.json", folder)
    if options.has(*ALL_PACKAGES) or options.words[:1] in (("workspace",), ("workspaces",)):
        named = (value for name in ("-w", "--workspace") for value in options.given.get(name, ()))
        yield from (absolute(f"{value}/package.json", folder) for value in named)
        yield from _written_packages(folder, invocation)


def _written_packages(folder: str, invocation: Invocation) -> Iterator[str]:
    yield from (path for path in invocation.world.written(folder) if path.endswith("/package.json"))


def tasks_of_packages(invocation: Invocation) -> Iterator[Outcome]:
    """npm-run-all, turbo, nx, lerna: runners of scripts, which they find by name in every package."""
    words = [word.partition(":")[2] if word.startswith("npm:") else word for word in invocation.args if word[:1] != "-"]
    paths = (absolute("package.json", invocation.cwd), *_written_packages(invocation.cwd, invocation))
    for path in dict.fromkeys(paths):
        yield from package_scripts(path, [part for word in words for part in word.split(",")], invocation)


OWN_COMMANDS: Mapping[str, frozenset[str]] = {
    "yarn": frozenset(listed(
        "access audit autoclean bin cache check config constraints dedupe explain generate-lock-entry global help import info "
        "install-types licenses link list login logout node npm outdated owner pack patch patch-commit plugin policies prune "
        "publish rebuild remove search self-update set stage tag team unlink unplug up update upgrade upgrade-interactive "
        "version versions why workspace workspaces"
    )),
    "pnpm": frozenset(listed(
        "add approve-builds audit bin cache cat-file cat-index config c dedupe deploy doctor dist-tag env fetch find-hash help "
        "ignored-builds import i install-test it la licenses link list ll ln ls outdated owner patch patch-commit patch-remove "
        "prune rb remove rm root search self-update server setup store un uninstall unlink unpublish up update upgrade view "
        "whoami why"
    )),
}  # fmt: skip
"""What yarn and pnpm know themselves: any other word is a script of package.json, or else a program of an installed package."""


def _script_or_program(words: tuple[str, ...], files: list[str], invocation: Invocation) -> Iterator[Outcome]:
    """``yarn X``: the package's script of that name, else the program; ``yarn workspace NAME X`` is the same elsewhere."""
    if words[0] == "workspace" and len(words) > 2 and words[2] not in OWN_COMMANDS["yarn"]:
        words = words[2:]
    words = words[2:] if words[:2] == ("workspaces", "run") and len(words) > 2 else words
    if words[0] in OWN_COMMANDS[invocation.name]:
        return
    held = {path: _scripts(invocation.world.read_text(path) or "{}") for path in files}
    having = [path for path, scripts in held.items() if scripts is None or words[0] in scripts]
    for path in having:
        yield from package_scripts(path, words[:1], invocation)
    if not having:
        yield Argv(words)


def package_runner(invocation: Invocation) -> Iterator[Outcome]:
    """npx, bunx, pnpx, uvx, pipx run: a package's program, with its arguments."""
    values = ("-p", "--package", "-c", "--call", "--from", "--with", "--python", "--spec", "--registry", "--index-url")
    args = list(invocation.args)
    if invocation.name == "pipx":
        if args[:1] != ["run"]:
            return
        args = args[1:]
    code = parse_options(args, values=values, permute=False).last("-c", "--call")
    if code:
        yield ShellText(code)
        return
    start = first_operand(args, values)
    rest = args[start:]
    if not rest:
        return
    name = rest[0].rsplit("/", 1)[-1] if not rest[0].startswith(".") else rest[0]
    program = re.split(r"@(?=[\w^~*.-]+$)|==", name)[0]
    options = parse_options(args[:start], values=values)
    packages = [value for option in ("-p", "--package", "--from", "--spec") for value in options.given.get(option, [])]
    detail = "pypi" if invocation.name in ("uvx", "pipx") else "npm"
    for package in packages or rest[:1]:
        yield Effect(EffectKind.INSTALL, package, invocation.name, detail=detail)
    own = absolute(f"node_modules/.bin/{program}", invocation.cwd)
    if own in invocation.world.written(own.rpartition("/")[0]):
        yield ScriptFile(own, args=tuple(rest[1:]))
    yield Argv((program or name, *rest[1:]))


def package_scripts(path: str, names: Iterable[str], invocation: Invocation) -> Iterator[Outcome]:
    """Scripts of a package.json that nobody vouches for, each with its ``pre`` and ``post`` script."""
    text = invocation.world.script(path)
    if text is None:
        return
    scripts = _scripts(text)
    if scripts is None:
        yield Effect(
            EffectKind.RUN_UNKNOWN, path, invocation.name, detail="package.json was changed in this session and cannot be read"
        )
        return
    for name in names:
        for key in (f"pre{name}", *(fnmatch_filter(scripts, name) if "*" in name else (name,)), f"post{name}"):
            if isinstance(code := scripts.get(key), str):
                yield ShellText(code)


def _scripts(text: str) -> dict[str, object] | None:
    """The scripts of a package.json, None where it cannot be read."""
    try:
        scripts = json.loads(text).get("scripts", {})
    except (ValueError, AttributeError):
        return None
    return scripts if isinstance(scripts, dict) else {}


def _judged(path: str, invocation: Invocation, language: str) -> Iterator[Outcome]:
    if invocation.world.script(path) is not None:
        yield ScriptFile(path, language)


CMAKE_TOOLS: Mapping[str, tuple[str, ...]] = {
    "rm": ("rm",),
    "remove": ("rm", "-f"),
    "remove_directory": ("rm", "-rf"),
    "rename": ("mv",),
    "copy": ("cp",),
    "copy_directory": ("cp", "-r"),
    "tar": ("tar",),
    "env": ("env",),
    "time": (),
}


def cmake_tool(invocation: Invocation) -> Iterator[Outcome]:
    """``cmake -E TOOL``: file tools on every system, and the commands that two of them start."""
    words = invocation.args
    if words[:1] == ("-E",) and len(words) > 2 and words[1] in CMAKE_TOOLS:
        yield Argv((*CMAKE_TOOLS[words[1]], *words[2:]))


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("make", "gmake"), make),
    "cmake": cmake_tool,
    **dict.fromkeys(("npm", "pnpm", "yarn"), node_package),
    **dict.fromkeys(listed("npm-run-all npm-run-all2 run-s run-p turbo nx lerna wsrun wireit lage"), tasks_of_packages),
    **dict.fromkeys(("npx", "bunx", "pnpx", "uvx", "pipx"), package_runner),
}
