"""Passwords that a call takes by their place."""

from __future__ import annotations

import pytest

from marked import check_found, check_quiet, lines

# «» stand around what has to be found.
SECRETS = lines(r"""
requests.get(url, auth=('me', '«{alnum:16}»'))
session.login('me', '«{alnum:16}»')
smtp.login("me@example.org", "«{alnum:16}»")
new NetworkCredential("me", "«{alnum:16}»")
DriverManager.getConnection(url, "sa", "«{alnum:16}»");
mysqli_connect("localhost", "root", "«{alnum:16}»", "db");
new PDO($dsn, 'root', '«{alnum:16}»');
authenticate(config.user,\n    "«{alnum:16}»")
HTTPBasicAuth('me', '«{alnum:12}»')
""")

HARMLESS = lines(r"""
session.login('user1', 'password1')
session.login(user1, password2)
session.login("{alnum:16}")
login()
login("user1", get("{alnum:16}"))
auth = ("user1", token2)
authenticate("user1", "cut off {alnum:3}
new PDO('mysql:host=db1;dbname=app2', $user3, $pass4);
loginPage("step1", "/account/{lower:8}2")
""")


@pytest.mark.parametrize("template", SECRETS)
def test_exactly_the_secret_is_found(template: str) -> None:
    check_found(template)


@pytest.mark.parametrize("template", HARMLESS)
def test_what_is_no_secret_is_left_alone(template: str) -> None:
    check_quiet(template)
