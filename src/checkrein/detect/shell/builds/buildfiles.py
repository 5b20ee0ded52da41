"""Build files in languages of their own: justfiles, CMake, Tcl, Maven and Ant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.builds.foreign import NEW_FOLDER
from checkrein.detect.shell.model import Argv, Outcome, ShellText, Snippet, absolute
from checkrein.detect.shell.running.languages import executed_language


def unreadable(what: str) -> Effect:
    """What to say of a file that tells a tool what to run and cannot be read."""
    return Effect(EffectKind.RUN_UNKNOWN, what, what, detail=f"the {what} cannot be read, so what it runs is not known")


_TEMPLATE = re.compile(r"\{\{-?\s*\.?(.*?)\s*-?\}\}", re.DOTALL)


def filled(text: str, values: Mapping[str, str]) -> str:
    """``{{name}}`` with its value; UNKNOWN for what is computed."""
    return _TEMPLATE.sub(lambda match: values.get(match[1], UNKNOWN), text)


def lines_outcomes(pattern: str, text: str, folder: str) -> Iterator[Outcome]:
    """Lines that a pattern finds shell code in, as its only group."""
    for match in re.finditer(pattern, text, re.MULTILINE):
        yield ShellText(match[1], cwd=folder)


def ninja_outcomes(text: str, folder: str) -> Iterator[Outcome]:
    """Commands of the rules of a build.ninja, with the variables that are given a value anywhere in it."""
    text = text.replace("$\n", " ")
    values = dict(re.findall(r"^\s*([\w.-]+)\s*=\s*(.*)$", text, re.MULTILINE))
    for match in re.finditer(r"^\s+command\s*=\s*(.+)$", text, re.MULTILINE):
        code = re.sub(r"\$(?:\{([\w.-]+)\}|([\w-]+))", lambda found: values.get(found[1] or found[2], UNKNOWN), match[1])
        yield ShellText(code.replace("$$", "$"), cwd=folder)


def just_outcomes(text: str, folder: str) -> Iterator[Outcome]:
    """Recipes of a justfile, line by line, or as the script that they begin as; and what its backticks run."""
    text = re.sub(r"\\\n", " ", text)
    values = {match[1]: match[3] for match in re.finditer(r"^([\w-]+)\s*:=\s*(['\"])(.*)\2\s*$", text, re.MULTILINE)}
    for match in re.finditer(r"^\S.*?`([^`\n]+)`", text, re.MULTILINE):
        yield ShellText(match[1], cwd=folder)
    for match in re.finditer(r"(?:^[ \t]+\S.*(?:\n|\Z)(?:[ \t]*\n)*)+", text, re.MULTILINE):
        lines = [filled(line.strip(), values) for line in match[0].splitlines()]
        if lines[0].startswith("#!"):
            script = "\n".join(filled(line, values) for line in _dedented(match[0]))
            yield from code_outcomes(script, executed_language(script), folder)
        else:
            yield from (ShellText(line.lstrip("@-"), cwd=folder) for line in lines if line)


def _dedented(text: str) -> list[str]:
    lines = text.splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    return [line[indent:] for line in lines]


def code_outcomes(text: str, language: str, folder: str) -> Iterator[Outcome]:
    """A whole script in a language; "" for one that nobody reads."""
    if language == "shell":
        yield ShellText(text, cwd=folder)
    elif language:
        yield Snippet(language, text)
    else:
        yield unreadable("script")


_TCL_WORD = re.compile(r'"(?:\\.|[^"\\])*"|\{[^{}]*\}|[^\s"\[\];{}]+')
_TCL_OPTIONS = frozenset(("-force", "--", "-ignorestderr", "-keepnewline"))


def tcl_outcomes(text: str, folder: str) -> Iterator[Outcome]:
    """``exec``, ``file delete`` and ``open |`` wherever they stand in a Tcl script; variables are not followed."""
    for line in re.split(r"[\n;\[{]", re.sub(r"^\s*#.*$", "", text.replace("\\\n", " "), flags=re.MULTILINE)):
        words = [_tcl_word(word) for word in _TCL_WORD.findall(line.rstrip("}] "))]
        plain = [word for word in words if word not in _TCL_OPTIONS]
        if plain[:1] == ["exec"] and len(plain) > 1:
            yield Argv(tuple(plain[1:]), cwd=folder)
        elif plain[:2] == ["file", "delete"]:
            for word in plain[2:]:
                yield Effect(EffectKind.DELETE, absolute(word, folder), "file delete", flags=Flag.RECURSIVE)
        elif plain[:1] == ["open"] and plain[1:2] and plain[1].startswith("|"):
            yield ShellText(plain[1][1:], cwd=folder)


def _tcl_word(word: str) -> str:
    plain = word[1:-1] if word[0] in '"{' else word
    return plain if word[0] == "{" else re.sub(r"\$(?:\{[^}]*\}|[\w:]+)", UNKNOWN, plain)


_CMAKE_CALL = re.compile(
    r"^\s*(execute_process|add_custom_command|add_custom_target|exec_program|file|install)\s*\(",
    re.IGNORECASE | re.MULTILINE,
)
_CMAKE_WORD = re.compile(r'\[(=*)\[.*?\]\1\]|"(?:\\.|[^"\\])*"|[()]|[^\s()"]+', re.DOTALL)


def cmake_outcomes(text: str, folder: str) -> Iterator[Outcome]:
    """Commands of a CMakeLists.txt, those of its targets too, and what it removes."""
    text = re.sub(r"(?m)^([^\"\n#]*)#.*$", r"\1", text)
    for match in _CMAKE_CALL.finditer(text):
        words = _cmake_words(text, match.end(), folder)
        name = match[1].lower()
        if name == "file" and words[:1] and words[0] in ("REMOVE", "REMOVE_RECURSE"):
            for word in words[1:]:
                yield Effect(EffectKind.DELETE, absolute(word, f"{folder}/build"), f"file({words[0]})", flags=Flag.RECURSIVE)
        elif name == "install" and "CODE" in words[:-1]:
            yield from cmake_outcomes(words[words.index("CODE") + 1], folder)
        elif name == "exec_program":
            yield Argv(tuple(words[:1] + [word for word in words[1:] if word != "ARGS"]), cwd=folder)
        else:
            yield from (Argv(tuple(command), cwd=folder) for command in _cmake_commands(words))


def _cmake_words(text: str, at: int, folder: str) -> list[str]:
    """The arguments of a call up to its closing parenthesis. Folders of the build are known, other variables are not."""
    words: list[str] = []
    depth = 1
    for match in _CMAKE_WORD.finditer(text, at):
        depth += (match[0] == "(") - (match[0] == ")")
        if depth == 0:
            break
        word = match[0][1:-1] if match[0][0] == '"' else match[0].strip("[]=") if match[0][0] == "[" else match[0]
        words.append(re.sub(r"\$[{<](.*?)[}>]", lambda found: _cmake_value(found[1], folder), word))
    return words


def _cmake_value(name: str, folder: str) -> str:
    if name == "CMAKE_COMMAND":
        return "cmake"
    if "BINARY_DIR" in name:
        return f"{folder}/build"
    if name.endswith("SOURCE_DIR"):
        return folder
    return "program" if name.endswith(("_EXECUTABLE", "_COMPILER", "_PROGRAM")) or name.startswith("TARGET_FILE") else UNKNOWN


def _cmake_commands(words: list[str]) -> Iterator[list[str]]:
    """What stands between COMMAND and the next keyword."""
    current: list[str] | None = None
    for word in words:
        if re.fullmatch(r"[A-Z][A-Z_]{3,}", word):
            if current:
                yield current
            current = [] if word == "COMMAND" else None
        elif current is not None:
            current.append(word)
    if current:
        yield current


def maven_outcomes(text: str, folder: str) -> Iterator[Outcome]:
    """Programs that the plugins of a pom.xml or the targets of a build.xml run, and what these delete."""
    if "<!ENTITY" in text:
        raise ValueError("a document that defines entities")
    root = ElementTree.fromstring(text)  # noqa: S314 - no entities, and the size of a script at most
    for node in root.iter():
        tag = node.tag.rpartition("}")[2]
        inner = {child.tag.rpartition("}")[2]: child for child in node}
        if tag == "configuration" and "executable" in inner:
            words = [each.text or "" for each in inner.get("arguments", ())]
            yield Argv(tuple(_property(word) for word in (inner["executable"].text or "", *words)), cwd=folder)
        elif tag == "exec" and node.get("executable"):
            words = [each.get("value") or each.get("line") or "" for each in node]
            yield Argv(tuple(_property(word) for word in (node.get("executable", ""), *words)), cwd=folder)
        elif tag == "delete" and (place := node.get("dir") or node.get("file")):
            yield Effect(EffectKind.DELETE, absolute(_property(place), folder), "delete", flags=Flag.RECURSIVE)


def _property(text: str) -> str:
    return re.sub(r"\$\{(.*?)\}", lambda match: NEW_FOLDER if "build" in match[1] or "dist" in match[1] else UNKNOWN, text)
