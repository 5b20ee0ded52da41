"""The checks of the machine: the service, its port, the clients, the client's files, other people, policy and record."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from checkrein import __version__
from checkrein.core import CheckreinError
from checkrein.locations import ledger_dir
from checkrein.policy.files import PolicyFiles
from checkrein.policy.load import load_policy
from checkrein.setup.clients import CVE_FLOOR, show
from checkrein.setup.doctor import Check, Patient, State
from checkrein.setup.harden import client_files, loose, outside_mounts
from checkrein.setup.people import readers

_LISTEN = "0A"
_UP = "checkrein up"


def service_answers(patient: Patient) -> Iterator[Check]:
    """The service proves that it knows this install's token, and is of this version."""
    service = patient.service
    if not service.healthy:
        yield Check("service", State.FAIL, service.trouble or "it does not answer", _UP)
    elif service.version != __version__:
        yield Check("service", State.WARN, f"version {service.version} runs, {__version__} is installed", _UP)
    else:
        yield Check("service", State.OK, f"version {service.version} answers, process {service.pid}, port {service.port}")


def port_owner(patient: Patient) -> Iterator[Check]:
    """The port that the client calls is held by our supervisor: an ``http`` hook cannot tell who answers."""
    port, pid = patient.service.port, patient.service.pid
    if port is None:
        return
    sockets = set(_listeners(patient.proc, port))
    if not sockets:
        yield Check("port", State.FAIL, f"nobody listens on 127.0.0.1:{port}", _UP)
    elif pid is None or not sockets <= set(_sockets_of(patient.proc / str(pid))):
        fix = f"end the program that `ss -ltnp` shows on port {port}, then {_UP}"
        yield Check("port", State.FAIL, f"another program listens on 127.0.0.1:{port}", fix)
    else:
        yield Check("port", State.OK, f"127.0.0.1:{port} is held by our supervisor")


def clients(patient: Patient) -> Iterator[Check]:
    """The installed clients have no published advisory against them."""
    found = patient.machine.clients()
    if not found:
        yield Check("client", State.NOTE, "no Claude Code client is installed")
    for client in found:
        if client.version is None:
            yield Check("client", State.WARN, f"{client.path} cannot be started, or does not tell its version", "reinstall it")
        elif client.version < CVE_FLOOR:
            text = f"{client.label} has published security flaws, mended in {show(CVE_FLOOR)}"
            yield Check("client", State.FAIL, text, "claude update")
        else:
            yield Check("client", State.OK, client.label)


def file_modes(patient: Patient) -> Iterator[Check]:
    """Nobody else may use the client's files. One in a folder that lets nobody through is closed, whatever its own mode."""
    paths = patient.machine.paths
    open_or_foreign = (item for item in loose(paths, os.geteuid()) if item.reached or item.foreign is not None)
    found = list(itertools.islice(open_or_foreign, 1000))
    foreign = [item for item in found if item.foreign is not None]
    if not found:
        yield Check("file modes", State.OK, f"{paths.folder} and what is under it is yours alone")
        return
    for item in foreign[:3]:
        yield Check("file modes", State.FAIL, f"{item.path} belongs to user id {item.foreign}", f"sudo chown {os.geteuid()} it")
    if len(found) > len(foreign):
        first = next(item for item in found if item.foreign is None)
        count = f"{len(found) - len(foreign)}{' or more' if len(found) == 1000 else ''}"
        text = f"{count} of the client's files are open to others, the first {first.path} ({first.mode:04o})"
        yield Check("file modes", State.WARN, text, _UP)


def other_people(patient: Patient) -> Iterator[Check]:
    """Who else works on this machine, and whether they reach the client's files."""
    machine = patient.machine
    others = machine.others()
    reach = sorted({name for file in client_files(machine.paths) for name in readers(file, others)})
    if reach:
        yield Check("other people", State.FAIL, f"{', '.join(reach)} can read the client's files", _UP)
    elif others:
        names = ", ".join(person.name for person in others)
        yield Check("other people", State.NOTE, f"{names} also use this machine; they cannot read the client's files")
    else:
        yield Check("other people", State.OK, "nobody else has an account here")
    if readers(machine.paths.home, others):
        text = f"{machine.paths.home} can be listed by others"
        yield Check("home folder", State.WARN, text, f"chmod 0700 {machine.paths.home}")
    for mount in outside_mounts(machine.paths):
        yield Check("container", State.WARN, f"{mount} is mounted from outside: whoever runs the host reads it", "use a volume")


def policy(patient: Patient) -> Iterator[Check]:
    """The policy files are whole."""
    machine = patient.machine
    try:
        loaded = load_policy(machine.paths.project, PolicyFiles.standard(machine.env))
    except CheckreinError as error:
        yield Check("policy", State.FAIL, error.what, error.fix)
        return
    yield Check("policy", State.OK, "every policy file is valid")
    for note in loaded.notes:
        yield Check("policy", State.WARN, str(note))


def record(patient: Patient) -> Iterator[Check]:
    """The record was not changed."""
    from checkrein.ledger import verify  # noqa: PLC0415 - heavy, and needed here alone

    folder = ledger_dir(patient.machine.env)
    if not folder.exists():
        yield Check("record", State.NOTE, "nothing was recorded yet")
        return
    try:
        report = verify(folder)
    except CheckreinError as error:
        yield Check("record", State.FAIL, error.what, error.fix)
        return
    if report.ok:
        yield Check("record", State.OK, "the record is whole")
    for problem in report.problems:
        yield Check("record", State.FAIL, problem.what, "checkrein ledger verify")


def _listeners(proc: Path, port: int) -> Iterator[str]:
    """The inodes of the sockets that listen on ``port`` of 127.0.0.1 or of every address (proc_net_tcp, Linux)."""
    for table in ("tcp", "tcp6"):
        try:
            rows = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            words = row.split()
            if len(words) > 9 and words[3] == _LISTEN and int(words[1].rpartition(":")[2], 16) == port:
                yield words[9]


def _sockets_of(process: Path) -> Iterator[str]:
    try:
        entries = list((process / "fd").iterdir())
    except OSError:
        return
    for entry in entries:
        with contextlib.suppress(OSError):  # closed since it was listed
            link = str(entry.readlink())
            if link.startswith("socket:["):
                yield link.removeprefix("socket:[").removesuffix("]")
