"""``checkrein check``: what would happen with a command, a path or an event, and why; what a text holds. Nothing is run."""

from __future__ import annotations

import difflib
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import click
import orjson

from checkrein.cli._words import set_by
from checkrein.controls import Guard
from checkrein.core import Action, Decision, Event, EventKind, UsageError, Verdict
from checkrein.decide import DecisionPoint, SessionStore, Stores
from checkrein.locations import config_dir, home_dir, runtime_dir, state_dir
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.report.text import clean
from checkrein.rules import load_rules
from checkrein.service.paths import ServicePaths

KINDS = ("command", "path", "event", "secret", "pii")
ACCESSES = ("any", "read", "write", "delete", "glob")
_NEAR = 0.7  # how much alike two words are of which one may be meant by the other (difflib)
_WORD = re.compile(r"[A-Za-z][\w.-]*(?=\s|\Z)")
_SHELL_WORDS = frozenset(
    {
        *("alias", "bg", "bind", "break", "builtin", "caller", "case", "cd", "command", "compgen", "complete", "continue"),
        *("coproc", "declare", "dirs", "disown", "enable", "eval", "exec", "exit", "export", "fc", "fg", "for", "function"),
        *("getopts", "hash", "help", "history", "if", "jobs", "let", "local", "logout", "mapfile", "popd", "pushd", "read"),
        *("readarray", "readonly", "return", "select", "set", "shift", "shopt", "source", "suspend", "time", "times", "trap"),
        *("type", "typeset", "ulimit", "umask", "unalias", "unset", "until", "wait", "while"),
    }
)
"""Words of bash itself, for which there need not be a program."""
ORDER = (Verdict.NONE, Verdict.APPROVE, Verdict.ASK, Verdict.DENY)


class ByKind(click.Command):
    """A command whose help is about the kind that is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; notes what help would be about."""
        ctx.meta[_ABOUT] = next((word for word in args if not word.startswith("-")), "")
        return super().parse_args(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The page of the kind, or that of all."""
        kind = ctx.meta.get(_ABOUT, "")
        if kind not in _PAGES:
            super().format_help(ctx, formatter)
            return
        text, options = _PAGES[kind]
        paths = click.Argument(["paths"], nargs=-1, metavar="PATH...")
        page = click.Command(kind, params=[paths, *(each for each in self.params if each.name in options)], help=text)
        page.format_help(click.Context(page, info_name=f"{self.name} {kind}", parent=ctx.parent), formatter)


_ABOUT = "checkrein.about"
_PAGES = {
    "secret": (
        """Find secrets in files and folders, without showing them.

        Files that git ignores are searched too. A line is left alone where a comment on it says `checkrein: allow REASON`, and
        a finding where a baseline holds it: write one with --update, and keep it beside the code.

        The exit code is 0 where nothing was found, 1 where something was, and 2 where a file could not be read. With --jsonl,
        cases come from standard input, {"id": ..., "text": ...} on each line.
        """,
        frozenset({"jsonl", "as_json", "baseline", "update"}),
    ),
    "pii": (
        """Find personal data in files and folders, without showing it.

        Told is what has evidence: a checksum, a form of its own, or a word beside it (see docs/kinds/personal-data.md).
        A line is left alone where a comment on it says `checkrein: allow REASON`.

        The exit code is 0 where nothing was found, 1 where something was, and 2 where a file could not be read. With --jsonl,
        cases come from standard input, {"id": ..., "text": ...} on each line.
        """,
        frozenset({"jsonl", "as_json", "kinds"}),
    ),
}


@click.command("check", cls=ByKind, short_help="Judge a command, path or event; find secrets and PII.")
@click.argument("words", nargs=-1)
@click.option("--jsonl", is_flag=True, help="Read one JSON object per line, and answer each with one.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.option("--baseline", default="", metavar="FILE", help="For secrets: findings that this file holds are accepted.")
@click.option("--update", is_flag=True, help="Write the baseline: what is found now is accepted.")
@click.option("--kinds", default="", metavar="ID,...", help="For personal data: only these kinds, or default; else all.")
def check(words: tuple[str, ...], jsonl: bool, as_json: bool, baseline: str, update: bool, kinds: str) -> None:
    """Say what would happen, and why: `check 'COMMAND'`, `check command 'COMMAND'`, `check path PATH`, `check event < FILE`.
    Find secrets or personal data in files and folders, without showing them: `check secret PATH...`, `check pii PATH...`; both
    have a --help of their own.

    The current folder is the project. Nothing is run, kept or recorded. The exit code is 0 where it would go ahead, 1 where it
    would be stopped, and 2 where the question cannot be understood; with --jsonl it is 0 unless a line cannot be understood.
    """
    kind = words[0] if words and words[0] in KINDS else "command"
    rest = words[1:] if words and words[0] in KINDS else words
    if (baseline or update) and kind != "secret":
        raise UsageError("--baseline and --update are for secrets", fix="checkrein check secret PATH... --baseline FILE")
    if kinds and kind != "pii":
        raise UsageError("--kinds is for personal data", fix="checkrein check pii PATH... --kinds email,phone")
    if kind == "secret":
        from checkrein.cli._secrets import check_secret, secret_answers  # noqa: PLC0415 - a command needs no catalogue

        if jsonl:
            _print_answers(secret_answers(sys.stdin.buffer))
            return
        sys.exit(check_secret(rest, as_json=as_json, baseline=baseline, update=update))
    if kind == "pii":
        from checkrein.cli._personal import check_pii, pii_answers  # noqa: PLC0415 - a command needs no catalogue

        if jsonl:
            _print_answers(pii_answers(sys.stdin.buffer, kinds))
            return
        sys.exit(check_pii(rest, kinds=kinds, as_json=as_json))
    point = offline_point()
    for error in point.stores.policies.current(os.getcwd()).errors:  # noqa: PTH109 - a string is wanted
        click.echo(clean(f"checkrein: {error.what}; this policy file is passed over, see `checkrein policy check`"), err=True)
    if jsonl:
        _print_answers(answers(point, kind, sys.stdin.buffer))
        return
    if kind == "event":
        given = sys.stdin.buffer.read()
        if not given.strip():
            raise UsageError("no event on standard input", fix="checkrein check event < FILE")
        case: Mapping[str, Any] = _object(given)
    elif not words:
        raise UsageError("Say what to check", fix="checkrein check 'rm -rf build'")
    elif not rest:
        raise UsageError(f"check {kind} needs something to look at", fix=f"checkrein check {kind} '...'")
    else:
        case = {kind: " ".join(rest)}
        _require_meant(case[kind], named=rest != words)
    decision = judge(point, kind, case)
    if as_json:
        click.echo(orjson.dumps(answer(decision)).decode())
    else:
        for text in explained(decision):
            click.echo(clean(text))
    sys.exit(1 if decision.stops else 0)


def _require_meant(command: str, *, named: bool) -> None:
    """Where no kind is ``named``: UsageError for a ``command`` that begins like one; a word where no program of its name is."""
    found = None if named else _WORD.match(command)
    if found is None or found[0] in _SHELL_WORDS or shutil.which(found[0]):
        return
    word, rest = found[0], command[found.end() :]
    if near := difflib.get_close_matches(word.lower(), KINDS, n=1, cutoff=_NEAR):
        raise UsageError(
            f"did you mean `checkrein check {near[0]}{rest}`?",
            why=f"`{word}` is neither a kind of question ({', '.join(KINDS)}) nor a program on the PATH",
            fix=f"where it is a command, write `checkrein check command '{command}'`",
        )
    click.echo(clean(f"checkrein: judged as a shell command; there is no program `{word}` on the PATH"), err=True)


def _print_answers(lines: Iterator[dict[str, Any]]) -> None:
    """One line of JSON each. UsageError, after the last, where some cases could not be understood."""
    wrong = 0
    for line in lines:
        wrong += "error" in line
        click.echo(orjson.dumps(line).decode())
    if wrong:
        raise UsageError(f"{wrong} lines could not be understood", fix="look at the answers that hold an error")


def offline_point() -> DecisionPoint:
    """A decision point that keeps nothing: no snapshots, no permissions, no sessions on disk."""
    home = os.environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - HOME first, as a shell does
    env = {**os.environ, "HOME": home}
    rules = load_rules()
    stores = Stores(PolicyStore(PolicyFiles.standard(env), rules=rules), SessionStore(None))
    guard = Guard(port=ServicePaths.of_user(env).port() or 0)
    state = (str(state_dir(env)), str(runtime_dir(env)))
    return DecisionPoint(stores, rules, home_dir(env), guard, own_config=(str(config_dir(env)),), own_state=state)


def answers(point: DecisionPoint, kind: str, lines: Any) -> Iterator[dict[str, Any]]:
    """One answer for each JSON line that is not empty; ``error`` says what is wrong with one that cannot be understood."""
    for line in lines:
        if not line.strip():
            continue
        identity = None
        try:
            case = _object(line)
            identity = case.get("id")
            yield {"id": identity, **answer(judge(point, kind, case))}
        except UsageError as error:
            yield {"id": identity, "error": error.what}


def judge(point: DecisionPoint, kind: str, case: Mapping[str, Any]) -> Decision:
    """The decision on one case; for a path with access ``any`` the stricter of reading and writing it."""
    decisions = [point.decide(event) for event in _events(kind, case)]
    return max(decisions, key=lambda decision: ORDER.index(decision.verdict))


def _events(kind: str, case: Mapping[str, Any]) -> Iterator[Event]:
    cwd = os.getcwd()  # noqa: PTH109 - a string is wanted
    if kind == "command":
        yield _call("Bash", {"command": _text(case, "command")}, cwd)
    elif kind == "path":
        path, access = _text(case, "path"), str(case.get("access", "any"))
        if access not in ACCESSES:
            raise UsageError(f"access {access!r} is none of {', '.join(ACCESSES)}", fix="name one of them")
        for name, tool in (("read", "Read"), ("write", "Write"), ("delete", "mcp__files__delete")):
            if access == name or (access == "any" and name != "delete"):
                yield _call(tool, {"path": path} if name == "delete" else {"file_path": path}, cwd, "")
        if access == "glob":
            yield _call("Glob", {"path": path}, cwd, "")
    else:
        called, given = case.get("tool_name"), case.get("tool_input")
        if not isinstance(called, str) or not isinstance(given, dict):
            raise UsageError("an event needs tool_name and tool_input", fix="give the JSON that the client sends to a hook")
        yield _call(called, given, str(case.get("cwd") or cwd))


def _text(case: Mapping[str, Any], key: str) -> str:
    value = case.get(key)
    if not isinstance(value, str):
        raise UsageError(f"a case needs a {key}, as text", fix=f'{{"{key}": "..."}}')
    return value


def _call(tool: str, given: Mapping[str, Any], cwd: str, name: str = "PreToolUse") -> Event:
    """``name`` is "" where only a path is asked about: that is no whole call of the client."""
    return Event(EventKind.TOOL_CALL, session="check", cwd=cwd, project=cwd, name=name, tool=tool, input=given)


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UsageError("the input is not JSON", why=str(error), fix="give one JSON object per line") from error
    if not isinstance(value, dict):
        raise UsageError("the input is no JSON object", fix="give one JSON object per line")
    return value


def answer(decision: Decision) -> dict[str, Any]:
    """A decision as JSON."""
    verdict = Verdict.NONE if decision.verdict is Verdict.APPROVE else decision.verdict
    findings = [
        {
            "rule": f.rule,
            "threat": f.threat,
            "severity": f.severity,
            "action": str(f.action),
            "what": f.what,
            "policy": f.source,
        }
        for f in decision.findings
    ]
    rules = list(dict.fromkeys(f.rule for f in decision.findings))
    changed = {} if decision.updated_input is None else {"changed_input": dict(decision.updated_input)}
    return {"decision": verdict, "rules": rules, "findings": findings, **changed}


def explained(decision: Decision) -> Iterator[str]:
    """The decision in words."""
    yield f"{decision.verdict.value}"
    if decision.updated_input is not None:
        yield f"  changed to: {decision.updated_input.get('command', dict(decision.updated_input))}"
    for finding in decision.findings:
        word = "kept first, then allowed" if finding.action is Action.SNAPSHOT else str(finding.action)
        yield f"  {finding.rule} ({finding.threat}, {finding.severity}): {word}, set by {set_by(finding.source)}"
        yield f"    {finding.what}"
        if finding.why:
            yield f"    why: {finding.why}"
        if finding.instead and finding.action >= Action.ASK:
            yield f"    instead: {finding.instead}"
