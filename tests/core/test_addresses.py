"""Addresses: no secret of one is ever shown."""

from __future__ import annotations

import pytest

from seakeep.core.addresses import has_secret, redacted, scheme


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ann:tiger@db:5432/models", "postgresql://ann:***@db:5432/models"),
        ("postgresql://ann:ti@ger@db/models", "postgresql://ann:***@db/models"),
        (
            "postgresql:///models?user=ann&password=tiger&host=/run",
            "postgresql:///models?user=ann&password=***&host=/run",
        ),
        ("postgresql://ann:ti/ger@db/models", "postgresql://ann:***@db/models"),
        ("postgresql://ann:t?i#g@er@db/models", "postgresql://ann:***@db/models"),
        ("postgresql://ann:12/ti ger@db:5432/models", "postgresql://ann:***@db:5432/models"),
        ("host=db password=tiger dbname=models", "host=db password=*** dbname=models"),
        ("az://box/x?sig=abc", "az://box/x?sig=***"),
        (
            "two: s3://key:secret@bucket/a and postgresql://ann:x@db/m",
            "two: s3://key:***@bucket/a and postgresql://ann:***@db/m",
        ),
    ],
)
def test_a_secret_is_hidden(address, shown):
    assert redacted(address) == shown
    assert has_secret(address)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann@db/models?sslmode=require",
        "postgresql://ann@db:5432/models?application_name=a@b",
        "s3://bucket/a@b",
        "s3://bucket/a:b@c",
        "flights/2013.csv",
        "",
    ],
)
def test_an_address_without_one_is_shown_as_it_is(address):
    assert redacted(address) == address
    assert not has_secret(address)


def test_the_scheme_is_in_small_letters():
    assert scheme("S3://bucket") == "s3"
    assert scheme("/a/b://c") == ""
