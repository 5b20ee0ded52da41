"""What is no secret although its name or its shape says so: places on the disk, identifiers, what the system tells programs.

A value that is taken for a secret is replaced wherever it stands, so a folder's path among them would break every conversation.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

_ROOTS = (
    "Applications|Library|System|Users|Volumes|bin|boot|builds|cygdrive|data|dev|etc|export|home|lib|lib64|media|mnt|nix|opt"
    "|private|proc|root|run|sbin|snap|srv|sys|tmp|usr|var|workspace|workspaces"
)
_PLACE = re.compile(rf"(?:file://)?(?:(?:~|\.\.?|\$HOME|/(?:{_ROOTS}))(?:/[^:;,]*)?|[A-Za-z]:[\\/][^:;,]*)")
"""Nobody draws a token that begins like this; one of base64 begins with a slash now and then."""
_LISTS = re.compile(r"[:;,](?![\\/]{2})")
_IDENTIFYING = re.compile(
    r"(?i:id|ids|uid|uuid|guid|sha|sha1|sha256|commit|revision|digest|checksum)|\w*[a-z](?:I[dD]|Sha|SHA|Uuid|UUID)"
)
_LAST_WORD = re.compile(r"[^_.-]*\Z")
_IDENTIFIER = re.compile(
    r"(?:[A-Za-z0-9]{1,16}[:._-])?(?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{7,64}|[0-9]+)"
)
_TOLD = frozenset(
    {
        *("PWD", "OLDPWD", "INIT_CWD", "HOME", "USER", "LOGNAME", "USERNAME", "SHELL", "HOSTNAME", "HOST", "NAME"),
        *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "ICEAUTHORITY", "SESSION_MANAGER", "DESKTOP_SESSION", "WINDOWID"),
        *("SSH_AUTH_SOCK", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "SSH_ASKPASS", "SUDO_ASKPASS", "GIT_ASKPASS", "GPG_TTY"),
        *("GPG_AGENT_INFO", "DBUS_SESSION_BUS_ADDRESS", "JOURNAL_STREAM", "INVOCATION_ID", "NOTIFY_SOCKET"),
        *(
            "TMUX",
            "TMUX_PANE",
            "STY",
            "WT_SESSION",
            "TERM_SESSION_ID",
            "ITERM_SESSION_ID",
            "SHELL_SESSION_ID",
            "LS_COLORS",
            "LSCOLORS",
        ),
        *(
            "SECURITYSESSIONID",
            "LaunchInstanceID",
            "KITTY_PUBLIC_KEY",
            "KITTY_LISTEN_ON",
            "KEYTIMEOUT",
            "STARSHIP_SESSION_KEY",
            "WSL_INTEROP",
        ),
        *(
            "KONSOLE_DBUS_SESSION",
            "GNOME_TERMINAL_SCREEN",
            "PASSWORD_STORE_DIR",
            "TOKENIZERS_PARALLELISM",
            "PASSWORD_STORE_KEY",
        ),
    }
)
"""What shells, terminals, desktops and tools tell every program that they start."""
_OWN_NAMES = ("USER", "LOGNAME", "USERNAME", "HOSTNAME", "HOST", "NAME", "HOME")


def is_place(value: str) -> bool:
    """Whether ``value`` is the path of something on the disk, or a list of such paths."""
    return _is_path(value) or all(map(_is_path, _LISTS.split(value)))


def is_identifier(name: str, value: str) -> bool:
    """Whether ``value`` tells one thing from another and ``name`` says so: a commit, a session, a run of a build."""
    last = _LAST_WORD.search(name)
    return last is not None and bool(_IDENTIFYING.fullmatch(last[0])) and bool(_IDENTIFIER.fullmatch(value))


def of_environment(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The variables without those that the system tells every program, and without values that name the user or the machine."""
    own = {variables[name] for name in _OWN_NAMES if name in variables}
    return ((name, value) for name, value in variables.items() if name not in _TOLD and value not in own)


def _is_path(value: str) -> bool:
    if _PLACE.fullmatch(value):
        return True
    if not value.startswith("/") or _LISTS.search(value):
        return False
    folder = os.path.dirname(value)  # noqa: PTH120 - of what may be no path
    return os.path.lexists(value) or (folder.strip("/") != "" and os.path.lexists(folder))
