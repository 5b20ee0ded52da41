"""Programs that print shell code of their own for a shell to run: ``eval "$(ssh-agent -s)"``.

What is printed is the installed program's, not data from elsewhere, so that running it is no more than running the program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from checkrein.detect.shell.links import physical
from checkrein.detect.shell.model import World
from checkrein.detect.shell.state import State
from checkrein.detect.shell.syntax.nodes import Process, Script, Simple, Substitution

_INIT = ("init", "init *", "virtualenv-init *")
SETUPS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("pyenv", "rbenv", "nodenv", "goenv", "jenv", "plenv", "phpenv", "starship", "zoxide", "mcfly", "atuin"), _INIT
    ),
    **dict.fromkeys(("conda", "mamba", "micromamba"), ("shell.*", "shell hook*")),
    **dict.fromkeys(("mise", "rtx"), ("activate", "activate *")),
    "brew": ("shellenv", "shellenv *"),
    "dircolors": ("", "-b", "--sh", "--bourne-shell"),
    "direnv": ("hook *",),
    "docker-machine": ("env", "env *"),
    "fnm": ("env", "env *"),
    "fzf": ("--bash", "--zsh"),
    "keychain": ("--eval *",),
    "lesspipe": ("",),
    "luarocks": ("path", "path *"),
    "minikube": ("docker-env", "podman-env", "docker-env *", "completion *"),
    "opam": ("env", "env *"),
    "poetry": ("env activate",),
    "register-python-argcomplete": ("*",),
    "ssh-agent": ("", "-s", "-c", "-t *", "-s -t *"),
    "thefuck": ("--alias", "--alias *"),
    **dict.fromkeys(
        ("argocd", "docker", "deno", "flux", "gh", "glab", "helm", "hugo", "k3d", "kind", "kubectl", "kustomize"),
        ("completion*",),
    ),
    **dict.fromkeys(("npm", "oc", "pip", "pip3", "pnpm", "rustup", "skaffold", "stern", "tanzu", "volta"), ("completion*",)),
    "uv": ("generate-shell-completion *",),
}
"""For each program, the words that make it print such code."""
FOLDERS = ("/usr/", "/opt/", "/home/linuxbrew/")
"""Folders that programs are installed in."""
HARMLESS_WORDS = re.compile(r"[\w ./=@:+,-]*")
"""Words that stay words where a program puts them into the code that it prints."""


def set_up(node: Simple, state: State) -> Simple:
    """``pyenv init -`` for ``eval "$(pyenv init -)"`` and ``source <(pyenv init -)``; all other commands as they are."""
    if len(node.words) != 2 or node.assignments or node.redirects or len(node.words[1].parts) != 1:
        return node
    part = node.words[1].parts[0]
    program = node.words[0].plain
    if (program == "eval" and isinstance(part, Substitution)) or (
        program in ("source", ".") and isinstance(part, Process) and part.direction == "<"
    ):
        body = part.body
    else:
        return node
    inner = _only_command(body)
    if inner is None or inner.assignments or not inner.words:
        return node
    texts = [text for word in inner.words if (text := word.literal) is not None]
    own = len(texts) == len(inner.words) and _prints_its_own(texts[0], " ".join(texts[1:]), state)
    return inner if own else node


def _only_command(body: Script) -> Simple | None:
    only = body.commands[0] if len(body.commands) == 1 else None
    return only if isinstance(only, Simple) else None


def _prints_its_own(program: str, words: str, state: State) -> bool:
    name = program.rsplit("/", 1)[-1]
    if (name != program and not physical(program).startswith(FOLDERS)) or name in state.functions or name in state.aliases:
        return False
    if not HARMLESS_WORDS.fullmatch(words):
        return False
    return any(fnmatchcase(words, pattern) for pattern in SETUPS.get(name, ()))


def is_installed(program: str, cwd: str, world: World) -> bool:
    """True for the path of a program that belongs to the person or the system, and not to the folder or repository at hand."""
    if program.startswith((*FOLDERS, f"{world.home}/.")):
        return True
    above = [program[:at] for at, char in enumerate(program) if char == "/"]
    return cwd not in above and not any(world.is_dir(f"{folder}/.git") for folder in above)
