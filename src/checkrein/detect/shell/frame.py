"""Where a command runs, what is recorded of it, and how far an analysis goes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from checkrein.core.effect import Effect, EffectKind, Flag
from checkrein.core.sweep import Sweep
from checkrein.detect.shell.links import Links
from checkrein.detect.shell.model import World
from checkrein.detect.shell.running.languages import interpreter_language
from checkrein.detect.shell.state import State
from checkrein.detect.shell.values import NOWHERE, Stream, Value, contents

MAX_DEPTH = 24
MAX_SCENARIOS = 8
MAX_ITERATIONS = 200
MAX_RECURSION = 3
MAX_WORK = 40_000
"""What one analysis may spend. A unit is what takes about a microsecond."""
NO_HOOKS = ("/.git/", "/.husky/", "/.githooks/")
"""Folders of hooks, which run nothing in a repository that nobody set up yet."""
MAKING = frozenset((EffectKind.WRITE, EffectKind.LINK))
CHARACTERS_A_UNIT = 8  # of code in code
FILES_A_UNIT = 8  # whose names are compared


class Cost(IntEnum):
    """What each kind of work costs, in units."""

    FIELD = 1  # one word that is made
    WORD = 4  # a word that is more than plain text
    STEP = 15  # a command of any kind, run once
    PROGRAM = 40  # and 2 for each of its words
    EFFECT = 30
    REDIRECTION = 20


class TooMuchError(Exception):
    """The work for this command would go on for too long. What was found until then stands."""


@dataclass(slots=True)
class Budget:
    """What is left to be spent on one analysis, over all texts, loops, expansions and programs in it."""

    left: int = MAX_WORK

    def spend(self, units: int) -> None:
        """Count work, before it is done. TooMuchError where no more is left."""
        self.left -= units
        if self.left < 0:
            raise TooMuchError


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
    background: bool = False  # while other commands run, perhaps for long
    tested: bool = False  # in a condition: it may fail without ending the shell, whatever ``set -e`` says
    origins: frozenset[str] = NOWHERE  # of what is not known in the code that is run
    sweep: Sweep | None = None  # what a search found, for which this runs
    opened: Mapping[str, Stream] = field(
        default_factory=dict
    )  # what redirections of this command opened to read, by descriptor

    def descriptor(self, number: str) -> Stream | None:
        """What can be read from an open descriptor; None where it is not known to be redirected."""
        if number == "0" and self.stdin is not None:
            return self.stdin
        return self.opened[number] if number in self.opened else self.state.inputs.get(number)


@dataclass(slots=True)
class Analysis:
    """What a command line would do. ``programs`` are all programs that it starts, in order.

    ``environments`` holds for each of them the variables that the command line itself gives it. ``made`` says of the files that
    are written what their content is made of, as ``Effect.reads`` does. ``places`` are the paths that its programs may have, as
    far as it says so, by a path or a PATH of its own. ``running`` are files that are run in the background, each with the
    interpreter that runs it, "" for a program of its own.
    """

    effects: list[Effect] = field(default_factory=list)
    programs: list[tuple[str, ...]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    made: dict[str, set[str]] = field(default_factory=dict)
    environments: list[Mapping[str, str]] = field(default_factory=list)
    places: set[str] = field(default_factory=set)
    running: dict[str, str] = field(default_factory=dict)


class Recorder:
    """Keeps what one analysis finds."""

    def __init__(self, world: World, budget: Budget | None = None) -> None:
        self.world = world
        self.budget = budget or Budget()
        self.analysis = Analysis()
        self.links = Links(functools.cache(world.real))
        self.copies: dict[str, str] = {}  # programs of this machine, by the paths that the command gave them
        self.arrived: set[str] = set()  # folders that are made of what came over the network
        self.made_here: set[str] = set()  # paths that were written, and the folders that hold them
        self._seen: set[Effect] = set()

    def emit(self, effect: Effect, frame: Frame) -> None:
        """Record an effect once, with what is true of everything in this frame."""
        effect = replace(effect, flags=effect.flags | frame.flags) if frame.flags else effect
        if not effect.flags & Flag.REMOTE:
            self._note_made(effect)
        if frame.sweep is not None and frame.sweep.target == effect.target:
            effect = replace(effect, sweep=frame.sweep)
        if effect not in self._seen:
            self.budget.spend(Cost.EFFECT)
            self._seen.add(effect)
            self.analysis.effects.append(effect)
            self._follow(effect, frame)

    def _follow(self, effect: Effect, frame: Frame) -> None:
        """Remember a link, and what runs in the background; record what is changed by way of a link."""
        if effect.flags & Flag.REMOTE:
            return
        if effect.kind is EffectKind.EXECUTE and frame.background and effect.known:
            self.analysis.running[effect.target] = effect.program if interpreter_language(effect.program) else ""
        if effect.kind is EffectKind.LINK and effect.to and effect.detail != "hard":
            self.links.made[effect.target] = effect.to
        elif effect.kind in (EffectKind.WRITE, EffectKind.CHMOD) and effect.target in self.links.made:
            self.emit(replace(effect, target=self.links.made[effect.target]), frame)
        place = effect.to if effect.kind is EffectKind.MOVE else effect.target if effect.kind in MAKING else ""
        while place and place not in self.made_here:
            self.made_here.add(place)
            place = place.rpartition("/")[0]

    def has_arrived(self, path: str) -> bool:
        """True for a file of a folder that came over the network with this command: nobody can know it yet."""
        below = any(path.startswith(f"{folder}/") for folder in self.arrived)
        return (
            below
            and not any(place in path for place in NO_HOOKS)
            and self.world.read_text(path) is None
            and not self.world.is_dir(path)
        )

    def _note_made(self, effect: Effect) -> None:
        made = self.analysis.made
        target, reads = (effect.to, (effect.target,)) if effect.kind is EffectKind.MOVE else (effect.target, effect.reads)
        if effect.kind in (EffectKind.WRITE, EffectKind.MOVE) and target and reads:
            written = [path for path in reads if path.rstrip("/") in self.made_here]
            self.budget.spend(len(made) * len(written) // FILES_A_UNIT)
            made.setdefault(target, set()).update(reads, contents(written, made) if written else ())

    def unresolved(self, what: str, why: str, frame: Frame) -> None:
        """Record that something could not be resolved."""
        self.emit(Effect(EffectKind.UNRESOLVED, what, "", detail=why), frame)
