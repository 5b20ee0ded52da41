"""Parts of private keys: with their last line, with neither first nor last, and what only looks like them."""

from __future__ import annotations

import pytest

from checkrein.detect.secrets.generic import scan
from marked import SEEDS, check_quiet, lines, written

# «» stand around what has to be found.
SECRETS = lines(r"""
«{b64:64}\n{b64:40}==»\n-----END {kind} KEY-----\n
«{b64:20}»\n-----END RSA {kind} KEY-----
$ tail -n 3 key.pem\n«{b64:64}\n{b64:12}=»\n-----END EC {kind} KEY-----\n$
  key: |\n  «{b64:64}\n  {b64:40}»\n  -----END {kind} KEY-----
«{b64:64}\n{b64:20}\n=a1B2»\n-----END PGP {kind} KEY BLOCK-----
"pem": "«{b64:30}\n{b64:64}\n{b64:9}»\n-----END OPENSSH {kind} KEY-----\n"
"«{b64:64}" +\n"{b64:20}»" +\n"-----END {kind} KEY-----"
«{b64:70}\n{b64:70}\n{b64:70}»\n
x\n«{b64:30}\n{b64:70}\n{b64:70}\n{b64:70}\n{b64:30}==»\ny\n
«{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n»
«{b64:9}\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:11}=»\n
$ sed -n 5,9p server.key\n«{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}»\n$ ls
é $ cat private/x\n  «{b64:76}\n  {b64:76}\n  {b64:76}\n  {b64:76}»\n$ ls
""")

HARMLESS = lines(r"""
{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:10}==
the private key:\n-----BEGIN PUBLIC KEY-----\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:10}==\n-----END PUBLIC KEY-----
---- BEGIN SSH2 PUBLIC KEY ----\n{b64:70}\n{b64:70}\n{b64:70}\n{b64:20}\n---- END SSH2 PUBLIC KEY ----
reads up to the line\n-----END RSA {kind} KEY-----
...\n-----END {kind} KEY-----
base64encodedkeymaterialgoeshere\n-----END {kind} KEY-----
$ cat x\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n$ ls
$ cat key.crt\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n$ ls
{b64:64}\n{b64:64}\n{b64:64}BgNV\n{b64:64}\n
{b64:64}\nYDVR{b64:60}\n{b64:64}\n{b64:64}\n
{b64:76}\n{b64:76}\n{b64:76}\n{b64:76}\n{b64:76}\n
iVBORw0KGgo{b64:53}\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}
private key\n{hex:64}\n{hex:64}\n{hex:64}\n{hex:64}\n
{b64url:70}_-\n{b64url:68}_-\n{b64url:68}_-\n{b64url:68}_-\n
{b64:70}\n{b64:70}\n
{b64:64}\n{b64:64}\n{b64:64}\n
""")


@pytest.mark.parametrize("template", SECRETS)
def test_exactly_the_part_is_found(template: str) -> None:
    for seed in SEEDS:
        text, value = written(template, seed)
        value = value.rstrip("\n")
        assert [text[each.start : each.end] for each in scan(text)] == [value]
        text, value = text.replace("\n", "\r\n"), value.replace("\n", "\r\n")
        assert [text[each.start : each.end] for each in scan(text)] == [value]


@pytest.mark.parametrize("template", HARMLESS)
def test_what_is_of_no_private_key_is_left_alone(template: str) -> None:
    check_quiet(template)


@pytest.mark.parametrize(
    "unit", ["-----END RSA {kind} KEY-----\n", "{b64:64}\n", "a" * 70 + "\n", "{b64:70}\n-----END {kind} KEY-----", "\n"]
)
def test_the_work_grows_with_the_text_only(unit: str) -> None:
    text, _ = written(unit, 0)
    scan(text * (300_000 // len(text)))  # takes minutes where each line is looked at for each other
