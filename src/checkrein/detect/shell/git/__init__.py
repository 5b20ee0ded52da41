"""git: what a git command line would do, read as git itself reads it."""

from collections.abc import Mapping

from checkrein.detect.shell.git.handler import git_handler
from checkrein.detect.shell.model import Handler

__all__ = ["HANDLERS", "git_handler"]

HANDLERS: Mapping[str, Handler] = dict.fromkeys(
    ("git", "hub", "git-filter-repo", "git-filter-branch", "git-push", "git-reset", "git-clean"), git_handler
)
"""Every program's bare name with its handler."""
