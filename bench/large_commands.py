"""Commands of 200 KB in many shapes, and how the time grows with the size of each."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.measure import exponent, milliseconds
from bench.section import Options, Section, Table, Target, milli
from bench.worlds import world
from checkrein.core import Event, EventKind, Verdict
from checkrein.decide import DecisionPoint, SessionStore, Stores
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.rules import load_rules

FULL = 200_000
SIZES = (FULL // 4, FULL // 2, FULL)
LIMIT = 100.0
LINEAR = 1.25
REPEATS = 3


def _filled(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """``unit`` over and over, ``{}`` in it numbered, up to a size."""

    def make(size: int) -> str:
        room = size - len(before) - len(after)
        many = max(1, room // max(1, len(unit.replace("{}", "00000"))))
        return before + "".join(unit.replace("{}", f"{n:05d}") for n in range(many)) + after

    return make


def _nested(opening: str, closing: str, inside: str = "x") -> Callable[[int], str]:
    def make(size: int) -> str:
        depth = size // (len(opening) + len(closing))
        return opening * depth + inside + closing * depth

    return make


SHAPES: Mapping[str, Callable[[int], str]] = {
    "one long word": _filled("a", "echo "),
    "many words": _filled("w{} ", "echo "),
    "many paths deleted": _filled("f{}.txt ", "rm -f "),
    "many paths outside": _filled("/srv/data/f{} ", "rm -rf "),
    "many commands (;)": _filled("echo a{}; "),
    "many commands (&&)": _filled("echo a{} && ", after="true"),
    "many lines": _filled("cp a{} b{}\n"),
    "a long pipeline": _filled("sed s/{}/b/ | ", "cat f | ", "wc"),
    "single-quoted text": _filled("it is text {} ", "echo '", "'"),
    "double-quoted text": _filled("it is text {} ", 'echo "', '"'),
    "an open single quote": _filled("text {} ", "echo '"),
    "an open double quote": _filled("text {} ", 'echo "'),
    "backslashes": _filled("\\a", "echo "),
    "many quoted words": _filled("'a{}' ", "echo "),
    "assignments": _filled("V{}=a; "),
    "a variable that grows": _filled("A=$A$A; ", "A=ab; "),
    "many variables used": _filled("$V{} ", "echo "),
    "parameter expansions": _filled("${V{}:-x} ", "echo "),
    "nested parameter expansions": _nested("${a:-", "}"),
    "command substitutions": _filled("$(echo {}) ", "echo "),
    "nested substitutions": _nested("$(echo ", ")"),
    "backquotes": _filled("`echo {}` ", "echo "),
    "open substitutions": _filled("$("),
    "nested subshells": _nested("( ", " )", "true"),
    "open parentheses": _filled("("),
    "nested groups": _nested("{ ", ";}", "true"),
    "open braces": _filled("{"),
    "brace expansions": _filled("{a,b}", "echo "),
    "nested braces": _nested("{a,", "}"),
    "a wide brace": _filled("w{},", "echo {", "z}"),
    "a range": _filled(" {1..99999}", "rm"),
    "arithmetic": _filled("+{}", "echo $((1", "))"),
    "nested arithmetic": _nested("$((", "))", "1"),
    "a here-document": _filled("rm -rf / # prose {}\n", "cat <<'EOF' > notes.md\n", "EOF\n"),
    "a here-document that is run": _filled("echo {}\n", "bash <<'EOF'\n", "EOF\n"),
    "an open here-document": _filled("prose {}\n", "cat <<EOF\n"),
    "many here-documents": _filled("cat <<E{}\nx\nE{}\n"),
    "here-strings": _filled("cat <<< a{}; "),
    "redirections": _filled("> f{} ", "echo x "),
    "process substitutions": _filled("<(echo {}) ", "cat "),
    "nested sudo": _filled("sudo ", after="true"),
    "nested bash -c": _filled("bash -c ", after="true"),
    "xargs chains": _filled("xargs ", after="rm"),
    "nested if": _nested("if true; then ", "; fi", "true"),
    "open if": _filled("if true; then "),
    "loops": _filled("for i in a b; do echo $i{}; done; "),
    "nested loops": _nested("for i in a b; do ", "; done", "echo $i"),
    "a loop over many": _filled("v{} ", "for i in ", "; do rm $i; done"),
    "case branches": _filled("a{}) echo x;; ", "case $x in ", "esac"),
    "functions": _filled("f{}() { echo x; }; "),
    "functions that call themselves": _filled("f{}() { f{}; f{}; }; f{}; "),
    "aliases": _filled("alias a{}='rm -rf'; "),
    "comments": _filled("# rm -rf / {}\n", after="true"),
    "globs": _filled("*{}* ", "rm "),
    "stars": _filled("*", "rm "),
    "brackets": _filled("[", "rm "),
    "extended globs": _nested("@(", ")", "a"),
    "carriage returns and tabs": _filled("\r\t", "echo "),
    "newlines": _filled("\n"),
    "continued lines": _filled("\\\n", "echo "),
    "bytes beyond ASCII": _filled("ä€{}", "echo "),
    "a long path": _filled("d/", "rm -rf /srv/"),
    "dots in a path": _filled("../", "rm -rf "),
    "find -exec": _filled("-name '*{}' -o ", "find . ", "-name x -exec rm {} +"),
    "sed script": _filled("s/a{}/b/;", "sed -i '", "' src/app.py"),
    "awk program": _filled("{print ${}} ", "awk '", "' src/app.py"),
    "python -c": _filled("x = {}\n", "python3 -c '", "'"),
    "python -c, deep": lambda size: "python3 -c '" + "(" * (size // 2) + "1" + ")" * (size // 2) + "'",
    "python -c, long sum": _filled("+{}", "python3 -c 'x = 1", "'"),
    "python -c, calls": _filled('open("f{}", "w")\n', "python3 -c '", "'"),
    "node -e": _filled("let x{} = 1; ", "node -e '", "'"),
    "node -e, deep": lambda size: "node -e '" + "[" * (size // 2) + "]" * (size // 2) + "'",
    "ruby -e": _filled("x{} = 1; ", "ruby -e '", "'"),
    "perl -e": _filled("$x{} = 1; ", "perl -e '", "'"),
    "php -r": _filled("$x{} = 1; ", "php -r '", "'"),
    "SQL": _filled("DELETE FROM t WHERE id = {}; ", 'psql -c "', '"'),
    "a long SQL list": _filled("{},", 'psql -c "DELETE FROM t WHERE id IN (', '0)"'),
    "nested SQL": lambda size: 'psql -c "SELECT ' + "(" * (size // 2) + "1" + ")" * (size // 2) + '"',
    "git arguments": _filled("-c a.b{}=c ", "git ", "status"),
    "curl arguments": _filled("-H 'X-{}: a' ", "curl ", "https://example.com/"),
    "docker arguments": _filled("-e A{}=b ", "docker run ", "image true"),
    "base64": _filled("ZWNobyBoaQo", "echo ", " | base64 -d | sh"),
    "printf pieces": _filled("\\x61", "$(printf '", "')"),
    "NUL-like and control characters": _filled("\x01\x1b[31m", "echo "),
}


def run(_options: Options) -> Section:
    """Every shape in three sizes, each the best of a few runs; slow ones are named."""
    with world() as made:
        point = decision_point(made.environment(), made.home)
        costs = {name: [_cost(point, make(size), made.project) for size in SIZES] for name, make in SHAPES.items()}
    slow = max(costs, key=lambda name: costs[name][-1])
    steep = {name: exponent(SIZES, [max(cost, 1.0) for cost in found]) for name, found in costs.items()}
    steepest = max(steep, key=lambda name: steep[name])
    order = sorted(costs, key=lambda name: -costs[name][-1])
    rows = tuple((name, *(milli(cost) for cost in costs[name]), f"{steep[name]:.2f}") for name in order)
    return Section(
        title="Large commands",
        measured=f"one decision in process; of each size the best of {REPEATS} runs, so that growth is not the noise of the machine",
        compared="fixed limits; growth is the slope of time over size, both logarithmic (1 linear, 2 quadratic), with times below 1 ms taken as 1 ms",
        data=f"{len(SHAPES)} shapes of one `Bash` command, each in {', '.join(f'{size // 1000} KB' for size in SIZES)}",
        not_shown="shapes that are not listed; several such commands at once",
        tables=(Table("Slowest first:", ("shape", *(f"{size // 1000} KB" for size in SIZES), "growth"), rows),),
        targets=(
            Target(f"every shape of {FULL // 1000} KB within {LIMIT:g} ms", f"{milli(costs[slow][-1])}: {slow}", costs[slow][-1] <= LIMIT),
            Target(f"growth at most {LINEAR:g}", f"{steep[steepest]:.2f}: {steepest}", steep[steepest] <= LINEAR),
        ),
    )


def decision_point(env: Mapping[str, str], home: Path) -> DecisionPoint:
    """A decision point as the service has it, but with sessions in memory."""
    rules = load_rules()
    return DecisionPoint(Stores(PolicyStore(PolicyFiles.standard(env), rules=rules), SessionStore(None)), rules, str(home))


def _cost(point: DecisionPoint, command: str, project: Path) -> float:
    event = Event(
        EventKind.TOOL_CALL, "bench-large", str(project), str(project), name="PreToolUse", tool="Bash", input={"command": command}
    )
    gc.collect()
    return min(milliseconds(lambda: _decide(point, event)) for _ in range(REPEATS))


def _decide(point: DecisionPoint, event: Event) -> None:
    decision = point.decide(event)
    if decision.verdict is not Verdict.NONE and any(finding.rule == "guard.control-failed" for finding in decision.findings):
        raise RuntimeError(f"the decision failed: {decision.message[:300]}")
