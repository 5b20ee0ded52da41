"""The checks of redaction: whether values can be replaced and put back, and which secrets of this machine are not known."""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.core import CheckreinError
from checkrein.detect.secrets.known import KnownValues
from checkrein.locations import vault_dir
from checkrein.observe.credentials import Credentials
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.report.text import counted
from checkrein.setup.doctor import Check, Patient, State
from checkrein.vault.store import DATABASE
from checkrein.vault.vault import Vault

_NAMED = 3  # of a kind that are named one by one


def vault(patient: Patient) -> Iterator[Check]:
    """The store of redacted values opens with its key. While it does not, nothing with a secret in it goes out."""
    found = _opened(patient)
    if isinstance(found, Check):
        yield found
        return
    try:
        count, place = len(found.entries()), found.key_place
    except CheckreinError as error:
        yield _failed(error)
        return
    finally:
        found.close()
    yield Check("vault", State.OK, f"{counted(count, 'value')} can be put back; the key is in {place}")


def secrets(patient: Patient) -> Iterator[Check]:
    """What is known to be secret on this machine and in this project, and what of it is not looked for."""
    env, project = patient.machine.env, str(patient.machine.paths.project)
    if not PolicyStore(PolicyFiles.standard(env)).current(project).policy.privacy.redaction.enabled:
        yield Check("secrets", State.WARN, "the policy switches redaction off: nothing is replaced", "set redaction.enabled")
        return
    known = Credentials(env["HOME"], env).of(project)
    for each in known.unread[:_NAMED]:
        yield Check("secrets", State.WARN, f"{each.path} was not read for secrets: {each.why}", "look at it, or register them")
    if len(known.unread) > _NAMED:
        yield Check("secrets", State.WARN, f"{len(known.unread) - _NAMED} more were not read for secrets", "")
    ignored = KnownValues(known.values).ignored
    looked_for = len(known.values) - len(ignored)
    yield Check(
        "secrets",
        State.OK,
        f"{counted(looked_for, 'value')} found on this machine and in this project, and looked for beside registered ones",
    )
    for value in ignored[:_NAMED]:
        yield Check("secrets", State.NOTE, f"{value.label} of {value.source} is not looked for: {value.reason}")
    if len(ignored) > _NAMED:
        yield Check("secrets", State.NOTE, f"{len(ignored) - _NAMED} more are not looked for, for the like reasons")


def _opened(patient: Patient) -> Vault | Check:
    """The vault, which is made by whoever needs it first, and not by a diagnosis."""
    env = patient.machine.env
    folder = vault_dir(env)
    try:
        store = PolicyStore(PolicyFiles.standard(env)).current(env["HOME"]).policy.privacy.gateway.store
        if not store and not (folder / DATABASE).exists():
            return Check("vault", State.NOTE, "no value was redacted yet")
        return Vault.open(folder, store)
    except CheckreinError as error:
        return _failed(error)


def _failed(error: CheckreinError) -> Check:
    why = f" ({error.why})" if error.why else ""
    return Check("vault", State.FAIL, f"{error.what}{why}: no output and no request with a secret goes out", error.fix)
