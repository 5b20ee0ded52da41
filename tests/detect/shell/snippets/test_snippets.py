"""What holds for every language: nothing raises, nothing hides a sink, everything ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.interpreter import analyse
from checkrein.detect.shell.model import Outcome, World
from checkrein.detect.shell.snippets import LANGUAGES

Judge = Callable[..., tuple[Outcome, ...]]
QUIET = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = st.sampled_from(
    [
        "system",
        "(",
        ")",
        "'",
        '"',
        "{",
        "}",
        "[",
        "]",
        "\\",
        "\n",
        " ",
        "$",
        "@",
        "/",
        "eval",
        "def ",
        "function ",
        "sub ",
        "if",
        ":",
        ";",
        "=",
        ".",
        "|",
        "<<E",
        "`",
        "#",
        UNKNOWN,
        "é",
        "0",
        "x",
        ",",
        "=>",
        "%",
        "->",
        "lambda",
        "print",
        "getline",
        "<",
    ]
)
WRAPS = {
    "python": (
        "def f():\n{}\nf()",
        "try:\n{}\nfinally:\n  pass",
        "if x:\n{}",
        "while x:\n{}",
        "for i in [1]:\n{}",
        "with a as b:\n{}",
        "class A:\n def m(self):\n  if 1:\n{}",
        "@d\ndef g():\n{}",
    ),
    "javascript": (
        "(() => {{ {} }})();",
        "try {{ {} }} catch (e) {{}}",
        "if (x) {{ {} }}",
        "for (;;) {{ {} }}",
        "setTimeout(function () {{ {} }})",
        "class A {{ m() {{ {} }} }}",
        "x && (() => {{ {} }})",
    ),
    "ruby": (
        "def f\n{}\nend",
        "begin\n{}\nrescue\nend",
        "if x\n{}\nend",
        "[1].each {{ {} }}",
        "x.tap do\n{}\nend",
        "class A\n def m\n{}\n end\nend",
        "->() {{ {} }}",
    ),
    "perl": (
        "sub f {{ {} }}",
        "eval {{ {} }};",
        "if ($x) {{ {} }}",
        "while (1) {{ {} }}",
        "my $f = sub {{ {} }};",
        "BEGIN {{ {} }}",
        "for (1) {{ {} }}",
    ),
    "php": (
        "function f() {{ {} }}",
        "try {{ {} }} catch (E $e) {{}}",
        "if ($x) {{ {} }}",
        "foreach ([1] as $x) {{ {} }}",
        "$f = function() {{ {} }};",
        "class A {{ function m() {{ {} }} }}",
    ),
    "awk": ("if (x) {{ {} }}", "while (x) {{ {} }}", "{{ {} }}", "for (;;) {{ {} }}", "do {{ {} }} while (0)"),
}
SINKS = {
    "python": "__import__('os').system('rm /k')",
    "javascript": "require('child_process').execSync('rm /k');",
    "ruby": "system('rm /k')",
    "perl": "system('rm /k');",
    "php": "system('rm /k');",
    "awk": 'system("rm /k");',
}


@QUIET
@given(language=st.sampled_from(LANGUAGES), source=st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=30).map("".join)))
def test_no_source_raises(judge: Judge, language: str, source: str) -> None:
    assert isinstance(judge(language, source), tuple)


@QUIET
@given(data=st.data(), language=st.sampled_from(LANGUAGES))
def test_wrapping_never_loses_a_sink(brief_of: Callable[..., set[str]], data: st.DataObject, language: str) -> None:
    source = SINKS[language]
    for wrap in data.draw(st.lists(st.sampled_from(WRAPS[language]), max_size=5)):
        indented = "\n".join("   " + line for line in source.split("\n")) if language == "python" else source
        source = wrap.format(indented)
    if language == "awk":
        source = f"BEGIN {{ {source} }}"
    assert "shell rm /k" in brief_of(language, source)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "source",
    [
        "(" * 20_000,
        "[" * 2_000 + "]" * 2_000,
        "a(" * 2_000 + ")" * 2_000,
        "1+" * 20_000 + "1",
        "a." * 5_000 + "a",
        "if(1){" * 1_000 + "}" * 1_000,
        "-" * 2_000 + "1",
    ],
)
def test_depth_and_length_end(judge: Judge, language: str, source: str) -> None:
    assert isinstance(judge(language, source), tuple)


@pytest.mark.parametrize("language", LANGUAGES)
def test_too_deep_is_said(judge: Judge, language: str) -> None:
    deep = "f(" * 300 + "1" + ")" * 300
    source = f"BEGIN {{ {deep} }}" if language == "awk" else f"{deep};"
    assert any(isinstance(item, Effect) and item.kind is EffectKind.UNRESOLVED for item in judge(language, source))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sink_behind_a_syntax_error_is_found(brief_of: Callable[..., set[str]], language: str) -> None:
    source = f"BEGIN {{ ) ; {SINKS['awk']} }}" if language == "awk" else f"x = = ) ]\n{SINKS[language]}\n"
    found = brief_of(language, source)
    assert "shell rm /k" in found
    assert any(text.startswith("unresolved") for text in found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_wholly_unknown_code(judge: Judge, language: str) -> None:
    (only,) = judge(language, UNKNOWN)
    assert isinstance(only, Effect)
    assert only.kind is EffectKind.RUN_UNKNOWN


def test_a_language_without_lowering_is_said(judge: Judge) -> None:
    (only,) = judge("lua", "os.execute('x')")
    assert isinstance(only, Effect)
    assert only.kind is EffectKind.UNRESOLVED


def test_calls_beyond_the_budget_are_judged_with_unknown_arguments(brief_of: Callable[..., set[str]]) -> None:
    waste = "def w(n):\n" + "  a = 1\n" * 300 + "for i in " + repr(list(range(200))) + ": w(i)\n"
    source = f"import os\ndef f(p):\n  os.remove(p)\n{waste}f('/k')\n"
    assert brief_of("python", source) & {"delete /k", f"delete /{UNKNOWN}"}


@pytest.mark.parametrize(
    ("language", "source", "out"),
    [
        ("python", "print(open('.env').read())", True),
        ("python", "x = open('.env').read()", False),
        ("javascript", "console.log(require('fs').readFileSync('.env'))", True),
        ("ruby", "puts File.read('.env')", True),
        ("perl", "open(my $f, '<', '.env'); print <$f>", True),
        ("php", "echo file_get_contents('.env');", True),
    ],
)
def test_content_that_is_shown(judge: Judge, language: str, source: str, out: bool) -> None:
    (read,) = [item for item in judge(language, source) if isinstance(item, Effect) and item.kind is EffectKind.READ]
    assert (Flag.CONTENT_OUT in read.flags) is out


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "f = open('a.sh','w'); f.write('rm x')"),
        ("javascript", "require('fs').writeFileSync('a.sh','rm x')"),
        ("perl", "open(F,'>a.sh'); print F 'rm x'"),
        ("php", "file_put_contents('a.sh','rm x');"),
    ],
)
def test_written_text_is_known(judge: Judge, language: str, source: str) -> None:
    (write,) = [item for item in judge(language, source) if isinstance(item, Effect)]
    assert (write.target, write.text) == ("/w/a.sh", "rm x")


def test_standard_input_flows_into_awk(brief_of: Callable[..., set[str]]) -> None:
    assert brief_of("awk", "{ system($2) }", (), "a b\nc d\n") == {"shell b", "shell d"}


def test_modules_are_looked_for_where_the_snippet_says(brief_of: Callable[..., set[str]]) -> None:
    source = "import sys; sys.path.insert(0, '/x'); import helper"
    assert brief_of("python", source, scripts={"/x/helper.py": "pass"}) == {"script python /x/helper.py"}
    assert brief_of("python", "import helper", scripts={"/x/helper.py": "pass"}) == set()


@pytest.mark.parametrize(
    "command",
    [
        """awk 'BEGIN { print "rm -rf /srv/data" | "sh" }'""",
        """python3 -c "import subprocess; subprocess.run(['sh'], input='rm -rf /srv/data', text=True)" """,
        """node -e "require('child_process').spawn('bash').stdin.write('rm -rf /srv/data')" """,
        """ruby -e "IO.popen('sh', 'w') { |io| io.puts 'rm -rf /srv/data' }" """,
        """perl -e 'open(my $h, "|sh"); print $h "rm -rf /srv/data"' """,
        """php -r '$h = popen("sh", "w"); fwrite($h, "rm -rf /srv/data");' """,
    ],
)
def test_text_that_is_fed_to_a_shell_is_code(world: Callable[[], World], command: str) -> None:
    deleted = [effect.target for effect in analyse(command, world(), "/w").effects if effect.kind is EffectKind.DELETE]
    assert deleted == ["/srv/data"]


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "import tempfile, shutil; d = tempfile.mkdtemp(); shutil.rmtree(d + '/../x')"),
        ("python", "import tempfile, shutil, sys; d = tempfile.mkdtemp(); shutil.rmtree(d + '/' + sys.argv[1])"),
        ("python", "import tempfile, shutil; d = tempfile.gettempdir(); shutil.rmtree(d)"),
        ("javascript", "const fs = require('fs'); const d = fs.mkdtempSync('/tmp/a'); fs.rmSync('/tmp/a'); fs.rmSync(d)"),
    ],
)
def test_only_what_the_snippet_made_is_its_own(judge: Judge, language: str, source: str) -> None:
    effects = [item for item in judge(language, source) if isinstance(item, Effect)]
    assert [effect.kind for effect in effects] == [EffectKind.DELETE]
