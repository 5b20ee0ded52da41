"""``checkrein log`` and ``checkrein explain``: what was decided, and why."""

from __future__ import annotations

import os
import re
import time
from datetime import datetime

import click
import orjson

from checkrein import locations
from checkrein.cli._words import columns, in_two, set_by
from checkrein.core import Finding, UsageError, Verdict
from checkrein.ledger import NOTE, Entry, Filter, LedgerReader
from checkrein.report.text import clean, clean_lines, counted, shorten

_POLL = 0.25  # seconds between two looks with -f
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NEWEST = 50
_SUBJECT = 12  # characters: most tools and events have no longer name
_WIDTH = 160  # characters of a summary on one line


class Since(click.ParamType[int]):
    """A span such as ``10m`` (back from now) or a time in ISO 8601, as microseconds since the epoch."""

    name = "time"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse ``value``."""
        if isinstance(value, int):
            return value
        if found := re.fullmatch(r"(\d{1,6})([smhd])", value):
            return int((time.time() - int(found[1]) * _UNITS[found[2]]) * 1_000_000)
        try:
            return int(datetime.fromisoformat(value).astimezone().timestamp() * 1_000_000)
        except ValueError:
            self.fail(f"{value!r} is no time; write 10m, 2h, 1d or 2026-01-31T12:00", param, ctx)


@click.command("log", short_help="Show what was recorded, oldest first.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is recorded from now on.")
@click.option(
    "-n", "--number", type=click.IntRange(min=0), default=_NEWEST, show_default=True, help="The newest so many (0: all)."
)
@click.option("--session", default="", help="Only this session.")
@click.option("--project", type=click.Path(), default="", help="Only this project.")
@click.option("--tool", default="", help="Only this tool, e.g. Bash.")
@click.option("--verdict", type=click.Choice([verdict.value for verdict in Verdict]), help="Only this verdict.")
@click.option("--rule", default="", help="Only this rule, or rules that begin so, e.g. git.")
@click.option("--since", type=Since(), default=0, help="Only from then on: 10m, 2h, 1d, or a date and time.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on each line.")
def log(
    follow: bool, number: int, session: str, project: str, tool: str, verdict: str | None, rule: str, since: int, as_json: bool
) -> None:
    """Show what was recorded, oldest first: time, verdict, ID, tool, rules, and what was asked with possible secrets masked."""
    place = os.path.realpath(project) if project else ""
    which = Filter(session=session, project=place, tool=tool, verdict=verdict or "", rule=rule, since=since, limit=number)
    with LedgerReader.open(locations.ledger_dir()) as reader:
        last = _end(reader)
        shown = _show(reader, which, as_json=as_json, heading=True)
        if not shown and not follow:
            click.echo("no entry matches", err=True)
        last = max(last, shown)
        while follow:
            time.sleep(_POLL)
            new = Filter(session, place, tool, verdict or "", rule, since, after=last)
            shown = max(shown, _show(reader, new, as_json=as_json, heading=not shown))
            last = max(last, shown)


@click.command("explain", short_help="Show everything about one decision.")
@click.argument("decision_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def explain(decision_id: str, as_json: bool) -> None:
    """Show everything about the decision ID: what would have happened, why it matters, what to do instead, and who says so."""
    with LedgerReader.open(locations.ledger_dir()) as reader:
        entry = reader.find(decision_id) or reader.find(decision_id.lower())
    if entry is None:
        raise UsageError(f"there is no decision {clean(decision_id)} on record", fix="`checkrein log` shows the ids")
    if as_json:
        click.echo(orjson.dumps(entry.as_dict(), option=orjson.OPT_INDENT_2))
        return
    click.echo("\n".join(_explained(entry)))


def _show(reader: LedgerReader, which: Filter, *, as_json: bool, heading: bool) -> int:
    """Print the entries, with a heading before the first; the sequence number of the last one (0 where there was none)."""
    last, width = 0, columns()
    for entry in reader.entries(which):
        if heading and not last and not as_json:
            click.echo(f"{_columns('TIME', 'VERDICT', 'ID', 'WHAT')}  RULES  ASKED")
        click.echo(orjson.dumps(entry.as_dict()) if as_json else _line(entry, width))
        last = entry.sequence
    return last


def _end(reader: LedgerReader) -> int:
    """The sequence number of the newest entry, so that following does not begin with what a filter left out."""
    return next((entry.sequence for entry in reader.entries(Filter(limit=1))), 0)


def _line(entry: Entry, width: int) -> str:
    if entry.kind == NOTE:
        return in_two(_columns(_time(entry), "service", "", entry.name), _short(entry.summary), width)
    subject = (entry.tool or entry.name or entry.kind) + (f" [{entry.agent}]" if entry.agent else "")
    head = _columns(_time(entry), entry.verdict, entry.id, subject)
    return in_two(f"{head}  {clean(','.join(entry.rule_ids) or '-')}", _short(entry.summary), width)


def _columns(time: str, verdict: str, decision_id: str, subject: str) -> str:
    return f"{time:19}  {clean(verdict):7}  {clean(decision_id):8}  {clean(subject):{_SUBJECT}}"


def _explained(entry: Entry) -> list[str]:
    rows = [
        ("decision", f"{entry.id}: {entry.verdict}{' (with a changed input)' if entry.rewritten else ''}"),
        ("time", f"{_time(entry)}, decided in {entry.micros / 1000:.1f} ms"),
        ("event", f"{entry.kind} {entry.name}".strip()),
        ("tool", f"{entry.tool} {entry.call}".strip()),
        ("session", entry.session + (f", subagent {entry.agent}" if entry.agent else "")),
        ("project", entry.project),
        ("digest", entry.digest),
        ("entry", f"{entry.sequence}, MAC {entry.mac}"),
    ]
    lines = [f"{name:9} {clean(value)}" for name, value in rows if value]
    lines += ["asked", *(f"    {line}" for line in clean_lines(entry.summary).split("\n"))]
    for finding in entry.parsed_findings:
        lines += ["", *_finding(finding)]
    if not entry.parsed_findings:
        lines += ["", "no rule spoke"]
    return lines


def _finding(finding: Finding) -> list[str]:
    rows = [
        ("about", finding.subject),
        ("why", finding.why),
        ("instead", finding.instead),
        ("set by", set_by(finding.source)),
        ("kept", f"a snapshot of {counted(len(finding.paths), 'path')}" if finding.paths else ""),
    ]
    head = (
        f"{finding.rule} ({finding.action}, {finding.severity}, {finding.threat.value} {finding.threat.label}): {finding.what}"
    )
    return [clean(head), *(f"    {name:8} {clean(value)}" for name, value in rows if value)]


def _time(entry: Entry) -> str:
    return entry.time.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _short(summary: str) -> str:
    return shorten(clean(summary), _WIDTH)
