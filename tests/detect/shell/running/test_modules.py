"""Which file an interpreter runs for a word."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind

P = "/home/dev/project"
PY = "import shutil\nshutil.rmtree('/etc/x')\n"
JS = "require('fs').rmSync('/etc/x', {recursive: true})\n"
SH = "rm -rf /etc/x\n"
HERE = 'HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"\nsource "$HERE/lib.sh"\n'


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("node .", {"index.js": JS}),
        ("node .", {"package.json": '{"main": "lib/m"}', "lib/m.js": JS}),
        ("node pkg", {"pkg/index.js": JS}),
        ("node a1", {"a1.js": JS}),
        ("node lib/b1.js", {"lib/b1.js": "require('./a1')", "lib/a1.js": JS}),
        ("python3 src/main2.py", {"src/main2.py": "import helper\n", "src/helper.py": PY}),
        ("python -m pk", {"pk/__init__.py": PY}),
        ("python -m pk.sub", {"pk/__init__.py": PY}),
        ("python3 pk", {"pk/__main__.py": PY}),
        ("python -m pdb q.py", {"q.py": PY}),
        ("python -m cProfile -o out -s cumtime q.py a", {"q.py": PY}),
        ("python -m cProfile -m pk", {"pk/__main__.py": PY}),
        ("python -m trace -t q.py", {"q.py": PY}),
        ("python -m doctest q.py", {"q.py": PY}),
        ("python -m timeit -s 'import shutil' 'shutil.rmtree(\"/etc/x\")'", {}),
        ("bash d/x.sh", {"d/x.sh": HERE, "d/lib.sh": SH}),
        ("bash d/x.sh", {"d/x.sh": '. "$(dirname "$0")/lib.sh"\n', "d/lib.sh": SH}),
        (". d/x.sh", {"d/x.sh": HERE, "d/lib.sh": SH}),
        ('find . -name "x.*" -exec sh {} \\;', {"x.sh": SH}),
        ('find . -name "x.*" -exec sh {} \\;', {"deep/er/x.sh": SH}),
        ("ls *.sh | xargs -n 1 bash", {"x.sh": SH}),
        ('for f in *.sh; do bash "$f"; done', {"x.sh": SH}),
    ],
)
def test_files_that_are_found(judge: Any, command: str, files: dict[str, str]) -> None:
    scripts = {f"{P}/{name}": text for name, text in files.items()}
    folders = tuple({path.rpartition("/")[0] for path in scripts})
    assert "/etc/x" in judge(command, scripts=scripts, folders=folders).of(EffectKind.DELETE)


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("node b1.js", {"b1.js": "require('a1')", "a1.js": JS}),
        ("python3 -m json.tool q.py", {"q.py": PY}),
        ("python -m timeit 'x = 1'", {"q.py": PY}),
        ('find . -name "y.*" -exec sh {} \\;', {"x.sh": SH}),
        ('for f in lib/*.sh; do bash "$f"; done', {"x.sh": SH, "lib/sub/y.sh": SH}),
        ('for f in *.sh; do cat "$f"; done', {"x.sh": SH}),
        ('bash "$UNSET_PLACE/"', {"x.py": PY}),
        ("bash '[a]*.sh'", {"[a]*.sh": "echo 1\n"}),
    ],
)
def test_files_that_are_not(judge: Any, command: str, files: dict[str, str]) -> None:
    scripts = {f"{P}/{name}": text for name, text in files.items()}
    assert judge(command, scripts=scripts).of(EffectKind.DELETE) == []
