"""Which language a program file is in."""

from __future__ import annotations

INTERPRETERS = {
    "sh": "shell", "bash": "shell", "zsh": "shell", "dash": "shell", "ksh": "shell", "ash": "shell", "mksh": "shell", "fish": "shell",
    "python": "python", "python2": "python", "python3": "python", "pypy": "python", "pypy3": "python", "ipython": "python",
    "node": "javascript", "nodejs": "javascript", "bun": "javascript", "deno": "javascript", "ts-node": "javascript", "tsx": "javascript",
    "ruby": "ruby", "jruby": "ruby",
    "perl": "perl", "perl5": "perl",
    "php": "php",
    "awk": "awk", "gawk": "awk", "mawk": "awk", "nawk": "awk",
    "make": "make", "gmake": "make",
}  # fmt: skip
SUFFIXES = {
    "sh": "shell", "bash": "shell", "zsh": "shell", "ksh": "shell", "command": "shell",
    "py": "python", "pyw": "python",
    "js": "javascript", "mjs": "javascript", "cjs": "javascript", "ts": "javascript", "mts": "javascript", "cts": "javascript",
    "rb": "ruby", "pl": "perl", "pm": "perl", "php": "php", "awk": "awk", "sql": "sql", "mk": "make",
}  # fmt: skip


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
