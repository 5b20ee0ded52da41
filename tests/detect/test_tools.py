"""Every tool call in the effects of a command line."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core import Effect, EffectKind, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.detect.arguments import MAX_DEPTH, expanded
from checkrein.detect.shell.interpreter import Analysis
from checkrein.detect.tools import QUIET, tool_analysis
from checkrein.observe.disk import Disk


class World(Disk):
    """A disk with the given texts on it."""

    def __init__(self, texts: dict[str, str] | None = None) -> None:
        super().__init__("/home/dev", {"HOME": "/home/dev"}, lambda _: True, lambda _, __: None)
        self.texts = texts or {}

    def read_text(self, path: str) -> str | None:
        return self.texts.get(path)


def call(tool: str, given: dict[str, Any], texts: dict[str, str] | None = None) -> Analysis:
    return tool_analysis(tool, given, World(texts), "/p")


def effects(tool: str, given: dict[str, Any]) -> list[tuple[EffectKind, str]]:
    return [(effect.kind, effect.target) for effect in call(tool, given).effects]


READ, WRITE, LIST, DELETE, MOVE = EffectKind.READ, EffectKind.WRITE, EffectKind.LIST, EffectKind.DELETE, EffectKind.MOVE


HOSTED = {"owner": "o", "repo": "r"}


@pytest.mark.parametrize(
    ("tool", "given", "expected"),
    [
        ("mcp__github__delete_file", {**HOSTED, "path": "old.md"}, []),
        ("mcp__github__get_file_contents", {**HOSTED, "path": ".npmrc"}, []),
        ("mcp__github__push_files", {**HOSTED, "files": [{"path": "a.yml", "content": "x"}]}, [(EffectKind.WRITE, "/p/a.yml")]),
        ("mcp__gitlab__get_file", {"project_id": "7", "ref": "main", "file_path": ".env"}, []),
        ("mcp__github__get_file_contents", {**HOSTED, "path": "/p/.npmrc"}, [(EffectKind.READ, "/p/.npmrc")]),
        ("mcp__github__get_file_contents", {**HOSTED, "path": "../.npmrc"}, [(EffectKind.READ, "/.npmrc")]),
        ("mcp__files__delete_file", {"repo": "r", "path": "old.md"}, [(EffectKind.DELETE, "/p/old.md")]),
    ],
)
def test_paths_in_a_repository_on_a_code_host(tool: str, given: dict[str, Any], expected: list[tuple[EffectKind, str]]) -> None:
    assert effects(tool, given) == expected


def test_what_is_written_to_a_code_host_replaces_nothing_here() -> None:
    (effect,) = call("mcp__github__create_or_update_file", {**HOSTED, "path": "a.yml", "content": "x"}).effects
    assert (effect.flags, effect.text) == (Flag.CREATE, "x")


@pytest.mark.parametrize(
    ("tool", "given", "expected"),
    [
        ("Bash", {"command": "cat a"}, [(READ, "/p/a")]),
        ("Monitor", {"command": "cat a"}, [(READ, "/p/a")]),
        ("Read", {"file_path": "/p/a"}, [(READ, "/p/a")]),
        ("Read", {"file_path": "~/a"}, [(READ, "/home/dev/a")]),
        ("Read", {"file_path": "../x/./a"}, [(READ, "/x/a")]),
        ("NotebookRead", {"notebook_path": "n.ipynb"}, [(READ, "/p/n.ipynb")]),
        ("Write", {"file_path": "a", "content": "x"}, [(WRITE, "/p/a")]),
        ("Edit", {"file_path": "a", "old_string": "x", "new_string": "y"}, [(WRITE, "/p/a")]),
        ("MultiEdit", {"file_path": "a", "edits": []}, [(WRITE, "/p/a")]),
        ("NotebookEdit", {"notebook_path": "n.ipynb", "new_source": "x"}, [(WRITE, "/p/n.ipynb")]),
        ("Grep", {"pattern": "x"}, [(READ, "/p")]),
        ("Grep", {"pattern": "x", "path": "src"}, [(READ, "/p/src")]),
        ("Glob", {"pattern": "*.py"}, [(LIST, "/p")]),
        ("LS", {"path": "/srv"}, [(LIST, "/srv")]),
        ("WebFetch", {"url": "https://x.example/a", "prompt": "p"}, [(EffectKind.FETCH, "https://x.example/a")]),
        ("WebSearch", {"query": "rm -rf /"}, []),
        ("TodoWrite", {"todos": [{"content": "rm -rf /"}]}, []),
        ("Agent", {"prompt": "rm -rf /"}, []),
        ("Unheard", {"command": "rm a"}, [(DELETE, "/p/a")]),
        ("PowerShell", {"command": "rm a"}, [(DELETE, "/p/a"), (EffectKind.UNRESOLVED, "PowerShell command")]),
        ("LSP", {"operation": "hover", "filePath": "/srv/a"}, [(READ, "/srv/a")]),
        ("SendUserFile", {"files": ["/srv/a"]}, [(READ, "/srv/a")]),
        ("ReadMcpResourceTool", {"server": "x", "uri": "file:///srv/a"}, [(READ, "/srv/a")]),
    ],
)
def test_the_clients_tools(tool: str, given: dict[str, Any], expected: list[tuple[EffectKind, str]]) -> None:
    assert effects(tool, given) == expected


@pytest.mark.parametrize(
    ("tool", "given", "expected"),
    [
        ("mcp__fs__read_file", {"path": "/srv/a"}, [(READ, "/srv/a")]),
        ("mcp__fs__read_multiple_files", {"paths": ["a", "~/b"]}, [(READ, "/p/a"), (READ, "/home/dev/b")]),
        ("mcp__fs__write_file", {"path": "a", "content": "x"}, [(WRITE, "/p/a")]),
        ("mcp__fs__delete_file", {"path": "a"}, [(DELETE, "/p/a")]),
        ("mcp__fs__move_file", {"source": "a", "destination": "b"}, [(MOVE, "/p/a"), (WRITE, "/p/b")]),
        ("mcp__fs__list_directory", {"path": "."}, [(LIST, "/p")]),
        ("mcp__fs__copy_file", {"source": "a", "destination": "b"}, [(READ, "/p/a"), (WRITE, "/p/b")]),
        ("mcp__x__frobnicate", {"uri": "file:///srv/my%20file"}, [(READ, "/srv/my file"), (WRITE, "/srv/my file")]),
        ("mcp__x__frobnicate", {"anything": "/srv/a"}, [(READ, "/srv/a")]),
        ("mcp__x__frobnicate", {"deep": {"er": [{"file_path": "a"}]}}, [(READ, "/p/a"), (WRITE, "/p/a")]),
        ("mcp__plugin_a_b__delete-item", {"file": "a"}, [(DELETE, "/p/a")]),
        ("mcp__shell__run", {"command": "rm a"}, [(DELETE, "/p/a")]),
        ("mcp__shell__run", {"options": {"cmd": "rm a"}}, [(DELETE, "/p/a")]),
        ("mcp__web__fetch", {"url": "https://x.example"}, []),
        ("mcp__x__note", {"text": "read the file"}, []),
        ("mcp__x__read", {"path": "two\nlines"}, [(READ, "/p/two\nlines")]),
        ("mcp__x__read", {"anything": "/* two\nlines"}, []),
    ],
)
def test_servers_tools(tool: str, given: dict[str, Any], expected: list[tuple[EffectKind, str]]) -> None:
    assert effects(tool, given) == expected


def test_sql_that_a_server_is_given() -> None:
    assert [effect.rule for effect in call("mcp__pg__query", {"sql": "DROP TABLE users"}).effects] == ["sql.drop-table"]
    assert call("mcp__pg__query", {"sql": "SELECT 1"}).effects == []
    assert call("mcp__docs__search", {"query": "how to drop a table"}).effects == []


def test_programs_of_a_servers_command_are_known() -> None:
    assert call("mcp__shell__run", {"command": "checkrein down"}).programs == [("checkrein", "down")]


@pytest.mark.parametrize(
    "tool", ["Bash", "Read", "Write", "Edit", "Grep", "Glob", "WebFetch", "NotebookEdit", "mcp__fs__delete_file"]
)
@pytest.mark.parametrize("value", [None, 7, True, [], {}, ["x"], {"x": 1}, 1.5])
def test_a_wrong_type_counts_as_absent(tool: str, value: Any) -> None:
    keys = ("command", "file_path", "content", "old_string", "new_string", "path", "pattern", "url", "glob", "output_mode")
    for effect in call(tool, dict.fromkeys(keys, value)).effects:
        assert isinstance(effect, Effect)
        if effect.kind is EffectKind.UNRESOLVED:
            assert (tool, effect.detail) == ("mcp__fs__delete_file", "command is no text")
            continue
        assert effect.target.startswith(("/p", "/")) or effect.target == ""
        assert effect.text is None or isinstance(effect.text, str)


def test_a_tree_that_is_too_deep_is_said_to_be_so() -> None:
    given: dict[str, Any] = {"path": "a"}
    for _ in range(MAX_DEPTH - 2):
        given = {"in": given}
    assert effects("mcp__x__read", given) == [(READ, "/p/a")]
    for _ in range(2000):
        given = {"in": given}
    assert [kind for kind, _ in effects("mcp__x__read", given)] == [EffectKind.UNRESOLVED]


def test_what_is_written() -> None:
    (effect,) = call("Write", {"file_path": "a", "content": "text"}).effects
    assert (effect.text, effect.program) == ("text", "Write")
    (effect,) = call("mcp__fs__write_file", {"path": "a", "content": "text"}).effects
    assert effect.text == "text"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"old_string": "a", "new_string": "b"}, "b a"),
        ({"old_string": "a", "new_string": "b", "replace_all": True}, "b b"),
        ({"old_string": "a", "new_string": "b", "replace_all": "yes"}, "b a"),
        ({"old_string": "", "new_string": "b"}, "b"),
        ({"old_string": "z", "new_string": "b"}, None),
        ({"new_string": "b"}, None),
    ],
)
def test_a_file_after_an_edit(given: dict[str, Any], text: str | None) -> None:
    (effect,) = call("Edit", {"file_path": "f", **given}, {"/p/f": "a a"}).effects
    assert effect.text == text
    assert effect.flags & Flag.IN_PLACE


def test_a_search_that_prints_and_one_that_names() -> None:
    (printing,) = call("Grep", {"pattern": "x", "output_mode": "content", "glob": "*.py"}).effects
    (naming,) = call("Grep", {"pattern": "x"}).effects
    assert (bool(printing.flags & Flag.CONTENT_OUT), printing.detail) == (True, "include:*.py")
    assert (bool(naming.flags & Flag.CONTENT_OUT), naming.detail) == (False, "")


def test_no_path_can_pretend_to_be_unknown() -> None:
    assert expanded(f"a{UNKNOWN}b", World(), "/p") == "/p/ab"
    assert expanded("~", World(), "/p") == "/home/dev"
    assert expanded("~other/a", World(), "/p") == "/p/~other/a"


def test_a_path_that_is_too_long_is_said_to_be_so() -> None:
    assert [kind for kind, _ in effects("mcp__x__read", {"path": "/a" * 3000})] == [EffectKind.UNRESOLVED]
    assert [kind for kind, _ in effects("mcp__x__read", {"other": "/a" * 3000})] == [EffectKind.UNRESOLVED]
    assert effects("mcp__x__write", {"content": "/a" * 3000}) == []


@pytest.mark.parametrize(
    ("tool", "kind"),
    [
        ("mcp__fs__deleteFile", DELETE),
        ("mcp__fs__rm", DELETE),
        ("mcp__fs__removeAndList", DELETE),
        ("mcp__fs__writeFile", WRITE),
        ("mcp__fs__overwrite", WRITE),
        ("mcp__fs__search_replace", WRITE),
        ("mcp__fs__FSCreateFile", WRITE),
        ("mcp__fs__get-and-set", WRITE),
        ("mcp__fs__mv", MOVE),
        ("mcp__fs__readFile", READ),
        ("mcp__fs__getFileInfo", LIST),
    ],
)
def test_words_of_a_name(tool: str, kind: EffectKind) -> None:
    assert effects(tool, {"path": "/srv/a"}) == [(kind, "/srv/a")]


@pytest.mark.parametrize(
    "given",
    [
        {"command": "rm", "args": ["a"]},
        {"program": "rm", "arguments": ["-f", "a"]},
        {"command": ["rm", "a"]},
        {"argv": ["rm", "a"]},
        {"commands": ["rm a"]},
        {"commands": [["rm", "a"]]},
        {"commands": [{"command": "rm", "args": ["a"]}]},
        {"commands": "rm a"},
        {"command": ["rm", "-n", 5, "a"]},
        {"command": [["rm", "a"], "ls"]},
        {"command": {"program": "rm", "args": ["a"]}},
        {"command": {"line": {"cmd": "rm a"}}},
        {"script": "rm a"},
        {"code": "import os\nos.remove('a')", "language": "python"},
        {"python": "import os; os.remove('a')"},
        {"code": "require('fs').unlinkSync('a')", "language": "javascript"},
        {"command": "rm ../a", "cwd": "/p/sub"},
    ],
)
def test_commands_and_code(given: dict[str, Any]) -> None:
    assert (DELETE, "/p/a") in effects("mcp__x__run", given)


@pytest.mark.parametrize("value", [7, 1.5, [[[[[[[["rm a"]]]]]]]], ["ls", [7, None]]])
def test_a_command_that_is_no_text_is_said_to_be_so(value: Any) -> None:
    assert EffectKind.UNRESOLVED in [effect.kind for effect in call("mcp__x__run", {"command": value}).effects]


@pytest.mark.parametrize("value", [None, True, False, [], {}, ""])
def test_no_command_at_all(value: Any) -> None:
    assert effects("mcp__x__run", {"command": value}) == []


def test_the_language_is_told_by_the_tools_name() -> None:
    assert (DELETE, "/p/a") in effects("mcp__node__run", {"code": "require('fs').unlinkSync('a')"})
    assert (DELETE, "/p/a") in effects("REPL", {"code": "require('fs').unlinkSync('a')"})
    assert (DELETE, "/p/a") in effects("mcp__python__run", {"script": "import os; os.remove('a')"})


def test_words_of_a_command_are_no_shell_text() -> None:
    assert effects("mcp__x__run", {"command": "cat", "args": ["a; rm b"]}) == [(READ, "/p/a; rm b")]


@pytest.mark.parametrize("key", ["target_file", "relativePath", "outDir", "folder", "logFiles", "name", "file-name"])
def test_keys_of_paths(key: str) -> None:
    assert effects("mcp__x__read", {key: "b/a"}) == [(READ, "/p/b/a")]


@pytest.mark.parametrize("given", [{"name": "a"}, {"profile": "dev"}, {"uri": "postgres://x/y"}, {"title": "b/a"}])
def test_what_names_no_path(given: dict[str, Any]) -> None:
    assert effects("mcp__x__read", given) == []


@pytest.mark.parametrize("key", ["sql", "q", "query", "statement"])
def test_keys_of_sql(key: str) -> None:
    assert [effect.rule for effect in call("mcp__pg__run", {key: "DROP TABLE users"}).effects] == ["sql.drop-table"]


@pytest.mark.parametrize("tool", sorted(QUIET))
def test_tools_that_only_plan(tool: str) -> None:
    assert effects(tool, {"prompt": "rm -rf /", "command": "rm -rf /", "path": "/etc"}) == []


def test_all_commands_of_one_call_share_its_budget() -> None:
    command = "cp a b; " * 300
    analysis = call("mcp__runner__run", {"steps": [{"command": command} for _ in range(50)]})
    assert len(analysis.programs) < 50 * 300
    assert any("too much to judge" in effect.detail for effect in analysis.effects)
