"""Read rules for the client itself: they also stop what no hook sees, ``@file`` in a prompt above all."""

from __future__ import annotations

from collections.abc import Iterable

from checkrein.core import Action
from checkrein.policy.model import Layer, PathAccess, PathRule, Policy

CERTAIN = (
    *(".env", ".env.local", ".env.*.local", ".env.development", ".env.staging", ".env.production", ".dev.vars"),
    *("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"),
    *("~/.aws/credentials", "~/.azure/msal_token_cache.json", "~/.config/gcloud/application_default_credentials.json"),
    *("~/.kube/config", "~/.docker/config.json", "~/.vault-token", "~/.gnupg/**"),
    *("~/.netrc", "~/.git-credentials", "~/.config/gh/hosts.yml", "~/.npmrc", "~/.pypirc", "~/.cargo/credentials.toml"),
    *("~/.claude/.credentials.json", "~/.claude.json"),
)
"""What holds secrets under any policy. Few and exact: the client's rules know no exceptions, and nobody can permit one once."""

_UNSAFE = frozenset("()\n\r\0")


def read_patterns(policy: Policy, *, project_layer: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The patterns that the client is told never to read, and those of the policy that its rules cannot express.

    ``project_layer``: the entries of the project's own policy count too; they have no place in a user's settings.
    """
    wanted = list(CERTAIN)
    left_out: list[str] = []
    for rule in (*policy.protected, *policy.sensitive):
        if not rule.concerns(PathAccess.READ) or (rule.layer is Layer.PROJECT and not project_layer):
            continue
        if rule.action is Action.ALLOW:
            wanted = [pattern for pattern in wanted if pattern not in rule.paths]
        elif rule.action is Action.DENY:
            for pattern in _plain(rule, left_out):
                wanted.append(pattern)
    return tuple(dict.fromkeys(wanted)), tuple(left_out)


def _plain(rule: PathRule, left_out: list[str]) -> Iterable[str]:
    if any(pattern.startswith("!") for pattern in rule.paths):
        left_out.extend(rule.paths)
        return
    for pattern in rule.paths:
        if _UNSAFE & set(pattern):
            left_out.append(pattern)
        else:
            yield _for_client(pattern)


def _for_client(pattern: str) -> str:
    """Gitignore's ``/x`` is the client's ``//x`` (from the root), and a folder means all that is in it."""
    anchored = f"/{pattern}" if pattern.startswith("/") else pattern
    return f"{anchored}**" if anchored.endswith("/") else anchored
