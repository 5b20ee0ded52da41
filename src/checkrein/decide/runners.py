"""What is written into a file that a program in the background may run any moment."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from checkrein.core import Effect, EffectKind, Flag
from checkrein.detect.shell.interpreter import Analysis, analyse
from checkrein.detect.shell.model import World
from checkrein.detect.shell.overlay import Overlay
from checkrein.detect.shell.values import Stream


def with_runners(analysis: Analysis, running: Mapping[str, str], world: World, cwd: str) -> Analysis:
    """``analysis``, with what files would do that are written now and that a program of ``running`` (by path) runs."""
    for effect in tuple(analysis.effects):
        program = running.get(effect.target)
        if program is None or effect.kind is not EffectKind.WRITE or effect.text is None or effect.flags & Flag.REMOTE:
            continue
        over = Overlay(world, {effect.target: Stream(effect.text)}, lambda _: False)
        run = analyse(f"{program} {shlex.quote(effect.target)}".strip(), over, cwd)
        analysis.effects += [found for found in run.effects if not _is_start(found, effect)]
        analysis.programs += run.programs
        analysis.environments += run.environments
    return analysis


def _is_start(found: Effect, written: Effect) -> bool:
    return found.kind is EffectKind.EXECUTE and found.target == written.target
