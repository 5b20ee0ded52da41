"""Which commits would be gone with a branch, or with the repository: those that no other ref, or no remote, holds."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import pygit2

_REFS = 1000  # refs that are looked through for a commit
_LASTING = ("refs/heads/", "refs/remotes/", "refs/tags/")


def held_elsewhere(repository: pygit2.Repository, branch: str, gone: AbstractSet[str]) -> bool:
    """True where another branch, of this repository or of a remote, or a tag holds every commit of the local ``branch``.

    Refs whose short name is in ``gone`` do not count. Raises ``ERRORS``.
    """
    own = f"refs/heads/{branch}"
    tip = repository.references[own].peel(pygit2.Commit).id
    lasting = ((name, name.split("/", 2)[-1]) for name in repository.references if name.startswith(_LASTING))
    others = [name for name, short in lasting if name != own and short not in gone]
    for name in others[:_REFS]:
        there = repository.references[name].peel(pygit2.Commit).id
        if there == tip or repository.descendant_of(there, tip):
            return True
    return False


def is_only_copy(repository: pygit2.Repository) -> bool:
    """True where a branch, HEAD or a stash has commits that no branch of a remote has. Raises ``ERRORS``."""
    names = [name for name in repository.references if not name.startswith("refs/tags/")]
    remote = {name for name in names if name.startswith("refs/remotes/")}
    names += [] if repository.head_is_unborn else ["HEAD"]
    tips = {name: repository.references[name].peel(pygit2.Commit).id for name in names}
    there = {tips[name] for name in remote}
    here = set(tips.values()) - there
    if not here:
        return False
    walker = repository.walk(None)
    for tip in here:
        walker.push(tip)
    for tip in there:
        walker.hide(tip)
    return next(iter(walker), None) is not None
