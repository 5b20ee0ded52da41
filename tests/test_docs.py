"""The documentation says what the code does: links, commands, rules and folders exist, and generated pages are fresh."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

import click
import pytest
from click.testing import CliRunner

from checkrein.cli import _kinds
from checkrein.controls import CONTROLS
from checkrein.core import Decision, Example, Threat, UsageError
from checkrein.detect import pii
from checkrein.detect.paths import rules_used
from checkrein.detect.secrets import catalogue
from checkrein.docs import (
    GUIDE,
    RECORD,
    commands,
    controls,
    kinds,
    left_over,
    pages,
    project_root,
    remains,
    rules,
    stale,
    threats,
    write,
)
from checkrein.docs.markdown import code, prose, replace_marked, slug
from checkrein.docs.record import Record, dump_record, load_record, record_of
from checkrein.enforce.hooks.remains import REMAINS
from checkrein.ledger.egress import Sent, Verdict
from checkrein.policy import schema_text
from checkrein.prove.run import Status
from checkrein.report.retention import retention
from checkrein.report.sent import lines, summed
from checkrein.rules import load_notices, load_rules
from checkrein.setup.denies import CERTAIN
from checkrein.setup.settings import subscribed

ROOT = project_root()
PROSE = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
WRITTEN = sorted({ROOT / name for name in PROSE} | set((ROOT / "docs").rglob("*.md")))
FILE_ENDINGS = {"md", "py", "yaml", "yml", "json", "toml", "sh", "log", "txt", "c", "db", "key", "lock"}


def written(path: Path) -> str:
    return path.read_text("utf-8")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def links(text: str) -> Iterator[str]:
    """The targets of links, as they stand outside code."""
    without_blocks = re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    without_code = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "code", without_blocks)
    yield from re.findall(r"\]\(([^)\s]+)\)", without_code)


def anchors(text: str) -> set[str]:
    return {slug(heading.replace("`", "")) for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)}


def dead_links(path: Path, text: str) -> list[str]:
    dead = []
    for link in links(text):
        if link.startswith(("https://", "http://")):
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve()
        if (place and not target.exists()) or (anchor and anchor not in anchors(written(target) if place else text)):
            dead.append(link)
    return dead


def commands_in(text: str) -> Iterator[list[str]]:
    """The words behind ``checkrein`` in code spans, and in the lines of blocks that a person types."""
    typed = re.findall(r"^(?:\$ )?checkrein ([^\n]*)$", "\n".join(blocks(text)), flags=re.MULTILINE)
    spans = re.findall(r"`(?:sudo )?checkrein ([^`\n]*)`", text)
    yield from (line.split() for line in (*typed, *spans))


def blocks(text: str) -> list[str]:
    """The blocks that hold commands."""
    return re.findall(r"^```(?:sh|console)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def unknown_commands(text: str, program: click.Group) -> list[str]:
    return [" ".join(words) for words in commands_in(text) if not _exists(program, words)]


def _exists(command: click.Command, words: list[str]) -> bool:
    if not words:
        return True
    first = words[0].rstrip(".,;:|")
    if isinstance(command, click.Group) and not first.startswith("-"):
        inner = command.get_command(click.Context(command), first)
        return inner is not None and _exists(inner, words[1:])
    options = (option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts))
    known = set(options) | {
        "-h",
        "--help",
        "--version",
    }
    return {word for word in words if re.fullmatch(r"--[a-z-]+", word)} <= known


@cache
def known_ids() -> frozenset[str]:
    """Rules, notices of what the guard itself did, and what finds sensitive data."""
    return frozenset((*load_rules(), *load_notices(), *_kinds.ids()))


@cache
def policy_keys() -> frozenset[str]:
    """The keys of groups in the policy, as documents write them: ``scope.folders``."""
    groups = json.loads(schema_text())["properties"]
    return frozenset(f"{group}.{key}" for group, schema in groups.items() for key in schema.get("properties", ()))


def unknown_rules(text: str) -> list[str]:
    """What looks like a rule's id in a known family, and is none. Addresses, file names and keys of the policy are no rules."""
    families = "|".join(sorted(rules.families()))
    text = re.sub(r"\w+://\S+", "", text)
    found = set(re.findall(rf"(?<![\w./~@-])((?:{families})\.[a-z][a-z0-9-]*)(?![\w./(=*-])", text))
    return sorted(name for name in found - known_ids() - policy_keys() if name.split(".")[1] not in FILE_ENDINGS)


@pytest.mark.parametrize("path", WRITTEN, ids=named)
def test_every_link_resolves(path: Path) -> None:
    assert dead_links(path, written(path)) == []


def test_a_dead_link_is_seen() -> None:
    text = "# Two words\n[a](README.md) [b](nowhere.md) [c](#two-words) [d](#three) `[e](not-a-link.md)`\n"
    assert dead_links(ROOT / "x.md", text) == ["nowhere.md", "#three"]


@pytest.mark.parametrize("path", WRITTEN, ids=named)
def test_every_command_exists(path: Path) -> None:
    assert unknown_commands(written(path), commands.program()) == []


def test_an_unknown_command_is_seen() -> None:
    text = (
        "`checkrein log -f`, `checkrein policy show --json`, `checkrein frob`, `checkrein log --frob`, `checkrein policy frob`"
    )
    text += "\n```sh\ncheckrein allow ID --once\ncheckrein nothing\n```\n"
    assert sorted(unknown_commands(text, commands.program())) == ["frob", "log --frob", "nothing", "policy frob"]


@pytest.mark.parametrize("path", [path for path in WRITTEN if path.parent.name != "rules"], ids=named)
def test_every_rule_exists(path: Path) -> None:
    assert unknown_rules(written(path)) == []


def test_an_unknown_rule_is_seen() -> None:
    text = "`git.reset-hard`, git.*, git.nothing, https://git.example/git.other, files.md, guard.control-failed, `guard.none`"
    text += ", gateway.store, gateway.none"
    assert unknown_rules(text) == ["gateway.none", "git.nothing", "guard.none"]


def test_the_architecture_names_every_folder() -> None:
    text = written(ROOT / "ARCHITECTURE.md")
    package = ROOT / "src" / "checkrein"
    folders = [path for path in package.rglob("*") if path.is_dir() and "__pycache__" not in path.parts and any(path.iterdir())]
    assert folders
    missing = [path.relative_to(package).as_posix() for path in folders if f"{path.name}/" not in text]
    assert missing == []


def test_the_architecture_names_no_folder_that_is_not_there() -> None:
    layout = written(ROOT / "ARCHITECTURE.md").split("```text\n")[1].split("```")[0]
    inside = layout[: layout.index("\ntests/")]
    names = re.findall(r"^\s+([a-z_]+)/ ", inside, flags=re.MULTILINE)
    there = {path.name for path in (ROOT / "src" / "checkrein").rglob("*") if path.is_dir()}
    assert names
    assert set(names) <= there


def test_generated_pages_are_fresh() -> None:
    assert stale(ROOT) == [], "run `make docs`"


@pytest.mark.parametrize("name", ["", "log", "policy explain"])
def test_the_page_of_commands_shows_what_help_really_says(name: str) -> None:
    run = CliRunner().invoke(
        commands.program(), [*name.split(), "--help"], prog_name="checkrein", terminal_width=100, max_content_width=100
    )
    assert f"```text\n{run.output}```" in written(ROOT / "docs" / "commands.md")


def test_every_rule_has_a_control_that_raises_it() -> None:
    raised = set(controls.named_by_detectors()) | rules_used()
    for _, control in CONTROLS:
        raised.update(controls.raised_by(sys.modules[control.__module__]).own)
    assert set(load_rules()) <= raised


class World(Protocol):
    """What these tests use of the ``world`` fixture."""

    home: Path
    project: Path

    def bash(self, command: str) -> Decision: ...


def as_shown(text: str, world: World) -> str:
    """``text`` with the folders and the id that the README shows."""
    text = text.replace(str(world.project), "/home/u/shop").replace(str(world.home), "/home/u")
    return re.sub(r"[\w./-]*checkrein allow \w+", "checkrein allow u892j5", text)


def test_the_readme_shows_what_the_agent_really_reads(world: World) -> None:
    told = as_shown(world.bash("git reset --hard HEAD~1").message, world)
    assert f"```text\nPreToolUse:Bash hook error: {told}\n```" in written(ROOT / "README.md")


def test_the_readme_shows_what_check_really_says(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world.project)
    command = "X=rm; $X -rf ~"
    run = CliRunner().invoke(commands.program(), ["check", command], env={"HOME": str(world.home), "XDG_CONFIG_HOME": None})
    assert run.exit_code == 1
    assert f"```console\n$ checkrein check '{command}'\n{as_shown(run.output, world)}```" in written(ROOT / "README.md")


def test_the_readme_counts_what_up_really_writes() -> None:
    text = written(ROOT / "README.md")
    assert f"  hooks      {len(subscribed())} events by http" in text
    assert f"  read rules {len(CERTAIN)} patterns of secret files" in text


def test_the_readme_shows_what_sent_really_says() -> None:
    def row(minute: int, size: int, back: int, found: dict[tuple[str, str], int]) -> Sent:
        return Sent(
            at=datetime(2026, 11, 21, 13, minute).timestamp(),  # noqa: DTZ001 - it is shown in this machine's time
            session="cf70f43b",
            method="POST",
            path="/v1/messages",
            model="claude-opus-5-5",
            host="api.anthropic.com",
            verdict=Verdict.REDACTED,
            bytes_in=size,
            bytes_out=size,
            bytes_back=back,
            status=200,
            files=("/home/u/shop/settings.py",),
            found=found,
        )

    email, token = ("pii.email", "EMAIL"), ("secret.github-token", "GITHUB_TOKEN")
    (summary,) = summed([row(20, 50_100, 900, {email: 1}), row(21, 50_457, 943, {email: 1, token: 1})])
    shown = "\n".join(lines(summary, retention(), "team", date(2026, 11, 21)))
    assert f"```console\n$ checkrein sent\n{shown}\n```" in written(ROOT / "README.md")


def test_the_readme_does_not_promise_more_kinds_than_there_are() -> None:
    promised = re.search(r"More than (\d+) kinds of credentials", written(ROOT / "README.md"))
    assert promised is not None
    assert len(catalogue.load()) > int(promised[1])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with nothing but the two files that have room for a generated part."""
    for name, mark in (("README.md", "threats"), (GUIDE, "remains")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(replace_marked(written(ROOT / name), mark, "", name), "utf-8")
    write(tmp_path)
    return tmp_path


def test_what_is_written_is_fresh_and_stays(checkout: Path) -> None:
    assert stale(checkout) == []
    assert write(checkout) == []


def test_each_stale_page_is_named_and_mended(checkout: Path) -> None:
    (checkout / "docs" / "rules" / "git.md").write_text("another text")
    (checkout / "docs" / "controls.md").unlink()
    (checkout / "docs" / "rules" / "gone.md").write_text("a family that is no more")
    (checkout / "docs" / "kinds" / "gone.md").write_text("a family that is no more")
    (checkout / GUIDE).write_text(replace_marked(written(checkout / GUIDE), "remains", "nothing", GUIDE))
    gone = ["docs/kinds/gone.md", "docs/rules/gone.md"]
    expected = ["docs/controls.md", GUIDE, "docs/rules/git.md", *gone]
    assert stale(checkout) == expected
    assert left_over(checkout, pages(checkout)) == gone
    assert write(checkout) == expected
    assert stale(checkout) == []
    assert not (checkout / "docs" / "rules" / "gone.md").exists()


def test_the_command_says_what_it_does() -> None:
    run = subprocess.run([sys.executable, "-m", "checkrein.docs", "--check"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_a_readme_without_room_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"README\.md has no place"):
        replace_marked("nothing here", "threats", "x", "README.md")


OUTCOMES = [
    {"scenario": "delete", "kind": "attack", "client": "2.1.9", "status": "stopped"},
    {"scenario": "delete", "kind": "attack", "client": "2.1.30", "status": "FAILED"},
    {"scenario": "delete-twin", "kind": "benign", "client": "2.1.9", "status": "passed"},
    {"scenario": "delete-twin", "kind": "benign", "client": "2.1.30", "status": "skipped"},
    {"scenario": "mention", "kind": "attack", "client": "2.1.9", "status": "open", "limit": "no hook sees it"},
]


def recorded() -> Record:
    rest = {"title": "A | title", "threats": ["T7"], "limit": "", "problems": [], "seconds": 1.0, "evidence": "/tmp/evidence"}
    data = json.dumps([{**rest, **outcome} for outcome in OUTCOMES]).encode()
    return record_of(data, version="1.2.3", date="2026-01-02")


def test_the_record_keeps_nothing_of_the_machine(tmp_path: Path) -> None:
    text = dump_record(recorded())
    assert "/tmp/evidence" not in text
    (tmp_path / "prove.json").write_text(text)
    assert load_record(tmp_path / "prove.json") == recorded()
    assert recorded().clients == ("2.1.9", "2.1.30")


def test_the_table_counts_what_was_played() -> None:
    text = threats.table(recorded())
    lines = text.splitlines()
    row = next(line for line in lines if line.startswith("| T7"))
    assert row.endswith("| 1 of 2, 1 open | 1 of 1 | 0 of 1, 1 failed | no scenario |")
    none = next(line for line in lines if line.startswith("| T5"))
    assert none.endswith("| none yet | no scenario | no scenario | no scenario | no scenario |")
    assert "\nRecorded on 2026-01-02 with Checkrein 1.2.3 and Claude Code 2.1.9 and 2.1.30 on Linux: 3 scenarios; " in text
    assert "; runs that failed: 1; runs of attacks that are known to get through: 1; runs skipped" in text
    assert lines[-3:] == ["Open, that is known to get through:", "", "- `mention`: no hook sees it"]
    assert sum(line.startswith("| T") for line in lines) == len(Threat)


def test_the_long_table_shows_every_result_and_every_limit() -> None:
    text = threats.page(recorded())
    assert r"| `delete` | A \| title | attack | stopped | FAILED |" in text
    assert "| `delete-twin` | A \\| title | benign | passed | skipped |" in text
    assert "- `mention`: no hook sees it" in text


def test_without_a_run_there_are_no_numbers() -> None:
    assert threats.table(None) == threats.NO_RUN
    assert threats.NO_RUN in threats.page(None)
    assert not re.search(r"\d", threats.NO_RUN)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"[1]", b'[{"scenario": "a"}]', b"\xff"])
def test_what_is_no_run_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        record_of(data, version="1", date="2026-01-02")
    (tmp_path / "prove.json").write_bytes(data)
    with pytest.raises(UsageError):
        load_record(tmp_path / "prove.json")


def test_a_replay_without_a_client_is_no_run() -> None:
    replayed = {"scenario": "s", "title": "t", "threats": ["T7"], "kind": "attack", "status": "stopped", "limit": ""}
    with pytest.raises(UsageError) as caught:
        record_of(json.dumps([{**replayed, "client": "replay"}]).encode(), version="1", date="2026-01-02")
    assert "'replay' is no version of the client" in caught.value.why


def test_a_run_that_is_not_recorded_is_none(tmp_path: Path) -> None:
    assert load_record(tmp_path / Path(RECORD).name) is None


def test_skipped_is_never_counted_as_played() -> None:
    skipped = {
        "scenario": "s",
        "title": "t",
        "threats": ["T8"],
        "kind": "attack",
        "client": "1.0",
        "status": Status.SKIPPED,
        "limit": "",
    }
    record = record_of(json.dumps([skipped]).encode(), version="1", date="2026-01-02")
    assert next(line for line in threats.table(record).splitlines() if line.startswith("| T8")).endswith(
        "| no scenario | no scenario |"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`a`", "`` `a` ``"), ("a``b", "```a``b```")],
)
def test_code_spans_hold_any_backticks(text: str, expected: str) -> None:
    assert code(text) == expected


def test_prose_means_itself() -> None:
    assert prose("a_b *c* <d> `e_f*` [g] h|i") == r"a\_b \*c\* \<d> `e_f*` \[g] h\|i"


def test_examples_show_their_files_and_their_lines() -> None:
    example = Example("Bash", {"command": "cat <<E\nx\nE"}, {"a": "1", "b": "2"}, ("b",))
    shown = rules._example(example)
    assert shown.startswith("- with `a` and `b` committed:\n\n  ```text\n  cat <<E\n  x\n  E\n  ```")
    assert rules._example(Example("Read", {"file_path": ".env"}, {})) == '- `Read {"file_path": ".env"}`'


def row_of(text: str, first: str) -> list[str]:
    """The cells of the one row of a table that begins with the cell ``first``."""
    (found,) = (line for line in text.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in found.strip("|").split(" | ")]


def test_every_kind_of_credential_says_where_it_is_taken_back() -> None:
    made = kinds.pages()
    for family, found in catalogue.families().items():
        for kind in found:
            cells = row_of(made[f"{family}.md"], f"`{kind.rule}`")
            assert cells[1:] == [prose(kind.title), prose(kind.provider), f"`{kind.label}`", f"<{kind.rotate}>"]


def test_every_kind_of_personal_data_says_whether_it_is_on() -> None:
    page = kinds.pages()[kinds.PERSONAL]
    shown = {kind.id: row_of(page, f"`{kind.id}`")[4] for kind in pii.load()}
    assert {name for name, state in shown.items() if state == "on"} == pii.default_kinds()
    assert set(shown.values()) == {"on", "off"}


@pytest.mark.parametrize(
    ("kind", "proof"),
    [
        ("us-ssn", "its form, a check of its value"),
        ("imei", "a check of its value, words beside it"),
        ("de-vehicle", "words beside it"),
    ],
)
def test_personal_data_says_what_tells_it(kind: str, proof: str) -> None:
    assert row_of(kinds.pages()[kinds.PERSONAL], f"`{kind}`")[5] == proof


def test_the_list_of_kinds_counts_each_family() -> None:
    index = kinds.pages()[kinds.INDEX]
    for family, found in catalogue.families().items():
        assert row_of(index, f"[{family.replace('-', ' ')}]({family}.md)")[1] == str(len(found))
    assert f"{len(catalogue.load())} kinds of credentials" in index


def test_what_is_found_is_the_same_in_the_readme_and_in_the_guide() -> None:
    short = re.search(
        r"Of ([\d,]+) secrets\s+in\s+the\s+tests\s+of\s+other\s+scanners\s+([\d.]+) %", written(ROOT / "README.md")
    )
    measured = re.search(
        r"\| ([\d,]+) texts with a secret, [^|]*\| found in ([\d.]+) % \|", written(ROOT / "docs/redaction.md")
    )
    assert short
    assert measured
    assert short.groups() == measured.groups()


def test_what_hooks_alone_leave_stands_in_the_guide() -> None:
    for each in REMAINS:
        assert row_of(remains.text(), prose(each.what))[1:] == [prose(each.why), prose(each.until)]
