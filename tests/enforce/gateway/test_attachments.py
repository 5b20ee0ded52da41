from __future__ import annotations

import base64
import io
import json
from typing import Any

import pypdf
import pytest
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from checkrein.core import ScanError
from checkrein.enforce.gateway.attachments import PDF, admit, pdf_text
from checkrein.enforce.gateway.body import Reader
from checkrein.enforce.gateway.memory import Memory
from checkrein.enforce.gateway.refuse import RefusedError
from checkrein.policy.privacy import Attachments
from gateway_world import RULE, Redaction, placeholder_of

SECRET = "s3cret-in-a-pdf"


def pdf(text: str, pages: int = 1) -> str:
    """A PDF with ``text`` on its first page, in base64."""
    writer = pypdf.PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if text:
        page = writer.pages[0]
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})})
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 10 100 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
    out = io.BytesIO()
    writer.write(out)
    return base64.b64encode(out.getvalue()).decode()


def read(data: str, policy: Attachments) -> tuple[Any, Reader]:
    block = {
        "type": "document",
        "source": {"data": data, "type": "base64", "media_type": PDF},
        "citations": {"enabled": True},
    }
    reader = Reader(Redaction(), policy, Memory())
    body = json.dumps({"messages": [{"role": "user", "content": [block, {"type": "text", "text": SECRET}]}]}).encode()
    return json.loads(reader.rewritten(body, "/v1/messages", "application/json"))["messages"][0]["content"], reader


def test_a_pdf_is_counted() -> None:
    data = pdf(f"hello {SECRET}")
    (block, text), reader = read(data, Attachments.COUNT)
    assert block["source"]["data"] == data
    assert text["text"] == placeholder_of(SECRET)
    assert reader.facts.kinds["pdf"] == 1


def test_the_text_of_a_pdf_goes_out_searched_in_its_place() -> None:
    (block, text), reader = read(pdf(f"hello {SECRET}"), Attachments.EXTRACT)
    assert block["source"] == {"data": f"hello {placeholder_of(SECRET)}", "type": "text", "media_type": "text/plain"}
    assert block["citations"] == {"enabled": True}
    assert text["text"] == placeholder_of(SECRET)
    assert reader.facts.found == {RULE: 2}


def test_a_pdf_is_refused() -> None:
    with pytest.raises(RefusedError, match="a PDF"):
        read(pdf("x"), Attachments.REFUSE)


def test_a_pdf_without_text_is_refused_where_only_text_may_leave() -> None:
    with pytest.raises(RefusedError, match="without text"):
        pdf_text(pdf(""))


def test_a_pdf_with_too_many_pages_is_refused() -> None:
    with pytest.raises(RefusedError, match="more than 600 pages"):
        pdf_text(pdf("", 601))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "data", ["", "not base64!", base64.b64encode(b"no pdf").decode(), base64.b64encode(b"%PDF-1.7\n").decode()]
)
def test_what_is_no_pdf_is_a_failed_scan(data: str) -> None:
    with pytest.raises(ScanError, match="a PDF cannot be read"):
        pdf_text(data)


def test_base64_that_is_neither_image_nor_pdf_is_searched() -> None:
    (block, _), _ = read(SECRET, Attachments.COUNT)
    assert block["source"]["data"] == placeholder_of(SECRET)
    source = {"type": "base64", "media_type": "text/plain", "data": SECRET}
    reader = Reader(Redaction(), Attachments.REFUSE, Memory())
    body = json.dumps({"messages": [{"role": "user", "content": [{"type": "document", "source": source}]}]}).encode()
    assert SECRET.encode() not in reader.rewritten(body, "/v1/messages", "application/json")


def test_counting_admits_everything() -> None:
    admit(Attachments.COUNT, "an image")
    with pytest.raises(RefusedError):
        admit(Attachments.EXTRACT, "an image")
