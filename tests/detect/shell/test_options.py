"""Options as getopt_long reads them."""

from __future__ import annotations

import pytest

from checkrein.detect.shell.options import first_operand, listed, parse_options


def test_clusters_values_and_abbreviations() -> None:
    options = parse_options(
        ["-rfo", "out", "-ox", "--verb", "--file=a", "--file", "b", "x", "--", "-y"],
        values=("-o", "--file"),
        flags=("--verbose",),
    )
    assert options.given == {"-r": [""], "-f": [""], "-o": ["out", "x"], "--verbose": [""], "--file": ["a", "b"]}
    assert options.operands == ((7, "x"), (9, "-y"))
    assert options.last("--file") == "b"
    assert options.words == ("x", "-y")


def test_ambiguous_abbreviations_stay_as_they_are() -> None:
    assert parse_options(["--ver"], flags=("--verbose", "--version")).given == {"--ver": [""]}


def test_without_permutation_the_first_operand_ends_the_options() -> None:
    assert parse_options(["-a", "x", "-b"], permute=False).words == ("x", "-b")
    assert parse_options(["-a", "x", "-b"]).words == ("x",)


def test_optional_values_only_follow_an_equals_sign() -> None:
    options = parse_options(["--jobs", "x", "--jobs=3"], optional=("--jobs",))
    assert (options.given["--jobs"], options.words) == (["", "3"], ("x",))


def test_single_dash_long_options() -> None:
    assert parse_options(["-out", "f", "-x"], values=("-out",), single_dash_long=True).given == {"-out": ["f"], "-x": [""]}


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("rm -rf x", 0),
        ("-f rm", 1),
        ("-o out rm", 2),
        ("-fo out rm", 2),
        ("-oout rm", 1),
        ("-- rm", 1),
        ("- rm", 0),
        ("--long v rm", 2),
        ("--long=v rm", 1),
        ("--bind a b rm", 3),
        ("-f", 1),
    ],
)
def test_where_the_command_begins(words: str, at: int) -> None:
    assert first_operand(words.split(), ("-o", "--long"), ("--bind",)) == at


def test_listed() -> None:
    assert listed("-a  --b\n-c") == ("-a", "--b", "-c")
