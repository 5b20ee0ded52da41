"""Whether what is written into a tool's settings file makes the tool run something, or fetch from somewhere else.

Most of these files say how code is formatted or which lines git merges; a few keys name programs, registries and accounts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from checkrein.core.effect import UNKNOWN

_JSON_KEY = re.compile(r'"((?:\\.|[^"\\])*)"\s*:')
_CARGO_KEYS = frozenset((
    *("runner", "rustc", "rustc-wrapper", "rustc-workspace-wrapper", "rustdoc", "linker", "credential-provider", "registry"),
    *("registries", "source", "alias", "env", "proxy", "token", "replace-with", "ssh-command", "git-fetch-with-cli"),
))  # fmt: skip
_USUAL_REGISTRY = r"""["']?https://registry\.(?:npmjs\.org|yarnpkg\.com)/?["']?\s*$"""
_NPM = (
    rf"(?:(?:@[^:\s]+:)?registry(?!\s*=\s*{_USUAL_REGISTRY})|.*_auth\w*|.*_password|.*username|script-shell|shell|node-options"
    r"|onload-script|init-module|globalconfig|userconfig|cafile|editor|git|proxy|https-proxy)\s*=|strict-ssl\s*=\s*false"
)
_YARN = (
    r"(?:yarnPath|plugins|npmRegistryServer|npmRegistries|npmScopes|npmAuth\w*|httpProxy|httpsProxy|unsafeHttpWhitelist"
    r"|caFilePath|enableStrictSsl)\s*:|registry\s|yarn-path\s|--"
)
_PIP = r"(?:extra-)?index-url\s*=|find-links\s*=|trusted-host\s*=|proxy\s*=|cert\s*=|client-cert\s*="
_BAZEL = (
    r"import\b|try-import\b|.*--(?:workspace_status_command|run_under|remote_|bes_|credential_helper|shell_executable|spawn_"
    r"|repo_env|registry)"
)
_MODULES = r"update\s*=\s*!|url\s*=\s*(?:-|ext::|file:|/|\.\.)|path\s*=\s*(?:/|-|.*\.\.)"
_RUNNING_KEY = re.compile(
    r"path|exe|command|shell|terminal|args|env|interpreter|server|approve|trust|proxy|task|runtime|sdk|binary|script|hook|mcp|url|host",
    re.IGNORECASE,
)
_SHOWING_KEY = re.compile(
    r"(?:editor|files|search|explorer|workbench|diffEditor|prettier|cSpell|todohighlight|emmet|html|css|markdown|breadcrumbs"
    r"|\[[^]]*\])(?:$|\.)"
)


def _lines(pattern: str, text: str) -> bool:
    """True where no line begins with what the pattern finds."""
    return not any(re.match(pattern, line.strip(), re.IGNORECASE) for line in text.splitlines())


def _attributes(text: str) -> bool:
    """Only a filter of another name than git-lfs's starts a program on every checkout."""
    words = [word for line in text.splitlines() if not line.startswith("#") for word in line.split()[1:]]
    return not any(word.startswith("filter=") and word != "filter=lfs" for word in words)


def _pre_commit(text: str) -> bool:
    """Hooks of other repositories have a revision; a local one is a command of its own."""
    return not re.search(r"repo:\s*['\"]?local|entry:", text)


def _cargo(text: str) -> bool:
    try:
        return not any(key in _CARGO_KEYS for key in _keys(tomllib.loads(text)))
    except (ValueError, RecursionError):
        return False


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _keys(inner)


def _editor_settings(text: str) -> bool:
    """Settings of how things look, and none that names a program, a server or a permission."""
    keys = _JSON_KEY.findall(text)
    return not any(_RUNNING_KEY.search(key) and not _SHOWING_KEY.match(key) for key in keys) and "\\u" not in text


_PLAIN: Mapping[str, Callable[[str], bool]] = {
    ".npmrc": partial(_lines, _NPM),
    ".yarnrc": partial(_lines, _YARN),
    ".yarnrc.yml": partial(_lines, _YARN),
    "pip.conf": partial(_lines, _PIP),
    ".bazelrc": partial(_lines, _BAZEL),
    ".gitmodules": partial(_lines, _MODULES),
    ".gitattributes": _attributes,
    ".pre-commit-config.yaml": _pre_commit,
    ".cargo/config.toml": _cargo,
    ".cargo/config": _cargo,
    ".vscode/settings.json": _editor_settings,
}


def only_settings(path: str, text: str) -> bool:
    """True where a reader knows this file and ``text``, known to the end, makes nothing run and names no other source."""
    parts = path.lower().rsplit("/", 2)
    reader = _PLAIN.get(parts[-1]) or _PLAIN.get("/".join(parts[-2:]))
    return reader is not None and UNKNOWN not in text and reader(text)
