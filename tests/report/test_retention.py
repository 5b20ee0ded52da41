import json
from datetime import date, timedelta

import pytest

from checkrein.policy.schema import schema_text
from checkrein.report.retention import OLD_DAYS, UNKNOWN, retention


def test_every_kind_of_account_of_the_policy_is_known() -> None:
    account = json.loads(schema_text())["properties"]["gateway"]["properties"]["account"]
    assert set(account["enum"]) == {UNKNOWN, *retention().accounts}


def test_the_table_has_a_date_and_sources() -> None:
    table = retention()
    assert table.read > date(2026, 1, 1)
    assert all(source.startswith("https://") for source in table.sources)
    assert all(each.title and each.kept for each in table.accounts.values())


def test_it_says_when_it_is_old() -> None:
    table = retention()
    assert not table.is_old(table.read + timedelta(days=OLD_DAYS))
    assert table.is_old(table.read + timedelta(days=OLD_DAYS + 1))


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("api.anthropic.com", True),
        ("API.Anthropic.com:443", True),
        ("anthropic.com", True),
        ("notanthropic.com", False),
        ("anthropic.com.evil.example", False),
        ("127.0.0.1:4000", False),
    ],
)
def test_which_hosts_it_speaks_of(host: str, covered: bool) -> None:
    assert retention().covers(host) is covered
