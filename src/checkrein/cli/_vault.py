"""What the commands about redacted values share: the vault that the service uses, and who may look into it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from checkrein.core import UsageError
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.service.person import Refusal, require_person
from checkrein.service.processes import LiveProcesses
from checkrein.service.redaction import vault_of
from checkrein.vault.vault import Vault


@contextmanager
def opened() -> Iterator[Vault]:
    """This user's vault. VaultError where it cannot be opened."""
    lazy = vault_of(os.environ, PolicyStore(PolicyFiles.standard(os.environ)))
    try:
        yield lazy.get()
    finally:
        lazy.close()


def store_url() -> str:
    """Where the policy says that the vault is kept, "" for this machine's own file."""
    policies = PolicyStore(PolicyFiles.standard(os.environ))
    return policies.current(os.environ["HOME"]).policy.privacy.gateway.store


def for_a_person(command: str) -> None:
    """UsageError where this is not run by a person, in a terminal in which no Claude Code runs."""
    try:
        require_person(os.getpid(), os.geteuid(), LiveProcesses())
    except Refusal as refusal:
        raise UsageError(
            "Only a person at a terminal can do this.",
            why=str(refusal),
            fix=f"Run `checkrein {command}` yourself, in a terminal window, console or ssh login in which no Claude Code runs.",
        ) from refusal
