"""Build and test runners: what they run stands in files, which are judged where nobody vouches for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from checkrein.core.effect import Effect, EffectKind
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ScriptFile, ShellText, Snippet, absolute
from checkrein.detect.shell.options import first_operand, listed, parse_options
from checkrein.detect.shell.table import table_handler

MAKE_VALUES = listed("-f -C -j -I -o -W -l -O --file --makefile --directory --jobs --eval --load-average")
LIFECYCLE = ("preinstall", "install", "postinstall", "prepare", "prepublish")


def make(invocation: Invocation) -> Iterator[Outcome]:
    """make: the recipes of its makefile, where a tool wrote it; text from ``--eval`` and standard input."""
    options = parse_options(invocation.args, values=MAKE_VALUES, optional=("--jobs",))
    if options.has("-n", "--dry-run", "--just-print", "-v", "--version", "--help", "-q", "--question"):
        return
    folder = absolute(options.last("-C", "--directory") or ".", invocation.cwd)
    variables = dict(word.split("=", 1) for word in options.words if "=" in word)
    for given in options.given.get("--eval", []):
        yield from _recipes(given.replace("; ", "\n"), variables)
    named = options.given.get("-f", []) + options.given.get("--file", []) + options.given.get("--makefile", [])
    for name in named or ["GNUmakefile", "makefile", "Makefile"]:
        if name in ("-", "/dev/stdin"):
            yield from _recipes(invocation.stdin or "", variables)
            continue
        text = invocation.world.script(absolute(name, folder))
        if text is not None:
            yield from _recipes(text, variables)
    if variables.get("SHELL"):
        yield ShellText(variables["SHELL"])


def _recipes(text: str, variables: dict[str, str]) -> Iterator[Outcome]:
    """Recipe lines and ``$(shell ...)`` calls. Every target counts: which are reached depends on the disk."""
    values = dict(variables)
    lines = text.replace("\\\n", " ").split("\n")
    for line in lines:
        if match := re.match(r"(?:export\s+)?([A-Za-z_][\w.]*)\s*(\+|:{1,3}|\?|!)?=\s*(.*)", line):
            if match[2] == "!":
                yield ShellText(_filled(match[3], values))
            values.setdefault(match[1], _filled(match[3], values))
        for call in re.finditer(r"\$[({]shell\s+((?:[^()]|\([^()]*\))*)[)}]", line):
            yield ShellText(_filled(call[1], values))
        recipe = line[1:] if line.startswith("\t") else _inline_recipe(line)
        if recipe:
            yield ShellText(_filled(recipe.lstrip("@-+ "), values))


def _inline_recipe(line: str) -> str:
    """``target: prerequisites ; recipe``."""
    head, semicolon, recipe = line.partition(";")
    return (
        recipe.strip() if semicolon and ":" in head and "=" not in head.split(":", 1)[0] and not head.startswith("\t") else ""
    )


def _filled(text: str, values: dict[str, str]) -> str:
    for _ in range(4):
        replaced = re.sub(r"\$[({]([A-Za-z_]\w*)[)}]", lambda match: values.get(match[1], "${" + match[1] + "}"), text)
        if replaced == text:
            break
        text = replaced
    return text.replace("$$", "$")


def node_package(invocation: Invocation) -> Iterator[Outcome]:
    """npm, pnpm, yarn, bun: scripts of package.json, where a tool wrote it; ``exec`` and ``dlx`` run programs."""
    yield from table_handler(invocation)
    values = listed("-w --workspace --prefix -C --dir --cwd -c --call -F --filter --registry -p --package")
    options = parse_options(invocation.args, values=values, permute=False)
    folder = absolute(options.last("--prefix", "-C", "--dir", "--cwd") or ".", invocation.cwd)
    words = options.words or (("install",) if invocation.name == "yarn" else ("",))
    command, rest = words[0], words[1:]
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
    yield from _package_scripts(absolute("package.json", folder), names, invocation)


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
    yield Effect(
        EffectKind.INSTALL, rest[0], invocation.name, detail="npm" if invocation.name not in ("uvx", "pipx") else "pypi"
    )
    yield Argv((program or name, *rest[1:]))


def _package_scripts(path: str, names: list[str], invocation: Invocation) -> Iterator[Outcome]:
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
            yield Snippet(language, text)


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
