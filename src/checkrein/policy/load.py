"""Reading the layers from disk, once (``load_policy``) or again and again at the cost of a ``stat`` (``PolicyStore``)."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from checkrein.core import PolicyError, Rule
from checkrein.policy.files import FileId, PolicyFiles, file_id, read_text
from checkrein.policy.layer import LayerSettings, Places, read_layer
from checkrein.policy.merge import merge
from checkrein.policy.model import Layer, Policy
from checkrein.policy.note import Note
from checkrein.rules import load_rules

_PROJECTS_KEPT = 64


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A policy and what its authors should know about it."""

    policy: Policy
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class CurrentPolicy:
    """What is in force now. ``errors`` name the files that are broken: their last good version is in force, or, where there
    was none (``lost``), nothing of them; with a broken organisation layer the user layer can then only tighten."""

    policy: Policy
    notes: tuple[Note, ...] = ()
    errors: tuple[PolicyError, ...] = ()
    lost: tuple[PolicyError, ...] = ()


def load_policy(project: str | Path, files: PolicyFiles, *, rules: Mapping[str, Rule] | None = None) -> LoadedPolicy:
    """The policy of ``project`` from the files as they are now. Raises PolicyError where one is broken."""
    registry = load_rules() if rules is None else rules
    places = _places(project, files)
    layers = [_default(places)]
    for layer, file in layer_files(project, files):
        found = load_layer(file, layer, places, registry)
        if found is not None:
            layers.append(found)
    return LoadedPolicy(*merge(layers, registry))


def layer_files(project: str | Path, files: PolicyFiles) -> Sequence[tuple[Layer, Path]]:
    """The file of each layer above the default, in ascending order."""
    return (
        (Layer.ORGANISATION, files.organisation),
        (Layer.USER, files.user),
        (Layer.PROJECT, PolicyFiles.project(Path(project))),
    )


def load_layer(file: Path, layer: Layer, places: Places, rules: Mapping[str, Rule]) -> LayerSettings | None:
    """The settings in ``file``, or None where there is no such file. Raises PolicyError where it is broken."""
    source = read_text(file, follow_links=layer is not Layer.PROJECT)
    return None if source is None else read_layer(source.text, str(file), layer, places, rules)


def check_layer(layer: Layer, file: Path, project: str | Path, files: PolicyFiles) -> tuple[Note, ...] | None:
    """What is to be said about ``file`` as the ``layer`` of ``project``, the layers below it as they stand; None: no such file.

    Raises PolicyError where ``file`` is broken. Other files that are broken count as absent.
    """
    registry = load_rules()
    places = _places(project, files)
    found = load_layer(file, layer, places, registry)
    if found is None:
        return None
    layers = [_default(places)]
    for lower, path in layer_files(project, files):
        if lower < layer:
            with suppress(PolicyError):
                below = load_layer(path, lower, places, registry)
                layers += [below] if below is not None else []
    _, notes = merge([*layers, found], registry)
    return tuple(note for note in notes if note.source.startswith(f"{file}:"))


def _places(project: str | Path, files: PolicyFiles) -> Places:
    return Places(project=os.path.normpath(project), home=os.path.normpath(files.home))


def _default(places: Places) -> LayerSettings:
    return read_layer(default_text(), "default.yaml", Layer.DEFAULT, places, ())


@cache
def default_text() -> str:
    """The built-in default, a policy file itself."""
    return (resources.files(__package__) / "default.yaml").read_text("utf-8")


@dataclass(slots=True)
class _Cached:
    """One layer's file of one project: what was last seen of it, and the last good version."""

    seen: FileId | None = None
    good: LayerSettings | None = None
    error: PolicyError | None = None
    ever_read: bool = False


@dataclass(slots=True)
class _Known:
    """A project that was asked for. Its places are put together once: every call of the agent's asks for its policy."""

    places: Places
    files: Sequence[tuple[Layer, Path]]
    layers: dict[Layer, _Cached]
    current: CurrentPolicy | None = None


class PolicyStore:
    """The policies of all projects, kept up to date. Thread-safe.

    While nothing changes, ``current`` costs one ``stat`` per layer. A file that turns broken changes nothing but ``errors``.
    """

    def __init__(self, files: PolicyFiles, *, rules: Mapping[str, Rule] | None = None) -> None:
        self._files = files
        self._rules = load_rules() if rules is None else rules
        self._lock = threading.Lock()
        self._projects: OrderedDict[str, _Known] = OrderedDict()

    def current(self, project: str | Path) -> CurrentPolicy:
        """The policy that is in force for ``project`` now. Never raises for what is in a policy file."""
        with self._lock:
            known = self._projects.get(str(project)) or self._first(str(project))
            changed = [self._refresh(known.layers[layer], layer, file, known.places) for layer, file in known.files]
            if known.current is None or any(changed):
                known.current = self._merged(known.layers, known.places)
            self._projects.move_to_end(str(project))
            return known.current

    def _first(self, project: str) -> _Known:
        """A project that is not known yet."""
        places = _places(project, self._files)
        files = layer_files(places.project, self._files)
        known = self._projects[project] = _Known(places, files, {layer: _Cached() for layer, _ in files})
        if len(self._projects) > _PROJECTS_KEPT:
            self._projects.popitem(last=False)
        return known

    def _refresh(self, cached: _Cached, layer: Layer, file: Path, places: Places) -> bool:
        """Read ``file`` again where it changed; whether it did."""
        try:
            identity = file_id(file)
        except PolicyError as error:
            changed = cached.error is None or str(cached.error) != str(error)
            cached.seen, cached.error, cached.ever_read = None, error, True
            return changed
        if cached.ever_read and identity == cached.seen:
            return False
        cached.seen, cached.ever_read = identity, True
        try:
            cached.good, cached.error = load_layer(file, layer, places, self._rules), None
        except PolicyError as error:
            cached.error = error
        return True

    def _merged(self, cached: Mapping[Layer, _Cached], places: Places) -> CurrentPolicy:
        layers = [_default(places), *(each.good for each in cached.values() if each.good is not None)]
        organisation = cached[Layer.ORGANISATION]
        unknown_locks = organisation.error is not None and organisation.good is None
        policy, notes = merge(layers, self._rules, user_bound=unknown_locks)
        broken = [each for each in cached.values() if each.error is not None]
        return CurrentPolicy(
            policy,
            notes,
            tuple(each.error for each in broken if each.error is not None),
            tuple(each.error for each in broken if each.error is not None and each.good is None),
        )
