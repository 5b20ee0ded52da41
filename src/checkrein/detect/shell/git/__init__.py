"""git (and its relatives): what a git command line would do, read as git itself reads it."""

from collections.abc import Mapping

from checkrein.detect.shell.git.handler import git_handler
from checkrein.detect.shell.git.others import hg_handler, svn_handler
from checkrein.detect.shell.model import Handler

__all__ = ["HANDLERS", "git_handler"]

HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(("git", "hub", "git-filter-repo", "git-filter-branch", "git-push", "git-reset", "git-clean"), git_handler),
    "hg": hg_handler,
    "svn": svn_handler,
}
"""Every program's bare name with its handler."""
