"""Validation of a policy file against the JSON Schema that editors use too, with errors that a person can act on."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from checkrein.core import PolicyError
from checkrein.policy.document import Document


def schema_text() -> str:
    """The JSON Schema of the policy file, as it is shipped."""
    return (resources.files(__package__) / "checkrein.schema.json").read_text("utf-8")


def validate(document: Document, name: str) -> None:
    """Raises PolicyError for the worst of what is wrong with ``document``. ``name`` is the file's."""
    error = best_match(_validator().iter_errors(document.data))
    if error is None:
        return
    what, fix, at = _explain(_nearest(error))
    raise PolicyError(f"{name}:{document.line(*at)}: {what}", fix=fix)


def suggestion(word: str, known: Iterable[str]) -> str:
    """``Did you mean 'x'? `` for the known word nearest to ``word``, or an empty string."""
    near = difflib.get_close_matches(word[:100], list(known), n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}? " if near else ""


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema_text()))


def _nearest(error: ValidationError) -> ValidationError:
    """Of the forms that an entry can take, the error in the one that was meant: a mapping, or a word."""
    if error.validator != "anyOf":
        return error
    wrong_form = [each for each in error.context or () if each.validator == "type" and each.instance is error.instance]
    meant = [each for each in error.context or () if each not in wrong_form]
    if isinstance(error.instance, dict):
        meant = [each for each in meant if each.validator != "enum" or each.instance is not error.instance]
    return meant[0] if meant else error


def _explain(error: ValidationError) -> tuple[str, str, tuple[str | int, ...]]:
    """What is wrong, the fix, and the path of the entry to point at."""
    path = tuple(error.absolute_path)
    where = _spelled(path)
    value = cast("Any", error.instance)
    expected = cast("Any", error.validator_value)
    schema = cast("Any", error.schema)
    match error.validator:
        case "additionalProperties":
            known = sorted(schema["properties"])
            key = next(name for name in value if name not in known)
            fix = f"{suggestion(key, known)}Known keys here: {', '.join(known)}."
            return f"unknown key {_shown(key)}{f' in {where}' if path else ''}", fix, (*path, key)
        case "enum":
            words = [str(word) for word in expected]
            return f"{where} cannot be {_shown(value)}", f"{suggestion(str(value), words)}Use one of: {', '.join(words)}.", path
        case "required":
            missing = next(key for key in expected if key not in value)
            return f"the key {missing!r} is missing{f' in {where}' if path else ''}", _required_fix(missing), path
        case "const":
            return f"{where} cannot be {_shown(value)}", f"Write {path[-1]}: {expected}.", path
        case "type":
            return f"{where} has to be {_article(expected)}", f"It is {_shown(value)} now.", path
        case "anyOf":
            fix = str(schema.get("description", "")) or "See 'checkrein policy schema' for the forms that it can take."
            return f"{where} cannot be {_shown(value)}", fix, path
        case "minItems":
            return f"{where} is an empty list", "Name at least one, or remove the entry.", path
        case _:
            return f"{where} cannot be {_shown(value)}", str(schema.get("description", "")) or "See docs/policy.md.", path


def _required_fix(key: str) -> str:
    return "Add the line 'version: 1'." if key == "version" else f"Add it: '{key}: ...'."


def _spelled(path: tuple[str | int, ...]) -> str:
    """``scope.folders[2]``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")[:120] or "the file"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _article(kind: str) -> str:
    names = {
        "object": "a mapping",
        "array": "a list",
        "string": "text",
        "integer": "a whole number",
        "boolean": "true or false",
    }
    return names[kind]
