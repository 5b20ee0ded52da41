"""``checkrein policy``: check, show and explain what is in force."""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from checkrein.cli import _kinds
from checkrein.cli._words import set_by
from checkrein.core import CheckreinError, Notice, PolicyError, Rule, ServiceError, UsageError
from checkrein.detect.paths import Places, classify
from checkrein.locations import config_dir, state_dir
from checkrein.policy import IgnoreTree, Layer, LoadedPolicy, PathAccess, Policy, PolicyFiles, Privacy, load_policy, schema_text
from checkrein.policy.load import check_layer, layer_files
from checkrein.policy.privacy import without_password
from checkrein.policy.schema import suggestion
from checkrein.report.text import clean
from checkrein.rules import load_notices, load_rules

_project_option = click.option(
    "--project",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default="the current folder",
    help="The project to judge for.",
)


_FIXED = "fixed: what the guard says of its own work"


@click.group()
def policy() -> None:
    """Check, show and explain the policy."""


@policy.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--layer", type=click.Choice(["organisation", "user", "project"]), help="What FILE is meant to be.")
@_project_option
@click.pass_context
def check(context: click.Context, file: Path | None, layer: str | None, project: Path) -> None:
    """Check FILE, or every layer for the current project: errors with file, line and fix, and what is ignored.

    Exits 2 where a file is broken. FILE counts as the layer whose place it is in, else as a project's.
    """
    files, folder = _files(context), _absolute(project)
    layers = dict(layer_files(folder, files))
    if file is not None:
        path = _absolute(file)
        if not path.is_file():
            raise UsageError(f"there is no file {clean(str(path))}", fix="name a policy file, or none to check every layer")
        meant = next((each for each, place in layers.items() if place == path), Layer.PROJECT)
        layers = {Layer[layer.upper()] if layer else meant: path}
    elif not any(path.exists() for path in layers.values()):
        click.echo("There is no policy file, so the built-in policy is in force: `checkrein policy show` prints it.")
        return
    broken = [error for each, path in layers.items() if (error := _check_one(each, path, folder, files)) is not None]
    if broken:
        context.exit(PolicyError.exit_code)


def _check_one(layer: Layer, path: Path, project: Path, files: PolicyFiles) -> CheckreinError | None:
    try:
        notes = check_layer(layer, path, project, files)
    except PolicyError as error:
        click.echo(f"{layer}: broken", err=True)
        for line in str(error).split("\n"):
            click.echo(f"  {clean(line)}", err=True)
        return error
    click.echo(f"{layer}: {clean(str(path))}: {'no such file' if notes is None else 'ok'}")
    for note in notes or ():
        click.echo(f"  note: {clean(str(note))}")
    return None


@policy.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_project_option
@click.pass_context
def show(context: click.Context, as_json: bool, project: Path) -> None:
    """Show the policy in force, each line with what set it."""
    loaded = _load(context, project)
    lines = list(_lines(loaded.policy))
    if as_json:
        entries = [{"key": key, "value": value, "source": source} for key, value, source in lines]
        notes = [{"source": note.source, "text": note.text} for note in loaded.notes]
        click.echo(json.dumps({"policy": entries, "notes": notes}, indent=2))
        return
    width = max(len(f"{key}: {_spelled(value)}") for key, value, _ in lines)
    for key, value, source in lines:
        click.echo(f"{clean(f'{key}: {_spelled(value)}'):{min(width, 70)}}  # {clean(source)}")
    for note in loaded.notes:
        click.echo(f"note: {clean(str(note))}")


@policy.command("explain")
@click.argument("subject", metavar="[RULE_OR_PATH]", required=False)
@_project_option
@click.pass_context
def explain(context: click.Context, subject: str | None, project: Path) -> None:
    """Explain a rule (its meaning, its action, and what set that), a kind of sensitive data, or a path (which rules speak
    about it).

    Without an argument every rule is listed with the action in force.
    """
    effective = _load(context, project).policy
    rules, notices = load_rules(), load_notices()
    if subject is None:
        for rule in rules.values():
            action, source = effective.action_for(rule)
            click.echo(f"{rule.id:32} {action!s:8} {clean(set_by(source))}")
        for notice in notices.values():
            click.echo(f"{notice.id:32} {notice.action!s:8} {_FIXED}")
    elif subject in rules:
        _explain_rule(rules[subject], effective)
    elif subject in notices:
        _explain_notice(notices[subject])
    elif subject in set(_kinds.ids()):
        for line in _kinds.explained(subject, effective):
            click.echo(clean(line))
    elif _looks_like_path(subject):
        _explain_path(subject, effective, _absolute(project), _files(context), rules)
    else:
        raise UsageError(
            f"no rule is called {clean(subject)!r}, and it is no path",
            fix=f"{suggestion(subject, (*rules, *notices, *_kinds.ids()))}`checkrein policy explain` lists every rule; begin a"
            " path with ./, ~/ or /.",
        )


@policy.command("schema")
def schema() -> None:
    """Print the JSON Schema of the policy file, for editors."""
    click.echo(schema_text(), nl=False)


def _files(context: click.Context) -> PolicyFiles:
    given = context.find_object(PolicyFiles)
    return given if given is not None else PolicyFiles.standard(os.environ)


def _absolute(path: Path) -> Path:
    return Path(os.path.normpath(Path.cwd() / path))


def _load(context: click.Context, project: Path) -> LoadedPolicy:
    return load_policy(_absolute(project), _files(context))


def _lines(effective: Policy) -> Iterator[tuple[str, Any, str]]:
    """Key, plain value and source of everything that is in force."""
    values: Mapping[str, Any] = {
        "approve": sorted(effective.approve),
        "unknown": str(effective.unknown),
        "ignore_files": list(effective.ignore_files),
        "scope.outside_read": effective.scope.outside_read.value,
        "scope.outside_write": effective.scope.outside_write.value,
        "scope.folders": list(effective.scope.folders),
        "undo.enabled": effective.undo.enabled,
        "undo.max_bytes": effective.undo.max_bytes,
        "undo.keep_days": effective.undo.keep_days,
        **_privacy_values(effective.privacy),
        "transport": effective.transport.value,
        "on_error": str(effective.on_error),
    }
    for key, value in values.items():
        yield key, value, effective.sources[key]
    for setting in effective.rules:
        yield f"rules.{setting.pattern}", str(setting.action), setting.source
    for name, entries in (("protected", effective.protected), ("sensitive", effective.sensitive)):
        for entry in entries:
            yield name, {"paths": list(entry.paths), "access": entry.access.value, "action": str(entry.action)}, entry.source

    for term in effective.privacy.redaction.dictionary:
        yield "redaction.dictionary", {"term": term.text, "label": term.label, "class": term.data_class.value}, term.source
    for rule in effective.privacy.classes:
        yield "privacy.classes", {"paths": list(rule.paths), "class": rule.data_class.value}, rule.source


def _privacy_values(privacy: Privacy) -> Mapping[str, Any]:
    """What is in force for data, by key. A password in the store's address is not shown."""
    redaction, gateway = privacy.redaction, privacy.gateway
    return {
        "privacy.class": privacy.project_class.value,
        "redaction.enabled": redaction.enabled,
        "redaction.generic": redaction.generic,
        "redaction.pii": sorted(redaction.pii),
        "redaction.restore.files": list(redaction.restore_files.patterns),
        "redaction.restore.hosts": list(redaction.restore_hosts),
        "redaction.restore.servers": list(redaction.restore_servers),
        "redaction.expire_days": redaction.expire_days,
        "redaction.wrap": redaction.wrap,
        "gateway.enabled": gateway.enabled,
        "gateway.upstream": gateway.upstream,
        "gateway.attachments": gateway.attachments.value,
        "gateway.store": without_password(gateway.store),
        "gateway.workers": gateway.workers,
        "gateway.account": gateway.account,
    }


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _explain_rule(rule: Rule, effective: Policy) -> None:
    action, source = effective.action_for(rule)
    click.echo(f"{rule.id}: {rule.title}")
    click.echo(
        f"action    {action}, set by {clean(set_by(source))}" + ("" if source == "default" else f"; default {rule.action}")
    )
    reason = next((setting.reason for setting in effective.rules if setting.source == source and setting.reason), "")
    if reason:
        click.echo(f"reason    {clean(reason)}")
    click.echo(f"threat    {rule.threat.value} {rule.threat.label}, severity {rule.severity.value}")
    click.echo(f"why       {rule.why}")
    click.echo(f"instead   {rule.instead}")
    for reference in rule.references:
        click.echo(f"see       {reference}")
    for example in rule.bad:
        click.echo(f"fires on  {clean(example.title)}")
    for example in rule.good:
        click.echo(f"passes    {clean(example.title)}")


def _explain_notice(notice: Notice) -> None:
    click.echo(f"{notice.id}: {notice.title}")
    click.echo(f"action    {notice.action}, {_FIXED}")
    click.echo(f"threat    {notice.threat.value} {notice.threat.label}, severity {notice.severity.value}")
    click.echo(f"why       {notice.why}")
    click.echo(f"instead   {notice.instead}")
    for case in notice.when:
        click.echo(f"when      {case}")
    for case in notice.not_when:
        click.echo(f"not when  {case}")


def _looks_like_path(text: str) -> bool:
    return "/" in text or text.startswith((".", "~")) or (Path.cwd() / text).exists()


def _explain_path(text: str, effective: Policy, project: Path, files: PolicyFiles, rules: Mapping[str, Rule]) -> None:
    home = str(files.home)
    typed = home + text[1:] if text == "~" or text.startswith("~/") else text
    path = posixpath.realpath(posixpath.join(str(project), typed))
    is_dir = Path(path).is_dir()
    click.echo(clean(path))
    found = classify(path, _places(home, str(project)), is_dir=is_dir)
    for access, rule in ((PathAccess.READ, found.sensitive), (PathAccess.WRITE, found.protected)):
        listed = effective.path_verdict(path, access, is_dir=is_dir)
        if listed is not None:
            reason = f": {listed.reason}" if listed.reason else ""
            click.echo(clean(f"{access.value:6} {listed.action!s:6} listed in the policy ({set_by(listed.source)}){reason}"))
        if rule and (listed is None or not listed.final):
            action, source = effective.action_for(rules[rule])
            click.echo(clean(f"{access.value:6} {action!s:6} {rule}: {rules[rule].title} (set by {set_by(source)})"))
        elif listed is None:
            click.echo(f"{access.value:6} no rule speaks about it")
    ignored, source = IgnoreTree(project, effective.ignore_files).match(path, is_dir)
    if ignored:
        action, _ = effective.action_for(rules["read.ignored"])
        click.echo(clean(f"read   {action!s:6} read.ignored: excluded by {source}"))
    data_class, source = effective.privacy.class_of(path, is_dir=is_dir)
    source = source or effective.sources["privacy.class"]
    if source != "default":
        click.echo(clean(f"class  {data_class.value} (set by {set_by(source)})"))


def _places(home: str, project: str) -> Places:
    try:
        return Places(home, project, config=(str(config_dir()),), state=(str(state_dir()),))
    except ServiceError:  # no home folder in the environment, so Checkrein has no folders of its own either
        return Places(home, project)
