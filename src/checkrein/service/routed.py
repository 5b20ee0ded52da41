"""Which sessions send what they send through the gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from checkrein.decide import SessionStore
from checkrein.ledger.egress import EgressStore
from checkrein.locations import egress_dir
from checkrein.service import manage_gateway
from checkrein.service.paths import ServicePaths

_MAX_SEEN = 4096


class Routed:
    """Tells whether a session goes through the gateway: a client reads the API's address when it starts.

    One that began before the gateway was put on goes past it until it is started anew. Where such a session is continued by a
    new client, the gateway's own record shows it. ``store`` gives the address of that record ("" for this machine's own).
    """

    def __init__(self, paths: ServicePaths, env: Mapping[str, str], sessions: SessionStore, store: Callable[[], str]) -> None:
        self._paths, self._folder, self._sessions, self._store = paths, egress_dir(env), sessions, store
        self._seen: dict[tuple[str, float], None] = {}

    def __call__(self, session: str) -> bool:
        """Raises ServiceError and LedgerError where it cannot be told."""
        route = manage_gateway.read_route(self._paths)
        if route is None or not session:
            return False
        key = session, route.since
        if self._sessions.get(session).started < route.since and key not in self._seen:
            with EgressStore.open(self._folder, self._store()) as egress:
                if next(egress.rows(session=session, since=route.since), None) is None:
                    return False
            if len(self._seen) >= _MAX_SEEN:
                self._seen.clear()
            self._seen[key] = None
        return True
