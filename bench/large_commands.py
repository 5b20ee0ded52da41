"""Commands of 200 KB in many shapes, and how the time grows with the size of each."""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.measure import exponent
from bench.section import Options, Section, Table, Target, milli
from bench.worlds import world
from checkrein.core import Event, EventKind
from checkrein.decide import DecisionPoint, SessionStore, Stores
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.rules import load_rules

FULL = 200_000
SIZES = (FULL // 4, FULL // 2, FULL)
LIMIT = 100.0
LINEAR = 1.25
REPEATS = 3
REPEAT_BELOW = 300.0
GIVE_UP = 2.0
FLOOR = 5.0


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


class GivenUp(BaseException):
    """The decision took too long. Not an Exception, so that nothing on the way takes it for a failing control."""


def run(_options: Options) -> Section:
    """Every shape from small to large; the larger ones of a shape that was given up are not tried."""
    with world() as made:
        point = decision_point(made.environment(), made.home)
        point.warm()
        gc.freeze()  # as the service does
        found = {name: _costs(point, make, made.project) for name, make in SHAPES.items()}
        failures = [
            name for name, make in SHAPES.items() if len(found[name]) == len(SIZES) and _fails(point, make(FULL), made.project)
        ]
    gc.unfreeze()
    slow = [name for name, costs in found.items() if len(costs) < len(SIZES) or costs[-1] > LIMIT]
    steep = [name for name, costs in found.items() if len(costs) < len(SIZES) or _growth(costs) > LINEAR]
    rows = tuple((name, *_cells(found[name])) for name in sorted(found, key=lambda name: _rank(found[name])))
    return Section(
        title="Large commands",
        measured=(
            f"processor time of one decision in process, the best of {REPEATS} (the machine's other work does not count);"
            f" given up after {GIVE_UP:g} s"
        ),
        compared=(
            "fixed limits; growth is the slope of time over size, both logarithmic (1 is linear, 2 quadratic), with times below"
            f" {FLOOR:g} ms taken as {FLOOR:g} ms"
        ),
        data=f"{len(SHAPES)} shapes of one `Bash` command, each in {', '.join(f'{size // 1000} KB' for size in SIZES)}",
        not_shown="shapes that are not listed; several such commands at once",
        tables=(Table("Slowest first:", ("shape", *(f"{size // 1000} KB" for size in SIZES), "growth"), rows),),
        targets=(
            _none(f"every shape of {FULL // 1000} KB within {LIMIT:g} ms", slow),
            _none(f"growth of every shape at most {LINEAR:g}", steep),
            _none("no shape makes a part of the decision fail (it is a refusal then)", failures),
        ),
    )


def _none(aim: str, exceptions: list[str]) -> Target:
    return Target(aim, f"all but {len(exceptions)}: {', '.join(exceptions)}" if exceptions else "all", not exceptions)


def _growth(costs: list[float]) -> float:
    return exponent(SIZES, [max(cost, FLOOR) for cost in costs])


def _cells(costs: list[float]) -> tuple[str, ...]:
    missing = len(SIZES) - len(costs)
    if not missing:
        return (*(milli(cost) for cost in costs), f"{_growth(costs):.2f}")
    return (*(milli(cost) for cost in costs), f"more than {GIVE_UP:g} s", *("not tried",) * missing)


def _rank(costs: list[float]) -> tuple[int, float]:
    return len(costs), -costs[-1] if costs else 0.0


def decision_point(env: Mapping[str, str], home: Path) -> DecisionPoint:
    """A decision point as the service has it, but with sessions in memory."""
    rules = load_rules()
    return DecisionPoint(Stores(PolicyStore(PolicyFiles.standard(env), rules=rules), SessionStore(None)), rules, str(home))


def _costs(point: DecisionPoint, make: Callable[[int], str], project: Path) -> list[float]:
    """Milliseconds for each size, as far as none was given up."""
    costs = []
    for size in SIZES:
        try:
            costs.append(_cost(point, make(size), project))
        except GivenUp:
            break
    return costs


def _cost(point: DecisionPoint, command: str, project: Path) -> float:
    event = _event(command, project)
    gc.collect()
    best = _timed(point, event)
    for _ in range(REPEATS - 1 if best < REPEAT_BELOW else 0):
        best = min(best, _timed(point, event))
    return best


def _timed(point: DecisionPoint, event: Event) -> float:
    """Processor milliseconds of one decision. GivenUp after ``GIVE_UP`` seconds."""
    start = time.thread_time_ns()
    with _limited():
        point.decide(event)
    return (time.thread_time_ns() - start) / 1e6


@contextmanager
def _limited() -> Iterator[None]:
    def give_up(_number: int, _frame: object) -> None:
        raise GivenUp

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, GIVE_UP)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _fails(point: DecisionPoint, command: str, project: Path) -> bool:
    """Whether a part of the decision failed, so that it was a refusal out of trouble."""
    return any(finding.rule == "guard.control-failed" for finding in point.decide(_event(command, project)).findings)


def _event(command: str, project: Path) -> Event:
    place = str(project)
    return Event(EventKind.TOOL_CALL, "bench-large", place, place, name="PreToolUse", tool="Bash", input={"command": command})
