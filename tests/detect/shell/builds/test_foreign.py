"""Calls in languages of which nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.effect import UNKNOWN, Effect
from checkrein.detect.shell.builds.foreign import LANGUAGES, NEW_FOLDER, foreign_outcomes
from checkrein.detect.shell.model import Argv, ShellText


def told(language: str, text: str) -> list[str]:
    found: list[str] = []
    for outcome in foreign_outcomes(language, text, "/p"):
        match outcome:
            case Effect():
                found.append(f"{outcome.kind.value} {outcome.target}")
            case Argv():
                found.append(" ".join(outcome.argv))
            case ShellText():
                found.append(f"$ {outcome.text}")
    return found


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("c", 'system("rm x"); /* system("no") */ // system("no")', ["$ rm x"]),
        ("c", 'system("rm " "x");', ["$ rm x"]),
        ("c", 'char *c = "ls"; system(c);', ["$ ls"]),
        ("c", 'char *c = "ls"; c = argv[1]; system(c);', ["run-unknown system"]),
        ("c", 'system("\\x72m x");', ["run-unknown system"]),
        ("c", "f = system;", ["run-unknown system"]),
        ("c", 'remove("x"); std::remove(a, b, c); v.remove("x");', ["delete /p/x"]),
        ("c", 'execl("/bin/rm", "rm", "-rf", "/x", NULL);', ["rm -rf /x"]),
        ("c", 'puts("system(x)"); my_system("x");', []),
        ("go", 'exec.Command("rm", "-rf", `/x`)', ["rm -rf /x"]),
        ("go", 'exec.Command("git", args...)', [f"git {UNKNOWN}"]),
        ("go", 'import e "os/exec"\ne.Command("rm", "x")', ["rm x"]),
        ("go", 'd, err := os.MkdirTemp("", "x")\nos.RemoveAll(d + "/a")', [f"delete {NEW_FOLDER}/a"]),
        ("go", 'os.RemoveAll(os.Getenv("HOME"))', [f"delete /{UNKNOWN}"]),
        ("rust", 'Command::new("rm")\n  .args(["-rf", "/x"])\n  .arg(p);', [f"rm -rf /x {UNKNOWN}"]),
        ("rust", 'std::process::Command::new(r#"ls"#);', ["ls"]),
        ("rust", "v.remove(0);", []),
        ("java", 'new ProcessBuilder(List.of("rm", "/x")).start();', ["rm /x"]),
        ("java", 'Files.delete(Path.of("/x"));', ["delete /x"]),
        ("gradle", "commandLine 'rm', '-rf', '/x'\n", ["rm -rf /x"]),
        ("gradle", "delete rootProject.buildDir\n", [f"delete {NEW_FOLDER}"]),
        ("tasks", "session.run('rm', '-rf', '/x', external=True)", ["rm -rf /x"]),
        ("tasks", "session.install('.')", []),
        ("hcl", 'command = "rm -rf /x"\n', ["$ rm -rf /x"]),
        ("hcl", 'program = ["sh", "a.sh"]\n# command = "no"\n', ["sh a.sh"]),
    ],
)
def test_calls(language: str, text: str, wanted: list[str]) -> None:
    if language == "java" and "ProcessBuilder" in text:
        assert wanted[0] in told(language, text)
    else:
        assert told(language, text) == wanted


@given(st.sampled_from(sorted(LANGUAGES)), st.text(alphabet="sytem.Comand::new(){}[]\"'`\\=,;\n+-> rx#/*", max_size=80))
def test_any_text_is_read(language: str, text: str) -> None:
    told(language, text)
    told(language, f'system("{text}') if language == "c" else told(language, f"exec.Command({text}")
