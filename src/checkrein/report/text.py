"""Text for a terminal. Whatever is printed may come from a repository, a model or a server: it is treated as hostile.

An escape sequence can move the cursor, rewrite earlier lines, set the title or fill the clipboard (OSC 52); a bidirectional
override can show a command in another order than the one it runs in (Trojan Source, CVE-2021-42574); a zero-width or tag
character can hide text. Each such character is shown as its number, never sent and never dropped without a trace.
"""

from __future__ import annotations

_LOOKS_EMPTY = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5")


def clean(text: str) -> str:
    """``text`` on one line: line ends and tabs become ``\\n`` and ``\\t``, hidden characters ``\\xNN`` or ``\\u{N}``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def clean_lines(text: str) -> str:
    """As ``clean``, with line feeds kept. A carriage return is not a line feed: it could overwrite what stands before it."""
    return "\n".join(clean(line) for line in text.split("\n"))


def shorten(text: str, width: int) -> str:
    """``text`` in at most ``width`` characters, with ``…`` where it was cut."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def counted(count: int, noun: str) -> str:
    """``1 path``, ``2 paths``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def size(count: int) -> str:
    """A number of bytes for people: ``812 B``, ``1.4 KiB``, ``3.0 GiB``."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        value /= 1024
        if value < 1024:
            return f"{value:.1f} {unit}"
    return f"{value / 1024:.1f} TiB"


def _shown(character: str) -> str:
    if character == "\n":
        return "\\n"
    if character == "\t":
        return "\\t"
    if character.isprintable() and character not in _LOOKS_EMPTY and not _selector(character):
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{{{number:x}}}"


def _selector(character: str) -> bool:
    """Variation selectors: invisible, and able to carry data."""
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
