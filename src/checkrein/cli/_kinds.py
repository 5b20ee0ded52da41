"""What found a value that was redacted, as ``checkrein policy explain`` tells it: a kind, or a search of another sort."""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.cli._words import set_by
from checkrein.decide.recall import RULES as RECALLED
from checkrein.detect import pii
from checkrein.detect.dictionary import RULE as DICTIONARY
from checkrein.detect.secrets import catalogue
from checkrein.detect.secrets.generic.names import Kind
from checkrein.detect.secrets.known import RULE as KNOWN
from checkrein.policy import Policy
from checkrein.vault.entry import Kind as Of

SEARCHES = {
    KNOWN: ("a value that stands on this machine, or that was registered", "redaction.enabled"),
    RECALLED[Of.CREDENTIAL]: ("a value that was redacted before", "redaction.enabled"),
    RECALLED[Of.PERSONAL]: ("personal data that was redacted before", "redaction.pii"),
    RECALLED[Of.NAME]: ("a name that was redacted before", "redaction.dictionary"),
    DICTIONARY: ("a name of the dictionary", "redaction.dictionary"),
    **{role.rule: ("what only looks like a secret, by its name or place", "redaction.generic") for role in Kind},
}
"""What finds values without knowing their kind, and the key of the policy that decides on it."""


def ids() -> Iterator[str]:
    """Everything that a finding of sensitive data can name."""
    yield from SEARCHES
    yield from (kind.rule for kind in catalogue.load())
    yield from (kind.rule for kind in pii.load())


def explained(rule: str, policy: Policy) -> Iterator[str]:
    """What is said of one of ``ids``, line by line."""
    on = policy.privacy.redaction.enabled
    if rule in SEARCHES:
        title, key = SEARCHES[rule]
        yield f"{rule}: {title}"
        yield f"decided   {key}, set by {set_by(policy.sources.get(key, 'default'))}"
    for secret in (kind for kind in catalogue.load() if kind.rule == rule):
        yield f"{rule}: {secret.title} ({secret.provider})"
        yield f"search    {_switch(on)}, redaction.enabled set by {set_by(policy.sources['redaction.enabled'])}"
        yield f"label     {secret.label}"
        yield f"take back {secret.rotate}"
    for personal in (kind for kind in pii.load() if kind.rule == rule):
        asked = on and personal.id in policy.privacy.redaction.pii
        yield f"{rule}: {personal.title}"
        yield f"search    {_switch(asked)}, redaction.pii set by {set_by(policy.sources['redaction.pii'])}"
        yield f"label     {personal.label}"


def _switch(on: bool) -> str:
    return "on" if on else "off"
