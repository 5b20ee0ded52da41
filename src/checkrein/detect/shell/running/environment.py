"""Environment variables that make programs run code: editors, pagers, hooks, options, libraries. One table says how.

Sources: bash(1), git(1), less(1), man(1), perlrun(1), ruby(1), python(1), tar(1), ld.so(8), java(1), make's and Node's manuals,
the Cargo Book, and ``go help environment``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.paths.temporary import TEMPORARY
from checkrein.detect.shell.exchange.archives import TAR_PROGRAMS
from checkrein.detect.shell.model import Argv, Invocation, Outcome, ScriptFile, ShellText, Snippet, absolute
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.running.languages import interpreter_language

Reading = Callable[[str, Invocation], Iterator[Outcome]]
"""What a variable's value makes a program run."""

ANYBODYS = tuple(f"{folder}/" for folder in TEMPORARY)
SHELL_CALL = re.compile(r"\$[({]shell\s+((?:[^()]|\([^()]*\))*)[)}]")
"""What make runs wherever it expands a text."""
MAKE_PROGRAMS = frozenset(("make", "gmake"))


def _text(value: str, _: Invocation) -> Iterator[Outcome]:
    """A command line, to which the program adds words of its own. What begins unknown is most often ``$(which vim)``."""
    if not value.lstrip().startswith(UNKNOWN):
        yield ShellText(value)


def _filter(value: str, invocation: Invocation) -> Iterator[Outcome]:
    """LESSOPEN: a command line behind marks, with a place for the file's name."""
    yield from _text(value.lstrip("|-").replace("%s", "''"), invocation)


def _prompt(value: str, _: Invocation) -> Iterator[Outcome]:
    """A prompt, in which bash runs substitutions."""
    if "$" in value or "`" in value:
        yield ShellText(f": <<PROMPT\n{value}\nPROMPT\n")


def _function(value: str, _: Invocation) -> Iterator[Outcome]:
    """An exported function: it may be called in place of any program."""
    yield ShellText(f"exported {value}; exported")


def _shell_file(value: str, invocation: Invocation) -> Iterator[Outcome]:
    if interpreter_language(invocation.name) == "shell":
        yield ScriptFile(value, "shell")


def _any_shell_file(value: str, _: Invocation) -> Iterator[Outcome]:
    yield ScriptFile(value, "shell")


def _shell_folder(value: str, invocation: Invocation) -> Iterator[Outcome]:
    """ZDOTDIR: zsh reads its own files there."""
    if invocation.name == "zsh":
        yield from _judged((f"{value}/{name}" for name in (".zshenv", ".zshrc", ".zprofile", ".zlogin")), "shell", invocation)


def _python_file(value: str, invocation: Invocation) -> Iterator[Outcome]:
    if interpreter_language(invocation.name) == "python":
        yield ScriptFile(value, "python")


def _python_folders(value: str, invocation: Invocation) -> Iterator[Outcome]:
    """Python imports ``sitecustomize`` from the first folder that has it, before anything else."""
    modules = ("sitecustomize.py", "usercustomize.py")
    folders = (folder for folder in value.split(":") if folder)
    yield from _judged((f"{folder}/{module}" for folder in folders for module in modules), "python", invocation)


def _judged(paths: Iterable[str], language: str, invocation: Invocation) -> Iterator[Outcome]:
    for path in paths:
        if UNKNOWN not in path and invocation.world.script(absolute(path, invocation.cwd)) is not None:
            yield ScriptFile(path, language)


def _library(value: str, invocation: Invocation) -> Iterator[Outcome]:
    """A library that is loaded into any program before its own code."""
    if value:
        yield Effect(EffectKind.RUN_UNKNOWN, value, invocation.name, detail=f"{value} is loaded into the program")


def _library_folders(value: str, invocation: Invocation) -> Iterator[Outcome]:
    """Folders with libraries: known to be foreign where every user of the machine may write."""
    for folder in value.split(":"):
        if f"{folder}/".startswith(ANYBODYS):
            yield from _library(folder, invocation)


def _node_options(value: str, invocation: Invocation) -> Iterator[Outcome]:
    for code in _values(value, "-r", "--require", "--import", "--loader", "--experimental-loader"):
        head, comma, data = code.partition(",")
        if head.startswith("data:") and comma:
            yield Snippet("javascript", unquote(data))
        elif code.startswith((".", "/")):
            yield from _judged((code, f"{code}.js", f"{code}/index.js"), "javascript", invocation)


def _ruby_options(value: str, invocation: Invocation) -> Iterator[Outcome]:
    paths = [word[2:] for word in _words(value) if word.startswith("-r") and "/" in word]
    yield from _judged((name for path in paths for name in (path, f"{path}.rb")), "ruby", invocation)


def _perl_options(value: str, _: Invocation) -> Iterator[Outcome]:
    """``-MCODE`` is ``use CODE;``, which may hold more than a module's name. Quotes mean nothing here."""
    for word in value.split():
        if word[:2] in ("-M", "-m") and ";" in word:
            yield Snippet("perl", f"use {word[2:]};")


def _make_options(value: str, invocation: Invocation) -> Iterator[Outcome]:
    if invocation.name in MAKE_PROGRAMS:
        yield from (ShellText(call[1]) for call in SHELL_CALL.finditer(value))
        words = _words(value)
        if words and not words[0].startswith("-") and "=" not in words[0]:
            words[0] = f"-{words[0]}"  # a first word without a dash holds letters
        yield Argv((invocation.name, *words))


def _curl_folder(value: str, invocation: Invocation) -> Iterator[Outcome]:
    path = absolute(f"{value}/.curlrc", invocation.cwd)
    if invocation.name == "curl" and UNKNOWN not in value and invocation.world.script(path) is not None:
        yield Argv(("curl", "-K", path, *invocation.args))


def _tar_options(value: str, invocation: Invocation) -> Iterator[Outcome]:
    if invocation.name in TAR_PROGRAMS:
        yield Argv((invocation.name, *_words(value), *invocation.args))


def _go_options(value: str, _: Invocation) -> Iterator[Outcome]:
    yield from (ShellText(code) for code in _values(value, "-toolexec", "--toolexec", "-exec", "--exec"))


def _java_options(value: str, invocation: Invocation) -> Iterator[Outcome]:
    yield from (ShellText(code) for code in _values(value, "-XX:OnError", "-XX:OnOutOfMemoryError"))
    for word in _words(value):
        option, colon, path = word.partition(":")
        if colon and option in ("-javaagent", "-agentpath") and path.startswith(ANYBODYS):
            yield from _library(path.partition("=")[0], invocation)


def _editor_commands(value: str, invocation: Invocation) -> Iterator[Outcome]:
    """VIMINIT, EXINIT: commands of the editor."""
    if invocation.name in ("vim", "vi", "nvim", "ex", "view", "vimdiff"):
        yield Argv((invocation.name, "-c", value.lstrip(":")))


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()


def _values(value: str, *options: str) -> Iterator[str]:
    """The values of ``options`` in a variable that holds options."""
    words = _words(value)
    for at, word in enumerate(words):
        option, equals, text = word.partition("=")
        if option in options:
            yield text if equals else next(iter(words[at + 1 : at + 2]), "")


COMMANDS = listed("""
    PAGER MANPAGER GIT_PAGER SYSTEMD_PAGER BAT_PAGER DELTA_PAGER PSQL_PAGER AWS_PAGER GH_PAGER
    EDITOR VISUAL FCEDIT GIT_EDITOR GIT_SEQUENCE_EDITOR SUDO_EDITOR KUBE_EDITOR HGEDITOR SVN_EDITOR GH_EDITOR PSQL_EDITOR
    BROWSER GH_BROWSER PROMPT_COMMAND FZF_DEFAULT_COMMAND SHELL npm_config_script_shell NPM_CONFIG_SCRIPT_SHELL
    GIT_SSH GIT_SSH_COMMAND GIT_PROXY_COMMAND GIT_EXTERNAL_DIFF GIT_ASKPASS SSH_ASKPASS SUDO_ASKPASS RSYNC_RSH CVS_RSH SVN_SSH
    CC CXX CPP LD AR AS FC
    RUSTC RUSTDOC RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER CARGO_BUILD_RUSTC CARGO_BUILD_RUSTC_WRAPPER CARGO_BUILD_RUSTDOC
""")
"""Variables that hold a command line."""
TABLE: dict[str, Reading] = {
    **dict.fromkeys(COMMANDS, _text),
    **dict.fromkeys(("LESSOPEN", "LESSCLOSE"), _filter),
    **dict.fromkeys(("PS0", "PS1", "PS2", "PS4"), _prompt),
    **dict.fromkeys(("VIMINIT", "EXINIT"), _editor_commands),
    **dict.fromkeys(("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES"), _library),
    **dict.fromkeys(("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH", "GCC_EXEC_PREFIX"), _library_folders),
    **dict.fromkeys(listed("JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS JAVA_OPTS MAVEN_OPTS GRADLE_OPTS"), _java_options),
    "BASH_ENV": _any_shell_file,
    "ENV": _shell_file,
    "ZDOTDIR": _shell_folder,
    "PYTHONSTARTUP": _python_file,
    "PYTHONPATH": _python_folders,
    "NODE_OPTIONS": _node_options,
    "RUBYOPT": _ruby_options,
    "PERL5OPT": _perl_options,
    "MAKEFLAGS": _make_options,
    "CURL_HOME": _curl_folder,
    "TAR_OPTIONS": _tar_options,
    "GOFLAGS": _go_options,
}
FAMILIES: tuple[tuple[str, str, Reading], ...] = (
    ("BASH_FUNC_", "%%", _function),
    ("CARGO_TARGET_", "_RUNNER", _text),
    ("CARGO_TARGET_", "_LINKER", _text),
)
"""Names that begin and end alike."""


def reading_of(name: str) -> Reading | None:
    """How programs read a variable, None where they run nothing because of it."""
    alike = (read for start, end, read in FAMILIES if name.startswith(start) and name.endswith(end))
    return TABLE.get(name) or next(alike, None)
