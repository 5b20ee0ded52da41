"""The checks of the client's settings: what is in force in the current project, and what in it would switch the hooks off.

Every switch here was seen to work on the real client from a repository's own settings, in a folder that nobody had trusted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkrein.core import SettingsError
from checkrein.detect.client_settings import HELPERS, LOADERS, OFF, REDIRECTS, SWITCHES
from checkrein.enforce.hooks import command
from checkrein.enforce.hooks.remains import REMAINS
from checkrein.locations import data_dir
from checkrein.setup import trust
from checkrein.setup.doctor import Check, Patient, State
from checkrein.setup.files import decode, load, read
from checkrein.setup.install import GATEWAY_VARIABLE, TRUST_VARIABLE, ClientPaths, is_gateway
from checkrein.setup.settings import CLOSES, our_handlers, program_of, subscribed
from checkrein.setup.validate import voids

_RUNS = (*sorted(HELPERS), "statusLine", "fileSuggestion")
_TOOLS = (
    *("Agent", "AskUserQuestion", "Bash", "BashOutput", "Edit", "ExitPlanMode", "Glob", "Grep", "KillShell", "MultiEdit"),
    *("NotebookEdit", "Read", "Skill", "Task", "TodoWrite", "WebFetch", "WebSearch", "Write"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One settings file as it is now. ``own``: a person or the organisation wrote it, not a repository."""

    path: Path
    own: bool
    managed: bool
    text: str
    settings: Mapping[str, Any]


def sources(paths: ClientPaths) -> Iterator[Source | Check]:
    """Every settings file that the client reads here, or a failed check where it would pass over it."""
    managed = [paths.managed / "managed-settings.json", *sorted((paths.managed / "managed-settings.d").glob("*.json"))]
    project = paths.project / ".claude"
    places = [(paths.folder / "settings.json", True, False)]
    places += [(project / name, False, False) for name in ("settings.json", "settings.local.json")]
    places += [(path, True, True) for path in managed]
    seen: set[Path] = set()
    for path, own, is_managed in places:
        if path not in seen:
            seen.add(path)
            yield from _source(path, own=own, managed=is_managed)


def settings_files(patient: Patient) -> Iterator[Check]:
    """Every settings file is one that the client does not pass over."""
    for found in sources(patient.machine.paths):
        if isinstance(found, Check):
            yield found
        else:
            yield Check("settings", State.OK, f"{found.path} is valid")


def hooks(patient: Patient) -> Iterator[Check]:
    """Our hooks stand in the settings for every event, with this install's address and token, and nothing shuts them off."""
    found = _readable(patient)
    wanted = {event.name for event in subscribed()}
    homes = [source for source in found if any(True for _ in our_handlers(source.settings))]
    if not homes:
        yield Check("hooks", State.FAIL, "no settings file holds our hooks", "checkrein up")
        return
    present = {event for source in homes for event in _our_events(source.settings)}
    if missing := sorted(wanted - present):
        yield Check("hooks", State.FAIL, f"no hook of ours on {', '.join(missing)}", "checkrein up")
    stale = [source.path for source in homes if _stale(source.settings, patient)]
    for path in stale:
        yield Check("hooks", State.FAIL, f"{path} names another port or token than the service has", "checkrein up")
    if not missing and not stale:
        yield Check("hooks", State.OK, f"{len(present)} events are hooked in {', '.join(str(source.path) for source in homes)}")
    managed = any(source.managed for source in homes)
    yield from _switched_off(found, managed=managed)
    yield from _addresses(found, homes)


def hook_client(patient: Patient) -> Iterator[Check]:
    """The program that asks at the gates is the one that was made: where it is gone, every call is stopped."""
    handlers = (handler for source in _readable(patient) for handler in our_handlers(source.settings))
    programs = sorted({program for handler in handlers if (program := program_of(handler))})
    for program in programs:
        if not program.is_file():
            yield Check("hook client", State.FAIL, f"{program} is gone: the client stops every call", "checkrein up")
        elif program.name == command.NAME and not command.intact(program):
            yield Check("hook client", State.FAIL, f"{program} is not the program that was built", "checkrein up")
        else:
            yield Check("hook client", State.OK, f"{program} is in place")


def certificates(patient: Patient) -> Iterator[Check]:
    """Where hooks go by https, the client knows our certificate, and still trusts what the person's own file names."""
    found = _readable(patient)
    bundle = patient.machine.trust
    homes = [source for source in found if _has_http(source)]
    if not homes:
        return
    variables = patient.machine.variables()
    if trouble := trust.trouble(variables, trust.managed_variables(patient.machine.paths.managed)):
        yield Check("certificates", State.FAIL, trouble, "checkrein up")
        return
    if any(trust.variables(source.settings).get(TRUST_VARIABLE) != str(bundle) for source in homes):
        yield Check(
            "certificates", State.FAIL, f"{TRUST_VARIABLE} does not name {bundle}: every call is stopped", "checkrein up"
        )
        return
    other = trust.source(bundle)
    now = read(bundle)
    if now is None or not patient.service.certificate or patient.service.certificate not in now.decode("latin-1"):
        text = f"{bundle} does not hold the service's certificate: every call is stopped"
        yield Check("certificates", State.FAIL, text, "checkrein up")
    elif (wanted := trust.foreign(variables.get(TRUST_VARIABLE))) not in (None, other):
        yield Check("certificates", State.WARN, f"what {wanted} holds is not trusted by the client", "checkrein up")
    elif now.decode("latin-1") != trust.compose(patient.service.certificate, other):
        yield Check(
            "certificates", State.WARN, f"{other} changed, or is gone, since its certificates were taken", "checkrein up"
        )
    else:
        beside = f", beside those of {other}" if other else ""
        yield Check("certificates", State.OK, f"the client knows the service by its certificate{beside}")


def environment(patient: Patient) -> Iterator[Check]:
    """No ``env`` entry loads code into hooks, redirects the API or switches the hooks off."""
    clean = True
    for source in _readable(patient):
        env = source.settings.get("env")
        for name, value in env.items() if isinstance(env, dict) else ():
            check = None if _is_ours(patient, source, name, str(value)) else _judge_variable(source, name, str(value))
            if check:
                clean = False
                yield check
    for name in SWITCHES:
        if patient.machine.env.get(name, "").lower() not in OFF:
            clean = False
            yield Check("environment", State.FAIL, f"{name} is set in this shell: it switches every hook off", f"unset {name}")
    if clean:
        yield Check("environment", State.OK, "no settings file changes the environment of hooks or the API's address")


def _is_ours(patient: Patient, source: Source, name: str, value: str) -> bool:
    """Whether a variable in a settings file is one that we set, to what we set it to."""
    if name == TRUST_VARIABLE:
        return value == str(patient.machine.trust)
    if name == command.SHELL_VARIABLE:
        shell = Path(value)
        return shell.parent == data_dir(patient.machine.env) / command.SHELL_FOLDER and os.access(shell, os.X_OK)
    return name == GATEWAY_VARIABLE and source.own and is_gateway(value)


def project_runs(patient: Patient) -> Iterator[Check]:
    """What the repository's own settings start, before anybody trusts it where ``claude -p`` is used."""
    for source in _readable(patient):
        if source.own:
            continue
        started = [key for key in _RUNS if source.settings.get(key)]
        events = source.settings.get("hooks")
        ours = set(_our_events(source.settings))
        if isinstance(events, dict) and set(events) - ours:
            started.append("hooks")
        if started:
            yield Check("project", State.WARN, f"{source.path} starts programs of its own: {', '.join(started)}", "read it")
    servers = patient.machine.paths.project / ".mcp.json"
    if servers.exists():
        yield Check("project", State.WARN, f"{servers}: `claude -p` starts its servers without asking", "read it")


def matchers(patient: Patient) -> Iterator[Check]:
    """Hooks of other people whose matcher can never match, so that they guard nothing."""
    for source in _readable(patient):
        events = source.settings.get("hooks")
        for event, groups in events.items() if isinstance(events, dict) else ():
            for group in groups if isinstance(groups, list) else ():
                matcher = group.get("matcher") if isinstance(group, dict) else None
                for word in matcher.replace(",", "|").split("|") if isinstance(matcher, str) else ():
                    if right := _meant(word.strip()):
                        text = f"{source.path}: the matcher {json.dumps(word.strip())} on {event} never matches"
                        yield Check("matchers", State.WARN, text, f"write {right}")


def coverage(patient: Patient) -> Iterator[Check]:
    """What no hook sees: shut by settings where the client has one, named where it has none."""
    effective: dict[str, Any] = {}
    denies: list[str] = []
    for source in _readable(patient):
        effective.update(source.settings)
        permissions = source.settings.get("permissions")
        rules = permissions.get("deny") if isinstance(permissions, dict) else None
        denies += [rule for rule in rules or () if isinstance(rule, str) and rule.startswith("Read(")]
    shut = {"disableSkillShellExecution": "!`command` in skills and slash commands", "respondToBashCommands": "!command output"}
    for key, what in shut.items():
        if effective.get(key) is CLOSES[key]:
            yield Check("coverage", State.OK, f"{what} is shut by {key}")
        else:
            yield Check("coverage", State.WARN, f"{what} reaches the model without a hook", "checkrein up")
    if denies:
        yield Check("coverage", State.OK, f"@file and Read are refused for {len(denies)} patterns of sensitive files")
    else:
        yield Check("coverage", State.WARN, "no Read rule stops @file of a sensitive file", "checkrein up")
    if patient.service.gateway is None:
        for each in REMAINS:
            yield Check("coverage", State.NOTE, f"open: {each.what}. {each.until}", "checkrein up --gateway")
    yield Check(
        "coverage", State.NOTE, "open: `claude --bare` and CLAUDE_CODE_SIMPLE=1 in a shell start a session without any hook"
    )


def _source(path: Path, *, own: bool, managed: bool) -> Iterator[Source | Check]:
    try:
        data = read(path)
        if data is None:
            return
        text = decode(path, data)
        settings = load(path, text)
    except SettingsError as error:
        yield Check("settings", State.FAIL, error.what, error.fix)
        return
    problems = voids(text) if settings else ()
    for void in problems:
        text_of = f"{path}:{void.line}: {void.field} {void.problem}: the client passes over the whole file"
        yield Check("settings", State.FAIL, text_of, f"mend or remove {void.field}")
    if not problems:
        yield Source(path, own, managed, text, settings)


def _readable(patient: Patient) -> list[Source]:
    return [found for found in sources(patient.machine.paths) if isinstance(found, Source)]


def _our_events(settings: Mapping[str, Any]) -> Iterator[str]:
    events = settings.get("hooks")
    for event, groups in events.items() if isinstance(events, dict) else ():
        if any(True for _ in our_handlers({"hooks": {event: groups}})):
            yield event


def _has_http(source: Source) -> bool:
    return any(handler.get("type") == "http" for handler in our_handlers(source.settings))


def _stale(settings: Mapping[str, Any], patient: Patient) -> bool:
    service = patient.service
    base = f"https://127.0.0.1:{service.port}/"
    for handler in our_handlers(settings):
        if handler.get("type") == "http" and not (
            str(handler.get("url", "")).startswith(base) and service.token in handler["headers"].values()
        ):
            return True
    return False


def _switched_off(found: list[Source], *, managed: bool) -> Iterator[Check]:
    for source in found:
        if source.settings.get("disableAllHooks") is True and (source.managed or not managed):
            yield Check("hooks", State.FAIL, f"{source.path}: disableAllHooks switches our hooks off", "remove the line")
        if source.managed and source.settings.get("allowManagedHooksOnly") is True and not managed:
            text = f"{source.path}: allowManagedHooksOnly switches the hooks of users off"
            yield Check("hooks", State.FAIL, text, "sudo checkrein up --scope managed")


def _addresses(found: list[Source], homes: list[Source]) -> Iterator[Check]:
    """The client joins the lists of all files; where one has a list, our address must be in one of them."""
    urls = {h["url"] for source in homes for h in our_handlers(source.settings) if isinstance(h.get("url"), str)}
    lists = [s.settings["allowedHttpHookUrls"] for s in found if isinstance(s.settings.get("allowedHttpHookUrls"), list)]
    allowed = {entry for entries in lists for entry in entries}
    patterns = {url.rpartition("/")[0] + "/*" for url in urls}
    if urls and not (patterns | {"*"}) & allowed:
        text = "allowedHttpHookUrls does not name our address" if lists else "allowedHttpHookUrls is not pinned to our address"
        yield Check("hooks", State.FAIL, f"{text}: a repository's settings can shut our hooks out", "checkrein up")


def _judge_variable(source: Source, name: str, value: str) -> Check | None:
    upper = name.upper()
    if upper in SWITCHES and value.lower() not in OFF:
        return Check("environment", State.FAIL, f"{source.path}: env.{name} switches every hook off", "remove the line")
    if upper in LOADERS and value:
        state = State.WARN if source.own else State.FAIL
        return Check("environment", state, f"{source.path}: env.{name} loads or replaces programs in hooks", "remove the line")
    if upper in REDIRECTS and value:
        state = State.WARN if source.own else State.FAIL
        return Check(
            "environment", state, f"{source.path}: env.{name} changes where requests and the key go", "remove the line"
        )
    return None


def _meant(word: str) -> str:
    """What was probably meant by a matcher that never matches; "" where it may match."""
    for tool in _TOOLS:
        if word.lower() == tool.lower() and word != tool:
            return tool
    if word.startswith("mcp__") and word.count("__") == 1 and word.replace("_", "").replace("-", "").isalnum():
        return f"{word}__.*"
    return ""
