"""One git command line, taken apart: global options, environment, configuration, subcommand."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from glob import escape

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Invocation, World, absolute

_VALUED = {
    "-C",
    "-c",
    "--git-dir",
    "--work-tree",
    "--namespace",
    "--super-prefix",
    "--config-env",
    "--attr-source",
    "--list-cmds",
}
_HELP = {"--help", "-h", "--version", "-v", "--html-path", "--man-path", "--info-path"}
_ENVIRONMENT = {
    "GIT_PAGER": "core.pager",
    "GIT_EDITOR": "core.editor",
    "GIT_SEQUENCE_EDITOR": "sequence.editor",
    "GIT_SSH_COMMAND": "core.sshcommand",
    "GIT_SSH": "core.sshcommand",
    "GIT_EXTERNAL_DIFF": "diff.external",
    "GIT_ASKPASS": "core.askpass",
    "SSH_ASKPASS": "core.askpass",
    "GIT_PROXY_COMMAND": "core.gitproxy",
    "GIT_TEMPLATE_DIR": "init.templatedir",
    "GIT_CONFIG_GLOBAL": "include.path",
    "GIT_CONFIG_SYSTEM": "include.path",
}
_MAGIC_ROOT = (":/", ":(top)")


@dataclass(frozen=True, slots=True)
class Git:
    """One subcommand with all that stands before it. ``config`` holds (key, value) pairs from ``-c`` and the environment."""

    name: str
    args: tuple[str, ...]
    cwd: str
    world: World
    config: tuple[tuple[str, str], ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: str | None = None
    git_dir: str = ""
    work_tree: str = ""
    exec_path: str = ""
    beside: Sequence[tuple[str, ...]] = ()  # what the same command line started before
    depth: int = 0  # how many aliases were followed

    def setting(self, key: str) -> str | None:
        """A configuration value as this command would see it: the command line first, then the repository's and the user's."""
        found = [value for name, value in self.config if name == fold_key(key)]
        return found[-1] if found else self.world.git_config(self.cwd, key)

    @property
    def root(self) -> str:
        """The absolute path of the work tree's top folder; the current folder where no repository can be seen."""
        if self.work_tree:
            return self.work_tree
        parts = self.cwd.split("/")
        for end in range(len(parts), 0, -1):
            folder = "/".join(parts[:end]) or "/"
            if exists(self.world, f"{folder.rstrip('/')}/.git"):
                return folder
        return self.cwd

    def path(self, spec: str) -> str:
        """The absolute path or glob that a pathspec means."""
        for magic in _MAGIC_ROOT:
            if spec.startswith(magic):
                return absolute(spec[len(magic) :] or ".", self.root)
        if spec.startswith(":(") and ")" in spec:
            spec = spec.partition(")")[2]
        return absolute(spec, self.cwd)

    def covers_root(self, spec: str) -> bool:
        """True where a pathspec takes in the current folder or more."""
        if spec in ("*", ":", ":/", ":/*", ":(top)", ".", "./", "**", "./*"):
            return True
        target = self.path(spec)
        return UNKNOWN not in target and (
            self.cwd == target or self.cwd.startswith(target.rstrip("/") + "/") or target == self.root
        )


def exists(world: World, path: str) -> bool:
    """True where anything stands at an absolute path."""
    return world.is_dir(path) or bool(world.glob(escape(path)))


def is_pattern(spec: str) -> bool:
    """True where git would match a pathspec as a glob."""
    return any(char in spec for char in "*?[") and not spec.startswith(":(literal")


def excludes(spec: str) -> bool:
    """True for a pathspec that only takes paths out (``:!x``, ``:^x``, ``:(exclude)x``)."""
    return spec.startswith((":!", ":^", ":(exclude"))


def destructive(git: Git, rule: str, program: str, target: str = "", detail: str = "") -> Effect:
    """The effect that a rule names outright. ``target`` is the work tree where nothing nearer is known."""
    return Effect(EffectKind.DESTRUCTIVE, target or git.root, program, rule, detail=detail)


def path_effects(
    git: Git, kind: EffectKind, specs: Sequence[str], program: str, rule: str = "", flags: Flag = Flag.NONE
) -> Iterator[Effect]:
    """One effect for each pathspec that takes paths in."""
    for spec in specs:
        if excludes(spec):
            continue
        extra = Flag.GLOB if is_pattern(spec) else Flag.NONE
        yield Effect(kind, git.path(spec), program, rule, flags | extra)


def fold_key(key: str) -> str:
    """A configuration key as git compares it: section and name without case, the subsection as it is."""
    section, dot, rest = key.partition(".")
    middle, last_dot, name = rest.rpartition(".")
    return f"{section.lower()}{dot}{middle}{last_dot}{name.lower()}"


def read_command(invocation: Invocation) -> Git | None:
    """Take a git command line apart. None where it only prints help, a version or a path."""
    words = invocation.args
    config = list(_from_environment(invocation.env))
    cwd = invocation.cwd
    git_dir, work_tree = invocation.env.get("GIT_DIR", ""), invocation.env.get("GIT_WORK_TREE", "")
    exec_path = invocation.env.get("GIT_EXEC_PATH", "")
    index = 0
    while index < len(words) and words[index].startswith("-"):
        name, value, index = _global_option(words, index)
        if name in _HELP:
            return None
        if name == "-C":
            cwd = absolute(value, cwd)
        elif name == "-c":
            config.append(_pair(value))
        elif name == "--config-env":
            key, _, variable = value.partition("=")
            config.append((fold_key(key), invocation.env.get(variable) or invocation.world.variable(variable) or UNKNOWN))
        elif name == "--git-dir":
            git_dir = value
        elif name == "--work-tree":
            work_tree = value
        elif name == "--exec-path" and value:
            exec_path = value
    if index >= len(words):
        return None
    return Git(
        name=words[index],
        args=words[index + 1 :],
        cwd=cwd,
        world=invocation.world,
        config=tuple(config),
        env=invocation.env,
        stdin=invocation.stdin,
        beside=invocation.beside,
        git_dir=git_dir,
        work_tree=absolute(work_tree, cwd) if work_tree else "",
        exec_path=exec_path,
    )


def _global_option(words: Sequence[str], index: int) -> tuple[str, str, int]:
    """The option at ``index``, its value, and the index behind both. ``-cX`` and ``-CX`` are read too, to be safe."""
    word = words[index]
    if word[:2] in ("-C", "-c") and len(word) > 2:
        return word[:2], word[2:], index + 1
    name, has_value, value = word.partition("=")
    if name in _VALUED and not has_value:
        return name, words[index + 1] if index + 1 < len(words) else "", index + 2
    return name, value, index + 1


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    return fold_key(key), value if equals else "true"


def _from_environment(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for variable, key in _ENVIRONMENT.items():
        if variable in env:
            yield key, env[variable]
    if "ext" in env.get("GIT_ALLOW_PROTOCOL", "").split(":"):
        yield "protocol.ext.allow", "always"
    count = env.get("GIT_CONFIG_COUNT", "")
    for number in range(min(int(count), 1000) if count.isdecimal() else 0):
        yield fold_key(env.get(f"GIT_CONFIG_KEY_{number}", "")), env.get(f"GIT_CONFIG_VALUE_{number}", "")
    try:
        parameters = shlex.split(env.get("GIT_CONFIG_PARAMETERS", ""))
    except ValueError:
        parameters = []
    for parameter in parameters:
        yield _pair(parameter)
