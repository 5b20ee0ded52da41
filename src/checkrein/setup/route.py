"""Whether a client can be sent through the gateway: what in its variables would lead it past, or keep it from believing us."""

from __future__ import annotations

from collections.abc import Mapping

from checkrein.core import SettingsError
from checkrein.detect.client_settings import OFF, ROUTES
from checkrein.setup import trust
from checkrein.setup.install import GATEWAY_VARIABLE, Scope, is_gateway

API = "https://api.anthropic.com"
"""Where the client goes when nothing is set (docs: "Claude Code settings", ANTHROPIC_BASE_URL)."""


def trouble(env: Mapping[str, str], managed: Mapping[str, str], scope: Scope, *, others: bool) -> SettingsError | None:
    """Why the gateway cannot be put on; None where it can be.

    The client has the variables ``env``, and ``managed`` above them. ``others``: other people use this machine, too.
    """
    if scope is Scope.PROJECT:
        return SettingsError(
            "the gateway cannot be written into a project's settings",
            why="they are shared, and the gateway runs on this machine, for you alone",
            fix="checkrein up --gateway",
        )
    if scope is Scope.MANAGED and others:
        return SettingsError(
            "the gateway cannot be written into managed settings",
            why="they hold for everybody on this machine, and the gateway serves you alone",
            fix="let each person run `checkrein up --gateway`, or run one for all with `checkrein gateway serve`",
        )
    if why := trust.trouble(env, managed):
        return SettingsError("the client would not reach the gateway", why=why, fix="mend that, then run the command again")
    if names := past(env) or past(managed):
        return SettingsError(
            f"{names[0]} leads the client past the gateway",
            why="requests to a cloud's own API are signed for it, and cannot be redacted on their way",
            fix=f"unset {names[0]}, or leave the gateway off",
        )
    address = managed.get(GATEWAY_VARIABLE, "")
    if address and scope is not Scope.MANAGED and not is_gateway(address):
        return SettingsError(
            "managed settings name another address of the API, which beats ours",
            why=f"{GATEWAY_VARIABLE} stands there",
            fix="sudo checkrein up --gateway --scope managed",
        )
    return None


def past(env: Mapping[str, str]) -> tuple[str, ...]:
    """The variables of ``env`` with which the client does not ask the address that is named for the API."""
    return tuple(sorted(name for name in ROUTES - {GATEWAY_VARIABLE} if env.get(name, "").lower() not in OFF))
