"""What the layers say of data, folded: the dictionary, the classes of paths, and the values put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from checkrein.policy.layer import LayerSettings
from checkrein.policy.model import Bounds
from checkrein.policy.note import Note, who
from checkrein.policy.privacy import ClassRule, Gateway, Privacy, Redaction, Term


def privacy(values: Mapping[str, Any], terms: tuple[Term, ...], classes: tuple[ClassRule, ...]) -> Privacy:
    """``values`` are those in force, by key."""
    return Privacy(
        redaction=Redaction(
            enabled=values["redaction.enabled"],
            generic=values["redaction.generic"],
            pii=values["redaction.pii"],
            dictionary=terms,
            restore_files=values["redaction.restore.files"],
            restore_hosts=values["redaction.restore.hosts"],
            restore_servers=values["redaction.restore.servers"],
            expire_days=values["redaction.expire_days"],
            wrap=values["redaction.wrap"],
        ),
        gateway=Gateway(
            enabled=values["gateway.enabled"],
            upstream=values["gateway.upstream"],
            attachments=values["gateway.attachments"],
            store=values["gateway.store"],
            workers=values["gateway.workers"],
            account=values["gateway.account"],
        ),
        project_class=values["privacy.class"],
        classes=classes,
    )


def dictionary(layers: Iterable[LayerSettings], bounds: Bounds) -> tuple[tuple[Term, ...], list[Note]]:
    """Every layer adds its terms. A later entry for the same term, whatever its case, replaces the earlier one.

    Where the layer can only tighten, the entry may raise the class and is otherwise as it was: a new label would give the
    same name two placeholders.
    """
    terms: dict[str, Term] = {}
    notes: list[Note] = []
    for layer in layers:
        tightens = bounds.tightens_only(layer.layer, "redaction.dictionary")
        for term in layer.terms:
            key = " ".join(term.text.casefold().split())
            old = terms.get(key)
            if old is None or not tightens:
                terms[key] = term
            elif term.data_class.rank > old.data_class.rank:
                terms[key] = replace(old, data_class=term.data_class, source=term.source)
            elif term.data_class is not old.data_class:
                text = f"{who(layer.layer)} cannot loosen the class of a dictionary term (set in {old.source}): ignored"
                notes.append(Note(term.source, text))
    return tuple(terms.values()), notes


def class_rules(layers: Iterable[LayerSettings], bounds: Bounds) -> tuple[ClassRule, ...]:
    """The entries of all layers in their order, those of a layer that can only tighten marked as bound."""
    return tuple(
        replace(rule, bound=bounds.tightens_only(layer.layer, "privacy.classes")) for layer in layers for rule in layer.classes
    )
