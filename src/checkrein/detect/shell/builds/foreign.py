"""Languages of which only calls are read: what they name in string literals is judged, what they compute is not known.

For each language a lexer knows comments and strings, and a table the calls that start programs or delete files. Text in
comments and strings is nothing but text. A variable that is given one literal, or a new temporary folder, stands for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import cache

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Argv, Outcome, ShellText, absolute
from checkrein.detect.shell.options import listed

NEW_FOLDER = "/tmp/temporary"  # noqa: S108 - stands for a folder that the program makes for itself; nothing is created
_MAKES_TEMPORARY = re.compile(r"te?mp_?(?:dir|file|folder)|mk[sd]te?mp|mkdirtemp|createtemp|builddir|out_dir", re.IGNORECASE)


class Does(StrEnum):
    """What a call does with its arguments."""

    SHELL = auto()  # the first is shell code
    ARGV = auto()  # they are a program and its arguments
    DELETE = auto()  # the first is a path, deleted with all below it
    OPAQUE = auto()  # it does anything


@dataclass(frozen=True, slots=True)
class Language:
    """``calls`` by name: ``a.b`` stands for itself and ``x.a.b``, ``.b`` for any method of that name, ``b`` for a function.

    ``bare``: a call needs no parentheses, its arguments end with the line. ``chained``: methods of the result add arguments.
    ``mentions``: the name of such a function without a call is a way around this table. ``single``: a deletion has one
    argument.
    """

    calls: Mapping[str, Does]
    comments: str = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
    strings: str = r'"(?:\\.|[^"\\\n])*"'
    bare: bool = False
    chained: bool = False
    mentions: bool = False
    single: bool = False


def _calls(table: str) -> dict[str, Does]:
    """Lines such as ``shell: system popen``."""
    lines = (line.split(":", 1) for line in table.strip().splitlines())
    return {name: Does(does.strip()) for does, names in lines for name in names.split()}


_HASH = r"\#[^\n]*"
_BOTH_QUOTES = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
_JVM = _calls(
    """
        shell: .exec .execute
        argv: ProcessBuilder .commandLine commandLine
        delete: Files.delete Files.deleteIfExists FileUtils.deleteDirectory FileUtils.forceDelete .deleteRecursively .deleteDir
    """
)  # fmt: skip
LANGUAGES: Mapping[str, Language] = {
    "c": Language(
        _calls(
            """
        shell: system popen _popen wordexp
        argv: execl execlp execle execv execvp execve execvpe posix_spawn posix_spawnp
        delete: remove unlink rmdir remove_all fs.remove filesystem.remove filesystem.remove_all fs.remove_all
        opaque: syscall asm __asm__ dlsym
    """
        ),
        strings=r'R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
        mentions=True,
        single=True,
    ),
    "go": Language(
        _calls(
            """
        argv: .Command .CommandContext syscall.Exec .StartProcess .ForkExec
        delete: os.Remove .RemoveAll syscall.Unlink unix.Unlink
    """
        ),
        strings=r'"(?:\\.|[^"\\\n])*"|`[^`]*`|\'(?:\\.|[^\'\\\n])+\'',
    ),
    "rust": Language(
        _calls(
            """
        shell: system
        argv: Command.new
        delete: remove_dir_all remove_file remove_dir unlink
        opaque: asm!
    """
        ),
        strings=r'r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\\n])\'',
        chained=True,
        single=True,
    ),
    "java": Language(_JVM),
    "gradle": Language({**_JVM, "delete": Does.DELETE, "executable": Does.ARGV}, strings=_BOTH_QUOTES, bare=True),
    "tasks": Language(  # nox, invoke, fabric: what a session runs
        _calls(
            """
        argv: session.run session.run_always session.run_install
        shell: c.run ctx.run context.run c.sudo c.local
    """
        ),
        comments=_HASH,
        strings=_BOTH_QUOTES,
    ),
    "meson": Language({"run_command": Does.ARGV, "command": Does.ARGV}, comments=_HASH, strings=_BOTH_QUOTES, bare=True),
    "hcl": Language({"command": Does.SHELL, "program": Does.ARGV}, comments=rf"{_HASH}|//[^\n]*|/\*.*?\*/", bare=True),
}


def foreign_outcomes(language: str, text: str, cwd: str) -> Iterator[Outcome]:
    """What the calls in ``text`` start and delete. A path is taken to be relative to ``cwd``."""
    spec = LANGUAGES[language]
    lexemes = list(_lexemes(language, text))
    values = _values(lexemes)
    for at, (kind, word) in enumerate(lexemes):
        does = _does(spec, lexemes, at) if kind == "name" else None
        if does is None:
            continue
        found = _arguments(spec, lexemes, at, values)
        if found is not None:
            yield from _outcome(does, word, found, spec, cwd)
        elif spec.mentions and does is not Does.DELETE:
            yield _unseen(word)


_Lexemes = Sequence[tuple[str, str]]


@cache
def _lexer(language: str) -> re.Pattern[str]:
    spec = LANGUAGES[language]
    names = r"[A-Za-z_]\w*(?:(?:::|\.|->)[A-Za-z_]\w*)*!?"
    parts = (f"(?P<comment>{spec.comments})", rf"(?P<text>{_renumbered(spec.strings)})", f"(?P<name>{names})")
    return re.compile("|".join((*parts, r"(?P<break>\n)", r"(?P<assign>:=|<-|=(?!=))", r"(?P<sign>[^\s\w])", r"\w")), re.DOTALL)


def _renumbered(strings: str) -> str:
    """A back-reference of a string's own pattern, by name: the lexer has groups before it."""
    return strings.replace("(#*)", "(?P<hashes>#*)").replace(r"\1", "(?P=hashes)")


def _lexemes(language: str, text: str) -> Iterator[tuple[str, str]]:
    for match in _lexer(language).finditer(text):
        kind = next((kind for kind in ("comment", "text", "name", "break", "assign", "sign") if match[kind] is not None), "")
        if kind and kind != "comment":
            yield kind, match[kind].replace("::", ".").replace("->", ".") if kind == "name" else match[kind]


def _does(spec: Language, lexemes: _Lexemes, at: int) -> Does | None:
    name = lexemes[at][1]
    method = at > 0 and lexemes[at - 1] == ("sign", ".")
    last = name.rpartition(".")[2]
    if "." in name or method:
        parts = name.split(".")
        tails = [".".join(parts[start:]) for start in range(len(parts))] if not method else []
        known = [spec.calls[tail] for tail in tails if "." in tail and tail in spec.calls]
        module = name.startswith(("std.", "fs.", "libc.", "unistd.")) and not method
        return known[0] if known else spec.calls.get(f".{last}") or (spec.calls.get(last) if module else None)
    return spec.calls.get(name)


def _values(lexemes: _Lexemes) -> dict[str, str]:
    """What each variable holds that is given one literal, or a temporary folder; UNKNOWN for one that is given several."""
    found: dict[str, str] = {}
    for at, (kind, _) in enumerate(lexemes):
        if kind != "assign":
            continue
        line = _line(lexemes, at + 1)
        texts = [word for kind, word in line if kind == "text"]
        if any(kind == "name" and _MAKES_TEMPORARY.search(word) for kind, word in line):
            value = NEW_FOLDER
        elif line[:1] == [("text", texts[0] if texts else "")] and all(word in ";," for _, word in line[1:]):
            value = _literal(texts[0])
        else:
            value = UNKNOWN
        for name in _targets(lexemes, at):
            found[name] = value if found.get(name, value) == value else UNKNOWN
    return found


def _line(lexemes: _Lexemes, at: int) -> list[tuple[str, str]]:
    end = next(
        (index for index in range(at, len(lexemes)) if lexemes[index][0] == "break" or lexemes[index][1] == ";"), len(lexemes)
    )
    return list(lexemes[at:end])


def _targets(lexemes: _Lexemes, at: int) -> Iterator[str]:
    at -= 1
    while at >= 0 and (lexemes[at][0] == "name" or lexemes[at][1] in ("[", "]", ",", "*")):
        if lexemes[at][0] == "name":
            yield lexemes[at][1]
            if lexemes[at - 1][1] != ",":
                return
        at -= 1


def _arguments(spec: Language, lexemes: _Lexemes, at: int, values: Mapping[str, str]) -> list[str] | None:
    """The arguments of the call at ``at``, each as far as it is known; None where nothing is called."""
    after = at + 1
    opens = after < len(lexemes) and lexemes[after][1] in ("(", "{")
    if opens and (lexemes[after][1] == "(" or spec.chained):
        end = _closing(lexemes, after)
        found = _split(lexemes[after + 1 : end], values)
        while spec.chained and (more := _next_method(lexemes, end)):
            start, name = more
            end = _closing(lexemes, start)
            if name in ("arg", "args"):
                found += _split(lexemes[start + 1 : end], values)
        return found
    if spec.bare and after < len(lexemes):
        start = after + (lexemes[after][0] == "assign")
        line = _line(lexemes, start)
        begins = line[:1] == [("sign", "[")] or (line and line[0][0] in ("text", "name"))
        return _split(line, values) if begins else None
    return None


def _next_method(lexemes: _Lexemes, end: int) -> tuple[int, str] | None:
    """Where the arguments of a method of what ends at ``end`` begin, and its name."""
    at = end + 1
    while at < len(lexemes) and lexemes[at][0] == "break":
        at += 1
    if at + 2 < len(lexemes) and lexemes[at][1] == "." and lexemes[at + 2][1] == "(":
        return at + 2, lexemes[at + 1][1]
    return None


def _closing(lexemes: _Lexemes, at: int) -> int:
    depth = 0
    for index in range(at, len(lexemes)):
        kind, word = lexemes[index]
        if kind == "sign":
            depth += (word in "([{") - (word in ")]}")
            if depth == 0:
                return index
    return len(lexemes)


_PASSED_ON = frozenset(listed(
    "List of List.of Arrays.asList asList listOf new String vec! byte char const file Path.of Paths.get File PathBuf.from "
    "Path.new String.from files uri filepath.Clean"
))  # fmt: skip
"""Names around a literal that change nothing of it."""
_NOTHING = frozenset(("NULL", "nullptr", "nil", "null", "None", "ctx", "context.Background", "os.Environ", "environ", "envp"))


def _split(lexemes: _Lexemes, values: Mapping[str, str]) -> list[str]:
    """Arguments, those of lists among them; UNKNOWN stands for what is computed."""
    found: list[str] = []
    current: str | None = None
    at = 0
    while at < len(lexemes):
        kind, word = lexemes[at]
        called = kind == "name" and lexemes[at + 1 : at + 2] == [("sign", "(")]
        if word == "," and kind == "sign":
            found += [current] if current is not None else []
            current = None
        elif kind == "text":
            current = (current or "") + _literal(word)
        elif kind == "assign":
            current = None  # external=True: no argument of the program
            at += 1
        elif kind == "name" and word not in _PASSED_ON and word not in _NOTHING and not (called and word == "c"):
            known = NEW_FOLDER if _MAKES_TEMPORARY.search(word) else values.get(word, values.get(word.split(".")[0], UNKNOWN))
            current = (current or "") + (known if known == NEW_FOLDER or not called else UNKNOWN)
            at = _closing(lexemes, at + 1) if called else at
        at += 1
    return [*found, *([current] if current is not None else [])]


def _literal(word: str) -> str:
    """The text of a string literal; UNKNOWN where it spells characters by number."""
    if word.startswith(("`", "[[")):
        return word.strip("`[]")
    if word.startswith(("r", "R")):
        return word[1:].strip("#").strip('"').removeprefix("(").removesuffix(")")
    body = word.lstrip("b")[1:-1]
    if re.search(r"\\[xuU0-7]", body):
        return UNKNOWN
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), body, flags=re.DOTALL)


def _outcome(does: Does, name: str, args: list[str], spec: Language, cwd: str) -> Iterator[Outcome]:
    if does is Does.OPAQUE or (does in (Does.SHELL, Does.ARGV) and (not args or args[0].strip(UNKNOWN) == "")):
        yield _unseen(name)
    elif does is Does.SHELL:
        yield ShellText(args[0])
        if len(args) > 1 and name.endswith(("exec", "execute")):
            yield Argv(tuple(args))  # exec(new String[] {...})
    elif does is Does.ARGV:
        first = 1 if name.startswith(("exec", "posix_spawn")) and args[1:2] in ([args[0]], [args[0].rsplit("/", 1)[-1]]) else 0
        yield Argv(tuple(args[first:]))
    elif args and not (spec.single and len(args) > 1):
        yield Effect(EffectKind.DELETE, absolute(args[0], cwd), name, flags=Flag.RECURSIVE)


def _unseen(name: str) -> Effect:
    return Effect(EffectKind.RUN_UNKNOWN, name, name, detail=f"what {name} is given is not known before it runs")
