from __future__ import annotations

from checkrein.enforce.hooks.remains import REMAINS


def test_each_has_a_name_of_its_own_and_says_everything() -> None:
    assert len({each.id for each in REMAINS}) == len(REMAINS)
    for each in REMAINS:
        assert each.id == each.id.lower()
        for text in (each.what, each.why, each.until):
            assert text
            assert text[0].isupper()
        assert each.until.endswith(".")
        assert not each.what.endswith(".")
