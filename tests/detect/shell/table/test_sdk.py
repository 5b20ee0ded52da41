"""Calls of service libraries are known by their names."""

from __future__ import annotations

import pytest

from checkrein.detect.shell.table.sdk import sdk_call


@pytest.mark.parametrize(
    ("name", "deletes"),
    [
        ("braintree.Customer.delete", True),
        ("gateway.subscription.cancel", True),
        ("client.deleteIndex", True),
        ("s3.delete_bucket", True),
        ("cache.delete", False),
        ("client.getIndex", False),
        ("delete", False),
    ],
)
def test_calls_of_service_libraries(name: str, *, deletes: bool) -> None:
    assert (sdk_call(name) is not None) is deletes


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("db.dropDatabase", "sql.drop-database"),
        ("Base.metadata.drop_all", "sql.drop-table"),
        ("knex.schema.dropTableIfExists", "sql.drop-table"),
        ("redis.flushall", "db.redis-flush"),
        ("stripe.Customer.delete", "payments.change"),
        ("@aws-sdk/client-s3.DeleteBucketCommand", "services.sdk-delete"),
        ("@aws-sdk/client-s3.GetObjectCommand", ""),
        ("flushall", ""),
    ],
)
def test_the_rule_of_a_call(name: str, rule: str) -> None:
    effect = sdk_call(name)
    assert (effect.rule if effect is not None else "") == rule


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("User.objects.all.delete", "sql.delete-all"),
        ("User.objects.filter.delete", ""),
        ("prisma.user.deleteMany", "sql.delete-all"),
        ("User.where.delete_all", ""),
        ("sequelize.drop", "sql.drop-table"),
    ],
)
def test_some_calls_concern_everything_where_no_condition_is_given(name: str, rule: str) -> None:
    effect = sdk_call(name, unconditional=True)
    assert (effect.rule if effect is not None else "") == rule
    assert sdk_call(name) is None


@pytest.mark.parametrize(("name", "option"), [("sequelize.sync", "force"), ("User.destroy", "truncate")])
def test_options_that_destroy(name: str, option: str) -> None:
    assert sdk_call(name, options=(option,)) is not None
    assert sdk_call(name, options=("logging",)) is None
