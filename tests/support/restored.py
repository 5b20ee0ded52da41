"""A text with the values of a vault back in it, as tests compare it with what it was."""

from __future__ import annotations

from checkrein.vault.placeholder import find
from checkrein.vault.vault import Vault


def restored(vault: Vault, text: str) -> str:
    """``text`` with the values of those placeholders that ``vault`` knows."""
    places = list(find(text))
    values = vault.values(place.text for place in places)
    for place in reversed(places):
        text = text[: place.start] + values.get(place.text, place.text) + text[place.end :]
    return text
