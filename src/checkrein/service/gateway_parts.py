"""Puts the real parts of the gateway together."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from checkrein.core import CheckreinError, PolicyError, RedactionError, ServiceError
from checkrein.core.redacted import Redacted
from checkrein.decide.redaction import Redactors, search_of
from checkrein.enforce.gateway.app import Gateway
from checkrein.enforce.gateway.metrics import Metrics
from checkrein.enforce.gateway.ports import Caller, Ports, Redactor, Restore, Scope, Settings
from checkrein.enforce.gateway.upstream import Upstream
from checkrein.ledger.egress import EgressStore
from checkrein.locations import egress_dir, home_dir, state_dir, vault_dir
from checkrein.observe.credentials import Found
from checkrein.policy import PolicyFiles, PolicyStore, privacy
from checkrein.service.gateway import Hosting, Served
from checkrein.service.gateway_policy import GatewayPolicy
from checkrein.service.manage_gateway import Route, network_of, read_route
from checkrein.service.paths import ServicePaths
from checkrein.service.redaction import redactors_of
from checkrein.setup.install import GATEWAY_MOUNT
from checkrein.setup.route import API
from checkrein.vault.lazy import LazyVault
from checkrein.vault.vault import Vault

log = logging.getLogger("checkrein.service")

_NOBODYS = "readiness"  # neither a placeholder nor a session: asking for it shows that the stores answer


def build(env: Mapping[str, str], paths: ServicePaths, hosting: Hosting) -> Served:
    """The parts of this user's gateway, or of a shared one. Raises what keeps them from being made.

    All that a request needs is made now, the search too, so that what is broken shows before anything is served.
    """
    home = home_dir(env)
    policies = PolicyStore(PolicyFiles.standard(env))
    policy = GatewayPolicy(policies, state_dir(env) / "sessions", home)
    own = policy.privacy(home)
    store = hosting.store or own.gateway.store
    route = _shared_route(env, hosting, own.gateway.upstream) if hosting.shared else _own_route(paths)
    upstream = Upstream(route.upstream, route.network)
    vault = LazyVault(lambda: Vault.open(vault_dir(env), store))
    egress = EgressStore.open(egress_dir(env), store)
    redaction = Redaction(policy, redactors_of(env, policies, vault))
    _warm(redaction, own.redaction)
    ports = Ports(
        redactor=redaction.of,
        attachments=lambda caller: policy.privacy(policy.project(caller)).gateway.attachments,
        restore=Restoring(vault),
        classify=policy.reasons,
        record=egress,
        observer=Metrics(CollectorRegistry()),
    )
    settings = Settings(
        upstream=route.upstream,
        mount="" if hosting.shared else GATEWAY_MOUNT,
        restore=Restore.TEXT_AND_TOOLS if hosting.shared else Restore.TEXT,
        scope=Scope.REQUEST if hosting.shared else Scope.VAULT,
    )
    gateway = Gateway(settings, ports, upstream)

    def ready() -> None:
        for error in policies.current(home).lost:
            raise PolicyError(error.what, why="nothing of the file is in force", fix=error.fix)
        vault.known([_NOBODYS])
        egress.sessions(_NOBODYS)

    def upkeep() -> None:
        vault.expire(policy.privacy(home).redaction.expire_days)
        egress.prune()

    async def close() -> None:
        await gateway.close()
        vault.close()
        egress.close()

    return Served(gateway, ready, lambda: _counted(hosting.metrics), close, upkeep)


def _warm(redaction: Redaction, policy: privacy.Redaction) -> None:
    """Make what the first request would wait for: patterns, the secrets of this machine, the vault.

    Raises ScanError where there is no search. Why a vault cannot be opened is told with each request.
    """
    search_of(policy, Found((), ())).scan(Path(__file__).read_text("utf-8"))
    try:
        redaction.of(Caller("")).batch()  # the vault is read for it
    except RedactionError as error:
        log.error("requests will be refused: %s (%s)", error.what, error.why)


@dataclass(frozen=True, slots=True)
class Off:
    """The redactor of a project whose policy switches redaction off: everything passes."""

    @property
    def version(self) -> Hashable:
        """Unlike that of any other redactor."""
        return "off"

    @property
    def known(self) -> Hashable:
        """Nothing."""
        return None

    def batch(self) -> Off:
        """This."""
        return self

    def redact(self, text: str, _source: str) -> Redacted:
        """The text as it is."""
        return Redacted(text)

    def stands_in(self, _redacted: str) -> bool:
        """No value is looked for."""
        return False

    def keep(self) -> None:
        """Nothing to keep."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """The redactor of a caller's project."""

    policy: GatewayPolicy
    redactors: Redactors

    def of(self, caller: Caller) -> Redactor:
        """Raises RedactionError where there is none that works."""
        try:
            return self.redactors.of(self.policy.project(caller)) or Off()
        except RedactionError:
            raise
        except CheckreinError as error:
            raise RedactionError(error.what, why=error.why, fix=error.fix) from error


@dataclass(frozen=True, slots=True)
class Restoring:
    """Gives a placeholder's value, out of memory where that is possible."""

    vault: LazyVault

    def __call__(self, placeholder: str) -> str | None:
        """None where it is not known. VaultError."""
        value: str | None = self.vault.values([placeholder]).get(placeholder)
        return value


def _own_route(paths: ServicePaths) -> Route:
    route = read_route(paths)
    if route is None:
        raise ServiceError("The gateway was not put on.", fix="Run `checkrein up --gateway`.")
    return route


def _shared_route(env: Mapping[str, str], hosting: Hosting, upstream: str) -> Route:
    return Route(hosting.upstream or upstream or API, network_of(env), workers=1)


def _counted(folder: Path) -> bytes:
    """What all workers counted, those that have ended included."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    return generate_latest(registry)
