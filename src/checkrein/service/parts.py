"""Puts the real parts of the service together."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import checkrein
from checkrein.controls import Guard
from checkrein.core import Event, EventKind
from checkrein.decide import DecisionPoint, SessionStore, Stores
from checkrein.decide.approvals import ApprovalStore
from checkrein.enforce.hooks import command
from checkrein.enforce.hooks.redaction import HookRedaction
from checkrein.ledger import Ledger
from checkrein.locations import approvals_file, config_dir, data_dir, home_dir, ledger_dir, state_dir, undo_dir
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.rules import load_rules
from checkrein.service import manage_gateway
from checkrein.service.approval import Consent
from checkrein.service.approver import RecordedApprover
from checkrein.service.controls import ServiceControls
from checkrein.service.hiding import Hiding, Prepared
from checkrein.service.paths import ServicePaths
from checkrein.service.processes import LiveProcesses
from checkrein.service.recorder import MaskedRecorder
from checkrein.service.redaction import HookRedactors, redactors_of, vault_of
from checkrein.service.routed import Routed
from checkrein.service.stopped import StoppedActions
from checkrein.service.unanswered import Unanswered, trouble
from checkrein.service.upkeep import Upkeep
from checkrein.service.watch import Watch
from checkrein.service.worker import Parts
from checkrein.setup.install import TRUST_FILE
from checkrein.undo import SnapshotStore


def build(env: Mapping[str, str], paths: ServicePaths) -> Parts:
    """The parts of this user's service. Raises what keeps them from being made, with the record closed again."""
    ledger = Ledger.open(ledger_dir(env))
    try:
        return _parts(env, paths, ledger)
    except BaseException:
        ledger.close()
        raise


def _parts(env: Mapping[str, str], paths: ServicePaths, ledger: Ledger) -> Parts:
    home = home_dir(env)
    state, config = state_dir(env), config_dir(env)
    key = ledger.keys.approvals
    approvals = ApprovalStore(approvals_file(env), key)
    policies = PolicyStore(PolicyFiles.standard(env))
    sessions, snapshots = SessionStore(state / "sessions"), SnapshotStore(undo_dir(env))
    stopped = StoppedActions(state / "stopped.jsonl", key, lambda decision_id: _summary(ledger, decision_id))
    vault = vault_of(env, policies)
    point = DecisionPoint(
        Stores(policies, sessions, snapshots, approvals, key, vault),
        load_rules(),
        home,
        _guard(paths, (str(state), str(paths.runtime), str(config), str(data_dir(env))), str(state / TRUST_FILE)),
        ledger.new_id,
        own_config=(str(config), *_program_folders()),
        own_state=(str(state), str(paths.runtime)),
        on_stopped=stopped.note,
    )
    point.warm()
    approver = RecordedApprover(approvals, stopped.find, ledger.note)
    watch = Watch(Path(env.get("CLAUDE_CONFIG_DIR") or f"{home}/.claude"), Path(home))

    def policy() -> Mapping[str, Any]:
        return {"errors": [str(error) for error in policies.current(home).errors]}

    def extra() -> Mapping[str, Any]:
        return {"client_folder": list(watch.remarks[:50])}

    controls = ServiceControls(
        Consent(approver, LiveProcesses(), os.geteuid()), approver, policy, extra, trouble=lambda: ledger.trouble
    )
    upkeep = Upkeep(snapshots, sessions, policies, home, ledger.note, vault)
    routed = Routed(paths, env, sessions, lambda: policies.current(home).policy.privacy.gateway.store)
    redactors = redactors_of(env, policies, vault)
    hiding = Hiding(redactors, home)
    hiding.prepare(Event(EventKind.LIFECYCLE, session="", cwd=home, project=home))

    def close() -> None:
        vault.close()
        ledger.close()

    redaction = HookRedaction(HookRedactors(redactors, policies, routed))
    redaction.warm(home)
    recorder = MaskedRecorder(ledger, point.asked, hiding)
    answered = Unanswered(point, routed, lambda: trouble(paths))
    return Parts(Prepared(answered, hiding), recorder, controls, watch, close, upkeep.run, redaction)


def _guard(paths: ServicePaths, folders: tuple[str, ...], trusted: str) -> Guard:
    """What controls have to protect, the gateway included while it is on."""
    shells = frozenset(str(Path(folder) / command.SHELL_FOLDER / name) for folder in folders for name in command.SHELLS)
    ours, port, gateway_port = {os.getpid(), os.getppid()}, paths.port() or 0, paths.gateway_port()
    if manage_gateway.read_route(paths) is None or gateway_port is None:
        return Guard(frozenset(ours), port, folders, trusted, shells=shells)
    pids = ours | {manage_gateway.unit_of(paths).running_pid() or 0, *manage_gateway.serving(paths)}
    address = manage_gateway.address(gateway_port)
    return Guard(frozenset(pids - {0}), port, folders, trusted, address, gateway_port, shells)


def _program_folders() -> tuple[str, ...]:
    """Where the code stands that the service runs: the package, and the environment that was made for it."""
    package = str(Path(checkrein.__file__).parent)
    return (package, sys.prefix) if sys.prefix != sys.base_prefix else (package,)


def _summary(ledger: Ledger, decision_id: str) -> str:
    entry = ledger.find(decision_id)
    return entry.summary if entry is not None else "an action that is not on record"
