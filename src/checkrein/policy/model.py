"""``Policy``: what is in force for one project, folded from the layers. Immutable; asking it costs a dictionary look-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from fnmatch import fnmatchcase

from checkrein.core import Action, Rule
from checkrein.policy.pathlist import PathList
from checkrein.policy.privacy import Privacy


class Layer(IntEnum):
    """Where a setting comes from; a later layer speaks after an earlier one."""

    DEFAULT = 0
    ORGANISATION = 1
    USER = 2
    PROJECT = 3

    def __str__(self) -> str:
        return self.name.lower()


class Approval(StrEnum):
    """A class of harmless effects for which the client's own permission prompt is spared."""

    READ_ONLY = "read-only"


class Outside(StrEnum):
    """What happens on access outside the scope. ``CLIENT``: its own prompt decides; where it would not, this is ``ASK``."""

    CLIENT = "client"
    ASK = "ask"
    DENY = "deny"

    @property
    def rank(self) -> int:
        """0 (loosest) to 2."""
        return list(Outside).index(self)


class Transport(StrEnum):
    """How the client calls the guard."""

    AUTO = "auto"
    HTTP = "http"
    COMMAND = "command"
    BOTH = "both"


class PathAccess(StrEnum):
    """The access that a path entry is about. ``WRITE`` stands for every change: delete, move, chmod and link too."""

    READ = "read"
    WRITE = "write"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """One entry of ``rules``. ``pattern`` is a rule id or a glob of ids; ``source`` is ``FILE:LINE``."""

    pattern: str
    action: Action
    reason: str
    source: str
    layer: Layer

    @property
    def weight(self) -> tuple[bool, int, Action]:
        """The heavier of two entries that match the same rule is the more specific one; the stricter where both are equal."""
        literal = len(self.pattern) - self.pattern.count("*") - self.pattern.count("?")
        return literal == len(self.pattern), literal, self.action


@dataclass(frozen=True, slots=True)
class PathRule:
    """One entry of ``protected`` or ``sensitive``."""

    paths: tuple[str, ...]
    access: PathAccess
    action: Action
    reason: str
    source: str
    layer: Layer
    matcher: PathList = field(compare=False, repr=False)

    def concerns(self, access: PathAccess) -> bool:
        """Whether the entry speaks about ``access`` (READ or WRITE)."""
        return self.access in (access, PathAccess.ANY)


@dataclass(frozen=True, slots=True)
class PathVerdict:
    """What the policy's own lists say of a path.

    ``final``: the organisation or the user named this path, so the built-in path rules do not speak (with ALLOW: it is exempt).
    Otherwise only the project did, and the stricter of ``action`` and the built-in rules counts.
    """

    action: Action
    reason: str
    source: str
    final: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """The folders that a session is limited to. ``folders`` are extra ones, absolute."""

    outside_read: Outside
    outside_write: Outside
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undo:
    """Snapshots: ``max_bytes`` is the most that one may hold."""

    enabled: bool
    max_bytes: int
    keep_days: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which layer may loosen what.

    ``locks`` are the keys that the user layer cannot loosen; ``user_bound`` means that it can loosen nothing, because the
    organisation's file is broken and what it locks is not known.
    """

    locks: tuple[str, ...] = ()
    user_bound: bool = False

    def tightens_only(self, layer: Layer, key: str) -> bool:
        """Whether ``layer`` may not loosen ``key`` (``scope.outside_read``, ``rules.git.push-force``)."""
        if layer is Layer.USER:
            return self.user_bound or self._locked(key)
        return layer is Layer.PROJECT

    def _locked(self, key: str) -> bool:
        return any(
            key == lock or key.startswith(f"{lock}.") or (lock.startswith("rules.") and fnmatchcase(key, lock))
            for lock in self.locks
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """The effective policy of one project.

    ``unknown`` is for what cannot be resolved, ``on_error`` (ASK or DENY) for what could not be judged, ``privacy`` for data.
    ``sources`` tells for each key which ``FILE:LINE`` (or ``default``) set it.
    """

    approve: frozenset[Approval]
    unknown: Action
    ignore_files: tuple[str, ...]
    scope: Scope
    undo: Undo
    transport: Transport
    on_error: Action
    privacy: Privacy
    rules: tuple[RuleSetting, ...] = ()
    protected: tuple[PathRule, ...] = ()
    sensitive: tuple[PathRule, ...] = ()
    bounds: Bounds = Bounds()
    sources: Mapping[str, str] = field(default_factory=dict)
    _actions: dict[str, tuple[Action, str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def action_for(self, rule: Rule) -> tuple[Action, str]:
        """What ``rule`` does when it fires, and what set it: ``default`` or ``FILE:LINE``."""
        found = self._actions.get(rule.id)
        if found is None:
            found = self._actions[rule.id] = self.rule_action(rule.id, rule.action, Layer.PROJECT)
        return found

    def rule_action(self, rule: str, default: Action, upto: Layer) -> tuple[Action, str]:
        """As ``action_for``, for the layers up to and including ``upto``."""
        action, source = default, "default"
        for layer in Layer:
            setting = self.setting_for(rule, layer) if layer <= upto else None
            if setting is None or (self.bounds.tightens_only(layer, f"rules.{rule}") and setting.action <= action):
                continue
            action, source = setting.action, setting.source
        return action, source

    def setting_for(self, rule: str, layer: Layer) -> RuleSetting | None:
        """The most specific entry of ``layer`` for the rule with this id."""
        matching = (each for each in self.rules if each.layer is layer and fnmatchcase(rule, each.pattern))
        return max(matching, key=lambda each: each.weight, default=None)

    def path_verdict(self, path: str, access: PathAccess, *, is_dir: bool = False) -> PathVerdict | None:
        """What ``protected`` and ``sensitive`` say of ``access`` (READ or WRITE) to an absolute, normalised path, if anything.

        Within a layer the last entry that matches counts, those of ``sensitive`` after those of ``protected``.
        """
        verdict: PathVerdict | None = None
        for layer in Layer:
            entry = self._path_rule(path, access, layer, is_dir=is_dir)
            if entry is None:
                continue
            key = "sensitive" if entry in self.sensitive else "protected"
            if not self.bounds.tightens_only(layer, key):
                verdict = PathVerdict(entry.action, entry.reason, entry.source, final=True)
            elif entry.action > (verdict.action if verdict else Action.ALLOW):
                verdict = PathVerdict(entry.action, entry.reason, entry.source, final=verdict is not None and verdict.final)
        return verdict

    def _path_rule(self, path: str, access: PathAccess, layer: Layer, *, is_dir: bool) -> PathRule | None:
        for entry in reversed((*self.protected, *self.sensitive)):
            if entry.layer is layer and entry.concerns(access) and entry.matcher.covers(path, is_dir=is_dir):
                return entry
        return None
