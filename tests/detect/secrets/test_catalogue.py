"""Every kind of the catalogue: its examples, its pattern, its keywords."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import yaml

from checkrein.detect.secrets import catalogue
from checkrein.detect.secrets.catalogue import Kind
from checkrein.detect.secrets.engine import Engine, standard
from checkrein.detect.secrets.examples import expand
from checkrein.detect.secrets.portable_backend import PortableBackend

KINDS = catalogue.load()
SEEDS = (0, 1, 2)

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)


def found(kind: Kind, text: str) -> list[bytes]:
    """The values of ``kind`` itself in ``text``, whatever else is found there."""
    data = text.encode()
    return [data[start:end] for other, start, end in standard().matches(data) if other.id == kind.id]


@each_kind
def test_examples(kind: Kind) -> None:
    """Each bad example is found, each good one is not, and every match holds a keyword."""
    for seed in SEEDS:
        missed = [text for text in (expand(bad, seed) for bad in kind.bad) if not found(kind, text)]
        wrong = [text for text in (expand(good, seed) for good in kind.good) if found(kind, text)]
        assert (missed, wrong) == ([], [])
    pattern = re.compile(kind.pattern.encode())
    for bad in kind.bad:
        for match in pattern.finditer(expand(bad).encode()):
            assert any(word.encode() in match[0].lower() for word in kind.keywords), match[0]


def test_both_backends_find_the_same_in_all_examples() -> None:
    portable = Engine(KINDS, PortableBackend)
    for seed in SEEDS:
        data = "\n".join(expand(text, seed) for kind in KINDS for text in (*kind.bad, *kind.good)).encode()
        assert set(standard().matches(data)) == set(portable.matches(data))


@pytest.mark.parametrize(
    ("template", "rule"),
    [
        ("Authorization: Bearer ghp_{alnum:36}", "secret.github-token"),
        ('DEEPSEEK_API_KEY="sk-{hex:32}"', "secret.deepseek-api-key"),
        ("AZURE_STORAGE='AccountName=a;AccountKey={b64:86}=='", "secret.azure-storage-key"),
        ("INTERCOM_TOKEN=dG9rO{alnum:54}=", "secret.intercom-token"),
    ],
)
def test_the_narrower_kind_gives_the_name(template: str, rule: str) -> None:
    assert [each.rule for each in standard().scan(expand(template))] == [rule]


def test_ids_are_unique() -> None:
    assert [name for name, count in Counter(kind.id for kind in KINDS).items() if count > 1] == []


def entry(**changes: object) -> dict[str, object]:
    known: dict[str, object] = {
        "id": "acme-token",
        "label": "ACME_TOKEN",
        "title": "Acme token",
        "provider": "Acme",
        "rotate": "https://acme.example/tokens",
        "pattern": r"\b(acme_[a-z0-9]{20})\b",
        "keywords": ["ACME_"],
        "bad": ["k=acme_{lowernum:20}"],
        "good": ["acme_short"],
    }
    return {name: value for name, value in {**known, **changes}.items() if value is not None}


def test_an_entry_is_read() -> None:
    (kind,) = catalogue.read(yaml.safe_dump([entry(entropy=3, near=["Acme"], checks=["mixed"])]), "x.yaml")
    assert (kind.rule, kind.keywords, kind.near, kind.entropy, kind.width) == (
        "secret.acme-token",
        ("acme_",),
        ("acme",),
        3.0,
        25,
    )
    assert kind.checks == ("mixed",)


def test_words_of_a_name_make_pattern_and_keywords() -> None:
    (kind,) = catalogue.read(yaml.safe_dump([entry(keywords=None, after=["Acme-Cloud"], pattern="[0-9a-f]{8}")]), "x.yaml")
    assert (kind.after, kind.keywords) == (("Acme-Cloud",), ("cloud",))
    assert re.compile(kind.pattern).search('acmeCloudKey = "0a1b2c3d"')


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"provider": None}, "missing fields ['provider']"),
        ({"regex": "x"}, "unknown fields ['regex']"),
        ({"id": "Acme Token"}, "the id 'Acme Token' is not of the form"),
        ({"label": "acme"}, "the label 'acme' is not of the form"),
        ({"label": "A" * 25}, "is not of the form"),
        ({"title": " "}, "title is not a text"),
        ({"rotate": "http://acme.example"}, "rotate is not an https address"),
        ({"pattern": "(acme"}, "the pattern is none"),
        ({"pattern": "[a-z]{0,9}"}, "matches the empty text"),
        ({"pattern": "acme[a-z]+"}, "may be longer than 20000 bytes"),
        ({"pattern": "äcme_[a-z]{3}"}, "the pattern is not ASCII"),
        ({"keywords": []}, "keywords is empty"),
        ({"keywords": None}, "missing fields ['keywords']"),
        ({"after": ["acme"]}, "after makes the keywords; take keywords away"),
        ({"keywords": None, "after": []}, "after is empty"),
        ({"keywords": "acme"}, "keywords is not a list of texts"),
        ({"near": [True]}, "near is not a list of texts"),
        ({"bad": []}, "bad is empty"),
        ({"good": None}, "missing fields ['good']"),
        ({"checks": ["crystal-ball"]}, "no such check: crystal-ball"),
        ({"entropy": "high"}, "entropy is not a number"),
        ({"entropy": True}, "entropy is not a number"),
        ({"entropy": 9}, "entropy is not a number"),
    ],
)
def test_a_broken_entry_is_an_error_that_names_it(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=r"^x\.yaml: ") as caught:
        list(catalogue.read(yaml.safe_dump([entry(**changes)]), "x.yaml"))
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["a: b", "- text", "[]: x"])
def test_a_file_of_another_shape_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"x\.yaml"):
        list(catalogue.read(text, "x.yaml"))


def test_hyperscan_names_the_kind_that_it_refuses() -> None:
    kinds = list(catalogue.read(yaml.safe_dump([entry(), entry(id="odd", pattern="acme_(?=x)x")]), "x.yaml"))
    with pytest.raises(ValueError, match="patterns of odd: "):
        Engine(kinds)


def test_a_kind_that_stands_twice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    text = yaml.safe_dump([entry()])
    monkeypatch.setattr(catalogue, "data_files", lambda _folder: {"a": text, "b": text})
    with pytest.raises(ValueError, match="acme-token is defined twice"):
        catalogue.families.__wrapped__()
