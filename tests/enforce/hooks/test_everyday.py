"""Everyday work goes its way: nothing in it is redacted, asked about or stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from checkrein.core import Decision, Example
from checkrein.decide.redaction import search_of
from checkrein.detect.secrets.examples import expand
from checkrein.detect.sensitive import Detector
from checkrein.observe.credentials import Found
from checkrein.policy import PolicyFiles, load_policy

FOLDER = Path(__file__).parent / "everyday"
AUTHORS = frozenset({"jo.author@widgets.dev", "sam.pairs@widgets.dev"})
"""Whom the history of the project names."""


class Machine(Protocol):
    """What these tests use of the ``world`` fixture."""

    def place(self, example: Example) -> None: ...
    def write(self, name: str, text: str = ...) -> Path: ...
    def commit(self, *names: str) -> None: ...
    def expanded(self, given: Mapping[str, Any]) -> dict[str, Any]: ...
    def judge(self, tool: str, given: Mapping[str, Any]) -> Decision: ...
    def prompt(self, text: str) -> Decision: ...


def cases(name: str, title: Callable[[Any], str]) -> list[Any]:
    found = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    return [pytest.param(case, id=f"{number}: {readable(title(case))}") for number, case in enumerate(found)]


def readable(text: str) -> str:
    return "".join(char if char.isascii() and char.isprintable() else " " for char in text)[:60]


def titled(case: Any) -> str:
    return case if isinstance(case, str) else f"{case['tool']} {case['input']}"


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    """That of the built-in policy, in a project with authors."""
    nowhere = tmp_path_factory.mktemp("nowhere")
    files = PolicyFiles(nowhere, nowhere / "user.yaml", nowhere / "organisation.yaml")
    return search_of(load_policy(str(nowhere), files).policy.privacy.redaction, Found((), (), AUTHORS))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("text", cases("outputs", str) + cases("lines", str))
def test_an_output_goes_through_as_it_is(search: Detector, text: str, seed: int) -> None:
    text = expand(text, seed)
    assert [(each.rule, text[each.start : each.end]) for each in search.scan(text)] == []


@pytest.mark.parametrize("text", cases("prompts", str))
def test_a_prompt_is_sent_as_it_is(world: Machine, search: Detector, text: str) -> None:
    text = expand(text)
    assert [(each.rule, text[each.start : each.end]) for each in search.scan(text)] == []
    decision = world.prompt(text)
    assert [finding.rule for finding in decision.findings if decision.stops] == []


@pytest.mark.parametrize("case", cases("calls", titled))
def test_a_call_goes_ahead(world: Machine, search: Detector, case: Any) -> None:
    example = (
        Example("Bash", {"command": case}, {})
        if isinstance(case, str)
        else Example(case["tool"], case["input"], case.get("files", {}))
    )
    world.write("README.md", "# Shop\n")
    world.write("src/app.py", "print('hello')\n")
    world.commit("README.md", "src/app.py")
    world.place(example)
    assert [each.rule for each in search.scan(str(example.input))] == []
    decision = world.judge(example.tool, world.expanded(example.input))
    assert not decision.stops, [f"{finding.rule}: {finding.what}" for finding in decision.findings]
