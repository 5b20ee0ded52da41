"""What the commands that look through files of a person share: the search that a project's policy asks for."""

from __future__ import annotations

import os

from checkrein.cli._vault import opened
from checkrein.decide.learnt import MAX_VALUES
from checkrein.decide.redaction import search_of
from checkrein.detect.secrets.known import Known, KnownValues
from checkrein.detect.sensitive import Detector
from checkrein.locations import vault_dir
from checkrein.observe.credentials import Credentials, Found
from checkrein.observe.credentials.credentials import label_of
from checkrein.policy import PolicyFiles, load_policy
from checkrein.policy.privacy import Redaction
from checkrein.vault.entry import Kind
from checkrein.vault.vault import Vault


def redaction_of(project: str) -> Redaction:
    """What the policy of the project at that absolute path calls sensitive. PolicyError where a file of it is broken: what is
    not read cannot be looked for."""
    return load_policy(project, PolicyFiles.standard(os.environ)).policy.privacy.redaction


def search_in(project: str, redaction: Redaction, vault: Vault, *, without: str = "") -> Detector:
    """The search, with the secrets of this machine and of the project, but for those that stand in the file ``without``."""
    secrets = Credentials(os.environ["HOME"], os.environ, vault.secret_values).of(project)
    values = tuple(value for value in secrets.values if value.source != without)
    return search_of(redaction, Found(values, secrets.unread))


def kept_values() -> KnownValues | None:
    """The search for what a person registered, and for credentials that were redacted once; None where there is no vault yet.

    VaultError where there is one that cannot be read: what is not looked for is not known to be absent.
    """
    if not vault_dir(os.environ).is_dir():
        return None
    with opened() as vault:
        registered = [Known(label_of(name), value, "registered") for name, value in vault.secret_values().items()]
        credentials = [entry for entry in vault.entries() if entry.kind is Kind.CREDENTIAL][:MAX_VALUES]
        values = vault.known_values(entry.placeholder for entry in credentials)
    redacted = [Known(entry.label, values[entry.placeholder], "") for entry in credentials if entry.placeholder in values]
    return KnownValues((*registered, *redacted), short_lived=True)
