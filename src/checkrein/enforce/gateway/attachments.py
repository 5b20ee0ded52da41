"""Images and PDFs in a conversation: counted, refused, or (PDFs) turned into their text."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Collection, Mapping

from checkrein.core import ScanError
from checkrein.enforce.gateway.jsonbody import Json
from checkrein.enforce.gateway.refuse import Refusal, RefusedError
from checkrein.policy.privacy import Attachments

PDF = "application/pdf"
_MAX_PAGES = 600  # of one PDF, as the API bounds it


_IMAGES = {"image/png": "iVBOR", "image/jpeg": "/9j/", "image/gif": "R0lGOD", "image/webp": "UklGR"}
"""The kinds that the API takes, and what each of them begins with in base64."""
_PDF_BEGINS = "JVBERi"
_SIGNATURES = (
    *(r"iVBORw0KGg", r"/9j/[2-7]", r"R0lGOD[dl]h", r"UklGR"),  # PNG, JPEG, GIF, WEBP
    *(r"SUkqA", r"TU0AK", r"AAABAA", r"AAAA[A-Za-z0-9+/][GWm2]Z0eX[A-D]"),  # TIFF, icons, HEIC and AVIF
    *(r"JVBERi0", r"UEsDB", r"H4sI"),  # PDF, ZIP (and with it documents of offices), gzip
)
_ATTACHED = re.compile(
    rf"\s*(?:data:[^,\s]{{0,128}};base64,\s*)?(?:{'|'.join(_SIGNATURES)})[A-Za-z0-9+/\r\n]{{16,}}+={{0,2}}\s*"
)
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"


def is_pdf(source: Mapping[str, Json]) -> bool:
    """Whether the source of a document block holds a PDF in base64, and not only says so."""
    return source.get("media_type") == PDF and _begins(source, _PDF_BEGINS)


def is_image(source: Mapping[str, Json]) -> bool:
    """Whether the source of a block holds an image in base64, and not only says so."""
    media = source.get("media_type")
    return isinstance(media, str) and media in _IMAGES and _begins(source, _IMAGES[media])


def _begins(source: Mapping[str, Json], head: str) -> bool:
    data = source.get("data")
    return source.get("type") == "base64" and isinstance(data, str) and data.startswith(head) and is_base64(data)


def is_base64(text: str) -> bool:
    """Whether nothing stands in ``text`` but base64 and line ends."""
    return text.isascii() and not text.encode().translate(None, _BASE64)


def is_attached(text: str) -> bool:
    """Whether ``text`` is, as a whole, a picture, a PDF or an archive in base64, wherever in a request it stands."""
    return _ATTACHED.fullmatch(text) is not None


def admit(policy: Attachments, noun: str) -> None:
    """Raises RefusedError where the policy lets no attachment out that was not read. ``noun`` says what it is."""
    if policy is Attachments.COUNT:
        return
    raise RefusedError(
        Refusal.FORBIDDEN,
        f"nothing was sent, because the conversation holds {noun}, whose content cannot be searched, and the policy "
        f"(gateway.attachments: {policy.value}) keeps that back. Start a new session without it, or ask whoever owns the "
        "policy.",
    )


def unwritable(labels: Collection[str]) -> RefusedError:
    """For a file that holds what these labels name, of which no character can be changed without breaking it."""
    return RefusedError(
        Refusal.FORBIDDEN,
        "nothing was sent, because a file that is not text holds something sensitive "
        f"({', '.join(sorted(labels))}), and nothing in it can be replaced. "
        "Leave it out, or send what is needed of it as text.",
    )


def pdf_text(data: str) -> str:
    """The text of a PDF in base64. Raises RefusedError where it has none or too many pages, ScanError where it is broken."""
    import pypdf  # noqa: PLC0415 -- most gateways never meet a PDF
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    try:
        reader = pypdf.PdfReader(io.BytesIO(base64.b64decode(data, validate=True)))
        if len(reader.pages) > _MAX_PAGES:
            raise _unread(f"a PDF of more than {_MAX_PAGES} pages")
        text = "\n\n".join(page.extract_text() for page in reader.pages).strip()
    except RefusedError:
        raise
    except (PyPdfError, binascii.Error, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise ScanError("a PDF cannot be read", why=type(error).__name__, fix="leave it out of the conversation") from error
    if not text:
        raise _unread("a PDF without text in it")
    return text


def _unread(noun: str) -> RefusedError:
    return RefusedError(
        Refusal.FORBIDDEN,
        f"nothing was sent, because the conversation holds {noun}, and the policy (gateway.attachments: extract) sends only "
        "text that was searched. Leave it out, or ask whoever owns the policy.",
    )
