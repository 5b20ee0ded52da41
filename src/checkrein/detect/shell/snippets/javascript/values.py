"""JavaScript's calls that make values of values."""

from __future__ import annotations

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import strings as s
from checkrein.detect.shell.snippets.dialect import Pure
from checkrein.detect.shell.snippets.specials import first_of
from checkrein.detect.shell.snippets.values import (
    Obj,
    Seq,
    as_text,
    of,
)

PURE: dict[str, Pure] = {
    "child@stdin": Pure(lambda child: child),
    "atob": Pure(lambda data: s.loose_base64(data).decode("latin-1")),
    "String.fromCharCode": Pure(s.character),
    "String.fromCodePoint": Pure(s.character),
    "String": Pure(s.as_string, partial=True),
    "parseInt": Pure(s.integer),
    "Number": Pure(s.integer),
    "decodeURIComponent": Pure(s.unquoted),
    "unescape": Pure(s.unquoted),
    "decodeURI": Pure(s.unquoted),
    "path.join": Pure(s.joined_in_order, partial=True),
    "path.dirname": Pure(s.folder_of, partial=True),
    "path.basename": Pure(s.name_of, partial=True),
    "path.normalize": Pure(s.path_text, partial=True),
    "zlib.inflate": Pure(s.inflate),
    "zlib.gunzip": Pure(s.inflate),
    "zlib.unzip": Pure(s.inflate),
    "zlib.inflateRaw": Pure(s.inflate),
    "Array.from": Pure(s.listed),
    "Buffer.concat": Pure(lambda items: b"".join(s.to_bytes(item.sole) for item in items.items)),
    "str.concat": Pure(lambda *parts: s.merged(as_text(part) for part in parts), partial=True),
    "str.split": Pure(s.split, partial=True),
    "str.slice": Pure(s.sliced),
    "str.substring": Pure(s.sliced),
    "str.substr": Pure(s.substring),
    "str.trim": Pure(s.stripped, partial=True),
    "str.replace": Pure(s.replaced, partial=True),
    "str.replaceAll": Pure(s.replaced, partial=True),
    "str.toLowerCase": Pure(lambda text: as_text(text).lower(), partial=True),
    "str.toUpperCase": Pure(lambda text: as_text(text).upper(), partial=True),
    "str.repeat": Pure(
        lambda text, count: (
            as_text(text) * count if isinstance(count, int) and len(as_text(text)) * count < s.MAX_TEXT else UNKNOWN
        )
    ),
    "str.charCodeAt": Pure(lambda text, at=0: ord(as_text(text)[at])),
    "str.charAt": Pure(lambda text, at=0: as_text(text)[at]),
    "list.reverse": Pure(s.backwards, partial=True),
    "list.slice": Pure(s.sliced, partial=True),
    "list.concat": Pure(
        lambda *parts: Seq(
            tuple(item for part in parts for item in (part.items if isinstance(part, Seq) else (of(part),))),
            any(isinstance(part, Seq) and part.more for part in parts),
        ),
        partial=True,
    ),
    "list.shift": Pure(first_of),
    "list.toString": Pure(lambda items: s.joined(",", items)),
    "Obj.toString": Pure(s.as_string),
    "URL": Pure(lambda text, *_: as_text(text), partial=True),
    "bytes.slice": Pure(s.sliced),
    "Object.values": Pure(lambda table: Seq(tuple(value for _, value in table.pairs))),
    "net.Socket": Pure(lambda *_: Obj("socket"), partial=True),
    "String.raw": Pure(lambda text, *_: text, partial=True),
    "url.fileURLToPath": Pure(s.path_text, partial=True),
    "url.pathToFileURL": Pure(s.path_text, partial=True),
}
