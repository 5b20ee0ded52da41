"""The schema that editors use, the loader and the documentation agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from checkrein.policy import schema_text
from checkrein.policy.layer import CONVERT
from checkrein.policy.merge import _KEYS

DOCS = Path(__file__).parents[2] / "docs" / "policy.md"


def properties(schema: Any) -> Iterator[tuple[str, Any]]:
    """Every property anywhere in the schema, by name."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {}).items()
        for value in schema.values():
            yield from properties(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from properties(value)


def leaves(schema: Any, prefix: str = "") -> Iterator[str]:
    """The keys of the policy file that hold no further keys: ``scope.folders``."""
    for name, each in schema["properties"].items():
        if "properties" in each:
            yield from leaves(each, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_the_schema_is_valid_and_every_key_is_described() -> None:
    schema = json.loads(schema_text())
    Draft202012Validator.check_schema(schema)
    found = list(properties(schema))
    assert len(found) > 20
    assert [name for name, each in found if not each.get("description", "").endswith((".", "'."))] == []


def test_the_loader_reads_every_key_of_the_schema() -> None:
    keys = set(leaves(json.loads(schema_text())))
    lists = {"version", "locked", "rules", "protected", "sensitive", "privacy.classes", "redaction.dictionary"}
    assert keys == {*CONVERT, *lists}
    assert set(CONVERT) == set(_KEYS)


def test_every_key_is_documented() -> None:
    text = DOCS.read_text("utf-8")
    missing = {name for name, _ in properties(json.loads(schema_text())) if f"`{name}`" not in text}
    assert missing == set()
