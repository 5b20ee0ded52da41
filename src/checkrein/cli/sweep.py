"""``checkrein sweep``: the copies of conversations on this disk, what is sensitive in them, and what has to be taken back."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
import orjson

from checkrein import locations
from checkrein.cli._search import redaction_of
from checkrein.cli._vault import for_a_person, opened, store_url
from checkrein.core import LedgerError, PolicyError
from checkrein.decide.recall import Recall
from checkrein.decide.redaction import Wanted, search_of
from checkrein.detect.secrets import catalogue
from checkrein.detect.secrets.engine import standard
from checkrein.detect.sensitive import Detector
from checkrein.ledger.egress import DATABASE, EgressStore, Sent
from checkrein.observe.credentials import Credentials, Found
from checkrein.policy.privacy import Redaction
from checkrein.report.text import clean, counted, size
from checkrein.sweep import Done, Place, Report, Sweeper, Value, Values, copies, places, projects
from checkrein.sweep.held import Rows, is_held_back
from checkrein.vault.entry import Entry, Kind
from checkrein.vault.vault import Vault

_SHOWN = 5  # files of one value
_OPEN_SHOWN = 3
_BACKUPS = "file-history"


@click.command("sweep", short_help="Look for secrets in what Claude Code keeps here.")
@click.option("--fix", is_flag=True, help="Take out what is found, and make the files private.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def sweep(fix: bool, as_json: bool) -> None:
    """Look for secrets in what Claude Code keeps on this disk: transcripts, outputs, prompts, pasted text, logs.

    With --fix placeholders take their place, which the vault understands when a session is resumed; a file that a program
    holds open is overwritten with asterisks instead. A session that runs may write once more what it has in mind: sweep again
    when it has ended. Exit code 1 where something was found that is still there.
    """
    if fix:
        for_a_person("sweep --fix")
    report = Report()
    where = places(os.environ, os.geteuid())
    found = [copy for place in where for copy in copies(place, os.geteuid(), report.note)]
    with _prepared(projects(found), report) as (search, values, recall):
        Sweeper(search, recall if fix else None, values=values).run(found, report)
    rows = _sent(report)
    held_back = {digest for digest, value in report.values.items() if is_held_back(value, rows)}
    if as_json:
        click.echo(orjson.dumps(_as_dict(where, report, held_back)).decode())
    else:
        _show(where, report, held_back, fixed=fix)
    if any(swept.done is Done.NOTHING for swept in report.swept):
        raise SystemExit(1)


@contextmanager
def _prepared(folders: tuple[str, ...], report: Report) -> Iterator[tuple[Detector, Values, Recall]]:
    """What searches, what counts, and what keeps what is taken out. VaultError."""
    home = os.environ["HOME"]
    asked = [redaction_of(home), *_asked_by(folders, report)]
    with opened() as vault:
        secrets = Credentials(home, os.environ, vault.secret_values)
        known = [secrets.of(folder) for folder in (home, *folders)]
        values = {value.value: value for each in known for value in each.values}
        recall = Recall(vault)
        recall.refresh()
        for each in known:
            for unread in each.unread:
                report.note(unread.path, f"its secrets are not looked for: {unread.why}")
        redaction, secret = _together(asked), Found(tuple(values.values()), ())
        search = recall.beside(search_of(redaction, secret), Wanted(redaction, secret))
        yield search, Values(standard(), _vaulted(vault)), recall


def _vaulted(vault: Vault) -> dict[str, Entry]:
    """What the vault has of each credential. VaultError."""
    entries = {entry.placeholder: entry for entry in vault.entries() if entry.kind is Kind.CREDENTIAL}
    return {value: entries[name] for name, value in vault.known_values(entries).items()}


def _sent(report: Report) -> Rows:
    """What the gateway has on record of the sessions of what was found."""
    store, folder = store_url(), locations.egress_dir(os.environ)
    kept: dict[str, list[Sent]] = {}
    if store or (folder / DATABASE).is_file():
        sessions = dict.fromkeys(session for value in report.values.values() for session in value.sessions if session)
        try:
            with EgressStore.open(folder, store) as egress:
                kept = {session: list(egress.rows(session=session)) for session in sessions}
        except LedgerError as error:
            report.note(str(folder), f"what the gateway sent is not known: {error.what}")
    return lambda session: kept.get(session, [])


def _asked_by(folders: tuple[str, ...], report: Report) -> Iterator[Redaction]:
    """What the policies of projects call sensitive; one that is broken is told."""
    for folder in folders:
        try:
            yield redaction_of(folder)
        except PolicyError as error:
            report.note(folder, f"its policy is broken, so its own names are not looked for: {error.what}")


def _together(asked: Iterable[Redaction]) -> Redaction:
    """What any of several projects looks for."""
    first, *others = asked
    terms = {term.text: term for each in (first, *others) for term in each.dictionary}
    return replace(
        first,
        generic=True,
        pii=first.pii.union(*(each.pii for each in others)),
        dictionary=tuple(terms.values()),
    )


def _show(where: tuple[Place, ...], report: Report, held_back: Container[bytes], *, fixed: bool) -> None:
    for place in where:
        click.echo(_place_line(place, report))
    if report.open:
        done = f"; {report.closed} made private" if fixed else "; --fix makes them private"
        click.echo(f"readable by other users: {_some([copy.path for copy in report.open], _OPEN_SHOWN)}{done}")
    kept = [value for digest, value in report.values.items() if digest in held_back]
    if rotate := _by_kind(value for digest, value in report.values.items() if digest not in held_back):
        click.echo("\nto be taken back, since it was written down here and may have been sent:")
        click.echo("\n".join(rotate))
    if rotate := _by_kind(kept):
        click.echo(
            "\nheld back in these sessions, as far as the record of the gateway shows, which put it into what you see"
            " (to be taken back where it left in another way):"
        )
        click.echo("\n".join(rotate))
    if fixed and any(Path(swept.copy.place.path).name == _BACKUPS for swept in report.swept):
        click.echo(
            "files that a rewind brings back from before hold placeholders now where secrets stood:"
            " `checkrein vault restore --in-place FILE` puts the values back",
            err=True,
        )
    for left in report.left:
        click.echo(f"not done: {clean(left.path)} ({clean(left.why)})", err=True)
    click.echo(_summary(report, fixed=fixed), err=True)


def _place_line(place: Place, report: Report) -> str:
    swept = [each for each in report.swept if each.copy.place == place]
    total: Counter[str] = Counter()
    for each in swept:
        total.update(each.found)
    kinds = ", ".join(f"{clean(label)} {count}" for label, count in total.most_common())
    what = f"{counted(total.total(), 'finding')} in {counted(len(swept), 'file')}: {kinds}" if swept else "nothing found"
    return f"{clean(place.path)} ({place.title}): {what}"


def _by_kind(values: Iterable[Value]) -> list[str]:
    """For each kind of credential: what it is, where it is taken back, how many there are and where they stand."""
    kinds = {kind.rule: kind for kind in catalogue.load()}
    grouped: dict[tuple[str, str], list[Value]] = {}
    for value in values:
        if not value.rule.startswith(("pii.", "dictionary.")):
            grouped.setdefault((value.rule, value.label), []).append(value)
    lines = []
    for (rule, label), found in sorted(grouped.items(), key=lambda item: (-len(item[1]), item[0])):
        kind = kinds.get(rule)
        what = f"{kind.title} ({kind.provider}), at {kind.rotate}" if kind else f"{label}, where it was given out"
        files = list(dict.fromkeys(path for value in found for path in value.files))
        times = sum(value.times for value in found)
        lines.append(f"  {clean(what)}: {counted(len(found), 'value')}, {counted(times, 'time')}, in {_some(files, _SHOWN)}")
    return lines


def _some(paths: list[str], most: int) -> str:
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(clean(path) for path in paths[:most]) + more


def _summary(report: Report, *, fixed: bool) -> str:
    parts = [f"{counted(report.times, 'finding')} in {counted(len(report.swept), 'file')}"]
    parts[0] += f" of {report.files} ({size(report.size)})"
    if fixed:
        done = Counter(swept.done for swept in report.swept)
        parts += [f"{done[how]} {how}" for how in (Done.REDACTED, Done.MASKED) if done[how]]
    parts += [f"{counted(len(report.binary), 'binary file')} passed over"] if report.binary else []
    parts += [f"{counted(len(report.left), 'path')} not done"] if report.left else []
    return "; ".join(parts) + ("" if fixed or not report.swept else "; `checkrein sweep --fix` takes them out")


def _as_dict(where: tuple[Place, ...], report: Report, held_back: Container[bytes]) -> dict[str, object]:
    return {
        "places": [{"path": place.path, "title": place.title} for place in where],
        "files": [
            {"path": each.copy.path, "found": dict(each.found), "done": each.done.value, "mode": f"{each.copy.mode:04o}"}
            for each in report.swept
        ],
        "values": [
            {
                "rule": value.rule,
                "label": value.label,
                "times": value.times,
                "files": list(value.files),
                "held_back": digest in held_back,
            }
            for digest, value in report.values.items()
        ],
        "open": [copy.path for copy in report.open],
        "binary": report.binary,
        "left": [{"path": left.path, "why": left.why} for left in report.left],
        "searched": {"files": report.files, "bytes": report.size},
    }
