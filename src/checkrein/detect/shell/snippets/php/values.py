"""PHP's functions that make values of values."""

from __future__ import annotations

from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.arithmetic import printf
from checkrein.detect.shell.snippets.dialect import Pure
from checkrein.detect.shell.snippets.values import (
    Seq,
    as_text,
)

PURE: dict[str, Pure] = {
    "base64_decode": Pure(lambda data, *_: as_text(s.loose_base64(data))),
    "hex2bin": Pure(lambda data: as_text(s.unhex(data))),
    "str_rot13": Pure(s.rot13),
    "strrev": Pure(s.backwards),
    "gzinflate": Pure(lambda data, *_: as_text(s.inflate(data))),
    "gzuncompress": Pure(lambda data, *_: as_text(s.inflate(data))),
    "gzdecode": Pure(lambda data, *_: as_text(s.inflate(data))),
    "urldecode": Pure(s.unquoted),
    "rawurldecode": Pure(s.unquoted),
    "chr": Pure(s.character),
    "ord": Pure(s.ord_of),
    "implode": Pure(s.joined, partial=True),
    "join": Pure(s.joined, partial=True),
    "explode": Pure(lambda separator, text, *_: s.split(text, separator), partial=True),
    "str_split": Pure(s.listed),
    "str_replace": Pure(lambda old, new, text, *_: s.replaced(text, old, new), partial=True),
    "strtolower": Pure(lambda text: as_text(text).lower(), partial=True),
    "strtoupper": Pure(lambda text: as_text(text).upper(), partial=True),
    "substr": Pure(s.substring),
    "trim": Pure(s.stripped, partial=True),
    "rtrim": Pure(s.stripped, partial=True),
    "ltrim": Pure(s.stripped, partial=True),
    "sprintf": Pure(printf, partial=True),
    "dirname": Pure(s.folder_of, partial=True),
    "basename": Pure(s.name_of, partial=True),
    "escapeshellarg": Pure(s.path_text, partial=True),
    "escapeshellcmd": Pure(s.path_text, partial=True),
    "array_reverse": Pure(s.backwards, partial=True),
    "strval": Pure(s.as_string, partial=True),
    "array_merge": Pure(
        lambda *parts: Seq(
            tuple(item for part in parts for item in (part.items if isinstance(part, Seq) else ())),
            any(not isinstance(part, Seq) or part.more for part in parts),
        ),
        partial=True,
    ),
    "convert_uudecode": Pure(lambda data: as_text(s.packed_out("u", data))),
    "bin2hex": Pure(lambda data: s.to_bytes(data).hex()),
    "strtr": Pure(lambda text, old, new: as_text(text).translate(str.maketrans(as_text(old), as_text(new)))),
}
