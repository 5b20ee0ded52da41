"""How long a provider keeps what is sent to it: a table with a date and its sources, which says when it has grown old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

OLD_DAYS = 180
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Account:
    """A kind of account, and how long what it sends is kept."""

    title: str
    kept: str


@dataclass(frozen=True, slots=True)
class Retention:
    """``read`` is the day on which the sources said so. ``always`` holds whatever the account."""

    read: date
    hosts: tuple[str, ...]
    sources: tuple[str, ...]
    accounts: Mapping[str, Account]
    always: tuple[str, ...]

    def covers(self, host: str) -> bool:
        """Whether ``host`` (as in a Host header) is one that the table speaks of."""
        name = host.partition(":")[0].lower()
        return any(name == known or name.endswith(f".{known}") for known in self.hosts)

    def age(self, today: date) -> int:
        """Days since the sources were read."""
        return (today - self.read).days

    def is_old(self, today: date) -> bool:
        """Whether the sources have to be read again."""
        return self.age(today) > OLD_DAYS


@cache
def retention() -> Retention:
    """The table."""
    data: dict[str, Any] = yaml.safe_load(files("checkrein.report").joinpath("retention.yaml").read_text("utf-8"))
    return Retention(
        data["read"],
        tuple(data["hosts"]),
        tuple(data["sources"]),
        {name: Account(each["title"], each["kept"]) for name, each in data["accounts"].items()},
        tuple(data["always"]),
    )
