"""Brace expansion, which comes before all others."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.syntax.nodes import Literal, Parameter, Part, Word

MAX_BRACES = 200
MAX_BRACE_DEPTH = 12
MAX_OPEN_BRACES = 60
SEQUENCE = re.compile(r"(-?\d{1,9}|[A-Za-z])\.\.(-?\d{1,9}|[A-Za-z])(?:\.\.(-?\d{1,9}))?")


def expand_braces(word: Word) -> list[Word]:
    """``a{b,c}d`` as ``abd`` and ``acd``; ``{1..3}`` as its numbers. Unknown text stands for all behind ``MAX_BRACES``."""
    if not word.braces:
        return [word]
    atoms: list[str | Part] = []
    for part in word.parts:
        if isinstance(part, Literal) and not part.quoted:
            if part.text[:1] == "{" and atoms and isinstance(atoms[-1], Parameter) and not atoms[-1].operator:
                atoms[-1] = Literal(UNKNOWN, quoted=True)  # braces come first: $X{a,b} is $Xa $Xb
            atoms.extend(part.text)
        else:
            atoms.append(part)
    variants = list(itertools.islice(_variants(atoms, 0), MAX_BRACES + 1))
    words = [_word(variant) for variant in variants[:MAX_BRACES]]
    return words if len(variants) <= MAX_BRACES else [*words, Word((Literal(UNKNOWN, quoted=True),))]


def _variants(atoms: list[str | Part], depth: int) -> Iterator[list[str | Part]]:
    for pair in _closed(atoms):
        if pair is None:
            yield [Literal(UNKNOWN, quoted=True)]
            return
        opening, closing = pair
        choices = _choices(atoms[opening + 1 : closing])
        if choices:
            break
    else:
        yield atoms
        return
    if depth > MAX_BRACE_DEPTH:
        yield [Literal(UNKNOWN, quoted=True)]
        return
    tails = list(itertools.islice(_variants(atoms[closing + 1 :], depth + 1), MAX_BRACES + 1))
    for choice in choices:
        for inner in _variants(choice, depth + 1):
            for tail in tails:
                yield atoms[:opening] + inner + tail


def _closed(atoms: list[str | Part]) -> Iterator[tuple[int, int] | None]:
    """Where each brace that is closed opens and closes, in order; None where so many are open that it is not known."""
    openings: list[int] = []
    pairs: list[tuple[int, int]] = []
    for at, atom in enumerate(atoms):
        if atom == "{":
            openings.append(at)
            if len(openings) > MAX_OPEN_BRACES:
                yield None
        elif atom == "}" and openings:
            pairs.append((openings.pop(), at))
            if not openings:
                yield from sorted(pairs)
                pairs.clear()
    yield from sorted(pairs)


def _choices(atoms: list[str | Part]) -> list[list[str | Part]]:
    """The alternatives between a brace and the one that closes it; none where it is no brace expansion."""
    level = 0
    pieces: list[list[str | Part]] = [[]]
    for atom in atoms:
        if atom == "," and level == 0:
            pieces.append([])
            continue
        level += 1 if atom == "{" else -1 if atom == "}" else 0
        pieces[-1].append(atom)
    return pieces if len(pieces) > 1 else _sequence(pieces[0])


def _sequence(atoms: list[str | Part]) -> list[list[str | Part]]:
    match = SEQUENCE.fullmatch("".join(atom if isinstance(atom, str) else UNKNOWN for atom in atoms))
    if match is None:
        return []
    first, last, step = match.groups()
    if first.lstrip("-").isdigit() != last.lstrip("-").isdigit():
        return []
    numeric = first.lstrip("-").isdigit()
    start, stop = (int(first), int(last)) if numeric else (ord(first), ord(last))
    stride = max(abs(int(step)), 1) if step and int(step) else 1
    numbers = range(start, stop + (1 if stop >= start else -1), stride if stop >= start else -stride)
    padded = numeric and any(re.match(r"-?0\d", text) for text in (first, last))
    width = max(len(first), len(last)) if padded else 0
    texts = (f"{number:0{width}d}" if numeric else chr(number) for number in numbers)
    return [[*text] for text in itertools.islice(texts, MAX_BRACES + 1)]


def _word(atoms: list[str | Part]) -> Word:
    parts: list[Part] = []
    text: list[str] = []
    for atom in atoms:
        if isinstance(atom, str):
            text.append(atom)
            continue
        if text:
            parts.append(Literal("".join(text)))
            text = []
        parts.append(atom)
    if text:
        parts.append(Literal("".join(text)))
    return Word(tuple(parts))
