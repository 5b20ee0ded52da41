"""Which language a program file is in."""

from __future__ import annotations

from checkrein.detect.shell.options import listed

_PROGRAMS = {
    "shell": "sh bash zsh dash ksh ksh93 ash mksh fish rbash csh tcsh yash osh ysh oil posh",
    "python": "python python2 python3 pypy pypy3 ipython",
    "javascript": "node nodejs bun deno ts-node tsx",
    "ruby": "ruby jruby",
    "perl": "perl perl5",
    "php": "php",
    "awk": "awk gawk mawk nawk",
    "make": "make gmake",
    "powershell": "pwsh powershell",
    "sed": "sed gsed",
}
INTERPRETERS = {name: language for language, programs in _PROGRAMS.items() for name in listed(programs)}


def interpreter_language(name: str) -> str:
    """The language that a program runs (``python3.12`` too), "" where it is no interpreter that we know."""
    return INTERPRETERS.get(name) or INTERPRETERS.get(name.rstrip("0123456789.").rstrip("-"), "")


def executed_language(text: str) -> str:
    """The language of a file that is run as a program, by its first line as the kernel reads it; "" where we do not know it.

    A text without ``#!`` is run by the shell that starts it, whatever its name ends with.
    """
    first = text[:200].split("\n", 1)[0]
    if not first.startswith("#!"):
        return "shell"
    words = [word for word in first[2:].split() if not word.startswith("-") and "=" not in word]
    names = [word.rsplit("/", 1)[-1] for word in words]
    while names and names[0] in ("env", "busybox", "toybox"):
        names = names[1:]
    return interpreter_language(names[0]) if names else ""
