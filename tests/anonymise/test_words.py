"""Words that stand for names, in the spelling of the name."""

from __future__ import annotations

import itertools
import random

import pytest

from checkrein.anonymise.words import candidates, folded, restyled, styled


@pytest.mark.parametrize(
    ("surface", "made"),
    [
        *(("acme corp", "birch heron"), ("ACME_CORP", "BIRCH_HERON"), ("AcmeCorp", "BirchHeron"), ("acmeCorp", "birchHeron")),
        *(("Acme-Corps", "Birch-Herons"), ("acmecorpes", "birchherones"), ("acme. corp", "birch. heron")),
        *(("aCMe corp", None), ("acme", None), ("acmecorpus", None), ("other", None)),
    ],
)
def test_restyled(surface: str, made: str | None) -> None:
    assert restyled(surface, ("acme", "corp"), ("birch", "heron")) == made


@pytest.mark.parametrize(
    ("surface", "made"), [("ACME 2", "BIRCH"), ("acme", "birch"), ("Acme", "Birch"), ("aCmE", "Birch"), ("12", "birch")]
)
def test_styled(surface: str, made: str) -> None:
    assert styled(surface, "birch") == made


def test_candidates_never_end_and_depend_on_the_key() -> None:
    many = list(itertools.islice(candidates(random.Random(1)), 500))
    assert all(word.isalpha() and word.islower() for word in many)
    assert len(set(many)) > 450
    assert many == list(itertools.islice(candidates(random.Random(1)), 500))
    assert many != list(itertools.islice(candidates(random.Random(2)), 500))


def test_folded() -> None:
    assert folded("Acme-Corp_2 ") == "acmecorp2"
