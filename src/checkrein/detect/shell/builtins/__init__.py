"""The shell's own commands: those that change the shell, and those that run code in it."""

from __future__ import annotations

from checkrein.detect.shell.builtins.code import (
    alias,
    command,
    compgen,
    complete,
    enable,
    eval_,
    exec_,
    hash_,
    source,
    test,
    time,
    transparent,
    trap,
    unalias,
)
from checkrein.detect.shell.builtins.folders import cd, popd, pushd
from checkrein.detect.shell.builtins.reading import let, mapfile, printf, read
from checkrein.detect.shell.builtins.variables import declare, set_, shift, unset
from checkrein.detect.shell.builtins.words import Builtin
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.values import SILENT, Stream


def _quiet(*_: object) -> Stream:
    return SILENT


TABLE: dict[str, Builtin] = {
    ".": source,
    "[": test,
    "alias": alias,
    "builtin": command,
    "cd": cd,
    "chdir": cd,
    "command": command,
    "compgen": compgen,
    "complete": complete,
    "declare": declare,
    "enable": enable,
    "eval": eval_,
    "exec": exec_,
    "export": declare,
    "hash": hash_,
    "let": let,
    "local": declare,
    "mapfile": mapfile,
    "nocorrect": transparent,
    "noglob": transparent,
    "popd": popd,
    "printf": printf,
    "pushd": pushd,
    "read": read,
    "readarray": mapfile,
    "readonly": declare,
    "set": set_,
    "shift": shift,
    "source": source,
    "test": test,
    "time": time,
    "trap": trap,
    "typeset": declare,
    "unalias": unalias,
    "unset": unset,
} | dict.fromkeys(
    listed(": true false exit return break continue shopt ulimit umask wait jobs getopts"),
    _quiet,
)
"""Each builtin by its name."""
