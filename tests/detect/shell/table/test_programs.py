"""Program data is read strictly."""

from __future__ import annotations

import pytest

from checkrein.detect.shell.table import programs


def source(text: str) -> programs._Source:
    return programs._Source("programs/test.yaml: acme", text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vlaues: [-x]", "unknown fields"),
        ("rules: {no.such-rule: [delete]}", "there is no rule no.such-rule"),
        ("rules: {explode cloud.delete: [delete]}", "explode is no kind of effect"),
        ("rules: {cloud.delete: delete}", "a list of patterns was expected"),
        ("remote: [exec]", "ARGV or SHELL"),
        ("remote: [exec ARGV more]", "nothing may follow"),
        ("dash: double", "dash can only be single"),
        ("remote: [exec FILE]", "ARGV or SHELL"),
        ("files: {send: [put]}", "FILE or FROM"),
        ("code: {sql: [query]}", "CODE or SOURCE"),
        ("code: {sql: [query ARGV]}", "CODE or SOURCE"),
        ("code: {sql: query CODE}", "a list of patterns was expected"),
        ("files: {give: [put FILE]}", "files are for print, use, send, serve, not give"),
    ],
)
def test_broken_data_is_an_error_that_names_the_program(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        programs._parse(source(text))
    assert "programs/test.yaml: acme" in str(error.value)


def test_a_file_is_cut_into_programs_without_parsing() -> None:
    text = "# note\na, b:\n  rules:\n    cloud.delete: [x]\nc: {becomes: d}\n"
    assert [name for name, _ in programs._blocks(text, "f.yaml")] == ["a, b", "c"]
    with pytest.raises(ValueError, match=r"f\.yaml:1"):
        list(programs._blocks("oops\n", "f.yaml"))
