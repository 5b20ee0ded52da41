"""Where a secret may stand: the same places by Hyperscan and without it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.detect.offsets import Encoded
from checkrein.detect.secrets.examples import expand
from checkrein.detect.secrets.generic import landmarks, scan
from checkrein.detect.secrets.generic.landmarks import Landmark, places, portable_ends
from missing_hyperscan import without_hyperscan

PIECES = st.sampled_from(
    [
        "password",
        "Token",
        "KEY",
        "pw",
        " ",
        "\n",
        "=",
        ":",
        '"',
        "'",
        "\\",
        '\\"',
        "(",
        ")",
        "{",
        "}",
        "://",
        "@",
        " -p",
        " -pw",
        "curl ",
        "net user ",
        "mysql",
        ".exe ",
        " -u ",
        "a:",
        "x1",
        "b!",
        "=>",
        "eyJ",
        "-----BEGIN ",
        "$6$",
        "$2y$",
        "kind: Secret",
        "login(",
        "auth",
        "Cookie:",
        "chpasswd",
        "--password-stdin",
        "data:\n  a: ",
        "é",
        "密码",
        "\U0001f511",
        ",",
        "0x1f, ",
        "value",
        "&quot;",
        "MII",
        '"d": "',
        "a1b2c3d4e5f6",
        "passpass",
        "[8]",
        "1, 2, 3",
        "tokens",
        "SSHA",
        "}",
        "12345678901234567890",
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=12), max_size=60).map("".join)


@settings(deadline=None)
@given(TEXTS)
def test_both_ways_find_the_same(text: str) -> None:
    encoded = Encoded(text)
    assert places(encoded) == places(encoded, portable_ends)


@settings(deadline=None)
@given(TEXTS)
def test_places_are_ordered_and_inside(text: str) -> None:
    for found in places(Encoded(text)).values():
        assert found == sorted(set(found))
        assert 0 < found[0] <= found[-1] <= len(text)


@pytest.mark.parametrize(
    ("text", "kind", "offset"),
    [
        ("my_password = 'a1b2c3'", Landmark.ASSIGNMENT, 7),
        ("é密 password = 'a1b2c3'", Landmark.ASSIGNMENT, 7),
        ("a://b:c@d", Landmark.USERINFO, 8),
        ("mysqldump -p", Landmark.COMMAND, 10),
        ("net use.exe x", Landmark.COMMAND, 12),
        ("x | sudo -kS y", Landmark.PIPE, 12),
        ("-----BEGIN X", Landmark.PEM, 11),
        ("eyJhbGciOiJI", Landmark.JWT, 12),
        ("x:$6$y", Landmark.HASH, 5),
        ("MIIEpAIBAAKCAQEA", Landmark.DER, 16),
        ('{"d": "x', Landmark.JWK, 7),
        ("kind: Secret", Landmark.KUBERNETES, 12),
        ("login(", Landmark.CALL, 6),
        ("auth=(", Landmark.CALL, 6),
        ("Set-Cookie: a", Landmark.COOKIE, 11),
        ("x | chpasswd", Landmark.PIPE, 12),
    ],
)
def test_each_kind_stands_behind_its_pattern(text: str, kind: Landmark, offset: int) -> None:
    assert places(Encoded(text)) == {kind: [offset]}


@pytest.mark.parametrize(
    "text", ["", "plain text", "password", "pass\n", "key: value", '"output_tokens": 1234, "x"', "token = none", "keys()"]
)
def test_ordinary_text_has_none(text: str) -> None:
    assert places(Encoded(text)) == {}


def test_without_hyperscan_the_same_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    text = expand("password = '{alnum:12}' # postgres://a:{alnum:12}@b/c {jwt}")
    found = scan(text)
    without_hyperscan(monkeypatch)
    landmarks.fastest.cache_clear()
    try:
        assert landmarks.fastest() is portable_ends
        assert scan(text) == found
        assert len(found) == 3
    finally:
        landmarks.fastest.cache_clear()
