"""What of a .env file may be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.anonymise.environment import example
from checkrein.detect.secrets.engine import Engine
from checkrein.detect.secrets.examples import expand
from checkrein.detect.sensitive import Scanner
from some_kinds import KINDS

SEARCH = Scanner(Engine(KINDS))


def made(template: str) -> str:
    return example(expand(template), SEARCH).text


@pytest.mark.parametrize(
    "line",
    [
        *("PORT=3000", "DEBUG=true", "HOST=localhost", "API_URL=https://api.acme.example/v1", "EMPTY=", "EMPTY_SECRET=", ""),
        *("# a comment", "#", "export NODE_ENV=production", "AWS_REGION=eu-west-1", "LOG_LEVEL='info'", "NO_EQUALS"),
        *("SESSION_SECRET=${OTHER}", "DB_PASSWORD=<DB_PASSWORD>", "USE_PASSWORD=false", "KEY_FILE=./keys/server.pem"),
        *("DATABASE_URL=postgres://localhost:5432/app", "TOKEN_TTL=3600", "= nothing", "MAX_TOKENS=4096"),
    ],
)
def test_what_is_harmless_stays(line: str) -> None:
    assert made(f"{line}\n") == f"{line}\n"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("ACME=acme_{alnum:30}", "ACME=<ACME_TOKEN>"),
        ('export ACME="acme_{alnum:30}" # live', 'export ACME="<ACME_TOKEN>" # live'),
        ("SESSION_SECRET={alnum:24}", "SESSION_SECRET=<SESSION_SECRET>"),
        ("db.password = '{alnum:14}'", "db.password = '<DB_PASSWORD>'"),
        ("# OLD_TOKEN={hex:40}", "# OLD_TOKEN=<OLD_TOKEN>"),
        ("ADMIN_PASSWORD=winter  # change it", "ADMIN_PASSWORD=<ADMIN_PASSWORD>  # change it"),
        ("DATABASE_URL=postgres://app:{alnum:14}@db/app", "DATABASE_URL=postgres://app:<DATABASE_URL>@db/app"),
        ("# ask for acme_{alnum:30}", "# ask for <ACME_TOKEN>"),
    ],
)
def test_what_is_secret_goes(line: str, shown: str) -> None:
    assert made(f"A=1\n{line}\r\nB=2\n") == f"A=1\n{shown}\r\nB=2\n"


def test_a_value_over_several_lines() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n{b64:64}\n{b64:64}\n{b64:20}==\n-----END RSA PRIVATE KEY-----"
    assert made(f'KEY="{key}"\nPORT=1\n') == 'KEY="<PRIVATE_KEY>"\nPORT=1\n'
    assert made('APP_SECRET="one two\nthree {alnum:12}"\nPORT=1\n') == 'APP_SECRET="<APP_SECRET>"\nPORT=1\n'


def test_a_value_that_was_replaced_stands_nowhere_else() -> None:
    password = expand("{alnum:16}")
    result = example(f"# it was {password} before\nDB_PASSWORD={password}\nX={password.encode().hex()}\n", SEARCH)
    assert result.text == "# it was <DB_PASSWORD> before\nDB_PASSWORD=<DB_PASSWORD>\nX=<DB_PASSWORD>\n"
    assert [each.line for each in result.replaced] == [1, 2, 3]


LINES = st.lists(
    st.one_of(
        st.from_regex(r"[A-Z]{1,6}=[a-z]{0,6}", fullmatch=True),
        st.from_regex(r"#[ a-z]{0,12}", fullmatch=True),
        st.sampled_from(["X_SECRET='", '"', "TOKEN=", "=", "`", "\\", "export A=1 # b"]),
        st.text("AB=\"'#\\ \t", max_size=12),
    )
)


@given(LINES)
def test_any_text_can_be_read_and_once_is_enough(lines: list[str]) -> None:
    once = example("\n".join(lines), SEARCH)
    names = [line.partition("=")[0] for line in once.text.split("\n")]
    if not once.replaced:
        assert once.text == "\n".join(lines)
    assert names[0] == (lines[0].partition("=")[0] if lines else "") or once.replaced
