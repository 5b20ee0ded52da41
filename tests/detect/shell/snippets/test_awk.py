"""What awk snippets do, and their harmless twins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

LANGUAGE = "awk"
SCRIPTS = {"/w/helper.py": "pass"}
ATTACKS = [
    ('BEGIN { system("rm -rf /") }', "shell rm -rf /"),
    ('BEGIN { system("rm\\040-rf\\x20/") }', "shell rm -rf /"),
    ("{ system($0) }", "run-unknown awk: system"),
    ('BEGIN { while ((getline line < ".env") > 0) print line }', "read /w/.env"),
    ('BEGIN { "id" | getline x }', "shell id"),
    ('{ print $1 > "out.txt" }', "write /w/out.txt"),
    ('{ print "x" | "sh" }', "shell sh"),
    ('{ a = $1 / 2; b = a / 3 } /foo"/ { system("ls") }', "shell ls"),
    ('function f(x) { system("rm " x) } BEGIN { f("q") }', "shell rm q"),
    ('BEGIN { f("q") } function f(x) { system("rm " x) }', "shell rm q"),
    ('BEGIN { c="rm"; c = c " -rf " ENVIRON["HOME"]; system(c) }', "shell rm -rf /home/u"),
    ('BEGIN{cmd=sprintf("rm %s","a"); cmd | getline}', "shell rm a"),
    ('BEGIN { f="system"; @f("z") }', "shell z"),
    ('BEGIN { print "a" |& "/inet/tcp/0/e/80" }', "send e:80"),
    ('BEGIN { if (1) system("a"); else system("b") }', "shell b"),
    ('BEGIN { system("x"', "shell x"),
]
HARMLESS = [
    "{print $1}",
    '/system\\("rm"\\)/ { print }',
    "NR==1{next} {s+=$2} END{print s/NR}",
    '# system("no")\n{ print }',
    "{ x[$1]++ } END { for (k in x) print k, x[k] }",
    "$1 ~ /a/ && $2 > 3 { print $1, $2 }",
]


@pytest.mark.parametrize(("source", "expected"), ATTACKS)
def test_found(brief_of: Callable[..., set[str]], source: str, expected: str) -> None:
    assert expected in brief_of(LANGUAGE, source, ("A1", "A2") if "A1" in expected else (), scripts=SCRIPTS)


@pytest.mark.parametrize("source", HARMLESS)
def test_harmless(brief_of: Callable[..., set[str]], source: str) -> None:
    assert brief_of(LANGUAGE, source) == set()
