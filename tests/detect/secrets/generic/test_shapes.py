"""Private keys, web tokens and hashes of passwords."""

from __future__ import annotations

import pytest

from marked import check_found, check_quiet, lines

# «» stand around what has to be found.
SECRETS = lines(r"""
root:«$6${alnum:8}${alnum:86}»:19000:0:99999:7:::
admin:«$apr1${alnum:8}${alnum:22}»
me:«$2y$10${alnum:53}»
userPassword: «{SSHA}{alnum:30}==»
"hash": "«$argon2id$v=19$m=65536,t=3,p=4${alnum:22}${alnum:43}»"
the answer: «{jwt}» ok
cookie: session=«{jwt}»; path=/
«-----BEGIN RSA {kind} KEY-----\n{b64:64}\n{b64:64}\n{b64:40}==\n-----END RSA {kind} KEY-----»
«-----BEGIN {kind} KEY-----\n{b64:64}\n{b64:40}==\n-----END {kind} KEY-----»
key: |\n  «-----BEGIN EC {kind} KEY-----\n  {b64:64}\n  {b64:40}==\n  -----END EC {kind} KEY-----»\nnext: 1
«-----BEGIN PGP {kind} KEY BLOCK-----\nVersion: 1\n\n{b64:64}\n{b64:40}==\n-----END PGP {kind} KEY BLOCK-----»
"pem": "«-----BEGIN {kind} KEY-----\\n{b64:64}\\n{b64:40}==\\n-----END {kind} KEY-----»\\n"
pem = "«-----BEGIN {kind} KEY-----\\n" +\n  "{b64:64}\\n" +\n  "{b64:64}\\n" +\n  "-----END {kind} KEY-----»\\n"
«-----BEGIN OPENSSH {kind} KEY-----\n{b64:64}\n{b64:64}\n{b64:40}»
{"kty": "EC", "crv": "P-256", "x": "AA", "d": "«{b64url:43}»"}
key: «MIIEpAIBAAKCAQEA{b64:64}»
key: «MC4CAQAwBQYDK2VwBCIEI{b64:43}»
""")

HARMLESS = lines(r"""
-----BEGIN CERTIFICATE-----\n{b64:64}\n{b64:64}\n-----END CERTIFICATE-----
-----BEGIN PUBLIC KEY-----\n{b64:64}\n{b64:64}\n-----END PUBLIC KEY-----
if line.startswith("-----BEGIN RSA {kind} KEY-----"):
-----BEGIN {kind} KEY-----\n...\n-----END {kind} KEY-----
eyJhbGciOi and so on
eyJhbGciOi{lower:12}.{lower:20}.{lower:20}
{"kty": "RSA", "n": "{b64url:86}", "e": "AQAB"}
cost: $2a$ and $5$ each
""")


@pytest.mark.parametrize("template", SECRETS)
def test_exactly_the_secret_is_found(template: str) -> None:
    check_found(template)


@pytest.mark.parametrize("template", HARMLESS)
def test_what_is_no_secret_is_left_alone(template: str) -> None:
    check_quiet(template)
