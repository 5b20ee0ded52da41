"""Which language a program file is in."""

from __future__ import annotations

from checkrein.detect.shell.options import listed

_PROGRAMS = {
    "shell": "sh bash zsh dash ksh ash mksh fish",
    "python": "python python2 python3 pypy pypy3 ipython",
    "javascript": "node nodejs bun deno ts-node tsx",
    "ruby": "ruby jruby",
    "perl": "perl perl5",
    "php": "php",
    "awk": "awk gawk mawk nawk",
    "make": "make gmake",
}
INTERPRETERS = {name: language for language, programs in _PROGRAMS.items() for name in listed(programs)}
_SUFFIXES = {
    "shell": "sh bash zsh ksh command",
    "python": "py pyw",
    "javascript": "js mjs cjs ts mts cts",
    "ruby": "rb",
    "perl": "pl pm",
    "php": "php",
    "awk": "awk",
    "sql": "sql",
    "make": "mk",
}
SUFFIXES = {suffix: language for language, suffixes in _SUFFIXES.items() for suffix in listed(suffixes)}


def interpreter_language(name: str) -> str:
    """The language that a program runs (``python3.12`` too), "" where it is no interpreter that we know."""
    return INTERPRETERS.get(name) or INTERPRETERS.get(name.rstrip("0123456789.").rstrip("-"), "")


def language_of(path: str, text: str) -> str:
    """The language of a file from its first line, else from its name; a text without either is run by the shell."""
    first = text[:200].split("\n", 1)[0]
    if first.startswith("#!"):
        words = first[2:].split()
        words = [word for word in words if not word.startswith("-") and "=" not in word]
        names = [word.rsplit("/", 1)[-1] for word in words]
        if names and names[0] == "env":
            names = names[1:]
        return interpreter_language(names[0]) if names else ""
    name = path.rsplit("/", 1)[-1]
    if name in ("Makefile", "makefile", "GNUmakefile"):
        return "make"
    suffix = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    return SUFFIXES.get(suffix, "shell")
