"""Variables that make programs run code."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind
from checkrein.detect.shell.running.environment import reading_of

P = "/home/dev/project"
REMOVES = "rm -rf /etc"


@pytest.mark.parametrize(
    "command",
    [
        f"PAGER='{REMOVES}' man ls",
        f"export PAGER='{REMOVES}'; git log",
        f"PAGER='{REMOVES}'; git log",
        f"env EDITOR='{REMOVES} #' git commit",
        f"VISUAL='{REMOVES}' crontab -e",
        f"LESSOPEN='|{REMOVES} %s' less a.txt",
        f"LESSOPEN='||-{REMOVES} %s' less a.txt",
        f"BROWSER='{REMOVES}' gh pr view --web",
        f"PROMPT_COMMAND='{REMOVES}' bash -i",
        f"PS4='$({REMOVES})' bash -xc ls",
        f"PS4='`{REMOVES}`'; set -x; ls",
        f"env 'BASH_FUNC_ls%%=() {{ {REMOVES}; }}' bash -c ls",
        f"RSYNC_RSH='{REMOVES}' rsync a host:b",
        "TAR_OPTIONS='--checkpoint=1 --checkpoint-action=exec=\"rm -rf /etc\"' tar cf a.tar b",
        "MAKEFLAGS='--eval=$(shell\\ rm\\ -rf\\ /etc)' make",
        "MAKEFLAGS='e --eval=$(shell\\ rm\\ -rf\\ /etc)' make",
        f"CC='{REMOVES} #' make",
        f"make CC='{REMOVES} #'",
        f"make SHELL='{REMOVES} #'",
        f"RUSTC_WRAPPER='{REMOVES}' cargo build",
        f"CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER='{REMOVES}' cargo run",
        f"GOFLAGS=\"'-toolexec={REMOVES}'\" go build",
        f"JAVA_TOOL_OPTIONS=\"'-XX:OnError={REMOVES}'\" java -jar a.jar",
        f"VIMINIT=':!{REMOVES}' vim a",
        "NODE_OPTIONS='--import data:text/javascript,require(%22fs%22).rmSync(%22/etc%22,{recursive:true})' node a.js",
        f"echo '{REMOVES}' > /tmp/q; BASH_ENV=/tmp/q bash -c ls",
        f"echo '{REMOVES}' > /tmp/q; ENV=/tmp/q sh -i",
        f"echo '{REMOVES}' > /tmp/.zshrc; ZDOTDIR=/tmp zsh -i",
        "echo 'import os; os.system(\"rm -rf /etc\")' > /tmp/sitecustomize.py; PYTHONPATH=src:/tmp python3 a.py",
        "echo 'import os; os.system(\"rm -rf /etc\")' > /tmp/q.py; PYTHONSTARTUP=/tmp/q.py python3 -i",
        "echo 'require(\"fs\").rmSync(\"/etc\", {recursive: true})' > /tmp/x.js; NODE_OPTIONS='-r /tmp/x' node a.js",
        "echo 'system(\"rm -rf /etc\")' > /tmp/x.rb; RUBYOPT=-r/tmp/x ruby a.rb",
        "PERL5OPT='-Mx;rmdir(\"/etc\")' perl a.pl",
    ],
)
def test_what_variables_run(judge: Any, command: str) -> None:
    assert "/etc" in judge(command).of(EffectKind.DELETE)


@pytest.mark.parametrize(
    "command",
    [
        "LD_PRELOAD=./x.so ls",
        "LD_AUDIT=/tmp/x.so ls",
        "LD_LIBRARY_PATH=/tmp/x ls",
        "DYLD_LIBRARY_PATH=/usr/lib:/var/tmp/x ls",
        "JAVA_TOOL_OPTIONS=-javaagent:/tmp/x.jar=a java -jar a.jar",
    ],
)
def test_libraries_that_nobody_can_see(judge: Any, command: str) -> None:
    assert judge(command).kinds == {EffectKind.RUN_UNKNOWN}


@pytest.mark.parametrize(
    "command",
    [
        "PAGER=cat git log",
        "PAGER= git log",
        "GIT_PAGER='less -FRX' git log",
        "EDITOR='code --wait' git commit",
        "EDITOR=$(which vim) git commit",
        "NODE_OPTIONS=--max-old-space-size=4096 npm run build",
        "NODE_OPTIONS='--require ts-node/register' npm test",
        "PYTHONPATH=src pytest",
        "MAKEFLAGS=-j4 make",
        "MAKEFLAGS='j4 V=1' make",
        "CC=clang make",
        "CC='ccache gcc' ./configure",
        "make CC=clang V=1",
        "PATH=$PWD/node_modules/.bin:$PATH eslint .",
        "LD_LIBRARY_PATH=/usr/local/lib ./app",
        "JAVA_TOOL_OPTIONS='-Xmx2g -javaagent:lib/jacoco.jar' mvn test",
        "RUSTC_WRAPPER=sccache cargo build",
        "GOFLAGS=-mod=vendor go build",
        "BROWSER=none npm start",
        "ENV=production node -v",
        "TAR_OPTIONS=--no-same-owner make",
        "PERL5OPT=-MTest::More=no_plan prove t",
        "RUBYOPT=-W0 rake",
        "PS4='+ ${LINENO}: ' bash -xc ls",
        "GIT_SEQUENCE_EDITOR=: git rebase -i HEAD~2",
        "echo 'rm -rf /etc' | SHELL=/bin/bash cat",
        "env CC=clang",
    ],
)
def test_ordinary_values_are_quiet(judge: Any, command: str) -> None:
    judged = judge(command)
    assert not judged.of(EffectKind.DELETE)
    assert not judged.blind


def test_a_variable_that_runs_itself_ends(judge: Any) -> None:
    assert not judge("export PAGER='git log'; git log").blind


def test_a_variable_is_judged_again_where_what_it_runs_has_changed(judge: Any) -> None:
    assert judge("export PAGER=./q; echo ls > q; man a; echo 'rm /etc/x' > q; man a").of(EffectKind.DELETE) == ["/etc/x"]


def test_a_harmless_variable_costs_little(judge: Any) -> None:
    assert not judge("export PAGER=less EDITOR=vim; " + "ls; " * 400).blind


def test_names() -> None:
    assert reading_of("CARGO_TARGET_DIR") is None
    assert reading_of("CARGO_TARGET_X_RUNNER") is reading_of("PAGER")
    assert reading_of("PATH") is None
