"""The state of git repositories, read with libgit2 and never by running git.

A repository's own settings can name programs that git runs at every status (``core.fsmonitor``, filters, hooks). libgit2 reads
the index, the objects and the ignore rules and starts nothing, so that a hostile repository can be looked at.
"""

from __future__ import annotations

import pygit2

ERRORS = (pygit2.GitError, KeyError, ValueError, OSError)
"""What reading a repository raises where that is damaged, or holds nothing by the name that was asked for."""
