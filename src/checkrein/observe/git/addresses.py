"""The e-mail addresses that commits make known anyway: those whom a history names, and those of the user's own commits."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

import pygit2

from checkrein.observe.git import ERRORS

_SETTINGS = (".gitconfig", ".config/git/config")
_COMMITS = 2000  # commits whose authors are read
_TRAILER = re.compile(rb"^[A-Z][A-Za-z\-]{1,40}-[Bb]y: [^\n<]{0,200}<([^<>\s]{3,254})>[ \t]*$", re.MULTILINE)
"""A line at the end of a commit's message that names a person, such as ``Signed-off-by``."""


class Addresses:
    """The addresses, in lower case, that one repository's history names. Not for several threads at once."""

    def __init__(self) -> None:
        self._found: frozenset[str] = frozenset()
        self._head: pygit2.Oid | None = None

    def of(self, repository: pygit2.Repository) -> frozenset[str]:
        """The addresses of those whom the latest 2,000 commits name, and all that earlier calls found. Raises ``ERRORS``."""
        if repository.head_is_unborn:
            return frozenset()
        head = repository.head.peel(pygit2.Commit).id
        if head != self._head:
            self._found |= frozenset(_named(self._new_commits(repository, head)))
            self._head = head
        return self._found

    def _new_commits(self, repository: pygit2.Repository, head: pygit2.Oid) -> Iterable[pygit2.Commit]:
        """Those that were not there when the addresses were last asked for: to read all takes a tenth of a second."""
        commits = repository.walk(head)
        if self._head is not None and self._head in repository:
            commits.hide(self._head)
        return commits


def own_addresses(home: str) -> frozenset[str]:
    """The addresses, in lower case, that a user gave git for all repositories.

    What a repository's own settings say does not count: a command of the agent's writes them easily.
    """
    found = set()
    for name in _SETTINGS:
        try:
            found.add(str(pygit2.Config(f"{home}/{name}")["user.email"]).strip().lower())
        except ERRORS:
            continue
    return frozenset(found)


def _named(commits: Iterable[pygit2.Commit]) -> Iterator[str]:
    for commit in itertools.islice(commits, _COMMITS):
        yield commit.author.email.lower()
        yield commit.committer.email.lower()
        for found in _TRAILER.finditer(commit.raw_message):
            yield found[1].decode("utf-8", "replace").lower()
