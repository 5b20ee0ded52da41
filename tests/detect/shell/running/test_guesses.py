"""Commands inside what nobody described."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind
from checkrein.detect.shell.running.guesses import Kind, Token, program_of, tokens

P = "/home/dev/project"


@pytest.mark.parametrize(
    "prefix",
    [
        "unknownrunner",
        "unknownrunner --verbose -n 4",
        "unknownrunner exec --",
        "unknownrunner run task",
        "setarch x86_64 -R",
        "setarch -R",
        "/lib64/ld-linux-x86-64.so.2",
        "start-stop-daemon --start --exec",
    ],
)
def test_the_words_of_a_program_that_nobody_described(judge: Any, prefix: str) -> None:
    assert judge(f"{prefix} /bin/rm -rf /etc").of(EffectKind.DELETE) == ["/etc"]
    assert judge(f"{prefix} rm -rf /etc").of(EffectKind.DELETE) == ["/etc"]


def test_arguments_with_a_path_in_them(judge: Any) -> None:
    assert judge("unknownrunner dd if=x of=/dev/sda").of(EffectKind.DEVICE) == ["/dev/sda"]
    assert not judge("unknownrunner dd if=x of=y").of(EffectKind.WRITE)


@pytest.mark.parametrize("option", ["-c ", "-e ", "--eval ", "--run=", "--exec "])
def test_the_text_of_an_option(judge: Any, option: str) -> None:
    assert judge(f"unknownrunner {option}'rm -rf /etc'").of(EffectKind.DELETE) == ["/etc"]
    assert judge(f"unknownrunner {option}'\"rm\" -rf ~'").of(EffectKind.DELETE) == ["/home/dev"]


@pytest.mark.parametrize(
    "command",
    [
        "unknowntool rm thing",
        "unknowntool stop --all",
        "unknowntool server reboot --hard 12",
        "unknowntool kill -9 1",
        "unknowntool mv -f a /b",
        "unknowntool note this mentions rm -rf / but is text",
        "unknowntool --message 'rm -rf /'",
        "unknowntool -e production",
        "unknowntool -c config.yaml",
        "unknowntool --run test",
        "unknowntool -e 'select 1'",
        "unknowntool",
    ],
)
def test_subcommands_and_prose_are_no_commands(judge: Any, command: str) -> None:
    assert judge(command).kinds <= {EffectKind.READ}
    assert judge(command).programs == ["unknowntool"]


@pytest.mark.parametrize(
    "command",
    [
        "lua -e 'os.execute(\"rm -rf /etc\")'",
        "lua5.4 -e 'os.execute([[rm -rf /etc]])'",
        "luajit <<< 'os.execute(\"rm -rf /etc\")'",
        "lua -e 'os.remove(\"/etc\")'",
        "julia -e 'run(`rm -rf /etc`)'",
        "R -e 'unlink(\"/etc\", recursive=TRUE)'",
        "Rscript -e 'system(\"rm -rf /etc\")'",
        'elixir -e \'System.cmd("rm", ["-rf", "/etc"])\'',
        "elixir -e 'File.rm_rf!(\"/etc\")'",
        "erl -noshell -eval 'os:cmd(\"rm -rf /etc\").'",
        "guile -c '(delete-file \"/etc\")'",
        "sbcl --eval '(uiop:run-program \"rm -rf /etc\")'",
        "groovy -e '\"rm -rf /etc\".execute()'",
    ],
)
def test_code_in_languages_without_a_reader(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == ["/etc"]


@pytest.mark.parametrize(
    "command",
    [
        "lua -e 'print(1)'",
        "julia -e 'println(\"never rm -rf /\")'",
        "Rscript -e 'install.packages(\"dplyr\")'",
        "elixir -e '# File.rm_rf!(\"/etc\")'",
        "lua x.lua",
    ],
)
def test_harmless_code_in_languages_without_a_reader(judge: Any, command: str) -> None:
    judged = judge(command)
    assert not judged.of(EffectKind.DELETE)
    assert not judged.blind


def test_scripts_and_files_in_other_languages(judge: Any) -> None:
    judged = judge("lua x.lua", scripts={f"{P}/x.lua": "os.remove('/etc/x') print(io.open('.env'):read())"})
    assert judged.of(EffectKind.DELETE) == ["/etc/x"]
    assert f"{P}/.env" in judged.of(EffectKind.READ)
    assert judge('lua -e "$(unknown-generator)"').blind
    assert judge(f"lua -e '{'x ' * 10_001}'").blind


def test_tokens() -> None:
    assert list(tokens('f("a", ["b"]) .. \'c\'')) == [
        Token(Kind.NAME, "f"),
        Token(Kind.TEXT, "a"),
        Token(Kind.TEXT, "b", joined=True),
        Token(Kind.TEXT, "c"),
    ]
    assert list(tokens("")) == []


@pytest.mark.parametrize(("word", "name"), [("/bin/rm", "rm"), ("rm", "rm"), ("a b", ""), ("X=1", ""), ("/", ""), ("", "")])
def test_program_of(word: str, name: str) -> None:
    assert program_of(word) == name
