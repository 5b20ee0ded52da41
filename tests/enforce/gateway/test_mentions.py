from __future__ import annotations

import pytest

from checkrein.enforce.gateway.mentions import file_of, files_in, folders_in, source_of


@pytest.mark.parametrize(
    ("tool", "given", "file", "source"),
    [
        ("Read", {"file_path": "/a/b"}, "/a/b", "/a/b"),
        ("Write", {"file_path": "/a/b", "content": "x"}, "/a/b", "/a/b"),
        ("NotebookEdit", {"notebook_path": "/n"}, "/n", "/n"),
        ("Read", {"file_path": "b"}, "b", "command"),
        ("Read", {"file_path": 7}, "", "command"),
        ("Bash", {"file_path": "/a"}, "", "command"),
        ("Grep", {"path": "/a"}, "", "command"),
        ("mcp__my__server__tool", {"file_path": "/a"}, "", "mcp:my"),
        ("mcp__x", {}, "", "command"),
    ],
)
def test_what_a_call_is_about(tool: str, given: dict[str, object], file: str, source: str) -> None:
    assert file_of(tool, given) == file  # type: ignore[arg-type]
    assert source_of(tool, given) == source  # type: ignore[arg-type]


def test_files_that_the_client_put_in() -> None:
    text = (
        'Called the Read tool with the following input: {"file_path":"/p/a \\"b\\".env"}\nResult: x\n'
        'Called the Read tool with the following input: {"broken\n'
        "Contents of /p/CLAUDE.md (project instructions, checked into the codebase):\n\nContents of nothing:\n"
        "Contents of /p/with (brackets) in.md (x):\n"
        "Contents of /p/plain:\n"
    )
    assert list(files_in(text)) == ['/p/a "b".env', "/p/CLAUDE.md", "/p/with (brackets) in.md", "/p/plain"]
    assert list(files_in("nothing of that kind")) == []


def test_folders_that_the_client_works_in() -> None:
    text = "<env>\nWorking directory: /p/one\n - Primary working directory: /p/two \nIs it a working directory: /no\n</env>"
    assert list(folders_in(text)) == ["/p/one", "/p/two"]
