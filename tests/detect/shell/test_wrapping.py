"""However a denied command is wrapped, what it does stays visible, or it is said that something is not known."""

# ruff: noqa: E501 - tables of cases, one family a line
from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkrein.core.effect import EffectKind

BASES: dict[str, Callable[[Any], bool]] = {
    "rm -rf /etc": lambda judged: "/etc" in judged.of(EffectKind.DELETE),
    "dd if=/dev/zero of=/dev/sda": lambda judged: "/dev/sda" in judged.of(EffectKind.DEVICE),
    "git push --force": lambda judged: any(rule.startswith("git.") for rule in judged.rules),
    "shred -u /etc/passwd": lambda judged: "/etc/passwd" in judged.of(EffectKind.DELETE),
    "crontab -r": lambda judged: "persist.crontab-remove" in judged.rules,
}


def quoted(code: str) -> str:
    return "'" + code.replace("'", "'\\''") + "'"


def encoded(code: str) -> str:
    return base64.b64encode(code.encode()).decode()


def ansi(code: str) -> str:
    return "$'" + "".join(f"\\x{byte:02x}" for byte in code.encode()) + "'"


# wrappings of a simple command, which stay a simple command
PREFIXES = [
    "sudo ", "sudo -u x -- ", "env A=1 ", "env -i ", "nice -n5 ", "nice -n 5 ", "timeout -k 5 10 ", "nohup ", "command ", "builtin command ",
    "busybox ", "stdbuf -oL ", "setsid ", "ionice -c3 ", "exec ", "A=1 B=2 ", "time ", "! ", "xargs -0 ", "2>/dev/null ", "< /dev/null ", "\\\n",
    "coproc ", "env -u X ", "doas ",
]  # fmt: skip
# wrappings of any code
TEMPLATES: list[Callable[[str], str]] = [
    lambda code: f"bash -c {quoted(code)}",
    lambda code: f"sh -lc {quoted(code)}",
    lambda code: f"bash -c {ansi(code)}",
    lambda code: f"eval {quoted(code)}",
    lambda code: f"eval {ansi(code)}",
    lambda code: f"su - user -c {quoted(code)}",
    lambda code: f"env -S {quoted('bash -c ' + quoted(code))}" if "\n" not in code and "\\" not in code else f"eval {quoted(code)}",
    lambda code: f"sudo -u x -- bash -c {quoted(code)}",
    lambda code: f"X={quoted(code)}; eval \"$X\"",
    lambda code: f"X={quoted(code)}; bash -c \"$X\"",
    lambda code: f"printf -v X %s {quoted(code)}; eval \"$X\"",
    lambda code: f"A=(eval {quoted(code)}); \"${{A[@]}}\"",
    lambda code: f"declare -a A=(x eval {quoted(code)}); \"${{A[@]:1}}\"",
    lambda code: f"set -- x eval {quoted(code)}; shift; \"$@\"",
    lambda code: f"set -- x eval {quoted(code)}; \"${{@:2}}\"",
    lambda code: f"echo {encoded(code)} | base64 -d | sh",
    lambda code: f"eval \"$(echo {encoded(code)} | base64 --decode)\"",
    lambda code: f"bash <<< {quoted(code)}",
    lambda code: f"bash <<'E{len(code)}'\n{code}\nE{len(code)}\n",
    lambda code: f"cat <<'F{len(code)}' | sh\n{code}\nF{len(code)}\n",
    lambda code: f"bash <(echo {quoted(code)})",
    lambda code: f"source /dev/stdin <<< {quoted(code)}",
    lambda code: f"printf %s {quoted(code)} | bash",
    lambda code: f"({code}\n)",
    lambda code: f"{{ {code}\n}}",
    lambda code: f"if true; then {code}\nfi",
    lambda code: f"for i in 1; do {code}\ndone",
    lambda code: f"while true; do {code}\nbreak; done",
    lambda code: f"case x in *) {code}\n;; esac",
    lambda code: f"ls() {{ {code}\n}}; ls",
    lambda code: f"function f {{ {code}\n}}; f x",
    lambda code: f"true && {{ {code}\n}}",
    lambda code: f"false || {{ {code}\n}}",
    lambda code: f"true; {code}",
    lambda code: f"sleep 0 & {code}",
    lambda code: f"time {{ {code}\n}}",
    lambda code: f"coproc {{ {code}\n}}",
    lambda code: f"echo \"$({code}\n)\"",
    lambda code: f"X=$({code}\n)",
    lambda code: f"A[$({code}\n)]=1",
    lambda code: f"echo $[$({code}\n)]",
    lambda code: f"echo ${{X:-$({code}\n)}}",
    lambda code: f"[[ -n $({code}\n) ]]",
    lambda code: f"trap {quoted(code)} EXIT",
    lambda code: f"find . -maxdepth 0 -exec bash -c {quoted(code)} \\;",
    lambda code: f"echo x | xargs -I{{}} bash -c {quoted(code)}",
    lambda code: f"ssh host {quoted(code)}",
    lambda code: f"printf '%s\\n' {quoted(code)} > /tmp/w.sh; bash /tmp/w.sh",
    lambda code: f"echo {quoted(code)} | tee /tmp/w2.sh; sh < /tmp/w2.sh",
    lambda code: f"{code}\n: > /dev/null",
    lambda code: f"true | {{ {code}\n}}",
]  # fmt: skip


def split_name(base: str, at: int) -> str:
    """The command word written in another way."""
    name, _, rest = base.partition(" ")
    forms = [
        f"'{name}' {rest}",
        f'"{name[0]}"{name[1:]} {rest}',
        f"\\{name} {rest}",
        f"{name[0]}''{name[1:]} {rest}",
        f"{ansi(name)} {rest}",
        f"/bin/{name} {rest}",
        f"X={name}; $X {rest}",
        f"X={name[0]}; ${{X}}{name[1:]} {rest}",
        f"${{U:-{name}}} {rest}",
        f"$(echo {name}) {rest}",
        f"`echo {name}` {rest}",
        f"${{E}}{name} {rest}".replace("${E}", "E=; ${E}"),
        f"{{{name},{','.join(rest.split())}}}",
        f"C={name},{','.join(rest.split())}; IFS=,; $C",
        f"X={quoted(base)}; $X",
        f"alias zz={quoted(base)}; zz",
        f"X={name}y; ${{X%y}} {rest}",
        f"R=X; X={name}; ${{!R}} {rest}",
        f"if date; then X={name}; else X=echo; fi; $X {rest}",
        f"X=echo; false || X={name}; $X {rest}",
    ]
    return forms[at % len(forms)]


def visible(judge: Any, base: str, code: str) -> bool:
    judged = judge(code)
    return bool(BASES[base](judged)) or judged.blind


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("at", range(20))
def test_every_form_of_the_word(judge: Any, base: str, at: int) -> None:
    assert BASES[base](judge(split_name(base, at))), split_name(base, at)


@pytest.mark.parametrize("at", range(len(TEMPLATES)))
@pytest.mark.parametrize("base", BASES)
def test_every_template_alone(judge: Any, base: str, at: int) -> None:
    code = TEMPLATES[at](base)
    assert visible(judge, base, code), code


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_prefix_alone(judge: Any, prefix: str) -> None:
    assert "/etc" in judge(f"{prefix}rm -rf /etc").of(EffectKind.DELETE)


@pytest.mark.parametrize("at", range(len(TEMPLATES)))
def test_harmless_code_stays_harmless(judge: Any, at: int) -> None:
    judged = judge(TEMPLATES[at]("echo done"))
    assert EffectKind.DELETE not in judged.kinds
    assert EffectKind.DEVICE not in judged.kinds
    assert not judged.blind or "base64" in TEMPLATES[at]("echo done")


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(
    base=st.sampled_from(sorted(BASES)),
    form=st.one_of(st.none(), st.integers(0, 19)),
    prefix=st.one_of(st.just(""), st.sampled_from(PREFIXES)),
    templates=st.lists(st.sampled_from(TEMPLATES), max_size=4),
)
def test_any_wrapping(judge: Any, base: str, form: int | None, prefix: str, templates: list[Callable[[str], str]]) -> None:
    code = f"{prefix}{base}" if form is None else split_name(base, form)
    for template in templates:
        code = template(code)
    assert visible(judge, base, code), code
