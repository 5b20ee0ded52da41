"""Perl's functions that make values of values."""

from __future__ import annotations

from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arithmetic import printf
from checkrein.detect.shell.snippets.dialect import Pure
from checkrein.detect.shell.snippets.specials import first_of, last_of
from checkrein.detect.shell.snippets.values import (
    as_text,
)

PURE: dict[str, Pure] = {
    "decode_base64": Pure(lambda data: as_text(s.loose_base64(data))),
    "chr": Pure(s.character),
    "ord": Pure(s.ord_of),
    "lc": Pure(lambda text: as_text(text).lower(), partial=True),
    "uc": Pure(lambda text: as_text(text).upper(), partial=True),
    "substr": Pure(s.substring),
    "sprintf": Pure(printf, partial=True),
    "catfile": Pure(s.joined_in_order, partial=True),
    "catdir": Pure(s.joined_in_order, partial=True),
    "dirname": Pure(s.folder_of, partial=True),
    "basename": Pure(s.name_of, partial=True),
    "File.Spec.catfile": Pure(s.joined_in_order, partial=True),
    "File.Spec.catdir": Pure(s.joined_in_order, partial=True),
    "unpack": Pure(s.packed_out),
    "hex": Pure(lambda text: int(as_text(text), 16)),
    "oct": Pure(lambda text: int(as_text(text), 8)),
    "split": Pure(lambda separator, text, *_: s.split(text, separator), partial=True),
    "quotemeta": Pure(s.path_text, partial=True),
    "scalar": Pure(s.path_text, partial=True),
    "uri_unescape": Pure(s.unquoted),
    "list.shift": Pure(first_of, partial=True),
    "list.pop": Pure(last_of, partial=True),
    "Path.child": Pure(s.path_object, partial=True),
    "Path.stringify": Pure(s.path_text, partial=True),
}
