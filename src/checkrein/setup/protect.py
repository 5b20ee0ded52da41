"""``up`` and ``down``: the steps in their order, as functions that return what they did."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from checkrein.core import SettingsError
from checkrein.enforce.hooks import command
from checkrein.locations import data_dir, private_folder, state_dir
from checkrein.policy.files import PolicyFiles
from checkrein.policy.load import load_policy
from checkrein.setup import clients as found_clients
from checkrein.setup import trust
from checkrein.setup.clients import Client
from checkrein.setup.denies import read_patterns
from checkrein.setup.files import Change, Record, SettingsStore, Written, apply, decode, load, read, resolve
from checkrein.setup.harden import Tightened, tighten
from checkrein.setup.install import TRUST_FILE, TRUST_VARIABLE, ClientPaths, Install, Scope, Transport
from checkrein.setup.people import Accounts, Person, readers


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the running service is reached. ``certificate`` is what its port proves itself with, as PEM. ``mended`` says why it
    was started anew for this; empty: it ran already."""

    port: int
    token: str
    socket: Path
    token_file: Path
    certificate: str
    mended: str = ""


class Service(Protocol):
    """The local service, as far as setup needs it."""

    def start(self) -> Endpoint:
        """Make sure that it runs and answers. Raises ServiceError."""

    def stop(self) -> None:
        """Stop it. Does nothing where it does not run."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where protection is put on: the person's environment, the client's places and the accounts of the machine."""

    env: Mapping[str, str]
    paths: ClientPaths
    accounts: Accounts = field(default_factory=Accounts)

    @property
    def store(self) -> SettingsStore:
        """The settings files under protection."""
        return SettingsStore(state_dir(self.env) / "setup")

    @property
    def trust(self) -> Path:
        """Our file of the certificates that the client is to trust."""
        return state_dir(self.env) / TRUST_FILE

    def variables(self) -> dict[str, str]:
        """What the client's variables are without us, as far as the person decides: the environment and the user's settings."""
        return {**self.env, **trust.variables(self.store.without_us(self.paths.settings(Scope.USER)))}

    def others(self) -> tuple[Person, ...]:
        """The other people of this machine."""
        return self.accounts.others(os.geteuid(), self.paths.home)

    def clients(self) -> tuple[Client, ...]:
        """The installed clients."""
        return found_clients.find_clients(self.paths.home, self.env.get("PATH", os.defpath))


@dataclass(frozen=True, slots=True)
class UpReport:
    """What ``up`` found and did. ``readers`` could read the client's folder until now; ``left_out`` are read patterns of the
    policy that the client's rules cannot express; ``why`` says what the transport was chosen for; ``mended`` why the service
    was started anew (empty: it ran already)."""

    written: Written
    install: Install
    port: int
    why: str
    clients: tuple[Client, ...]
    others: tuple[Person, ...]
    readers: tuple[str, ...]
    tightened: Tightened
    left_out: tuple[str, ...]
    mended: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A settings file that protection could not be taken off, and why. ``backup`` is what stood there before, or None."""

    path: Path
    error: SettingsError
    backup: Path | None


@dataclass(frozen=True, slots=True)
class DownReport:
    """What ``down`` did. ``stopped``: no settings file asks for the service any more, so it was ended. ``gone`` are settings
    files that somebody removed since; ``left`` those that still hold what is ours. ``was_on``: there was something to take off.
    """

    written: tuple[Written, ...]
    stopped: bool
    gone: frozenset[Path] = frozenset()
    left: tuple[Left, ...] = ()
    was_on: bool = True


def up(machine: Machine, service: Service, scope: Scope, transport: Transport | None = None) -> UpReport:
    """Put protection on. ``transport`` None leaves the choice to the policy, and to what was found.

    Raises SettingsError before anything is changed where the settings file is broken, PolicyError where a policy file is, and
    ServiceError where the service does not come up.
    """
    others, clients = machine.others(), machine.clients()
    policy = load_policy(machine.paths.project, PolicyFiles.standard(machine.env)).policy
    chosen, why = _transport(machine, scope, transport or _named(policy.transport.value), clients, others)
    deny_read, left_out = read_patterns(policy, project_layer=scope is Scope.PROJECT)
    target = machine.paths.settings(scope)
    form = found_clients.choose_form(clients)
    nowhere = Path("/")
    draft = Install("", "", nowhere, nowhere, machine.trust, None, chosen, form, deny_read, scope)
    _rehearse(target, draft)
    helper = _helper(machine.env)
    endpoint = service.start()
    install = replace(
        draft,
        base_url=f"https://127.0.0.1:{endpoint.port}",
        token=endpoint.token,
        socket=endpoint.socket,
        token_file=endpoint.token_file,
        helper=helper,
    )
    if chosen is not Transport.COMMAND:
        other = trust.choose(machine.variables(), machine.trust)
        trust.write(machine.trust, trust.compose(endpoint.certificate, other))
    could_read = readers(machine.paths.folder, others)
    written = machine.store.protect(target, install)
    _drop_unused(machine)
    tightened = tighten(machine.paths, os.geteuid())
    return UpReport(written, install, endpoint.port, why, clients, others, could_read, tightened, left_out, endpoint.mended)


def down(machine: Machine, service: Service, scope: Scope | None = None) -> DownReport:
    """Take protection off: of ``scope``, or of every settings file that it was put on. The service ends with the last one.

    A settings file that is broken is left as it is, named in the report, and keeps the service running.
    """
    store = machine.store
    if scope is None:
        targets = [record.path for record in store.records()] or [machine.paths.settings(Scope.USER)]
    else:
        targets = [machine.paths.settings(scope)]
    written: list[Written] = []
    gone: set[Path] = set()
    left: list[Left] = []
    was_on = False
    for target in targets:
        record = store.record(target)
        try:
            missing = read(resolve(target)) is None
            done = store.release(target)
        except SettingsError as error:
            left.append(Left(resolve(target), error, _backup(store, record)))
            continue
        written.append(done if done.backup is None or done.backup.exists() else replace(done, backup=None))
        was_on = was_on or record is not None or done.change is not Change.UNCHANGED
        if record is not None and missing:
            gone.add(done.path)
    _drop_unused(machine)
    stopped = not left and not store.records()
    if stopped:
        service.stop()
    return DownReport(tuple(written), stopped, frozenset(gone), tuple(left), was_on or bool(left))


def _drop_unused(machine: Machine) -> None:
    """Remove our file of certificates where no settings of ours name it any more."""
    for record in machine.store.records():
        settings = load(record.path, decode(record.path, record.after))
        if trust.variables(settings).get(TRUST_VARIABLE) == str(machine.trust):
            return
    machine.trust.unlink(missing_ok=True)


def _backup(store: SettingsStore, record: Record | None) -> Path | None:
    """The copy of what stood there before protection."""
    if record is None:
        return None
    copies = sorted((store.folder / "backup").glob("*.json"))
    return next((copy for copy in copies if copy.read_bytes() == record.before), None)


def _transport(
    machine: Machine, scope: Scope, wanted: Transport | None, clients: tuple[Client, ...], others: tuple[Person, ...]
) -> tuple[Transport, str]:
    """The transport, and why. A file that others read can hold no token: its command hooks use a socket that knows its peer."""
    if scope is Scope.PROJECT:
        return Transport.COMMAND, "a project's settings are shared, and hold no token"
    if scope is Scope.MANAGED and others:
        return Transport.COMMAND, "everybody reads managed settings, so they hold no token"
    if trouble := trust.trouble(machine.variables(), trust.managed_variables(machine.paths.managed)):
        return Transport.COMMAND, trouble
    if wanted is not None:
        return wanted, "as asked for"
    return found_clients.choose_transport(clients)


def _named(word: str) -> Transport | None:
    return None if word == "auto" else Transport(word)


def _rehearse(target: Path, draft: Install) -> None:
    """Find out what stands in the way before anything is changed."""
    real = resolve(target)
    apply(real, read(real), draft)
    folder = next(parent for parent in real.parents if parent.exists())
    if not os.access(folder, os.W_OK):
        raise SettingsError(
            f"{real} cannot be written", why=f"{folder} is not yours to write to", fix="run the command as a user who may"
        )


def _helper(env: Mapping[str, str]) -> Path | None:
    """The native helper, built where it is missing or changed and a compiler is at hand."""
    folder = private_folder(data_dir(env)) / "bin"
    helper = private_folder(folder) / command.NAME
    return helper if command.intact(helper) else command.build(folder)
