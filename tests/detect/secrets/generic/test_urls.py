"""Passwords in URLs."""

from __future__ import annotations

import pytest

from marked import check_found, check_quiet, lines

# «» stand around what has to be found.
SECRETS = lines(r"""
postgres://app:«{alnum:12}»@db.example.org:5432/app
postgresql+psycopg://app:«{alnum:12}»@db/app
mongodb+srv://app:«{alnum:16}»@cluster0.example.net/?retryWrites=true
amqp://app:«{alnum:12}»@queue:5672/vhost
redis://:«{alnum:24}»@cache:6379/0
https://me:«{alnum:12}»@git.example.org/repo.git
https://«{alnum:40}»@git.example.org/repo.git
https://«{alnum:40}»:x-oauth-basic@git.example.org/repo.git
https://oauth2:«{alnum:20}»@gitlab.example.org/repo.git
smtps://someone@example.org:«{alnum:12}»@smtp.example.org:465
https://me:«{alnum:6}%40{alnum:6}»@example.org/
DATABASE_URL="mysql://app:«{alnum:12}»@db/app"
""")

HARMLESS = lines(r"""
postgres://user:password@localhost:5432/app1
postgres://postgres:postgres@localhost/app1
postgres://user:${PASSWORD1}@localhost/app
postgres://user:<password1>@localhost/app
postgresql://scott:tiger@localhost/test1
https://example.org/@scope/package1@2.0.0
git@github.com:owner/repo1.git
https://someone@example.org/path1
""")


@pytest.mark.parametrize("template", SECRETS)
def test_exactly_the_secret_is_found(template: str) -> None:
    check_found(template)


@pytest.mark.parametrize("template", HARMLESS)
def test_what_is_no_secret_is_left_alone(template: str) -> None:
    check_quiet(template)
