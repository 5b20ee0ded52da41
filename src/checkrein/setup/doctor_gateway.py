"""The checks of the gateway: it runs, and nothing leads the client past it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from checkrein.core import CheckreinError, EventKind, LedgerError
from checkrein.ledger.egress import EgressStore
from checkrein.ledger.store import LedgerReader
from checkrein.locations import egress_dir, ledger_dir
from checkrein.policy.files import PolicyFiles
from checkrein.policy.load import load_policy
from checkrein.setup import route, trust
from checkrein.setup.doctor import Check, GatewayAnswering, Patient, State
from checkrein.setup.doctor_settings import Source, sources
from checkrein.setup.install import GATEWAY_VARIABLE, is_gateway

_NAME = "gateway"
_NAMED = 3
_ASKED = "SELECT session, project FROM entries WHERE at >= ? AND kind = ? AND session <> '' GROUP BY session"
_UP = "checkrein up --gateway"


def gateway(patient: Patient) -> Iterator[Check]:
    """The gateway is ready where it is on, and on where the policy wants it."""
    found = patient.service.gateway
    if found is None:
        yield from _off(patient)
    elif not found.healthy:
        yield Check(_NAME, State.FAIL, f"nothing reaches the model: {found.trouble}", _UP)
    else:
        processes = f"{found.workers} process{'es' if found.workers != 1 else ''}"
        yield Check(_NAME, State.OK, f"{found.address} answers, {processes}, and sends on to {found.upstream}")


def gateway_way(patient: Patient) -> Iterator[Check]:
    """The client asks the gateway, and nothing else, for the model."""
    found = patient.service.gateway
    if found is None:
        return
    files = [source for source in sources(patient.machine.paths) if isinstance(source, Source)]
    checks = [*_addresses(found, files), *_past(patient, files)]
    variables = patient.machine.variables()
    if why := trust.trouble(variables, trust.managed_variables(patient.machine.paths.managed)):
        checks.append(Check(_NAME, State.FAIL, f"the client cannot reach it: {why}", "mend that, then run `checkrein up`"))
    yield from checks
    if not checks:
        yield Check(_NAME, State.OK, "the client's settings send it there, and nothing here leads past it")


def gateway_traffic(patient: Patient) -> Iterator[Check]:
    """Every session since the gateway was put on went through it, by its own record."""
    found = patient.service.gateway
    if found is None:
        return
    past = _sessions_past(patient, found)
    for folder in past[:_NAMED]:
        text = f"a session in {folder} asked the model, and nothing of it went through the gateway"
        yield Check(_NAME, State.FAIL, text, "start the client anew; look for --settings or a wrapper that leads it elsewhere")
    if len(past) > _NAMED:
        yield Check(_NAME, State.FAIL, f"so did {len(past) - _NAMED} more sessions", "start their clients anew")
    if not past:
        yield Check(_NAME, State.OK, "every session since it was put on went through it")


def _sessions_past(patient: Patient, found: GatewayAnswering) -> list[str]:
    """The projects of the sessions in which the model asked for a tool, and of which the gateway saw no request."""
    env = patient.machine.env
    try:
        with LedgerReader.open(ledger_dir(env)) as reader:
            asked = dict(reader.query(_ASKED, (int(found.since * 1e6), EventKind.TOOL_CALL.value)))
    except LedgerError:  # the record has a check of its own
        return []
    with EgressStore.open(egress_dir(env), found.store) as egress:
        return [str(project) for session, project in asked.items() if session not in egress.sessions(str(session))]


def _off(patient: Patient) -> Iterator[Check]:
    for source in sources(patient.machine.paths):
        if isinstance(source, Source) and is_gateway(trust.variables(source.settings).get(GATEWAY_VARIABLE, "")):
            text = f"{source.path} names the gateway, which is off: nothing reaches the model"
            yield Check(_NAME, State.FAIL, text, "checkrein up --gateway, or checkrein up --no-gateway")
            return
    try:
        wanted = load_policy(patient.machine.paths.project, PolicyFiles.standard(patient.machine.env)).policy.privacy.gateway
    except CheckreinError:  # the policy has a check of its own
        return
    if wanted.enabled:
        yield Check(_NAME, State.FAIL, "the policy wants the gateway, and it is off", _UP)
    else:
        yield Check(_NAME, State.NOTE, "off: what hooks do not see is not redacted on its way to the model", _UP)


def _addresses(found: GatewayAnswering, files: list[Source]) -> Iterator[Check]:
    """Who decides on the API's address: managed settings before a repository's, and these before the user's (measured)."""
    named = [(source, address) for source in files if (address := trust.variables(source.settings).get(GATEWAY_VARIABLE))]
    for source, address in named:
        if address.rstrip("/") != found.address:
            yield Check(_NAME, State.FAIL, f"{source.path}: env.{GATEWAY_VARIABLE} leads past it", _fix(source))
    if not any(address.rstrip("/") == found.address for _, address in named):
        yield Check(_NAME, State.FAIL, "no settings file sends the client there", _UP)


def _past(patient: Patient, files: list[Source]) -> Iterator[Check]:
    places: list[tuple[Path | None, Mapping[str, str], str]] = [(None, patient.machine.env, "unset it")]
    places += [(source.path, trust.variables(source.settings), _fix(source)) for source in files]
    for path, variables, fix in places:
        for name in route.past(variables):
            where = f"{path}: env.{name}" if path else f"{name}, set in this shell,"
            yield Check(_NAME, State.FAIL, f"{where} leads past it", fix)


def _fix(source: Source) -> str:
    return _UP if source.own and not source.managed else "remove the line"
