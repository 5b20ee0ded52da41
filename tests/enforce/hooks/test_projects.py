from pathlib import Path

from checkrein.enforce.hooks import projects
from checkrein.enforce.hooks.projects import Projects, slug


def transcript(folder: Path) -> str:
    return f"/home/u/.claude/projects/{slug(str(folder))}/s.jsonl"


def test_the_folder_name_tells_the_project_from_below_it(tmp_path: Path) -> None:
    assert Projects().of("s", str(tmp_path / "a" / "b"), transcript(tmp_path)) == str(tmp_path)


def test_the_project_is_found_from_elsewhere_without_memory(tmp_path: Path) -> None:
    home = tmp_path / "my.project"
    home.mkdir()
    assert Projects().of("s", "/", transcript(home)) == str(home)


def test_two_folders_of_the_same_name_are_no_answer(tmp_path: Path) -> None:
    (tmp_path / "a.b").mkdir()
    (tmp_path / "a_b").mkdir()
    assert Projects().of("s", "/usr", transcript(tmp_path / "a.b")) == "/usr"


def test_a_session_keeps_its_project_when_it_moves() -> None:
    known = Projects()
    assert known.of("s", "/srv/one", "") == "/srv/one"
    assert known.of("s", "/", "") == "/srv/one"


def test_memory_is_bounded() -> None:
    known = Projects()
    for number in range(projects.REMEMBERED + 10):
        known.of(str(number), "/srv", "")
    assert known.of("0", "/opt", "") == "/opt"
    assert known.of(str(projects.REMEMBERED), "/opt", "") == "/srv"


def test_what_another_event_claims_of_a_session_does_not_hold_for_it(tmp_path: Path) -> None:
    known = Projects()
    assert known.of("s", "/", "/home/u/.claude/projects/-/s.jsonl") == "/"
    assert known.of("s", str(tmp_path / "a"), transcript(tmp_path)) == str(tmp_path)


def test_a_project_that_cannot_be_found_is_not_the_whole_machine(tmp_path: Path) -> None:
    gone = transcript(tmp_path / "gone")
    for wide in ("/", "/home", "/home/u"):
        assert Projects().of("s", wide, gone) == str(Path(gone).parent)
