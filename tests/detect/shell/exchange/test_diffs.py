"""The files that a patch changes."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind
from checkrein.detect.shell.exchange.diffs import patched_files

P = "/home/dev/project"
HUNK = "@@ -1 +1 @@\n-a\n+b\n"


def changed(text: str, strip: int | None = 1) -> list[tuple[str, str]]:
    return [(effect.kind.value, effect.target) for effect in patched_files(text, "/p", "patch", strip)]


def test_unified() -> None:
    assert changed(f"--- a/x\n+++ b/x\n{HUNK}--- a/y\t2024-01-01\n+++ b/y\t2024-01-01\n{HUNK}") == [
        ("write", "/p/x"),
        ("write", "/p/y"),
    ]
    assert changed(f"--- x\n+++ x\n{HUNK}", 0) == [("write", "/p/x")]
    assert changed(f"--- o/home/x\n+++ n/home/x\n{HUNK}", 2) == [("write", "/p/x")]
    assert changed(f"--- a/x\n+++ b/x\n{HUNK}", None) == [("write", "/p/b/x"), ("write", "/p/x")]
    assert changed("--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n") == [("delete", "/p/x")]
    assert changed('--- "a/\\056git/x"\n+++ "b/\\056git/x"\n' + HUNK) == [("write", "/p/.git/x")]


def test_a_hunk_is_content_whatever_it_looks_like() -> None:
    text = "--- a/a.sql\n+++ b/a.sql\n@@ -1,2 +1,2 @@\n--- .mcp.json\n+++ .mcp.json\n z\n"
    assert changed(text) == [("write", "/p/a.sql")]
    # what follows the counted lines is a header again
    assert ("write", "/p/.mcp.json") in changed(text + f"--- a/.mcp.json\n+++ b/.mcp.json\n{HUNK}")


def test_git_headers() -> None:
    assert ("write", "/p/.mcp.json") in changed("diff --git a/x b/.mcp.json\nrename from x\nrename to .mcp.json\n")
    assert changed("diff --git a/bin/x b/bin/x\nnew file mode 100755\nGIT binary patch\n") == [("write", "/p/bin/x")]
    assert changed("diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n") == [
        ("delete", "/p/x")
    ]


@pytest.mark.parametrize(
    "command",
    ["git apply p.diff", "git am p.diff", "git apply < p.diff", "patch -p1 < p.diff", "patch -p1 -i p.diff"],
)
def test_programs_that_apply_patches(judge: Any, command: str) -> None:
    files = {f"{P}/p.diff": f"--- a/.git/hooks/x\n+++ b/.git/hooks/x\n{HUNK}"}
    assert f"{P}/.git/hooks/x" in judge(command, files=files).of(EffectKind.WRITE)
