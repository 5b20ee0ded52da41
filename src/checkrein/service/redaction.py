"""Puts together what redacts: the vault, the secrets of this machine, and a redactor for each project.

The vault stands where the policy of the user says (``gateway.store``), so that hooks, gateway and the command line share one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from checkrein.decide.recall import Recall
from checkrein.decide.redaction import Redactors, Wanted, search_of
from checkrein.enforce.hooks.redactor import ProjectRedaction
from checkrein.locations import vault_dir
from checkrein.observe.credentials import Credentials
from checkrein.policy import PolicyStore
from checkrein.vault.lazy import LazyVault
from checkrein.vault.vault import Vault


def vault_of(env: Mapping[str, str], policies: PolicyStore) -> LazyVault:
    """This user's vault. It is opened when it is first needed."""

    def opened() -> Vault:
        return Vault.open(vault_dir(env), policies.current(env["HOME"]).policy.privacy.gateway.store)

    return LazyVault(opened)


def redactors_of(env: Mapping[str, str], policies: PolicyStore, vault: LazyVault) -> Redactors:
    """The redactors of this user's projects."""
    secrets = Credentials(env["HOME"], env, vault.secret_values)
    recall = Recall(vault)
    return Redactors(
        recall,
        lambda project: policies.current(project).policy.privacy.redaction,
        secrets,
        lambda redaction, found: recall.beside(search_of(redaction, found), Wanted(redaction, found)),
    )


@dataclass(frozen=True, slots=True)
class HookRedactors:
    """The redactors as hooks ask for them. ``gateway`` tells whether all that a session sends passes the gateway."""

    redactors: Redactors
    policies: PolicyStore
    gateway: Callable[[str], bool]

    def of(self, project: str, session: str = "") -> ProjectRedaction | None:
        """What holds in a project, and for a session; None where its policy switches redaction off. RedactionError."""
        redactor = self.redactors.of(project)
        if redactor is None:
            return None
        wrap = self.policies.current(project).policy.privacy.redaction.wrap
        return ProjectRedaction(redactor, wrap=wrap, gateway=self.gateway(session))
