"""``Effect``: one thing that a command line, a code snippet or a tool call would do to the world."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag as EnumFlag
from enum import StrEnum, auto

from checkrein.core.sweep import Sweep

UNKNOWN = "\0"
"""Stands in a target, a path or an argument for text that cannot be known before the command runs.

A NUL byte cannot occur in an argument or a path, so it cannot be forged. ``"/srv/\\0/x"`` is a path below /srv."""


class EffectKind(StrEnum):
    """What is done. ``target`` of the effect says to what."""

    READ = "read"  # target: absolute path (its content is read or copied)
    LIST = "list"  # target: absolute path (names only)
    WRITE = "write"  # target: absolute path (created, overwritten, appended to, edited in place)
    DELETE = "delete"  # target: absolute path (removed, truncated to nothing, or moved out of reach)
    MOVE = "move"  # target: absolute path that is gone afterwards; ``to`` where it went
    CHMOD = "chmod"  # target: absolute path; ``detail`` the mode or owner
    LINK = "link"  # target: absolute path of the new link; ``to`` what it points at
    EXECUTE = "execute"  # target: program or script path whose content was looked at as far as it can be
    RUN_UNKNOWN = "run-unknown"  # runs code that nobody can see beforehand; ``detail`` says where it comes from
    RUN_FETCHED = "run-fetched"  # runs code that came over the network; target: URL or host where known
    FETCH = "fetch"  # target: URL; nothing of ours leaves but the request
    SEND = "send"  # target: URL or host; data leaves: ``reads`` names the files it came from
    INSTALL = "install"  # target: package; ``detail`` the ecosystem
    DEVICE = "device"  # target: device path that is written, formatted or repartitioned
    DESTRUCTIVE = "destructive"  # a rule names it outright: target: what is lost (ref, table, bucket, pod ...)
    PERSIST = "persist"  # something is set up to run later; target: crontab, unit, rc file
    SIGNAL = "signal"  # target: process name or id pattern that is ended
    PRIVILEGE = "privilege"  # runs as another user; target: that user
    UNRESOLVED = "unresolved"  # a command word or text that could not be resolved; ``detail`` says why


class Flag(EnumFlag):
    """What else is true of an effect."""

    NONE = 0
    RECURSIVE = auto()
    FORCE = auto()
    GLOB = auto()  # target is a glob pattern, not a literal path
    APPEND = auto()  # a WRITE that keeps what is there
    CREATE = auto()  # a WRITE that never replaces (mkdir, touch)
    REMOTE = auto()  # happens on another machine, in a container or a cloud: target is not a local path
    ROOT = auto()  # with elevated rights
    FILTERED = auto()  # find -name '*.pyc' -delete: only some of what is below target
    CONTENT_OUT = auto()  # a READ whose content reaches the agent, or leaves the machine
    THROUGH = auto()  # the path was given with a slash at its end: a link there is followed
    IN_PLACE = auto()  # a WRITE that edits an existing file
    FRESH = auto()  # with REMOTE: in a container that is made for this call, whose own files are copies of its image's


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect. ``rule`` is the id of the rule that names it outright ("" where a control has to compare it with the disk).

    ``program`` is the command that does it, as a person would name it (``git reset --hard``). ``reads`` is what
    the effect hands on (a SEND, a WRITE by copy): the content of files, by their paths, and of variables of the environment,
    ``env:NAME`` for one and ``env:*`` for all of them. ``text`` is the content that a WRITE puts there, where it is known.
    ``sweep`` tells which paths a search found, where the target stands for them.
    """

    kind: EffectKind
    target: str
    program: str
    rule: str = ""
    flags: Flag = Flag.NONE
    to: str = ""
    detail: str = ""
    reads: tuple[str, ...] = ()
    text: str | None = None
    sweep: Sweep | None = None

    @property
    def known(self) -> bool:
        """False where part of the target cannot be known beforehand."""
        return UNKNOWN not in self.target
