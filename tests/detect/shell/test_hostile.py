"""Hostile text: never an exception, no work without bound, and nothing that is dropped without a word."""

# ruff: noqa: E501 - tables of cases, one family a line
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkrein.core.effect import Effect, EffectKind
from checkrein.detect.shell.interpreter import analyse
from checkrein.detect.shell.model import Argv, Invocation, ScriptFile, ShellText, Snippet
from checkrein.detect.shell.registry import HANDLERS, handler_for
from checkrein.detect.shell.syntax.cursor import MAX_COMMANDS, MAX_EXPANSIONS
from checkrein.detect.shell.syntax.parser import Parser

END = "\nrm -rf /etc\n"
OPENINGS = [
    "(", "((", "{ ", "$(", "$((", "${x:-", "${", "$[", "`", "'", '"', '"$(', '"${x:-', "<(", ">(", "[[ ", "if ", "while ", "for ", "case ",
    "case x in x) ", "f() ", "f() { ", "! ", "time ", "coproc ", "a[", "a=(", "a=(b ", "<<A ", "<<'A' ", "{a,", "{a,b}", "@(", "!(", "$'", "\\", "\\\n",
    "|", "&&", ";", "&", "a | ", "a && ", "a; ", "x=$x$x;", "if a; then ", "while a; do ", "function ", "select ", "\"$(( ", "$(($((", "${a[", "#", "~",
    "eval ", "bash -c '", "declare a=(", "cat <<A\n", "${#", "${!", "${x//", "[[ a =~ (", "esac ", "}", ")", "]]", "done ", ";;", "\n",
]  # fmt: skip


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("count", [50, 20_000])
def test_many_of_one_construct(judge: Any, opening: str, count: int) -> None:
    judged = judge(opening * count + END)
    seen = "/etc" in judged.of(EffectKind.DELETE)
    assert (
        seen
        or judged.blind
        or judged.analysis.problems
        or opening in ("#", "\\", "~", "{a,", "{a,b}", "\\\n", "bash -c '", "a[", "f() ", "function ")
    )


def test_text_behind_the_limit_of_commands_is_told(judge: Any) -> None:
    judged = judge("true;" * (MAX_COMMANDS + 10) + "rm -rf /etc")
    assert judged.of(EffectKind.UNRESOLVED)


def test_problems_do_not_hide_the_limit(judge: Any) -> None:
    judged = judge(";; " * 50 + "true;" * (MAX_COMMANDS + 10) + "rm -rf /etc")
    assert judged.of(EffectKind.UNRESOLVED)


def test_values_that_double_stay_bounded(judge: Any) -> None:
    judged = judge("x=aaaa;" + "x=$x$x;" * 400 + "$x -rf /etc")
    assert judged.of(EffectKind.UNRESOLVED)


@pytest.mark.parametrize(
    "code",
    [
        "rm -rf {1..300} /etc",
        "rm {" + ",".join(map(str, range(300))) + ",/etc}",
        "for i in $(seq 400); do rm $i; done",
        "shift ²",
        "shift 99999999999999999999999",
        "echo ${" + "9" * 5000 + "}",
        "echo {1.." + "9" * 5000 + "}",
        "seq " + "9" * 5000,
        "seq 99999999999999999999999",
        "echo ${a[" + "9" * 5000 + "]}",
        "printf '%" + "9" * 5000 + "s' x",
        "x=" + "a" * 5000 + "; echo ${x%%*a*a*a*a*b}",
        "timeout 5",
        "sudo",
        "xargs -n " + "9" * 50 + " rm",
    ],
)
def test_numbers_and_patterns_without_bound(judge: Any, code: str) -> None:
    judge(code)


def test_code_in_code_is_read_within_a_budget(judge: Any) -> None:
    judged = judge("eval " * 20_000 + "rm -rf /etc")
    assert judged.of(EffectKind.UNRESOLVED)
    assert not judge("eval " * 10 + "echo x").blind


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(
    name=st.sampled_from(sorted(HANDLERS)),
    words=st.lists(
        st.one_of(
            st.sampled_from(
                ["-", "--", "-c", "-e", "-f", "-x", "-exec", "run", "=", ":", "\0", "/etc", "{}", ";", "+", "-S", "-m", "a:b"]
            ),
            st.text(max_size=6),
        ),
        max_size=6,
    ),
    stdin=st.one_of(st.none(), st.text(max_size=20)),
)
def test_no_words_crash_a_handler(world: Any, name: str, words: list[str], stdin: str | None) -> None:
    for outcome in handler_for(name)(Invocation((name, *words), "/srv", world(), path=name, stdin=stdin)):
        assert isinstance(outcome, Effect | ShellText | Argv | Snippet | ScriptFile)


def test_braces_beyond_the_limit_are_told(judge: Any) -> None:
    judged = judge("rm -rf {" + ",".join(f"x{number}" for number in range(300)) + ",/etc}")
    assert any("\0" in target or target == "/etc" for target in judged.of(EffectKind.DELETE))


def test_steps_are_counted(world: Any) -> None:
    code = "f() { g; g; g; g; }; g() { h; h; h; h; }; h() { i; i; i; i; }; i() { true; true; }; " + "f;" * 1000
    analysis = analyse(code, world(), "/")
    assert any(effect.kind is EffectKind.UNRESOLVED for effect in analysis.effects)


@pytest.mark.parametrize("text", ["`" * 9 + "rm" * 9, "$((" * 60 + "))" * 60, '"$(("' * 60])
def test_rescans_are_bounded(text: str) -> None:
    parser = Parser(text)
    parser.parse()
    assert parser.room.expansions > MAX_EXPANSIONS - 1000
    assert parser.room.rescans > -2 * len(text)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(text=st.text(max_size=300))
def test_any_text(judge: Any, text: str) -> None:
    judge(text)


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(
    parts=st.lists(
        st.sampled_from(
            [*OPENINGS, "rm", " -rf ", "/etc", "$x", "\0", "a", "=", "A\n", "EOF", "])", "))", "})", "é", "\ud800"]
        ),
        max_size=60,
    )
)
def test_any_mixture_of_constructs(judge: Any, parts: list[str]) -> None:
    judge("".join(parts))
