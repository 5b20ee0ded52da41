"""What a control is given: one event, what it would do, the policy, and a view of the machine."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from checkrein.core import Action, Effect, Event, Finding, Rule
from checkrein.detect.paths import Classification, Places, classify
from checkrein.observe.disk import Disk, real_path
from checkrein.observe.view import GitView
from checkrein.policy import IgnoreTree, PathAccess, Policy
from checkrein.vault import Entry


@dataclass(frozen=True, slots=True)
class Guard:
    """Checkrein itself, as far as controls have to protect it: its processes, its port and its folders.

    ``trusted`` is the file of certificates by which the client knows the port; it is there where hooks go by https.
    ``gateway`` is the address that the client takes the API for ("" while there is no gateway), ``gateway_port`` its port.
    ``shells`` are the programs of ours that the client may run commands in.
    """

    pids: frozenset[int] = frozenset()
    port: int = 0
    folders: tuple[str, ...] = ()
    trusted: str = ""
    gateway: str = ""
    gateway_port: int = 0
    shells: frozenset[str] = frozenset()

    @property
    def ours(self) -> frozenset[str]:
        """The values of variables in the client's settings that we set ourselves."""
        return frozenset(filter(None, (self.trusted, self.gateway, *self.shells)))

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that only the client may call."""
        return tuple(port for port in (self.port, self.gateway_port) if port)


@dataclass(frozen=True, slots=True)
class Placeholders:
    """The placeholders that stood in a call. ``values`` and ``entries`` are those of this vault: the event that is judged holds
    their values. ``broken`` are of no known value, as they stand there; ``misplaced`` stand where no value can be put.
    ``joined`` are words with a value in them that is known again only where it stands alone, with its placeholder.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    entries: Mapping[str, Entry] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    misplaced: tuple[str, ...] = ()
    joined: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Context:
    """One judgement. ``effects`` are what the event would do, ``programs`` the command lines that it would start.

    ``environments`` holds for each of these the variables that the event itself gives it.
    """

    event: Event
    effects: tuple[Effect, ...]
    programs: tuple[tuple[str, ...], ...]
    environments: tuple[Mapping[str, str], ...]
    policy: Policy
    rules: Mapping[str, Rule]
    disk: Disk
    git: GitView
    places: Places
    ignored: IgnoreTree
    guard: Guard = field(default_factory=Guard)
    made: Mapping[str, Collection[str]] = field(default_factory=dict)
    program_paths: Collection[str] = ()  # the paths that ``programs`` may have, as far as the event says so
    placeholders: Placeholders = field(default_factory=Placeholders)
    started: float = 0.0  # when the session was first seen, seconds since the epoch

    @property
    def project(self) -> str:
        """The folder that the session was opened in."""
        return self.event.project

    @functools.cached_property
    def folders(self) -> tuple[str, ...]:
        """The real paths of the project and the extra folders of the policy's scope."""
        return tuple(real_path(folder) for folder in (self.project, *self.policy.scope.folders))

    def finding(
        self,
        rule_id: str,
        what: str,
        *,
        subject: str = "",
        instead: str = "",
        paths: tuple[str, ...] = (),
        without: tuple[str, ...] = (),
        action: Action | None = None,
        source: str = "",
    ) -> Finding:
        """A finding of a rule, with the action that the policy gives it (or ``action``, where a policy entry says so)."""
        rule = self.rules[rule_id]
        decided, set_by = self.policy.action_for(rule)
        if action is not None:
            decided, set_by = action, source or set_by
        return Finding(
            rule=rule_id,
            threat=rule.threat,
            severity=rule.severity,
            action=decided,
            what=what,
            why=rule.why,
            instead=instead or rule.instead,
            subject=subject,
            source=set_by,
            paths=paths,
            without=without,
        )

    def classify(self, path: str, *, is_dir: bool = False) -> Classification:
        """What kind of file a path names."""
        return classify(path, self.places, is_dir=is_dir)

    def inside(self, path: str) -> bool:
        """True where a real path lies in the project or one of its extra folders."""
        return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in self.folders)

    def named_by_policy(self, path: str, access: PathAccess, *, is_dir: bool = False) -> tuple[Action, str, str, bool] | None:
        """(action, reason, source, final) where the policy's own path lists speak of the path."""
        verdict = self.policy.path_verdict(path, access, is_dir=is_dir)
        return (verdict.action, verdict.reason, verdict.source, verdict.final) if verdict else None
