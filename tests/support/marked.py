"""Texts that say themselves what has to be found in them: ``password = "«{alnum:12}»"``."""

from __future__ import annotations

from checkrein.detect.secrets.examples import expand
from checkrein.detect.secrets.generic import scan

SEEDS = range(5)


def lines(table: str) -> list[str]:
    """The templates of ``table``, one on each line of it."""
    return table.strip("\n").split("\n")


def written(template: str, seed: int) -> tuple[str, str]:
    """The text that ``template`` stands for, and what stands between its marks.

    Apart from the fields of ``expand``, ``\\n`` is the end of a line, ``\\\\n`` these two characters, and ``{kind}`` the word
    that tells a private key's block from others.
    """
    text = expand(template.replace("\\\\n", "\0").replace("\\n", "\n").replace("\0", "\\n"), seed).replace(
        "{kind}", "PRI" + "VATE"
    )
    before, _, rest = text.partition("«")
    value, _, after = rest.partition("»")
    return before + value + after, value


def check_found(template: str) -> None:
    """Exactly what stands between the marks is found, whatever fills the fields."""
    for seed in SEEDS:
        text, value = written(template, seed)
        assert [text[each.start : each.end] for each in scan(text)] == [value]


def check_quiet(template: str) -> None:
    """Nothing is found, whatever fills the fields."""
    for seed in SEEDS:
        text, _ = written(template, seed)
        assert [text[each.start : each.end] for each in scan(text)] == []
