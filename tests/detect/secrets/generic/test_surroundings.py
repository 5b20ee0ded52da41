"""Values that what stands around them tells to be no secrets, and their likes that are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.secrets.generic.surroundings import is_attribute, is_digest
from marked import check_found, check_quiet, lines

HARMLESS = lines(r"""
      annotations:\n        checksum/secret: {hex:64}\n        checksum/auth-token: "{hex:64}"
checksums/password: {hex:40}
sha256/api-token: {hex:64}
github "owner/secrets" "{hex:40}"\nbinary "https://dl.x.org/crypto-key" "{hex:40}"
PODS:\n  - AppAuth (1.6.2)\n\nSPEC CHECKSUMS:\n  AppAuth: {hex:40}\n  GoogleToken: {hex:40}\n  ApiKeys: {hex:40}\n
<script src="/app.js" nonce="{b64:22}==">
<style nonce={alnum:24}></style>
<link rel=stylesheet\n  nonce='{b64:24}'>
""")
SECRETS = lines(r"""
checksum/config: {hex:64}\napi-token: «{hex:64}»
checksum/api-token: «{alnum:40}»
github "owner/x"\ntoken = "«{hex:40}»"
SPEC CHECKSUMS:\n  AppAuth: {hex:40}\n\napi_token: «{hex:40}»
nonce = "«{alnum:24}»"
<p>Send this:</p> nonce = "«{alnum:24}»"
if (a < b) nonce = "«{alnum:24}»"
<input name="x" data-token="«{alnum:40}»">
""")


@pytest.mark.parametrize("template", SECRETS)
def test_exactly_the_secret_is_found(template: str) -> None:
    check_found(template)


@pytest.mark.parametrize("template", HARMLESS)
def test_what_is_no_secret_is_left_alone(template: str) -> None:
    check_quiet(template)


@given(st.text(alphabet="<ab>/:\"' \n=SPEC CHECKSUMS"), st.text(alphabet="0123456789abcdefx"), st.integers(0, 40))
def test_any_text_is_looked_at(text: str, content: str, start: int) -> None:
    start = min(start, len(text))
    assert is_digest(text, start, content) in (False, True)
    assert is_attribute(text, start) in (False, True)


def test_a_long_list_of_digests_is_read_once() -> None:
    text = "SPEC CHECKSUMS:\n" + f"  Token: {'0a1b2c3d4e' * 4}\n" * 300 + "  Token"
    assert is_digest(text, len(text) - len("Token"), "0a1b2c3d4e" * 4)
