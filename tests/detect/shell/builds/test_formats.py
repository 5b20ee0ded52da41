"""Files that hold commands at known places: no text may break a reader. What each finds stands in test_projects."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.builds.formats import READERS
from checkrein.detect.shell.model import Argv, ScriptFile, ShellText

SYNTAX = "services:[]{}\n -\"'`$()<>=/*&#\\|\tCOMMANDRUNexecfile0!\0,"


@settings(max_examples=60)  # grammars load on first use
@given(st.sampled_from(sorted(set(READERS) - {"sql", "sed", "make"})), st.text(alphabet=SYNTAX, max_size=120))
def test_any_text_is_read(language: str, text: str) -> None:
    list(READERS[language](text, "/p"))


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "1", "{}", "{services: 1}", "{include: 1}", "{services: {a: 1}}", "{services: {a: {volumes: 1}}}"],
)
def test_a_compose_file_of_another_shape_is_said(text: str) -> None:
    found = list(READERS["compose"](text, "/p"))
    assert [outcome.kind for outcome in found if isinstance(outcome, Effect)] == [EffectKind.RUN_UNKNOWN]


def test_compose_files_that_are_included() -> None:
    text = "{include: [a.yml, {path: [b/c.yml, d.yml]}], services: {x: {image: i}}}"
    found = list(READERS["compose"](text, "/p"))
    assert [each.path for each in found if isinstance(each, ScriptFile)] == ["/p/a.yml", "/p/b/c.yml", "/p/d.yml"]
    assert [each.argv for each in found if isinstance(each, Argv)] == [("docker", "run", "i")]


def test_substitutions_of_tox() -> None:
    text = "[testenv]\ncommands =\n  - a {envtmpdir}/x {posargs:tests} {env:HOME} \\\n    {unknown}\n"
    (found,) = READERS["tox"](text, "/p")
    assert isinstance(found, ShellText)
    assert found.text.split() == ["a", "/tmp/temporary/x", "tests", "${HOME}", UNKNOWN]


def test_instructions_of_an_image() -> None:
    text = 'FROM a\nRUN a \\\n  # comment\n  b\nRUN ["c", "/d"]\nRUN --mount=type=cache,target=/x e\nRUN <<E\nf\ng\nE\nCMD h\n'
    found = [
        outcome.text if isinstance(outcome, ShellText) else outcome.argv
        for outcome in READERS["dockerfile"](text, "/p")
        if isinstance(outcome, ShellText | Argv)
    ]
    assert [each.split() if isinstance(each, str) else list(each) for each in found] == [
        ["a", "b"],
        ["c", "/tmp/container/d"],
        ["e"],
        ["f", "g"],
    ]


def test_commands_of_cmake() -> None:
    text = "add_custom_command(OUTPUT x COMMAND ${CMAKE_COMMAND} -E rm ${CMAKE_BINARY_DIR}/x COMMAND b VERBATIM)\n"
    text += "# file(REMOVE /x)\n"
    found = [outcome.argv for outcome in READERS["cmake"](text, "/p") if isinstance(outcome, Argv)]
    assert found == [("cmake", "-E", "rm", "/p/build/x"), ("b",)]
