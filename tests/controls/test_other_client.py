"""Clients without our hooks, and what the client's own commands change."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core import Verdict


def rules(world: Any, command: str) -> set[str]:
    return {finding.rule for finding in world.bash(command).findings}


@pytest.mark.parametrize(
    "command",
    [
        "claude -p x --permission-mode bypassPermissions",
        "claude --permission-mode=bypassPermissions",
        "ANTHROPIC_BASE_URL=http://203.0.113.5 claude -p x",
        "export ANTHROPIC_BASE_URL=http://203.0.113.5; claude -p x",
        "env ANTHROPIC_BASE_URL=http://203.0.113.5 claude -p x",
        "NODE_OPTIONS=--require=/tmp/x.js claude -p x",
        "NODE_OPTIONS='--max-old-space-size=9 -r /tmp/x.js' claude -p x",
        "LD_PRELOAD=/tmp/x.so claude -p x",
        "CLAUDE_CODE_SHELL_PREFIX=/tmp/x claude -p x",
        "npx -y @anthropic-ai/claude-code@2.1.330 --bare -p x",
        "bunx @anthropic-ai/claude-code --bare",
        "node /opt/node_modules/@anthropic-ai/claude-code/cli.js --bare -p x",
    ],
)
def test_a_client_without_our_hooks(world: Any, command: str) -> None:
    decision = world.bash(command)
    assert "guard.unguarded-client" in {finding.rule for finding in decision.findings}
    assert decision.verdict is Verdict.DENY


@pytest.mark.parametrize(
    "command",
    [
        "claude -p x --permission-mode plan",
        "NODE_OPTIONS=--max-old-space-size=4096 claude -p x",
        "HTTPS_PROXY=http://proxy.example:3128 claude -p x",
        "PATH=/opt/bin:$PATH claude -p x",
        "node build.js --bare",
        "ls node_modules/@anthropic-ai/claude-code",
        "npx @anthropic-ai/claude-code --version",
    ],
)
def test_a_client_that_keeps_them(world: Any, command: str) -> None:
    assert "guard.unguarded-client" not in rules(world, command)


@pytest.mark.parametrize(
    "command",
    [
        "claude mcp add x -- npx foo",
        "claude config set a b",
        "claude plugin install x@y",
        "npx @anthropic-ai/claude-code mcp remove x",
    ],
)
def test_settings_by_the_clients_own_commands(world: Any, command: str) -> None:
    assert "guard.client-settings" in rules(world, command)


@pytest.mark.parametrize("command", ["claude mcp list", "claude config get a", "claude -p 'mcp add x'", "claude plugin list"])
def test_the_clients_other_commands(world: Any, command: str) -> None:
    assert "guard.client-settings" not in rules(world, command)
