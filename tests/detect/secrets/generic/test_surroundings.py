"""Values that what stands around them tells to be no secrets, and their likes that are."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.secrets.generic import scan
from checkrein.detect.secrets.generic.surroundings import is_attribute, is_cache_key, is_digest, is_key_id, is_sealed
from marked import check_found, check_quiet, lines

HARMLESS = lines(r"""
      annotations:\n        checksum/secret: {hex:64}\n        checksum/auth-token: "{hex:64}"
checksums/password: {hex:40}
+        checksum/secret: {hex:64}
- "checksum/secret": "{hex:64}"
[user]\n  name = Me\n  signingkey = {HEX:16}
[core]\n  bare = false\n[user]\n  signingKey = {hex:40}
user.name=Me\nuser.signingkey={hex:40}
key: deps-v2-{hex:40}
Cache restored from key: Linux-node-{hex:64}
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
etcdctl put /cfg/hash/api_key=«{hex:32}»
curl https://h/v1/md5/api_key=«{hex:32}»
md5/api_key=«{hex:32}»
JWT_SIGNING_KEY=«{hex:40}»
signingkey = «{hex:40}»
[user]\n  name = Me\n[jwt]\n  signingkey = «{hex:40}»
[user]\n  signingkey = «{hex:64}»
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
    assert is_sealed(text, start, content) in (False, True)
    assert is_key_id(text, start, content) in (False, True)
    assert is_cache_key(text, start, min(start + 3, len(text)), content) in (False, True)


@pytest.mark.parametrize("size", [256, 384, 512])
@pytest.mark.parametrize(
    "above",
    [
        "kind: SealedSecret\nspec:\n  encryptedData:\n    ",
        "encryptedData:\n  user: x\n  ",
        '{"kind": "SealedSecret", "data": {',
    ],
)
def test_what_kubeseal_encrypted_is_none(size: int, above: str) -> None:
    sealed = base64.b64encode(size.to_bytes(2, "big") + random.Random(size).randbytes(size + 36)).decode()
    for content in (sealed, sealed[:300], ">-\n      " + sealed[:76] + "\n      " + sealed[76:]):
        text = f"{above}token: {content}\n"
        assert not list(scan(text))
        assert list(scan(f"token: {content}\n"))
        assert list(scan(f"encryptedData:\n  a: b\n---\ntoken: {content}\n"))
    other = base64.b64encode(random.Random(size).randbytes(size)).decode()
    assert list(scan(f"{above}token: {other}\n"))


def test_a_long_list_of_digests_is_read_once() -> None:
    text = "SPEC CHECKSUMS:\n" + f"  Token: {'0a1b2c3d4e' * 4}\n" * 300 + "  Token"
    assert is_digest(text, len(text) - len("Token"), "0a1b2c3d4e" * 4)


@pytest.mark.parametrize(
    ("before", "words", "digits", "expected"),
    [
        ("key: ", "deps-v2-", 40, True),
        ('"restore-keys": ', "Linux-node-18.1-", 64, True),
        ("key = ", "deps-v2-", 40, False),
        ("my-key: ", "deps-v2-", 40, False),
        ("key: ", "acme-live-", 64, False),
        ("key: ", "deps-v2-", 39, False),
        ("key: ", "", 64, False),
    ],
)
def test_keys_of_caches(before: str, words: str, digits: int, expected: bool) -> None:
    start = before.startswith('"')
    end = len(before.rstrip('": ='))
    content = words + "0a1b2c3d4e5f6789" * 4
    assert is_cache_key(before + content, start, end, content[: len(words) + digits]) is expected
