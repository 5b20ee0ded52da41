"""Code in other languages, judged by syntax: what a snippet of Python, JavaScript, Ruby, Perl, PHP or awk would do.

A snippet is parsed, lowered to a small common language (``ir.py``) and evaluated on what its values may be (``machine.py``,
with ``names.py``, ``items.py``, ``calls.py`` and ``loops.py``). Each language has a folder: ``lowering.py``, the tables of
what its calls do (``table.py``, ``sinks.py``) and its own values (``values.py``). A call that reaches a sink becomes an effect
or further code to judge (``perform.py``); one that no table knows is judged by its name (``services.py``). Text in strings
and comments is nothing but text until it reaches a sink.
"""

from __future__ import annotations

from importlib import import_module

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.model import Outcome, World
from checkrein.detect.shell.snippets.lowering import MARK
from checkrein.detect.shell.snippets.machine import Machine
from checkrein.detect.shell.values import NOWHERE

LANGUAGES = ("python", "javascript", "ruby", "perl", "php", "awk")


def analyse_snippet(
    language: str,
    source: str,
    *,
    cwd: str,
    world: World,
    args: tuple[str, ...] = (),
    stdin: str | None = None,
    origins: frozenset[str] = NOWHERE,
    folder: str = "",
) -> tuple[Outcome, ...]:
    """Everything that a snippet would do, each once, in the order in which it is met.

    ``source`` may hold UNKNOWN where part of the code cannot be known; ``args`` are the words behind the code or script,
    ``stdin`` the text on standard input where it is known, ``origins`` where that and the words came from, ``folder`` is
    that of the script, where its modules are. A language without a lowering gives UNRESOLVED. Never raises for any source.
    """
    if not source.strip():
        return ()
    if not source.strip(UNKNOWN + " \t\r\n;"):
        return (Effect(EffectKind.RUN_UNKNOWN, language, language, detail="code that cannot be known before it runs"),)
    if language not in LANGUAGES:
        return (Effect(EffectKind.UNRESOLVED, language, language, detail=f"code in {language} is not looked into"),)
    module = import_module(f"checkrein.detect.shell.snippets.{language}.lowering")
    machine = Machine(module.DIALECT, cwd=cwd, world=world, args=args, stdin=stdin, origins=origins)
    machine.search += [folder] if folder and folder != cwd else []
    try:
        lowered = module.lower(source.replace(UNKNOWN, MARK))
        machine.run(lowered.program)
    except RecursionError:
        machine.unresolved("the code is nested too deeply to be followed")
        return machine.outcomes()
    for problem in lowered.problems:
        machine.unresolved(problem)
    return machine.outcomes()
