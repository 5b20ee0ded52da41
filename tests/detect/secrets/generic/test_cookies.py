"""Sessions in cookies."""

from __future__ import annotations

import pytest

from marked import check_found, check_quiet, lines

# «» stand around what has to be found.
SECRETS = lines(r"""
Cookie: sessionid=«{alnum:32}»
Set-Cookie: session=«{alnum:40}»; Path=/; HttpOnly
Cookie: theme=dark1; PHPSESSID=«{lowernum:26}»; lang=de
"Cookie": "JSESSIONID=«{HEX:32}»"
curl -H 'Cookie: remember_user_token=«{hex:40}»' https://example.org
""")

HARMLESS = lines(r"""
Cookie: _ga=GA1.2.{digit:9}.{digit:10}; theme=dark
Cookie: sessionid=$SESSION_ID_12345678
Cookie: sessionid=<your-session-id-1>
Set-Cookie: etag={alnum:32}
Cookies are small: session={alnum:32}
""")


@pytest.mark.parametrize("template", SECRETS)
def test_exactly_the_secret_is_found(template: str) -> None:
    check_found(template)


@pytest.mark.parametrize("template", HARMLESS)
def test_what_is_no_secret_is_left_alone(template: str) -> None:
    check_quiet(template)
