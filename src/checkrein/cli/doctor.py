"""``checkrein doctor``: is everything in place, and what to do where it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from checkrein.cli._setup import LocalService, this_machine
from checkrein.report.text import clean
from checkrein.setup import doctor_gateway as gateway
from checkrein.setup import doctor_machine as machine
from checkrein.setup import doctor_privacy as privacy
from checkrein.setup import doctor_settings as settings
from checkrein.setup.doctor import Check, Checker, Patient, State, examine, healthy

CHECKERS: tuple[Checker, ...] = (
    machine.service_answers,
    machine.port_owner,
    settings.settings_files,
    settings.hooks,
    settings.hook_client,
    settings.certificates,
    settings.environment,
    gateway.gateway,
    gateway.gateway_way,
    gateway.gateway_traffic,
    privacy.vault,
    privacy.secrets,
    settings.project_runs,
    settings.matchers,
    machine.clients,
    machine.file_modes,
    machine.other_people,
    machine.policy,
    machine.record,
    settings.coverage,
)


@click.command("doctor", short_help="Check this machine's and this project's protection.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def doctor(as_json: bool) -> None:
    """Check the protection of this machine and of the project in the current folder. Exit status 1 where a check fails."""
    checks = examine(Patient(this_machine(), LocalService().look()), CHECKERS)
    if as_json:
        click.echo(to_json(checks))
    else:
        for line in render(checks):
            click.echo(line)
    if not healthy(checks):
        raise SystemExit(1)


def render(checks: tuple[Check, ...]) -> Iterator[str]:
    """One line per check, and one that sums up."""
    for check in checks:
        fix = f"  ->  {check.fix}" if check.fix else ""
        yield f"{check.state:<5} {check.name:<13}{clean(check.text + fix)}"
    count = {state: sum(check.state is state for check in checks) for state in State}
    yield ", ".join(f"{state} {count[state]}" for state in State)


def to_json(checks: tuple[Check, ...]) -> str:
    """The checks for programs: ``{"ok", "checks": [{"name", "state", "text", "fix"}]}``."""
    rows = [{"name": check.name, "state": check.state, "text": check.text, "fix": check.fix} for check in checks]
    return json.dumps({"ok": healthy(checks), "checks": rows}, indent=2)
