"""What the commands that look through files of a person share: the search that a project's policy asks for."""

from __future__ import annotations

import os

from checkrein.decide.redaction import search_of
from checkrein.detect.sensitive import Detector
from checkrein.observe.credentials import Credentials, Found
from checkrein.policy import PolicyFiles, load_policy
from checkrein.policy.privacy import Redaction
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
