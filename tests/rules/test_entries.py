from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from checkrein.rules.entries import ID, Entry, check_unique, listed

FIELDS = frozenset({"id", "label", "words", "default"})


def entry(**fields: object) -> Entry:
    return Entry({"id": "some-kind", **fields}, "x.yaml", FIELDS)


@pytest.mark.parametrize("text", ["a: b", "", "text", "[1, ", "- &a x\n- *b"])
def test_what_is_no_list_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"^x\.yaml: "):
        listed(text, "x.yaml")


def test_a_list_is_read_as_data_alone() -> None:
    assert listed("- {id: a}\n- 1", "x.yaml") == [{"id": "a"}, 1]
    with pytest.raises(ValueError, match="not YAML"):
        listed("- !!python/object/apply:os.getcwd []", "x.yaml")


def test_an_id_that_stands_twice_is_an_error() -> None:
    check_unique(["a", "b"])
    with pytest.raises(ValueError, match=r"^a is defined twice"):
        check_unique(iter(["a", "b", "a"]))


def test_fields_are_read() -> None:
    read = entry(label="A", words=["x"], default=True)
    read.check_fields({"id", "label"})
    assert (read.text("id", ID), read.text("label"), read.texts("words"), read.flag("default")) == (
        "some-kind",
        "A",
        ("x",),
        True,
    )
    assert ("label" in read, "words" in entry()) == (True, False)
    assert (entry().texts("words"), entry().flag("default"), entry().value("label", 3)) == ((), False, 3)


@pytest.mark.parametrize("given", ["text", None, ["id"]])
def test_an_entry_that_is_no_mapping_is_an_error(given: object) -> None:
    with pytest.raises(ValueError, match=r"^x\.yaml: an entry is a mapping with the fields default, id, label, words$"):
        Entry(given, "x.yaml", FIELDS)


@pytest.mark.parametrize(
    ("fields", "look", "said"),
    [
        ({"lable": "A"}, lambda read: read.check_fields({"id", "label"}), "missing fields ['label'], unknown fields ['lable']"),
        ({"label": " "}, lambda read: read.text("label"), "label is not a text"),
        ({"label": 3}, lambda read: read.text("label"), "label is not a text"),
        ({"label": "a"}, lambda read: read.text("label", re.compile("[A-Z]")), "the label 'a' is not of the form [A-Z]"),
        ({"words": "x"}, lambda read: read.texts("words"), "words is not a list of texts"),
        ({"words": [1]}, lambda read: read.texts("words"), "words is not a list of texts"),
        ({"words": []}, lambda read: read.texts("words"), "words is empty"),
        ({"default": 1}, lambda read: read.flag("default"), "default is not true or false"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, object], look: Callable[[Entry], object], said: str) -> None:
    with pytest.raises(ValueError, match=r"^x\.yaml: some-kind: ") as caught:
        look(entry(**fields))
    assert said in str(caught.value)
