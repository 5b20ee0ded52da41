"""Names and hosts that a repository tells, without those that are everybody's."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest

from checkrein.anonymise.authors import domain, host_of, private, told


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("git@git.acme.io:team/app.git", "git.acme.io"),
        ("https://user:pass@git.acme.io:8443/app.git", "git.acme.io"),
        ("ssh://git@git.acme.io/app", "git.acme.io"),
        ("/srv/git/app.git", ""),
        ("../app", ""),
        ("https://[broken", ""),
    ],
)
def test_the_host_of_a_remote(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("api.acme.io", "acme.io"),
        ("ACME.IO.", "acme.io"),
        ("shop.acme.co.uk", "acme.co.uk"),
        ("a.b.internal", "b.internal"),
        ("me", "me"),
    ],
)
def test_the_part_that_one_owner_has(host: str, own: str) -> None:
    assert domain(host) == own


@pytest.mark.parametrize("host", ["acme.io", "git.acme.io", "db.internal"])
def test_what_tells_who_somebody_is(host: str) -> None:
    assert private(host)


@pytest.mark.parametrize(
    "host", ["gmail.com", "github.com", "users.noreply.github.com", "api.example.com", "x.test", "localhost", "box"]
)
def test_what_is_everybodys(host: str) -> None:
    assert not private(host)


def repository(folder: Path, *people: tuple[str, str]) -> pygit2.Repository:
    made = pygit2.init_repository(folder, initial_head="main")
    tree = made.index.write_tree()
    for name, mail in people:
        who = pygit2.Signature(name, mail, 1_700_000_000, 0)
        parents = [] if made.head_is_unborn else [made.head.target]
        made.create_commit("HEAD", who, who, "x", tree, parents)
    return made


def test_authors_and_servers(tmp_path: Path) -> None:
    people = (
        ("Jane Doe", "jane@acme.io"),
        ("root", "root@build.acme.io"),
        ("Max Muster", "max@gmail.com"),
        ("bot [bot]", "1+b@users.noreply.github.com"),
    )
    made = repository(tmp_path, *people)
    made.remotes.create("origin", "git@git.bluefin.net:x.git")
    made.remotes.create("fork", "https://github.com/x/y")
    found = told(tmp_path)
    assert set(found.names) == {"Jane Doe", "Max Muster"}
    assert set(found.addresses) == {"jane@acme.io", "root@build.acme.io", "max@gmail.com"}
    assert set(found.hosts) == {"acme.io", "bluefin.net"}


def test_without_a_repository_or_a_commit(tmp_path: Path) -> None:
    assert told(tmp_path).names == ()
    repository(tmp_path / "empty")
    assert told(tmp_path / "empty").names == ()
