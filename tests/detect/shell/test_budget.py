"""The work for one command is bounded, and what was found before the bound stands."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind
from checkrein.detect.shell.expansion.expand import IN_ARITHMETIC, MAX_FIELDS
from checkrein.detect.shell.frame import MAX_WORK, Budget, TooMuchError
from checkrein.detect.shell.interpreter import Analysis, analyse
from checkrein.detect.shell.redirections import MAX_REDIRECTIONS
from checkrein.detect.shell.syntax.cursor import MAX_WORDS
from checkrein.detect.shell.syntax.parser import parse

FAMILIES = {
    "words": lambda size: "echo " + "w{} " * size,
    "paths": lambda size: "rm " + " ".join(f"f{n}" for n in range(size)),
    "patterns": lambda size: "rm " + " ".join(f"*{n}*" for n in range(size)),
    "commands": lambda size: "; ".join(f"cp a{n} b{n}" for n in range(size)),
    "variables": lambda size: "; ".join(f"V{n}=a" for n in range(size)) + "; true",
    "redirections": lambda size: "echo x " + " ".join(f"> f{n}" for n in range(size)),
    "ranges": lambda size: "rm " + "{1..99999} " * size,
    "sudo": lambda size: "sudo " * size + "true",
    "xargs": lambda size: "xargs " * size + "rm",
    "loops in loops": lambda size: "for i in a b; do " * size + "echo $i" + "; done" * size,
    "loops over many": lambda size: "for i in " + " ".join(f"v{n}" for n in range(size)) + "; do rm $i; done",
    "alternatives": lambda size: "; ".join(f"V{n}=a" for n in range(size)) + "; true && " * size + "true",
    "texts": lambda size: "eval " * size + "true",
    "outputs": lambda size: "A=" + "a" * 1000 + "; " + "A=$A$A; " * 9 + "echo $A; " * size,
    "backquotes": lambda size: "echo " + "`echo x` " * size,
    "functions": lambda size: "f() { true; true; }; " + "f; " * size,
}  # fmt: skip


def spent(text: str, world: Any) -> int:
    """How much of the budget the analysis of a text takes, as far as that goes."""
    budget = Budget()
    analyse(text, world, "/srv/project", budget)
    return MAX_WORK - budget.left


def blind(analysis: Analysis) -> bool:
    return any(effect.kind is EffectKind.UNRESOLVED for effect in analysis.effects)


@pytest.mark.parametrize("family", FAMILIES)
def test_work_grows_no_faster_than_the_text_and_ends(world: Any, family: str) -> None:
    make = FAMILIES[family]
    small, large = (spent(make(size), world()) for size in (20, 40))
    assert large <= 2.5 * small or large > MAX_WORK
    assert spent(make(4_000), world()) <= MAX_WORK + 20_000  # the last item may be one that costs much


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in ("words", "variables", "texts")])
def test_what_is_not_looked_at_is_told(world: Any, family: str) -> None:
    assert blind(analyse(FAMILIES[family](20_000), world(), "/srv/project"))


@pytest.mark.parametrize(
    "code",
    [
        "rm -rf /etc " + " ".join(f"f{n}" for n in range(2 * MAX_WORDS)),
        "rm -rf /etc " + "{1..99999} " * 2_000,
        "rm -rf /etc " + "'a' " * (2 * MAX_FIELDS),
        "rm -rf /etc " + " ".join(f"> f{n}" for n in range(10 * MAX_REDIRECTIONS)),
        "sudo rm -rf /etc; " + "for i in a b; do " * 50 + "echo $i" + "; done" * 50,
        "rm -rf /etc; " + "cp a b; " * 5_000,
        "rm -rf /etc; " + "sudo " * 20_000 + "true",
    ],
)
def test_what_was_found_first_stands(world: Any, code: str) -> None:
    analysis = analyse(code, world(), "/srv/project")
    assert "/etc" in [effect.target for effect in analysis.effects if effect.kind is EffectKind.DELETE]
    assert blind(analysis)


@pytest.mark.parametrize(
    "code",
    [
        "cat <<'EOF' > notes.md\n" + "rm -rf / # prose\n" * 12_000 + "EOF\nrm -rf /etc",
        "cat <<EOF > notes.md\n" + "prose $x\n" * 1_500 + "EOF\nrm -rf /etc",
        "npx eslint " + " ".join(f"src/components/part-{n}/index.ts" for n in range(2_000)) + "; rm -rf /etc",
        "git add " + " ".join(f"src/file{n}.ts" for n in range(2_000)) + "; rm -rf /etc",
        "echo " + "ZWNobyBoaQo" * 18_000 + " | base64 -d > a.bin; rm -rf /etc",
        "for f in a b c; do " + "echo $f; " * 100 + "done; rm -rf /etc",
        "python3 - <<'EOF'\n" + "x = 1\n" * 2_000 + "EOF\nrm -rf /etc",
    ],
)
def test_large_commands_of_every_day_are_looked_at_to_the_end(world: Any, code: str) -> None:
    analysis = analyse(code, world(), "/srv/project")
    assert "/etc" in [effect.target for effect in analysis.effects if effect.kind is EffectKind.DELETE]
    assert not any("too much" in effect.detail or "more than" in effect.detail for effect in analysis.effects)


def test_a_budget_is_spent_once() -> None:
    budget = Budget(3)
    budget.spend(3)
    with pytest.raises(TooMuchError):
        budget.spend(1)


def test_a_budget_may_last_for_several_texts(world: Any) -> None:
    budget = Budget(300)
    assert not blind(analyse("cp a b", world(), "/", budget))
    assert blind(analyse("cp a b; " * 10, world(), "/", budget))


def test_plain_words_are_read_as_the_others_are() -> None:
    texts = [
        "a b c",
        "a  b\tc ; d",
        "a b'c' d",
        "a b#c e",
        "a 2 >f b",
        "a b=c (",
        "a $x b c",
        "a b\\ c d",
        "a b{c d",
        "a ~ b)",
    ]
    for text in texts:
        one_by_one = parse(text.replace(" ", " \\\n"))
        assert parse(text).commands == one_by_one.commands


@pytest.mark.parametrize(("code", "known"), [("a++", False), ("a == 1", True), ("a[0] = 1", False), ("a[" + "0" * 400, False)])
def test_what_arithmetic_assigns_is_not_known(world: Any, code: str, known: bool) -> None:
    analysis = analyse(f"a=/etc; : $(({code})); rm -rf $a", world(), "/srv/project")
    assert ("/etc" in [effect.target for effect in analysis.effects if effect.kind is EffectKind.DELETE]) == known


def test_arithmetic_is_read_in_one_go() -> None:
    for text in ("a[" * 50_000, "a" * 100_000, "a " * 50_000, "++ " * 30_000, "a" + " " * 100_000):
        assert not list(IN_ARITHMETIC.finditer(text))[1:] or text.startswith("a[")
