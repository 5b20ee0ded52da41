"""The layers folded into one policy: organisation and user speak freely (but for locks), a project can only tighten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkrein.core import Action, Rule
from checkrein.policy.layer import LayerSettings, Value
from checkrein.policy.merge_privacy import class_rules, dictionary, privacy
from checkrein.policy.model import Bounds, Layer, Policy, Scope, Transport, Undo
from checkrein.policy.note import Note, who

NOT_FOR_PROJECTS = frozenset(
    {
        *("undo.max_bytes", "undo.keep_days", "transport"),
        *("redaction.restore.files", "redaction.restore.hosts", "redaction.restore.servers", "redaction.expire_days"),
        *("gateway.upstream", "gateway.store", "gateway.workers", "gateway.account"),
    }
)
"""Keys about this machine, and about where values may go: a repository has no say in them."""


@dataclass(frozen=True, slots=True)
class _Key:
    """How a key behaves in a layer that can only tighten: ``bound(old, new)`` is what is in force then."""

    loosens: Callable[[Any, Any], bool]
    bound: Callable[[Any, Any], Any]


def _ordered(rank: Callable[[Any], int]) -> _Key:
    return _Key(lambda old, new: rank(new) < rank(old), lambda old, new: max(old, new, key=rank))


_SUBSET = _Key(lambda old, new: bool(set(new) - set(old)), lambda old, new: tuple(entry for entry in new if entry in old))
_FIXED = _Key(lambda old, new: new != old, lambda old, _new: old)

_KEYS: Mapping[str, _Key] = {
    "approve": _Key(lambda old, new: bool(new - old), lambda old, new: old & new),
    "unknown": _ordered(int),
    "ignore_files": _Key(lambda *_: False, lambda old, new: tuple(dict.fromkeys((*old, *new)))),
    "scope.outside_read": _ordered(lambda outside: outside.rank),
    "scope.outside_write": _ordered(lambda outside: outside.rank),
    "scope.folders": _Key(lambda old, new: bool(set(new) - set(old)), lambda *values: values[0]),
    "undo.enabled": _ordered(int),
    "undo.max_bytes": _ordered(int),
    "undo.keep_days": _ordered(int),
    "privacy.class": _ordered(lambda data_class: data_class.rank),
    "redaction.enabled": _ordered(int),
    "redaction.generic": _ordered(int),
    "redaction.pii": _Key(lambda old, new: bool(old - new), lambda old, new: old | new),
    "redaction.restore.files": _Key(
        lambda old, new: bool(new.patterns) and new.patterns != old.patterns,
        lambda old, new: old if new.patterns else new,
    ),
    "redaction.restore.hosts": _SUBSET,
    "redaction.restore.servers": _SUBSET,
    "redaction.expire_days": _ordered(lambda days: -int(days)),
    "redaction.wrap": _ordered(int),
    "gateway.enabled": _ordered(int),
    "gateway.upstream": _FIXED,
    "gateway.attachments": _ordered(lambda attachments: attachments.rank),
    "gateway.store": _FIXED,
    "gateway.workers": _FIXED,
    "gateway.account": _FIXED,
    "transport": _Key(
        lambda old, new: new not in (old, Transport.BOTH), lambda old, new: new if new is Transport.BOTH else old
    ),
    "on_error": _ordered(int),
}


def merge(
    layers: Sequence[LayerSettings], rules: Mapping[str, Rule], *, user_bound: bool = False
) -> tuple[Policy, tuple[Note, ...]]:
    """The policy in force, and a note for every entry that is not.

    ``layers`` are in ascending order, the default first, which sets every key. ``user_bound``: the user layer, too, can only
    tighten, because what the organisation's file locks is not known.
    """
    bounds = Bounds(tuple(lock for layer in layers for lock in layer.locks), user_bound)
    values, notes = _values(layers, bounds)
    terms, term_notes = dictionary(layers, bounds)
    policy = Policy(
        approve=values["approve"].value,
        unknown=values["unknown"].value,
        ignore_files=values["ignore_files"].value,
        scope=Scope(values["scope.outside_read"].value, values["scope.outside_write"].value, values["scope.folders"].value),
        undo=Undo(values["undo.enabled"].value, values["undo.max_bytes"].value, values["undo.keep_days"].value),
        transport=values["transport"].value,
        on_error=values["on_error"].value,
        privacy=privacy({key: value.value for key, value in values.items()}, terms, class_rules(layers, bounds)),
        rules=tuple(setting for layer in layers for setting in layer.rules),
        protected=tuple(entry for layer in layers for entry in layer.protected),
        sensitive=tuple(entry for layer in layers for entry in layer.sensitive),
        bounds=bounds,
        sources={key: value.source for key, value in values.items()},
    )
    return policy, (*notes, *term_notes, *_rule_notes(policy, rules), *_path_notes(policy))


def _values(layers: Iterable[LayerSettings], bounds: Bounds) -> tuple[dict[str, Value], list[Note]]:
    values: dict[str, Value] = {}
    notes: list[Note] = []
    for layer in layers:
        for key, given in layer.values.items():
            if layer.layer is Layer.PROJECT and key in NOT_FOR_PROJECTS:
                notes.append(Note(given.source, f"a project cannot set {key}: ignored"))
            elif not bounds.tightens_only(layer.layer, key):
                values[key] = given
            else:
                old = values[key]
                if _KEYS[key].loosens(old.value, given.value):
                    notes.append(Note(given.source, f"{who(layer.layer)} cannot loosen {key} ({_from(old.source)}): ignored"))
                bound = _KEYS[key].bound(old.value, given.value)
                if bound != old.value:
                    values[key] = Value(bound, given.source)
    return values, notes


def _rule_notes(policy: Policy, rules: Mapping[str, Rule]) -> Iterator[Note]:
    ignored: dict[str, list[str]] = {}
    for layer in (Layer.USER, Layer.PROJECT):
        for rule in rules.values():
            setting = policy.setting_for(rule.id, layer)
            if setting is None or not policy.bounds.tightens_only(layer, f"rules.{rule.id}"):
                continue
            before, _ = policy.rule_action(rule.id, rule.action, Layer(layer - 1))
            if setting.action < before:
                text = f"{who(layer)} cannot loosen {{}} to {setting.action}: ignored"
                ignored.setdefault(f"{setting.source}\0{text}", []).append(f"{rule.id} ({before})")
    for key, names in ignored.items():
        source, _, text = key.partition("\0")
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield Note(source, text.format(", ".join(names[:3]) + more))


def _path_notes(policy: Policy) -> Iterator[Note]:
    for key, entries in (("protected", policy.protected), ("sensitive", policy.sensitive)):
        for entry in entries:
            if entry.action is Action.ALLOW and policy.bounds.tightens_only(entry.layer, key):
                yield Note(entry.source, f"{who(entry.layer)} cannot exempt paths here: ignored")


def _from(source: str) -> str:
    return "a default" if source == "default" else f"set in {source}"
