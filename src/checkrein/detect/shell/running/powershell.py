"""PowerShell: its commands, put into words of the shell that stand for them. Variables and expressions are not followed."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.model import Handler, Invocation, Outcome, ScriptFile, ShellText, Snippet
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.syntax.escapes import quote

PROGRAMS: Mapping[str, str] = {
    name: program
    for program, names in {
        "rm -f": "remove-item ri rm del rd erase rmdir clear-recyclebin",
        "mv": "move-item mi mv move rename-item rni ren",
        "cp": "copy-item cpi cp copy",
        "cat": "get-content gc cat type",
        "tee": "set-content out-file",
        "tee -a": "add-content ac",
        "truncate -s 0": "clear-content clc",
        "ls": "get-childitem gci ls dir",
        "echo": "write-output echo write-host",
        "Invoke-WebRequest": "invoke-webrequest iwr wget curl invoke-restmethod irm start-bitstransfer",
        "sh": "invoke-expression iex",
        "env": "start-process saps start",
        "kill": "stop-process spps kill",
        "shutdown -h now": "stop-computer",
        "reboot": "restart-computer",
        "systemctl stop": "stop-service spsv",
        "systemctl restart": "restart-service",
        "mkfs /dev/disk": "format-volume",
        "wipefs -a /dev/disk": "clear-disk initialize-disk",
        "userdel": "remove-localuser",
    }.items()
    for name in listed(names)
}
"""What stands for a command of PowerShell or its alias, in lower case."""
IGNORED = frozenset(listed(
    "-erroraction -ea -confirm -filter -include -exclude -encoding -verb -wait -nonewline -value -itemtype -credential -stream"
))  # fmt: skip
"""Parameters whose value is no path."""
KEYWORDS = frozenset(
    listed("if else elseif foreach for while do try catch finally function param return throw switch in begin process end")
)
VERBS = re.compile(
    "(?:add|clear|compare|connect|convert|convertfrom|convertto|copy|debug|disable|disconnect|enable|enter|exit|expand|export|find"
    "|foreach|format|get|group|hide|import|initialize|install|invoke|join|limit|lock|measure|merge|mount|move|new|open|out|ping|pop"
    "|publish|push|read|receive|register|remove|rename|reset|resolve|restart|restore|resume|save|search|select|send|set|show|skip"
    "|sort|split|start|stop|submit|suspend|switch|sync|tee|test|trace|uninstall|unlock|unregister|update|use|wait|watch|where|write)-"
)
"""How the names of PowerShell's own commands begin; docker-compose is none."""
METHODS = (
    (re.compile(r"\(\s*new-object\s+[\w.]*webclient\s*\)\s*\.\s*download(?:string|data)\s*\(", re.IGNORECASE), "(iwr "),
    (re.compile(r"\[(?:system\.)?io\.(?:file|directory)\]\s*::\s*delete\s*\(", re.IGNORECASE), "(remove-item -recurse "),
)
"""Methods of .NET that do what a command does."""
CONSTANT = re.compile(r",?\s*\$(?:true|false|null)\b", re.IGNORECASE)
HOME = re.compile(r"(?:\$\{?(?:home|env:home|env:userprofile)\}?|~)(?=$|[\\/])", re.IGNORECASE)
TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*|<\#.*?\#>)|'(?P<single>(?:''|[^'])*)'|"(?P<double>(?:`.|""|[^"`])*)\""""
    r"""|(?P<mark>&&|\|\||[|;\n(){}&=])|(?P<space>[ \t\r]+|`\n)|(?P<plain>(?:`.|[^\s|;(){}&='"`])+)|.""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Call:
    """The words of one command, and the marks that stand before and behind it."""

    words: tuple[str, ...]
    before: str
    after: str


def powershell_outcomes(text: str, folder: str) -> Iterator[Outcome]:
    """What a text of PowerShell runs. Commands of its own that change nothing have no part in it."""
    lines: list[str] = []
    evaluated = False
    for method, command in METHODS:
        text = method.sub(command, text)
    for call in _calls(CONSTANT.sub("", text)):
        line = _line(call.words, piped=call.before == "|")
        if line == "sh" and call.after == "(":
            evaluated = True  # iex (iwr ...)
            continue
        if evaluated and line:
            line, evaluated = f"{line} | sh", False
        if call.before == "|" and lines and line:
            lines[-1] += f" | {line}"
        elif line:
            lines.append(line)
    if lines:
        yield ShellText("\n".join(lines), cwd=folder)


def _calls(text: str) -> Iterator[Call]:
    words: list[str] = []
    current: str | None = None
    before = ""
    for match in (*TOKEN.finditer(text), None):
        kind = match.lastgroup if match else "mark"
        if match and kind == "single":
            current = (current or "") + match["single"].replace("''", "'")
        elif match and kind in ("double", "plain"):
            current = (current or "") + _expanded(match[kind])
        else:
            words += [] if current is None else [current]
            current = None
        if kind == "mark":
            mark = match[0] if match else ""
            if words:
                yield Call(tuple(words), before, mark)
                before = mark
            elif mark != "(":
                before = mark
            words = []


def _expanded(text: str) -> str:
    """Text in which variables are unknown, all but the home folder."""
    home = HOME.match(text)
    rest = text[home.end() :] if home else text
    rest = re.sub(r"\$\(?\{?[\w:.]+\}?", UNKNOWN, re.sub(r"`(.)", r"\1", rest))
    return ("~" if home else "") + rest


def _line(words: Sequence[str], *, piped: bool) -> str:
    """A command as the shell would be given it; "" for one that has no counterpart and changes nothing."""
    name = words[0].lower()
    program = PROGRAMS.get(name)
    if program is None:
        own = name in KEYWORDS or VERBS.match(name) or name.startswith(("$", UNKNOWN, ".", "[", "@"))
        return "" if own else " ".join(_shell_word(word) for word in words)
    if program == "sh":
        runs = "sh -c" if UNKNOWN in words[-1] else "pwsh -c"
        return f"{runs} {quote(words[-1])}" if len(words) > 1 else "sh"
    if program == "Invoke-WebRequest":
        return " ".join((program, *(quote(word) for word in words[1:])))
    operands, options = _operands(words[1:])
    if program == "rm -f" and any(option.startswith("-r") for option in options):
        program = "rm -rf"
    if piped and not operands and program.startswith(("rm", "kill", "systemctl")):
        program = f"xargs {program}"
    return " ".join((program, *(_shell_word(word) for word in operands)))


def _operands(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The values that stand for paths or names, and the names of all parameters."""
    operands: list[str] = []
    options: list[str] = []
    for before, word in zip(("", *words), words, strict=False):
        if word.startswith("-"):
            options.append(word.lower())
        elif before.lower() not in IGNORED:
            operands += [part for part in word.split(",") if part]
    return operands, options


def _shell_word(word: str) -> str:
    """A word for the shell: folders are divided by ``/``, a drive's root is the root, patterns stay patterns."""
    path = re.sub(r"^[A-Za-z]:(?=[\\/]|$)", "", word) or "/"
    path = path.replace("\\", "/") if path != word or "\\" in word else word
    home = re.match(r"~/?", path)
    head, rest = (home[0], path[home.end() :]) if home else ("", path)
    return head + "".join(part if part in ("*", "?") else quote(part) for part in re.split(r"([*?])", rest) if part)


def powershell(invocation: Invocation) -> Iterator[Outcome]:
    """pwsh, powershell: ``-Command TEXT...``, ``-EncodedCommand BASE64``, ``-File SCRIPT``, or standard input."""
    words = list(invocation.args)
    while words:
        word = words.pop(0)
        option = word.lower().replace("--", "-").replace("/", "-", 1) if word.startswith(("-", "/")) else ""
        if not option or option == "-":
            words.insert(0, word)
            break
        if option != "-" and "-command".startswith(option):
            text = " ".join(words)
            yield from _given(text if text != "-" else invocation.stdin or "")
            return
        if option == "-ec" or "-encodedcommand".startswith(option):
            yield from _given(_decoded(words[0] if words else ""))
            return
        if "-file".startswith(option):
            break
        if option in ("-version", "-help", "-?", "-h", "-v"):
            return
        if option not in FLAGS and words:
            words.pop(0)
    if not words or words[0] == "-":
        yield from _given(invocation.stdin or "")
    elif invocation.name == "pwsh" or words[0].lower().endswith(".ps1"):
        yield ScriptFile(words[0], "powershell", tuple(words[1:]))
    else:
        yield from _given(" ".join(words))


FLAGS = frozenset(listed("-noprofile -nop -nologo -nol -noninteractive -noni -noexit -noe -sta -mta -login -l -i -interactive"))


def _given(text: str) -> Iterator[Outcome]:
    if text.strip() and not text.strip(UNKNOWN + " \n"):
        detail = "the code is not known before it runs"
        yield Effect(EffectKind.RUN_UNKNOWN, "powershell", "powershell", detail=detail)
    elif text.strip():
        yield Snippet("powershell", text)


def _decoded(text: str) -> str:
    """The text of ``-EncodedCommand``; UNKNOWN where it cannot be told."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-16-le")
    except ValueError:
        return UNKNOWN


HANDLERS: dict[str, Handler] = dict.fromkeys(("pwsh", "powershell", "pwsh-preview"), powershell)
