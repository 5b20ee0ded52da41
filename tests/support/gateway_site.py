"""A world with the gateway on, for many sessions of the real client: the API behind it is another one in each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pygit2

from checkrein.ledger.egress import EgressStore, Sent
from checkrein.locations import egress_dir
from checkrein.prove.api import ScriptedApi
from checkrein.prove.client import ClientProgram
from checkrein.prove.drive import ClientRun, Drive
from checkrein.prove.protection import Protection, protected
from checkrein.prove.scenario import load_all
from checkrein.prove.world import Origin, World, build
from checkrein.service import manage_gateway
from checkrein.service.launch import Runner
from checkrein.service.paths import ServicePaths
from checkrein.setup.install import Scope
from relay import Relay

NOWHERE = "http://127.0.0.1:9"
"""What the environment names as the API: the client must not ask there."""


@dataclass(frozen=True)
class Site:
    """The world, and what is on in it."""

    client: ClientProgram
    world: World
    protection: Protection
    relay: Relay

    @property
    def paths(self) -> ServicePaths:
        """Where service and gateway keep their files."""
        return self.protection.paths

    def project(self) -> Path:
        """One more project, under git and empty."""
        folder = Path(tempfile.mkdtemp(dir=self.world.home, prefix="project-"))
        pygit2.init_repository(folder, initial_head="main")
        return folder

    def play(
        self, api: ScriptedApi, prompt: str, project: Path | None = None, *, address: str = NOWHERE, **env: str
    ) -> ClientRun:
        """One conversation with this API behind the gateway; the environment names ``address`` as the API."""
        self.relay.lead(urlsplit(api.url).port or 0)
        place = project or self.world.project
        return Drive(self.client.path, self.world.home, place, address, prompt, "bypassPermissions", env=env).run()

    def start(self) -> None:
        """Put the gateway on again, as ``checkrein up`` does where it is gone."""
        route = manage_gateway.read_route(self.paths)
        assert route is not None
        manage_gateway.start(self.paths, route, env=self.world.environment(), runner=Runner.BACKGROUND)

    def rows(self) -> list[Sent]:
        """The requests that are on record, from the first on."""
        with EgressStore.open(egress_dir(self.world.environment())) as store:
            return list(store.rows())


@contextmanager
def gateway_site(client: ClientProgram, helper: Path | None) -> Iterator[Site]:
    """Such a world, taken down at the end. ``helper`` as for ``protected``."""
    scenario = next(each for each in load_all() if each.id == "write-source")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, Relay() as relay:  # /tmp is temporary to the policy
        world = build(scenario, Path(folder) / "w", Origin())
        with protected(world, client, Scope.USER, None, helper, upstream=relay.url) as protection:
            yield Site(client, world, protection, relay)
        world.remove()
