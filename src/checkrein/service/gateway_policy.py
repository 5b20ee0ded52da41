"""What the policy says of a request on its way out: whose project it is, and whether its data may leave."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from checkrein.core import PolicyError
from checkrein.decide.recall import RULES as RECALLED
from checkrein.decide.sessions import project_of
from checkrein.enforce.gateway.cache import STANDING
from checkrein.enforce.gateway.ports import Caller, Outgoing
from checkrein.policy import DataClass, Policy, PolicyStore, Privacy
from checkrein.vault.entry import Kind

DICTIONARY_RULE = "dictionary.term"
_OF_TERMS = (DICTIONARY_RULE, RECALLED[Kind.NAME], STANDING)
_FOLDERS_LOOKED_AT = 8
_NAMED = 5


@dataclass(frozen=True, slots=True)
class GatewayPolicy:
    """``sessions`` is the folder in which hooks keep what they know of sessions; ``home`` stands in for the project of a
    session that no hook has told of: then the organisation's and the user's layers hold.
    """

    policies: PolicyStore
    sessions: Path
    home: str

    def project(self, caller: Caller) -> str:
        """The folder that the caller's session was opened in, by the word of the hooks."""
        return project_of(self.sessions, caller.session) or self.home

    def privacy(self, project: str) -> Privacy:
        """What holds for the data of a project now."""
        return self.policies.current(project).policy.privacy

    def reasons(self, outgoing: Outgoing) -> tuple[str, ...]:
        """Why the request may not leave; none where it may. What the conversation itself names can only add reasons."""
        own = self.project(outgoing.caller)
        others = [os.path.normpath(folder) for folder in outgoing.folders[:_FOLDERS_LOOKED_AT] if folder.startswith("/")]
        now = {folder: self.policies.current(folder) for folder in dict.fromkeys((own, *others))}
        policies = {folder: current.policy for folder, current in now.items()}
        found = [_of_broken(error) for error in now[own].lost]
        found += _of_projects(policies)
        found += _of_files(policies[own], own, outgoing.paths)
        found += _of_terms(policies[own].privacy, outgoing.found)
        return tuple(found)


def _of_broken(error: PolicyError) -> str:
    """What a file that was never good would hold back is not known."""
    return f"a policy file is broken, and nothing of it is in force: {error.what.rstrip('.')} ({error.fix.rstrip('.')})"


def _of_projects(policies: Mapping[str, Policy]) -> Iterator[str]:
    for folder, policy in policies.items():
        if policy.privacy.project_class is DataClass.RESTRICTED:
            source = policy.sources["privacy.class"]
            yield f"the project {folder} is restricted, and what is restricted does not leave this machine ({_set_by(source)})"


def _of_files(policy: Policy, project: str, paths: tuple[str, ...]) -> Iterator[str]:
    if not any(rule.data_class is DataClass.RESTRICTED for rule in policy.privacy.classes):
        return  # a conversation names hundreds of files, in every request
    restricted: dict[str, list[str]] = {}
    for path in dict.fromkeys(paths):
        absolute = os.path.normpath(os.path.join(project, path))  # noqa: PTH118 (a text of the conversation's, not opened)
        data_class, source = policy.privacy.class_of(absolute)
        if data_class is DataClass.RESTRICTED and source:
            restricted.setdefault(source, []).append(absolute)
    for source, files in restricted.items():
        more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
        names = ", ".join(files[:_NAMED])
        what = f"the conversation is about {names}{more}, which is restricted ({_set_by(source)})"
        yield f"{what}: go on without it, after /clear"


def _of_terms(privacy: Privacy, found: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """A restricted name of the dictionary. It is told by its label alone, as its text would be told to nobody.

    Where a hook was there first, a placeholder stands in place of the name, with the same label.
    """
    labels = {label for rule, label in found if rule in _OF_TERMS}
    for term in privacy.redaction.dictionary:
        if term.data_class is DataClass.RESTRICTED and term.label in labels:
            labels.discard(term.label)
            yield f"a restricted name ({term.label}) stands in it ({_set_by(term.source)}): take it out, after /clear"


def _set_by(source: str) -> str:
    return "the built-in policy says so" if source == "default" else f"{source} says so, and can be changed there"
