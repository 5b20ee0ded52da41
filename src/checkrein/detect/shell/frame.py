"""Where a command runs, what is recorded of it, and how far an analysis goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from checkrein.core.effect import Effect, EffectKind, Flag
from checkrein.detect.shell.model import World
from checkrein.detect.shell.state import State
from checkrein.detect.shell.values import Stream, Value

MAX_STEPS = 4_000
MAX_DEPTH = 24
MAX_SCENARIOS = 8
MAX_ITERATIONS = 200
MAX_RECURSION = 3
MAX_TEXT = 500_000
"""Characters of shell code that one analysis reads, code in code counted again."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a command runs: its shell, its standard input, and what is true of all its effects."""

    state: State
    stdin: Stream | None = None
    flags: Flag = Flag.NONE
    depth: int = 0
    calls: tuple[str, ...] = ()  # functions being run
    line: Value | None = None  # what `read` gives next
    parallel: bool = False  # in a pipeline or in the background


@dataclass(slots=True)
class Analysis:
    """What a command line would do. ``programs`` are all programs that it starts, in order.

    ``environments`` holds for each of them the variables that the command line itself gives it.
    """

    effects: list[Effect] = field(default_factory=list)
    programs: list[tuple[str, ...]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    environments: list[Mapping[str, str]] = field(default_factory=list)


class Recorder:
    """Keeps what one analysis finds."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.analysis = Analysis()
        self._seen: set[Effect] = set()

    def emit(self, effect: Effect, frame: Frame) -> None:
        """Record an effect once, with what is true of everything in this frame."""
        effect = replace(effect, flags=effect.flags | frame.flags) if frame.flags else effect
        if effect not in self._seen:
            self._seen.add(effect)
            self.analysis.effects.append(effect)

    def unresolved(self, what: str, why: str, frame: Frame) -> None:
        """Record that something could not be resolved."""
        self.emit(Effect(EffectKind.UNRESOLVED, what, "", detail=why), frame)
