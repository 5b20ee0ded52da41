"""A search or an archive runs without the files that it should not have."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core import Action, Verdict


@pytest.fixture
def secrets(world: Any) -> Any:
    """A project with a secret at the top, one further down, and a folder that the agent is not to see."""
    for name in (".env", "api/.env.production", "customers/list.csv", "src/a.py"):
        world.write(name, "KEY=1\n")
    world.write(".claudeignore", "customers/\n")
    return world


OUT = "--exclude=.env --exclude=.env.production --exclude-dir=customers"
EACH = "--exclude=.env --exclude=.env.production --exclude=list.csv"


def changed(world: Any, command: str) -> str | None:
    """What is run instead, with the options in one order."""
    decision = world.bash(command)
    if decision.updated_input is None:
        assert decision.verdict is not Verdict.NONE or not decision.findings
        return None
    assert decision.verdict is Verdict.NONE
    assert {finding.action for finding in decision.findings} == {Action.ALLOW}
    return str(decision.updated_input["command"])


def before_the_pattern(command: str) -> str:
    return command.partition("KEY")[0]


def options(command: str) -> list[str]:
    return sorted(command.split())


@pytest.mark.parametrize(
    ("command", "instead"),
    [
        ("grep -rn KEY .", f"grep {OUT} -rn KEY ."),
        ("grep -rn KEY", f"grep {OUT} -rn KEY"),
        ("cd src && grep -R KEY .. | head", f"cd src && grep {OUT} -R KEY .. | head"),
        ("grep -rn KEY . --include='*'", f"grep -rn KEY . --include='*' {OUT}"),
        ("grep -rn KEY . --inc='*'", f"grep -rn KEY . --inc='*' {OUT}"),
        ('grep -rn "$KEY" .', f'grep -rn "$KEY" . {OUT}'),
        ("find . -type f | xargs grep KEY", f"find . -type f | xargs grep {EACH} KEY"),
        ("find . -type f -exec grep KEY {} +", f"find . -type f -exec grep {EACH} KEY {{}} +"),
        ("rg --hidden KEY", "rg -g '!.env' -g '!.env.production' -g '!customers' --hidden KEY"),
        ("ag --hidden KEY", "ag --ignore=.env --ignore=.env.production --ignore=customers --hidden KEY"),
        ("ack KEY", "ack --ignore-file=is:.env --ignore-file=is:.env.production --ignore-dir=customers KEY"),
        ("tar czf x.tgz .", "tar czf x.tgz --exclude=.env --exclude=.env.production --exclude=customers ."),
        (
            "tar czf x.tgz . && tar tzf x.tgz",
            "tar czf x.tgz --exclude=.env --exclude=.env.production --exclude=customers . && tar tzf x.tgz",
        ),
        ("tar -czf x.tgz .", "tar --exclude=.env --exclude=.env.production --exclude=customers -czf x.tgz ."),
    ],
)
def test_what_is_run_instead(secrets: Any, command: str, instead: str) -> None:
    found = changed(secrets, command)
    assert found is not None
    assert options(found) == options(instead)
    assert before_the_pattern(found).count("--exclude") == before_the_pattern(instead).count("--exclude")  # the same place
    again = secrets.bash(found)
    assert (again.verdict, again.updated_input) == (Verdict.NONE, None)


@pytest.mark.parametrize(
    "command",
    [
        "grep -r KEY . .env",
        "grep -r KEY .; cat .env",
        "bash -c 'grep -r KEY .'",
        "find . -type f | xargs rg KEY",
        "find . -exec grep --inc=.env KEY {} +",
        "grep --recurs KEY .",
        "rg --hidden --iglob .env KEY",
        "ag -u KEY",
        "rsync -a . host:/x",
        "cat .env",
    ],
)
def test_what_cannot_be_changed_is_stopped(secrets: Any, command: str) -> None:
    decision = secrets.bash(command)
    assert (decision.verdict, decision.updated_input) == (Verdict.DENY, None)


@pytest.mark.parametrize(
    "command",
    [
        "find . -type f | xargs rg -g '!.env' -g '!.env.production' -g '!customers' KEY",
        "ag -u --ignore=.env --ignore=.env.production --ignore=customers KEY",
    ],
)
def test_options_that_leave_nothing_out(secrets: Any, command: str) -> None:
    assert "read.search" in {finding.rule for finding in secrets.bash(command).findings}
    assert secrets.bash(command).verdict is Verdict.DENY


@pytest.mark.parametrize(
    "command",
    [
        f"find . -type f | xargs grep {OUT} KEY",  # a file that is given by name is searched, whatever its folder
        f"grep -r {OUT} --inc='*' KEY .",
        f"grep -r {OUT} --include='*' KEY .",  # the last of the two that name a file counts
        "grep -r --exclude=.env --exclude=.env.production --exclude=customers KEY .",  # no file is called customers
        "tar czf x.tgz . --exclude=.env --exclude=.env.production --exclude=customers",  # says nothing of what stands before
    ],
)
def test_options_that_do_not_leave_out_all(secrets: Any, command: str) -> None:
    assert changed(secrets, command) not in (None, command)


def test_the_search_tool(secrets: Any) -> None:
    given = {"pattern": "KEY", "path": str(secrets.project), "output_mode": "content", "-n": True}
    decision = secrets.judge("Grep", given)
    assert decision.verdict is Verdict.NONE
    globs = decision.updated_input["glob"].split()
    assert sorted(globs) == ["!.env", "!.env.production", "!customers"]
    assert {**decision.updated_input, "glob": None} == {**given, "glob": None}
    narrowed = secrets.judge("Grep", {**given, "glob": "*.py"})
    assert (narrowed.verdict, narrowed.updated_input) == (Verdict.NONE, None)


def test_who_is_told(secrets: Any) -> None:
    decision = secrets.bash("grep -r KEY .")
    assert "so that it leaves out" in decision.message
    assert "customers/" in decision.message
    assert f"checkrein explain {decision.id}" in decision.notice


def test_a_name_that_reads_as_a_pattern_is_not_put_into_a_command(world: Any) -> None:
    world.write("a.py")
    world.write("$(touch x).pem", "KEY\n")
    world.write("id_rsa;x", "KEY\n")
    world.write("[a] credentials.json", "KEY\n")
    decision = world.bash("grep -r KEY .")
    assert decision.updated_input is None


def test_the_policy_still_decides(secrets: Any) -> None:
    secrets.policy("rules:\n  read.search: allow\n", layer="user")
    decision = secrets.bash("grep -r KEY .")
    assert (decision.verdict, decision.updated_input) == (Verdict.NONE, None)


def test_a_call_without_secrets_is_left_as_it_is(world: Any) -> None:
    world.write("a.py")
    decision = world.bash("grep -r KEY . && tar czf x.tgz .")
    assert (decision.verdict, decision.updated_input) == (Verdict.NONE, None)
