"""Functions of text and bytes that snippets build commands with, computed for real. Shared by all languages."""

from __future__ import annotations

import base64
import bz2
import codecs
import lzma
import urllib.parse
import zlib
from collections.abc import Callable

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets.arithmetic import is_pattern, joined_path
from checkrein.detect.shell.snippets.values import MAX_TEXT, Atom, Obj, Pattern, Seq, as_text, merged, of

__all__ = ["MAX_TEXT", "Atom", "Callable", "as_text", "base64", "merged"]  # what the tables build their functions with

ROT13 = frozenset(("rot13", "rot_13", "rot-13"))


def to_bytes(atom: Atom) -> bytes:
    """Bytes of text or bytes; ValueError for what has none."""
    if isinstance(atom, bytes):
        return atom
    if isinstance(atom, str) and UNKNOWN not in atom:
        return atom.encode("utf-8", "surrogateescape")
    if isinstance(atom, Seq) and not atom.more:
        return bytes(item.sole for item in atom.items if isinstance(item.sole, int))
    raise ValueError("no known bytes")


def loose_base64(atom: Atom) -> bytes:
    """Base64 as lenient decoders read it: both alphabets, missing padding, other characters skipped."""
    kept = to_bytes(atom).translate(bytes.maketrans(b"-_", b"+/"))
    kept = bytes(byte for byte in kept if chr(byte).isalnum() or byte in b"+/")
    return base64.b64decode(kept[: len(kept) - (len(kept) % 4 == 1)] + b"=" * (-len(kept) % 4))


def unhex(atom: Atom) -> bytes:
    """Bytes of hexadecimal digits; white space and separators are skipped."""
    return bytes.fromhex("".join(char for char in as_text(to_bytes(atom)) if char.isalnum()))


def inflate(atom: Atom, *_: Atom) -> bytes:
    """zlib, gzip or raw deflate data, up to the limit."""
    data = to_bytes(atom)
    for bits in (47, -15):
        try:
            return zlib.decompressobj(bits).decompress(data, MAX_TEXT)
        except zlib.error:
            continue
    raise ValueError("not compressed with zlib")


def unbz2(atom: Atom) -> bytes:
    """bzip2 data, up to the limit."""
    try:
        return bz2.BZ2Decompressor().decompress(to_bytes(atom), MAX_TEXT)
    except OSError as error:
        raise ValueError(str(error)) from error


def unlzma(atom: Atom) -> bytes:
    """xz or lzma data, up to the limit."""
    try:
        return lzma.LZMADecompressor(memlimit=1 << 26).decompress(to_bytes(atom), MAX_TEXT)
    except lzma.LZMAError as error:
        raise ValueError(str(error)) from error


def decoded(data: Atom, encoding: Atom = "utf-8", *_: Atom) -> Atom:
    """``bytes.decode`` and ``codecs.decode``: character sets, and the codecs that transform."""
    name = as_text(encoding).lower()
    if name in ROT13:
        return codecs.decode(as_text(data), "rot13")
    if name in ("base64", "base64_codec"):
        return loose_base64(data)
    if name in ("hex", "hex_codec"):
        return unhex(data)
    if name in ("zlib", "zip", "zlib_codec"):
        return inflate(data)
    if isinstance(data, str):
        return data
    return to_bytes(data).decode(name, "replace")


def encoded(text: Atom, encoding: Atom = "utf-8", *_: Atom) -> Atom:
    """``str.encode``."""
    if as_text(encoding).lower() in ROT13:
        return codecs.encode(as_text(text), "rot13")
    return text.encode(as_text(encoding), "replace") if isinstance(text, str) else text


def character(*codes: Atom) -> Atom:
    """``chr`` and ``String.fromCharCode``."""
    return "".join(chr(int(code)) for code in codes if isinstance(code, (int, float)) and code) if codes else UNKNOWN


def joined(separator: Atom, items: Atom) -> Atom:
    """``separator.join(items)``; unknown elements make that part unknown."""
    if isinstance(items, str):
        return as_text(separator).join(items)
    if not isinstance(items, Seq):
        return UNKNOWN
    atoms = [item.sole for item in items.items]
    if isinstance(separator, bytes):
        return separator.join(atom for atom in atoms if isinstance(atom, bytes))
    parts: list[str] = []
    for at, atom in enumerate(atoms):
        parts += [as_text(separator), as_text(atom)] if at else [as_text(atom)]
    if items.more:
        parts.append(UNKNOWN)
    text = merged(parts)
    return Pattern(text) if any(is_pattern(atom) for atom in atoms) else text


def replaced(text: Atom, old: Atom, new: Atom, *_: Atom) -> Atom:
    """``str.replace``, every occurrence."""
    if isinstance(text, bytes):
        return text.replace(to_bytes(old), to_bytes(new))
    made = as_text(text).replace(as_text(old), as_text(new)) if len(as_text(new)) < 4096 else UNKNOWN
    return made if len(made) <= MAX_TEXT else UNKNOWN


def split(text: Atom, separator: Atom = None, *_: Atom) -> Atom:
    """``str.split``."""
    if not isinstance(text, (str, bytes)):
        return UNKNOWN
    if as_text(text) == UNKNOWN:
        return Seq((), more=True)
    whole = as_text(text)
    if separator == "":
        return Seq(tuple(of(char) for char in whole))
    return Seq(tuple(of(part) for part in whole.split(None if separator is None else as_text(separator))))


def lines(text: Atom, *_: Atom) -> Atom:
    """``str.splitlines``."""
    return Seq(tuple(of(part) for part in as_text(text).splitlines()))


def stripped(text: Atom, chars: Atom = None, *_: Atom) -> Atom:
    """``str.strip``."""
    return text.strip(None if chars is None else as_text(chars)) if isinstance(text, str) else text


def backwards(text: Atom, *_: Atom) -> Atom:
    """The elements from the last to the first."""
    if isinstance(text, Seq):
        return Seq(text.items[::-1], text.more)
    return text[::-1] if isinstance(text, (str, bytes)) else UNKNOWN


def substring(text: Atom, start: Atom, length: Atom = None, *_: Atom) -> Atom:
    """Characters from ``start``, ``length`` of them."""
    if not isinstance(text, str) or not isinstance(start, int) or not isinstance(length, (int, type(None))):
        return UNKNOWN
    tail = text[start:]
    return tail if length is None else tail[:length]


def sliced(text: Atom, start: Atom = 0, stop: Atom = None, *_: Atom) -> Atom:
    """Elements from ``start`` up to ``stop``."""
    if not isinstance(start, int) or not isinstance(stop, (int, type(None))):
        return UNKNOWN
    if isinstance(text, Seq):
        return Seq(text.items[start:stop], text.more)
    return text[start:stop] if isinstance(text, (str, bytes)) else UNKNOWN


def folder_of(path: Atom, *_: Atom) -> Atom:
    """``dirname``."""
    text = as_text(path)
    return (text.rsplit("/", 1)[0] or "/") if "/" in text else "." if UNKNOWN not in text else UNKNOWN


def name_of(path: Atom, *_: Atom) -> Atom:
    """``basename``."""
    text = as_text(path).rstrip("/").rsplit("/", 1)[-1]
    return Pattern(text) if is_pattern(path) else text


def joined_in_order(*parts: Atom) -> Atom:
    """``path.join`` where an absolute part does not start again (Node, Ruby)."""
    texts = [as_text(part) for part in parts]
    text = "/".join(
        piece.strip("/") if at else piece.rstrip("/") or "/"[: piece.startswith("/")] for at, piece in enumerate(texts)
    )
    return Pattern(text) if any(is_pattern(part) for part in parts) else text


def path_object(*parts: Atom) -> Atom:
    """A path of parts, as an object."""
    return Obj("Path", (of(joined_path(*parts) if parts else "."),))


def path_text(path: Atom, *_: Atom) -> Atom:
    """The text of a path object, itself for anything else."""
    if isinstance(path, Obj) and path.cls == "Path":
        return path.args[0].sole
    return path


def on_path(function: Callable[..., Atom]) -> Callable[..., Atom]:
    """A function of text as one of path objects."""

    def compute(path: Atom, *args: Atom) -> Atom:
        return Obj("Path", (of(function(path_text(path), *args)),))

    return compute


def listed(atom: Atom, *_: Atom) -> Atom:
    """``list``: what is iterated, as a list."""
    if isinstance(atom, Seq):
        return atom
    if isinstance(atom, bytes):
        return Seq(tuple(of(byte) for byte in atom))
    if isinstance(atom, str) and UNKNOWN not in atom:
        return Seq(tuple(of(char) for char in atom))
    return Seq((of(atom) if isinstance(atom, Pattern) else of(UNKNOWN),), more=True)


def integer(atom: Atom, base: Atom = 10, *_: Atom) -> Atom:
    """``int``."""
    if isinstance(atom, (int, float)):
        return int(atom)
    text = as_text(atom)
    return int(text, base if isinstance(base, int) else 10) if len(text) <= 64 else UNKNOWN


def as_string(atom: Atom, encoding: Atom = None, *_: Atom) -> Atom:
    """``str``."""
    if isinstance(atom, bytes):
        return decoded(atom, encoding or "utf-8")
    return path_text(atom) if isinstance(atom, Obj) else atom if isinstance(atom, Pattern) else as_text(atom)


def as_bytes(atom: Atom = "", *_: Atom) -> Atom:
    """``bytes`` of a list of numbers or of text."""
    return to_bytes(atom)


def unquoted(text: Atom, *_: Atom) -> Atom:
    """Percent-decoding."""
    return urllib.parse.unquote(as_text(text))


def rot13(text: Atom, *_: Atom) -> Atom:
    """The letters turned by thirteen."""
    return codecs.encode(as_text(text), "rot13")


def ord_of(atom: Atom, *_: Atom) -> Atom:
    """``ord``."""
    text = as_text(atom)
    return ord(text[0]) if text and text != UNKNOWN else UNKNOWN


def filled(template: Atom, *given: Atom) -> Atom:
    """``str.format`` with plain places ``{}``, ``{0}``; any finer place is unknown."""
    pieces: list[str] = []
    at = 0
    rest = as_text(template)
    while rest:
        head, brace, rest = rest.partition("{")
        pieces.append(head.replace("}}", "}"))
        if not brace:
            break
        if rest.startswith("{"):
            pieces.append("{")
            rest = rest[1:]
            continue
        place, _, rest = rest.partition("}")
        index = at if place == "" else int(place) if place.isdecimal() and len(place) < 4 else -1
        at += place == ""
        pieces.append(as_text(given[index]) if 0 <= index < len(given) else UNKNOWN)
    return merged(pieces)


def unpacked(template: Atom, *given: Atom) -> Atom:
    """``pack`` of Perl, Ruby and PHP for the templates that make text: ``C*``, ``c*``, ``U*``, ``A*``, ``a*``, ``m``."""
    letter = as_text(template).strip()
    values = [item.sole for atom in given for item in (atom.items if isinstance(atom, Seq) else (of(atom),))]
    if letter in ("H*", "h*"):
        digits = as_text(values[0])
        return bytes.fromhex(
            digits if letter == "H*" else "".join(digits[at + 1] + digits[at] for at in range(0, len(digits), 2))
        )
    if letter in ("C*", "c*", "U*", "W*"):
        return character(*values)
    if letter in ("A*", "a*"):
        return as_text(values[0])
    return UNKNOWN


def packed_out(template: Atom, data: Atom) -> Atom:
    """``unpack`` for ``m`` (base64), ``u`` (uuencode) and ``A*``."""
    letter = as_text(template).strip()
    if letter.startswith("m"):
        return loose_base64(data)
    if letter.startswith("u"):
        return codecs.decode(b"begin 666 -\n" + to_bytes(data) + b"\n \nend\n", "uu")
    return data if letter in ("A*", "a*") else UNKNOWN
