from __future__ import annotations

from checkrein.enforce.gateway import memory as module
from checkrein.enforce.gateway.cache import UNTOUCHED, Origin, digest
from checkrein.enforce.gateway.memory import Memory

MARK = digest(b"a text")
ONE, OTHER = Origin("s", 0), Origin("t", 0)


def learn(memory: Memory, version: object) -> None:
    view = memory.view(version, ONE)
    view.texts.put("", MARK, UNTOUCHED)
    view.keep()


def test_what_one_request_learnt_another_knows_once_it_was_kept() -> None:
    memory = Memory()
    one, other = memory.view(1, ONE), memory.view(1, OTHER)
    one.texts.put("", MARK, UNTOUCHED)
    assert other.texts.get("", MARK) is None
    one.keep()
    assert other.texts.get("", MARK) is UNTOUCHED
    assert memory.view(2, ONE).texts.get("", MARK) is None


def test_of_many_versions_none_is_taken_for_another() -> None:
    memory = Memory()
    learn(memory, 0)
    for version in range(1, module._VERSIONS + 2):
        assert memory.view(version, ONE).texts.get("", MARK) is None
    learn(memory, 1)
    assert memory.view(1, ONE).texts.get("", MARK) is UNTOUCHED
    assert memory.view(0, ONE).texts.get("", MARK) is None
