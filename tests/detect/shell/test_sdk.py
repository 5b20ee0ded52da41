"""Calls of service libraries are known by their names."""

from __future__ import annotations

import pytest

from checkrein.detect.shell.sdk import sdk_call


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
