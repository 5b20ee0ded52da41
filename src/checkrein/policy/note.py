"""``Note``: what the author of a policy file should know although it is no error."""

from __future__ import annotations

from dataclasses import dataclass

from checkrein.policy.model import Layer


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a policy file that is no error but that its author should know. ``source`` is ``FILE:LINE``."""

    source: str
    text: str

    def __str__(self) -> str:
        return f"{self.source}: {self.text}"


def who(layer: Layer) -> str:
    """The layer as the subject of a note."""
    return "a project" if layer is Layer.PROJECT else f"the {layer} layer"
