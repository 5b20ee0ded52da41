from __future__ import annotations

from pathlib import Path

from bench.section import Section, Table, Target, milli, missed

from bench import page


def section(*targets: Target) -> Section:
    table = Table("Found:", ("what", "time"), (("a | b", "1 ms"),))
    return Section("A figure", "the time", "nothing", "one case", "all else", (table,), targets, (0.5, 1.0), "a machine")


def test_a_section_says_how_it_was_made_and_what_it_does_not_show() -> None:
    text = section(Target("fast", "1 ms", met=True), Target("small", "9 MB", met=False)).markdown("thing")
    assert "`.venv/bin/python -m bench thing`" in text
    assert "**Not shown:** all else" in text
    assert "a machine; load 0.50 at the start, 1.00 at the end" in text
    assert "- met: fast (found: 1 ms)" in text
    assert "- **missed**: small (found: 9 MB)" in text


def test_a_bar_in_a_cell_does_not_break_the_table() -> None:
    assert "| a \\| b | 1 ms |" in section().markdown("thing")


def test_what_is_missed_is_told_and_what_is_met_is_not() -> None:
    sections = [section(Target("fast", "1 ms", met=True)), section(Target("small", "9 MB", met=False))]
    assert missed(sections) == ["A figure: small (found: 9 MB)"]


def test_milliseconds_keep_the_digits_that_matter() -> None:
    assert [milli(0.1234), milli(12.34), milli(123.4)] == ["0.12 ms", "12.3 ms", "123 ms"]


def test_one_section_is_written_anew_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    page.write(path, ["a", "b"], {"a": "first", "b": "second\n\nlines"})
    page.write(path, ["a", "b"], {"a": "third"})
    assert page.sections(path.read_text()) == {"a": "third", "b": "second\n\nlines"}
    assert path.read_text().startswith("# Benchmarks")


def test_a_section_that_no_benchmark_makes_any_more_goes(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    page.write(path, ["a", "b"], {"a": "first", "b": "second"})
    page.write(path, ["a"], {})
    assert page.sections(path.read_text()) == {"a": "first"}


def test_the_machine_is_named() -> None:
    assert "Python 3." in page.machine()
