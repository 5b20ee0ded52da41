"""A page for each family of rules, and the list of all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from checkrein.core import Example, Notice, Rule, Threat
from checkrein.docs.markdown import block, code, document, indented, prose, slug, table
from checkrein.rules import load_notices, load_rules

INDEX = "README.md"


def family_of(rule_id: str) -> str:
    """``git`` for ``git.reset-hard``."""
    return rule_id.partition(".")[0]


def families() -> Mapping[str, list[Rule | Notice]]:
    """The rules of each family, families by name, rules in the order of their data, and behind them its notices."""
    found: dict[str, list[Rule | Notice]] = {}
    known: tuple[Rule | Notice, ...] = (*load_rules().values(), *load_notices().values())
    for each in known:
        found.setdefault(family_of(each.id), []).append(each)
    return dict(sorted(found.items()))


def link(rule_id: str, folder: str = "") -> str:
    """A link to the rule's section; ``folder`` leads from the page to the folder of the rules' pages."""
    return f"[{code(rule_id)}]({folder}{family_of(rule_id)}.md#{slug(rule_id)})"


def pages() -> Mapping[str, str]:
    """Every page by its file name."""
    made = {INDEX: _index()}
    made |= {f"{family}.md": _page(family, rules) for family, rules in families().items()}
    return made


def _index() -> str:
    found = families()
    known = load_rules().values()
    by_threat = ((threat, [rule for rule in known if rule.threat is threat]) for threat in Threat)
    counts = [[f"{threat} {threat.label}", str(len(rules))] for threat, rules in by_threat if rules]
    sections = [f"## {family}\n\n{table(_HEADS, map(_row, rules))}" for family, rules in found.items()]
    return document(
        "# Rules",
        f"{len(known)} rules, and {len(load_notices())} notices of what the guard itself did or could not do, in {len(found)}"
        f" families. {_ACTIONS}",
        table(["threat", "rules"], counts),
        *sections,
    )


_ACTIONS = (
    "An action is the rule's own; the [policy file](../policy.md) changes it, for one rule or for a family (`git.*`). "
    "That of a notice is fixed. `checkrein policy explain` says what is in force on your machine."
)
_HEADS = ("rule", "what it is about", "threat", "severity", "by default")


def _row(rule: Rule | Notice) -> list[str]:
    return [link(rule.id), prose(rule.title), rule.threat, rule.severity, str(rule.action)]


def _page(family: str, rules: list[Rule | Notice]) -> str:
    return document(f"# Rules: {family}", "[All rules](README.md)", *(part for rule in rules for part in _section(rule)))


def _section(rule: Rule | Notice) -> Iterator[str]:
    yield f"## {rule.id}"
    yield prose(rule.title) + "."
    facts = [f"{rule.threat} {rule.threat.label}", rule.severity, str(rule.action)]
    yield table(["threat", "severity", "by default" if isinstance(rule, Rule) else "always"], [facts])
    yield f"**Why.** {prose(rule.why)}"
    yield f"**Instead.** {prose(rule.instead)}"
    yield from _examples(rule) if isinstance(rule, Rule) else _cases(rule)


def _cases(notice: Notice) -> Iterator[str]:
    yield "**When:**\n\n" + "\n".join(f"- {prose(case)}" for case in notice.when)
    yield "**Not when:**\n\n" + "\n".join(f"- {prose(case)}" for case in notice.not_when)


def _examples(rule: Rule) -> Iterator[str]:
    if rule.suggests:
        yield "**Never stopped, because it is the safer way:** " + ", ".join(map(code, rule.suggests)) + "."
    yield "**Sets it off:**\n\n" + "\n".join(map(_example, rule.bad))
    yield "**Does not set it off:**\n\n" + "\n".join(map(_example, rule.good))
    if rule.references:
        yield "**References:**\n\n" + "\n".join(f"- {_reference(text)}" for text in rule.references)


def _reference(text: str) -> str:
    """A reference is an address, or a number of the Common Weakness Enumeration."""
    if text.startswith("CWE-"):
        return f"[{text}](https://cwe.mitre.org/data/definitions/{text.removeprefix('CWE-')}.html)"
    return f"<{text}>"


def _example(example: Example) -> str:
    if set(example.input) == {"command"} and example.tool == "Bash":
        shown = str(example.input["command"])
    else:
        shown = f"{example.tool} {json.dumps(dict(example.input), ensure_ascii=False)}"
    where = _files(example)
    if "\n" in shown:
        return f"-{' ' + where + ':' if where else ' in several lines:'}\n\n{indented(block(shown))}\n"
    return f"- {code(shown)}" + (f" {where}" if where else "")


def _files(example: Example) -> str:
    if not example.files:
        return ""
    committed = [name for name in example.files if name in example.tracked]
    loose = [name for name in example.files if name not in example.tracked]
    parts = [", ".join(map(code, names)) + state for names, state in ((loose, ""), (committed, " committed")) if names]
    return "with " + " and ".join(parts)
