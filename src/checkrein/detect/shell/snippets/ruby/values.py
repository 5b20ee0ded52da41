"""Ruby's calls that make values of values."""

from __future__ import annotations

from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arithmetic import joined_path
from checkrein.detect.shell.snippets.dialect import Pure
from checkrein.detect.shell.snippets.specials import first_of, last_of
from checkrein.detect.shell.snippets.values import (
    Obj,
    Seq,
    as_text,
    of,
)

PURE: dict[str, Pure] = {
    "File.join": Pure(s.joined_in_order, partial=True),
    "File.dirname": Pure(s.folder_of, partial=True),
    "File.basename": Pure(s.name_of, partial=True),
    "Path.+": Pure(s.path_object, partial=True),
    "Path.join": Pure(s.path_object, partial=True),
    "Path.to_s": Pure(s.path_text, partial=True),
    "Path.parent": Pure(s.on_path(s.folder_of), partial=True),
    "Base64.decode64": Pure(lambda data: s.as_text(s.loose_base64(data))),
    "Base64.strict_decode64": Pure(lambda data: s.as_text(s.loose_base64(data))),
    "Base64.urlsafe_decode64": Pure(lambda data: s.as_text(s.loose_base64(data))),
    "Zlib.Inflate.inflate": Pure(s.inflate),
    "Zlib.inflate": Pure(s.inflate),
    "Zlib.gunzip": Pure(s.inflate),
    "str.reverse": Pure(s.backwards),
    "str.chars": Pure(s.listed),
    "str.bytes": Pure(lambda text: s.listed(s.to_bytes(text))),
    "str.split": Pure(s.split, partial=True),
    "str.gsub": Pure(s.replaced, partial=True),
    "str.sub": Pure(s.replaced, partial=True),
    "str.tr": Pure(lambda text, old, new: as_text(text).translate(str.maketrans(_span(as_text(old)), _span(as_text(new))))),
    "str.strip": Pure(s.stripped, partial=True),
    "str.chomp": Pure(s.stripped, partial=True),
    "str.to_s": Pure(s.path_text, partial=True),
    "str.to_sym": Pure(s.path_text, partial=True),
    "str.downcase": Pure(lambda text: as_text(text).lower(), partial=True),
    "str.upcase": Pure(lambda text: as_text(text).upper(), partial=True),
    "str.concat": Pure(lambda *parts: s.merged(as_text(part) for part in parts), partial=True),
    "str.<<": Pure(lambda *parts: s.merged(as_text(part) for part in parts), partial=True),
    "str.slice": Pure(s.substring),
    "str.unpack1": Pure(lambda data, template: s.packed_out(template, data)),
    "str.unpack": Pure(lambda data, template: Seq((of(s.packed_out(template, data)),))),
    "list.join": Pure(lambda items, separator="": s.joined(separator, items), partial=True),
    "list.reverse": Pure(s.backwards, partial=True),
    "list.first": Pure(first_of, partial=True),
    "list.last": Pure(last_of, partial=True),
    "list.shift": Pure(first_of, partial=True),
    "int.chr": Pure(s.character),
    "str.ord": Pure(s.ord_of),
    "int.to_s": Pure(s.as_string),
    "URI": Pure(s.path_text, partial=True),
    "URI.parse": Pure(s.path_text, partial=True),
    "Shellwords.escape": Pure(s.path_text, partial=True),
    "str.freeze": Pure(s.path_text, partial=True),
    "str.dup": Pure(s.path_text, partial=True),
    "str.hex": Pure(lambda text: int(as_text(text), 16)),
    "list.to_a": Pure(s.listed, partial=True),
    "str.unicode_normalize": Pure(s.path_text),
    "file@path": Pure(s.path_text),
    "Path./": Pure(lambda left, right: Obj("Path", (of(joined_path(left, right)),)), partial=True),
    "str.force_encoding": Pure(s.path_text),
    "bytes.force_encoding": Pure(s.as_string),
}


def _span(text: str) -> str:
    """``a-z`` written out, as ``tr`` takes it."""
    made: list[str] = []
    at = 0
    while at < len(text):
        if at + 2 < len(text) and text[at + 1] == "-" and text[at] <= text[at + 2] < "\u0100":
            made += [chr(code) for code in range(ord(text[at]), ord(text[at + 2]) + 1)]
            at += 3
        else:
            made.append(text[at])
            at += 1
    return "".join(made)
