"""Build and test runners: what they run stands in files, which are judged where nobody vouches for them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ScriptFile, ShellText, World, absolute
from checkrein.detect.shell.options import first_operand, listed, parse_options

MAKE_VALUES = listed("-f -C -j -I -o -W -l -O --file --makefile --directory --jobs --eval --load-average")
MAX_INCLUDES = 20
LIFECYCLE = ("preinstall", "install", "postinstall", "prepare", "prepublish")


ASSIGNMENT = re.compile(r"(?:export\s+|override\s+)*([A-Za-z_.][\w.]*)\s*(\+|:{1,3}|\?|!)?=\s*(.*)")
SHELL_CALL = re.compile(r"\$[({]shell\s+((?:[^()]|\([^()]*\))*)[)}]")
DEFINITION = re.compile(r"define\s+([\w.]+)\s*=?\n(.*?)\nendef", re.DOTALL)
SHELL_PROGRAMS = ("sh", "bash", "dash", "zsh", "ksh", "ash")


def make(invocation: Invocation) -> Iterator[Outcome]:
    """make: the recipes of its makefile, where a tool wrote it; text from ``--eval`` and standard input."""
    options = parse_options(invocation.args, values=MAKE_VALUES, optional=("--jobs",))
    if options.has("-n", "--dry-run", "--just-print", "-v", "--version", "--help", "-q", "--question"):
        return
    folder = absolute(options.last("-C", "--directory") or ".", invocation.cwd)
    variables = dict(word.split("=", 1) for word in options.words if "=" in word)
    for given in options.given.get("--eval", []):
        yield from recipes(given, folder, variables)
        yield from recipes(given.replace("; ", "\n"), folder, variables)
    named = options.given.get("-f", []) + options.given.get("--file", []) + options.given.get("--makefile", [])
    for name in named or ["GNUmakefile", "makefile", "Makefile"]:
        from_stdin = name in ("-", "/dev/stdin")
        text = invocation.stdin if from_stdin else invocation.world.script(absolute(name, folder))
        for part in _included(text or "", folder, invocation.world):
            yield from recipes(part, folder, variables)
    if variables.get("SHELL"):
        yield ShellText(variables["SHELL"])


def _included(text: str, folder: str, world: World) -> Iterator[str]:
    """A makefile and those that it includes, as far as nobody vouches for them."""
    pending, seen = [text], {""}
    while pending and len(seen) < MAX_INCLUDES:
        part = pending.pop()
        yield part
        for line in part.split("\n"):
            if line.startswith(("include ", "-include ", "sinclude ")):
                paths = [absolute(word, folder) for word in line.split()[1:]]
                pending += [world.script(path) or "" for path in paths if path not in seen]
                seen.update(paths)


def recipes(text: str, folder: str, variables: Mapping[str, str]) -> Iterator[Outcome]:
    """Recipe lines and ``$(shell ...)`` calls. Every target counts: which are reached depends on the disk.

    ``folder`` is where they run, ``variables`` were given on the command line and win over those of the text.
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
        if recipe := line[len(prefix) :] if line.startswith(prefix) else _inline_recipe(line):
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
    elif command in ("install", "i", "ci", "add", "rebuild", "publish", "pack", "version"):
        names = [*LIFECYCLE, f"pre{command}", f"post{command}", "prepublishOnly", "prepack", "postpack"]
    elif invocation.name in ("yarn", "pnpm", "bun"):
        names = [command]
    else:
        return
    yield from package_scripts(absolute("package.json", folder), names, invocation)


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
    yield Argv((program or name, *rest[1:]))


def package_scripts(path: str, names: Iterable[str], invocation: Invocation) -> Iterator[Outcome]:
    """Scripts of a package.json that nobody vouches for, each with its ``pre`` and ``post`` script."""
    text = invocation.world.script(path)
    if text is None:
        return
    try:
        scripts = json.loads(text).get("scripts", {})
    except (ValueError, AttributeError):
        yield Effect(
            EffectKind.RUN_UNKNOWN, path, invocation.name, detail="package.json was changed in this session and cannot be read"
        )
        return
    if not isinstance(scripts, dict):
        return
    for name in names:
        for key in (f"pre{name}", name, f"post{name}"):
            if isinstance(scripts.get(key), str):
                yield ShellText(scripts[key])


def pytest(invocation: Invocation) -> Iterator[Outcome]:
    """pytest, tox, nox: the files that they import before any test runs, and the tests named."""
    names = {
        "pytest": ("conftest.py", "tests/conftest.py"),
        "py.test": ("conftest.py", "tests/conftest.py"),
        "nox": ("noxfile.py",),
        "fab": ("fabfile.py",),
        "invoke": ("tasks.py",),
        "inv": ("tasks.py",),
        "scons": ("SConstruct",),
        "waf": ("wscript",),
        "doit": ("dodo.py",),
    }
    options = parse_options(
        invocation.args, values=("-k", "-m", "-p", "-c", "-n", "-f", "--rootdir", "-o", "-W", "--confcutdir")
    )
    for name in names.get(invocation.name, ()):
        yield from _judged(absolute(name, invocation.cwd), invocation, "python")
    for word in options.words:
        path = absolute(word.split("::", 1)[0], invocation.cwd)
        if path.endswith(".py"):
            folder = path.rsplit("/", 1)[0]
            yield from _judged(f"{folder}/conftest.py", invocation, "python")
            yield from _judged(path, invocation, "python")


def _judged(path: str, invocation: Invocation, language: str) -> Iterator[Outcome]:
    if invocation.world.script(path) is not None:
        yield ScriptFile(path, language)


BUILD_FILES = {
    "rake": (("Rakefile", "ruby"),),
    "just": (("justfile", "make"), ("Justfile", "make")),
    "gulp": (("gulpfile.js", "javascript"),),
    "grunt": (("Gruntfile.js", "javascript"),),
    "webpack": (("webpack.config.js", "javascript"),),
    "vite": (("vite.config.js", "javascript"), ("vite.config.ts", "javascript")),
    "vitest": (("vitest.config.js", "javascript"), ("vitest.config.ts", "javascript"), ("vite.config.ts", "javascript")),
    "jest": (("jest.config.js", "javascript"), ("jest.setup.js", "javascript")),
    "eslint": (("eslint.config.js", "javascript"), (".eslintrc.js", "javascript")),
    "bundle": (("Gemfile", "ruby"),),
    "pod": (("Podfile", "ruby"),),
    "vagrant": (("Vagrantfile", "ruby"),),
}


def build(invocation: Invocation) -> Iterator[Outcome]:
    """Runners whose build file is a program."""
    for name, language in BUILD_FILES[invocation.name]:
        path = absolute(name, invocation.cwd)
        text = invocation.world.script(path)
        if text is None:
            continue
        if language == "make":
            for line in text.split("\n"):
                if line.startswith((" ", "\t")):
                    yield ShellText(line.strip().lstrip("@-"))
        else:
            yield ScriptFile(path, language)


GIT_HOOKS = {
    "commit": ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"),
    "merge": ("pre-merge-commit", "post-merge"),
    "pull": ("post-merge", "pre-rebase"),
    "checkout": ("post-checkout",),
    "switch": ("post-checkout",),
    "rebase": ("pre-rebase", "post-rewrite"),
    "push": ("pre-push",),
    "am": ("applypatch-msg", "pre-applypatch", "post-applypatch"),
}


def git_hooks(invocation: Invocation) -> Iterator[Outcome]:
    """The repository's hooks that a git command runs, where a tool wrote them."""
    options = parse_options(invocation.args, values=("-C", "-c", "--git-dir", "--work-tree"), permute=False)
    if not options.words or "--no-verify" in invocation.args:
        return
    folder = absolute(options.last("-C") or ".", invocation.cwd)
    for hook in GIT_HOOKS.get(options.words[0], ()):
        for place in (f"{folder}/.git/hooks/{hook}", f"{folder}/.husky/{hook}", f"{folder}/.githooks/{hook}"):
            yield from _judged(place, invocation, "")


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("make", "gmake"), make),
    **dict.fromkeys(("npm", "pnpm", "yarn"), node_package),
    **dict.fromkeys(("npx", "bunx", "pnpx", "uvx", "pipx"), package_runner),
    **dict.fromkeys(("pytest", "py.test", "nox", "fab", "invoke", "inv", "scons", "waf", "doit"), pytest),
    **dict.fromkeys((name for name in BUILD_FILES if name != "bundle"), build),
}
