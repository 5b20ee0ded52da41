"""What the policy says of data: what counts as sensitive, where it may go back to, and what may leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from checkrein.policy.pathlist import PathList


class DataClass(StrEnum):
    """How far data may travel, from the freest to the most confined. ``RESTRICTED`` does not leave the machine."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        """0 (travels freely) to 3 (does not leave)."""
        return list(DataClass).index(self)


class Attachments(StrEnum):
    """What the gateway does with images and PDFs, whose content it does not read as text."""

    COUNT = "count"
    EXTRACT = "extract"  # the text of a PDF goes out, redacted, in place of the PDF; images are refused
    REFUSE = "refuse"

    @property
    def rank(self) -> int:
        """0 (loosest) to 2."""
        return list(Attachments).index(self)


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of the team's dictionary: a name that is replaced (or refused, where its class is ``RESTRICTED``)."""

    text: str
    label: str
    data_class: DataClass
    source: str


@dataclass(frozen=True, slots=True)
class ClassRule:
    """Paths of one data class. ``bound``: it stands in a layer that may only raise the class of a path, never lower it."""

    paths: tuple[str, ...]
    data_class: DataClass
    source: str
    matcher: PathList = field(compare=False, repr=False)
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Redaction:
    """``enabled`` turns all redaction on. ``generic``: also what only looks like a secret. ``pii``: ids of kinds in rules/pii.

    ``restore_files`` may hold any value of the vault, beside those that held it before; ``restore_hosts`` may be sent one by a
    command (names or ``*.suffix``), beside this machine; ``restore_servers`` are MCP servers that may be given one.
    ``expire_days``: after how many days without use a value is forgotten. ``wrap``: commands run with their output redacted
    where no gateway does it.
    """

    enabled: bool
    generic: bool
    pii: frozenset[str]
    dictionary: tuple[Term, ...]
    restore_files: PathList
    restore_hosts: tuple[str, ...]
    restore_servers: tuple[str, ...]
    expire_days: int
    wrap: bool


@dataclass(frozen=True, slots=True)
class Gateway:
    """``upstream``: base URL of the API ("" for where the client would go by itself). ``store``: "" for this machine's own
    files, else a database URL. ``workers``: processes that serve. ``account``: the kind of account, for what a provider keeps.
    """

    enabled: bool
    upstream: str
    attachments: Attachments
    store: str
    workers: int
    account: str


def database_url(url: str) -> str:
    """A database's address with the driver that is used for PostgreSQL, which people leave out."""
    scheme, found, rest = url.partition("://")
    return f"postgresql+psycopg{found}{rest}" if scheme in ("postgres", "postgresql") else url


def without_password(url: str) -> str:
    """A database's address as it may be shown: ``postgresql://user:***@host/name``. What follows ``?`` may hold one, too."""
    head, at, rest = url.partition("?")[0].rpartition("@")
    scheme, _, account = head.partition("://")
    user, colon, _ = account.partition(":")
    return f"{scheme}://{user}:***@{rest}" if at and colon else f"{head}{at}{rest}"


@dataclass(frozen=True, slots=True)
class Privacy:
    """All of it. ``project_class`` is the label of the whole project, ``classes`` those of paths (see ``class_of``)."""

    redaction: Redaction
    gateway: Gateway
    project_class: DataClass
    classes: tuple[ClassRule, ...]

    def class_of(self, path: str, *, is_dir: bool = False) -> tuple[DataClass, str]:
        """The class of an absolute, normalised path, and the ``FILE:LINE`` of the entry that gave it ("" where none names it).

        The last entry that matches counts; entries that are bound only ever raise what the others say.
        """
        found, source = self.project_class, ""
        for rule in self.classes:
            raises = not rule.bound or rule.data_class.rank > found.rank
            if raises and rule.matcher.covers(path, is_dir=is_dir):
                found, source = rule.data_class, rule.source
        return found, source
