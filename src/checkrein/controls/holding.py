"""Which files may hold the value behind a placeholder."""

from __future__ import annotations

from checkrein.controls.context import Context
from checkrein.controls.tree import named
from checkrein.detect.secrets.known import Known, KnownValues
from checkrein.observe.disk import real_path
from checkrein.vault.entry import source_of

NOT_MEANT_FOR_VALUES = frozenset(
    {
        *("read.shell-history", "read.agent-history", "read.agent-config", "read.capture", "read.device", "read.browser-store"),
        *("read.checkrein-state", "read.dotenv-test"),
    }
)
"""Kinds of sensitive files into which nobody writes a secret on purpose, or which are shared."""


IGNORE_FILES = ("/.gitignore", "/.git/info/exclude")


def may_hold(context: Context, path: str, name: str, value: str) -> bool:
    """Whether a value may stand in a file: it stood there before, policy says so, or the file is meant for such values."""
    real = real_path(path)
    sources = context.placeholders.entries[name].sources
    known = (real, named(context, real))  # never ``path`` itself: a folder on its way may have become a link meanwhile
    if any(source_of(each) in sources or context.policy.privacy.redaction.restore_files.covers(each) for each in known):
        return True
    if value in (context.disk.read_text(real) or ""):
        return True
    return is_meant_for_values(context, real)


def is_meant_for_values(context: Context, real: str) -> bool:
    """Whether a file is one that holds secrets and stays on this machine, by its name or because git leaves it out."""
    if context.policy.privacy.redaction.restore_files.covers(real):
        return True
    kind = context.classify(real).sensitive
    if kind and kind not in NOT_MEANT_FOR_VALUES and not context.git.holds(real):
        return True
    return context.inside(real) and context.git.would_ignore(real) and not _told_to_ignore(context)


def _told_to_ignore(context: Context) -> bool:
    """Whether this session changed what git leaves out: what it is told today, it can be told otherwise tomorrow."""
    return any(path.endswith(IGNORE_FILES) for folder in context.folders for path in context.disk.written(folder))


def stands_in(value: str, text: str) -> bool:
    """Whether a value stands in a text, as it is or encoded."""
    return value in text or bool(KnownValues([Known("VALUE", value, "")]).scan(text))
