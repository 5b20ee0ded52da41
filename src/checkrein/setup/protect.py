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
from checkrein.policy.privacy import Gateway, Redaction
from checkrein.setup import clients as found_clients
from checkrein.setup import route as way
from checkrein.setup import trust
from checkrein.setup.clients import Client
from checkrein.setup.denies import read_patterns
from checkrein.setup.files import Change, Record, SettingsStore, Written, apply, decode, load, read, resolve
from checkrein.setup.harden import Tightened, tighten
from checkrein.setup.install import (
    GATEWAY_VARIABLE,
    TRUST_FILE,
    TRUST_VARIABLE,
    ClientPaths,
    Install,
    Scope,
    Transport,
    is_gateway,
)
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


@dataclass(frozen=True, slots=True)
class GatewayWish:
    """What the gateway is to be: ``upstream`` is the base URL of the API, ``variables`` are those that a client would have
    without us, among which it finds proxies and certificates; ``workers`` is the number of its processes, ``store`` the address
    of its database ("" for this machine's own files)."""

    upstream: str
    variables: Mapping[str, str] = field(repr=False)
    workers: int
    store: str = field(default="", repr=False)


class Service(Protocol):
    """The local service, as far as setup needs it."""

    def gateway_upstream(self) -> str | None:
        """Where the gateway sends requests to; None where it is off."""

    def start_gateway(self, wish: GatewayWish) -> str:
        """Make sure that the gateway runs so; the address for the client. Raises ServiceError."""

    def stop_gateway(self) -> None:
        """Stop the gateway. Does nothing where it is off."""

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
    was started anew (empty: it ran already). ``upstream`` is where the gateway sends requests to (empty: there is none)."""

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
    upstream: str = ""


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


def up(
    machine: Machine,
    service: Service,
    scope: Scope,
    transport: Transport | None = None,
    *,
    gateway: bool | None = None,
) -> UpReport:
    """Put protection on. ``transport`` None leaves the choice to the policy, and to what was found. ``gateway`` None leaves it
    to the policy, and on where it is on.

    Raises SettingsError before anything is changed where the settings file is broken, PolicyError where a policy file is, and
    ServiceError where the service does not come up.
    """
    others, clients = machine.others(), machine.clients()
    policy = load_policy(machine.paths.project, PolicyFiles.standard(machine.env)).policy
    wish = _gateway_wish(machine, service, policy.privacy.gateway, scope, wanted=gateway)
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
        gateway="" if wish is None else service.start_gateway(wish),
        base_url=f"https://127.0.0.1:{endpoint.port}",
        token=endpoint.token,
        socket=endpoint.socket,
        token_file=endpoint.token_file,
        helper=helper,
        shell=None if wish is not None else _shell(machine, policy.privacy.redaction, endpoint, scope),
    )
    if chosen is not Transport.COMMAND or wish is not None:
        other = trust.choose(machine.variables(), machine.trust)
        trust.write(machine.trust, trust.compose(endpoint.certificate, other))
    could_read = readers(machine.paths.folder, others)
    written = machine.store.protect(target, install)
    if wish is None and scope is not Scope.PROJECT:
        service.stop_gateway()
    _drop_unused(machine)
    tightened = tighten(machine.paths, os.geteuid())
    upstream = "" if wish is None else wish.upstream
    return UpReport(
        written, install, endpoint.port, why, clients, others, could_read, tightened, left_out, endpoint.mended, upstream
    )


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
        service.stop_gateway()
        service.stop()
    return DownReport(tuple(written), stopped, frozenset(gone), tuple(left), was_on or bool(left))


def _gateway_wish(
    machine: Machine, service: Service, policy: Gateway, scope: Scope, *, wanted: bool | None
) -> GatewayWish | None:
    """The gateway that is to run, None for none. SettingsError where the client could not be sent through one."""
    if scope is Scope.PROJECT and wanted is None:
        return None  # other settings may have it on: that is left as it is
    before = service.gateway_upstream()
    if not (wanted if wanted is not None else policy.enabled or before is not None):
        return None
    variables = machine.variables()
    managed = trust.managed_variables(machine.paths.managed)
    if trouble := way.trouble(variables, managed, scope, others=bool(machine.others())):
        raise SettingsError(trouble.what, why=trouble.why, fix=trouble.fix)
    stood = variables.get(GATEWAY_VARIABLE, "").rstrip("/")
    upstream = policy.upstream or ("" if is_gateway(stood) else stood) or before or way.API
    if other := trust.choose(variables, machine.trust):
        variables[TRUST_VARIABLE] = str(other)
    return GatewayWish(upstream, variables, policy.workers, policy.store)


def _drop_unused(machine: Machine) -> None:
    """Remove our file of certificates where no settings of ours name it any more, and let a shell of ours be the real one."""
    settings = [load(record.path, decode(record.path, record.after)) for record in machine.store.records()]
    named = {value for each in settings for value in trust.variables(each).values()}
    if str(machine.trust) not in named:
        machine.trust.unlink(missing_ok=True)
    for program in (data_dir(machine.env) / command.SHELL_FOLDER).glob("*sh"):
        if str(program) not in named:
            command.plain_shell(program)


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


def _shell(machine: Machine, redaction: Redaction, endpoint: Endpoint, scope: Scope) -> Path | None:
    """The program that the client is to run commands in, so that what failing ones print is redacted; None for its own choice:
    by policy, where it knows no shell of this machine, or where the settings are those of people who cannot read it."""
    real = command.real_shell(machine.variables())
    others_too = scope is Scope.MANAGED and bool(machine.others())
    if real is None or others_too or not (redaction.enabled and redaction.wrap):
        return None
    folder = private_folder(private_folder(data_dir(machine.env)) / command.SHELL_FOLDER)
    return command.write_shell(folder, real, endpoint.socket, endpoint.token_file)


def _helper(env: Mapping[str, str]) -> Path | None:
    """The native helper, built where it is missing or changed and a compiler is at hand."""
    folder = private_folder(data_dir(env)) / "bin"
    helper = private_folder(folder) / command.NAME
    return helper if command.intact(helper) else command.build(folder)
