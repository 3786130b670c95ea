"""The page of a schema: every fact of a column in words."""

from __future__ import annotations

import pytest

from seakeep.core import ColumnSchema, Kind, RowRule, Schema
from seakeep.views.pages.schema import schema_page, values


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (ColumnSchema(Kind.STRING), "any"),
        (ColumnSchema(Kind.STRING, length_at_least=2, length_at_most=2), "2 characters"),
        (ColumnSchema(Kind.BINARY, length_at_least=2, length_at_most=9), "2 to 9 bytes"),
        (ColumnSchema(Kind.LIST, length_at_most=3), "at most 3 items"),
        (ColumnSchema(Kind.STRING, distinct_at_least=3, pattern="a+"), "at least 3 different; matching a+"),
        (ColumnSchema(Kind.NUMBER, nan="refused"), "NaN refused"),
        (ColumnSchema(Kind.STRING, semantics="natural_language"), "natural language"),
        (ColumnSchema(Kind.LIST, items=ColumnSchema(Kind.INTEGER, minimum=0)), "items: integer, at least 0"),
        (
            ColumnSchema(Kind.STRUCT, fields={"a": ColumnSchema(Kind.STRING), "b": ColumnSchema(Kind.BOOLEAN)}),
            "a: string, any; b: boolean, any",
        ),
    ],
)
def test_values_are_told_in_words(column, words):
    assert values(column) == words


def test_presence_tells_of_environments_and_deprecation():
    columns = {
        "old": ColumnSchema(Kind.STRING, required=False, deprecated="x"),
        "mine": ColumnSchema(Kind.STRING, in_=("batch", "training")),
    }
    page = schema_page(Schema("t", columns, rules=(RowRule("r", holds="a > b"),)))
    text = str(page.grid)
    assert "deprecated" in text
    assert "required, in batch and training only" in text
    assert any(item.name == "rules of rows" for item in page.numbers)
