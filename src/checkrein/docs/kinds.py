"""The pages of what is redacted: a page for each family of credentials, one for personal data, and the list of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from checkrein.detect import pii
from checkrein.detect.secrets import catalogue
from checkrein.docs.markdown import code, document, prose, table

INDEX = "README.md"
PERSONAL = "personal-data.md"


def pages() -> Mapping[str, str]:
    """Every page by its file name."""
    made = {INDEX: _index()}
    made |= {f"{family}.md": _credentials(family, kinds) for family, kinds in catalogue.families().items()}
    return made | {PERSONAL: _personal()}


def _index() -> str:
    credentials, personal = catalogue.families(), pii.load()
    rows = [[_link(family), str(len(kinds)), _providers(kinds)] for family, kinds in credentials.items()]
    return document(
        "# What is redacted",
        f"{sum(map(len, credentials.values()))} kinds of credentials, all of them looked for, and {len(personal)} kinds of "
        f"[personal data]({PERSONAL}), {len(pii.default_kinds())} of them looked for by default. [The guide](../redaction.md) "
        "says what else is found, and what is done with it.",
        table(["credentials", "kinds", "providers"], rows),
    )


def _link(family: str) -> str:
    return f"[{_title(family)}]({family}.md)"


def _title(family: str) -> str:
    return family.replace("-", " ")


def _providers(kinds: Iterable[catalogue.Kind]) -> str:
    return prose(", ".join(sorted({kind.provider for kind in kinds} - {catalogue.SEVERAL}, key=str.casefold)))


def _credentials(family: str, kinds: Sequence[catalogue.Kind]) -> str:
    rows = [[code(kind.rule), prose(kind.title), prose(kind.provider), code(kind.label), f"<{kind.rotate}>"] for kind in kinds]
    return document(
        f"# Credentials: {_title(family)}",
        "[All kinds](README.md). All of these are looked for wherever `redaction.enabled` is true.",
        table(["rule", "what it is", "provider", "label of the placeholder", "taken back at"], rows),
    )


def _personal() -> str:
    rows = [
        [code(kind.id), prose(kind.title), kind.country, code(kind.label), "on" if kind.default else "off", _proof(kind)]
        for kind in pii.load()
    ]
    return document(
        "# Personal data",
        "[All kinds](README.md). `redaction.pii` in the [policy](../policy.md) names the kinds that are looked for; "
        "`default` stands for those that are on below: their form, or a check, tells them from other numbers and words.",
        table(["kind", "what it is", "country", "label of the placeholder", "by default", "what tells it"], rows),
    )


def _proof(kind: pii.Kind) -> str:
    """What tells a value of this kind from other text."""
    proofs = ["its form"] if kind.anywhere else []
    proofs += ["a check of its value"] if kind.validator else []
    proofs += ["words beside it"] if kind.words and not kind.anywhere else []
    return ", ".join(proofs)
