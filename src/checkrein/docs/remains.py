"""The part of the guide to redaction that says what hooks alone leave, made from the list that ``doctor`` uses."""

from __future__ import annotations

from checkrein.docs.markdown import prose, table
from checkrein.enforce.hooks.remains import REMAINS


def text() -> str:
    """A row for each way out."""
    rows = [[prose(each.what), prose(each.why), prose(each.until)] for each in REMAINS]
    return table(["what leaves", "why no hook keeps it", "without the gateway"], rows)
