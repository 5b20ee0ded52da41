"""The controls: each looks at one event for one kind of trouble. The list below is the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from checkrein.controls import commands, deletion, guard, other_client, protected, scope, sensitive, service_guard, vaulted
from checkrein.controls.context import Context, Guard, Placeholders
from checkrein.core import Finding

Control = Callable[[Context], Iterable[Finding]]

CONTROLS: tuple[tuple[str, Control], ...] = (
    ("guard", guard.judge),
    ("the service", service_guard.judge),
    ("other clients", other_client.judge),
    ("commands", commands.judge),
    ("deletion", deletion.judge),
    ("protected files", protected.judge),
    ("sensitive reads", sensitive.judge),
    ("project scope", scope.judge),
    ("redacted values", vaulted.judge),
)

__all__ = ["CONTROLS", "Context", "Control", "Guard", "Placeholders"]
